//! What the counters of a shift prove about a document whose answer was lost. Plain data, no I/O.
//!
//! iKassa knows documents by no key of ours, and one counter is known to exist: `$.cashin.sum`, the
//! cash in the drawer (protocol/ikassa.md 2.4). It settles every document that moves cash. For the others
//! the library learns: the readings before and after each confirmed document show which counters of
//! this cash register answer to documents of that composition. Only a counter that is known to
//! answer can prove that a document never arrived. A movement that no document of ours explains
//! means another writer: from then on, until the next shift, counters prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::api::{Counters, Reading};
use super::document::Effect;
use crate::receipt::money::Amount;

/// Cash in the drawer: a literal key with dots (protocol/ikassa.md 2.4).
pub const CASH: &str = "$.cashin.sum";

/// How a counter answers to documents of one composition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// It grows by the document's total.
    Total,
    /// It grows by what was paid in this way.
    Part(String),
    /// It grows by one.
    Once,
    /// It moves, and how cannot be told beforehand.
    Somehow,
}

/// Counters that answer, by composition and name.
pub type Known = BTreeMap<String, BTreeMap<String, Answers>>;

/// What is remembered between documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The last reading; absent at the beginning of a shift.
    pub before: Option<Reading>,
    /// What was recorded since that reading.
    pub since: Option<Effect>,
    /// Number of the last document that was confirmed, and what it did.
    pub last: Option<(String, Effect)>,
    /// The uids of the documents that were confirmed, the last one at the end. They stay when a shift ends.
    #[serde(default)]
    pub uids: Vec<String>,
    /// The highest number that a document of this shift has; `None` where none was told. What has it or a lower one
    /// is a document before.
    #[serde(default)]
    pub number: Option<u64>,
    /// Which counters answer.
    pub known: Known,
    /// The movement that no document of ours explains, where there was one in this shift.
    pub stranger: Option<String>,
}

/// What two readings prove about a document between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The counters moved by exactly this document.
    Recorded,
    /// Counters that are known to answer did not move, and no other did.
    NeverArrived,
    /// Neither, for this reason.
    None(String),
}

/// A movement of one counter.
struct Moved<'a> {
    currency: &'a str,
    name: &'a str,
    by: i64,
}

/// Every counter that moved. An absent currency or counter stands at zero: it had no operation in
/// this shift (protocol/ikassa.md 2.4). What cannot be read is left out, see `illegible`.
fn moved<'a>(before: &'a Reading, after: &'a Reading) -> Vec<Moved<'a>> {
    let names = |reading: &'a Reading| {
        let of = |(currency, counters): (&'a String, &'a Counters)| {
            counters.keys().map(move |name| (currency.as_str(), name.as_str()))
        };
        reading.iter().flat_map(of)
    };
    let all: BTreeSet<(&str, &str)> = names(before).chain(names(after)).collect();
    let movements = all.into_iter().filter_map(|(currency, name)| {
        let by = value(after, currency, name)?.saturating_sub(value(before, currency, name)?);
        Some(Moved { currency, name, by })
    });
    movements.filter(|movement| movement.by != 0).collect()
}

/// The value of a counter; `None` where it cannot be read.
fn value(reading: &Reading, currency: &str, name: &str) -> Option<i64> {
    reading.get(currency).and_then(|counters| counters.get(name)).copied().unwrap_or(Some(0))
}

/// A counter that a document of this currency depends on and that cannot be read, in words. A currency that is
/// listed without its cash, where the document moves cash, is not of the known form.
fn illegible(
    effect: &Effect,
    known: Option<&BTreeMap<String, Answers>>,
    before: &Reading,
    after: &Reading,
) -> Option<String> {
    let names = known.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
    let unread = std::iter::once(CASH)
        .chain(names)
        .find(|name| [before, after].iter().any(|reading| value(reading, &effect.currency, name).is_none()));
    let lacks_cash = after.get(&effect.currency).is_some_and(|counters| !counters.contains_key(CASH));
    match unread {
        Some(name) => Some(format!("{name} {} cannot be read", effect.currency)),
        None if effect.cash != 0 && lacks_cash => Some(format!("{CASH} {} is not told", effect.currency)),
        None => None,
    }
}

/// How a movement answers to a document, seen for the first time.
fn first_answer(effect: &Effect, by: i64) -> Answers {
    if by == effect.total {
        return Answers::Total;
    }
    let mut parts = effect.parts.iter().filter(|(_, sum)| **sum == by);
    match (parts.next(), parts.next()) {
        (Some((part, _)), None) => Answers::Part(part.clone()),
        _ if by == 1 => Answers::Once,
        _ => Answers::Somehow,
    }
}

