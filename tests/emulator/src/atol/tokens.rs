//! Tokens: at most so many live ones for a login, each for 24 hours
//! (protocol/atol.md 2.3, 4.1 items 5, 6 and 8).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::{Duration, OffsetDateTime};

use super::switches::Switches;

/// 96 bytes are the 128 characters that clients have seen.
const TOKEN_BYTES: usize = 96;

/// Which of the two services a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// `possystem`.
    Registration,
    /// Information about registers.
    Monitoring,
}

/// Why a token does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadToken {
    /// Error 10.
    Unknown,
    /// Error 11.
    Expired,
}

#[derive(Debug)]
struct Issued {
    login: String,
    service: Service,
    expires: OffsetDateTime,
}

#[derive(Debug, Default)]
struct Slots {
    tokens: Vec<String>,
    next: usize,
}

/// All tokens that were ever issued.
#[derive(Debug)]
pub struct Tokens {
    issued: HashMap<String, Issued>,
    slots: HashMap<(Service, String), Slots>,
    random: StdRng,
}

impl Tokens {
    /// No tokens; those to come follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { issued: HashMap::new(), slots: HashMap::new(), random: StdRng::seed_from_u64(seed) }
    }

    /// A token for a login: one that lives already, or a new one.
    pub fn issue(
        &mut self,
        service: Service,
        login: &str,
        now: OffsetDateTime,
        switches: &Switches,
    ) -> String {
        let service = if switches.tokens_shared { Service::Registration } else { service };
        let slots = self.slots.entry((service, login.to_owned())).or_default();
        let slot = slots.next % switches.token_replicas.max(1);
        slots.next += 1;
        let lives = |token: &&String| self.issued.get(*token).is_some_and(|issued| issued.expires > now);
        if let Some(token) = slots.tokens.get(slot).filter(lives) {
            return token.clone();
        }
        let bytes: [u8; TOKEN_BYTES] = self.random.random();
        let token = URL_SAFE_NO_PAD.encode(bytes);
        match slots.tokens.get_mut(slot) {
            Some(old) => token.clone_into(old),
            None => slots.tokens.push(token.clone()),
        }
        let expires = now + Duration::hours(switches.token_hours);
        self.issued.insert(token.clone(), Issued { login: login.to_owned(), service, expires });
        token
    }

    /// Whose token it is.
    pub fn login(
        &self,
        service: Service,
        token: Option<&str>,
        now: OffsetDateTime,
        shared: bool,
    ) -> Result<String, BadToken> {
        let issued = token.and_then(|token| self.issued.get(token));
        let issued = issued.filter(|issued| shared || issued.service == service).ok_or(BadToken::Unknown)?;
        if issued.expires > now { Ok(issued.login.clone()) } else { Err(BadToken::Expired) }
    }

    /// The token ends now.
    pub fn expire(&mut self, token: &str, now: OffsetDateTime) {
        if let Some(issued) = self.issued.get_mut(token) {
            issued.expires = now;
        }
    }

    /// The service has lost the token.
    pub fn forget(&mut self, token: &str) {
        self.issued.remove(token);
    }
}
