//! Where a PostgreSQL journal is, how it is reached, and how it is shown without its password.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Code, Error, Result};
use crate::trust;

/// Schemes of an address.
const SCHEMES: &[&str] = &["postgres://", "postgresql://"];
/// What libpq calls the check of a certificate and of the name in it, which is always made here.
const CHECKED: &[&str] = &["sslmode=verify-full", "sslmode=verify-ca"];
/// Time for a connection, unless the address says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that is silent for so long is probed, and given up when the probes stay unanswered.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Options that an address may have.
const OPTIONS: &[&str] = &[
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslmode",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];
const SSL_MODES: &[&str] = &["disable", "prefer", "require", "verify-ca", "verify-full"];

/// An address that was read.
pub struct Place {
    pub(super) config: Config,
    pub(super) plain: bool,
    /// The address without password and options.
    pub shown: String,
}

impl Place {
    /// True for a text that means to be an address of this engine.
    pub fn is_meant(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads an address. The error says what is wrong and repeats nothing of it: it may hold a password.
    pub fn read(text: &str) -> std::result::Result<Self, String> {
        if let Some(mistake) = option_mistake(text) {
            return Err(mistake);
        }
        let text = CHECKED.iter().fold(text.to_owned(), |text, word| text.replace(word, "sslmode=require"));
        let mut config: Config =
            text.parse().map_err(|_| "must look like \"postgres://USER:PASSWORD@HOST/DATABASE\"")?;
        // A standby answers too, and takes nothing.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let shown = shown(&config)?;
        let local =
            config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let plain = match config.get_ssl_mode() {
            SslMode::Disable => true,
            SslMode::Prefer => local,
            _ => false,
        };
        config.ssl_mode(if plain { SslMode::Disable } else { SslMode::Require });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("kassa");
        }
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE / 6).keepalives_retries(3);
        Ok(Self { config, plain, shown })
    }
}

/// The first option that cannot be used, by its name and never with its value.
fn option_mistake(text: &str) -> Option<String> {
    // What stands before an @ may be a password.
    let (_, behind) = text.rsplit_once('@').unwrap_or(("", text));
    let (_, options) = behind.split_once('?')?;
    let mut seen = BTreeSet::new();
    options.split('&').find_map(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        // The last one would count, and who reads the address sees the first.
        if OPTIONS.contains(&name) && !seen.insert(name) {
            return Some(format!("has the option `{name}` twice"));
        }
        let is_name = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let hint = match name {
            "sslmode" if SSL_MODES.contains(&value) => return None,
            "sslmode" => return Some(format!("`sslmode` must be one of {}", SSL_MODES.join(", "))),
            _ if OPTIONS.contains(&name) => return None,
            "sslrootcert" => "give the file of roots as `tls.ca_file` in the configuration",
            "schema" | "currentSchema" | "search_path" => "write `options=-c%20search_path%3DNAME`",
            "pgbouncer" => "docs/journal.md says what a pooler must keep",
            _ => "docs/journal.md says which there are",
        };
        Some(match is_name || name == "currentSchema" {
            true => format!("has the option `{name}`, which is not known here; {hint}"),
            false => format!("has an option that is not known here; {hint}"),
        })
    })
}

