//! What the human of the cabinet does, and another program at a register, for tests. All of it is
//! invented (protocol/ikassa.md 6.1).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Ikassa;
use super::body::{Header, Item, Payment};
use super::codes::Consent;
use super::counters::is_paid;
use super::document::Draft;
use super::errors::Refusal;
use super::kinds::{DocumentKind, MADE_BY_CLIENTS, ROLLBACK};
use super::register::{Around, Register};
use super::rules::CURRENCIES;
use super::state::State;
use crate::frame::Refused;

/// The word that stands for the register which the cabinet would choose.
pub const CABINET: &str = "ikassa";

/// Who made a document that is not the shop's, in the ledger.
const OTHER_WRITER: &str = "other_writer";

const ONE_PIECE: i64 = 1000;

type Done = Result<(), Refused>;
type Act = fn(&mut State, u32, Around<'_>, &Value) -> Done;

const ACTIONS: &[(&str, Act)] = &[
    ("show", |_, _, _, _| Ok(())),
    ("approve", approve),
    ("deny", deny),
    ("bind", |state, number, _, _| at(state, number).map(|register| register.bound = true)),
    ("unbind", unbind),
    ("expire_tokens", |state, number, around, _| {
        state.grants.expire_access(number, around.now);
        Ok(())
    }),
    ("revoke", |state, number, _, _| {
        state.grants.revoke(number);
        Ok(())
    }),
    ("open_shift", |state, number, around, _| {
        done(at(state, number)?.open_shift(around, Some(OTHER_WRITER)))
    }),
    ("close_shift", |state, number, around, _| {
        done(at(state, number)?.close_shift(around, Some(OTHER_WRITER)))
    }),
    ("sell_elsewhere", sell_elsewhere),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    user_code: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Paid {
    Cash,
    Card,
    Other,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    #[serde(default = "sale")]
    kind: String,
    #[serde(default = "cash")]
    payment: Paid,
    sum: i64,
    #[serde(default = "byn")]
    currency: String,
}

fn sale() -> String {
    "sale".to_owned()
}

fn cash() -> Paid {
    Paid::Cash
}

fn byn() -> String {
    "BYN".to_owned()
}

impl Ikassa {
    /// Does an action at a register, or at the one that the cabinet would choose; None when there
    /// is no such register. The answer is the register as it is then.
    pub fn operated(&self, register: &str, action: &str, what: &Value) -> Option<Result<Value, Refused>> {
        let switches = self.switches();
        let mut state = self.state.lock();
        let number = match register {
            CABINET => state.usual_register()?,
            digits => digits.parse().ok()?,
        };
        state.register(number)?;
        let around = Around { frame: &self.frame, switches: &switches, now: self.frame.clock.now() };
        let known: Vec<_> = ACTIONS.iter().map(|(name, _)| *name).collect();
        let acted = match ACTIONS.iter().find(|(name, _)| *name == action) {
            Some((_, act)) => act(&mut state, number, around, what),
            None => Err(Refused::new(format!("action: {action:?} is not one of {known:?}"))),
        };
        let seen = state.render_authorizations;
        Some(acted.and_then(|()| Ok(shown(at(&mut state, number)?, around, seen))))
    }
}

fn at(state: &mut State, number: u32) -> Result<&mut Register, Refused> {
    state.register(number).ok_or_else(|| Refused::new("no such register"))
}

fn read<T: DeserializeOwned>(what: &Value) -> Result<T, Refused> {
    let what = if what.is_null() { Value::Object(Map::new()) } else { what.clone() };
    serde_json::from_value(what).map_err(Refused::new)
}

fn done<T>(result: Result<T, Refusal>) -> Done {
    result.map(drop).map_err(|refusal| Refused::new(format!("{}: {}", refusal.code(), refusal.message())))
}

fn approve(state: &mut State, number: u32, around: Around<'_>, what: &Value) -> Done {
    let Code { user_code } = read(what)?;
    state.codes.answer(&user_code, Consent::Approved(number), around.now)?;
    at(state, number)?.bound = true;
    Ok(())
}

fn deny(state: &mut State, _: u32, around: Around<'_>, what: &Value) -> Done {
    let Code { user_code } = read(what)?;
    state.codes.answer(&user_code, Consent::Denied, around.now)
}

fn unbind(state: &mut State, number: u32, around: Around<'_>, _: &Value) -> Done {
    at(state, number)?.bound = false;
    if around.switches.unbind_revokes {
        state.grants.revoke(number);
    }
    Ok(())
}

fn sell_elsewhere(state: &mut State, number: u32, around: Around<'_>, what: &Value) -> Done {
    let wanted: Elsewhere = read(what)?;
    let kinds = MADE_BY_CLIENTS.iter().filter(|kind| **kind != &ROLLBACK);
    let kind = kinds.into_iter().find(|kind| kind.word == wanted.kind).copied();
    let kind = kind.ok_or_else(|| Refused::new("kind: sale, refund, deposit, withdraw or chWithdraw"))?;
    if wanted.sum <= 0 || !CURRENCIES.contains(&wanted.currency.as_str()) {
        return Err(Refused::new("sum: kopecks above zero; currency: BYN, USD, EUR or RUB"));
    }
    let draft = foreign(kind, wanted, around.switches.cash_type);
    done(at(state, number)?.accept(around, draft))
}

fn foreign(kind: &'static DocumentKind, wanted: Elsewhere, cash_type: u8) -> Draft {
    let Elsewhere { payment, sum, currency, .. } = wanted;
    let header = Header { cashier: OTHER_WRITER.to_owned(), currency, attrs: Map::new() };
    let plain = Draft { by: Some(OTHER_WRITER), ..Draft::plain(kind, header, sum) };
    if !is_paid(kind) {
        return plain;
    }
    let wire = match payment {
        Paid::Cash => cash_type,
        Paid::Card => 1 - cash_type,
        Paid::Other => 2,
    };
    let item = Item {
        name: OTHER_WRITER.to_owned(),
        price: sum,
        quantity: ONE_PIECE,
        tax: None,
        section: None,
        tp_tax_number: None,
        modifiers: Vec::new(),
        code: None,
    };
    Draft {
        items: vec![item],
        payments: vec![Payment { kind: wire, sum }],
        cash: if payment == Paid::Cash { plain.cash } else { 0 },
        ..plain
    }
}

fn shown(register: &Register, around: Around<'_>, render_authorizations: u64) -> Value {
    json!({
        "register": register.id(),
        "bound": register.bound,
        "shift": register.shift_shown(around.switches),
        "last_number": register.last_numbered().and_then(|document| document.number),
        "documents": register.documents.len(),
        "render_authorizations": render_authorizations,
    })
}
