//! What `open` gives back: a client of one vendor, with the operations that every vendor has.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep};

use crate::config::LogLevel;
use crate::delivery::{self, Advanced, Delivery, Mode};
use crate::error::{Code, Error, ErrorBody, Result, Violation, violation};
use crate::http::Transports;
use crate::input;
use crate::journal::{Entry, Filter, Intent, Journals};
use crate::metrics::{Counters, OperationMetrics};
use crate::operations;
use crate::receipt::{Kind, PaymentObject, PaymentType, Receipt, Unit, Vat};
use crate::registration::{Fiscal, Raw, Registration, State};
use crate::vendors::{Context, Exclusive, VENDORS, Vendor, VendorInfo};

/// Pauses of `wait` between two questions.
const WAIT_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));
/// Entries that `deliver` reads at a time.
const DELIVER_PAGE: usize = 100;
/// Documents that `deliver` works on at the same time, where the vendor allows it.
const DELIVER_PARALLEL: usize = 8;
/// Receipts in one `enqueue`.
const MOST_ENQUEUED: usize = 10_000;
/// Entries in one page of `journal`.
const MOST_LISTED: usize = 1_000;

/// What clients of one process share: connections, parsed roots, open journals.
#[derive(Default)]
pub struct Shared {
    pub(crate) transports: Transports,
    pub(crate) journals: Journals,
}

/// A client of one vendor and one cash register. Use it from as many tasks as you like.
pub struct Client {
    pub(crate) info: &'static VendorInfo,
    pub(crate) delivery: Delivery,
    pub(crate) counters: Counters,
    call_timeout: Duration,
    log: Option<LogLevel>,
    place: String,
}

#[derive(Deserialize)]
struct VendorName {
    #[serde(default)]
    vendor: Option<String>,
}

impl Client {
    /// Opens a client from a configuration (JSON). No connection is made.
    ///
    /// Fails with `config_invalid` and everything that is wrong, or with a `journal` error.
    pub fn open(config: &str) -> Result<Self> {
        Self::open_with(&Shared::default(), config)
    }

    /// Opens a client that shares connections and journals with the others of `shared`.
    pub fn open_with(shared: &Shared, config: &str) -> Result<Self> {
        let known = || VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
        let name = serde_json::from_str::<VendorName>(config).ok().and_then(|named| named.vendor);
        let Some(name) = name else {
            let message = format!("the configuration is a JSON object that names its `vendor`: {}", known());
            return Err(as_config(Error::invalid(vec![violation("/vendor", Code::MissingField, message)])));
        };
        let Some(info) = VENDORS.iter().copied().find(|vendor| vendor.name == name) else {
            let message = format!("must be one of {}", known());
            return Err(as_config(Error::invalid(vec![violation("/vendor", Code::WrongValue, message)])));
        };
        let opened = (info.open)(config, shared).map_err(as_config)?;
        let common = opened.common;
        let place = common.journal_place()?;
        let call_timeout = common.call_timeout(info.call_timeout_ms);
        let delivery = Delivery {
            journal: shared.journals.open(&place)?,
            vendor: Arc::from(opened.vendor),
            exchange_timeout: call_timeout * 2 / 3,
        };
        Ok(Self { info, delivery, counters: Counters::default(), call_timeout, log: common.log, place })
    }

    /// Carries out an operation by name: the boundary that every language stands on.
    pub async fn call(&self, operation: &str, request: &str) -> String {
        operations::dispatch(self, operation, request).await
    }

    /// What `open` tells a facade.
    pub fn about(&self) -> About {
        About {
            vendor: self.info.name.into(),
            register: self.delivery.vendor.register().into(),
            journal: self.place.clone(),
            durable: self.delivery.journal.is_durable(),
        }
    }

    /// Which log lines the configuration wants.
    pub fn log(&self) -> Option<LogLevel> {
        self.log
    }

    /// The vendor behind the client, for operations that only it has.
    pub(crate) fn vendor<V: Vendor>(&self) -> Result<&V> {
        let any: &dyn Any = &*self.delivery.vendor;
        any.downcast_ref()
            .ok_or_else(|| Error::new(Code::Internal, "the operation belongs to another vendor"))
    }

