//! A clock that nobody can set: the time since the machine was started.

use std::fs;
use std::time::Duration;

/// A moment of one start of one machine. On another machine, or after another start, it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SteadyTime {
    /// Which start of which machine.
    boot: String,
    /// Milliseconds since that start, suspended time included.
    ms: u64,
}

impl SteadyTime {
    /// Now; `None` where the system does not tell (it does on Linux).
    pub fn now() -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let seconds: f64 = uptime.split(' ').next()?.parse().ok()?;
        Some(Self {
            boot: boot.trim().into(),
            ms: Duration::try_from_secs_f64(seconds).ok()?.as_millis() as u64,
        })
    }

    /// How long ago it was; `None` where that is not known.
    pub fn age(&self) -> Option<Duration> {
        let now = Self::now().filter(|now| now.boot == self.boot)?;
        now.ms.checked_sub(self.ms).map(Duration::from_millis)
    }

    /// As it stands in a column.
    pub fn text(&self) -> String {
        format!("{} {}", self.boot, self.ms)
    }

    /// The moment of a column; `None` for a text of another form.
    pub fn parse(text: &str) -> Option<Self> {
        let (boot, ms) = text.split_once(' ')?;
        Some(Self { boot: boot.into(), ms: ms.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_an_age_at_its_own_machine_and_start_only() {
        assert_eq!(SteadyTime::parse("no number"), None);
        let elsewhere = SteadyTime::parse("another-start 17");
        assert_eq!(elsewhere.and_then(|moment| moment.age()), None);
        if let Some(now) = SteadyTime::now() {
            assert_eq!(SteadyTime::parse(&now.text()), Some(now.clone()));
            assert!(now.age().is_some_and(|age| age < Duration::from_secs(60)));
            let later = SteadyTime { ms: now.ms + 3_600_000, ..now };
            assert_eq!(later.age(), None);
        }
    }
}
