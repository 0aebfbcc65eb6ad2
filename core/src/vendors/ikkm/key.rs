//! The key that changes with every document (protocol/ikkm.md 3.1 to 3.11).
//!
//! A key belongs to one document from the first byte that is sent with it. Until the fate of that document is
//! known, nothing else is sent with the key; `delivery` keeps to that. Sending the same bytes with the same
//! key again makes no second document: the device registers with its current key only, and each registration
//! changes that. An answer 203 is ours only if we were in doubt. (protocol/ikkm.md 3.4 items I3, I6, I7.)

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::answer::{self, DeviceAnswer};
use super::codes::{Class, meaning};
use super::device::Call;
use super::map::PAYMENTS;
use super::reports::{self, Cheque, DeviceInfo, Transaction};
use super::vendor::Ikkm;
use crate::error::{Code, Error, Result};
use crate::journal::Entry;
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw, State};
use crate::transport::lenient::Scalar;
use crate::vendor::{Context, Exchanged, Finding, Mode, StepResult};

/// Secret: the key that the device gave last, or that an operator told.
const KEY: &str = "key";
/// Secret: the configured key when `KEY` was written; another one is the operator's newest word.
const CONFIGURED: &str = "configured_key";
/// Number of the last receipt that we know to be closed.
pub const LAST_RECEIPT: &str = "last_receipt";
/// What the device answers a plain cashier who asks what only a senior one may know (protocol/ikkm.md 4).
const SENIORS_ONLY: &str = "-16";
/// Shifts before the current one in which a receipt is looked for: a weekend and a day.
const SHIFTS_BEFORE: u64 = 3;
/// First pause after "busy" (protocol/ikkm.md 3.9); it doubles.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

type Secrets = Vec<(&'static str, SecretString)>;

/// What an attempt is bound to.
#[derive(Serialize, Deserialize)]
struct Binding {
    key: String,
    /// Last closed receipt before the attempt; absent where the device does not tell.
    last_receipt: Option<u64>,
}

/// The key that the device should take now: the operator's newest word, else the device's own.
pub async fn current(vendor: &Ikkm, context: &Context<'_>) -> Result<String> {
    let kept = context.secrets.secret(&vendor.register, KEY).await?;
    let before = context.secrets.secret(&vendor.register, CONFIGURED).await?;
    let configured = vendor.config.key.as_ref();
    let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
    let newest = match (configured, &before) {
        (Some(now), Some(before)) if same(now, before) => kept.as_ref().or(configured),
        (Some(now), _) => Some(now),
        (None, _) => kept.as_ref(),
    };
    let newest = newest.ok_or_else(|| {
        Error::new(Code::CredentialsMissing, "set a key on the device and configure it as `key`, once")
    })?;
    let text = newest.expose_secret();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::new(Code::ConfigInvalid, "`key` must be digits"));
    }
    Ok(text.to_owned())
}

/// The secrets that make `key` the current one.
fn keep(vendor: &Ikkm, key: &str, last_receipt: Option<u64>) -> Secrets {
    let mut secrets = vec![(KEY, SecretString::from(key))];
    secrets.extend(vendor.config.key.clone().map(|configured| (CONFIGURED, configured)));
    // Empty: not known any more, to be asked before the next document.
    secrets.push((LAST_RECEIPT, last_receipt.map_or_else(String::new, |number| number.to_string()).into()));
    secrets
}

/// A key that a person read or set on the device.
pub async fn learn(vendor: &Ikkm, context: &Context<'_>, key: SecretString) -> Result<()> {
    if !key.expose_secret().bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::new(Code::ConfigInvalid, "`key` must be digits"));
    }
    for (name, value) in keep(vendor, key.expose_secret(), None) {
        context.secrets.keep_secret(&vendor.register, name, Some(value)).await?;
    }
    Ok(())
}

