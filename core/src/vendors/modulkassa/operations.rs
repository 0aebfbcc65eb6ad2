//! The operations that only Modulkassa has (fact sheet 1.3, 1.4, 4.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Modulkassa, NAME, map, wire};
use crate::client::Client;
use crate::error::{Code, Error, Outcome, Result, violation};
use crate::journal::{Conclusion, Intent};
use crate::messages::Nothing;
use crate::operations::{Operation, operation};
use crate::registration::{Failure, Fiscal, Raw, Registration, State};
use crate::vendors::Told;

/// Age in seconds from which the cash register is taken to be offline: it reports every 5 s (3.6).
const STALE_AFTER_S: i64 = 60;

/// The rows of this vendor in the table of operations.
pub const OPERATIONS: &[Operation] = &[
    operation!("associate", HARMLESS, associate, Associate => Association,
        "Associates with a retail point and keeps the password in the journal. Doing it again makes a new \
         password: every process that holds the old one is locked out."),
    operation!("dissociate", HARMLESS, dissociate, Nothing => Nothing, "Ends the association; its password stops working at once."),
    operation!("service_status", HARMLESS, service_status, Nothing => ServiceStatus, "State of the fiscalization service and the age of it."),
    operation!("send_document", FISCAL, send_document, SendDocument => Registration,
        "Sends the vendor's own JSON document, for what the shared receipt cannot say. Its `id` is the \
         idempotency key; the delivery is the same as for `register`."),
    operation!("document_status", HARMLESS, document_status, DocumentKey => DocumentStatus,
        "The vendor's own view of a document. Nothing is written to the journal; see `status` for that."),
    operation!("requeue_document", FISCAL, requeue_document, DocumentKey => DocumentStatus,
        "Puts a failed document back into the vendor's queue. Any other document is left alone."),
    operation!("retail_point", HARMLESS, retail_point, RetailPointKey => RetailPoints,
        "What the back office knows of a retail point, or of all of the account."),
];

/// Which retail point to associate with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Associate {
    /// Retail point; absent means the configured one.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub retail_point_id: Option<String>,
    /// Application at the retail point; absent means the configured one.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub client_id: Option<String>,
}

/// An association with a retail point.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Association {
    /// User name for everything else.
    pub user_name: String,
    /// Password. It is in the journal too; keep it out of logs.
    pub password: String,
    /// Name of the retail point.
    pub name: Option<String>,
    /// Address of the retail point.
    pub address: Option<String>,
}

/// State of the fiscalization service.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceStatus {
    /// `READY`, `ASSOCIATED` (the cash register never reported), `FAILED` (documents are queued) or
    /// `DISABLED`, as the vendor words it.
    pub status: String,
    /// When the cash register last reported (RFC 3339).
    pub reported_at: Option<String>,
    /// Seconds since then, by this machine's clock.
    pub age_s: Option<i64>,
    /// True for `READY` that is not stale.
    pub is_ready: bool,
    /// True where the last report is so old that the cash register is offline.
    pub is_stale: bool,
    /// The vendor's words.
    pub message: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// The vendor's own document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendDocument {
    /// The document as the vendor's interface has it; its `id` is a text.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub document: Box<RawValue>,
}

/// Which document; give one of the two.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentKey {
    /// The receipt's id in our journal.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The document's id at the vendor.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub document_id: Option<String>,
}

/// A document as the vendor sees it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DocumentStatus {
    /// The document's id at the vendor.
    pub document_id: String,
    /// The vendor's word: `QUEUED`, `PENDING`, `PRINTED`, `WAIT_FOR_CALLBACK`, `COMPLETED`, `FAILED`,
    /// `REQUEUED`, or one that came later.
    pub status: String,
    /// What it means; absent for a word that is not known.
    pub state: Option<State>,
    /// State of the fiscalization service at that time.
    pub service_state: Option<String>,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The vendor's words.
    pub message: Option<String>,
    /// When the status last changed (RFC 3339).
    pub changed_at: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Which retail point.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetailPointKey {
    /// Its id; absent means the configured one, or all of the account where none is configured.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub retail_point_id: Option<String>,
}

/// Retail points of the account.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RetailPoints {
    /// The retail points.
    pub retail_points: Vec<RetailPoint>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A retail point.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RetailPoint {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Taxpayer number of the shop.
    pub tax_id: Option<String>,
    /// Time zone, as in the IANA data base.
    pub time_zone: Option<String>,
    /// Place of settlement.
    pub payments_address: Option<String>,
}