    /// When a call that starts now must have ended.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.call_timeout
    }

    pub(crate) fn context(&self, deadline: Instant) -> Context<'_> {
        Context {
            journal: &*self.delivery.journal,
            deadline,
            exchange_timeout: self.delivery.exchange_timeout,
        }
    }

    pub(crate) async fn deliver(&self, intent: &Intent) -> Result<Registration> {
        let advanced = self.delivery.deliver(intent, self.deadline()).await?;
        delivery::verdict(advanced).map(|entry| entry.registration())
    }

    /// Everything that is wrong with a receipt for this vendor.
    fn violations(&self, receipt: &Receipt, at: OffsetDateTime) -> Vec<Violation> {
        let mut found = receipt.violations();
        found.extend(self.delivery.vendor.violations(receipt, at));
        found
    }

    fn intent(&self, receipt: &Receipt) -> Result<Intent> {
        let at = OffsetDateTime::now_utc();
        let violations = self.violations(receipt, at);
        if !violations.is_empty() {
            return Err(Error::invalid(violations));
        }
        let prepared = self.delivery.vendor.prepare(receipt, at)?;
        let content =
            serde_json::to_vec(receipt).map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        Ok(Intent {
            register: self.delivery.vendor.register().into(),
            receipt_id: receipt.id.clone(),
            vendor: self.info.name,
            operation: "register",
            fingerprint: fingerprint(&content),
            request: prepared.request,
            vendor_document_id: prepared.vendor_document_id,
        })
    }

    /// See the table of operations.
    pub async fn capabilities(&self, _: Nothing) -> Result<Capabilities> {
        Ok(self.delivery.vendor.capabilities())
    }

    /// See the table of operations.
    pub async fn validate(&self, receipt: Receipt) -> Result<Validation> {
        let violations = self.violations(&receipt, OffsetDateTime::now_utc());
        Ok(Validation {
            valid: violations.is_empty(),
            total: receipt.total().map(|total| total.to_string()),
            paid: receipt.paid().map(|paid| paid.to_string()),
            violations,
            warnings: self.delivery.vendor.warnings(&receipt),
        })
    }

    /// See the table of operations.
    pub async fn register(&self, receipt: Receipt) -> Result<Registration> {
        self.deliver(&self.intent(&receipt)?).await
    }

    /// See the table of operations.
    pub async fn status(&self, key: ReceiptKey) -> Result<Registration> {
        self.probe(&key.id).await
    }

    async fn probe(&self, id: &str) -> Result<Registration> {
        let entry = self.delivery.entry(id).await?;
        if entry.state.is_final() || entry.state == State::Queued {
            return Ok(entry.registration());
        }
        let advanced = self.delivery.settle(id, Mode::Probe, self.deadline()).await?;
        Ok(advanced.entry.registration())
    }

    /// See the table of operations.
    pub async fn wait(&self, wait: Wait) -> Result<Registration> {
        let limit = wait.timeout_ms.map_or(self.call_timeout, Duration::from_millis);
        let until = Instant::now() + limit;
        let mut pause = WAIT_PAUSE.0;
        loop {
            let registration = self.probe(&wait.id).await?;
            if registration.state.is_final() || Instant::now() + pause > until {
                return Ok(registration);
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(WAIT_PAUSE.1);
        }
    }

    /// See the table of operations.
    pub async fn resolve(&self, request: Resolve) -> Result<Registration> {
        let deadline = self.deadline();
        let mode = match (request.verdict, request.mode) {
            (Some(verdict), _) => {
                let registered = verdict.on_record.then(|| verdict.fiscal.unwrap_or_default());
                let conclusion = delivery::by_person(registered, &verdict.by, verdict.note.as_deref());
                let entry = self.delivery.decide(&request.id, conclusion, deadline).await?;
                return Ok(entry.registration());
            }
            (None, Some(ResolveMode::Probe)) => Mode::Probe,
            (None, Some(ResolveMode::Complete) | None) => Mode::Complete,
        };
        let advanced = match request.key {
            Some(key) => self.delivery.settle_with_key(&request.id, key, mode, deadline).await?,
            None => self.delivery.settle(&request.id, mode, deadline).await?,
        };
        Ok(advanced.entry.registration())
    }

    /// See the table of operations.
    pub async fn enqueue(&self, request: Enqueue) -> Result<Enqueued> {
        let mut intents = Vec::with_capacity(request.receipts.len());
        let mut violations = Vec::new();
        for (index, receipt) in request.receipts.iter().enumerate() {
            match self.intent(receipt) {
                Ok(intent) => intents.push(intent),
                Err(error) if error.violations.is_empty() => return Err(error),
                Err(error) => violations.extend(error.violations.into_iter().map(|mut found| {
                    found.path = format!("/receipts/{index}{}", found.path);
                    found
                })),
            }
        }
        if !violations.is_empty() {
            return Err(Error::invalid(violations));
        }
        // Written at the same time they share one sync of the disk.
        let written =
            futures_util::future::join_all(intents.iter().map(|intent| self.delivery.enqueue(intent))).await;
        let mut enqueued = Enqueued { entries: Vec::new(), errors: Vec::new() };
        for (intent, result) in intents.iter().zip(written) {
            match result {
                Ok(entry) => {
                    enqueued.entries.push(Queued { receipt_id: entry.receipt_id, state: entry.state })
                }
                Err(error) => enqueued
                    .errors
                    .push(QueueError { receipt_id: intent.receipt_id.clone(), error: error.into() }),
            }
        }
        Ok(enqueued)
    }

    /// The operation `deliver`: see the table of operations.
    pub async fn deliver_pending(&self, request: Deliver) -> Result<Delivered> {
        let limit = request.time_limit_ms.map_or(self.call_timeout, Duration::from_millis);
        let until = Instant::now() + limit;
        let parallel = match self.delivery.vendor.exclusive() {
            Exclusive::Document => DELIVER_PARALLEL,
            Exclusive::Register => 1,
        };
        let mut delivered = Delivered::default();
        let mut after = None;
        while Instant::now() < until {
            let filter =
                Filter { unfinished: true, after: after.take(), limit: DELIVER_PAGE, ..Filter::default() };
            let page = self.delivery.journal.list(self.delivery.vendor.register(), &filter).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.receipt_id.clone());
            let work = page.into_iter().map(|entry| self.deliver_one(entry.receipt_id, until));
            let results: Vec<_> = stream::iter(work).buffer_unordered(parallel).collect().await;
            results.into_iter().for_each(|(id, result)| delivered.count(id, result));
        }
        let counts = self.delivery.journal.counts(self.delivery.vendor.register()).await?;
        delivered.left =
            State::ALL.iter().filter(|s| !s.is_final()).filter_map(|s| counts.get(s.word())).sum();
        Ok(delivered)
    }

    async fn deliver_one(&self, id: String, until: Instant) -> (String, Result<Advanced>) {
        let result = match Instant::now() < until {
            true => self.delivery.settle(&id, Mode::Complete, until).await,
            false => Err(Error::new(Code::Unreachable, "the time for `deliver` ran out")),
        };
        (id, result)
    }

    /// See the table of operations.
    pub async fn journal(&self, query: JournalQuery) -> Result<JournalPage> {
        let register = self.delivery.vendor.register();
        let mut page = JournalPage { entries: Vec::new(), steps: Vec::new(), next: None };
        if let Some(id) = &query.id {
            page.entries.push(JournalEntry::of(&self.delivery.entry(id).await?));
            let steps = self.delivery.journal.steps(register, id).await?;
            page.steps = steps
                .into_iter()
                .map(|step| JournalStep {
                    at: rfc3339(step.at_ms),
                    attempt: step.attempt,
                    state: step.state,
                    note: step.note,
                })
                .collect();
            return Ok(page);
        }
        let limit = query.limit.map_or(MOST_LISTED, |limit| limit as usize).min(MOST_LISTED);
        let filter = Filter { state: query.state, after: query.after, limit, ..Filter::default() };
        let entries = self.delivery.journal.list(register, &filter).await?;
        if entries.len() == limit {
            page.next = entries.last().map(|entry| entry.receipt_id.clone());
        }
        page.entries = entries.iter().map(JournalEntry::of).collect();
        Ok(page)
    }

    /// See the table of operations.
    pub async fn parse_callback(&self, callback: Callback) -> Result<CallbackReading> {
        let mut reading = self.delivery.vendor.read_callback(&callback)?;
        if let Some(id) = &callback.id {
            reading.registration = Some(self.delivery.entry(id).await?.registration());
        }
        Ok(reading)
    }

    /// See the table of operations.
    pub async fn health(&self, _: Nothing) -> Result<Health> {
        self.delivery.vendor.health(&self.context(self.deadline())).await
    }

    /// See the table of operations.
    pub async fn metrics(&self, _: Nothing) -> Result<Metrics> {
        let counts = self.delivery.journal.counts(self.delivery.vendor.register()).await?;
        let journal = counts.into_iter().map(|(state, count)| (state.into(), count)).collect();
        Ok(Metrics { operations: self.counters.read(), journal })
    }
}

