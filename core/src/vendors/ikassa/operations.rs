//! The operations that only iKassa.Cloud has, and its shift and drawer (protocol/ikassa.md 2).

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::api::ShiftNow;
use super::counters::{decimal, drawer};
use super::document::Call;
use super::login::{Login, StartLogin, StartedLogin};
use super::vendor::Ikassa;
use super::{codes, map, settling};
use crate::error::{Code, Error, Outcome, Result, violation};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Raw, Registration, State};
use crate::receipt::shift::{Cash, CashAmount, Report, Shift};
use crate::transport::lenient::{self, text};
use crate::vendor::budget::Budget;
use crate::vendor::desk::{Desk, Named};
use crate::vendor::messages::Nothing;
use crate::vendor::operation::{Operation, operation};
use crate::vendor::{Context, read};

/// Pause between two questions whether a shift has changed.
const PAUSE: Duration = Duration::from_millis(200);

/// The operation that annuls the last document.
pub(super) const ROLLBACK: &str = "rollback";

/// The rows of this vendor in the table of operations.
pub const OPERATIONS: &[Operation<dyn Desk>] = &[
    operation!("start_login", HARMLESS, start_login, StartLogin => StartedLogin,
        "Asks for a code that a person enters in the vendor's cabinet to bind a cash register; then `finish_login`."),
    operation!("finish_login", HARMLESS, finish_login, FinishLogin => Login,
        "Waits for the person's decision within the time; the tokens are kept in the journal and renew themselves. \
         May be called by another process than `start_login`."),
    operation!("refresh_login", HARMLESS, refresh_login, Nothing => Login,
        "Renews the tokens now. Never needed in normal work: they renew themselves."),
    operation!("cashbox", HARMLESS, cashbox, Nothing => Cashbox, "Whether a cash register is bound to the log-in."),
    operation!("shift", HARMLESS, shift, Nothing => Shift, "Whether the shift is open; its counters are in `raw`."),
    operation!("open_shift", FISCAL, open_shift, Nothing => Shift,
        "Opens the shift; gives back the open one where there is one."),
    operation!("close_shift", FISCAL, close_shift, CloseCloudShift => Report,
        "Closes the shift, which is the Z report; confirmed where it is closed already. The drawer must be empty in \
         every currency: `withdraw_first` empties it."),
    operation!("cash", HARMLESS, cash, Nothing => Cash, "Cash in the drawer, by currency."),
    operation!("deposit", FISCAL, deposit, DrawerDocument => Registration,
        "Puts cash into the drawer, exactly once, like `register`."),
    operation!("withdraw", FISCAL, withdraw, DrawerDocument => Registration,
        "Takes cash out of the drawer, exactly once, like `register`."),
    operation!("card_withdraw", FISCAL, card_withdraw, DrawerDocument => Registration,
        "Hands cash out to a customer (`chWithdraw`), exactly once, like `register`."),
    operation!("rollback", FISCAL, rollback, Rollback => Registration,
        "Annuls the last document, exactly once, like `register`."),
    operation!("document", HARMLESS, document, DocumentKey => CloudDocument, "A document as the vendor has it."),
    operation!("receipt_url", HARMLESS, receipt_url, DocumentKey => ReceiptUrl,
        "Link to the public page of a receipt. Nothing is sent."),
];

/// How long to wait for a person.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishLogin {
    /// How long, in milliseconds; absent means the time of a call, 0 asks at most once.
    #[schemars(range(min = 0, max = 3_600_000))]
    pub timeout_ms: Option<u64>,
}

/// Whether a cash register is bound.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cashbox {
    /// True where one is.
    pub has_device: bool,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// How to close the shift.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseCloudShift {
    /// Empty the drawer first, in every currency.
    pub withdraw_first: Option<WithdrawFirst>,
}

/// How the drawer is emptied.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawFirst {
    /// The caller's id for the withdrawals; each gets the currency behind it, as in `close-17/BYN`.
    #[schemars(length(min = 1, max = 120))]
    pub id: String,
    /// Name of the cashier; absent means that of the configuration.
    #[schemars(length(min = 1, max = 64))]
    pub cashier: Option<String>,
}

