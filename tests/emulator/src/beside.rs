//! What is there beside the emulator for a newcomer: a configuration that leads to it, and a command that runs while it does.

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::Emulator;

/// The exit code of a command that a signal ended: what shells make of it.
const ENDED_BY_SIGNAL: i32 = 128;

/// Writes the configuration of a vendor into a file for its owner only. The journal lies beside it, one for each emulator,
/// because a new emulator knows nothing of what the one before it recorded.
pub fn write_config(emulator: &Emulator, vendor: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let description = emulator.description();
    let mut config = emulator.config(vendor);
    let Some(settings) = config.as_object_mut() else {
        let known: Vec<&str> =
            description["vendors"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        return Err(format!("no vendor {vendor:?}; there are {}", known.join(", ")).into());
    };
    check_replaceable(path)?;
    let port = description["url"].as_str().and_then(|url| url.rsplit(':').next()).unwrap_or_default();
    let journal = std::env::current_dir()?.join(format!("kassa-emulator-{port}.sqlite"));
    settings.insert("vendor".into(), vendor.into());
    settings.insert("journal".into(), format!("sqlite:{}", journal.display()).into());
    // Made anew: the modes of a file that is there stay as they are.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{config:#}")?;
    Ok(())
}

/// A configuration of a real shop is not written over.
fn check_replaceable(path: &Path) -> Result<(), Box<dyn Error>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let config: Value = serde_json::from_str(&text).unwrap_or_default();
    let is_ours =
        |name: &str| config[name].as_str().is_some_and(|text| text.starts_with("http://127.0.0.1:"));
    let is_emulators = ["base_url", "address"].into_iter().any(is_ours)
        && config["journal"].as_str().is_some_and(|journal| journal.contains("/kassa-emulator-"));
    if is_emulators {
        return Ok(());
    }
    let path = path.display();
    Err(format!("{path} is there, and no emulator wrote it: nothing was changed; go to another folder, or move it away").into())
}

/// Runs a command until it ends or the emulator is told to stop; its exit code.
pub async fn run_command(
    program: &str,
    arguments: &[String],
    stopped: impl Future<Output = ()>,
) -> Result<u8, Box<dyn Error>> {
    let started = Command::new(program).args(arguments).kill_on_drop(true).spawn();
    let mut running = started.map_err(|error| format!("{program}: {error}"))?;
    let status = tokio::select! {
        status = running.wait() => status?,
        () = stopped => return Ok(u8::try_from(ENDED_BY_SIGNAL).unwrap_or(u8::MAX)),
    };
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().or(signal.map(|signal| ENDED_BY_SIGNAL + signal)).unwrap_or(ENDED_BY_SIGNAL);
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_an_emulator_wrote_is_replaced() {
        let folder = std::env::temp_dir().join(format!("kassa-beside-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("kassa.json");
        check_replaceable(&path).unwrap();
        let own = json!({"base_url": "http://127.0.0.1:80/api/fn", "journal": "sqlite:/a/kassa-emulator-80.sqlite"});
        for (text, is_replaceable) in [
            (own.to_string(), true),
            (json!({"base_url": "http://127.0.0.1:80/api/fn"}).to_string(), false),
            (json!({"environment": "production", "credentials": {}}).to_string(), false),
            ("not JSON".into(), false),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(check_replaceable(&path).is_ok(), is_replaceable, "{text}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
