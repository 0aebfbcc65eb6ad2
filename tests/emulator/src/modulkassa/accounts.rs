//! Accounts and associations: who may call what (protocol/modulkassa.md 1.2, 6.1 items 6 to 9).

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::{Builder, Uuid};

use super::points::Point;

const PASSWORD_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const PASSWORD_LENGTH: usize = 12;

/// A login and a password as they come in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic {
    /// The login or the user name.
    pub login: String,
    /// The password.
    pub password: String,
}

/// An account of the back office.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its password.
    pub password: String,
    /// Its retail points.
    pub points: Vec<Uuid>,
}

/// Credentials of one application at one retail point.
#[derive(Debug, Clone)]
pub struct Association {
    /// A UUID that stays the same.
    pub user_name: String,
    /// A password that every call of `associate` renews.
    pub password: String,
    /// The retail point.
    pub point: Uuid,
}

type Application = (Uuid, Option<String>);

/// All accounts, points and associations.
#[derive(Debug)]
pub struct Accounts {
    accounts: HashMap<String, Account>,
    points: HashMap<Uuid, Arc<Point>>,
    order: Vec<Uuid>,
    associations: HashMap<String, Association>,
    user_names: HashMap<Application, String>,
    random: StdRng,
}

/// Why an account gets no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPoint {
    /// The login or the password is wrong: 401.
    Unauthorized,
    /// There is no such point: 404.
    NotFound,
    /// The point belongs to another account: 403.
    Forbidden,
}

impl Accounts {
    /// Nobody; user names and passwords will follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            accounts: HashMap::new(),
            points: HashMap::new(),
            order: Vec::new(),
            associations: HashMap::new(),
            user_names: HashMap::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// A new UUID from the seed.
    pub fn new_id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.random.random()).into_uuid()
    }

    /// A new seed for a register.
    pub fn new_seed(&mut self) -> u64 {
        self.random.random()
    }

    /// A new password from the seed.
    pub fn new_password(&mut self) -> String {
        let letter = |_| {
            let index = self.random.random_range(0..PASSWORD_LETTERS.len());
            char::from(PASSWORD_LETTERS[index])
        };
        (0..PASSWORD_LENGTH).map(letter).collect()
    }

    /// Adds an account, or gives it another password.
    pub fn put_account(&mut self, login: &str, password: &str) {
        let account = self
            .accounts
            .entry(login.to_owned())
            .or_insert_with(|| Account { password: String::new(), points: Vec::new() });
        password.clone_into(&mut account.password);
    }

    /// Adds a point to an account.
    pub fn put_point(&mut self, login: &str, point: Arc<Point>) {
        let id = point.id;
        if let Some(account) = self.accounts.get_mut(login)
            && !account.points.contains(&id)
        {
            account.points.push(id);
        }
        if self.points.insert(id, point).is_none() {
            self.order.push(id);
        }
    }

    /// All points in the order in which they were added.
    pub fn points(&self) -> impl Iterator<Item = &Arc<Point>> {
        self.order.iter().filter_map(|id| self.points.get(id))
    }

    /// A point by its id.
    pub fn point(&self, id: Uuid) -> Option<&Arc<Point>> {
        self.points.get(&id)
    }

    /// An account by its login.
    pub fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.get(login)
    }

    /// The points of an account, if login and password are right.
    pub fn points_of(&self, who: Option<&Basic>) -> Option<Vec<Arc<Point>>> {
        let account = self.authorized(who)?;
        Some(account.points.iter().filter_map(|id| self.points.get(id)).cloned().collect())
    }

    /// One point, if it belongs to the account.
    pub fn point_of(&self, who: Option<&Basic>, id: &str) -> Result<Arc<Point>, NoPoint> {
        let account = self.authorized(who).ok_or(NoPoint::Unauthorized)?;
        let point = Uuid::parse_str(id).ok().and_then(|id| self.points.get(&id));
        let point = point.ok_or(NoPoint::NotFound)?;
        if account.points.contains(&point.id) { Ok(point.clone()) } else { Err(NoPoint::Forbidden) }
    }

    fn authorized(&self, who: Option<&Basic>) -> Option<&Account> {
        let who = who?;
        self.accounts.get(&who.login).filter(|account| account.password == who.password)
    }

    /// Makes or renews the credentials of an application (protocol/modulkassa.md 6.1 item 7).
    pub fn associate(&mut self, point: Uuid, client_id: Option<String>) -> Association {
        let application = (point, client_id);
        let password = self.new_password();
        let known = self.user_names.get(&application).cloned();
        let user_name = known.unwrap_or_else(|| self.new_id().to_string());
        self.user_names.insert(application, user_name.clone());
        let association = Association { user_name: user_name.clone(), password, point };
        self.associations.insert(user_name, association.clone());
        association
    }

    /// The point of an association, if its credentials are right.
    pub fn associated(&self, who: Option<&Basic>) -> Option<Arc<Point>> {
        let who = who?;
        let association = self.associations.get(&who.login)?;
        if association.password != who.password {
            return None;
        }
        self.points.get(&association.point).cloned()
    }

    /// Deletes an association (protocol/modulkassa.md 6.1 item 8).
    pub fn dissociate(&mut self, user_name: &str) {
        self.associations.remove(user_name);
    }
}

/// Login and password of a request.
pub fn basic(headers: &HeaderMap) -> Option<Basic> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (login, password) = decoded.split_once(':')?;
    Some(Basic { login: login.to_owned(), password: password.to_owned() })
}
