//! Exactly once without a key (protocol/ikassa.md 6.9): the counters are read before and after a document,
//! while the lease of the cash register is held. One reading for each document suffices: the reading before
//! it also shows what the document before did.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::api::{Made, Reading, ShiftNow};
use super::counters::{self, Proof, Watch};
use super::document::{Document, Effect};
use super::vendor::Ikassa;
use crate::error::{Code, Error, Result};
use crate::journal::Entry;
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw, Registration, State};
use crate::vendor::desk::{Desk, Wanted};
use crate::vendor::{Context, Finding, StepResult};

/// Secret: what is remembered between documents.
pub const WATCH: &str = "watch";

/// What is kept in `raw` of a document in doubt that the counters do not settle.
#[derive(Serialize, Deserialize)]
struct Evidence {
    /// Why they do not.
    reason: String,
    /// What the document does.
    expected: Option<Effect>,
    /// Counters before it was sent.
    before: Option<Reading>,
    /// Counters after its answer was lost.
    after: Option<Reading>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    evidence: Evidence,
}

fn evidence(entry: &Entry) -> Option<Evidence> {
    let kept: Kept = serde_json::from_str(entry.raw.as_ref()?.text()).ok()?;
    Some(kept.evidence)
}

/// True where both readings of a document in doubt were taken. A later reading would show other documents
/// too, so only a person can tell.
pub fn is_left_to_a_person(entry: &Entry) -> bool {
    entry.state == State::InDoubt && evidence(entry).is_some()
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

/// What is remembered of the cash register.
pub async fn watch(vendor: &Ikassa, context: &Context<'_>) -> Result<Watch> {
    let kept = context.secrets.secret(&vendor.register, WATCH).await?;
    Ok(kept.and_then(|kept| serde_json::from_str(kept.expose_secret()).ok()).unwrap_or_default())
}

async fn keep(vendor: &Ikassa, context: &Context<'_>, watch: &Watch) -> Result<()> {
    let kept: SecretString = written(watch).into();
    context.secrets.keep_secret(&vendor.register, WATCH, Some(kept)).await
}

/// Call this before a shift is opened or closed. A new shift begins its counters anew, so the next reading
/// has nothing to be compared with.
pub async fn shift_may_change(vendor: &Ikassa, context: &Context<'_>) -> Result<()> {
    let now = watch(vendor, context).await?;
    keep(vendor, context, &Watch { before: None, since: None, ..now }).await
}

/// Call this after a shift was opened or closed. What other programs did in the old shift says nothing of the
/// new one, so it is forgotten.
pub async fn shift_changed(vendor: &Ikassa, context: &Context<'_>) -> Result<()> {
    let now = watch(vendor, context).await?;
    keep(vendor, context, &now.of_a_new_shift()).await
}

/// Forgets everything. After a new log-in the cash register may be another one.
pub async fn forget(vendor: &Ikassa, context: &Context<'_>) -> Result<()> {
    context.secrets.keep_secret(&vendor.register, WATCH, None).await
}

/// Reads the counters before a document. Nothing is sent while the shift is closed.
pub async fn bind(vendor: &Ikassa, context: &Context<'_>) -> Result<String> {
    let now = vendor.shift_now(context).await?;
    if !now.open {
        let message = "the shift is closed: open it with `open_shift`";
        return Err(Error::new(Code::RegisterNotReady, message));
    }
    let watch = watch(vendor, context).await?;
    let watch = match &now.counters {
        Some(counters) => watch.look(counters),
        None => Watch { before: None, since: None, ..watch },
    };
    if let Some(stranger) = &watch.stranger {
        tracing::warn!(target: "kassa::delivery", stranger, "another writer uses the cash register");
    }
    Ok(written(&watch))
}

/// Sends the document, once.
pub async fn send(vendor: &Ikassa, context: &Context<'_>, entry: &Entry) -> StepResult {
    let (document, bound) = match kept_of(entry) {
        Ok(kept) => kept,
        Err(error) => return Finding::Unknown(error).into(),
    };
    match vendor.make(context, &document).await {
        Made::Recorded { uid, number, .. } if bound.knows(&uid, number.as_deref()) => {
            let message = format!("the answer is that of a document before ({uid})");
            Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message)).into()
        }
        Made::Recorded { uid, number, raw } => {
            // On paper the QR code has the address of the page (protocol/ikassa.md 2.11).
            let page = String::from(vendor.receipt_url(&uid));
            let fiscal = Fiscal {
                document_number: number.clone(),
                qr: Some(page.clone()),
                url: Some(page),
                ..fiscal(&document)
            };
            let watch = match document.effect {
                Some(effect) => {
                    let last = number.map(|number| (number, effect.clone()));
                    Watch { since: Some(effect), last, ..bound }
                }
                // What it did is not known, so the next reading says nothing about strangers.
                None => Watch { before: None, since: None, last: None, ..bound },
            };
            let watch = watch.confirmed(uid.clone(), fiscal.document_number.as_deref());
            with_watch(Finding::Registered { document_id: Some(uid), fiscal: Box::new(fiscal), raw }, &watch)
        }
        Made::Not(told @ Finding::Unknown(_)) => told.into(),
        Made::Not(told) => with_watch(told, &Watch { since: None, ..bound }),
    }
}

