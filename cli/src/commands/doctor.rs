//! `doctor`: looks for what is wrong, and says what to do.

use std::path::Path;
use std::time::Duration;

use kassa::client::messages::Metrics;
use kassa::config::Common;
use kassa::error::Kind;
use kassa::transport::Transports;
use kassa::vendor::messages::Health;
use kassa::vendors::{atol::AtolConfig, ikassa::IkassaConfig, modulkassa::ModulkassaConfig};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use url::Url;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Columns, Done, Out, Table};
use crate::till::{self, Till};

const COLUMNS: Columns = &[("CHECK", false), ("", false), ("FOUND", false)];
/// By how much the clock may be off before it is told, and before it is wrong.
const CLOCK_OFF_S: [u64; 2] = [30, 300];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warning,
    Wrong,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "WRONG",
        }
    }
}

/// What was found.
#[derive(Serialize)]
struct Check {
    check: &'static str,
    verdict: Verdict,
    found: String,
    advice: Option<String>,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.0.push(Check { check, verdict: Verdict::Ok, found: found.into(), advice: None });
    }

    fn add(
        &mut self,
        check: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.0.push(Check { check, verdict, found: found.into(), advice: Some(advice.into()) });
    }

    fn failed(&mut self, check: &'static str, failure: Failure) {
        let error = *failure.error;
        let violations = error.violations.iter().map(|one| format!("; {}: {}", one.path, one.message));
        let found = error.message + &violations.skip(1).collect::<String>();
        self.add(check, Verdict::Wrong, found, error.advice);
    }
}

/// Looks.
pub async fn doctor(out: &mut Out, place: &Path) -> Done {
    let mut checks = Checks::default();
    match till::config(place) {
        Err(failure) => checks.failed("configuration", failure),
        Ok(config) => look(&mut checks, place, &config).await,
    }
    let count = |verdict| checks.0.iter().filter(|check| check.verdict == verdict).count();
    let (warnings, wrong) = (count(Verdict::Warning), count(Verdict::Wrong));
    if out.json {
        out.line(&json!({ "wrong": wrong, "warnings": warnings, "checks": checks.0 }).to_string())?;
    } else {
        let mut table = Table::new(COLUMNS);
        for Check { check, verdict, found, advice } in checks.0 {
            table.row([check.into(), verdict.word().into(), found]);
            if let Some(advice) = advice {
                table.row([String::new(), String::new(), format!("-> {advice}")]);
            }
        }
        table.write(out)?;
        out.line(&format!("wrong: {wrong}, warnings: {warnings}"))?;
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Usage })
}

async fn look(checks: &mut Checks, place: &Path, config: &str) {
    let till = match Till::open(config) {
        Ok(till) => till,
        Err(failure) => {
            let check = if failure.error.kind == Kind::Journal { "journal" } else { "configuration" };
            return checks.failed(check, failure);
        }
    };
    let about = till.client.about();
    let shown = format!("{}: {}, cash register {}", place.display(), about.vendor, about.register);
    checks.ok("configuration", shown);
    checks.ok("mode", "only its owner can read the configuration");
    journal(checks, &till).await;
    reach(checks, config).await;
    health(checks, &till).await;
}

async fn journal(checks: &mut Checks, till: &Till) {
    let about = till.client.about();
    let counted = match till.call("metrics", &json!({})).await {
        Ok(answer) => answer.read::<Metrics>(),
        Err(failure) => return checks.failed("journal", failure),
    };
    let Ok(Metrics { journal: counted, .. }) = counted else { return };
    let of = |state: &str| counted.get(state).copied().unwrap_or_default();
    let (in_doubt, sending) = (of("in_doubt"), of("sending"));
    let waiting = of("queued") + of("accepted");
    if !about.durable {
        let advice = "Give `journal` a file: what is in doubt is forgotten with this process.";
        checks.add("journal", Verdict::Warning, format!("{} is not kept", about.journal), advice);
    } else {
        checks.ok("journal", format!("{}: {} receipts", about.journal, counted.values().sum::<u64>()));
    }
    if in_doubt + sending > 0 {
        let found = format!("{in_doubt} in doubt, {sending} being sent");
        let advice =
            "Look at `kassa list --state in_doubt`, settle with `kassa deliver` or `kassa resolve ID`.";
        checks.add("receipts", Verdict::Warning, found, advice);
    } else if waiting > 0 {
        checks.add("receipts", Verdict::Warning, format!("{waiting} wait"), "Have `kassa deliver` run.");
    } else {
        checks.ok("receipts", "none waits, none is in doubt");
    }
}

