//! Every row of the table of transitions, reached through the delivery with a vendor that says what it is told
//! to. Fails where a row is not reached; `make house` counts the rows.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kassa::delivery::transitions::{TRANSITIONS, Transition};
use kassa::delivery::{Delivery, Progress};
use kassa::error::{Code, Error, Result, Violation};
use kassa::journal::{Entry, Filter, Journals, Step};
use kassa::receipt::Receipt;
use kassa::receipt::registration::{Failure, Fiscal, Raw, State};
use kassa::vendor::desk::{Desk as _, Wanted};
use kassa::vendor::identity::Identity;
use kassa::vendor::messages::{Callback, CallbackReading, Capabilities, Health};
use kassa::vendor::{Context, Exclusive, Finding, Mode, Prepared, StepResult, Vendor};
use time::OffsetDateTime;

/// A vendor that answers from a list.
struct Scripted(Arc<Mutex<VecDeque<Finding>>>);

impl Scripted {
    fn next(&self) -> StepResult {
        self.0.lock().unwrap().pop_front().unwrap().into()
    }
}

#[async_trait]
impl Vendor for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }
    fn register(&self) -> &str {
        "till"
    }
    fn identity(&self) -> Identity {
        Identity::new("loopback", "till")
    }
    fn exclusive(&self) -> Exclusive {
        Exclusive::Document
    }
    fn settle_after(&self) -> Duration {
        Duration::ZERO
    }
    fn capabilities(&self) -> Capabilities {
        unreachable!()
    }
    fn violations(&self, _: &Receipt) -> Vec<Violation> {
        Vec::new()
    }
    fn warnings(&self, _: &Receipt) -> Vec<Violation> {
        Vec::new()
    }
    fn prepare(&self, _: &Receipt, _: OffsetDateTime) -> Result<Prepared> {
        unreachable!()
    }
    async fn send(&self, _: &Context<'_>, _: &Entry) -> StepResult {
        self.next()
    }
    async fn settle(&self, _: &Context<'_>, _: &Entry, _: Mode) -> StepResult {
        self.next()
    }
    async fn put_back(&self, _: &Context<'_>, _: &Entry) -> StepResult {
        self.next()
    }
    async fn health(&self, _: &Context<'_>) -> Result<Health> {
        unreachable!()
    }
    fn read_callback(&self, _: &Callback) -> Result<CallbackReading> {
        unreachable!()
    }
}

fn raw() -> Raw {
    Raw::from_body(b"{}")
}

fn registered() -> Finding {
    Finding::Registered { document_id: Some("d".into()), fiscal: Box::new(Fiscal::default()), raw: raw() }
}

fn accepted() -> Finding {
    Finding::Accepted { document_id: Some("d".into()), raw: raw() }
}

fn failed() -> Finding {
    let failure = Failure { code: Code::Refused.name().into(), message: "no".into(), vendor: None };
    Finding::Failed { failure, raw: None }
}

fn not_taken() -> Finding {
    Finding::NotTaken(Error::new(Code::Limited, "later"))
}

fn unknown() -> Finding {
    Finding::Unknown(Error::new(Code::NoAnswer, "lost"))
}

struct Bench {
    delivery: Delivery,
    script: Arc<Mutex<VecDeque<Finding>>>,
}

impl Bench {
    fn new(first_pause: Duration) -> Self {
        let script = Arc::new(Mutex::new(VecDeque::new()));
        let journal = Journals::default().open("memory:", None).unwrap();
        let vendor = Arc::new(Scripted(script.clone()));
        let call_timeout = Duration::from_secs(30);
        Self { delivery: Delivery::new(journal, vendor, call_timeout, first_pause), script }
    }

    fn will_say(&self, findings: impl IntoIterator<Item = Finding>) {
        self.script.lock().unwrap().extend(findings);
    }

    /// A new receipt that comes into this state by what the vendor says to its first sending.
    async fn sent(&self, id: &str, said: Finding) -> State {
        self.will_say([said]);
        let wanted = Wanted {
            operation: "register",
            id: id.into(),
            content: id.into(),
            earlier: Vec::new(),
            request: Vec::new(),
            ..Wanted::default()
        };
        let budget = self.delivery.budget();
        let progress = self.delivery.deliver_intent(&self.delivery.intent(wanted), budget).await.unwrap();
        progress.entry.state
    }

    /// What an existing receipt comes to when the vendor says this, one after the other.
    async fn then(&self, id: &str, said: impl IntoIterator<Item = Finding>) -> Progress {
        self.will_say(said);
        let progress = self.delivery.settle(id, None, Mode::Complete, self.delivery.budget()).await.unwrap();
        assert!(self.script.lock().unwrap().is_empty(), "{id}");
        progress
    }

    async fn enqueued(&self, id: &str) {
        let wanted = Wanted {
            operation: "register",
            id: id.into(),
            content: id.into(),
            earlier: Vec::new(),
            request: Vec::new(),
            ..Wanted::default()
        };
        let intent = self.delivery.intent(wanted);
        assert_eq!(self.delivery.enqueue(&[intent]).await[0].as_ref().unwrap().state, State::Queued);
    }

    async fn put_back(&self, id: &str) -> State {
        let _ = self.delivery.put_back(id, self.delivery.budget()).await;
        self.delivery.entry(id).await.unwrap().state
    }

    async fn decided(&self, id: &str, on_record: bool) -> State {
        let fiscal = on_record.then(Fiscal::default);
        self.delivery.decide(id, fiscal, "Anna", None, self.delivery.budget()).await.unwrap().state
    }