/// SHA-256 in hex: tells the same content from another.
pub(crate) fn fingerprint(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The mistakes of a configuration, told as such.
fn as_config(error: Error) -> Error {
    if error.violations.is_empty() { error } else { Error { code: Code::ConfigInvalid, ..error } }
}

fn rfc3339(ms: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

/// What `open` tells a facade.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// Which vendor.
    pub vendor: String,
    /// Stable name of the cash register.
    pub register: String,
    /// Where the journal is.
    pub journal: String,
    /// True where the journal survives the end of the process.
    pub durable: bool,
}

/// A request or response without fields.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a vendor can do.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Which vendor.
    pub vendor: String,
    /// Its operations.
    pub operations: Vec<String>,
    /// Kinds of receipt.
    pub kinds: Vec<Kind>,
    /// VAT rates; the receipt's date decides too.
    pub vat: Vec<Vat>,
    /// Types of payment.
    pub payment_types: Vec<PaymentType>,
    /// Settlement objects.
    pub payment_objects: Vec<PaymentObject>,
    /// Units of measure.
    pub units: Vec<Unit>,
    /// Currencies.
    pub currencies: Vec<String>,
    /// True where the vendor knows documents by a key of the caller.
    pub idempotency_key: bool,
    /// True where documents may be sent at the same time.
    pub parallel: bool,
    /// True where the vendor reports to `callback_url`.
    pub callbacks: bool,
}

