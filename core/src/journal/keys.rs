//! The keys that secrets in the journal are encrypted with: where they come from, and what an encrypted text
//! looks like.
//!
//! An encrypted text is `kassa1:KEY:TEXT`. KEY is the first 8 hexadecimal digits of a hash of the key, so that an
//! error can name the key that is missing; TEXT is nonce and XChaCha20-Poly1305 ciphertext in base64. Its place
//! (cash register, kind, name) is authenticated with it: moved to another place it cannot be read.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::chain::hex;
use crate::error::{Code, Error, Result};
use crate::trust;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// More than the reading of keys takes.
const STACK_BYTES: usize = 16_384;
const FORM: &str = "kassa1:";
/// Bytes of a key's hash in its name.
const NAME_BYTES: usize = 4;

/// What a place of keys must look like.
const PLACES: &str = "must be \"file:PATH\" or \"env:NAME\"";

/// Keys, the newest first. None: secrets are kept in clear.
#[derive(Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    name: String,
    cipher: XChaCha20Poly1305,
}

/// Where a secret is kept.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub register: &'a str,
    pub kind: &'static str,
    pub name: &'a str,
}

impl Spot<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.register, self.kind, self.name].join("\0").into_bytes()
    }
}

/// A kept text as it was.
pub(super) struct Opened {
    pub text: SecretString,
    /// False where the newest key did not write it.
    pub is_current: bool,
}

impl Keys {
    /// The keys at a place: `file:PATH` or `env:NAME`. One a line, the newest first, each 64 hexadecimal digits;
    /// empty lines and lines that begin with `#` do not count. Fails with what is wrong, without repeating a key.
    pub fn read(place: &str) -> std::result::Result<Self, String> {
        let keys = Self::parsed(place);
        overwrite_stack();
        keys
    }

    #[inline(never)]
    fn parsed(place: &str) -> std::result::Result<Self, String> {
        let text = match (place.strip_prefix("file:"), place.strip_prefix("env:")) {
            (Some(path), _) => {
                let bytes = Zeroizing::new(trust::read_private(Path::new(path))?);
                let text = std::str::from_utf8(&bytes).map_err(|_| "it holds something that is no text")?;
                SecretString::from(text)
            }
            (_, Some(name)) => {
                let text = std::env::var(name).ok().filter(|text| !text.is_empty());
                // Without the name: whoever mixed the two up wrote a key there.
                SecretString::from(text.ok_or("the environment has no variable of this name")?)
            }
            _ => return Err(PLACES.into()),
        };
        let lines = text.expose_secret().lines().map(str::trim).enumerate();
        let given = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let keys = given.map(|(at, line)| Key::read(line).ok_or_else(|| no_key(at + 1)));
        let keys = keys.collect::<std::result::Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err("it has no key".into()) } else { Ok(Self(keys)) }
    }

    /// A text as it is to be kept at a spot.
    pub(super) fn close(&self, spot: Spot<'_>, text: &str) -> Result<SecretString> {
        match self.0.first() {
            Some(newest) => newest.close(spot, text).map(SecretString::from),
            None => Ok(text.into()),
        }
    }

    /// A text that is kept at a spot, as it was given.
    pub(super) fn open(&self, spot: Spot<'_>, kept: &SecretString) -> Result<Opened> {
        let Some(named) = kept.expose_secret().strip_prefix(FORM) else {
            return Ok(Opened { text: kept.clone(), is_current: self.0.is_empty() });
        };
        let (name, text) = named.split_once(':').unwrap_or((named, ""));
        let (at, key) =
            self.0.iter().enumerate().find(|(_, key)| key.name == name).ok_or_else(|| unknown(name))?;
        let text = key.open(spot, text).ok_or_else(|| damaged(spot))?;
        Ok(Opened { text, is_current: at == 0 })
    }
}

impl Key {
    fn read(line: &str) -> Option<Self> {
        if line.len() != 2 * KEY_BYTES || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(line.get(at..at + 2)?, 16).ok()?;
        }
        let hash = Sha256::new().chain_update("kassa journal key").chain_update(key.as_slice()).finalize();
        let name = hex(hash.get(..NAME_BYTES)?);
        Some(Self { name, cipher: XChaCha20Poly1305::new_from_slice(key.as_slice()).ok()? })
    }

    fn close(&self, spot: Spot<'_>, text: &str) -> Result<String> {
        let internal =
            |cause: &dyn std::fmt::Display| Error::new(Code::Internal, format!("no encryption: {cause}"));
        let nonce = XNonce::try_generate().map_err(|error| internal(&error))?;
        let payload = Payload { msg: text.as_bytes(), aad: &spot.bytes() };
        let sealed = self.cipher.encrypt(&nonce, payload).map_err(|error| internal(&error))?;
        Ok(format!("{FORM}{}:{}", self.name, BASE64.encode([nonce.as_slice(), &sealed].concat())))
    }

    fn open(&self, spot: Spot<'_>, text: &str) -> Option<SecretString> {
        let bytes = BASE64.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
        let payload = Payload { msg: sealed, aad: &spot.bytes() };
        let text = Zeroizing::new(self.cipher.decrypt(&XNonce::try_from(nonce).ok()?, payload).ok()?);
        std::str::from_utf8(&text).ok().map(SecretString::from)
    }
}

