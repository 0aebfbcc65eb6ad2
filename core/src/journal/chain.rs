//! The chain of events of a register: its canonical bytes and its hashes, the same in every engine.
//!
//! An event is one write to one entry. Its hash covers the hash before it, so whoever knows the last hash
//! knows whether anything before it was changed, removed, inserted or put in another order. `Content` is all
//! of an entry that is hashed. It leaves out the `binding`, which may hold a short secret that a hash would
//! give away, and the `number`, which the data base makes up.

use std::borrow::Cow;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::entry::Entry;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// A SHA-256.
pub type Hash = [u8; HASH_BYTES];

/// The hash before the first event, and the content that an old journal did not keep.
pub const ZERO: Hash = [0; HASH_BYTES];

/// Names for the form of what is hashed. They are hashed too, so that another form can follow one day.
const CONTENT_FORM: &str = "kassa content 1";
const EVENT_FORM: &str = "kassa event 1";

/// Hashes fields one after the other. Before a text or bytes stands their length; lengths and numbers are 8
/// bytes, big-endian. An absent value is the length 2^64 - 1 alone.
struct Fields(Sha256);

impl Fields {
    fn new(form: &str) -> Self {
        Self(Sha256::new()).bytes(form.as_bytes())
    }

    fn bytes(mut self, value: &[u8]) -> Self {
        self.0.update((value.len() as u64).to_be_bytes());
        self.0.update(value);
        self
    }

    fn text(self, value: Option<&str>) -> Self {
        match value {
            Some(text) => self.bytes(text.as_bytes()),
            None => self.number(-1),
        }
    }

    fn number(mut self, value: i64) -> Self {
        self.0.update(value.to_be_bytes());
        self
    }

    fn hash(self) -> Hash {
        self.0.finalize().into()
    }
}

/// An entry as an engine stores it: texts are those of the columns, letter by letter.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// Which vendor.
    pub vendor: Cow<'a, str>,
    /// The operation that wanted it.
    pub operation: Cow<'a, str>,
    /// SHA-256 of what the caller gave.
    pub fingerprint: Cow<'a, str>,
    /// The exact bytes of the request.
    pub request: Cow<'a, [u8]>,
    /// The key under which the vendor knows the document.
    pub vendor_document_id: Option<Cow<'a, str>>,
    /// The state's word.
    pub state: Cow<'a, str>,
    /// How often it was sent.
    pub attempts: i64,
    /// Fiscal data, as JSON.
    pub fiscal: Option<Cow<'a, str>>,
    /// Why it failed, as JSON.
    pub failure: Option<Cow<'a, str>>,
    /// The vendor's answer.
    pub raw: Option<Cow<'a, str>>,
    /// When it was written down, milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Its count of writes.
    pub revision: i64,
    /// Not to be worked on before, milliseconds since 1970.
    pub due_at_ms: i64,
    /// What a person should know of it.
    pub notice: Option<Cow<'a, str>>,
    /// Since when it is in doubt, as `SteadyTime` writes it. It is not hashed.
    pub doubt_since: Option<Cow<'a, str>>,
}

impl<'a> Content<'a> {
    /// The columns of an entry.
    pub fn of(entry: &'a Entry) -> Self {
        Self {
            vendor: entry.vendor.as_str().into(),
            operation: entry.operation.as_str().into(),
            fingerprint: entry.fingerprint.as_str().into(),
            request: entry.request.as_slice().into(),
            vendor_document_id: entry.vendor_document_id.as_deref().map(Cow::from),
            state: entry.state.word().into(),
            attempts: entry.attempts.into(),
            fiscal: json(entry.fiscal.as_ref()).map(Cow::from),
            failure: json(entry.failure.as_ref()).map(Cow::from),
            raw: json(entry.raw.as_ref()).map(Cow::from),
            created_at_ms: entry.created_at_ms,
            updated_at_ms: entry.updated_at_ms,
            revision: i64::try_from(entry.revision).unwrap_or(i64::MAX),
            due_at_ms: entry.due_at_ms,
            notice: entry.notice.as_deref().map(Cow::from),
            doubt_since: entry.doubt_since.as_ref().map(|since| since.text().into()),
        }
    }

