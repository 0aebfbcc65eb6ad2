//! Every named call of the library fails once: each time it is passed, at each vendor, with each
//! journal, on each way through the library.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use kassa::Client;
use kassa::{faults, host};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::bench::{Bench, Engine, VENDORS, call};
use super::names::POINTS;
use super::{Tally, audit};
use crate::Result;
use crate::judge::Report;

/// The sale before the failure, the one in it, the one after it.
const BEFORE: u32 = 101;
const STRUCK: u32 = 102;
const AFTER: u32 = 103;
/// How long the slow vendor works: longer than a quarter of what a lease lasts beyond a call, and
/// than events wait.
const SLOW_MS: u64 = 1_800;

/// How the library comes to the call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By opening a client on a new journal, and the first sale.
    Open,
    /// By `register`.
    Register,
    /// By `register` for a sale whose answer was lost before.
    Again,
    /// By `enqueue` and `deliver`.
    Outbox,
    /// By two `enqueue` at the same time, which wait for the same write where the journal is a file.
    Together,
    /// By `register` at a vendor that works for longer than a lease goes without being renewed, and
    /// events without being chained: what fails there fails in the background.
    Slow,
    /// By what a person looks at.
    Audit,
    /// By the log-in of a person, at the vendor that has one.
    LogIn,
    /// By `kassa_open` of the host interface.
    Host,
}

impl Way {
    const ALL: [Self; 9] = [
        Self::Open,
        Self::Register,
        Self::Again,
        Self::Outbox,
        Self::Together,
        Self::Slow,
        Self::Audit,
        Self::LogIn,
        Self::Host,
    ];

    /// Its word in the names of cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Register => "register",
            Self::Again => "again",
            Self::Outbox => "outbox",
            Self::Together => "together",
            Self::Slow => "slow",
            Self::Audit => "audit",
            Self::LogIn => "log_in",
            Self::Host => "host",
        }
    }
}

/// What is done while nobody waits for it.
const BACKGROUND: [&str; 7] = [
    "postgres_lease_renew",
    "postgres_claim",
    "postgres_any_open",
    "postgres_add_head",
    "postgres_head",
    "postgres_open_events",
    "postgres_seal",
];

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// The vendors.
    pub vendors: &'a [&'static str],
    /// The journals.
    pub engines: &'a [Engine],
    /// A call that is passed several times fails at so many of its passes at most.
    pub hits: u32,
    /// Cases at the same time; most of their time is waiting.
    pub jobs: usize,
}

/// Runs all of it. A name that was never reached in a whole run is a bad case.
pub fn run(tally: &mut Tally, extent: Extent<'_>) -> Result<()> {
    let Extent { vendors, engines, hits, jobs } = extent;
    for &engine in engines {
        for &vendor in vendors {
            for way in Way::ALL {
                let beginning = format!("points/{}/{vendor}/{}/", engine.name(), way.name());
                let is_there = way != Way::LogIn || vendor == "ikassa";
                if !is_there || !tally.wants_some_of(&beginning) {
                    continue;
                }
                let before = tally.so_far();
                let is_meant = |point: &str| {
                    way != Way::Slow
                        || BACKGROUND.iter().any(|name| point.trim_end_matches("_answer") == *name)
                };
                let points = POINTS
                    .iter()
                    .map(String::as_str)
                    .filter(|point| concerns(point, engine) && is_meant(point));
                let mut points = points.peekable();
                if points.peek().is_none() {
                    continue;
                }
                // All clients of the host interface share one runtime.
                let jobs = if way == Way::Host { 1 } else { jobs };
                let sweeps: Vec<Sweep> =
                    points.map(|point| Sweep { point, vendor, engine, way, hits }).collect();
                for (case, place, result) in at_once(tally, &sweeps, jobs) {
                    tally.injected(place);
                    tally.judged(&case, result);
                }
                tally.group(&beginning, before);
            }
        }
    }
    if tally.is_whole() && vendors.len() == VENDORS.len() {
        let unreached: Vec<&str> = POINTS
            .iter()
            .map(String::as_str)
            .filter(|point| engines.iter().any(|engine| concerns(point, *engine)))
            .filter(|point| !faults::is_reached(point))
            .collect();
        for point in unreached {
            tally.judged(&format!("points/{point}/"), Err("no case reaches it"));
        }
    }
    Ok(())
}

/// Whether a call is made with this engine at all.
fn concerns(point: &str, engine: Engine) -> bool {
    let other = |name: &str| name != engine.name() && point.starts_with(name);
    !other("sqlite") && !other("postgres")
}

/// Name, place and end of a case.
type Outcome = (String, String, Result<()>);

/// One call on one way: its first pass fails, then its second, until there is no further one.
#[derive(Clone, Copy)]
struct Sweep {
    point: &'static str,
    vendor: &'static str,
    engine: Engine,
    way: Way,
    hits: u32,
}

