//! The operations that only Modulkassa has (protocol/modulkassa.md 1.3, 1.4, 4.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::status::{DocumentStatus, ServiceStatus};
use super::vendor::Modulkassa;
use super::{api, wire};
use crate::error::{Code, Error, Outcome, Result, violation};
use crate::journal::Entry;
use crate::receipt::registration::{Raw, Registration, State};
use crate::receipt::same;
use crate::transport::Answer;
use crate::vendor::desk::{self, Desk, Named, Wanted};
use crate::vendor::messages::Nothing;
use crate::vendor::operation::{Operation, operation};

/// The rows of this vendor in the table of operations.
pub const OPERATIONS: &[Operation<dyn Desk>] = &[
    operation!("associate", HARMLESS, associate, Associate => Association,
        "Associates with a retail point and keeps the password in the journal. Doing it again makes a new \
         password: every process that holds the old one is locked out."),
    operation!("dissociate", HARMLESS, dissociate, Nothing => Nothing, "Ends the association; its password stops working at once."),
    operation!("service_status", HARMLESS, service_status, Nothing => ServiceStatus, "State of the fiscalization service and the age of it."),
    operation!("send_document", FISCAL, send_document, SendDocument => Registration,
        "Sends the vendor's own JSON document, for what the shared receipt cannot say. Its `id` is the \
         idempotency key; the delivery is the same as for `register`."),
    operation!("document_status", HARMLESS, document_status, DocumentKey => DocumentStatus,
        "The vendor's own view of a document. The journal stays as it is (see `status` for that), unless it has as \
         failed what is on record or in the vendor's queue."),
    operation!("requeue_document", FISCAL, requeue_document, DocumentKey => DocumentStatus,
        "Puts a failed document of this journal back into the vendor's queue. Any other document is left alone."),
    operation!("retail_point", HARMLESS, retail_point, RetailPointKey => RetailPoints,
        "What the back office knows of a retail point, or of all of the account."),
];

/// Which retail point to associate with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Associate {
    /// Retail point; absent means the configured one.
    #[schemars(length(min = 1, max = 128))]
    pub retail_point_id: Option<String>,
    /// Application at the retail point; absent means the configured one.
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
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The document's id at the vendor.
    #[schemars(length(min = 1, max = 128))]
    pub document_id: Option<String>,
}

/// Which retail point.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetailPointKey {
    /// Its id; absent means the configured one, or all of the account where none is configured.
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

async fn associate(desk: &dyn Desk, request: Associate) -> Result<Association> {
    let vendor: &Modulkassa = desk.of()?;
    let point = request.retail_point_id.or_else(|| vendor.config.retail_point_id.clone());
    let point = point.ok_or_else(|| {
        let message = "give `retail_point_id` here or in the configuration";
        Error::invalid(vec![violation("/retail_point_id", Code::MissingField, message)])
    })?;
    let client_id = request.client_id.or_else(|| vendor.config.client_id.clone());
    let context = desk.context();
    // Two processes that associate at once would each make the other's password worthless.
    let name = format!("association {}", vendor.register);
    let lease = context.secrets.lease(&name, context.budget.ends()).await?;
    let made = lease.during(vendor.associate(&context, &point, client_id.as_deref())).await?;
    Ok(Association {
        user_name: made.user_name.0.unwrap_or_default(),
        password: made.password.0.unwrap_or_default(),
        name: made.name.0,
        address: made.address.0,
    })
}

async fn dissociate(desk: &dyn Desk, _: Nothing) -> Result<Nothing> {
    let vendor: &Modulkassa = desk.of()?;
    vendor.dissociate(&desk.context()).await?;
    Ok(Nothing {})
}

async fn service_status(desk: &dyn Desk, _: Nothing) -> Result<ServiceStatus> {
    let vendor: &Modulkassa = desk.of()?;
    vendor.service_status(&desk.context()).await
}