    /// An entry whose process ended while it was sending.
    async fn abandoned(&self, id: &str) {
        self.enqueued(id).await;
        let entry = self.delivery.entry(id).await.unwrap();
        self.delivery.journal().begin(&entry, None).await.unwrap();
    }

    /// Places of the rows that the journal's steps show.
    async fn reached(&self) -> BTreeSet<usize> {
        let journal = self.delivery.journal();
        let every = Filter { limit: 1_000, ..Filter::default() };
        let mut reached = BTreeSet::new();
        for entry in journal.list("till", &every).await.unwrap() {
            let mut from = State::Queued;
            for step in journal.steps("till", &entry.receipt_id).await.unwrap() {
                reached.extend(TRANSITIONS.iter().position(|row| row.from == from && shows(&step, row)));
                from = step.state;
            }
        }
        reached
    }
}

/// Whether a step of an entry that stood where the row begins is that row: its note has the word of the event,
/// alone or behind the name of the step.
fn shows(step: &Step, row: &Transition) -> bool {
    let said = step.note.split_once(": ").map_or(step.note.as_str(), |(_, said)| said);
    let detail = said.strip_prefix(row.event.word());
    step.state == row.to && detail.is_some_and(|detail| detail.is_empty() || detail.starts_with(": "))
}

#[tokio::test(start_paused = true)]
async fn every_row_is_reached() {
    // Without a pause every answer is written, one that changes nothing too.
    let bench = Bench::new(Duration::ZERO);

    // From `sending`.
    assert_eq!(bench.sent("registered", registered()).await, State::Registered);
    assert_eq!(bench.sent("failed", failed()).await, State::Failed);
    assert_eq!(bench.sent("not taken", not_taken()).await, State::Queued);
    bench.will_say([Finding::Absent]);
    assert_eq!(bench.sent("never arrived", registered()).await, State::Registered);
    bench.abandoned("abandoned").await;
    assert_eq!(bench.then("abandoned", [registered()]).await.entry.state, State::Registered);
    bench.enqueued("enqueued").await;
    assert_eq!(bench.then("enqueued", [registered()]).await.entry.state, State::Registered);

    // From `in_doubt`: the first send is lost, the look-up says this.
    for (id, said, state) in [
        ("doubt registered", registered(), State::Registered),
        ("doubt accepted", accepted(), State::Accepted),
        ("doubt failed", failed(), State::Failed),
        ("doubt not taken", not_taken(), State::InDoubt),
        ("doubt unknown", unknown(), State::InDoubt),
    ] {
        bench.will_say([unknown()]);
        assert_eq!(bench.sent(id, said).await, state, "{id}");
    }
    bench.will_say([unknown(), Finding::Absent]);
    assert_eq!(bench.sent("doubt absent", registered()).await, State::Registered);

    // From `accepted`.
    assert_eq!(bench.sent("accepted", accepted()).await, State::Accepted);
    for said in [accepted(), Finding::Absent, not_taken(), unknown()] {
        assert_eq!(bench.then("accepted", [said]).await.entry.state, State::Accepted);
    }
    assert_eq!(bench.then("accepted", [registered()]).await.entry.state, State::Registered);
    assert_eq!(bench.then("doubt accepted", [failed()]).await.entry.state, State::Failed);

    // A person's verdict.
    for on_record in [true, false] {
        let expected = if on_record { State::Registered } else { State::Failed };
        let id = |name: &str| format!("{name} {on_record}");
        bench.enqueued(&id("queued")).await;
        bench.abandoned(&id("sending")).await;
        bench.will_say([unknown()]);
        bench.sent(&id("in doubt"), unknown()).await;
        bench.sent(&id("accepted"), accepted()).await;
        // What was never sent may be withdrawn only.
        for name in ["queued", "sending", "in doubt", "accepted"].into_iter().skip(usize::from(on_record)) {
            // Of what the vendor accepted it is asked once more before "not on record".
            bench.will_say((!on_record && name == "accepted").then(unknown));
            assert_eq!(bench.decided(&id(name), on_record).await, expected, "{name}");
        }
    }

    // Put back: the doubt is written before the vendor is asked, and is settled like any other.
    bench.will_say([accepted()]);
    assert_eq!(bench.put_back("failed").await, State::Accepted);
    for (said, state) in [(registered(), State::Registered), (failed(), State::Failed)] {
        let id = format!("put back {state:?}");
        bench.sent(&id, failed()).await;
        bench.will_say([unknown(), said]);
        assert_eq!(bench.put_back(&id).await, state);
    }
    // What the vendor knows of a failed document counts.
    for (said, state) in [(accepted(), State::Accepted), (registered(), State::Registered)] {
        let id = format!("learned {state:?}");
        bench.sent(&id, failed()).await;
        bench.delivery.learned(&id, said.into()).await.unwrap();
        assert_eq!(bench.delivery.entry(&id).await.unwrap().state, state);
    }

    let reached = bench.reached().await;
    let listed = reached.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(target.join("transitions-reached.txt"), listed).unwrap();
    let missing: Vec<_> = (0..TRANSITIONS.len()).filter(|place| !reached.contains(place)).collect();
    assert!(missing.is_empty(), "{:?}", missing.iter().map(|place| TRANSITIONS[*place]).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_still_waiting_is_written_again_only_when_its_time_has_come() {
    let bench = Bench::new(Duration::from_secs(1));
    bench.sent("order", accepted()).await;
    let first = bench.delivery.entry("order").await.unwrap();
    assert!(first.due_at_ms > first.updated_at_ms);
    let unwritten = bench.then("order", [accepted()]).await.entry;
    assert_eq!((unwritten.revision, unwritten.due_at_ms), (first.revision, first.due_at_ms));
}
