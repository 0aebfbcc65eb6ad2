//! The desk that a vendor's own operations work at. It stands in `delivery`, so nothing but that writes what
//! became of a document.

use std::any::Any;

use async_trait::async_trait;
use serde_json::value::RawValue;

use super::{Context, StepResult, Vendor};
use crate::error::{Code, Error, Outcome, Result, violation};
use crate::journal::{Entry, Lease};
use crate::receipt::registration::Registration;

/// A document that an operation wants on record.
#[derive(Default)]
pub struct Wanted {
    /// The operation.
    pub operation: &'static str,
    /// The caller's id and the idempotency key.
    pub id: String,
    /// What the caller asked for, in one form: the same id with another content is a conflict.
    pub content: Vec<u8>,
    /// What earlier versions would have kept as the content.
    pub earlier: Vec<Vec<u8>>,
    /// The receipt as the caller gave it, as JSON; absent for a document of the vendor's own form.
    pub receipt: Option<String>,
    /// Id of the receipt that it builds on.
    pub basis: Option<String>,
    /// The exact bytes to be sent.
    pub request: Vec<u8>,
    /// The key under which the vendor will know the document, where the client chooses it.
    pub vendor_document_id: Option<String>,
}

/// What a vendor's operations need of the rest of the library.
#[async_trait]
pub trait Desk: Send + Sync {
    /// The vendor; see `<dyn Desk>::of`.
    fn vendor(&self) -> &dyn Any;

    /// What a call that starts now works with.
    fn context(&self) -> Context<'_>;

    /// The entry of a receipt; `receipt_unknown` where the journal has none.
    async fn entry(&self, receipt_id: &str) -> Result<Entry>;

    /// Waits for the right to work on a document, or on the cash register where the vendor needs order.
    async fn lease(&self, receipt_id: &str, context: &Context<'_>) -> Result<Lease>;

    /// Finds out about every document of the cash register that is in doubt, but for what is left to a person; fails
    /// where one stays in doubt. The caller has the register's lease.
    async fn settle_earlier(&self, context: &Context<'_>) -> Result<()>;

    /// Gives a lease back. The next one gets it once the cash register may be asked again; nobody waits here
    /// for that.
    async fn release(&self, lease: Lease);

    /// Brings a document on record, exactly once.
    async fn deliver(&self, wanted: Wanted) -> Result<Registration>;

    /// The entry of the document that the vendor knows by this id, where the journal has one.
    async fn entry_of_document(&self, document_id: &str) -> Result<Option<Entry>>;

    /// An error about a receipt, told by where the journal has that receipt.
    async fn told(&self, error: Error, receipt_id: &str) -> Error;

    /// Has the vendor put a failed document back into its queue, and brings it as far as it gets.
    async fn put_back(&self, receipt_id: &str) -> Result<Entry>;

    /// Takes over what the vendor told of a document that the journal has as failed: on record or in the
    /// queue is written down as that.
    async fn learned(&self, receipt_id: &str, result: StepResult) -> Result<()>;
}

/// How a request names a document.
pub enum Named {
    /// By the caller's id: what the journal has of it.
    Ours(Box<Entry>),
    /// By the vendor's id.
    Theirs(String),
}

impl dyn Desk + '_ {
    /// The vendor as its own type.
    pub fn of<V: Vendor>(&self) -> Result<&V> {
        let other = || Error::new(Code::Internal, "the operation belongs to another vendor");
        self.vendor().downcast_ref().ok_or_else(other)
    }

    /// The document that is named by `id` or by the vendor's id, which the request calls `name`.
    pub async fn named(&self, id: Option<String>, theirs: Option<String>, name: &str) -> Result<Named> {
        match (id, theirs) {
            (Some(id), None) => Ok(Named::Ours(Box::new(self.entry(&id).await?))),
            (None, Some(theirs)) => Ok(match self.entry_of_document(&theirs).await? {
                Some(entry) => Named::Ours(Box::new(entry)),
                None => Named::Theirs(theirs),
            }),
            _ => {
                let message = format!("give either `id` or `{name}`");
                Err(Error::invalid(vec![violation("", Code::MissingField, message)]))
            }
        }
    }

    /// The error of a look-up of a document. It says of our receipt what the journal says, and of any other
    /// document that nothing is known.
    pub async fn look_up_failed(&self, named: &Named, error: Error) -> Error {
        match named {
            Named::Ours(entry) => self.told(error, &entry.receipt_id).await,
            Named::Theirs(_) => error.with_outcome(Outcome::Unknown),
        }
    }
}

/// The idempotency key in a document of the vendor's own form: the text under `name`.
pub fn own_id(document: &RawValue, name: &str) -> Result<String> {
    let wrong =
        |code, message: &str| Error::invalid(vec![violation(format!("/document/{name}"), code, message)]);
    let document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(document.get()).map_err(|error| wrong(Code::JsonBroken, &error.to_string()))?;
    match document.get(name) {
        Some(serde_json::Value::String(id)) if (1..=128).contains(&id.chars().count()) => Ok(id.clone()),
        Some(_) => Err(wrong(Code::WrongType, "must be a text of 1 to 128 characters")),
        None => Err(wrong(Code::MissingField, "the document needs it: it is the idempotency key")),
    }
}