/// Carries out sweeps on several lanes, each with a runtime of its own.
fn at_once(tally: &Tally, sweeps: &[Sweep], jobs: usize) -> Vec<Outcome> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for lane in 0..jobs.max(1) as u64 {
            let (next, outcomes) = (&next, &outcomes);
            scope.spawn(move || {
                faults::enter(lane);
                while let Some(sweep) = sweeps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = sweep.run(tally, lane);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Sweep {
    fn run(&self, tally: &Tally, lane: u64) -> Vec<Outcome> {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().on_thread_start(move || faults::enter(lane));
        let mut found = Vec::new();
        let place = format!("{} {}", self.point, self.engine.name());
        for hit in 1..=self.hits {
            let (engine, way) = (self.engine.name(), self.way.name());
            let case = format!("points/{engine}/{}/{way}/{}/{hit};", self.vendor, self.point);
            if !tally.wants(&case) {
                continue;
            }
            let result = match builder.build() {
                Ok(runtime) => runtime.block_on(self.case(hit)),
                Err(error) => Err(error.into()),
            };
            faults::disarm();
            match result {
                Ok(false) => break,
                Ok(true) => found.push((case, place.clone(), Ok(()))),
                Err(what) => found.push((case, place.clone(), Err(what))),
            }
        }
        found
    }

    /// True where the call was reached and failed.
    async fn case(&self, hit: u32) -> Result<bool> {
        let bench = Bench::new(self.vendor, self.engine).await?;
        let trigger = Trigger { arm: &|| faults::arm(self.point, hit), disarm: &faults::disarm };
        let result = match self.way {
            Way::Host => through_host(&bench, trigger).await,
            way => struck(&bench, trigger, way).await,
        };
        bench.remove().await?;
        result
    }
}

/// What makes a call fail.
#[derive(Clone, Copy)]
pub struct Trigger<'a> {
    /// From now on the call fails.
    pub arm: &'a dyn Fn(),
    /// Everything goes again; true where the call had failed.
    pub disarm: &'a dyn Fn() -> bool,
}

/// Carries out `work` with a call made to fail. Gives back whether it did fail, too.
async fn armed<T>(trigger: Trigger<'_>, work: impl Future<Output = T>) -> (T, bool) {
    (trigger.arm)();
    let result = work.await;
    (result, (trigger.disarm)())
}

/// One case; true where the call was reached and failed.
pub async fn struck(bench: &Bench, trigger: Trigger<'_>, way: Way) -> Result<bool> {
    if way == Way::Open {
        let (opened, fired) = armed(trigger, async {
            let till = bench.open()?;
            Ok::<_, kassa::Error>((call(&till, "register", &bench.sale(STRUCK)).await, till))
        })
        .await;
        let till = match opened {
            Ok((envelope, till)) => {
                bench.check(STRUCK, &envelope?)?;
                till
            }
            Err(_) if bench.documents(STRUCK).is_empty() => bench.open()?,
            Err(error) => return Err(format!("not opened, and a document: {error}").into()),
        };
        return healed(bench, &till).await.map(|()| fired);
    }
    let till = bench.open()?;
    bench.ends_right(&till, BEFORE).await?;
    let sale = bench.sale(STRUCK);
    let fired = match way {
        Way::Again => {
            bench.lose_answer()?;
            let first = call(&till, "register", &sale).await?;
            bench.check(STRUCK, &first)?;
            let (envelope, fired) = armed(trigger, call(&till, "register", &sale)).await;
            let envelope = envelope?;
            bench.check(STRUCK, &envelope)?;
            // A vendor's queue may hold what is on no record yet.
            let is_guess = envelope["error"]["kind"] == "journal" && Report::of(&first) == Report::Unknown;
            if is_guess && Report::of(&envelope) == Report::NotRegistered {
                return Err(format!("not known before, nobody was asked, and now {envelope}").into());
            }
            fired
        }
        Way::Outbox => armed_outbox(bench, &till, trigger).await?,
        Way::Together => armed_together(bench, &till, trigger).await?,
        Way::Slow => {
            bench.slow_answer(SLOW_MS)?;
            let (envelope, fired) = armed(trigger, call(&till, "register", &sale)).await;
            bench.check(STRUCK, &envelope?)?;
            fired
        }
        Way::LogIn => armed_log_in(bench, &till, trigger).await?,
        Way::Audit => {
            let (result, fired) = armed(trigger, audit::look_around(&till)).await;
            result?;
            fired
        }
        _ => {
            let (envelope, fired) = armed(trigger, call(&till, "register", &sale)).await;
            bench.check(STRUCK, &envelope?)?;
            fired
        }
    };
    healed(bench, &till).await.map(|()| fired)
}

/// Two receipts in one write, then both delivered.
async fn armed_outbox(bench: &Bench, till: &Client, trigger: Trigger<'_>) -> Result<bool> {
    let (result, fired) = armed(trigger, async {
        let receipts = json!([bench.sale(STRUCK), bench.sale(AFTER)]);
        let queued = call(till, "enqueue", &json!({"receipts": receipts})).await?;
        let delivered = call(till, "deliver", &json!({"all": true, "receipts": true})).await?;
        Ok::<_, crate::Broken>((queued, delivered))
    })
    .await;
    let (queued, delivered) = result?;
    for price in [STRUCK, AFTER] {
        // `enqueue` and what went wrong with the whole pass say nothing of what `deliver` sent.
        let id = &bench.sale(price)["id"];
        if let Some(refused) = of_receipt(&delivered["ok"]["errors"], id) {
            bench.check(price, &json!({"error": refused["error"]}))?;
        }
        if let Some(told) = of_receipt(&delivered["ok"]["receipts"], id) {
            bench.check(price, &json!({"ok": told}))?;
        }
        if bench.documents(price).len() > 1 {
            return Err(format!("two documents: {queued} {delivered}").into());
        }
    }
    emptied(bench, till).await.map(|()| fired)
}

/// The one of a list that is about this receipt.
fn of_receipt<'a>(list: &'a Value, id: &Value) -> Option<&'a Value> {
    list.as_array()?.iter().find(|one| one["receipt_id"] == *id)
}