/// What the next attempt is bound to. Asks the device where its last receipt is not known (protocol/ikkm.md
/// 3.5, 1).
pub async fn bind(vendor: &Ikkm, context: &Context<'_>) -> Result<String> {
    let key = current(vendor, context).await?;
    let known = context.secrets.secret(&vendor.register, LAST_RECEIPT).await?;
    let mut last_receipt = known.and_then(|number| number.expose_secret().parse().ok());
    if last_receipt.is_none() {
        last_receipt = match vendor.check_key(context, &key).await {
            Ok(DeviceAnswer::Ready { receipt }) => receipt,
            // Another writer may have used it: a send can be answered with its successor (protocol/ikkm.md
            // 3.8).
            Ok(DeviceAnswer::Refused { code: -1, .. }) => None,
            Ok(other) => return Err(other.unexpected()),
            Err(failure) => return Err(failure.into()),
        };
    }
    serde_json::to_string(&Binding { key, last_receipt })
        .map_err(|error| Error::new(Code::Internal, error.to_string()))
}

fn lost(error: Error) -> StepResult {
    Finding::Unknown(error).into()
}

/// The key that a document of the journal was sent with.
pub fn used(entry: &Entry) -> Result<String> {
    if entry.binding.is_none() {
        return Err(Error::new(Code::ReceiptUnknown, format!("{} was never sent", entry.receipt_id)));
    }
    entry.bound::<Binding>().map(|bound| bound.key)
}

/// Sends the entry's bytes with the key they are bound to, once.
async fn transmit(vendor: &Ikkm, context: &Context<'_>, entry: &Entry, key: &str) -> Exchanged<DeviceAnswer> {
    let parameters = String::from_utf8_lossy(&entry.request);
    let bytes = format!("key={key}&{parameters}");
    let call = match entry.operation.as_str() {
        "deposit" => Call::get("/apideposit/", "", &bytes),
        "withdraw" => Call::get("/apiwithdraw/", "", &bytes),
        _ => Call::post("/api", &bytes),
    };
    let reply = vendor.send(context, &call).await?;
    Ok(answer::read(&reply, key))
}

/// A pause that the call has time for, or false.
async fn paused(context: &Context<'_>, pause: &mut Duration) -> bool {
    let paused = context.budget.pause(*pause).await;
    *pause *= 2;
    paused
}

/// The first send with a key (protocol/ikkm.md 3.5): here every documented refusal but -2, -6 and -99 is
/// conclusive.
pub async fn send(vendor: &Ikkm, context: &Context<'_>, entry: &Entry) -> StepResult {
    let bound: Binding = match entry.bound() {
        Ok(bound) => bound,
        Err(error) => return lost(error),
    };
    let mut pause = BUSY_PAUSE;
    loop {
        return match transmit(vendor, context, entry, &bound.key).await {
            Ok(DeviceAnswer::Done { key, repeated, receipt })
                if is_of_another(&bound, entry, &key, repeated, receipt) =>
            {
                of_another(receipt).into()
            }
            Ok(DeviceAnswer::Done { key, repeated: false, receipt }) => {
                done(vendor, entry, &key, receipt, false)
            }
            Ok(DeviceAnswer::Done { key, repeated: true, receipt }) => {
                somebody_elses(vendor, context, entry, &key, receipt).await
            }
            Ok(DeviceAnswer::Refused { code, cause }) => match meaning(code).class {
                Class::Busy if paused(context, &mut pause).await => continue,
                Class::Unclear => Finding::Unknown(answer::error(code, &cause)).into(),
                Class::Parameters | Class::Tax => refused(code, &cause).into(),
                Class::Busy | Class::Device | Class::Key => {
                    Finding::NotTaken(answer::error(code, &cause)).into()
                }
            },
            Ok(other) => Finding::Unknown(other.unexpected()).into(),
            Err(failure) => Finding::from(failure).into(),
        };
    }
}

/// True where an answer is that of another request: its receipt was closed before the attempt, or the key that it
/// brings is the one that it says was used. To a first send 203 may name the last receipt: whoever used our key made
/// it.
fn is_of_another(bound: &Binding, entry: &Entry, key: &str, repeated: bool, receipt: Option<u64>) -> bool {
    let is_old = match (receipt, bound.last_receipt) {
        (Some(told), Some(last)) => told < last || told == last && !repeated,
        _ => false,
    };
    key == bound.key || is_old && entry.operation == "register"
}