async fn send_document(desk: &dyn Desk, request: SendDocument) -> Result<Registration> {
    let id = desk::own_id(&request.document, "id")?;
    let bytes = request.document.get().as_bytes().to_vec();
    desk.deliver(Wanted {
        operation: "send_document",
        vendor_document_id: Some(id.clone()),
        id,
        content: same::document(request.document.get()).into_bytes(),
        earlier: vec![bytes.clone()],
        request: bytes,
        ..Wanted::default()
    })
    .await
}

async fn document_status(desk: &dyn Desk, request: DocumentKey) -> Result<DocumentStatus> {
    let vendor: &Modulkassa = desk.of()?;
    let named = desk.named(request.id, request.document_id, "document_id").await?;
    match asked(desk, vendor, &named).await {
        Ok(status) => Ok(status),
        Err(error) => Err(desk.look_up_failed(&named, error).await),
    }
}

/// The vendor's view of a document. Where the journal has it as failed and the vendor does not, the journal
/// takes that over.
async fn asked(desk: &dyn Desk, vendor: &Modulkassa, named: &Named) -> Result<DocumentStatus> {
    let document_id = match named {
        Named::Ours(entry) => api::document_of(entry),
        Named::Theirs(document_id) => document_id,
    };
    let (status, result) = vendor.document_status(&desk.context(), document_id).await?;
    if let Named::Ours(entry) = named {
        desk.learned(&entry.receipt_id, result).await?;
    }
    Ok(status)
}

async fn requeue_document(desk: &dyn Desk, request: DocumentKey) -> Result<DocumentStatus> {
    let vendor: &Modulkassa = desk.of()?;
    let named = desk.named(request.id, request.document_id, "document_id").await?;
    let Named::Ours(entry) = &named else {
        let message =
            "this journal has no such document: put it back where it was sent, or in the vendor's cabinet";
        return Err(Error::new(Code::ReceiptUnknown, message).with_outcome(Outcome::Unknown));
    };
    match put_back(desk, vendor, &named, entry).await {
        Ok(status) => Ok(status),
        Err(error) => Err(desk.look_up_failed(&named, error).await),
    }
}

async fn put_back(
    desk: &dyn Desk,
    vendor: &Modulkassa,
    named: &Named,
    entry: &Entry,
) -> Result<DocumentStatus> {
    let before = asked(desk, vendor, named).await?;
    if before.state != Some(State::Failed) {
        let message = format!("the document is {}; only a failed one can be put back", before.status);
        return Err(Error::new(Code::NotRequeueable, message));
    }
    let entry = desk.put_back(&entry.receipt_id).await?;
    DocumentStatus::of(&entry)
}

async fn retail_point(desk: &dyn Desk, request: RetailPointKey) -> Result<RetailPoints> {
    let vendor: &Modulkassa = desk.of()?;
    let id = request.retail_point_id.or_else(|| vendor.config.retail_point_id.clone());
    let answer = vendor.retail_points(&desk.context(), id.as_deref()).await?;
    retail_points(&answer, id.is_some())
}

/// The retail point of an answer, or all of them.
pub(super) fn retail_points(answer: &Answer, is_one: bool) -> Result<RetailPoints> {
    // What was read instead stands in the message.
    let unreadable = |error: serde_json::Error| {
        answer.sent.error(Error::new(Code::AnswerNotUnderstood, error.to_string()))
    };
    let points: Vec<wire::RetailPoint> = match is_one {
        true => vec![serde_json::from_slice(&answer.body).map_err(unreadable)?],
        false => serde_json::from_slice(&answer.body).map_err(unreadable)?,
    };
    let retail_points = points.into_iter().map(|point| RetailPoint {
        id: point.id.0,
        name: point.name.0,
        address: point.address.0,
        tax_id: point.inn.0,
        time_zone: point.time_zone_id.0,
        payments_address: point.kkm_info.and_then(|info| info.payments_address.0),
    });
    let retail_points: Vec<_> = retail_points.collect();
    Ok(RetailPoints { retail_points: answer.sent.record(retail_points), raw: Some(answer.raw()) })
}
