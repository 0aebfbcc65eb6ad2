//! Device codes and what the human says to them (protocol/ikassa.md 1.2.1, 6.2 items 3 and 4).

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::{Duration, OffsetDateTime};

use super::grants::secret;
use super::oauth_errors::{DENIED, EXPIRED, INVALID_GRANT, OAuthError, PENDING, SLOW_DOWN};
use super::switches::Switches;
use crate::frame::Refused;

const USER_CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const USER_CODE_LENGTH: usize = 8;
const RFC_8628_BACK_OFF_S: i64 = 5;

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

/// All device codes.
#[derive(Debug)]
pub struct Codes {
    codes: HashMap<String, DeviceCode>,
    random: StdRng,
}

impl Codes {
    /// None; those to come follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { codes: HashMap::new(), random: StdRng::seed_from_u64(!seed) }
    }

    /// A device code and a user code (protocol/ikassa.md 6.2 item 3).
    pub fn issue(&mut self, client_id: &str, now: OffsetDateTime, switches: &Switches) -> (String, String) {
        let device_code = secret("dc", &mut self.random);
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
    pub fn answer(&mut self, user_code: &str, consent: Consent, now: OffsetDateTime) -> Result<(), Refused> {
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

    /// A poll with a device code (protocol/ikassa.md 6.2 item 4); the register, if it was approved.
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

    /// A device code ends now.
    pub fn expire(&mut self, device_code: &str, now: OffsetDateTime) {
        if let Some(code) = self.codes.get_mut(device_code) {
            code.expires = now;
        }
    }

    /// A device code is not known any more.
    pub fn forget(&mut self, device_code: &str) {
        self.codes.remove(device_code);
    }
}