/// What `validate` found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// True where `register` would send it.
    pub valid: bool,
    /// Total of the items; absent where it cannot be computed.
    pub total: Option<String>,
    /// Total of the payments.
    pub paid: Option<String>,
    /// Everything that is wrong.
    pub violations: Vec<Violation>,
    /// What the vendor would take but a shop should look at.
    pub warnings: Vec<Violation>,
}

/// Which receipt.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptKey {
    /// The caller's id.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
}

/// Which receipt to wait for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The caller's id.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// How long, in milliseconds; absent means the time of a call.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub timeout_ms: Option<u64>,
}

/// How to settle a receipt in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolveMode {
    /// It is still wanted: bring it on record.
    Complete,
    /// Only find out; nothing is sent.
    Probe,
}

/// What a person found out about a receipt.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// True where it is on the fiscal record.
    pub on_record: bool,
    /// Who says so; kept in the journal.
    #[schemars(length(min = 1, max = 128))]
    pub by: String,
    /// Why; kept in the journal.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    pub note: Option<String>,
    /// Fiscal data that the person read.
    #[serde(default)]
    pub fiscal: Option<Fiscal>,
}

/// How to settle a receipt; without `mode` and `verdict` it is completed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The caller's id.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// What may be done.
    #[serde(default)]
    pub mode: Option<ResolveMode>,
    /// What a person found out; then nothing is asked or sent.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// A key that a person read or set on the cash register (iKKM).
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 1, max = 20))]
    pub key: Option<SecretString>,
}

/// Receipts for the journal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enqueue {
    /// The receipts; with one mistake in any of them none is written down.
    #[schemars(length(min = 1, max = MOST_ENQUEUED))]
    pub receipts: Vec<Receipt>,
}

/// A receipt in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// The caller's id.
    pub receipt_id: String,
    /// Where it stands; a repeat may be further than `queued`.
    pub state: State,
}

/// A receipt that is not in the journal, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueError {
    /// The caller's id.
    pub receipt_id: String,
    /// Why.
    pub error: ErrorBody,
}

