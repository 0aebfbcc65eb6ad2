//! Device codes, logins and their tokens (iKassa fact sheet 1.2, 6.2).

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::errors::{DENIED, EXPIRED, INVALID_GRANT, OAuthError, PENDING, SLOW_DOWN};
use super::switches::Switches;
use crate::frame::Refused;

const USER_CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const USER_CODE_LENGTH: usize = 8;
const RFC_8628_BACK_OFF_S: i64 = 5;
const TOKEN_TYPE: &str = "Bearer";

/// What the human said to a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing yet.
    Pending,
    /// No.
    Denied,
    /// Yes, with this register.
    Approved(u32),
    /// Yes, and the tokens were fetched.
    Spent,
}

#[derive(Debug)]
struct DeviceCode {
    client_id: String,
    user_code: String,
    expires: OffsetDateTime,
    interval_s: i64,
    polled: Option<OffsetDateTime>,
    consent: Consent,
}

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

/// The answer of the token endpoint (1.2.4).
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

/// All codes, logins and tokens.
#[derive(Debug)]
pub struct Grants {
    codes: HashMap<String, DeviceCode>,
    logins: Vec<Login>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    random: StdRng,
}

impl Grants {
    /// Nothing; what is to come follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            codes: HashMap::new(),
            logins: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// A device code and a user code (6.2 item 3).
    pub fn new_code(
        &mut self,
        client_id: &str,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> (String, String) {
        let device_code = self.secret("dc");
        let letter = |random: &mut StdRng| USER_CODE_LETTERS[random.random_range(0..USER_CODE_LETTERS.len())];
        let user_code: String = (0..USER_CODE_LENGTH).map(|_| char::from(letter(&mut self.random))).collect();
        let code = DeviceCode {
            client_id: client_id.to_owned(),
            user_code: user_code.clone(),
            expires: now + Duration::seconds(switches.device_expires_in),
            interval_s: switches.interval,
            polled: None,
            consent: Consent::Pending,
        };
        self.codes.insert(device_code.clone(), code);
        (device_code, user_code)
    }

    /// What the human says to a user code.
    pub fn answer_code(
        &mut self,
        user_code: &str,
        consent: Consent,
        now: OffsetDateTime,
    ) -> Result<(), Refused> {
        let plain = user_code.replace('-', "").to_ascii_uppercase();
        let mut codes = self.codes.values_mut();
        let code = codes.find(|code| code.user_code == plain && code.expires > now);
        let code = code.ok_or_else(|| Refused::new("user_code: unknown or expired"))?;
        if code.consent != Consent::Pending {
            return Err(Refused::new("user_code: answered already"));
        }
        code.consent = consent;
        Ok(())
    }

    /// A poll with a device code (6.2 item 4); the register, if it was approved.
    pub fn poll(
        &mut self,
        device_code: &str,
        client_id: &str,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> Result<u32, &'static OAuthError> {
        let code = self.codes.get_mut(device_code).filter(|code| code.client_id == client_id);
        let code = code.filter(|code| code.consent != Consent::Spent).ok_or(&INVALID_GRANT)?;
        if code.expires <= now {
            return Err(&EXPIRED);
        }
        let interval = Duration::seconds(code.interval_s);
        let too_close = code.polled.is_some_and(|last| now - last < interval);
        code.polled = Some(now);
        if code.consent == Consent::Denied {
            return Err(&DENIED);
        }
        if too_close && switches.slow_down {
            code.interval_s += if switches.slow_down_grows { RFC_8628_BACK_OFF_S } else { 0 };
            return Err(&SLOW_DOWN);
        }
        let Consent::Approved(register) = code.consent else {
            return Err(&PENDING);
        };
        code.consent = Consent::Spent;
        Ok(register)
    }

    /// Tokens for a new login (6.2 item 5).
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

    /// An access token of the other grant (1.3).
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

    /// New tokens for a refresh token (6.2 item 6).
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

    /// A token or code of any sort ends now.
    pub fn expire(&mut self, word: &str, now: OffsetDateTime) {
        if let Some(access) = self.access.get_mut(word) {
            access.expires = now;
        }
        if let Some(refresh) = self.refresh.get_mut(word) {
            refresh.expires = Some(now);
        }
        if let Some(code) = self.codes.get_mut(word) {
            code.expires = now;
        }
    }

    /// A token or code of any sort is not known any more.
    pub fn forget(&mut self, word: &str) {
        self.access.remove(word);
        self.refresh.remove(word);
        self.codes.remove(word);
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

    /// Opaque; the prefix is for the eyes of a person.
    fn secret(&mut self, prefix: &str) -> String {
        format!("{prefix}_{:032x}{:08x}", self.random.random::<u128>(), self.random.random::<u32>())
    }
}
