//! What `open` gives back: a client of one vendor, with the operations that every vendor has.

mod basis;
pub mod messages;
pub mod metrics;
pub mod operations;
pub mod reconcile;
pub mod replace;
pub mod slip;
pub mod totals;
mod writing;

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep, timeout_at};

use crate::config::LogLevel;
use crate::delivery::Delivery;
use crate::error::{Code, Error, Result, Violation, violation};
use crate::journal::{Entry, Filter, audit};
use crate::receipt::Receipt;
use crate::receipt::distribute::{Adjustments, Distributed};
use crate::receipt::fields::not_carried;
use crate::receipt::marking::{Fault, read};
use crate::receipt::place::Place;
use crate::receipt::registration::{Registration, State};
use crate::receipt::vat;
use crate::vendor::budget::Budget;
use crate::vendor::desk::Desk as _;
use crate::vendor::messages::{Callback, CallbackReading, Capabilities, Health, Nothing, ReceiptKey};
use crate::vendor::{Mode, VendorInfo};
use messages::{
    About, Chain, ChainEnd, Deliver, Delivered, Export, Exported, ExportedEntry, JournalEntry, JournalPage,
    JournalQuery, JournalStep, MOST_COUNTED, MOST_EXPORTED, MOST_LISTED, MarkingCode, MarkingReading,
    Metrics, Prune, Pruned, Resolve, ResolveMode, Validation, Wait,
};
use metrics::Counters;
use totals::milliseconds;

/// Longest pause of `wait` between two questions, unless the vendor needs a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Entries that `prune` removes at a time.
const PRUNE_CHUNK: usize = 1_000;
/// Entries whose steps `export` reads at the same time.
const EXPORT_PARALLEL: usize = 8;

/// A client of one vendor and one cash register. Use it from as many tasks as you like.
pub struct Client {
    pub(crate) info: &'static VendorInfo,
    pub(crate) delivery: Delivery,
    pub(crate) counters: Counters,
    pub(crate) log: Option<LogLevel>,
    pub(crate) place: String,
    pub(crate) stands: Place,
}

impl Client {
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

    /// Writes a copy of the journal's file, whole and as it is at one moment, to a file that is not there yet or is
    /// empty. Everything that is in the journal is in it too, secrets included: only its owner can read it.
    pub async fn back_up(&self, to: &Path) -> Result<()> {
        self.delivery.journal.back_up(to).await
    }