/// What `enqueue` did.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Enqueued {
    /// Receipts that are in the journal.
    pub entries: Vec<Queued>,
    /// Receipts that are not: ids used before with other content, or a journal that failed.
    pub errors: Vec<QueueError>,
}

/// How long to deliver.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// How long, in milliseconds; absent means the time of a call.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub time_limit_ms: Option<u64>,
}

/// What `deliver` did.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// Came on record.
    pub registered: u64,
    /// In the vendor's queue.
    pub accepted: u64,
    /// Failed for good.
    pub failed: u64,
    /// Still in doubt.
    pub in_doubt: u64,
    /// Not final in the journal afterwards.
    pub left: u64,
    /// What kept receipts from going on.
    pub errors: Vec<QueueError>,
}

impl Delivered {
    fn count(&mut self, receipt_id: String, result: Result<Advanced>) {
        let error = match result {
            Ok(Advanced { entry, stopped_by }) => {
                match entry.state {
                    State::Registered => self.registered += 1,
                    State::Accepted => self.accepted += 1,
                    State::Failed => self.failed += 1,
                    State::InDoubt | State::Sending => self.in_doubt += 1,
                    State::Queued => {}
                }
                stopped_by
            }
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            self.errors.push(QueueError { receipt_id, error: error.into() });
        }
    }
}

/// Which entries of the journal.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    /// One receipt, with every step.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// Only this state.
    #[serde(default)]
    pub state: Option<State>,
    /// Only ids that sort after this one: `next` of the page before.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub after: Option<String>,
    /// At most so many (1000).
    #[serde(default)]
    #[schemars(range(min = 1, max = MOST_LISTED))]
    pub limit: Option<u32>,
}

/// A page of the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalPage {
    /// Entries in the order of their ids.
    pub entries: Vec<JournalEntry>,
    /// With `id`: every step that was taken, oldest first.
    pub steps: Vec<JournalStep>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
}

/// What the journal knows of a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntry {
    /// The operation that wanted it.
    pub operation: String,
    /// When it was written down (RFC 3339).
    pub created_at: String,
    /// When it last changed (RFC 3339).
    pub updated_at: String,
    /// What became of it.
    pub registration: Registration,
}

impl JournalEntry {
    fn of(entry: &Entry) -> Self {
        Self {
            operation: entry.operation.clone(),
            created_at: rfc3339(entry.created_at_ms),
            updated_at: rfc3339(entry.updated_at_ms),
            registration: entry.registration(),
        }
    }
}

/// A step that was taken for a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalStep {
    /// When (RFC 3339).
    pub at: String,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: u32,
    /// The state after it.
    pub state: State,
    /// What it was and what came of it.
    pub note: String,
}

/// What the vendor sent to `callback_url`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The caller's id, where the shop put it into its address: adds what the journal knows.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The address that was called, whole or from the path on.
    #[serde(default)]
    #[schemars(length(max = 65_536))]
    pub url: Option<String>,
    /// The query alone, where the address is not at hand.
    #[serde(default)]
    #[schemars(length(max = 65_536))]
    pub query: Option<String>,
    /// The body.
    #[serde(default)]
    #[schemars(length(max = 1_048_576))]
    pub body: Option<String>,
}

/// What a callback says. It proves nothing: ask for the `status`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CallbackReading {
    /// True where it reports that the document is on record.
    pub success: bool,
    /// The vendor's word for it, if it has one.
    pub vendor_status: Option<String>,
    /// Fiscal data, if it has any.
    pub fiscal: Option<Fiscal>,
    /// What our journal knows, where `id` was given.
    pub registration: Option<Registration>,
    /// The body as it came.
    pub raw: Option<Raw>,
}

/// Whether the vendor and its cash register are ready.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// True where a receipt sent now would be recorded soon.
    pub ready: bool,
    /// What the vendor says.
    pub message: String,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Counters of this client.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// By operation.
    pub operations: BTreeMap<String, OperationMetrics>,
    /// Entries of the journal by state.
    pub journal: BTreeMap<String, u64>,
}

/// Reads a request of the boundary; for callers that build on the typed methods.
pub fn read<T: serde::de::DeserializeOwned + JsonSchema + 'static>(text: &str) -> Result<T> {
    input::read(text)
}