fn of_another(receipt: Option<u64>) -> Finding {
    let number = receipt.map_or_else(|| "?".into(), |number| number.to_string());
    let message =
        format!("the answer is that of another request: it names receipt {number}, or the key that was sent");
    Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message))
}

/// 203 on a first send: the key was used for another document (protocol/ikkm.md 3.4 item I6, 3.8), so ours was not
/// registered, and may be sent with the key that came with it. Where the receipt that the answer names is of the
/// same kind and sum, or cannot be looked at, it may be this very sale, sent by a journal that is lost or by a
/// proxy that sent our bytes twice: that is for a person.
async fn somebody_elses(
    vendor: &Ikkm,
    context: &Context<'_>,
    entry: &Entry,
    key: &str,
    receipt: Option<u64>,
) -> StepResult {
    tracing::warn!(target: "kassa::delivery", receipt = %entry.receipt_id, "the key was used by another writer");
    let number = receipt.map(|number| number.to_string());
    let finding = match maker(vendor, context, entry, number.as_deref(), key).await {
        Maker::Another => Finding::Absent,
        _ => {
            Finding::Unknown(Error::new(Code::InDoubt, TWIN.replace("{}", number.as_deref().unwrap_or("?"))))
        }
    };
    let evidence = matches!(finding, Finding::Unknown(_)).then(|| {
        let kept = serde_json::json!({ "repeated_on_first_send": true, "receipt": receipt });
        Raw::from_body(kept.to_string().as_bytes())
    });
    StepResult { secrets: keep(vendor, key, receipt), evidence, ..finding.into() }
}

/// Why a document is left to a person whose first send was answered with another's receipt.
const TWIN: &str = "receipt {} was made with the same key before this document was sent, and is of the same kind and sum or cannot \
                    be looked at: it may be this sale or another; look at the receipts on the device and give `resolve` a \
                    verdict";

/// What is kept in `raw` of a document whose first send was answered with a receipt like it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "that they are there says it all")]
struct Twin {
    repeated_on_first_send: bool,
    receipt: Option<u64>,
}

fn twin(entry: &Entry) -> Option<Twin> {
    serde_json::from_str(entry.raw.as_ref()?.text()).ok()
}

/// True where the device cannot tell more of a document: its key was used for a receipt like it.
pub fn is_left_to_a_person(entry: &Entry) -> bool {
    entry.state == State::InDoubt && twin(entry).is_some()
}

/// Finds out what became of a document whose answer was lost (protocol/ikkm.md 3.6).
pub async fn settle(vendor: &Ikkm, context: &Context<'_>, entry: &Entry, mode: Mode) -> StepResult {
    if let Some(Twin { receipt, .. }) = twin(entry) {
        let number = receipt.map_or_else(|| "?".into(), |number| number.to_string());
        let unknown = Finding::Unknown(Error::new(Code::InDoubt, TWIN.replace("{}", &number)));
        return StepResult { evidence: entry.raw.clone(), ..unknown.into() };
    }
    let bound: Binding = match entry.bound() {
        Ok(bound) => bound,
        Err(error) => return lost(error),
    };
    match mode {
        Mode::Complete => replay(vendor, context, entry, &bound).await,
        Mode::Probe => probe(vendor, context, entry, &bound).await,
    }
}

/// P1: whether the key is still current and no receipt was closed since. Nothing can be registered.
async fn probe(vendor: &Ikkm, context: &Context<'_>, entry: &Entry, bound: &Binding) -> StepResult {
    let mut pause = BUSY_PAUSE;
    let mut seen_untouched = 0;
    loop {
        match vendor.check_key(context, &bound.key).await {
            Ok(DeviceAnswer::Ready { receipt }) => {
                // Whether the device compares the key here is not documented (protocol/ikkm.md 3.3, 6), so
                // the number of the last receipt has to say the same. Cash documents have no number.
                let untouched =
                    receipt.is_some() && receipt == bound.last_receipt && entry.operation == "register";
                if !untouched {
                    let message =
                        "the device is ready, but that does not prove that the document never arrived";
                    return Finding::Unknown(Error::new(Code::InDoubt, message)).into();
                }
                seen_untouched += 1;
                if seen_untouched == 2 {
                    return Finding::Absent.into();
                }
            }
            // The key was consumed: sending the same again cannot register anything.
            Ok(DeviceAnswer::Refused { code: -1, .. }) => return replay(vendor, context, entry, bound).await,
            Ok(DeviceAnswer::Refused { code: -2, .. }) if paused(context, &mut pause).await => {}
            Ok(other) => return Finding::Unknown(other.unexpected()).into(),
            Err(failure) => return Finding::Unknown(failure.into()).into(),
        }
    }
}