/// Compares the counters before and after a document whose answer was lost.
pub async fn settle(vendor: &Ikassa, context: &Context<'_>, entry: &Entry) -> StepResult {
    if let Some(evidence) = evidence(entry) {
        return StepResult { evidence: entry.raw.clone(), ..in_doubt(&evidence.reason).into() };
    }
    let (document, bound) = match kept_of(entry) {
        Ok(kept) => kept,
        Err(error) => return Finding::Unknown(error).into(),
    };
    let now = match vendor.shift_now(context).await {
        Ok(now) => now,
        Err(error) => return Finding::Unknown(error).into(),
    };
    let proof = match (&bound.before, &now) {
        (_, ShiftNow { open: false, .. }) => Proof::None("the shift was closed meanwhile".into()),
        (Some(before), ShiftNow { counters: Some(after), .. }) => {
            counters::proof(document.effect.as_ref(), before, after, &bound)
        }
        _ => Proof::None("the shift told no counters".into()),
    };
    let evidence = |reason| Evidence {
        reason,
        expected: document.effect.clone(),
        before: bound.before.clone(),
        after: now.counters.clone(),
    };
    let next = Watch { before: now.counters.clone().filter(|_| now.open), since: None, ..bound.clone() };
    match proof {
        Proof::Recorded => {
            let raw = Raw::from_body(
                written(&evidence("the counters moved by exactly this document".into())).as_bytes(),
            );
            let told = Finding::Registered { document_id: None, fiscal: Box::new(fiscal(&document)), raw };
            // It has a number that nobody told.
            let number = next.number.map(|number| number.saturating_add(1));
            with_watch(told, &Watch { last: None, number, ..next })
        }
        Proof::NeverArrived => with_watch(Finding::Absent, &next),
        Proof::None(reason) => {
            let told = in_doubt(&reason);
            let kept = Kept { evidence: evidence(reason) };
            let evidence = Some(Raw::from_body(written(&kept).as_bytes()));
            StepResult { evidence, ..with_watch(told, &Watch { last: None, ..next }) }
        }
    }
}

fn in_doubt(reason: &str) -> Finding {
    let message = format!(
        "the counters do not tell whether it is on record: {reason}; both readings are in `raw` (see `journal`): look at \
         the receipts in the vendor's cabinet and give `resolve` a verdict"
    );
    Finding::Unknown(Error::new(Code::InDoubt, message))
}

fn with_watch(told: Finding, watch: &Watch) -> StepResult {
    StepResult { secrets: vec![(WATCH, written(watch).into())], ..told.into() }
}

/// The document of an entry, and what was remembered when its attempt began.
fn kept_of(entry: &Entry) -> Result<(Document, Watch)> {
    Ok((Document::of(entry)?, entry.bound()?))
}

fn fiscal(document: &Document) -> Fiscal {
    let total = document.effect.as_ref().and_then(|effect| Amount::of_hundredths(effect.total));
    Fiscal { total, ..Fiscal::default() }
}

/// Delivers a document that is no receipt. `content` decides whether the id was used for the same; `basis` is the receipt
/// that it annuls.
pub async fn deliver(
    desk: &dyn Desk,
    operation: &'static str,
    id: String,
    content: &str,
    document: &Document,
    basis: Option<String>,
) -> Result<Registration> {
    let content = format!("{operation} {content}").into_bytes();
    let request = document.to_bytes()?;
    desk.deliver(Wanted { operation, id, content, request, basis, ..Wanted::default() }).await
}