fn shown(config: &Config) -> std::result::Result<String, String> {
    let mut shown = "postgres://".to_owned();
    if let Some(user) = config.get_user() {
        let _ = write!(shown, "{user}@");
    }
    if config.get_hosts().is_empty() {
        return Err(
            "names no host; for a socket on this machine write \"postgres:///DATABASE?host=/DIRECTORY\""
                .into(),
        );
    }
    for (index, host) in config.get_hosts().iter().enumerate() {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        if name.contains('@') {
            return Err("has an @ that is not the one before the host; write %40 in the password".into());
        }
        let comma = if index == 0 { "" } else { "," };
        let port = config.get_ports().get(index).or(config.get_ports().first()).copied().unwrap_or(5432);
        let _ = write!(shown, "{comma}{name}:{port}");
    }
    if let Some(name) = config.get_dbname() {
        let _ = write!(shown, "/{name}");
    }
    Ok(shown)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// TLS with the system's verifier and one more root, as for the vendors.
pub(super) fn tls(ca_file: Option<&str>) -> Result<MakeRustlsConnect> {
    let unusable = |what: String| Error::new(Code::ConfigInvalid, what);
    let provider = Arc::new(ring::default_provider());
    let mut roots = Vec::new();
    if let Some(path) = ca_file {
        let pem = trust::read(path.as_ref()).map_err(|why| unusable(format!("tls.ca_file {path}: {why}")))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.push(certificate.map_err(|why| unusable(format!("tls.ca_file {path}: {why}")))?);
        }
        if roots.is_empty() {
            return Err(unusable(format!("tls.ca_file {path}: no certificate in it")));
        }
    }
    let failed = |error| unusable(format!("TLS for the journal cannot be set up: {error}"));
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone()).map_err(failed)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[allow(clippy::unwrap_used)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_password_and_no_options() {
        for (text, shown) in [
            ("postgres://shop:s3cret@db.example/kassa", "postgres://shop@db.example:5432/kassa"),
            (
                "postgresql://shop:s3%40cret@db.example:6000/kassa?sslmode=verify-full",
                "postgres://shop@db.example:6000/kassa",
            ),
            ("postgres://shop@db.example/kassa?password=s3cret", "postgres://shop@db.example:5432/kassa"),
            ("postgres://shop:s3/c?r@a:1,b:2/kassa", "postgres://shop@a:1,b:2/kassa"),
            ("postgres:///kassa?host=/run/postgresql", "postgres:///run/postgresql:5432/kassa"),
        ] {
            assert_eq!(Place::read(text).ok().map(|place| place.shown), Some(shown.into()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for text in
            ["postgres://shop:s3cret@db:port/kassa", "postgres:///kassa", "postgres://shop:s3@cret@db/kassa"]
        {
            let reason = Place::read(text).err().unwrap();
            assert!(!reason.contains("s3") && !reason.contains("cret"), "{reason}");
        }
    }

    #[test]
    fn an_option_that_cannot_be_used_is_named_without_its_value() {
        for (option, named) in [
            ("sslrootcert=/etc/s3cret.pem", "`sslrootcert`"),
            ("sslmode=allow", "`sslmode`"),
            ("sslmode=verify-full&sslmode=disable", "`sslmode` twice"),
            ("connect_timeout=5&pgbouncer=true", "`pgbouncer`"),
            ("schema=s3cret", "`schema`"),
        ] {
            let reason = Place::read(&format!("postgres://shop:s3@db/kassa?{option}")).err().unwrap();
            assert!(reason.contains(named) && !reason.contains("s3"), "{reason}");
        }
        // No option, but a password that was not written as one.
        let reason = Place::read("postgres://db/kassa?S3CRET").err().unwrap();
        assert!(!reason.contains("S3"), "{reason}");
    }

    #[test]
    fn plain_text_leaves_the_machine_only_where_the_address_says_so() {
        for (text, plain) in [
            ("postgres://localhost/kassa", true),
            ("postgres://127.0.0.1,[::1]/kassa", true),
            ("postgres:///kassa?host=/run/postgresql", true),
            ("postgres://localhost/kassa?sslmode=require", false),
            ("postgres://db.example/kassa", false),
            ("postgres://db.example/kassa?sslmode=prefer", false),
            ("postgres://localhost,db.example/kassa", false),
            ("postgres://localhost/kassa?hostaddr=192.0.2.1", false),
            ("postgres://db.example/kassa?sslmode=disable", true),
        ] {
            assert_eq!(Place::read(text).ok().map(|place| place.plain), Some(plain), "{text}");
        }
    }
}
