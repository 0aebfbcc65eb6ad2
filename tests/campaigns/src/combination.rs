//! What the documentation leaves open about the device's memory of answers, in every combination.

use std::fmt;

use serde_json::{Map, Value, json};

/// How an iKKM device recognises a repeated call (protocol/ikkm.md 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Only the last answer is remembered, not all of them.
    pub only_last: bool,
    /// A reboot forgets the answers.
    pub is_volatile: bool,
    /// The parameters have to be the same too, not only the key.
    pub with_payload: bool,
    /// The state of the device is checked before a repeat is recognised.
    pub checked_last: bool,
}

const BOTH: [bool; 2] = [false, true];

impl Combination {
    /// All sixteen.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for only_last in BOTH {
            for is_volatile in BOTH {
                for with_payload in BOTH {
                    for checked_last in BOTH {
                        all.push(Self { only_last, is_volatile, with_payload, checked_last });
                    }
                }
            }
        }
        all
    }

    /// The emulator's switches for it; the device takes calls as fast as they come.
    pub fn switches(self) -> Map<String, Value> {
        let criterion = if self.with_payload { "key_and_payload" } else { "key" };
        Map::from_iter([
            ("repeat_depth".into(), json!(u8::from(self.only_last))),
            ("repeat_volatile".into(), json!(self.is_volatile)),
            ("repeat_criterion".into(), json!(criterion)),
            ("repeat_check".into(), json!(if self.checked_last { "last" } else { "first" })),
            ("pace_ms".into(), json!(0)),
        ])
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = if self.only_last { "one" } else { "many" };
        let memory = if self.is_volatile { "volatile" } else { "lasting" };
        let criterion = if self.with_payload { "payload" } else { "key" };
        let check = if self.checked_last { "last" } else { "first" };
        write!(f, "{depth},{memory},{criterion},{check}")
    }
}