/// P2: the identical bytes with the same key. 200: it had never arrived and is registered now.
/// 203: it had been registered. Only codes that the bytes alone decide prove a refusal.
async fn replay(vendor: &Ikkm, context: &Context<'_>, entry: &Entry, bound: &Binding) -> StepResult {
    let mut pause = BUSY_PAUSE;
    loop {
        return match transmit(vendor, context, entry, &bound.key).await {
            Ok(DeviceAnswer::Done { key, receipt, .. })
                if is_of_another(bound, entry, &key, false, receipt) =>
            {
                of_another(receipt).into()
            }
            Ok(DeviceAnswer::Done { key, repeated: true, receipt }) => {
                repeated(vendor, context, entry, &bound.key, &key, receipt).await
            }
            Ok(DeviceAnswer::Done { key, repeated: false, receipt }) => {
                done(vendor, entry, &key, receipt, false)
            }
            Ok(DeviceAnswer::Refused { code, cause }) => match meaning(code).class {
                Class::Busy if paused(context, &mut pause).await => continue,
                Class::Parameters => refused(code, &cause).into(),
                Class::Key => after_lost_key(vendor, context, entry, bound).await,
                Class::Busy | Class::Tax | Class::Device | Class::Unclear => {
                    Finding::Unknown(answer::error(code, &cause)).into()
                }
            },
            Ok(other) => Finding::Unknown(other.unexpected()).into(),
            Err(failure) => Finding::Unknown(failure.into()).into(),
        };
    }
}

/// 203 on a replay: something was registered with the key. It is ours unless another writer used the
/// key after our bytes were lost (protocol/ikkm.md 3.8).
async fn repeated(
    vendor: &Ikkm,
    context: &Context<'_>,
    entry: &Entry,
    used: &str,
    next: &str,
    receipt: Option<u64>,
) -> StepResult {
    // A key that a person told meanwhile is newer than the one in the repeated answer.
    let now = match current(vendor, context).await {
        Ok(told) if told != used => told,
        _ => next.to_owned(),
    };
    let number = receipt.map(|number| number.to_string());
    match maker(vendor, context, entry, number.as_deref(), &now).await.doubt(number.as_deref()) {
        Some(doubt) => doubt.into(),
        None => done(vendor, entry, &now, receipt, true),
    }
}

/// Who made a receipt that was made with our key.
enum Maker {
    /// We, as far as the device tells: only one program writes (protocol/ikkm.md 3.4 item I1).
    Ours,
    /// Another writer: it has another type or sum.
    Another,
    /// The key that followed ours was used up too, so there is another writer.
    OnlyTheNextKeyTells,
    /// The device was not reached, is busy or not ready, or its answer was spoilt: it would tell
    /// another time.
    NotToldNow(Error),
}

impl Maker {
    /// Why receipt `number` may not be taken for ours; `None` where it is.
    fn doubt(self, number: Option<&str>) -> Option<Finding> {
        match self {
            Self::Ours => None,
            Self::Another => Some(anothers(number)),
            Self::NotToldNow(why) => Some(Finding::Unknown(why)),
            Self::OnlyTheNextKeyTells => Some(Finding::Unknown(Error::new(
                Code::KeyRefused,
                "another writer used the device meanwhile; read or set the key on the device and call `resolve` with it",
            ))),
        }
    }