    /// Names of the operations.
    pub(crate) fn operations(&self) -> Vec<&'static str> {
        operations::names(self.info).collect()
    }

    /// Everything that is wrong with a receipt for this vendor, and what a shop should look at. Its texts are written
    /// as they are sent.
    fn checked(&self, receipt: &mut Receipt, at: OffsetDateTime) -> (Vec<Violation>, Vec<Violation>) {
        let (mut violations, mut warnings) = receipt.write_in(self.info.letters);
        let (refused, not_sent) = not_carried(receipt, self.info.fields);
        warnings.extend(not_sent);
        violations.extend(receipt.violations());
        violations.extend(self.delivery.vendor.violations(receipt));
        violations.extend(refused);
        warnings.extend(self.delivery.vendor.warnings(receipt));
        warnings.extend(receipt.counted_in_hundredths(self.info.country));
        let seller = self.delivery.vendor.seller(receipt);
        let place = seller.place(self.stands);
        violations.extend(receipt.future_correction(place, at));
        let vat = vat::check(receipt, place, &seller, at, vat::table::RATES);
        violations.extend(vat.0);
        warnings.extend(vat.1);
        (violations, warnings)
    }

    /// See the table of operations.
    pub async fn capabilities(&self, _: Nothing) -> Result<Capabilities> {
        let operations = self.operations().into_iter().map(str::to_owned).collect();
        Ok(Capabilities { operations, ..self.delivery.vendor.capabilities() })
    }

    /// See the table of operations.
    pub async fn validate(&self, receipt: Receipt) -> Result<Validation> {
        let path = receipt.basis().ok().flatten().map_or("", |basis| basis.path());
        let made = receipt.made();
        let mut receipt = match self.built(receipt).await {
            Ok(receipt) => receipt,
            // What is wrong with it is an answer.
            Err(Error { code: code @ (Code::BasisUnusable | Code::BasisExceeded), message, .. }) => {
                return Ok(Validation::refused(vec![violation(path, code, message)]));
            }
            Err(error) if !error.violations.is_empty() => return Ok(Validation::refused(error.violations)),
            Err(error) => return Err(error),
        };
        let (mut violations, mut warnings) = self.checked(&mut receipt, OffsetDateTime::now_utc());
        made.tell(&mut violations);
        made.tell(&mut warnings);
        Ok(Validation {
            valid: violations.is_empty(),
            total: receipt.total().map(|total| total.to_string()),
            paid: receipt.paid().map(|paid| paid.to_string()),
            violations,
            warnings,
        })
    }

    /// See the table of operations.
    pub async fn distribute(&self, receipt: Receipt) -> Result<Distributed> {
        let receipt = self.built(receipt).await?;
        receipt.distributable()?;
        receipt.distributed(Adjustments::of(self.info.fields), self.delivery.vendor.smallest_sum())
    }

    /// See the table of operations.
    pub async fn register(&self, receipt: Receipt) -> Result<Registration> {
        let id = receipt.id.clone();
        let intent = match self.written(receipt).await {
            Ok(intent) => intent,
            Err(error) => return Err(self.delivery.told(error, &id).await),
        };
        let progress = self.delivery.deliver_intent(&intent, self.delivery.budget()).await?;
        progress.verdict().map(|entry| entry.registration())
    }

    /// See the table of operations.
    pub async fn status(&self, key: ReceiptKey) -> Result<Registration> {
        self.probe(&key.id, self.delivery.budget()).await
    }

    async fn probe(&self, id: &str, budget: Budget) -> Result<Registration> {
        let entry = match self.delivery.entry_of(id).await {
            Ok(entry) => self.delivery.vouched(entry).await,
            Err(error) => Err(error),
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Err(self.delivery.told(error, id).await),
        };
        if entry.state.is_final() || entry.state == State::Queued {
            return self.delivery.counted(&entry).await;
        }
        let progress = self.delivery.settle(id, None, Mode::Probe, budget).await?;
        self.delivery.counted(&progress.entry).await
    }

    /// See the table of operations.
    pub async fn wait(&self, wait: Wait) -> Result<Registration> {
        let limit = wait.timeout_ms.map_or(self.delivery.call_timeout, Duration::from_millis);
        let until = Instant::now() + limit;
        let least = self.delivery.vendor.poll_pause();
        let mut pause = least;
        loop {
            // A question may take as long as in any call, but not longer than the wait.
            let budget = self.delivery.budget().at_most_until(until);
            let registration = match self.probe(&wait.id, budget).await {
                // Somebody else had it all the time: what is known counts.
                Err(error) if error.code == Code::Busy => {
                    self.delivery.counted(&self.delivery.entry_of(&wait.id).await?).await?
                }
                probed => probed?,
            };
            let is_over = registration.state.is_final() || Instant::now() + pause > until;
            if is_over || self.delivery.is_left_to_a_person(&wait.id).await {
                return Ok(registration);
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE.max(least));
        }
    }

    /// See the table of operations.
    pub async fn resolve(&self, request: Resolve) -> Result<Registration> {
        let budget = self.delivery.budget();
        let id = &request.id;
        let mode = match (request.verdict, request.mode) {
            (Some(verdict), _) => {
                let registered = verdict.on_record.then(|| verdict.fiscal.unwrap_or_default());
                let note = verdict.note.as_deref();
                let entry = self.delivery.decide(id, registered, &verdict.by, note, budget).await?;
                return Ok(entry.registration());
            }
            (None, Some(ResolveMode::Probe)) => Mode::Probe,
            (None, Some(ResolveMode::Complete) | None) => Mode::Complete,
        };
        let progress = self.delivery.settle(id, request.key, mode, budget).await?;
        self.delivery.counted(&progress.entry).await
    }

    /// See the table of operations.
    pub async fn deliver(&self, request: Deliver) -> Result<Delivered> {
        let limit = request.time_limit_ms.map_or(self.delivery.call_timeout, Duration::from_millis);
        let mut delivered = Delivered::default();
        let tell = |id, result| delivered.count(id, result, request.receipts);
        self.delivery.deliver_pending(limit, request.all, tell).await?;
        delivered.left =
            self.delivery.journal.unfinished(self.delivery.register().await?, MOST_COUNTED).await?;
        Ok(delivered)
    }

    /// See the table of operations.
    pub async fn journal(&self, query: JournalQuery) -> Result<JournalPage> {
        let register = self.delivery.register().await?;
        let mut page = JournalPage { entries: Vec::new(), steps: Vec::new(), next: None, chain: None };
        if query.verify {
            page.chain = Some(self.verified(register).await?);
        }
        if let Some(id) = &query.id {
            page.entries.push(JournalEntry::of(&self.delivery.entry_of(id).await?));
            page.steps = self.steps(register, id).await?;
            return Ok(page);
        }
        let limit = query.limit.map_or(MOST_LISTED, |limit| limit as usize).min(MOST_LISTED);
        let time = |text: Option<&str>| {
            text.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()).map(milliseconds)
        };
        let mut filter = Filter {
            state: query.state,
            basis: query.basis.clone(),
            since_ms: time(query.since.as_deref()),
            until_ms: time(query.until.as_deref()),
            after: query.after.clone(),
            limit,
            ..Filter::default()
        };
        let ends = self.delivery.budget().ends();
        loop {
            let (entries, next) = self.page(register, &filter).await?;
            page.next = next;
            for (at, entry) in entries.iter().enumerate() {
                let shown = JournalEntry::of(entry);
                let is_wanted = (query.kind.is_none() || shown.kind == query.kind)
                    && (query.total.is_none() || shown.total == query.total);
                if is_wanted {
                    page.entries.push(shown);
                }
                if page.entries.len() == limit {
                    let has_more = page.next.is_some() || at + 1 < entries.len();
                    page.next = has_more.then(|| entry.receipt_id.clone());
                    return Ok(page);
                }
            }
            // What is left is for the next page, also where the time of the call is up.
            if page.next.is_none() || Instant::now() >= ends {
                return Ok(page);
            }
            filter.after.clone_from(&page.next);
        }
    }

    /// A page of the journal, and the cursor for the next one where there is one.
    async fn page(&self, register: &str, filter: &Filter) -> Result<(Vec<Entry>, Option<String>)> {
        let more = Filter { limit: filter.limit + 1, ..filter.clone() };
        let mut entries = self.delivery.journal.list(register, &more).await?;
        let has_more = entries.len() > filter.limit;
        entries.truncate(filter.limit);
        let last = entries.last().map(|entry| entry.receipt_id.clone());
        Ok((entries, last.filter(|_| has_more)))
    }

    async fn steps(&self, register: &str, id: &str) -> Result<Vec<JournalStep>> {
        let steps = self.delivery.journal.steps(register, id).await?;
        Ok(steps.into_iter().map(JournalStep::of).collect())
    }

    async fn verified(&self, register: &str) -> Result<Chain> {
        let checked =
            timeout_at(self.delivery.budget().ends(), audit::verify(&*self.delivery.journal, register)).await;
        let (head, broken) = checked.unwrap_or_else(|_| {
            let message =
                "the time for the call ran out before the whole record was checked; raise `timeout_ms`";
            Err(Error::new(Code::JournalUnavailable, message))
        })?;
        Ok(Chain::of(&head, broken))
    }

    /// See the table of operations.
    pub async fn export(&self, request: Export) -> Result<Exported> {
        let register = self.delivery.register().await?;
        let limit = request.limit.map_or(MOST_EXPORTED, |limit| limit as usize).min(MOST_EXPORTED);
        // First, so that what the page shows as not chained is chained on the next call at the latest.
        let head = self.delivery.journal.head(register).await?;
        let filter = Filter { after: request.after, limit, ..Filter::default() };
        let (entries, next) = self.page(register, &filter).await?;
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
        let register = self.delivery.register().await?;
        let wrong = |code, message: &str| Error::invalid(vec![violation("/before", code, message)]);
        let before = OffsetDateTime::parse(&request.before, &Rfc3339)
            .map_err(|_| wrong(Code::WrongFormat, "must be a time such as 2026-11-23T10:11:12+03:00"))?;
        if before > OffsetDateTime::now_utc() {
            return Err(wrong(Code::OutOfRange, "must not be in the future"));
        }
        let before_ms = i64::try_from(before.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let budget = self.delivery.budget();
        let (mut entries, mut events, mut complete) = (0, 0, false);
        while !complete && !budget.left().is_zero() {
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
            reading.registration = Some(self.delivery.entry_of(id).await?.registration());
        } else if let Some(id) = &reading.receipt_id {
            let found = self.delivery.journal.find(self.delivery.register().await?, id).await?;
            reading.registration = found.map(|entry| entry.registration());
        }
        Ok(reading)
    }

    /// See the table of operations.
    pub async fn parse_marking(&self, request: MarkingCode) -> Result<MarkingReading> {
        let wrong =
            |fault: Fault| Error::invalid(vec![violation("/code", Code::WrongFormat, fault.to_string())]);
        read(&request.code).map(MarkingReading::from).map_err(wrong)
    }

    /// See the table of operations.
    pub async fn health(&self, _: Nothing) -> Result<Health> {
        self.delivery.vendor.health(&self.delivery.context()).await
    }

    /// See the table of operations.
    pub async fn metrics(&self, _: Nothing) -> Result<Metrics> {
        let counts = self.delivery.journal.counts(self.delivery.register().await?).await?;
        let journal = counts.into_iter().map(|(state, count)| (state.into(), count)).collect();
        Ok(Metrics { operations: self.counters.read(), journal })
    }
}