impl ServiceStatus {
    pub(super) fn read(status: wire::ServiceStatus, raw: Raw) -> Result<Self> {
        let Some(word) = map::word(&status.status) else {
            return Err(Error::new(Code::AnswerNotUnderstood, "the answer has no `status`"));
        };
        let reported_at = status.date_time.0.as_deref().and_then(map::rfc3339);
        let reported = reported_at.as_deref().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let age_s = reported.map(|time| (OffsetDateTime::now_utc() - time).whole_seconds().max(0));
        let is_stale = age_s.is_some_and(|age| age > STALE_AFTER_S);
        Ok(Self {
            is_ready: word == "READY" && !is_stale,
            status: word,
            reported_at,
            age_s,
            is_stale,
            message: status.message.0,
            raw: Some(raw),
        })
    }

    pub(super) fn summary(&self) -> String {
        let stale = if self.is_stale { ", and the cash register has not reported since" } else { "" };
        let said = self.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        format!("{}{said}{stale}", self.status)
    }
}

impl DocumentStatus {
    pub(super) fn read(id: &str, status: wire::DocumentStatus, raw: Raw) -> Result<Self> {
        let Some(word) = map::word(&status.status) else {
            return Err(Error::new(Code::AnswerNotUnderstood, "the answer has no `status`"));
        };
        let state = map::told(&status, &raw).and_then(|told| match told {
            Told::Registered { .. } => Some(State::Registered),
            Told::Accepted { .. } => Some(State::Accepted),
            Told::Failed { .. } => Some(State::Failed),
            Told::Absent | Told::NotTaken(_) | Told::Unknown(_) => None,
        });
        Ok(Self {
            document_id: id.into(),
            state,
            service_state: map::word(&status.fn_state),
            fiscal: status.fiscal_info.as_ref().map(map::fiscal),
            failure: (state == Some(State::Failed)).then(|| map::failure(&status)),
            message: status.message.0.clone(),
            changed_at: status.time_status_changed.0.as_deref().and_then(map::rfc3339),
            status: word,
            raw: Some(raw),
        })
    }
}

/// See the table.
pub async fn associate(client: &Client, request: Associate) -> Result<Association> {
    let vendor: &Modulkassa = client.vendor()?;
    let point = request.retail_point_id.or_else(|| vendor.config.retail_point_id.clone());
    let point = point.ok_or_else(|| {
        let message = "give `retail_point_id` here or in the configuration";
        Error::invalid(vec![violation("/retail_point_id", Code::MissingField, message)])
    })?;
    let client_id = request.client_id.or_else(|| vendor.config.client_id.clone());
    let deadline = client.deadline();
    // Two processes that associate at once would each make the other's password worthless.
    let _lease = client.delivery.journal.lease(&format!("association {}", vendor.register), deadline).await?;
    let made = vendor.api.associate(&client.context(deadline), &point, client_id.as_deref()).await?;
    Ok(Association {
        user_name: made.user_name.0.unwrap_or_default(),
        password: made.password.0.unwrap_or_default(),
        name: made.name.0,
        address: made.address.0,
    })
}

/// See the table.
pub async fn dissociate(client: &Client, _: Nothing) -> Result<Nothing> {
    let vendor: &Modulkassa = client.vendor()?;
    vendor.api.dissociate(&client.context(client.deadline())).await?;
    Ok(Nothing {})
}

/// See the table.
pub async fn service_status(client: &Client, _: Nothing) -> Result<ServiceStatus> {
    let vendor: &Modulkassa = client.vendor()?;
    vendor.api.service_status(&client.context(client.deadline())).await
}

/// See the table.
pub async fn send_document(client: &Client, request: SendDocument) -> Result<Registration> {
    let vendor: &Modulkassa = client.vendor()?;
    let wrong = |code, message: &str| Error::invalid(vec![violation("/document/id", code, message)]);
    let document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(request.document.get())
            .map_err(|error| wrong(Code::JsonBroken, &error.to_string()))?;
    let id = match document.get("id") {
        Some(serde_json::Value::String(id)) if (1..=128).contains(&id.chars().count()) => id.clone(),
        Some(_) => return Err(wrong(Code::WrongType, "must be a text of 1 to 128 characters")),
        None => {
            return Err(wrong(Code::MissingField, "the document needs an `id`: it is the idempotency key"));
        }
    };
    let bytes = request.document.get().as_bytes().to_vec();
    let intent = Intent {
        register: vendor.register.clone(),
        receipt_id: id.clone(),
        vendor: NAME,
        operation: "send_document",
        fingerprint: crate::client::fingerprint(&bytes),
        request: bytes,
        vendor_document_id: Some(id),
    };
    client.deliver(&intent).await
}