/// Cash that is put into the drawer or taken out of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawerDocument {
    /// The caller's own id and the idempotency key.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// How much, in roubles: `"100.00"` or `"100"` are a hundred of them, never kopecks.
    pub sum: Amount,
    /// Currency; absent means that of the configuration.
    #[schemars(length(min = 3, max = 3))]
    pub currency: Option<String>,
    /// Name of the cashier; absent means that of the configuration.
    #[schemars(length(min = 1, max = 64))]
    pub cashier: Option<String>,
    /// Free attributes of the document (`@attrs`); their meaning is not documented.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Annulment of the last document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The caller's own id and the idempotency key.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// Number of the last document: `fiscal.document_number` of its registration, or from `document`.
    #[schemars(range(min = 1))]
    pub number: u64,
    /// Name of the cashier; absent means that of the configuration.
    #[schemars(length(min = 1, max = 64))]
    pub cashier: Option<String>,
    /// Free attributes of the document (`@attrs`); their meaning is not documented.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Which document; give one of the two.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CloudDocumentKey")]
pub struct DocumentKey {
    /// The receipt's id in our journal.
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The vendor's uid, as it is printed on the receipt.
    #[schemars(length(min = 1, max = 128))]
    pub uid: Option<String>,
}

/// A document as the vendor has it. Its form is not documented: everything is in `raw`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CloudDocument {
    /// The vendor's uid.
    #[serde(default, deserialize_with = "text")]
    pub uid: Option<String>,
    /// Its number, where the vendor tells.
    #[serde(default, deserialize_with = "text")]
    pub number: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Link to the public page of a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptUrl {
    /// The link.
    pub url: String,
}

async fn start_login(desk: &dyn Desk, request: StartLogin) -> Result<StartedLogin> {
    let vendor: &Ikassa = desk.of()?;
    vendor.start_login(&desk.context(), &request).await
}

async fn finish_login(desk: &dyn Desk, request: FinishLogin) -> Result<Login> {
    let vendor: &Ikassa = desk.of()?;
    let call = desk.context();
    let until =
        request.timeout_ms.map_or(call.budget.ends(), |ms| Instant::now() + Duration::from_millis(ms));
    // The last poll may begin at the end of the time.
    let budget = Budget::new(until.max(call.budget.ends()), call.budget.whole_exchange());
    vendor.finish_login(&Context { budget, ..call }, until).await
}

async fn refresh_login(desk: &dyn Desk, _: Nothing) -> Result<Login> {
    let vendor: &Ikassa = desk.of()?;
    vendor.renew_now(&desk.context()).await
}

/// Whether a cash register is bound (protocol/ikassa.md 2.3).
pub(super) async fn cashbox_now(vendor: &Ikassa, context: &Context<'_>) -> Result<Cashbox> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "hasDevice")]
        has_device: bool,
    }
    let answer = vendor.get(context, "cashbox", &[("skipShift", "true")]).await?;
    let wire: Wire = read("the cashbox", &answer.body)?;
    Ok(Cashbox { has_device: wire.has_device, raw: Some(answer.raw()) })
}

async fn cashbox(desk: &dyn Desk, _: Nothing) -> Result<Cashbox> {
    cashbox_now(desk.of()?, &desk.context()).await
}

fn told(now: ShiftNow) -> Shift {
    Shift { open: now.open, number: None, raw: Some(now.raw) }
}

async fn shift(desk: &dyn Desk, _: Nothing) -> Result<Shift> {
    let vendor: &Ikassa = desk.of()?;
    vendor.shift_now(&desk.context()).await.map(told)
}

async fn cash(desk: &dyn Desk, _: Nothing) -> Result<Cash> {
    let vendor: &Ikassa = desk.of()?;
    let now = vendor.shift_now(&desk.context()).await?;
    let amounts = drawer(&now.counters.unwrap_or_default()).into_iter();
    let amounts = amounts.map(|(currency, sum)| CashAmount { currency, sum: decimal(sum) }).collect();
    Ok(Cash { amounts, raw: Some(now.raw) })
}

