//! The web-api key and the answers that are remembered by key
//! (protocol/ikkm.md 3, 6.1 items E4 to E6).

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::switches::{RepeatCriterion, Switches};

/// Fewer would run out of keys that were never used.
const MIN_DIGITS: u32 = 6;
const MAX_DIGITS: u32 = 18;

/// The answer to a registration, bound to the key that made it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The key that was used.
    pub key: String,
    /// The call without its key.
    pub payload: Vec<(String, String)>,
    /// The number in the reason phrase.
    pub number: u64,
    /// The key in the body.
    pub new_key: String,
}

/// The current key, those that were, and what is remembered of them.
#[derive(Debug)]
pub struct Keys {
    current: String,
    previous: Option<String>,
    used: HashSet<String>,
    remembered: Vec<Answered>,
    random: StdRng,
}

impl Keys {
    /// A series of keys that begins with a given one.
    pub fn new(seed: u64, first: String) -> Self {
        let used = HashSet::from([first.clone()]);
        let random = StdRng::seed_from_u64(seed);
        Self { current: first, previous: None, used, remembered: Vec::new(), random }
    }

    /// The key that the device takes.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Whether a key is the current one, or the one before it if that is allowed too.
    pub fn fits(&self, key: &str, previous_too: bool) -> bool {
        key == self.current || (previous_too && self.previous.as_deref() == Some(key))
    }

    /// The next key: positive, random, never one that was (protocol/ikkm.md 6.1 item E4).
    pub fn move_on(&mut self, switches: &Switches) -> &str {
        let digits = switches.key_digits.clamp(MIN_DIGITS, MAX_DIGITS);
        let range = 10_u64.pow(digits - 1)..10_u64.pow(digits);
        let next = loop {
            let next = self.random.random_range(range.clone()).to_string();
            if !self.used.contains(&next) {
                break next;
            }
        };
        self.set(next);
        &self.current
    }

    /// The operator's key (protocol/ikkm.md 3.2).
    pub fn set(&mut self, key: String) {
        self.used.insert(key.clone());
        self.previous = Some(std::mem::replace(&mut self.current, key));
    }

    /// Remembers an answer; the oldest go when there are too many (protocol/ikkm.md 6.1 item E6).
    pub fn remember(&mut self, answered: Answered, depth: usize) {
        self.remembered.push(answered);
        let excess = if depth == 0 { 0 } else { self.remembered.len().saturating_sub(depth) };
        self.remembered.drain(..excess);
    }

    /// Forgets all answers.
    pub fn forget(&mut self) {
        self.remembered.clear();
    }

    /// The remembered answer to a call (protocol/ikkm.md 3.3).
    pub fn repeat_of(
        &self,
        key: &str,
        payload: &[(String, String)],
        criterion: RepeatCriterion,
    ) -> Option<&Answered> {
        let fits = |answered: &&Answered| match criterion {
            RepeatCriterion::Key => answered.key == key,
            RepeatCriterion::KeyAndPayload => answered.key == key && answered.payload == payload,
        };
        self.remembered.iter().rev().find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keys_never_come_again() {
        let switches = Switches { key_digits: MIN_DIGITS, ..Switches::default() };
        let mut keys = Keys::new(1, "100000".to_owned());
        let series: HashSet<_> = (0..5000).map(|_| keys.move_on(&switches).to_owned()).collect();
        assert_eq!(series.len(), 5000);
    }
}
