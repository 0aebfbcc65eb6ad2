//! `init`: makes a configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, Subcommand};
use kassa::client::messages::About;
use kassa::vendor::messages::Health;
use kassa::vendors::ikassa::{Login, LoginState, StartedLogin};
use kassa::vendors::modulkassa::Association;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::exit::Exit;
use crate::failure::{Failure, say};
use crate::out::{Done, Out, pretty};
use crate::place::NewFile;
use crate::questions::{Need, Question, SETUPS, Setup, secret};
use crate::terminal;
use crate::till::Till;

/// A device takes one request a second.
const DEVICE_PACE: Duration = Duration::from_millis(1_100);
const FORCE: &str = "force";
const OFFLINE: &str = "offline";
const FROM_INPUT: &str = "password-stdin";

/// Which vendor, and what is known already.
pub struct Init {
    setup: &'static Setup,
    answers: BTreeMap<&'static str, String>,
    force: bool,
    offline: bool,
    from_input: bool,
}

impl Subcommand for Init {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(SETUPS.iter().map(subcommand))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        SETUPS.iter().any(|setup| setup.vendor == name)
    }
}

fn subcommand(setup: &'static Setup) -> Command {
    let value = |question: &Question| {
        Arg::new(question.flag).long(question.flag).value_name("VALUE").help(question.asks)
    };
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let mut command = Command::new(setup.vendor).about(setup.about).args(setup.questions.iter().map(value));
    if let Some(secret) = &setup.secret {
        let help =
            "Read the secret from standard input; else from the environment or, unseen, from the terminal";
        command = command.arg(switch(FROM_INPUT, help)).after_help(format!(
            "The secret ({}) is never a flag: ${}, standard input or the terminal.",
            secret.asks.to_lowercase(),
            secret.variable
        ));
    }
    command
        .arg(switch(FORCE, "Write over a configuration that is there"))
        .arg(switch(OFFLINE, "Ask the vendor nothing"))
}