/// Brings the shift into a state, with the cash register's lease. Neither opening nor closing can be
/// done twice, so the state tells what became of a lost answer, and what did not arrive is sent again.
async fn bring(
    desk: &dyn Desk,
    vendor: &Ikassa,
    context: &Context<'_>,
    before: ShiftNow,
    open: bool,
) -> Result<ShiftNow> {
    if before.open == open {
        return Ok(before);
    }
    // The counters of the next shift say nothing of a document of this one.
    desk.settle_earlier(context).await?;
    settling::shift_may_change(vendor, context).await?;
    loop {
        let lost = match vendor.post_shift(context, if open { "open" } else { "close" }).await {
            Ok(_) => None,
            // Nothing was sent, or the cash register said no and is as it was.
            Err(error) if error.outcome == Outcome::NotRegistered && error.code != Code::NoAnswer => {
                return match vendor.shift_now(context).await {
                    Ok(now) if now.open == open => Ok(now),
                    _ => Err(error),
                };
            }
            Err(error) => Some(error),
        };
        let settled = Instant::now() + vendor.config.settle_after();
        loop {
            match vendor.shift_now(context).await {
                Ok(now) if now.open == open => {
                    settling::shift_changed(vendor, context).await?;
                    return Ok(now);
                }
                seen if Instant::now() + PAUSE >= context.budget.ends() => {
                    let why = seen.err().or(lost).map_or_else(String::new, |e| format!(" ({})", e.message));
                    let wanted = if open { "open" } else { "closed" };
                    let message =
                        format!("whether the shift is {wanted} is not known{why}; ask for the `shift`");
                    return Err(Error::new(Code::InDoubt, message));
                }
                Ok(_) if Instant::now() >= settled => break,
                _ => sleep(PAUSE).await,
            }
        }
    }
}

async fn open_shift(desk: &dyn Desk, _: Nothing) -> Result<Shift> {
    let vendor: &Ikassa = desk.of()?;
    let context = desk.context();
    let lease = desk.lease("", &context).await?;
    let opened = match vendor.shift_now(&context).await {
        Ok(before) => bring(desk, vendor, &context, before, true).await,
        Err(error) => Err(error),
    };
    desk.release(lease).await;
    opened.map(told)
}

async fn close_shift(desk: &dyn Desk, request: CloseCloudShift) -> Result<Report> {
    let vendor: &Ikassa = desk.of()?;
    let context = desk.context();
    if let Some(first) = &request.withdraw_first {
        empty_drawer(desk, first).await?;
    }
    let lease = desk.lease("", &context).await?;
    let closed = close_empty(desk, vendor, &context).await;
    desk.release(lease).await;
    closed.map(|now| Report { confirmed: true, shift: Some(told(now)) })
}

/// Closes the shift where the drawer is empty in every currency (protocol/ikassa.md 2.10).
async fn close_empty(desk: &dyn Desk, vendor: &Ikassa, context: &Context<'_>) -> Result<ShiftNow> {
    let now = vendor.shift_now(context).await?;
    let full: Vec<String> = drawer(&now.counters.clone().unwrap_or_default())
        .into_iter()
        .filter(|(_, sum)| now.open && *sum != 0)
        .map(|(currency, sum)| format!("{} {currency}", decimal(sum)))
        .collect();
    if !full.is_empty() {
        let message = format!("{} in the drawer", full.join(" and "));
        return Err(Error::new(Code::DrawerNotEmpty, message));
    }
    bring(desk, vendor, context, now, false).await
}

async fn empty_drawer(desk: &dyn Desk, first: &WithdrawFirst) -> Result<()> {
    let now = desk.of::<Ikassa>()?.shift_now(&desk.context()).await?;
    if !now.open {
        return Ok(());
    }
    for (currency, sum) in drawer(&now.counters.unwrap_or_default()) {
        let Some(sum) = Amount::of_hundredths(sum).filter(|sum| !sum.is_zero()) else { continue };
        let request = DrawerDocument {
            id: format!("{}/{currency}", first.id),
            sum,
            currency: Some(currency),
            cashier: first.cashier.clone(),
            attributes: BTreeMap::new(),
        };
        withdraw(desk, request).await?;
    }
    Ok(())
}

fn cashier<'a>(vendor: &'a Ikassa, given: Option<&'a str>) -> Result<&'a str> {
    let name = given.or(vendor.config.cashier.as_deref()).filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| {
        let message = "iKassa wants a cashier's name: give it here or in the configuration";
        Error::invalid(vec![violation("/cashier", Code::MissingField, message)])
    })
}