/// See the table.
pub async fn document_status(client: &Client, request: DocumentKey) -> Result<DocumentStatus> {
    let vendor: &Modulkassa = client.vendor()?;
    let (_, document_id) = resolved(client, request).await?;
    vendor.api.document_status(&client.context(client.deadline()), &document_id).await
}

/// See the table.
pub async fn requeue_document(client: &Client, request: DocumentKey) -> Result<DocumentStatus> {
    let vendor: &Modulkassa = client.vendor()?;
    let (receipt_id, document_id) = resolved(client, request).await?;
    let deadline = client.deadline();
    let context = client.context(deadline);
    let _lease = client.delivery.lease(&receipt_id, deadline).await?;
    let before = vendor.api.document_status(&context, &document_id).await?;
    if before.state != Some(State::Failed) {
        let message = format!("the document is {}; only a failed one can be put back", before.status);
        return Err(Error::new(Code::NotRequeueable, message));
    }
    let lost = match vendor.api.requeue(&context, &document_id).await {
        Told::NotTaken(error) => return Err(error),
        Told::Unknown(error) => Some(error),
        Told::Registered { .. } | Told::Accepted { .. } | Told::Failed { .. } | Told::Absent => None,
    };
    let doubt = |cause: &str| Error::new(Code::InDoubt, format!("{cause}: ask `document_status`"));
    let after = match (vendor.api.document_status(&context, &document_id).await, &lost) {
        (Ok(after), _) => after,
        (Err(error), None) => return Err(doubt(&error.message).with_outcome(Outcome::Unknown)),
        (Err(_), Some(cause)) => return Err(doubt(&cause.message).with_outcome(Outcome::Unknown)),
    };
    if let (Some(cause), Some(State::Failed)) = (&lost, after.state) {
        // Still failed, or failed again: the status has the same face either way.
        return Err(doubt(&cause.message).with_outcome(Outcome::Unknown));
    }
    if let Some(entry) = client.delivery.journal.find(&vendor.register, &receipt_id).await?
        && entry.state == State::Failed
    {
        let conclusion = Conclusion {
            state: after.state.unwrap_or(State::Accepted),
            vendor_document_id: None,
            fiscal: after.fiscal.clone(),
            failure: after.failure.clone(),
            raw: after.raw.clone(),
            secrets: Vec::new(),
            note: format!("put back into the queue: {}", after.status),
            due_at_ms: 0,
        };
        client.delivery.journal.conclude(&entry, &conclusion).await?;
    }
    Ok(after)
}

/// Our id and the vendor's id of the document that is meant.
async fn resolved(client: &Client, key: DocumentKey) -> Result<(String, String)> {
    match (key.id, key.document_id) {
        (Some(id), None) => {
            let entry = client.delivery.entry(&id).await?;
            let document_id = entry.vendor_document_id.unwrap_or_else(|| id.clone());
            Ok((id, document_id))
        }
        (None, Some(document_id)) => Ok((document_id.clone(), document_id)),
        _ => {
            Err(Error::invalid(vec![violation("", Code::MissingField, "give either `id` or `document_id`")]))
        }
    }
}

/// See the table.
pub async fn retail_point(client: &Client, request: RetailPointKey) -> Result<RetailPoints> {
    let vendor: &Modulkassa = client.vendor()?;
    let id = request.retail_point_id.or_else(|| vendor.config.retail_point_id.clone());
    let answer = vendor.api.retail_points(&client.context(client.deadline()), id.as_deref()).await?;
    let unreadable = |error: serde_json::Error| Error::new(Code::AnswerNotUnderstood, error.to_string());
    let points: Vec<wire::RetailPoint> = match id {
        Some(_) => vec![serde_json::from_slice(&answer.body).map_err(unreadable)?],
        None => serde_json::from_slice(&answer.body).map_err(unreadable)?,
    };
    let retail_points = points.into_iter().map(|point| RetailPoint {
        id: point.id.0,
        name: point.name.0,
        address: point.address.0,
        tax_id: point.inn.0,
        time_zone: point.time_zone_id.0,
        payments_address: point.kkm_info.and_then(|info| info.payments_address.0),
    });
    Ok(RetailPoints { retail_points: retail_points.collect(), raw: Some(Raw::from_body(&answer.body)) })
}