/// What leads to a vendor in the cloud.
#[derive(Deserialize)]
struct Road {
    vendor: String,
    #[serde(flatten)]
    common: Common,
}

/// Where the vendor is, where it is in the cloud.
fn address(vendor: &str, config: &str) -> Option<Url> {
    match vendor {
        "modulkassa" => kassa::read::<ModulkassaConfig>(config).ok()?.base(),
        "atol" => kassa::read::<AtolConfig>(config).ok()?.base(),
        "ikassa" => kassa::read::<IkassaConfig>(config).ok()?.api(),
        _ => None,
    }
}

/// TLS and the clock, by any answer from the vendor's address.
async fn reach(checks: &mut Checks, config: &str) {
    let Ok(Road { vendor, common }) = serde_json::from_str(config) else { return };
    let Some(url) = address(&vendor, config) else {
        return checks.ok("TLS", "none: the device is on the shop's own network");
    };
    let time = common.connect_timeout().max(Duration::from_secs(5));
    let host = url.host_str().unwrap_or_default().to_owned();
    let date = match Transports::default().get(&common, &url, Duration::ZERO) {
        Ok(transport) => transport.reach(&url, time).await,
        Err(error) => return checks.failed("TLS", error.into()),
    };
    let date = match date {
        Ok(date) => date,
        Err(failure) => {
            let advice = "Look at network, proxy (`proxy`, HTTPS_PROXY), firewall and roots (`tls.ca_file`).";
            return checks.add("TLS", Verdict::Wrong, format!("{host}: {}", failure.message), advice);
        }
    };
    match url.scheme() {
        "https" => checks.ok("TLS", format!("{host} answers, and its certificate is trusted")),
        _ => checks.ok("TLS", format!("none: {host} is this machine")),
    }
    if let Some(date) = date {
        clock(checks, (OffsetDateTime::now_utc() - date).whole_seconds());
    }
}

fn clock(checks: &mut Checks, off_s: i64) {
    let (by, [most, wrong]) = (off_s.unsigned_abs(), CLOCK_OFF_S);
    if by <= most {
        return checks.ok("clock", format!("within {most} s of the vendor's"));
    }
    let verdict = if by <= wrong { Verdict::Warning } else { Verdict::Wrong };
    let found = format!("{by} s {} the vendor's", if off_s > 0 { "ahead of" } else { "behind" });
    checks.add("clock", verdict, found, "Have the system keep the time (NTP).");
}

async fn health(checks: &mut Checks, till: &Till) {
    let health = match till.call("health", &json!({})).await {
        Ok(answer) => answer.read::<Health>(),
        Err(failure) => Err(failure),
    };
    match health {
        Ok(Health { ready: true, message, .. }) => {
            checks.ok("credentials", "the vendor takes them");
            checks.ok("cash register", message);
        }
        Ok(Health { message, .. }) => {
            checks.ok("credentials", "the vendor takes them");
            let advice = "Make it ready: power, network, paper, shift, log-in.";
            checks.add("cash register", Verdict::Warning, message, advice);
        }
        Err(failure) => {
            let is_theirs = matches!(failure.error.kind, Kind::Auth | Kind::Config);
            checks.failed(if is_theirs { "credentials" } else { "cash register" }, failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_and_far_off_is_wrong() {
        for (off_s, verdict, found) in [
            (-30, Verdict::Ok, "within 30 s"),
            (31, Verdict::Warning, "31 s ahead of the vendor's"),
            (-300, Verdict::Warning, "300 s behind the vendor's"),
            (-301, Verdict::Wrong, "301 s behind the vendor's"),
        ] {
            let mut checks = Checks::default();
            clock(&mut checks, off_s);
            let told: Vec<(Verdict, bool)> =
                checks.0.iter().map(|check| (check.verdict, check.found.contains(found))).collect();
            assert_eq!(told, [(verdict, true)], "{off_s}");
        }
    }
}
