//! Logins and their tokens (protocol/ikassa.md 1.2, 6.2).

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::oauth_errors::{INVALID_GRANT, OAuthError};
use super::switches::Switches;
use crate::frame::Refused;

const TOKEN_TYPE: &str = "Bearer";

/// One login; its tokens are a family.
#[derive(Debug)]
struct Login {
    client_id: String,
    register: Option<u32>,
    revoked: bool,
}

#[derive(Debug)]
struct Access {
    login: usize,
    expires: OffsetDateTime,
}

#[derive(Debug)]
struct Refresh {
    login: usize,
    spent: bool,
    expires: Option<OffsetDateTime>,
}

/// The answer of the token endpoint (protocol/ikassa.md 1.2.4).
#[derive(Debug, Serialize)]
pub struct Tokens {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    expires_in: i64,
    token_type: &'static str,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// An access token that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadToken;

/// All logins and tokens.
#[derive(Debug)]
pub struct Grants {
    logins: Vec<Login>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    random: StdRng,
}

impl Grants {
    /// Nothing; what is to come follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            logins: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// Tokens for a new login (protocol/ikassa.md 6.2 item 5).
    pub fn log_in(
        &mut self,
        client_id: &str,
        register: u32,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Tokens {
        let login = self.new_login(client_id, Some(register));
        let refresh = self.new_refresh(login, None, now, switches);
        self.tokens(login, Some(refresh), now, switches)
    }

    /// A refresh token for a login that was made before; random, if none is named.
    pub fn seed(
        &mut self,
        client_id: &str,
        register: u32,
        wanted: Option<String>,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Result<String, Refused> {
        if wanted.as_ref().is_some_and(|token| self.refresh.contains_key(token)) {
            return Err(Refused::new("refresh_token: is there already"));
        }
        let login = self.new_login(client_id, Some(register));
        Ok(self.new_refresh(login, wanted, now, switches))
    }

    /// An access token of the other grant (protocol/ikassa.md 1.3).
    pub fn by_credentials(
        &mut self,
        client_id: &str,
        register: Option<u32>,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Tokens {
        let login = self.new_login(client_id, register);
        let tokens = self.tokens(login, None, now, switches);
        Tokens { scope: "api", ttl: Some(switches.expires_in), ..tokens }
    }

    /// New tokens for a refresh token (protocol/ikassa.md 6.2 item 6).
    pub fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Result<Tokens, &'static OAuthError> {
        let refresh = self.refresh.get_mut(token).ok_or(&INVALID_GRANT)?;
        let (index, spent) = (refresh.login, refresh.spent);
        let login = self.logins.get_mut(index).ok_or(&INVALID_GRANT)?;
        let expired = refresh.expires.is_some_and(|end| end <= now);
        if login.client_id != client_id || login.revoked || expired {
            return Err(&INVALID_GRANT);
        }
        if spent {
            login.revoked = switches.reuse_revokes;
            return Err(&INVALID_GRANT);
        }
        refresh.spent = !switches.reuse_refresh;
        let next = match switches.reuse_refresh {
            true => token.to_owned(),
            false => self.new_refresh(index, None, now, switches),
        };
        Ok(self.tokens(index, Some(next), now, switches))
    }

    /// The register that an access token drives, if it drives one.
    pub fn register_of(&self, token: &str, now: OffsetDateTime) -> Result<Option<u32>, BadToken> {
        let access = self.access.get(token).filter(|access| access.expires > now).ok_or(BadToken)?;
        let login = self.logins.get(access.login).filter(|login| !login.revoked);
        login.map(|login| login.register).ok_or(BadToken)
    }

    /// A token of either sort ends now.
    pub fn expire(&mut self, word: &str, now: OffsetDateTime) {
        if let Some(access) = self.access.get_mut(word) {
            access.expires = now;
        }
        if let Some(refresh) = self.refresh.get_mut(word) {
            refresh.expires = Some(now);
        }
    }

    /// A token of either sort is not known any more.
    pub fn forget(&mut self, word: &str) {
        self.access.remove(word);
        self.refresh.remove(word);
    }

    /// All access tokens of a register end now.
    pub fn expire_access(&mut self, register: u32, now: OffsetDateTime) {
        for access in self.access.values_mut() {
            if self.logins.get(access.login).is_some_and(|login| login.register == Some(register)) {
                access.expires = access.expires.min(now);
            }
        }
    }

    /// All logins of a register end.
    pub fn revoke(&mut self, register: u32) {
        for login in self.logins.iter_mut().filter(|login| login.register == Some(register)) {
            login.revoked = true;
        }
    }

    fn new_login(&mut self, client_id: &str, register: Option<u32>) -> usize {
        self.logins.push(Login { client_id: client_id.to_owned(), register, revoked: false });
        self.logins.len() - 1
    }

    fn new_refresh(
        &mut self,
        login: usize,
        wanted: Option<String>,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> String {
        let token = wanted.unwrap_or_else(|| self.secret("rt"));
        let lifetime = Some(switches.refresh_expires_in).filter(|seconds| *seconds > 0);
        let expires = lifetime.map(|seconds| now + Duration::seconds(seconds));
        self.refresh.insert(token.clone(), Refresh { login, spent: false, expires });
        token
    }

    fn tokens(
        &mut self,
        login: usize,
        refresh_token: Option<String>,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Tokens {
        let access_token = self.secret("at");
        let expires = now + Duration::seconds(switches.expires_in);
        self.access.insert(access_token.clone(), Access { login, expires });
        Tokens {
            access_token,
            refresh_token,
            expires_in: switches.expires_in,
            token_type: TOKEN_TYPE,
            scope: "offline",
            ttl: None,
        }
    }

    fn secret(&mut self, prefix: &str) -> String {
        secret(prefix, &mut self.random)
    }
}

/// Opaque; the prefix is for the eyes of a person.
pub fn secret(prefix: &str, random: &mut StdRng) -> String {
    format!("{prefix}_{:032x}{:08x}", random.random::<u128>(), random.random::<u32>())
}
