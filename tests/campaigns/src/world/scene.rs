//! A shop in the world: one client, a relay before its vendor, and the judge who hears every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kassa_emulator::{Kind as DocumentKind, LedgerEntry};
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Result;
use crate::campaign::bench::{BUSY, Bench};
use crate::campaign::person;
use crate::judge::{Claim, Report};
use crate::relay::{Done, Order, Relay, Ticket, Treatment};
use crate::runner::Runner;
use crate::vendors::Asked;
use crate::world::Kind;

/// Rounds of calls in which a shop tries to bring a receipt to its end.
const ROUNDS: usize = 5;
/// Longer than the leases of killed clients last.
const LEASES_END: Duration = Duration::from_secs(60);
/// How long one `wait` lasts, in milliseconds.
const WAIT_MS: u64 = 300;
/// The code of a call in which nobody was asked.
const NOT_BEGUN: &str = "not_begun";
/// Pause between two looks at the relay.
const LOOK: Duration = Duration::from_millis(2);
/// The most receipts that one episode takes.
const MOST_OF_AN_EPISODE: usize = 5;
/// What the library says where a receipt is not on record and will not be.
const FOR_GOOD: &str = "under a new id";

/// What is not as it should be, and how it came to that.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The receipt.
    pub receipt: String,
    /// What is wrong: `doubled`, `lost`, `wrong`, `stuck` or `unreadable`.
    pub class: &'static str,
    /// What was found.
    pub found: String,
    /// What was done to the receipt, in order.
    pub steps: Vec<String>,
}

/// That a receipt is not on record was told.
struct Denial {
    is_final: bool,
    said: String,
}

/// A cell while it runs.
pub struct Scene {
    /// The vendor, its ledger and the configuration.
    pub bench: Bench,
    /// Everything random.
    pub random: StdRng,
    /// How often it really happened.
    pub happened: u64,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// Receipts of which nothing is said, and why: what was done to them took longer than it may.
    pub excused: BTreeMap<String, &'static str>,
    /// Documents that a request which was delivered twice may have made beyond the one.
    pub extra: BTreeMap<String, usize>,
    /// Receipts that may fail for good: another program has their key, or their document failed at the register.
    pub may_fail: Vec<String>,
    /// Receipts that another program has on record for the shop.
    pub anothers: BTreeSet<String>,
    /// What only the kind knows of the cell, such as a program that it needs.
    pub own: Option<Box<dyn std::any::Any + Send>>,
    kind: &'static Kind,
    runner: Option<Runner>,
    left: std::vec::IntoIter<Asked>,
    sold: Vec<Asked>,
    steps: Vec<String>,
    steps_of: BTreeMap<String, usize>,
    episodes: Vec<Vec<String>>,
    denied: BTreeMap<String, Denial>,
    registered: BTreeMap<String, ()>,
}

impl Scene {
    /// A scene at a cash register that works. `asked` are the receipts that it may use.
    pub fn new(bench: Bench, kind: &'static Kind, random: StdRng, asked: Vec<Asked>) -> Self {
        Self {
            bench,
            random,
            happened: 0,
            violations: Vec::new(),
            excused: BTreeMap::new(),
            extra: BTreeMap::new(),
            may_fail: Vec::new(),
            anothers: BTreeSet::new(),
            own: None,
            kind,
            runner: None,
            left: asked.into_iter(),
            sold: Vec::new(),
            steps: Vec::new(),
            steps_of: BTreeMap::new(),
            episodes: Vec::new(),
            denied: BTreeMap::new(),
            registered: BTreeMap::new(),
        }
    }