/// A person logs in anew; whatever fails, the next sale needs no more than a log-in.
async fn armed_log_in(bench: &Bench, till: &Client, trigger: Trigger<'_>) -> Result<bool> {
    let register = bench.config["register"].as_str().unwrap_or_default();
    let (result, fired) = armed(trigger, async {
        let started = call(till, "start_login", &json!({})).await?;
        let code = &started["ok"]["user_code"];
        if code.is_string() {
            bench.emulator.operate(register, "approve", json!({"user_code": code}))?;
        }
        let finished = call(till, "finish_login", &json!({"timeout_ms": 1000})).await?;
        Ok::<_, crate::Broken>([started, finished])
    })
    .await;
    for envelope in result? {
        if envelope["ok"].is_null() && !envelope["error"]["code"].is_string() {
            return Err(format!("a log-in says {envelope}").into());
        }
    }
    Ok(fired)
}

/// Two receipts that a journal in a file writes together: it is kept from writing until both wait.
async fn armed_together(bench: &Bench, till: &Client, trigger: Trigger<'_>) -> Result<bool> {
    let others_write = bench.others_write()?;
    let enqueue =
        |price| async move { call(till, "enqueue", &json!({"receipts": [bench.sale(price)]})).await };
    let both = async {
        let (first, second, ()) = tokio::join!(enqueue(STRUCK), enqueue(AFTER), async { drop(others_write) });
        Ok::<_, crate::Broken>((first?, second?))
    };
    let (answers, fired) = armed(trigger, both).await;
    let (first, second) = answers?;
    for (price, envelope) in [(STRUCK, &first), (AFTER, &second)] {
        let error = &envelope["ok"]["errors"][0]["error"];
        if error.is_object() {
            bench.check(price, &json!({"error": error}))?;
        } else if envelope["error"].is_null() && envelope["ok"]["entries"][0]["state"] != "queued" {
            return Err(format!("`enqueue` says {envelope}").into());
        }
    }
    emptied(bench, till).await.map(|()| fired)
}

/// The outbox goes on by itself.
async fn emptied(bench: &Bench, till: &Client) -> Result<()> {
    let again = call(till, "enqueue", &json!({"receipts": [bench.sale(STRUCK)]})).await?;
    let mut delivered = call(till, "deliver", &json!({"all": true})).await?;
    for _ in 0..20 {
        if delivered["ok"]["left"] == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        delivered = call(till, "deliver", &json!({"all": true})).await?;
    }
    match delivered["ok"]["left"] == 0 {
        true => Ok(()),
        false => Err(format!("the outbox does not come to its end: {again} {delivered}").into()),
    }
}

/// With everything well again the same call ends right, nothing else changed, and the next sale goes.
async fn healed(bench: &Bench, till: &Client) -> Result<()> {
    bench.ends_right(till, STRUCK).await?;
    bench.ends_right(till, AFTER).await?;
    if bench.documents(BEFORE).len() > 1 {
        return Err("an earlier sale was doubled".into());
    }
    bench.is_whole(till).await
}

/// The same through the host interface: `open` fails with an envelope, and then goes.
async fn through_host(bench: &Bench, trigger: Trigger<'_>) -> Result<bool> {
    let config = bench.config.to_string();
    let (answer, fired) = armed(trigger, async { host::open(&config) }).await;
    let mut opened: Value = serde_json::from_str(&answer)?;
    if opened["ok"].is_null() {
        // Without the journal nobody can tell what was sold before.
        let outcome = if opened["error"]["kind"] == "journal" { "unknown" } else { "not_registered" };
        if !fired || !opened["error"]["code"].is_string() || opened["error"]["outcome"] != outcome {
            return Err(format!("`open` says {opened}").into());
        }
        opened = serde_json::from_str(&host::open(&config))?;
    }
    let client = opened["ok"]["client"].as_i64().ok_or_else(|| format!("`open` again says {opened}"))?;
    let sold = host::call_async(client, "register", &bench.sale(STRUCK).to_string()).await;
    host::close(client);
    bench.check(STRUCK, &serde_json::from_str(&sold)?)?;
    if serde_json::from_str::<Value>(&sold)?["error"].is_null() { Ok(fired) } else { Err(sold.into()) }
}
