//! Two processes refund one sale at the same time. Together they never take more than the sale, and what fits is taken.

use std::time::Duration;

use kassa_emulator::Kind;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Result;
use crate::campaign::bench::{Bench, Setup};
use crate::campaign::engine::Engine;
use crate::campaign::opening;
use crate::runner::Runner;
use crate::sale::Sale;
use crate::vendors::{Other, Vendor};

/// Totals of the first sale, in whole units; every sale has ten pieces.
const FIRST: u32 = 300_000;
/// Pieces of a sale.
const PIECES: u32 = 10;
/// One race in so many has one of the two killed.
const KILLED: u32 = 6;
/// How long a killed one is given, at most, in milliseconds.
const MOST_MS: u64 = 30;
/// How often a call is repeated before the race is given up.
const MOST_CALLS: usize = 40;
/// Pause before a call is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// Races of one vendor on one engine.
#[derive(Clone, Copy)]
pub struct Races {
    /// The vendor.
    pub vendor: &'static Vendor,
    /// What keeps the journal.
    pub engine: Engine,
    /// The seed of everything random.
    pub seed: u64,
    /// How many.
    pub races: u64,
}

/// What came of races.
#[derive(Clone, Debug, Default)]
pub struct Raced {
    /// How many there were.
    pub races: u64,
    /// Processes that were killed in the middle.
    pub kills: u64,
    /// Refunds of more than the sale.
    pub over: u64,
    /// Refunds that would have fitted and did not come on record.
    pub short: u64,
    /// What was wrong, or kept the races from being run.
    pub complaints: Vec<String>,
}

impl Raced {
    /// With those of others.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.races += other.races;
        self.kills += other.kills;
        self.over += other.over;
        self.short += other.short;
        self.complaints.extend(other.complaints);
        self
    }

    /// For the last line.
    pub fn summary(&self) -> Value {
        json!({"races": self.races, "kills": self.kills, "over": self.over, "short": self.short})
    }

    /// The section of the table.
    pub fn markdown(&self) -> String {
        let Self { races, kills, over, short, .. } = self;
        format!(
            "\n## Refunds\n\nTwo processes refund one sale of ten pieces at the same time, each a random part; in some races one is \
             killed and called again. `over`: together more than the sale. `short`: a part that would have fitted did not \
             come on record.\n\n| races | kills | over | short |\n|--:|--:|--:|--:|\n| {races} | {kills} | {over} | {short} |\n"
        )
    }

    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        self.complaints.is_empty() && (self.over, self.short) == (0, 0)
    }
}

