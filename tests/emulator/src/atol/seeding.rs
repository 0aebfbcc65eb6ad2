//! The users and groups that exist from the start, and those that a test adds.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::NAME;
use super::accounts::{Accounts, User};
use super::group::{Company, Group};
use super::operations::Protocol;
use crate::frame::Refused;

const PASSWORD_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const PASSWORD_LENGTH: usize = 9;
const DEFAULT_KKTS: usize = 2;

/// What the vendor's cabinet would have set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The user: a new one, or one that gets another password or is blocked.
    pub account: SeedAccount,
    /// A new group of the user's.
    #[serde(default)]
    pub group: Option<SeedGroup>,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAccount {
    login: String,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    blocked: bool,
}

/// A group; everything that is left out is made up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedGroup {
    code: Option<String>,
    protocol: Option<Protocol>,
    tax_id: Option<String>,
    tax_system: Option<String>,
    payment_address: Option<String>,
    email: Option<String>,
    kkts: Option<usize>,
}

/// A user with a group: what a config is made of.
#[derive(Debug, Clone)]
pub struct Access {
    login: String,
    password: String,
    group: Arc<Group>,
}

impl Access {
    /// The config for the client library.
    pub fn config(&self, url: &str) -> Value {
        let company = &self.group.company;
        json!({
            "vendor": NAME,
            "base_url": format!("{url}/possystem"),
            "monitoring_url": format!("{url}/api"),
            "login": self.login,
            "password": self.password,
            "group_code": self.group.code,
            "protocol": self.group.protocol,
            "company": {
                "tax_id": company.tax_id,
                "tax_system": company.tax_system,
                "payment_address": company.payment_address,
                "email": company.email,
            },
        })
    }
}

/// The users and groups that exist from the start: one on each protocol.
pub fn from_the_start(seed: u64, now: OffsetDateTime) -> (Accounts, Vec<Access>) {
    const SHOPS: [(&str, &str, Protocol, &str, &str); 2] = [
        ("demo-shop-v5", "demo-shop-ru_2001", Protocol::V5, "770000000007", "usn_income"),
        ("demo-shop-v4", "demo-shop-ru_1001", Protocol::V4, "7700000016", "osn"),
    ];
    let mut accounts = Accounts::new(seed);
    let mut all = Vec::new();
    for (login, code, protocol, tax_id, tax_system) in SHOPS {
        let account = SeedAccount { login: login.to_owned(), password: None, blocked: false };
        let group = SeedGroup {
            code: Some(code.to_owned()),
            protocol: Some(protocol),
            tax_id: Some(tax_id.to_owned()),
            tax_system: Some(tax_system.to_owned()),
            ..SeedGroup::default()
        };
        // The table above has nothing that could be refused.
        if let Ok(Some(access)) = add(&mut accounts, Seed { account, group: Some(group) }, seed, now) {
            all.push(access);
        }
    }
    (accounts, all)
}

/// Adds a user and a group; the new access, if there is a new group.
pub fn add(
    accounts: &mut Accounts,
    seed: Seed,
    of_emulator: u64,
    now: OffsetDateTime,
) -> Result<Option<Access>, Refused> {
    let mut random = StdRng::seed_from_u64(of_emulator.wrapping_add(accounts.groups.len() as u64));
    let SeedAccount { login, password, blocked } = seed.account;
    let new_group = seed.group.is_some();
    let wanted = seed.group.unwrap_or_default();
    let number = 3001 + accounts.groups.len();
    let code = wanted.code.clone().unwrap_or_else(|| format!("demo-shop-ru_{number}"));
    if new_group && accounts.group(&code).is_some() {
        return Err(Refused::new(format!("group: {code:?} is there already")));
    }
    let known = accounts.users.get(&login).map(|user| user.password.clone());
    let password = password.or(known).unwrap_or_else(|| new_password(&mut random));
    let user = accounts.users.entry(login.clone()).or_insert_with(|| User {
        password: String::new(),
        blocked,
        groups: Vec::new(),
    });
    password.clone_into(&mut user.password);
    user.blocked = blocked;
    if !new_group {
        return Ok(None);
    }
    user.groups.push(code.clone());
    let company = Company {
        tax_id: wanted.tax_id.unwrap_or_else(|| "7700000016".to_owned()),
        tax_system: wanted.tax_system.unwrap_or_else(|| "osn".to_owned()),
        payment_address: wanted.payment_address.unwrap_or_else(|| "https://demo-shop.example".to_owned()),
        email: wanted.email.unwrap_or_else(|| "shop@example.org".to_owned()),
    };
    let kkts = wanted.kkts.unwrap_or(DEFAULT_KKTS);
    let protocol = wanted.protocol.unwrap_or(Protocol::V5);
    let group = Arc::new(Group::new(&code, protocol, company, kkts, random.random(), now));
    accounts.groups.push(group.clone());
    Ok(Some(Access { login, password, group }))
}

fn new_password(random: &mut StdRng) -> String {
    let letter = |_| char::from(PASSWORD_LETTERS[random.random_range(0..PASSWORD_LETTERS.len())]);
    (0..PASSWORD_LENGTH).map(letter).collect()
}
