//! The operations of iKKM beside the shared ones (protocol/ikkm.md 1). All of them take the device's
//! lease: one request at a time, in order, at the device's pace.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::{self, DeviceAnswer};
use super::codes;
use super::device::Call;
use super::reports::{
    self, Cheques, DeviceInfo, Directory, Goods, Place, Sales, ShiftReport, Shifts, Transaction,
};
use super::vendor::Ikkm;
use super::{key, map, print};
use crate::error::{Code, Error, Result, violation};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Raw, Registration};
use crate::receipt::shift::{Cash, CashAmount, CashMovement, Report, Shift};
use crate::transport::lenient::Scalar;
use crate::vendor::desk::{Desk, Wanted};
use crate::vendor::messages::{Nothing, ReceiptKey};
use crate::vendor::operation::{Operation, operation};
use crate::vendor::{Context, Vendor as _};

/// The rows of this vendor in the table of operations.
pub const OPERATIONS: &[Operation<dyn Desk>] = &[
    operation!("shift", HARMLESS, shift, Nothing => Shift, "The current shift."),
    operation!("close_shift", FISCAL, close_shift, Nothing => Report,
        "Closes the shift (Z report). The device does not answer this call; the shift's state confirms it. A shift \
         that is closed already is left alone."),
    operation!("x_report", HARMLESS, x_report, Nothing => Report,
        "Prints an X report. Paper only: whether it was printed cannot be confirmed."),
    operation!("cash", HARMLESS, cash, Nothing => Cash, "Cash in the drawer."),
    operation!("deposit", FISCAL, deposit, CashMovement => Registration,
        "Puts cash into the drawer, exactly once, like `register`."),
    operation!("withdraw", FISCAL, withdraw, CashMovement => Registration,
        "Takes cash out of the drawer, exactly once, like `register`."),
    operation!("check", HARMLESS, check, Nothing => Check, "Whether the device is ready and takes the key."),
    operation!("info", HARMLESS, info, InfoRequest => DeviceInfo, "What the device tells of itself."),
    operation!("items", HARMLESS, items, Nothing => Goods, "Goods in the device."),
    operation!("catalog", HARMLESS, catalog, Nothing => Directory, "Catalogue groups in the device."),
    operation!("taxes", HARMLESS, taxes, Nothing => Directory,
        "Taxes in the device. Editing a tax changes its code: read this anew."),
    operation!("cashiers", HARMLESS, cashiers, Nothing => Directory, "Cashiers of the device."),
    operation!("shifts", HARMLESS, shifts, Nothing => Shifts,
        "Shifts that are not archived. For the senior cashier or administrator."),
    operation!("cheques", HARMLESS, cheques, ShiftNumber => Cheques,
        "Receipts of a shift. For the senior cashier or administrator."),
    operation!("sales", HARMLESS, sales, ShiftNumber => Sales,
        "Rows of all receipts of a shift. For the senior cashier or administrator."),
    operation!("shift_report", HARMLESS, shift_report, ShiftNumber => ShiftReport,
        "Report of a shift. For the senior cashier or administrator."),
    operation!("transaction", HARMLESS, transaction, ReceiptKey => Transaction,
        "What the device made of a receipt, and whether the operator has it. For the senior cashier or administrator."),
    operation!("print_text", HARMLESS, print_text, PrintText => Printed,
        "Prints free text. Paper only: whether it was printed cannot be confirmed."),
    operation!("print_last", HARMLESS, print_last, Nothing => Printed, "Prints the last receipt again."),
    operation!("start_bank_payment", HARMLESS, start_bank_payment, BankPayment => Printed,
        "Starts the bank application of the device. Its result cannot be had: ask the cashier, and never repeat by \
         yourself."),
];

/// Whether the device is ready.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// True where it is ready and takes the key.
    pub ready: bool,
    /// Last closed receipt, where the device tells.
    pub last_receipt: Option<String>,
    /// Answer code, where it is not ready.
    pub code: Option<String>,
    /// What it means.
    pub message: String,
    /// The same in Russian, for the cashier.
    pub message_ru: Option<String>,
}