    /// The vendor's name.
    pub fn vendor(&self) -> &'static str {
        self.bench.vendor.name
    }

    /// Whether there are receipts for another episode.
    pub fn has_more(&self) -> bool {
        self.left.len() >= MOST_OF_AN_EPISODE
    }

    /// Whether the journal is in a data base, where a lease outlives a killed process.
    pub fn engine_is_postgres(&self) -> bool {
        self.bench.config()["journal"].as_str().is_some_and(|journal| journal.starts_with("postgres"))
    }

    /// Begins an episode.
    pub fn begin(&mut self) {
        let steps = std::mem::take(&mut self.steps);
        self.episodes.push(steps);
    }

    /// Notes what is done.
    pub fn step(&mut self, what: impl Into<String>) {
        self.steps.push(what.into());
    }

    /// The next receipt.
    pub fn next_receipt(&mut self) -> Result<Asked> {
        let asked = self.left.next().ok_or("no receipt is left")?;
        self.steps_of.insert(asked.id.clone(), self.episodes.len());
        self.sold.push(asked.clone());
        Ok(asked)
    }

    /// A receipt that was sold before, in any state.
    pub fn earlier(&self, back: usize) -> Option<Asked> {
        self.sold.iter().rev().nth(back).cloned()
    }

    /// The receipts that were begun.
    pub fn sold(&self) -> &[Asked] {
        &self.sold
    }

    /// The relay.
    pub fn relay(&self) -> Result<&Relay> {
        self.bench.relay()
    }

    /// The client; started where there is none.
    pub async fn runner(&mut self) -> Result<&mut Runner> {
        let runner = match self.runner.take() {
            Some(runner) => runner,
            None => self.bench.client(0).await?,
        };
        Ok(self.runner.insert(runner))
    }

    /// Opens a client with another configuration in place of the one that is there.
    pub async fn reopen(&mut self, config: &Value) -> Result<Value> {
        let runner = self.runner().await?;
        runner.try_open(config).await
    }

    /// Kills the client as a power cut would.
    pub async fn kill(&mut self) -> Result<()> {
        self.step("the client is killed");
        match self.runner.take() {
            Some(runner) => runner.strike_down().await,
            None => Ok(()),
        }
    }

    /// Has the client end by itself, with its files closed.
    pub async fn end_client(&mut self) -> Result<()> {
        match self.runner.take() {
            Some(runner) => runner.end().await,
            None => Ok(()),
        }
    }

    /// Gives an order to the relay.
    pub fn order(
        &mut self,
        call: &'static str,
        about: Option<&Asked>,
        treatment: Treatment,
    ) -> Result<Ticket> {
        self.step(format!("relay, at the next {call}: {}", treatment.told()));
        let about = about.and_then(|asked| self.is_told_in_requests().then(|| self.mark(asked)));
        Ok(self.relay()?.order(Order { call, about, treatment }))
    }

    /// Counts an order that was carried out; a late request that came too late excuses its receipt.
    pub async fn counted(&mut self, mut ticket: Ticket, asked: &Asked) -> Result<Done> {
        let done = ticket.over().await?;
        match done {
            Done::Happened => self.happened += 1,
            Done::TooLate => {
                self.excused
                    .insert(asked.id.clone(), "its late request came after the time that is allowed for it");
            }
            Done::Missed => self.relay()?.clear(),
        }
        Ok(done)
    }

    /// Whether a request for a document has something of its receipt in it.
    fn is_told_in_requests(&self) -> bool {
        self.vendor() != "ikkm"
    }

    fn mark(&self, asked: &Asked) -> String {
        format!("\"{}\"", asked.id)
    }

    /// The documents of a receipt that say what it says.
    pub fn documents(&self, asked: &Asked) -> Vec<LedgerEntry> {
        let mut documents = self.bench.documents(asked);
        documents.retain(|document| is_ours(document, asked));
        documents
    }

    /// One call about a receipt by the client, judged.
    pub async fn call(&mut self, asked: &Asked, operation: &str, request: &Value) -> Result<Value> {
        self.listen(asked);
        let runner = self.runner().await?;
        runner.begin(operation, request).await?;
        self.receive(asked, operation).await
    }

    /// The answer of a call that was begun, judged.
    pub async fn receive(&mut self, asked: &Asked, operation: &str) -> Result<Value> {
        let line = self.runner().await?.receive_line().await?;
        let envelope = self.read(asked, &line);
        self.heard(asked, operation, &envelope, true);
        Ok(envelope)
    }

    /// Reads an answer. One that no host language can read is wrong, and tells nothing.
    pub fn read(&mut self, asked: &Asked, line: &str) -> Value {
        serde_json::from_str(line).unwrap_or_else(|why| {
            self.step(format!("an answer that cannot be read: {why}"));
            self.violate(asked, "unreadable", format!("{why}: {}", start(line)));
            json!({"error": {"code": "unreadable", "outcome": "unknown"}})
        })
    }

    /// `register` for a receipt.
    pub async fn register(&mut self, asked: &Asked) -> Result<Value> {
        self.call(asked, "register", &asked.receipt).await
    }

    /// Begins `register`, and does not wait.
    pub async fn begin_register(&mut self, asked: &Asked) -> Result<()> {
        self.listen(asked);
        self.step("register begins");
        self.runner().await?.begin("register", &asked.receipt).await
    }

    /// To be called before a call: what was denied may not have come on record by itself.
    pub fn listen(&mut self, asked: &Asked) {
        let Some(denial) = self.denied.get(&asked.id).filter(|denial| !denial.is_final) else { return };
        let said = denial.said.clone();
        self.denied.remove(&asked.id);
        if !self.documents(asked).is_empty() {
            self.violate(asked, "wrong", format!("it came on record after \"not registered\": {said}"));
        }
    }

    /// Judges an answer about a receipt. `is_alone`: no other client sells it at this moment.
    pub fn heard(&mut self, asked: &Asked, operation: &str, envelope: &Value, is_alone: bool) {
        self.step(format!("{operation} -> {}", told(envelope)));
        let report = match () {
            () if envelope["error"]["code"] == BUSY => Report::Unknown,
            // Nobody was asked, and what is on record is another program's.
            () if envelope["error"]["code"] == NOT_BEGUN && self.anothers.contains(&asked.id) => {
                Report::Unknown
            }
            () if operation == "enqueue" || operation == "deliver" => Report::Unknown,
            () => Report::of(envelope),
        };
        let report = if report == Report::NotRegistered && !is_alone { Report::Unknown } else { report };
        if report == Report::NotRegistered {
            let message = envelope["error"]["message"].as_str().unwrap_or_default();
            let is_final = envelope["ok"]["state"] == "failed" || message.contains(FOR_GOOD);
            self.denied.insert(asked.id.clone(), Denial { is_final, said: told(envelope) });
        }
        let documents = self.documents(asked);
        self.judge(asked, &report, &documents, &told(envelope));
    }

    /// Compares a report with documents.
    pub fn judge(&mut self, asked: &Asked, report: &Report, documents: &[LedgerEntry], said: &str) {
        let allowed = 1 + self.extra.get(&asked.id).copied().unwrap_or_default();
        if documents.len() > allowed {
            let keys: Vec<&str> = documents.iter().map(|document| document.receipt_key.as_str()).collect();
            let found = format!("{} documents {keys:?}, {said}", documents.len());
            self.violate(asked, "doubled", found);
            return;
        }
        let untold = self.bench.vendor.number_may_be_untold;
        let fits = |claim: &Claim| documents.iter().any(|document| claim.is_about(document, untold));
        match report {
            Report::Registered(_) if documents.is_empty() => {
                self.violate(asked, "lost", format!("registered, and not on record: {said}"));
            }
            Report::Registered(Some(claim)) if !fits(claim) => {
                self.violate(asked, "wrong", format!("registered with another document's data: {said}"));
            }
            Report::Registered(_) => drop(self.registered.insert(asked.id.clone(), ())),
            Report::NotRegistered if !documents.is_empty() => {
                self.violate(asked, "wrong", format!("not registered, and on record: {said}"));
            }
            Report::NotRegistered | Report::Unknown => {}
        }
    }

    /// Looks at what was said for good: a receipt that "will not be on record" may not be.
    pub fn hold_to_what_was_said(&mut self) {
        for asked in self.sold.clone() {
            let documents = self.documents(&asked);
            if let (Some(denial), false) = (self.denied.get(&asked.id), documents.is_empty()) {
                let (is_final, said) = (denial.is_final, denial.said.clone());
                let why = if is_final { "will not be on record" } else { "not registered" };
                self.violate(&asked, "wrong", format!("it came on record after \"{why}\": {said}"));
            }
        }
    }

    /// Forgets what was said of a receipt: it is sold anew on purpose.
    pub fn forget_denial(&mut self, asked: &Asked) {
        self.denied.remove(&asked.id);
    }

    /// Writes down what is wrong with a receipt, once a class.
    pub fn violate(&mut self, asked: &Asked, class: &'static str, found: String) {
        let is_known = |known: &Violation| known.receipt == asked.id && known.class == class;
        if self.excused.contains_key(&asked.id) || self.violations.iter().any(is_known) {
            return;
        }
        let episode = self.steps_of.get(&asked.id).copied().unwrap_or_default();
        let steps = match self.episodes.get(episode) {
            Some(steps) => steps.clone(),
            None => self.steps.clone(),
        };
        self.violations.push(Violation { receipt: asked.id.clone(), class, found, steps });
    }

    /// What a shop does until a receipt is at its end: the same call, waiting, `resolve`.
    pub async fn settle(&mut self, asked: &Asked) -> Result<()> {
        let id = json!({"id": asked.id});
        let wait = json!({"id": asked.id, "timeout_ms": WAIT_MS});
        let (mut rounds, give_up) = (0, Instant::now() + LEASES_END);
        while rounds < ROUNDS && Instant::now() < give_up {
            let mut is_free = true;
            for (operation, request) in [("register", &asked.receipt), ("wait", &wait), ("resolve", &id)] {
                let envelope = self.call(asked, operation, request).await?;
                is_free &= envelope["error"]["code"] != BUSY;
                let is_left = (self.bench.vendor.is_left)(&envelope["ok"]);
                if matches!(Report::of(&envelope), Report::Registered(_)) || is_final(&envelope) || is_left {
                    return Ok(());
                }
                if person::is_wanted(&self.bench, &envelope) {
                    self.step("a person acts");
                    self.runner().await?;
                    if let Some(runner) = &mut self.runner {
                        person::act(&self.bench, runner, asked, &envelope).await?;
                    }
                }
            }
            // Somebody who is dead may have the lease until it ends by the clock.
            rounds += usize::from(is_free);
        }
        Ok(())
    }

    /// Whether nothing was found wrong with the receipt and it is registered.
    pub fn is_registered(&self, asked: &Asked) -> bool {
        self.registered.contains_key(&asked.id)
    }

    /// Waits until nothing is under way at the relay.
    pub async fn quiet(&mut self) -> Result<()> {
        self.relay()?.clear();
        let give_up = Instant::now() + LEASES_END;
        while self.relay()?.is_busy() {
            if Instant::now() > give_up {
                return Err("the relay holds an exchange that nobody lets go".into());
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// What was done in every episode.
    pub fn episodes(&self) -> &[Vec<String>] {
        &self.episodes
    }

    /// The kind of the cell.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }
}

/// Whether a document says what a receipt says.
pub fn is_ours(document: &LedgerEntry, asked: &Asked) -> bool {
    document.total == asked.total && document.kind == DocumentKind::Sell && document.by.is_none()
}

/// Whether a receipt is at its end without a document.
fn is_final(envelope: &Value) -> bool {
    let message = envelope["error"]["message"].as_str().unwrap_or_default();
    envelope["ok"]["state"] == "failed" || message.contains(FOR_GOOD)
}

/// What an envelope says, in a few words.
pub fn told(envelope: &Value) -> String {
    match (&envelope["ok"], &envelope["error"]) {
        (Value::Null, error) => {
            let word = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
            let message: String = word("message").chars().take(160).collect();
            format!("error {} ({}): {message}", word("code"), word("outcome"))
        }
        (ok, _) => {
            let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let fiscal = &ok["fiscal"];
            format!("{} {} {}", word(&ok["state"]), word(&fiscal["document_number"]), word(&fiscal["total"]))
        }
    }
}

fn start(line: &str) -> String {
    line.chars().take(160).collect()
}
