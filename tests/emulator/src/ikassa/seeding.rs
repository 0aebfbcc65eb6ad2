//! The client and the registers that exist from the start, and those that a test adds.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::NAME;
use super::codes::Codes;
use super::grants::Grants;
use super::register::Register;
use super::state::{Client, State};
use super::switches::Switches;
use crate::frame::Refused;

const CLIENT_ID: &str = "demo-client";
const CLIENT_SECRET: &str = "demo-secret";
const CASHIER: &str = "Sidorova A. V.";
const UNP: &str = "100000001";
const FIRST_NUMBER: u32 = 119_000_001;
const LAST_NUMBER: u32 = 999_999_999;
const LEAST_NUMBER: u32 = 100_000_000;

/// What the vendor's cabinet and support would have set up.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    client: SeedClient,
    register: SeedRegister,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeedClient {
    client_id: String,
    client_secret: Option<String>,
}

impl Default for SeedClient {
    fn default() -> Self {
        Self { client_id: CLIENT_ID.to_owned(), client_secret: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeedRegister {
    number: Option<String>,
    unp: String,
    bound: bool,
    refresh_token: Option<String>,
}

impl Default for SeedRegister {
    fn default() -> Self {
        Self { number: None, unp: UNP.to_owned(), bound: true, refresh_token: None }
    }
}

/// A client with a register: what a config is made of.
#[derive(Debug, Clone)]
pub struct Access {
    client_id: String,
    number: u32,
    refresh_token: Option<String>,
}

impl Access {
    /// The config for the client library; no refresh token where a login has to come first.
    pub fn config(&self, url: &str) -> Value {
        let mut config = json!({
            "vendor": NAME,
            "base_url": url,
            "cashier": CASHIER,
            "client_id": self.client_id,
            "register": self.number.to_string(),
        });
        if let Some(token) = &self.refresh_token {
            config["refresh_token"] = token.clone().into();
        }
        config
    }
}

/// One register that is bound and has a refresh token, and one that waits for a login.
pub fn from_the_start(seed: u64, now: OffsetDateTime, switches: &Switches) -> (State, Vec<Access>) {
    let mut state = State {
        clients: BTreeMap::new(),
        codes: Codes::new(seed),
        grants: Grants::new(seed),
        registers: Vec::new(),
        render_authorizations: 0,
    };
    let seeds = [true, false]
        .map(|bound| Seed { register: SeedRegister { bound, ..SeedRegister::default() }, ..Seed::default() });
    // These seeds have nothing that could be refused.
    let access = seeds.into_iter().filter_map(|wanted| add(&mut state, wanted, seed, now, switches).ok());
    let access = access.collect();
    (state, access)
}

/// Adds a client and a register, or another login for a register that is there.
pub fn add(
    state: &mut State,
    wanted: Seed,
    seed: u64,
    now: OffsetDateTime,
    switches: &Switches,
) -> Result<Access, Refused> {
    let SeedClient { client_id, client_secret } = wanted.client;
    let SeedRegister { number, unp, bound, refresh_token } = wanted.register;
    if refresh_token.is_some() && !bound {
        return Err(Refused::new("refresh_token: only for a bound register"));
    }
    let number = match number {
        Some(text) => numbered(&text)?,
        None => {
            let highest = state.registers.iter().map(|register| register.number).max();
            highest.map_or(FIRST_NUMBER, |number| number + 1)
        }
    };
    let refresh_token = match bound {
        true => Some(state.grants.seed(&client_id, number, refresh_token, now, switches)?),
        false => None,
    };
    let secret = |client: Option<&Client>| client.map(|client| client.secret.clone());
    let secret = client_secret.or_else(|| secret(state.clients.get(&client_id)));
    let client = Client { secret: secret.unwrap_or_else(|| CLIENT_SECRET.to_owned()) };
    state.clients.insert(client_id.clone(), client);
    match state.register(number) {
        Some(register) => register.bound = bound,
        None => state.registers.push(Register::new(number, unp, bound, seed)),
    }
    Ok(Access { client_id, number, refresh_token })
}

fn numbered(text: &str) -> Result<u32, Refused> {
    let number = text.parse().ok().filter(|number| (LEAST_NUMBER..=LAST_NUMBER).contains(number));
    number.ok_or_else(|| Refused::new("number: nine digits, as text"))
}