/// Which info.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InfoRequest {
    /// Only receipt, shift, tax and cashier: the form that the vendor recommends.
    pub minimum: Option<bool>,
}

/// Which shift.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftNumber {
    /// Number of the shift.
    #[schemars(range(min = 0))]
    pub shift: u32,
}

/// Text to print.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintText {
    /// The text. No line of it may be a command of the device (`--cut--` and the like): they are fields here.
    #[schemars(length(min = 1, max = 100_000))]
    pub text: String,
    /// Draws a line behind the text.
    pub line: Option<bool>,
    /// Cuts the paper behind it: a printer of its own with a cutter.
    pub cut: Option<bool>,
    /// Opens the drawer at a printer of its own.
    pub open_drawer: Option<bool>,
}

/// A payment at the bank application.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankPayment {
    /// How much.
    pub amount: Amount,
}

/// What was started on the device.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Printed {
    /// True where the device said that it took the call; false where its answer was lost, and it may
    /// have been done all the same.
    pub confirmed: bool,
}

/// Does `work` with the device's lease.
async fn in_order<T>(desk: &dyn Desk, work: impl AsyncFnOnce(&Ikkm, &Context<'_>) -> Result<T>) -> Result<T> {
    let context = desk.context();
    let lease = desk.lease("", &context).await?;
    let result = work(desk.of()?, &context).await;
    desk.release(lease).await;
    result
}

/// Asks `/apicheck` with the current key.
pub(super) async fn checked(vendor: &Ikkm, context: &Context<'_>) -> Result<Check> {
    let current = key::current(vendor, context).await?;
    let said = vendor.check_key(context, &current).await.map_err(Error::from)?;
    match said {
        DeviceAnswer::Ready { receipt } => Ok(Check {
            ready: true,
            last_receipt: receipt.map(|number| number.to_string()),
            code: None,
            message: "ready".into(),
            message_ru: None,
        }),
        DeviceAnswer::Refused { code, .. } => {
            let meaning = codes::meaning(code);
            Ok(Check {
                ready: false,
                last_receipt: None,
                code: Some(code.to_string()),
                message: meaning.english.into(),
                message_ru: Some(meaning.russian.into()),
            })
        }
        other => Err(other.unexpected()),
    }
}

async fn check(desk: &dyn Desk, _: Nothing) -> Result<Check> {
    in_order(desk, async |vendor, context| checked(vendor, context).await).await
}

async fn info(desk: &dyn Desk, request: InfoRequest) -> Result<DeviceInfo> {
    let minimum = request.minimum.unwrap_or(false);
    in_order(desk, async |vendor, context| DeviceInfo::ask(vendor, context, minimum).await).await
}

fn shift_of(info: &DeviceInfo) -> Shift {
    Shift { open: info.is_shift_open(), number: info.shift_number.clone(), raw: info.raw.clone() }
}

async fn shift(desk: &dyn Desk, _: Nothing) -> Result<Shift> {
    in_order(desk, async |vendor, context| Ok(shift_of(&DeviceInfo::ask(vendor, context, true).await?))).await
}

async fn cash(desk: &dyn Desk, _: Nothing) -> Result<Cash> {
    in_order(desk, async |vendor, context| {
        let info = DeviceInfo::ask(vendor, context, false).await?;
        let sum =
            info.cash.ok_or_else(|| Error::new(Code::AnswerNotUnderstood, "the device tells no cash"))?;
        Ok(Cash { amounts: vec![CashAmount { currency: map::CURRENCY.into(), sum }], raw: info.raw })
    })
    .await
}

async fn close_shift(desk: &dyn Desk, _: Nothing) -> Result<Report> {
    in_order(desk, async |vendor, context| {
        // No key protects this call: it is sent only on a shift that is seen open (protocol/ikkm.md 3.10).
        let before = DeviceInfo::ask(vendor, context, true).await?;
        if !before.is_shift_open() {
            return Ok(Report { confirmed: true, shift: Some(shift_of(&before)) });
        }
        let current = key::current(vendor, context).await?;
        let call = Call::get("/apizreport", "", &format!("key={current}"));
        let limit = || Ok(vendor.config.report_timeout().min(context.budget.left()));
        let said = match vendor.device.exchange(&call, limit).await {
            Ok(reply) => Some(answer::read(&reply, &current)),
            Err(failure) if failure.is_not_sent() => return Err(failure.into()),
            Err(_) => None,
        };
        if let Some(DeviceAnswer::Refused { code, cause }) = &said
            && codes::meaning(*code).class != codes::Class::Unclear
        {
            return Err(answer::error(*code, cause));
        }
        closed_afterwards(vendor, context).await
    })
    .await
}

/// Waits for the shift's state to say that the report was made.
async fn closed_afterwards(vendor: &Ikkm, context: &Context<'_>) -> Result<Report> {
    let mut last = Error::new(Code::InDoubt, "the shift is still open");
    loop {
        match DeviceInfo::ask(vendor, context, true).await {
            Ok(info) if !info.is_shift_open() => {
                return Ok(Report { confirmed: true, shift: Some(shift_of(&info)) });
            }
            Ok(_) => {}
            Err(error) => last = error,
        }
        let pause = vendor.request_gap().max(std::time::Duration::from_millis(100));
        if !context.budget.pause(pause).await {
            let message =
                format!("whether the shift is closed is not known ({}); ask for the `shift`", last.message);
            return Err(Error::new(Code::InDoubt, message));
        }
    }
}

/// A call whose effect nothing can confirm: told as it is, never repeated.
async fn started(desk: &dyn Desk, route: &'static str, parameters: &str, post: bool) -> Result<Printed> {
    in_order(desk, async |vendor, context| {
        let current = key::current(vendor, context).await?;
        let bytes = if parameters.is_empty() {
            format!("key={current}")
        } else {
            format!("key={current}&{parameters}")
        };
        let call = if post { Call::post(route, &bytes) } else { Call::get(route, "", &bytes) };
        match vendor.ask(context, &call).await {
            Ok(reply) => match answer::read(&reply, &current) {
                DeviceAnswer::Refused { code, cause } => Err(answer::error(code, &cause)),
                DeviceAnswer::Ready { .. } => Ok(Printed { confirmed: true }),
                DeviceAnswer::Done { .. } | DeviceAnswer::Strange(_) => {
                    Ok(Printed { confirmed: reply.status == 200 })
                }
            },
            Err(failure) if failure.is_not_sent() => Err(failure.into()),
            Err(_) => Ok(Printed { confirmed: false }),
        }
    })
    .await
}

async fn x_report(desk: &dyn Desk, _: Nothing) -> Result<Report> {
    started(desk, "/apixreport", "", false).await?;
    Ok(Report { confirmed: false, shift: None })
}

async fn print_text(desk: &dyn Desk, request: PrintText) -> Result<Printed> {
    let vendor: &Ikkm = desk.of()?;
    if let Some(command) = print::command_in(&request.text) {
        let message =
            format!("the line {command} is a command of the device: use `line`, `cut`, `open_drawer`");
        return Err(Error::invalid(vec![violation("/text", Code::WrongValue, message)]));
    }
    let mut lines = vec![print::printable(&request.text, vendor.config.print_width)];
    let commands =
        [(request.line, print::LINE), (request.cut, print::CUT), (request.open_drawer, print::OPEN_DRAWER)];
    lines.extend(commands.iter().filter(|(wanted, _)| *wanted == Some(true)).map(|(_, line)| (*line).into()));
    let form = map::Form::of("print", &lines.join("\n"));
    started(desk, "/apiprint", &form.0, true).await
}

async fn print_last(desk: &dyn Desk, _: Nothing) -> Result<Printed> {
    started(desk, "/apicheck/printLastDocument", "", false).await
}

async fn start_bank_payment(desk: &dyn Desk, request: BankPayment) -> Result<Printed> {
    let form = map::Form::of("amount", &request.amount.shortest());
    started(desk, "/apibank/", &form.0, false).await
}

/// A table of the device, and the answer as it came.
async fn table<T: DeserializeOwned>(desk: &dyn Desk, place: Place<'_>) -> Result<(T, Option<Raw>)> {
    in_order(desk, async |vendor, context| reports::ask(vendor, context, place, "").await).await
}

/// A table of one shift.
async fn of_shift<T: DeserializeOwned>(
    desk: &dyn Desk,
    route: &'static str,
    asked: ShiftNumber,
) -> Result<(T, Option<Raw>)> {
    table(desk, (route, &asked.shift.to_string())).await
}

/// Names by code, whatever JSON type the names have.
async fn directory(desk: &dyn Desk, route: &'static str) -> Result<Directory> {
    let (rows, raw): (BTreeMap<String, Scalar>, _) = table(desk, (route, "")).await?;
    let names = rows.into_iter().map(|(code, name)| (code, name.0.unwrap_or_default())).collect();
    Ok(Directory { names, raw })
}

async fn items(desk: &dyn Desk, _: Nothing) -> Result<Goods> {
    let (items, raw) = table(desk, ("/dump/table/items", "")).await?;
    Ok(Goods { items, raw })
}

async fn catalog(desk: &dyn Desk, _: Nothing) -> Result<Directory> {
    directory(desk, "/dump/table/catalog").await
}

async fn taxes(desk: &dyn Desk, _: Nothing) -> Result<Directory> {
    directory(desk, "/dump/table/taxes").await
}

async fn cashiers(desk: &dyn Desk, _: Nothing) -> Result<Directory> {
    directory(desk, "/dump/table/cashiers").await
}

async fn shifts(desk: &dyn Desk, _: Nothing) -> Result<Shifts> {
    let (shifts, raw) = table(desk, ("/dump/table/shifts", "")).await?;
    Ok(Shifts { shifts, raw })
}

async fn cheques(desk: &dyn Desk, request: ShiftNumber) -> Result<Cheques> {
    let (cheques, raw) = of_shift(desk, "/dump/table/shifts/{}/cheques", request).await?;
    Ok(Cheques { cheques, raw })
}

async fn sales(desk: &dyn Desk, request: ShiftNumber) -> Result<Sales> {
    let (rows, raw) = of_shift(desk, "/dump/table/shifts/{}/sales", request).await?;
    Ok(Sales { rows, raw })
}

async fn shift_report(desk: &dyn Desk, request: ShiftNumber) -> Result<ShiftReport> {
    let (report, raw) = of_shift(desk, "/dump/table/shifts/{}/report", request).await?;
    Ok(ShiftReport { raw, ..report })
}

async fn transaction(desk: &dyn Desk, request: ReceiptKey) -> Result<Transaction> {
    let entry = desk.entry(&request.id).await?;
    let used = key::used(&entry)?;
    in_order(desk, async |vendor, context| {
        let current = key::current(vendor, context).await?;
        Transaction::ask(vendor, context, &used, &current).await
    })
    .await
}

async fn deposit(desk: &dyn Desk, request: CashMovement) -> Result<Registration> {
    move_cash(desk, "deposit", request).await
}

async fn withdraw(desk: &dyn Desk, request: CashMovement) -> Result<Registration> {
    move_cash(desk, "withdraw", request).await
}

async fn move_cash(desk: &dyn Desk, operation: &'static str, request: CashMovement) -> Result<Registration> {
    if request.sum.is_zero() || !request.sum.is_whole() {
        let message = "the device takes a positive number of whole tenge";
        return Err(Error::invalid(vec![violation("/sum", Code::OutOfRange, message)]));
    }
    // Behind the key stands the sum alone (protocol/ikkm.md 1, rows 10 and 11).
    let parameters = map::Form::of("cash", &request.sum.shortest()).0;
    let content = format!("{operation} {parameters}").into_bytes();
    let (id, request) = (request.id, parameters.into_bytes());
    desk.deliver(Wanted { operation, id, content, request, ..Wanted::default() }).await
}
