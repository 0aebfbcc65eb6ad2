//! The end of a cell: everything is brought to its end as a shop would, then judged.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Result;
use crate::campaign::bench::Bench;
use crate::campaign::count::Count;
use crate::campaign::person;
use crate::judge::Report;
use crate::runner::Runner;
use crate::vendors::{Asked, Doubt};

/// Rounds of calls before a receipt is taken to be stuck.
const MOST_ROUNDS: usize = 20;
/// How long one `deliver` and one `wait` last, in milliseconds.
const PATIENCE_MS: u64 = 5_000;
/// Entries in a page of the journal.
const PAGE: usize = 1_000;
/// The reason of a receipt in doubt that should have settled.
const AGAINST_THE_RULES: &str = "against the rules";

/// What the journal has of each receipt.
type Entries = HashMap<String, Value>;

/// Brings every receipt to its end and judges it; complaints come with the counts.
pub async fn close(bench: &Bench, clients: usize) -> Result<(Count, Vec<String>)> {
    let faults = bench.end_faults();
    let mut runners = Vec::new();
    for number in 0..clients {
        runners.push(bench.client(number).await?);
    }
    let mut entries = Entries::new();
    for _ in 0..MOST_ROUNDS {
        deliver(bench, &mut runners[0]).await?;
        entries = audit(&mut runners[0]).await?;
        let open: Vec<&Asked> = bench.asked().filter(|asked| is_open(bench, &entries, asked)).collect();
        if open.is_empty() {
            break;
        }
        let share = open.len().div_ceil(clients);
        try_join_all(
            runners.iter_mut().zip(open.chunks(share)).map(|(runner, part)| finish(bench, runner, part)),
        )
        .await?;
    }
    trace(bench, &mut runners[0]).await?;
    let mut verdicts = Verdicts {
        bench,
        entries: &entries,
        first_confirmed: first_confirmed(bench, &entries),
        count: Count::default(),
        complaints: Vec::new(),
    };
    bench.asked().for_each(|asked| verdicts.on(asked));
    let Verdicts { mut count, mut complaints, .. } = verdicts;
    count.receipts = bench.asked().count();
    count.faults = faults;
    bench.seen(|seen| {
        count.kills = seen.kills;
        seen.judge.add_to(&mut count.found);
        complaints.extend(seen.judge.findings.iter().cloned());
        let strangers = seen.book.keys().filter(|key| !bench.is_asked_for(key));
        complaints.extend(strangers.map(|key| format!("nobody asked for the document {key}")));
    });
    Ok((count, complaints))
}

async fn deliver(bench: &Bench, runner: &mut Runner) -> Result<()> {
    let _delivering = bench.deliver();
    runner.call("deliver", &json!({"time_limit_ms": PATIENCE_MS})).await.map(drop)
}

async fn audit(runner: &mut Runner) -> Result<Entries> {
    let mut entries = Entries::new();
    let mut request = json!({"limit": PAGE});
    loop {
        let envelope = runner.call("journal", &request).await?;
        let page = envelope["ok"]["entries"].as_array().ok_or_else(|| envelope.to_string())?;
        for entry in page {
            let id = entry["registration"]["receipt_id"].as_str().unwrap_or_default();
            entries.insert(id.to_owned(), entry.clone());
        }
        match envelope["ok"]["next"].as_str() {
            Some(next) => request["after"] = json!(next),
            None => return Ok(entries),
        }
    }
}

/// Holds what the journal has of each receipt against the table of transitions.
async fn trace(bench: &Bench, runner: &mut Runner) -> Result<()> {
    let mut request = json!({});
    loop {
        let envelope = runner.call("export", &request).await?;
        if envelope["ok"].is_null() {
            return Err(envelope.to_string().into());
        }
        bench.seen(|seen| seen.judge.trace_page(&envelope["ok"]));
        match envelope["ok"]["next"].as_str() {
            Some(next) => request["after"] = json!(next),
            None => return Ok(()),
        }
    }
}

fn is_open(bench: &Bench, entries: &Entries, asked: &Asked) -> bool {
    let registration = entries.get(&asked.id).map_or(&Value::Null, |entry| &entry["registration"]);
    let is_final = matches!(registration["state"].as_str(), Some("registered" | "failed"));
    !is_final && !(bench.vendor.is_left)(registration)
}