    /// What to believe where the device did not answer a question about a receipt. If it will never answer
    /// such a question, only the rule that one program writes is left (protocol/ikkm.md 3.4 item I1).
    fn untold(error: Error) -> Self {
        let is_for_seniors =
            error.vendor.as_ref().is_some_and(|fault| fault.code.as_deref() == Some(SENIORS_ONLY));
        match error.code {
            Code::KeyRefused => Self::OnlyTheNextKeyTells,
            Code::Refused => Self::Ours,
            _ if is_for_seniors => Self::Ours,
            code => Self::NotToldNow(Error::new(
                code,
                format!(
                    "a receipt was made with the document's key, but the device does not tell now whether it is this \
                     document ({}); call `resolve` again, or check the receipts on the device and give a verdict",
                    error.message
                ),
            )),
        }
    }
}

/// Compares receipt `number` of the last shifts with the document (protocol/ikkm.md 3.8, 3.6 item P4). What
/// the device does not tell, or tells to senior cashiers only, proves nothing against us.
async fn maker(
    vendor: &Ikkm,
    context: &Context<'_>,
    entry: &Entry,
    number: Option<&str>,
    key: &str,
) -> Maker {
    let (Some(number), Some((cheque_type, total))) = (number, type_and_total(entry)) else {
        return Maker::Ours;
    };
    let cheque = match in_last_shifts(vendor, context, number, key).await {
        Ok(Some(cheque)) => cheque,
        Ok(None) => return Maker::Ours,
        Err(error) => return Maker::untold(error),
    };
    let other_type = cheque.cheque_type.as_deref().is_some_and(|found| found != cheque_type);
    // How the device lists discounts is not documented: the rows may add up to the total with or without them.
    let sums = cheque.rows.iter().map(|row| Amount::parse(row.sum.as_deref()?).ok());
    let listed = sums.reduce(|sum, row| sum?.plus(row?)).flatten();
    let before_discounts = total.plus(discounts(entry));
    let other_sum = listed.is_some_and(|sum| sum != total && Some(sum) != before_discounts);
    if other_type || other_sum { Maker::Another } else { Maker::Ours }
}

/// The discounts of a document together.
fn discounts(entry: &Entry) -> Amount {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Row {
        discount: Scalar,
    }
    let rows = form_urlencoded::parse(&entry.request).find(|(_, value)| value.starts_with('['));
    let rows: Vec<Row> = rows.and_then(|(_, rows)| serde_json::from_str(&rows).ok()).unwrap_or_default();
    let amounts = rows.iter().filter_map(|row| Amount::parse(row.discount.0.as_deref()?).ok());
    amounts.fold(Amount::ZERO, |sum, discount| sum.plus(discount).unwrap_or(sum))
}