async fn deposit(desk: &dyn Desk, request: DrawerDocument) -> Result<Registration> {
    move_cash(desk, "deposit", Call::Deposit, request).await
}

async fn withdraw(desk: &dyn Desk, request: DrawerDocument) -> Result<Registration> {
    move_cash(desk, "withdraw", Call::Withdraw, request).await
}

async fn card_withdraw(desk: &dyn Desk, request: DrawerDocument) -> Result<Registration> {
    move_cash(desk, "card_withdraw", Call::CardWithdraw, request).await
}

async fn move_cash(
    desk: &dyn Desk,
    operation: &'static str,
    call: Call,
    request: DrawerDocument,
) -> Result<Registration> {
    let vendor: &Ikassa = desk.of()?;
    let currency = request.currency.as_deref().unwrap_or(vendor.config.currency());
    let mut wrong = Vec::new();
    if request.sum.is_zero() {
        wrong.push(violation("/sum", Code::OutOfRange, "must be more than 0"));
    }
    if !codes::CURRENCIES.contains(&currency) {
        wrong.push(violation("/currency", Code::NotForThisVendor, "iKassa records BYN, USD, EUR and RUB"));
    }
    let cashier = cashier(vendor, request.cashier.as_deref());
    if let Err(error) = &cashier {
        wrong.extend(error.violations.clone());
    }
    let (Ok(cashier), true) = (cashier, wrong.is_empty()) else { return Err(Error::invalid(wrong)) };
    let document = map::cash_document(call, request.sum, currency, cashier, &request.attributes)
        .ok_or_else(|| Error::new(Code::Internal, "the sum does not fit"))?;
    settling::deliver(desk, operation, request.id, &document.body, &document, None).await
}

async fn rollback(desk: &dyn Desk, request: Rollback) -> Result<Registration> {
    let vendor: &Ikassa = desk.of()?;
    let cashier = cashier(vendor, request.cashier.as_deref())?;
    // What the annulled document did tells what the annulment does.
    let watch = settling::watch(vendor, &desk.context()).await?;
    let number = request.number.to_string();
    let undone = watch.last.filter(|(last, _)| *last == number).map(|(_, effect)| effect);
    let basis = match watch.uids.last().filter(|_| undone.is_some()) {
        Some(uid) => desk.entry_of_document(uid).await?.map(|entry| entry.receipt_id),
        None => None,
    };
    let document = map::rollback_document(request.number, cashier, &request.attributes, undone.as_ref())
        .ok_or_else(|| Error::new(Code::Internal, "the document cannot be written"))?;
    settling::deliver(desk, ROLLBACK, request.id, &document.body, &document, basis).await
}

/// The uid that a request names, by itself or through our journal.
async fn uid(desk: &dyn Desk, key: DocumentKey) -> Result<String> {
    match desk.named(key.id, key.uid, "uid").await? {
        Named::Ours(entry) => {
            let id = &entry.receipt_id;
            let message = match entry.state {
                State::Registered => {
                    format!("{id} was settled by the counters; its uid is on the vendor's side only")
                }
                state => format!("{id} is `{}` and has no uid yet", state.word()),
            };
            entry.vendor_document_id.ok_or_else(|| Error::new(Code::ReceiptUnknown, message))
        }
        Named::Theirs(uid) => Ok(uid),
    }
}

async fn document(desk: &dyn Desk, key: DocumentKey) -> Result<CloudDocument> {
    let uid = uid(desk, key).await?;
    let vendor: &Ikassa = desk.of()?;
    let answer = vendor.get(&desk.context(), "docs.get", &[("uid", &uid)]).await?;
    let document: CloudDocument = lenient::object(&answer.body).unwrap_or_default();
    let document = answer.sent.record(document);
    Ok(CloudDocument { uid: document.uid.or(Some(uid)), raw: Some(answer.raw()), ..document })
}

async fn receipt_url(desk: &dyn Desk, key: DocumentKey) -> Result<ReceiptUrl> {
    let uid = uid(desk, key).await?;
    let vendor: &Ikassa = desk.of()?;
    Ok(ReceiptUrl { url: vendor.receipt_url(&uid).into() })
}