    /// What an event keeps of the entry.
    pub fn hash(&self) -> Hash {
        let fields = Fields::new(CONTENT_FORM)
            .text(Some(&self.vendor))
            .text(Some(&self.operation))
            .text(Some(&self.fingerprint))
            .bytes(&self.request)
            .text(self.vendor_document_id.as_deref())
            .text(Some(&self.state))
            .number(self.attempts)
            .text(self.fiscal.as_deref())
            .text(self.failure.as_deref())
            .text(self.raw.as_deref())
            .number(self.created_at_ms)
            .number(self.updated_at_ms)
            .number(self.revision)
            .number(self.due_at_ms);
        // Journals from before it was kept have other hashes else.
        match &self.notice {
            Some(notice) => fields.text(Some(notice)).hash(),
            None => fields.hash(),
        }
    }
}

fn json<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}

/// An event as it is stored, whatever somebody made of it.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its place in the chain of the register; the first is 1, and 0 means that it is not chained.
    pub event: i64,
    /// The caller's id.
    pub receipt_id: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: i64,
    /// The state's word after it.
    pub state: String,
    /// What it was and what came of it.
    pub note: String,
    /// Hash of the entry's content after it.
    pub content: Vec<u8>,
    /// Hash of the chain with this event at its end.
    pub hash: Vec<u8>,
}

impl Link {
    /// The event of a write that left `entry` with this content; not chained.
    pub fn of(entry: &Entry, content: &Content<'_>, note: &str) -> Self {
        Self {
            event: 0,
            receipt_id: entry.receipt_id.clone(),
            at_ms: entry.updated_at_ms,
            attempt: entry.attempts.into(),
            state: entry.state.word().into(),
            note: note.into(),
            content: content.hash().to_vec(),
            hash: Vec::new(),
        }
    }

    /// Puts it at the end of a register's chain of so many events, the last of which has the hash `before`.
    #[must_use]
    pub fn chained(mut self, register: &str, events: i64, before: &[u8]) -> Self {
        self.event = events + 1;
        self.hash = self.after(register, before).to_vec();
        self
    }

    /// The hash of a register's chain with this event at its end.
    pub fn after(&self, register: &str, before: &[u8]) -> Hash {
        Fields::new(EVENT_FORM)
            .bytes(before)
            .text(Some(register))
            .text(Some(&self.receipt_id))
            .number(self.at_ms)
            .number(self.attempt)
            .text(Some(&self.state))
            .text(Some(&self.note))
            .bytes(&self.content)
            .hash()
    }
}

/// A hash in hex.
pub fn hex(hash: &[u8]) -> String {
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content<'static> {
        Content {
            vendor: "atol".into(),
            operation: "register".into(),
            fingerprint: "f".into(),
            request: b"{}".into(),
            vendor_document_id: None,
            state: "sending".into(),
            attempts: 1,
            fiscal: None,
            failure: None,
            raw: Some("{}".into()),
            created_at_ms: 1,
            updated_at_ms: 2,
            revision: 3,
            due_at_ms: 0,
            notice: None,
            doubt_since: None,
        }
    }

    fn event(content: &Hash) -> Link {
        Link {
            event: 1,
            receipt_id: "order-1".into(),
            at_ms: 2,
            attempt: 1,
            state: "sending".into(),
            note: "n".into(),
            content: content.to_vec(),
            hash: Vec::new(),
        }
    }

    /// Journals in the field stand on these bytes: they never change.
    #[test]
    fn the_canonical_form_is_fixed() {
        let content = content().hash();
        assert_eq!(hex(&content), "8e9a89d9974ed783d34e45814388125d0802826bb01e1ebe03b138ed6281df24");
        assert_eq!(
            hex(&event(&content).after("shop", &ZERO)),
            "ddfa4fdc3226f8f73c0a906c8800b0f239d3fa38c27f7cdf66b5ebd3d000c06e"
        );
    }

    #[test]
    fn an_absent_text_is_not_an_empty_one() {
        let with = |raw: Option<&str>| Content { raw: raw.map(Cow::from), ..content() }.hash();
        assert_ne!(with(None), with(Some("")));
    }

    #[test]
    fn a_letter_that_moves_to_the_next_field_changes_the_hash() {
        let of = |receipt_id: &str, state: &str| {
            Link { receipt_id: receipt_id.into(), state: state.into(), ..event(&ZERO) }.after("shop", &ZERO)
        };
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }
}