/// Looks for receipt `number` in the current shift, and in those before it: a shift may have been
/// closed since the receipt was made.
async fn in_last_shifts(
    vendor: &Ikkm,
    context: &Context<'_>,
    number: &str,
    key: &str,
) -> Result<Option<Cheque>> {
    let info =
        reports::ask_with::<DeviceInfo>(vendor, context, ("/apicheck/getInfo/", ""), "show=minimum&", key);
    let current = info.await?.0.shift_number.unwrap_or_default();
    let newest: u64 = current.parse().unwrap_or_default();
    let before = (newest.saturating_sub(SHIFTS_BEFORE).max(1)..newest).rev().map(|shift| shift.to_string());
    for shift in std::iter::once(current).chain(before) {
        let place = ("/dump/table/shifts/{}/cheques", shift.as_str());
        let (cheques, _) = reports::ask_with::<Vec<Cheque>>(vendor, context, place, "", key).await?;
        let found = cheques.into_iter().find(|cheque| cheque.receipt_number.as_deref() == Some(number));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// `chequeType` (protocol/ikkm.md 5.6) and amount of a receipt; cash documents have no receipt.
fn type_and_total(entry: &Entry) -> Option<(&'static str, Amount)> {
    let parameters = String::from_utf8_lossy(&entry.request);
    let cheque_type = match parameters.split('=').next()? {
        "sale" => "0",
        "buy" => "1",
        "saleReturn" => "2",
        "buyReturn" => "3",
        _ => return None,
    };
    Some((cheque_type, amount(&parameters)?))
}

fn anothers(number: Option<&str>) -> Finding {
    let message = format!(
        "receipt {} was made with the document's key, but by another writer; check the receipts on the device and \
         give a verdict",
        number.unwrap_or_default()
    );
    Finding::Unknown(Error::new(Code::InDoubt, message))
}

/// P3: the device has forgotten the key. With the current one, which a person has to tell, its
/// transaction journal can be asked for the document.
async fn after_lost_key(vendor: &Ikkm, context: &Context<'_>, entry: &Entry, bound: &Binding) -> StepResult {
    let unknown = |message: String| StepResult::from(Finding::Unknown(Error::new(Code::KeyRefused, message)));
    let now = match current(vendor, context).await {
        Ok(now) if now != bound.key => now,
        _ => {
            let message = "the device does not take the document's key any more; read or set the key on the device \
                           and call `resolve` with it";
            return unknown(message.into());
        }
    };
    match Transaction::ask(vendor, context, &bound.key, &now).await {
        Ok(Transaction { receipt_number: Some(number), raw, .. }) => {
            let maker = maker(vendor, context, entry, Some(&number), &now).await;
            match maker.doubt(Some(&number)) {
                Some(doubt) => doubt.into(),
                None => StepResult {
                    secrets: keep(vendor, &now, None),
                    ..Finding::Registered {
                        document_id: None,
                        fiscal: Box::new(fiscal(entry, Some(number))),
                        raw: raw.unwrap_or_else(|| Raw::from_body(b"{}")),
                    }
                    .into()
                },
            }
        }
        Ok(_) => unknown(
            "the device knows no receipt made with the document's key: probably never registered; \
                          check the receipts on the device and give a verdict"
                .into(),
        ),
        Err(error) => unknown(format!(
            "the device does not tell what was made with the document's key ({}); check the receipts on the device \
             and give a verdict",
            error.message
        )),
    }
}

/// A document on record, and the key that came with it; both are written together (protocol/ikkm.md 3.4 item
/// I5).
fn done(vendor: &Ikkm, entry: &Entry, key: &str, receipt: Option<u64>, repeated: bool) -> StepResult {
    let status = if repeated { 203 } else { 200 };
    // The body is the next key, which is a secret; the rest of the answer is kept.
    let raw = serde_json::json!({ "status": status, "receipt": receipt });
    // A cash document has no receipt number: what was known of receipts is asked for anew.
    let last = receipt.filter(|_| entry.operation == "register");
    let number = receipt.map(|number| number.to_string());
    StepResult {
        secrets: keep(vendor, key, last),
        ..Finding::Registered {
            document_id: None,
            fiscal: Box::new(fiscal(entry, number)),
            raw: Raw::from_body(raw.to_string().as_bytes()),
        }
        .into()
    }
}

fn fiscal(entry: &Entry, number: Option<String>) -> Fiscal {
    let parameters = String::from_utf8_lossy(&entry.request);
    let amount = amount(&parameters)
        .filter(|amount| entry.operation != "register" || paid(&parameters) == Some(*amount));
    Fiscal { document_number: number.clone(), receipt_number: number, total: amount, ..Fiscal::default() }
}

/// The amount of a request: its first parameter.
fn amount(parameters: &str) -> Option<Amount> {
    let (_, sum) = parameters.split('&').next()?.split_once('=')?;
    Amount::parse(sum).ok()
}

/// What is paid. Where that is the amount, it is the total on record too: a tax on top would have been refused with -12.
/// Beyond it nobody tells how much of it is change and how much such a tax (protocol/ikkm.md 2.2).
fn paid(parameters: &str) -> Option<Amount> {
    let payments = parameters.split('&').filter_map(|parameter| parameter.split_once('='));
    let payments = payments.filter(|(name, _)| PAYMENTS.iter().any(|(_, known)| known == name));
    payments.map(|(_, sum)| Amount::parse(sum).ok()).reduce(|total, sum| total?.plus(sum?)).flatten()
}

fn refused(code: i32, cause: &str) -> Finding {
    Finding::failed(answer::error(code, cause).with_code(Code::Refused), None)
}