/// The races of a campaign, each vendor on each engine.
pub fn plan(vendors: &[&'static Vendor], engines: &[Engine], races: u64, seed: u64) -> Vec<Races> {
    let pairs = vendors.iter().flat_map(|vendor| engines.iter().map(|engine| (*vendor, *engine)));
    let count = (vendors.len() * engines.len()).max(1) as u64;
    let with_seed = pairs.zip(seed..);
    with_seed
        .map(|((vendor, engine), seed)| Races { vendor, engine, seed, races: races.div_ceil(count) })
        .collect()
}

impl Races {
    /// Runs them. What keeps them from being run is a complaint.
    pub async fn run(self) -> Raced {
        let mut raced = Raced::default();
        if let Err(why) = self.carried_out(&mut raced).await {
            raced.complaints.push(format!("{} on {}: {why}", self.vendor.name, self.engine.name()));
        }
        raced
    }

    async fn carried_out(self, raced: &mut Raced) -> Result<()> {
        let Self { vendor, engine, seed, races } = self;
        let alone = vendor.circumstances.iter().find(|one| matches!(one.other, Other::Nobody));
        let bench = Bench::start(Setup {
            vendor,
            engine,
            seed,
            circumstances: alone.unwrap_or(&vendor.circumstances[0]),
            asked: Vec::new(),
            config: Value::Null,
            hosts: 2,
            relay: None,
        })
        .await?;
        let mut shop = opening::sell(&bench, &[]).await?;
        let mut two = [bench.patient_client(0).await?, bench.patient_client(1).await?];
        let mut random = StdRng::seed_from_u64(seed);
        for total in (FIRST..).step_by(PIECES as usize).take(usize::try_from(races)?) {
            let id = sold(&bench, &mut shop, total).await?;
            let before = refunded(&bench);
            let parts = [random.random_range(1..=PIECES), random.random_range(1..=PIECES)];
            let requests = [0, 1].map(|who| part(&id, who, parts[who]));
            for (runner, request) in two.iter_mut().zip(&requests) {
                runner.begin("register", request).await?;
            }
            if random.random_ratio(1, KILLED) {
                sleep(Duration::from_millis(random.random_range(0..=MOST_MS))).await;
                let who = random.random_range(0..two.len());
                let anew = bench.patient_client(who).await?;
                std::mem::replace(&mut two[who], anew).strike_down().await?;
                two[who].begin("register", &requests[who]).await?;
                raced.kills += 1;
            }
            let mut taken = 0;
            for ((runner, request), pieces) in two.iter_mut().zip(&requests).zip(parts) {
                let first = runner.receive().await?;
                if ended(runner, request, first).await? {
                    taken += pieces;
                }
            }
            raced.races += 1;
            let on_record = refunded(&bench) - before;
            let fits = parts[0] + parts[1] <= PIECES;
            let wanted = if fits { parts[0] + parts[1] } else { taken };
            let found =
                format!("{id}: {parts:?} of {PIECES}, taken {taken}, on record {on_record} of {total}");
            if taken > PIECES || on_record > u64::from(total) {
                raced.over += 1;
                raced.complaints.push(format!("over: {found}"));
            } else if taken == 0 || taken != wanted || on_record != u64::from(total / PIECES * taken) {
                raced.short += 1;
                raced.complaints.push(format!("short: {found}"));
            }
        }
        Ok(())
    }
}

/// A sale of ten pieces, on record.
async fn sold(bench: &Bench, shop: &mut Runner, total: u32) -> Result<String> {
    let asked = bench.vendor.asked(&Sale::of(total));
    let mut receipt = asked.receipt;
    receipt["items"][0]["quantity"] = json!(PIECES.to_string());
    receipt["items"][0]["price"] = json!((total / PIECES).to_string());
    // In cash: what moves the drawer is settled at every vendor.
    receipt["payments"] = json!([{"type": "cash", "sum": total.to_string()}]);
    let first = shop.call("register", &receipt).await?;
    match ended(shop, &receipt, first).await? {
        true => Ok(asked.id),
        false => Err(format!("{} was not sold", asked.id).into()),
    }
}

fn part(id: &str, who: usize, pieces: u32) -> Value {
    json!({
        "id": format!("{id}-back-{who}"), "kind": "sell_refund",
        "refund_of": {"id": id, "lines": [{"item": 0, "quantity": pieces.to_string()}]},
    })
}

/// Calls until the receipt is on record, or is more than there is.
async fn ended(runner: &mut Runner, request: &Value, first: Value) -> Result<bool> {
    let mut envelope = first;
    for _ in 0..MOST_CALLS {
        match (envelope["ok"]["state"].as_str(), envelope["error"]["code"].as_str()) {
            (Some("registered"), _) => return Ok(true),
            (_, Some("basis_exceeded")) => return Ok(false),
            (Some(_), _) => envelope = runner.call("wait", &json!({"id": request["id"]})).await?,
            (None, _) => {
                sleep(PAUSE).await;
                envelope = runner.call("register", request).await?;
            }
        }
    }
    Err(format!("{} did not come to its end: {envelope}", request["id"]).into())
}

/// What the refunds on record come to, in whole units.
fn refunded(bench: &Bench) -> u64 {
    let refunds = bench.emulator.ledger().into_iter().filter(|entry| entry.kind == Kind::SellRefund);
    refunds.filter_map(|entry| entry.total.split('.').next()?.parse::<u64>().ok()).sum()
}
