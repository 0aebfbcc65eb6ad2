//! What `open` gives back: a client of one vendor, with the operations that every vendor has.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep, timeout_at};

use crate::chance::fallible;
use crate::config::LogLevel;
use crate::delivery::{self, Delivery, Mode};
use crate::error::{Code, Error, Result, Violation, violation};
use crate::http::Transports;
use crate::input;
use crate::journal::audit;
use crate::journal::{self, Entry, Filter, Intent, Journals};
use crate::messages::{
    About, Callback, CallbackReading, Capabilities, Chain, ChainEnd, Enqueue, Enqueued, Export, Exported,
    ExportedEntry, Health, JournalEntry, JournalPage, JournalQuery, JournalStep, MOST_EXPORTED, MOST_LISTED,
    Metrics, Nothing, Prune, Pruned, QueueError, Queued, ReceiptKey, Resolve, ResolveMode, Validation, Wait,
};
use crate::metrics::Counters;
use crate::operations;
use crate::receipt::Receipt;
use crate::registration::{Registration, State};
use crate::vendors::{Context, VENDORS, Vendor, VendorInfo};

/// Longest pause of `wait` between two questions, unless the vendor needs a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Receipts that `enqueue` writes at a time.
const ENQUEUE_CHUNK: usize = 1_000;
/// Entries that `prune` removes at a time.
const PRUNE_CHUNK: usize = 1_000;
/// Entries whose steps `export` reads at the same time.
const EXPORT_PARALLEL: usize = 8;

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
        let ca_file = common.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        let call_timeout = common.call_timeout(info.call_timeout_ms);
        let delivery = Delivery {
            journal: shared.journals.open(place.expose_secret(), ca_file)?,
            vendor: Arc::from(opened.vendor),
            exchange_timeout: call_timeout * 2 / 3,
            first_pause: common.first_pause(),
        };
        let place = journal::shown(place.expose_secret());
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

    /// Time for a whole call.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.call_timeout
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
        if !self.delivery.vendor.has_adjustments() {
            let message = "this vendor has no surcharges and no discount on the whole receipt";
            let paths = receipt.adjustments().into_iter();
            found.extend(paths.map(|path| violation(path, Code::NotForThisVendor, message)));
        }
        found.extend(self.delivery.vendor.violations(receipt, at));
        found
    }

    fn intent(&self, receipt: &Receipt) -> Result<Intent> {
        let at = OffsetDateTime::now_utc();
        let violations = self.violations(receipt, at);
        if !violations.is_empty() {
            return Err(Error::invalid(violations));
        }
        fallible("request_prepared")?;
        let prepared = self.delivery.vendor.prepare(receipt, at)?;
        fallible("content_written")?;
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
        match self.intent(&receipt) {
            Ok(intent) => self.deliver(&intent).await,
            Err(error) => Err(self.delivery.before_sending(error, &receipt.id).await),
        }
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
        let least = self.delivery.vendor.poll_pause();
        let mut pause = least;
        loop {
            let registration = self.probe(&wait.id).await?;
            if registration.state.is_final() || Instant::now() + pause > until {
                return Ok(registration);
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE.max(least));
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
        let mut enqueued = Enqueued { entries: Vec::new(), errors: Vec::new() };
        for chunk in intents.chunks(ENQUEUE_CHUNK) {
            for (intent, result) in chunk.iter().zip(self.delivery.enqueue(chunk).await) {
                let receipt_id = intent.receipt_id.clone();
                match result {
                    Ok(entry) => enqueued.entries.push(Queued { receipt_id, state: entry.state }),
                    Err(error) => enqueued.errors.push(QueueError { receipt_id, error: error.into() }),
                }
            }
        }
        Ok(enqueued)
    }

    /// See the table of operations.
    pub async fn journal(&self, query: JournalQuery) -> Result<JournalPage> {
        let register = self.delivery.vendor.register();
        let mut page = JournalPage { entries: Vec::new(), steps: Vec::new(), next: None, chain: None };
        if query.verify {
            page.chain = Some(self.verified(register).await?);
        }
        if let Some(id) = &query.id {
            page.entries.push(JournalEntry::of(&self.delivery.entry(id).await?));
            page.steps = self.steps(register, id).await?;
            return Ok(page);
        }
        let limit = query.limit.map_or(MOST_LISTED, |limit| limit as usize).min(MOST_LISTED);
        let filter = Filter { state: query.state, after: query.after, limit, ..Filter::default() };
        let entries = self.delivery.journal.list(register, &filter).await?;
        page.next = next_page(&entries, limit);
        page.entries = entries.iter().map(JournalEntry::of).collect();
        Ok(page)
    }

    async fn steps(&self, register: &str, id: &str) -> Result<Vec<JournalStep>> {
        let steps = self.delivery.journal.steps(register, id).await?;
        Ok(steps.into_iter().map(JournalStep::of).collect())
    }

    async fn verified(&self, register: &str) -> Result<Chain> {
        let checked = timeout_at(self.deadline(), audit::verify(&*self.delivery.journal, register)).await;
        let (head, broken) = checked.unwrap_or_else(|_| {
            let message =
                "the time for the call ran out before the whole record was checked; raise `timeout_ms`";
            Err(Error::new(Code::JournalUnavailable, message))
        })?;
        Ok(Chain::of(&head, broken))
    }

    /// See the table of operations.
    pub async fn export(&self, request: Export) -> Result<Exported> {
        let register = self.delivery.vendor.register();
        let limit = request.limit.map_or(MOST_EXPORTED, |limit| limit as usize).min(MOST_EXPORTED);
        // First, so that what the page shows as not chained is chained on the next call at the latest.
        let head = self.delivery.journal.head(register).await?;
        let filter = Filter { after: request.after, limit, ..Filter::default() };
        let entries = self.delivery.journal.list(register, &filter).await?;
        let next = next_page(&entries, limit);
        let export = entries.into_iter().map(|entry| self.exported(entry));
        let exported: Vec<Result<ExportedEntry>> =
            stream::iter(export).buffered(EXPORT_PARALLEL).collect().await;
        let entries = exported.into_iter().collect::<Result<_>>()?;
        Ok(Exported { entries, next, chain: ChainEnd::of(&head) })
    }

    async fn exported(&self, entry: Entry) -> Result<ExportedEntry> {
        Ok(ExportedEntry {
            number: entry.number,
            fingerprint: entry.fingerprint.clone(),
            entry: JournalEntry::of(&entry),
            steps: self.steps(&entry.register, &entry.receipt_id).await?,
        })
    }

    /// See the table of operations.
    pub async fn prune(&self, request: Prune) -> Result<Pruned> {
        let register = self.delivery.vendor.register();
        let wrong = |code, message: &str| Error::invalid(vec![violation("/before", code, message)]);
        let before = OffsetDateTime::parse(&request.before, &Rfc3339)
            .map_err(|_| wrong(Code::WrongFormat, "must be a time such as 2026-11-23T10:11:12+03:00"))?;
        if before > OffsetDateTime::now_utc() {
            return Err(wrong(Code::OutOfRange, "must not be in the future"));
        }
        let before_ms = i64::try_from(before.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let deadline = self.deadline();
        let (mut entries, mut events, mut complete) = (0, 0, false);
        while !complete && Instant::now() < deadline {
            let gone = self.delivery.journal.prune(register, before_ms, PRUNE_CHUNK).await?;
            entries += gone.entries;
            events += gone.events;
            complete = gone.entries < PRUNE_CHUNK as u64;
        }
        let chain = ChainEnd::of(&self.delivery.journal.head(register).await?);
        Ok(Pruned { entries, events, complete, chain })
    }

    /// See the table of operations.
    pub async fn parse_callback(&self, callback: Callback) -> Result<CallbackReading> {
        let mut reading = self.delivery.vendor.read_callback(&callback)?;
        // What the shop says of its own address must be known; what a stranger says need not be.
        if let Some(id) = &callback.id {
            reading.registration = Some(self.delivery.entry(id).await?.registration());
        } else if let Some(id) = &reading.receipt_id {
            let found = self.delivery.journal.find(self.delivery.vendor.register(), id).await?;
            reading.registration = found.map(|entry| entry.registration());
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

/// The cursor for the page after this one, where there may be one.
fn next_page(entries: &[Entry], limit: usize) -> Option<String> {
    entries.last().filter(|_| entries.len() == limit).map(|entry| entry.receipt_id.clone())
}

/// SHA-256 in hex: tells the same content from another.
pub(crate) fn fingerprint(content: &[u8]) -> String {
    journal::chain::hex(&Sha256::digest(content))
}

/// The mistakes of a configuration, told as such.
fn as_config(error: Error) -> Error {
    if error.violations.is_empty() { error } else { Error { code: Code::ConfigInvalid, ..error } }
}

/// Reads a request of the boundary; for callers that build on the typed methods.
pub fn read<T: serde::de::DeserializeOwned + JsonSchema + 'static>(text: &str) -> Result<T> {
    input::read(text)
}