async fn finish(bench: &Bench, runner: &mut Runner, open: &[&Asked]) -> Result<()> {
    for asked in open {
        let id = json!({"id": asked.id});
        let wait = json!({"id": asked.id, "timeout_ms": PATIENCE_MS});
        for (operation, request) in [("register", &asked.receipt), ("wait", &wait), ("resolve", &id)] {
            let listening = bench.listen(asked, true);
            let gate = bench.gate.read().await;
            let envelope = runner.call(operation, request).await?;
            bench.heard(asked, &listening, operation, &envelope);
            drop(gate);
            if matches!(Report::of(&envelope), Report::Registered(_)) {
                break;
            }
            if person::is_wanted(bench, &envelope) {
                person::act(bench, runner, asked, &envelope).await?;
            }
        }
    }
    Ok(())
}

struct Verdicts<'a> {
    bench: &'a Bench,
    entries: &'a Entries,
    first_confirmed: BTreeMap<String, OffsetDateTime>,
    count: Count,
    complaints: Vec<String>,
}

impl Verdicts<'_> {
    fn on(&mut self, asked: &Asked) {
        let entry = self.entries.get(&asked.id).unwrap_or(&Value::Null);
        let registration = &entry["registration"];
        let report = Report::of_state(registration);
        let said = format!("journal: {entry}");
        let decided = self.bench.seen(|seen| {
            let documents = seen.book.documents(&asked.key);
            seen.judge.hear(&asked.id, &report, documents, &said);
            if let [document] = documents
                && document.total != asked.total
            {
                seen.judge.call_wrong(
                    &asked.id,
                    &format!("on record with {}, not {}", document.total, asked.total),
                );
            }
            seen.decided.get(&asked.id).cloned()
        });
        match (registration["state"].as_str(), decided) {
            (_, Some(text)) => self.doubt(asked, entry, &text),
            (Some("registered"), _) => self.count.registered += 1,
            (Some("in_doubt"), _) => self.doubt(asked, entry, &said),
            (Some("failed"), _) => self.complaints.push(format!("{} failed: {said}", asked.id)),
            _ if self.bench.documents(asked).is_empty() => {
                self.bench
                    .seen(|seen| seen.judge.call_lost(&asked.id, &format!("it never appeared: {said}")));
            }
            _ => self.complaints.push(format!("{} was not brought to its end: {said}", asked.id)),
        }
    }

    fn doubt(&mut self, asked: &Asked, entry: &Value, text: &str) {
        let payments = &asked.receipt["payments"];
        let (first, created) = (self.first_confirmed.get(&kinds(payments)), moment(&entry["created_at"]));
        let doubt = Doubt {
            registration: &entry["registration"],
            text,
            payments,
            is_first_of_its_kind: first.is_none_or(|first| created.is_none_or(|created| *first >= created)),
        };
        let reason = (self.bench.circumstances.doubt)(&doubt);
        if reason.is_none() {
            self.complaints.push(format!("{} is in doubt and should not be: {text}", asked.id));
        }
        let reasons: &mut BTreeMap<String, usize> = &mut self.count.in_doubt;
        *reasons.entry(reason.unwrap_or(AGAINST_THE_RULES).to_owned()).or_default() += 1;
    }
}

/// When the first receipt of each kind of payment was confirmed by its answer. Looked up once: the vendor
/// of another cell must not stand still while this one is judged.
fn first_confirmed(bench: &Bench, entries: &Entries) -> BTreeMap<String, OffsetDateTime> {
    let mut first = BTreeMap::new();
    for asked in bench.asked() {
        let entry = entries.get(&asked.id).unwrap_or(&Value::Null);
        let is_confirmed = entry["registration"]["state"] == "registered"
            && entry["registration"]["vendor_document_id"].is_string();
        if let Some(at) = moment(&entry["updated_at"]).filter(|_| is_confirmed) {
            let earliest = first.entry(kinds(&asked.receipt["payments"])).or_insert(at);
            *earliest = at.min(*earliest);
        }
    }
    first
}

/// The kinds of some payments, in their order.
fn kinds(payments: &Value) -> String {
    payments.as_array().into_iter().flatten().map(|payment| payment["type"].to_string()).collect()
}

fn moment(text: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.as_str()?, &Rfc3339).ok()
}
