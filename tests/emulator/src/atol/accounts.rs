//! Users and their groups (protocol/atol.md 1.2, 2.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::group::Group;
use super::operations::Protocol;
use super::tokens::Tokens;

/// One user of the service.
#[derive(Debug)]
pub struct User {
    /// The password.
    pub password: String,
    /// Whether the service shut the user out.
    pub blocked: bool,
    /// The user's groups by code.
    pub groups: Vec<String>,
}

/// All users, groups and tokens.
#[derive(Debug)]
pub struct Accounts {
    /// The users by login.
    pub users: BTreeMap<String, User>,
    /// The groups in the order in which they were added.
    pub groups: Vec<Arc<Group>>,
    /// The tokens.
    pub tokens: Tokens,
}

/// What a login and a password come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// They are right.
    Welcome,
    /// Error 12.
    Wrong,
    /// Error 14.
    Blocked,
    /// Error 21: the user has no group on this protocol.
    OtherProtocol,
}

impl Accounts {
    /// Nobody.
    pub fn new(seed: u64) -> Self {
        Self { users: BTreeMap::new(), groups: Vec::new(), tokens: Tokens::new(seed) }
    }

    /// A group by its code.
    pub fn group(&self, code: &str) -> Option<&Arc<Group>> {
        self.groups.iter().find(|group| group.code == code)
    }

    /// The groups of a user.
    pub fn groups_of<'a>(&'a self, login: &str) -> impl Iterator<Item = &'a Arc<Group>> {
        let codes = self.users.get(login).map(|user| user.groups.as_slice()).unwrap_or_default();
        self.groups.iter().filter(|group| codes.contains(&group.code))
    }

    /// Checks a login and a password (protocol/atol.md 4.1 item 7); monitoring has no protocol.
    pub fn log_in(&self, login: &str, password: &str, protocol: Option<Protocol>) -> Login {
        let Some(user) = self.users.get(login).filter(|user| user.password == password) else {
            return Login::Wrong;
        };
        if user.blocked {
            return Login::Blocked;
        }
        let speaks = |wanted| self.groups_of(login).any(|group| group.protocol == wanted);
        if protocol.is_none_or(speaks) { Login::Welcome } else { Login::OtherProtocol }
    }
}