impl Answers {
    /// By how much the counter must move; `None` where that cannot be told.
    fn expected(&self, effect: &Effect) -> Option<i64> {
        match self {
            Answers::Total => Some(effect.total),
            Answers::Part(part) => effect.parts.get(part).copied(),
            Answers::Once => Some(1),
            Answers::Somehow => None,
        }
    }

    /// True where it tells this document from one of another sum.
    const fn tells_the_sum(&self) -> bool {
        matches!(self, Answers::Total | Answers::Part(_))
    }
}

fn in_words(movement: &Moved<'_>) -> String {
    let Moved { currency, name, by } = movement;
    format!("{name} {currency} moved by {by}")
}

/// The first movement that `effect` does not explain, in words.
fn unexplained(
    effect: &Effect,
    known: Option<&BTreeMap<String, Answers>>,
    all: &[Moved<'_>],
) -> Option<String> {
    let cash = all.iter().find(|m| m.currency == effect.currency && m.name == CASH);
    let cash_by = cash.map_or(0, |movement| movement.by);
    if cash_by != effect.cash {
        let name = format!("{CASH} {}", effect.currency);
        return Some(format!("{name} moved by {cash_by}, not by {}", effect.cash));
    }
    if let Some(stranger) = all.iter().find(|movement| movement.currency != effect.currency) {
        return Some(in_words(stranger));
    }
    let known = known?;
    let others = || all.iter().filter(|movement| movement.name != CASH);
    if let Some(stranger) = others().find(|movement| !known.contains_key(movement.name)) {
        return Some(in_words(stranger));
    }
    known.iter().find_map(|(name, answers)| {
        let expected = answers.expected(effect)?;
        let by = others().find(|movement| movement.name == name).map_or(0, |movement| movement.by);
        (by != expected).then(|| format!("{name} {} moved by {by}, not by {expected}", effect.currency))
    })
}

/// What the readings before and after prove about a document that was sent between them.
pub fn proof(effect: Option<&Effect>, before: &Reading, after: &Reading, watch: &Watch) -> Proof {
    let Some(effect) = effect else {
        return Proof::None("what the document does to the counters is not known".into());
    };
    if let Some(stranger) = &watch.stranger {
        return Proof::None(format!("another writer uses the cash register ({stranger})"));
    }
    let known = watch.known.get(&effect.composition);
    let is_known_to_answer =
        effect.cash != 0 || known.is_some_and(|known| known.values().any(Answers::tells_the_sum));
    if !is_known_to_answer {
        let message = "no counter of this cash register is known to answer to `{}`";
        return Proof::None(message.replace("{}", &effect.composition));
    }
    if let Some(what) = illegible(effect, known, before, after) {
        return Proof::None(what);
    }
    let all = moved(before, after);
    if all.is_empty() {
        return Proof::NeverArrived;
    }
    match unexplained(effect, known, &all) {
        None => Proof::Recorded,
        Some(what) => Proof::None(what),
    }
}

/// So many uids are remembered: what mixes answers up has those of a moment ago.
const UIDS: usize = 32;

impl Watch {
    /// True where a uid or a number is that of a document before.
    pub fn knows(&self, uid: &str, number: Option<&str>) -> bool {
        let number = number.and_then(|number| number.parse::<u64>().ok());
        let is_low = number.zip(self.number).is_some_and(|(number, highest)| number <= highest);
        is_low || self.uids.iter().any(|known| known == uid)
    }

    /// With one more document that was confirmed.
    pub fn confirmed(mut self, uid: String, number: Option<&str>) -> Self {
        self.number = number.and_then(|number| number.parse().ok()).or(self.number);
        self.uids.push(uid);
        let surplus = self.uids.len().saturating_sub(UIDS);
        self.uids.drain(..surplus);
        self
    }

    /// Looks at the counters before a new document: what the last one moved is learned, and what it
    /// does not explain is another writer's.
    pub fn look(mut self, now: &Reading) -> Self {
        let before = self.before.take();
        let since = self.since.take();
        if let Some(before) = &before {
            let all = moved(before, now);
            match &since {
                // What cannot be read teaches nothing.
                Some(effect)
                    if illegible(effect, self.known.get(&effect.composition), before, now).is_some() => {}
                Some(effect) => self.learn(effect, &all),
                None if self.stranger.is_none() => self.stranger = all.first().map(in_words),
                None => {}
            }
        }
        Self { before: Some(now.clone()), ..self }
    }

    fn learn(&mut self, effect: &Effect, all: &[Moved<'_>]) {
        let known = self.known.get(&effect.composition);
        if let Some(stranger) = unexplained(effect, known, all) {
            // Whether a stranger moved it or it answers otherwise than it seemed to: it is not relied
            // on any more.
            if let Some(known) = self.known.get_mut(&effect.composition) {
                for (name, answers) in known.iter_mut() {
                    let by = all.iter().find(|m| m.name == name).map_or(0, |movement| movement.by);
                    if answers.expected(effect).is_some_and(|expected| expected != by) {
                        *answers = Answers::Somehow;
                    }
                }
            }
            self.stranger.get_or_insert(stranger);
        } else if known.is_none() && self.stranger.is_none() {
            let others = all.iter().filter(|movement| movement.name != CASH);
            let answers = others.map(|m| (m.name.to_owned(), first_answer(effect, m.by)));
            self.known.insert(effect.composition.clone(), answers.collect());
        }
    }

    /// For a new shift: what was learned of the counters and the uids stay, the readings and what other programs did do
    /// not.
    pub fn of_a_new_shift(self) -> Self {
        Self { known: self.known, uids: self.uids, ..Self::default() }
    }
}

/// Amounts of the drawer by currency, for a person. Negative ones, which no drawer has, keep a sign.
pub fn drawer(reading: &Reading) -> Vec<(String, i64)> {
    let cash = |(currency, counters): (&String, &Counters)| Some((currency.clone(), (*counters.get(CASH)?)?));
    reading.iter().filter_map(cash).collect()
}

/// Hundredths as a decimal text.
pub fn decimal(hundredths: i64) -> String {
    let amount = Amount::of_hundredths(hundredths.saturating_abs()).unwrap_or_default();
    if hundredths < 0 { format!("-{amount}") } else { amount.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(counters: &[(&str, i64)]) -> Reading {
        let counters = counters.iter().map(|(name, value)| ((*name).to_owned(), Some(*value))).collect();
        BTreeMap::from([("BYN".into(), counters)])
    }

    fn effect(composition: &str, cash: i64, total: i64) -> Effect {
        let part = composition.split(' ').nth(1).unwrap_or_default();
        Effect {
            composition: composition.into(),
            currency: "BYN".into(),
            cash,
            total,
            parts: BTreeMap::from([(part.to_owned(), total)]),
        }
    }

    #[test]
    fn cash_is_settled_by_the_drawer_alone() {
        let (sale, watch) = (effect("sale cash", 450, 450), Watch::default());
        let before = reading(&[(CASH, 100)]);
        let told = |after: &[(&str, i64)]| proof(Some(&sale), &before, &reading(after), &watch);
        assert_eq!(told(&[(CASH, 550)]), Proof::Recorded);
        assert_eq!(told(&[(CASH, 550), ("$.sale.count", 1)]), Proof::Recorded);
        assert_eq!(told(&[(CASH, 100)]), Proof::NeverArrived);
        assert!(matches!(told(&[(CASH, 551)]), Proof::None(_)));
        // Something moved, though not the drawer: that is no proof of absence.
        assert!(matches!(told(&[(CASH, 100), ("$.x", 1)]), Proof::None(_)));
    }

    #[test]
    fn the_first_cash_of_a_shift_starts_from_nothing() {
        let (sale, watch) = (effect("sale cash", 450, 450), Watch::default());
        let none = Reading::new();
        assert_eq!(proof(Some(&sale), &none, &reading(&[(CASH, 450)]), &watch), Proof::Recorded);
        assert_eq!(proof(Some(&sale), &none, &none, &watch), Proof::NeverArrived);
    }

    #[test]
    fn a_counter_that_cannot_be_read_proves_nothing() {
        let (sale, watch) = (effect("sale cash", 450, 450), Watch::default());
        let before = reading(&[(CASH, 100)]);
        let unread = BTreeMap::from([("BYN".into(), BTreeMap::from([(CASH.into(), None)]))]);
        let without = reading(&[]);
        for (before, after) in
            [(&before, &unread), (&unread, &before), (&unread, &unread), (&without, &without)]
        {
            let told = proof(Some(&sale), before, after, &watch);
            assert!(matches!(told, Proof::None(_)), "{before:?} {after:?} {told:?}");
        }
        // What no document depends on may be anything.
        let mut odd = before.clone();
        odd.entry("BYN".into()).or_default().insert("$.text".into(), None);
        assert_eq!(proof(Some(&sale), &odd, &odd, &watch), Proof::NeverArrived);
    }

    #[test]
    fn a_card_sale_is_settled_only_by_what_was_learned() {
        let first = effect("sale card", 0, 700);
        let start = reading(&[(CASH, 100)]);
        let unlearned = Watch::default().look(&start);
        assert!(matches!(proof(Some(&first), &start, &start, &unlearned), Proof::None(_)));
        let watch = Watch { since: Some(first), ..unlearned };
        let now = reading(&[(CASH, 100), ("$.cashless", 700), ("$.count", 1)]);
        let watch = watch.look(&now);
        assert_eq!(watch.known["sale card"]["$.cashless"], Answers::Total);
        assert_eq!(watch.known["sale card"]["$.count"], Answers::Once);
        let second = effect("sale card", 0, 250);
        let told = |after: &[(&str, i64)]| proof(Some(&second), &now, &reading(after), &watch);
        assert_eq!(told(&[(CASH, 100), ("$.cashless", 950), ("$.count", 2)]), Proof::Recorded);
        assert_eq!(told(&[(CASH, 100), ("$.cashless", 700), ("$.count", 1)]), Proof::NeverArrived);
        for strange in [
            [(CASH, 100), ("$.cashless", 950), ("$.count", 3)],
            [(CASH, 100), ("$.cashless", 960), ("$.count", 2)],
            [(CASH, 110), ("$.cashless", 950), ("$.count", 2)],
        ] {
            assert!(matches!(told(&strange), Proof::None(_)), "{strange:?}");
        }
        // Another composition is not known by that.
        assert!(matches!(proof(Some(&effect("sale other", 0, 9)), &now, &now, &watch), Proof::None(_)));
    }

    #[test]
    fn a_register_without_more_counters_proves_nothing_about_cards() {
        let start = reading(&[(CASH, 100)]);
        let watch = Watch { since: Some(effect("sale card", 0, 700)), ..Watch::default().look(&start) };
        let watch = watch.look(&start);
        assert!(watch.stranger.is_none());
        assert!(matches!(proof(Some(&effect("sale card", 0, 9)), &start, &start, &watch), Proof::None(_)));
    }

    #[test]
    fn a_stranger_is_seen_and_ends_with_the_shift() {
        let start = reading(&[(CASH, 100)]);
        let later = reading(&[(CASH, 140)]);
        let watch = Watch::default().look(&start).look(&later);
        assert!(watch.stranger.is_some());
        let told = proof(Some(&effect("sale cash", 450, 450)), &later, &reading(&[(CASH, 590)]), &watch);
        assert!(matches!(told, Proof::None(_)));
        assert!(watch.of_a_new_shift().stranger.is_none());
    }

    #[test]
    fn a_stranger_beside_our_document_is_seen_and_teaches_nothing() {
        let start = reading(&[(CASH, 100)]);
        let watch = Watch { since: Some(effect("sale cash", 50, 50)), ..Watch::default().look(&start) };
        let watch = watch.look(&reading(&[(CASH, 190)]));
        assert!(watch.stranger.is_some() && watch.known.is_empty());
    }

    #[test]
    fn a_counter_that_answers_otherwise_is_not_relied_on_any_more() {
        let start = reading(&[("$.count", 0)]);
        // A sale of one kopeck cannot tell a sum from a count.
        let watch = Watch { since: Some(effect("sale card", 0, 1)), ..Watch::default().look(&start) };
        let watch = watch.look(&reading(&[("$.count", 1)]));
        assert_eq!(watch.known["sale card"]["$.count"], Answers::Total);
        let watch = Watch { since: Some(effect("sale card", 0, 500)), ..watch };
        let watch = watch.look(&reading(&[("$.count", 2)]));
        assert_eq!(watch.known["sale card"]["$.count"], Answers::Somehow);
        let watch = watch.of_a_new_shift();
        let told = proof(Some(&effect("sale card", 0, 9)), &start, &start, &watch);
        assert!(matches!(told, Proof::None(_)), "{told:?}");
    }

    #[test]
    fn a_rollback_moves_cash_back() {
        let undone = effect("sale cash", 450, 450).undone();
        let before = reading(&[(CASH, 550)]);
        let watch = Watch::default();
        assert_eq!(proof(Some(&undone), &before, &reading(&[(CASH, 100)]), &watch), Proof::Recorded);
        assert_eq!(
            proof(None, &before, &before, &watch),
            Proof::None("what the document does to the counters is not known".into())
        );
    }

    #[test]
    fn hundredths_are_written_as_decimals() {
        assert_eq!((decimal(12_350), decimal(-5)), ("123.50".into(), "-0.05".into()));
    }
}
