//! The paths of the device (protocol/ikkm.md 1) and the request behind one of them.

use axum::http::Method;
use axum::http::request::Parts;

use super::codes::{BAD_METHOD, BAD_REQUEST, BAD_VALUE, Code};
use super::parameters::{self, Parameters};
use super::switches::Switches;
use crate::faults::CONNECT_ROUTE;

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Registers a sale, purchase or return.
    Register,
    /// Puts cash into the drawer.
    Deposit,
    /// Takes cash out of the drawer.
    Withdraw,
    /// Is the device ready?
    Check,
    /// Prints the last receipt again.
    PrintLast,
    /// Says how the device is.
    Info,
    /// Prints text.
    Print,
    /// Starts a bank payment.
    Bank,
    /// Closes the shift.
    ZReport,
    /// Prints the counters.
    XReport,
    /// Lists goods.
    Items,
    /// Lists groups of goods.
    Catalog,
    /// Lists taxes.
    Taxes,
    /// Lists cashiers.
    Cashiers,
    /// Lists shifts.
    Shifts,
    /// Lists receipts of a shift.
    Cheques,
    /// Lists rows of receipts of a shift.
    Sales,
    /// Gives the counters of a shift.
    Report,
    /// Looks a document up by the key that made it.
    Transaction,
}

/// One path.
struct Row {
    path: &'static str,
    endpoint: Endpoint,
    route: &'static str,
}

const fn row(path: &'static str, endpoint: Endpoint, route: &'static str) -> Row {
    Row { path, endpoint, route }
}

/// A part of a path that is a number.
const NUMBER: &str = "N";

/// The paths (protocol/ikkm.md 1); a slash at the end makes no difference (path quirks).
const PATHS: &[Row] = &[
    row("api", Endpoint::Register, "register"),
    row("apideposit", Endpoint::Deposit, "deposit"),
    row("apiwithdraw", Endpoint::Withdraw, "withdraw"),
    row("apicheck", Endpoint::Check, "check"),
    row("apicheck/printLastDocument", Endpoint::PrintLast, "print_last"),
    row("apicheck/getInfo", Endpoint::Info, "info"),
    row("apiprint", Endpoint::Print, "print"),
    row("apibank", Endpoint::Bank, "bank"),
    row("apizreport", Endpoint::ZReport, "z_report"),
    row("apixreport", Endpoint::XReport, "x_report"),
    row("dump/table/items", Endpoint::Items, "items"),
    row("dump/table/catalog", Endpoint::Catalog, "catalog"),
    row("dump/table/taxes", Endpoint::Taxes, "taxes"),
    row("dump/table/cashiers", Endpoint::Cashiers, "cashiers"),
    row("dump/table/shifts", Endpoint::Shifts, "shifts"),
    row("dump/table/shifts/N/cheques", Endpoint::Cheques, "cheques"),
    row("dump/table/shifts/N/sales", Endpoint::Sales, "sales"),
    row("dump/table/shifts/N/report", Endpoint::Report, "report"),
    row("dump/transaction/N", Endpoint::Transaction, "transaction"),
];

/// The route words of fault rules.
pub const ROUTES: &[&str] = &[
    "register",
    "deposit",
    "withdraw",
    "check",
    "print_last",
    "info",
    "print",
    "bank",
    "z_report",
    "x_report",
    "items",
    "catalog",
    "taxes",
    "cashiers",
    "shifts",
    "cheques",
    "sales",
    "report",
    "transaction",
    CONNECT_ROUTE,
];

/// The route word of a path that the device does not have.
pub const UNKNOWN_ROUTE: &str = "unknown";

const POST_ONLY: &[&str] = &["print", "itemdata"];

impl Endpoint {
    /// Whether it moves the key (protocol/ikkm.md 3.2, 6.1 item E5).
    pub fn is_fiscal(self) -> bool {
        matches!(self, Self::Register | Self::Deposit | Self::Withdraw)
    }
}

/// One request, read.
#[derive(Debug)]
pub struct Request {
    /// What it does.
    pub endpoint: Endpoint,
    /// The route word.
    pub route: &'static str,
    /// The number inside the path.
    pub in_path: String,
    /// The parameters.
    pub parameters: Parameters,
}

/// A request without its path.
pub type Unread = (&'static str, Code);

impl Request {
    /// Reads a request; else the route and the code of what is wrong (protocol/ikkm.md 6.1 item E8,
    /// first checks).
    pub fn read(head: &Parts, body: &[u8], switches: &Switches) -> Result<Self, Unread> {
        let (path, in_tail) = split_tail(head.uri.path());
        let (row, in_path) = found(path).ok_or((UNKNOWN_ROUTE, BAD_METHOD))?;
        let is_post = head.method == Method::POST;
        if !is_post && head.method != Method::GET {
            return Err((row.route, BAD_METHOD));
        }
        let query = head.uri.query().unwrap_or_default();
        let form = if is_post { body } else { &[] };
        let parts = [in_tail.as_bytes(), query.as_bytes(), form];
        let parameters =
            parameters::read(&parts, switches.plus_is_space).map_err(|code| (row.route, code))?;
        if !is_post && (row.endpoint == Endpoint::Print || POST_ONLY.iter().any(|name| parameters.has(name)))
        {
            return Err((row.route, BAD_REQUEST));
        }
        Ok(Self { endpoint: row.endpoint, route: row.route, in_path: in_path.to_owned(), parameters })
    }

    /// The web-api key, in form (protocol/ikkm.md 6.1 item E8).
    pub fn key(&self) -> Result<&str, Code> {
        let key = self.parameters.required("key")?;
        let is_number = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
        is_number.then_some(key).ok_or(BAD_VALUE)
    }

    /// The call without its key, for comparison (protocol/ikkm.md 3.3 item 2).
    pub fn payload(&self) -> Vec<(String, String)> {
        let mut payload = self.parameters.all_but("key");
        payload.sort();
        payload.push((self.route.to_owned(), String::new()));
        payload
    }
}

/// The documented `/apideposit/key=...` has no question mark (path quirks).
fn split_tail(path: &str) -> (&str, &str) {
    path.rsplit_once('/').filter(|(_, tail)| tail.starts_with("key=")).unwrap_or((path, ""))
}

fn found(path: &str) -> Option<(&'static Row, &str)> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    PATHS.iter().find_map(|row| Some((row, number_in(row.path, path)?)))
}

/// The number in a path that has this pattern; empty for a pattern without one.
fn number_in<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut number = "";
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(number),
            (Some(NUMBER), Some(part)) => number = part,
            (Some(word), Some(part)) if word == part => {}
            _ => return None,
        }
    }
}
