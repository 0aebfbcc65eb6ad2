//! The accounts and points that exist from the start, and those that a test adds.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use time::UtcOffset;
use uuid::Uuid;

use super::NAME;
use super::accounts::{Accounts, Association};
use super::points::{Point, PointData};
use super::switches::RegisterState;
use crate::frame::Refused;

const MAX_OFFSET_HOURS: i8 = 14;

/// What the vendor's back office would have set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The account; its password is made up if it is left out.
    pub account: SeedAccount,
    /// The retail point; without it only the account is added or changed.
    #[serde(default)]
    pub retail_point: Option<SeedPoint>,
}

/// An account to be added, or to get another password.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAccount {
    /// The login.
    pub login: String,
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
}

/// A retail point to be added; one that exists only gets another `register_state`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedPoint {
    /// Its id; made up if it is left out.
    pub id: Option<Uuid>,
    /// Its name.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// The name of its time zone.
    pub time_zone_id: Option<String>,
    /// The offset of that zone from UTC in hours.
    pub utc_offset_hours: Option<i8>,
    /// The state of its register, whatever the switch says (protocol/modulkassa.md 6.1 item 20).
    pub register_state: Option<RegisterState>,
}

/// One account with one point and its credentials: what a config is made of.
#[derive(Debug, Clone)]
pub struct Access {
    login: String,
    password: String,
    association: Association,
}

impl Access {
    /// The config for the client library.
    pub fn config(&self, url: &str) -> Value {
        json!({
            "vendor": NAME,
            "base_url": format!("{url}{}", super::BASE_PATH),
            "credentials": {
                "user_name": self.association.user_name,
                "password": self.association.password,
            },
            "account": { "login": self.login, "password": self.password },
            "retail_point_id": self.association.point,
        })
    }
}

/// The accounts and points that exist from the start: two owners, so that one can be refused the
/// other's point.
pub fn from_the_start(seed: u64) -> (Accounts, Vec<Access>) {
    const OWNERS: [(&str, &str, &str, &str, i8); 2] = [
        ("owner@shop.example", "Склад \"Север\"", "г. Тверь, ул. Примерная, 4", "Europe/Moscow", 3),
        (
            "owner@other.example",
            "Магазин \"Восток\"",
            "г. Новосибирск, ул. Образцовая, 9",
            "Asia/Novosibirsk",
            7,
        ),
    ];
    let mut accounts = Accounts::new(seed);
    let mut all = Vec::new();
    for (login, name, address, time_zone_id, hours) in OWNERS {
        let wanted = Seed {
            account: SeedAccount { login: login.to_owned(), password: None },
            retail_point: Some(SeedPoint {
                name: Some(name.to_owned()),
                address: Some(address.to_owned()),
                time_zone_id: Some(time_zone_id.to_owned()),
                utc_offset_hours: Some(hours),
                ..SeedPoint::default()
            }),
        };
        // The table above has nothing that could be refused.
        if let Ok(Seeded { access: Some(access), .. }) = add(&mut accounts, wanted) {
            all.push(access);
        }
    }
    (accounts, all)
}

/// What came of a seed.
#[derive(Debug)]
pub struct Seeded {
    /// The point, if it is new and needs a worker.
    pub new_point: Option<Arc<Point>>,
    /// The new access, if a point was added.
    pub access: Option<Access>,
}

/// Adds an account and a point.
pub fn add(accounts: &mut Accounts, seed: Seed) -> Result<Seeded, Refused> {
    let SeedAccount { login, password } = seed.account;
    let known = accounts.account(&login).map(|account| account.password.clone());
    let password = password.or(known).unwrap_or_else(|| accounts.new_password());
    let wanted = seed.retail_point.unwrap_or_default();
    let hours = wanted.utc_offset_hours.unwrap_or(3);
    let offset = UtcOffset::from_hms(hours, 0, 0).ok().filter(|_| hours.abs() <= MAX_OFFSET_HOURS);
    let offset = offset.ok_or_else(|| Refused::new("utc_offset_hours: from -14 to 14"))?;
    accounts.put_account(&login, &password);
    if let Some(point) = wanted.id.and_then(|id| accounts.point(id)) {
        *point.own_state.lock() = wanted.register_state;
        point.wake.notify_one();
        let point = point.clone();
        accounts.put_point(&login, point);
        return Ok(Seeded { new_point: None, access: None });
    }
    let id = wanted.id.unwrap_or_else(|| accounts.new_id());
    let data = PointData {
        name: wanted.name.unwrap_or_else(|| "Point".to_owned()),
        address: wanted.address.unwrap_or_default(),
        inn: "7700123459".to_owned(),
        time_zone_id: wanted.time_zone_id.unwrap_or_else(|| "Europe/Moscow".to_owned()),
        offset,
        payments_address: "https://shop.example".to_owned(),
    };
    let point = Arc::new(Point::new(id, data, accounts.new_seed()));
    *point.own_state.lock() = wanted.register_state;
    accounts.put_point(&login, point.clone());
    let association = accounts.associate(id, None);
    let access = Access { login, password, association };
    Ok(Seeded { new_point: Some(point), access: Some(access) })
}