/// True for an encrypted text.
pub(super) fn is_closed(kept: &str) -> bool {
    kept.starts_with(FORM)
}

/// Why nothing opens an encrypted text.
pub(super) fn missing(kept: &str) -> Error {
    unknown(kept.strip_prefix(FORM).and_then(|named| named.split(':').next()).unwrap_or_default())
}

/// Overwrites what the last call left below it on the stack: a cipher is moved about there while it is made.
#[inline(never)]
fn overwrite_stack() {
    std::hint::black_box(&mut [0_u8; STACK_BYTES]);
}

fn no_key(line: usize) -> String {
    format!("line {line} is no key: it must be 64 hexadecimal digits (`openssl rand -hex 32` makes one)")
}

fn unknown(name: &str) -> Error {
    let message = format!(
        "secrets of the journal are encrypted with the key {name}, which `journal_key` does not have; nothing is sent without it"
    );
    Error::new(Code::JournalLocked, message)
}

fn damaged(spot: Spot<'_>) -> Error {
    let message =
        format!("the {} {} of the journal was changed: its key does not open it", spot.kind, spot.name);
    Error::new(Code::JournalDamaged, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOT: Spot<'_> = Spot { register: "shop", kind: "secret", name: "token" };

    fn keys(lines: &[&str]) -> Keys {
        Keys(lines.iter().filter_map(|line| Key::read(line)).collect())
    }

    #[test]
    fn what_a_key_closed_only_it_opens_and_only_there() -> Result<()> {
        let (old, new) = ("ab".repeat(KEY_BYTES), "0C".repeat(KEY_BYTES));
        let closed = keys(&[&old]).close(SPOT, "Bearer 1")?;
        assert!(!closed.expose_secret().contains("Bearer"));
        assert_ne!(closed.expose_secret(), keys(&[&old]).close(SPOT, "Bearer 1")?.expose_secret());
        for (lines, is_current) in [(vec![&*old], true), (vec![&*new, &*old], false)] {
            let opened = keys(&lines).open(SPOT, &closed)?;
            assert_eq!((opened.text.expose_secret(), opened.is_current), ("Bearer 1", is_current));
        }
        let code = |keys: Keys, spot, kept: &str| keys.open(spot, &kept.into()).err().map(|error| error.code);
        let kept = closed.expose_secret();
        for stranger in [keys(&[]), keys(&[&new])] {
            assert_eq!(code(stranger, SPOT, kept), Some(Code::JournalLocked));
        }
        let elsewhere = [
            Spot { register: "shop2", ..SPOT },
            Spot { kind: "binding", ..SPOT },
            Spot { name: "tokens", ..SPOT },
        ];
        for spot in elsewhere {
            assert_eq!(code(keys(&[&old]), spot, kept), Some(Code::JournalDamaged));
        }
        for cut in [kept.len() - 1, kept.len() - 30, FORM.len() + 9] {
            assert_eq!(code(keys(&[&old]), SPOT, &kept[..cut]), Some(Code::JournalDamaged), "{cut}");
        }
        Ok(())
    }

    #[test]
    fn what_is_in_clear_is_read_and_counts_as_old_where_there_is_a_key() -> Result<()> {
        for (keys, is_current) in [(keys(&[]), true), (keys(&[&"ab".repeat(KEY_BYTES)]), false)] {
            let opened = keys.open(SPOT, &"in clear".into())?;
            assert_eq!((opened.text.expose_secret(), opened.is_current), ("in clear", is_current));
        }
        Ok(())
    }

    #[test]
    fn a_wrong_place_is_told_without_what_it_holds() {
        for (place, why) in
            [("0123", PLACES), ("env:KASSA_NO_SUCH_KEY", "no variable"), ("file:/nowhere", "")]
        {
            let said = Keys::read(place).err();
            assert!(said.is_some_and(|said| said.contains(why)), "{place}");
        }
        assert!(
            Key::read(&"xy".repeat(KEY_BYTES)).is_none() && Key::read(&"ab".repeat(KEY_BYTES - 1)).is_none()
        );
    }
}