impl FromArgMatches for Init {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let missing = || Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (vendor, of) = matches.subcommand().ok_or_else(missing)?;
        let setup = SETUPS.iter().find(|setup| setup.vendor == vendor).ok_or_else(missing)?;
        let answer =
            |question: &Question| Some((question.flag, of.get_one::<String>(question.flag)?.clone()));
        Ok(Self {
            setup,
            answers: setup.questions.iter().filter_map(answer).collect(),
            force: of.get_flag(FORCE),
            offline: of.get_flag(OFFLINE),
            from_input: setup.secret.is_some() && of.get_flag(FROM_INPUT),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Asks, logs in or checks, writes the configuration.
pub async fn init(out: &mut Out, place: &Path, mut init: Init) -> Done {
    let mut file = NewFile::at(place, init.force)?;
    init.ask()?;
    let mut config = json!({ "vendor": init.setup.vendor });
    for question in init.setup.questions {
        if let Some(answer) = init.answers.get(question.flag).filter(|answer| !answer.is_empty()) {
            set(&mut config, question.place, answer);
        }
    }
    if let Some(asked) = &init.setup.secret {
        let given = secret(asked.asks, asked.variable, init.from_input)?;
        let other = asked.with_flag.filter(|(flag, _)| init.answers.contains_key(flag));
        set(&mut config, other.map_or(asked.place, |(_, place)| place), given.expose_secret());
    }
    let said = if init.offline { None } else { Some(agree(&mut config).await?) };
    let about = Till::open(&config.to_string())?.client.about();
    file.write(&format!("{}\n", pretty(&config.to_string())))?;
    file.keep()?;
    tell(out, place, &about, said.as_deref())
}

impl Init {
    /// Asks what no flag answers.
    fn ask(&mut self) -> Result<(), Failure> {
        let is_open = |question: &&Question| match question.need {
            Need::Required(other) => {
                !self.answers.contains_key(question.flag) && !self.answers.contains_key(other)
            }
            Need::Optional => !self.answers.contains_key(question.flag) && terminal::is_there(),
            Need::FlagOnly => false,
        };
        let open: Vec<&'static Question> = self.setup.questions.iter().filter(is_open).collect();
        if !open.is_empty() && !terminal::is_there() {
            let flags: Vec<String> = open.iter().map(|question| format!("--{}", question.flag)).collect();
            return Err(Failure::usage(
                "there is no terminal to ask what is needed",
                format!("Give {}.", flags.join(", ")),
            ));
        }
        for question in open {
            let answer = terminal::ask(question.asks)?;
            if answer.is_empty() && question.need != Need::Optional {
                let advice = format!("Begin again, or give --{}.", question.flag);
                return Err(Failure::usage(format!("{}: nothing was typed", question.asks), advice));
            }
            self.answers.insert(question.flag, answer);
        }
        Ok(())
    }
}

/// Puts a value into its place.
fn set(config: &mut Value, place: &str, value: &str) {
    let mut at = config;
    for name in place.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[name];
    }
    *at = value.into();
}

/// Logs in, associates or checks; gives back what to tell of it. What the vendor gave is in the configuration then.
async fn agree(config: &mut Value) -> Result<String, Failure> {
    match config["vendor"].as_str() {
        Some("modulkassa") if config["account"].is_object() => return associate(config).await,
        Some("ikkm") if config["register"].is_null() => name_device(config).await?,
        Some("ikassa") => log_in(&Till::open(&config.to_string())?).await?,
        _ => {}
    }
    let till = Till::open(&config.to_string())?;
    let health: Health = till.call("health", &json!({})).await?.read()?;
    Ok(if health.ready { health.message } else { format!("not ready yet: {}", health.message) })
}

/// A client that leaves nothing in the journal: who the cash register is, is not known yet.
fn stranger(config: &Value) -> Result<Till, Failure> {
    let mut config = config.clone();
    config["journal"] = "memory:".into();
    Till::open(&config.to_string())
}

async fn associate(config: &mut Value) -> Result<String, Failure> {
    let made: Association = stranger(config)?.call("associate", &json!({})).await?.read()?;
    if let Some(config) = config.as_object_mut() {
        config.remove("account");
    }
    config["credentials"] = json!({ "user_name": made.user_name, "password": made.password });
    let point: Vec<String> = [made.name, made.address].into_iter().flatten().collect();
    Ok(format!("associated with {}", point.join(", ")))
}

async fn name_device(config: &mut Value) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Info {
        serial_number: Option<String>,
    }
    let info: Info = stranger(config)?.call("info", &json!({})).await?.read()?;
    if let Some(number) = info.serial_number {
        config["register"] = number.into();
    }
    // The next client knows nothing of this one's request.
    sleep(DEVICE_PACE).await;
    Ok(())
}

async fn log_in(till: &Till) -> Result<(), Failure> {
    let started: StartedLogin = till.call("start_login", &json!({})).await?.read()?;
    let address = started.verification_uri.as_deref().unwrap_or("the vendor's cabinet");
    say(&format!(
        "Open {} and enter the code {} within {} minutes. Waiting for it.\n",
        kassa::shown(address),
        kassa::shown(&started.user_code),
        started.expires_in_s.div_ceil(60)
    ));
    let time = (started.expires_in_s * 1_000).min(3_600_000);
    let login: Login = till.call("finish_login", &json!({ "timeout_ms": time })).await?.read()?;
    match login.state {
        LoginState::Approved => Ok(()),
        state => Err(Failure::usage(
            format!("the log-in is `{}`", state.word()),
            "Begin again, and enter the code while it is good.",
        )),
    }
}

fn tell(out: &mut Out, place: &Path, about: &About, said: Option<&str>) -> Done {
    let About { vendor, register, journal, .. } = about;
    if out.json {
        out.line(
            &json!({ "config": place, "vendor": vendor, "register": register, "journal": journal, "said": said })
                .to_string(),
        )?;
        return Ok(Exit::Done);
    }
    out.line(&format!("{}: written, for its owner only.", place.display()))?;
    out.pairs(&[
        ("vendor", Some(vendor.clone())),
        ("cash register", Some(register.clone())),
        ("journal", Some(journal.clone())),
        ("the vendor", said.map(str::to_owned)),
    ])?;
    out.line("Next: kassa doctor")?;
    Ok(Exit::Done)
}
