//! Log-in (protocol/ikassa.md 1.2): the device grant of RFC 8628, and tokens that all workers share.
//!
//! The refresh token changes with each use, so it is used under a lease and its successor is written
//! down before the new access token is used. A ready-made OAuth client does not fit: it demands
//! `verification_uri` and `token_type`, which this vendor is not known to send.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use super::config::{IkassaConfig, NAME};
use super::settling;
use super::vendor::Ikassa;
use crate::address;
use crate::error::{Code, Error, Result, VendorFault};
use crate::journal::chain::hex;
use crate::journal::now_ms;
use crate::receipt::words::words;
use crate::transport::lenient::{self, Scalar};
use crate::transport::{Answer, Request, can_be_sent, join, no_login};
use crate::vendor::{Context, token};

/// Secret: the tokens.
const TOKENS: &str = "tokens";
/// How often tokens that nobody else has are written at most.
const MOST_WRITES: u32 = 3;
/// Tokens that could not be written down, by where they belong, each with the refresh token that was spent for
/// them. The vendor gives them only once.
static UNWRITTEN: Mutex<BTreeMap<String, (Option<String>, Tokens)>> = Mutex::new(BTreeMap::new());
/// Secret: a log-in that waits for a person.
const PENDING: &str = "pending_login";
/// Seconds between two polls where the vendor names none (protocol/ikassa.md 1.2.1).
const INTERVAL_S: u64 = 5;
/// Seconds that each `slow_down` adds (protocol/ikassa.md 1.2.5).
const SLOWER_BY_S: u64 = 5;
/// How long before its end an access token is renewed, at most.
const RENEW_BEFORE_MS: i64 = 60_000;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

words! {
    /// Where a log-in stands.
    #[schemars(rename = "IkassaLoginState")]
    LoginState {
        /// The cash register is bound and may be used.
        Approved "approved",
        /// The person has not decided yet; call `finish_login` again.
        Pending "pending",
        /// The vendor asks to poll less often; call `finish_login` again later.
        SlowDown "slow_down",
        /// The code is too old; begin again with `start_login`.
        Expired "expired",
        /// The person refused; begin again with `start_login`.
        Denied "denied",
    }
}

/// What the caller runs on; the vendor shows it to the person.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartLogin {
    /// Operating system; absent means that of this process.
    #[schemars(length(min = 1, max = 100))]
    pub os: Option<String>,
    /// Its version (`unknown`).
    #[schemars(length(min = 1, max = 100))]
    pub os_version: Option<String>,
    /// Name of the device or till (`till`).
    #[schemars(length(min = 1, max = 100))]
    pub device: Option<String>,
    /// Name of the application (`kassa`).
    #[schemars(length(min = 1, max = 100))]
    pub application: Option<String>,
}

/// A log-in that a person has to approve.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IkassaStartedLogin")]
pub struct StartedLogin {
    /// The code that the person enters in the vendor's cabinet, where a cash register is bound to it.
    pub user_code: String,
    /// Where it is entered, where the vendor tells. Never anything but https, except on this machine (the emulator).
    pub verification_uri: Option<String>,
    /// The same with the code in it, where the vendor tells.
    pub verification_uri_complete: Option<String>,
    /// Seconds until the code ends.
    pub expires_in_s: u64,
    /// Seconds between two polls.
    pub interval_s: u64,
}

/// Where a log-in stands.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IkassaLogin")]
pub struct Login {
    /// Its state.
    pub state: LoginState,
    /// When `finish_login` may ask again, where the person has not decided.
    pub retry_after_ms: Option<u64>,
    /// Seconds until the access token ends, where the log-in is approved. It is renewed by itself.
    pub expires_in_s: Option<u64>,
}

impl Login {
    fn of(state: LoginState) -> Self {
        Self { state, retry_after_ms: None, expires_in_s: None }
    }

    fn approved(tokens: &Tokens) -> Self {
        Self { expires_in_s: Some(tokens.expires_in_s()), ..Self::of(LoginState::Approved) }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Tokens {
    access: Option<String>,
    refresh: Option<String>,
    /// When the access token ends, and from when on it is renewed; milliseconds since 1970.
    ends_at_ms: i64,
    renew_at_ms: i64,
    /// The configured refresh token when this was written; another one is newer.
    configured: Option<String>,
    /// By which client secret it was got, where it was got by one: see `token::mark`.
    #[serde(default)]
    mark: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    device_code: String,
    ends_at_ms: i64,
    interval_s: u64,
    next_poll_ms: i64,
}

/// Answers of both addresses; everything may be absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    device_code: Scalar,
    user_code: Scalar,
    verification_uri: Scalar,
    verification_uri_complete: Scalar,
    interval: Scalar,
    expires_in: Scalar,
    access_token: Scalar,
    refresh_token: Scalar,
    error: Scalar,
    error_description: Scalar,
}

fn number(scalar: &Scalar) -> Option<u64> {
    scalar.0.as_deref()?.parse().ok()
}

fn login_needed(why: &str) -> Error {
    Error::new(Code::LoginNeeded, why)
}

impl Tokens {
    /// The access token, where it is not the refused one and lives until `end`.
    fn living(&self, end: i64, refused: Option<&SecretString>) -> Option<SecretString> {
        let access = self.access.as_deref().filter(|token| now_ms() < end && can_be_sent(token))?;
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == access);
        (!is_refused).then(|| SecretString::from(access))
    }

    fn expires_in_s(&self) -> u64 {
        u64::try_from(self.ends_at_ms.saturating_sub(now_ms()) / 1_000).unwrap_or(0)
    }
}

/// The OAuth error of an answer (protocol/ikassa.md 1.2.5).
fn refused(answer: &Answer, body: &Body) -> Error {
    answer.sent.error(said_by(answer, body))
}

fn said_by(answer: &Answer, body: &Body) -> Error {
    let fault = VendorFault {
        name: NAME.into(),
        code: body.error.0.clone(),
        message: body.error_description.0.clone(),
        http_status: Some(answer.status),
    };
    let description = body.error_description.0.as_deref();
    let error = match body.error.0.as_deref() {
        // Whatever it says, it has no time.
        _ if answer.status == 429 || answer.status >= 500 => no_login(answer),
        Some("invalid_grant") => {
            login_needed("iKassa does not take the refresh token or device code any more")
        }
        Some("access_denied") => login_needed("the person refused the log-in"),
        Some("expired_token") => login_needed("the code is too old"),
        Some("authorization_pending" | "slow_down") => login_needed("the person has not decided yet"),
        Some("invalid_client" | "unauthorized_client") => {
            Error::new(Code::CredentialsRefused, "iKassa does not know this `client_id`")
        }
        Some(other) => Error::new(
            Code::CredentialsRefused,
            format!("iKassa refuses the log-in: {other}, {}", description.unwrap_or("without a description")),
        ),
        None => no_login(answer),
    };
    error.with_vendor(fault)
}

#[async_trait]
impl token::Login for Ikassa {
    fn place(&self) -> String {
        self.login_place()
    }

    async fn kept(
        &self,
        context: &Context<'_>,
        refused: Option<&SecretString>,
    ) -> Result<Option<SecretString>> {
        let tokens = self.tokens(context).await?;
        let is_unwritten = self.has_unwritten();
        // Only who has the lease may write them, so that is taken first.
        Ok(tokens.living(tokens.renew_at_ms, refused).filter(|_| !is_unwritten))
    }

    async fn renewed(&self, context: &Context<'_>, refused: Option<&SecretString>) -> Result<SecretString> {
        self.write_unwritten(context).await?;
        let tokens = self.tokens(context).await?;
        if let Some(living) = tokens.living(tokens.renew_at_ms, refused) {
            return Ok(living);
        }
        let old = tokens.living(tokens.ends_at_ms, refused);
        match (self.renew(context, tokens).await, old) {
            (Ok(renewed), _) => renewed.living(i64::MAX, None).ok_or_else(|| login_needed("no access token")),
            // It could not be renewed before its end; it still serves.
            (Err(_), Some(old)) => Ok(old),
            (Err(error), None) => Err(error),
        }
    }

    fn with(&self, request: Request, token: &SecretString) -> Request {
        request.header("authorization", format!("Bearer {}", token.expose_secret()).into())
    }

    fn is_refused(&self, answer: &Answer) -> bool {
        answer.status == 401
    }
}

impl Ikassa {
    /// Where the tokens are kept: by address too, since tokens of the emulator are none of the vendor's.
    fn login_place(&self) -> String {
        let address = self.accounts.authority();
        format!("ikassa-login:{address}:{}", self.register)
    }

    async fn kept_value<T: for<'de> Deserialize<'de>>(
        &self,
        context: &Context<'_>,
        name: &str,
    ) -> Result<Option<T>> {
        let kept = context.secrets.secret(&self.login_place(), name).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(kept.expose_secret()).ok()))
    }

    async fn keep<T: Serialize>(&self, context: &Context<'_>, name: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
        context.secrets.keep_secret(&self.login_place(), name, Some(text.into())).await
    }

    async fn forget_pending(&self, context: &Context<'_>) -> Result<()> {
        context.secrets.keep_secret(&self.login_place(), PENDING, None).await
    }

    /// The newest tokens: those of the journal, or those that could not be written there.
    async fn tokens(&self, context: &Context<'_>) -> Result<Tokens> {
        let kept: Tokens = self.kept_value(context, TOKENS).await?.unwrap_or_default();
        let newest = self.unwritten(&kept).unwrap_or(kept);
        // A token belongs to the secret that it was got by.
        let is_ours = self.config.client_credentials.is_none() || newest.mark == self.mark_of(&newest);
        Ok(if is_ours { newest } else { Tokens::default() })
    }

    /// The mark of tokens that were got by the configured client secret.
    fn mark_of(&self, tokens: &Tokens) -> Option<String> {
        let own = self.config.client_credentials.as_ref()?;
        Some(token::mark(tokens.access.as_deref()?, &own.client_secret))
    }

    fn has_unwritten(&self) -> bool {
        UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&self.login_place())
    }

    /// Tokens that the vendor gave for the kept ones and that could not be written.
    fn unwritten(&self, kept: &Tokens) -> Option<Tokens> {
        let unwritten = UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, tokens) = unwritten.get(&self.login_place())?;
        // Where the journal has others meanwhile, somebody logged in anew.
        (*of == kept.refresh).then(|| tokens.clone())
    }

    /// Writes down what could not be written before. To be called with the lease.
    async fn write_unwritten(&self, context: &Context<'_>) -> Result<()> {
        let kept: Tokens = self.kept_value(context, TOKENS).await?.unwrap_or_default();
        if let Some(tokens) = self.unwritten(&kept) {
            self.keep(context, TOKENS, &tokens).await?;
        }
        UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.login_place());
        Ok(())
    }

    async fn post(&self, context: &Context<'_>, path: &[&str], fields: &[(&str, &str)]) -> Result<Answer> {
        let request = Request::new(Method::POST, path.join("/"), join(&self.accounts, path)).form(fields);
        Ok(self.transport.send(&request, context.for_question()?).await?)
    }

    /// Refresh tokens to try, the newest first.
    fn refresh_tokens(&self, tokens: &Tokens) -> Vec<String> {
        let configured = self.config.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
        let configured = configured.filter(|token| tokens.configured.as_ref() != Some(token));
        let mut found: Vec<String> = configured.into_iter().collect();
        found.extend(tokens.refresh.clone().filter(|token| !found.contains(token)));
        found
    }

    /// Asks for new tokens and writes them down. To be called with the lease.
    async fn renew(&self, context: &Context<'_>, mut tokens: Tokens) -> Result<Tokens> {
        let configured = self.config.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
        if let Some(own) = &self.config.client_credentials {
            let fields = [
                ("client_id", self.config.client_id.as_str()),
                ("client_secret", own.client_secret.expose_secret()),
                ("grant_type", "client_credentials"),
                ("audience", &own.audience),
                ("scope", "api"),
            ];
            return self.exchange(context, &fields, &tokens).await;
        }
        // A journal that cannot be written is met before a token is spent.
        self.keep(context, TOKENS, &tokens).await?;
        for refresh in self.refresh_tokens(&tokens) {
            let fields = [
                ("client_id", self.config.client_id.as_str()),
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh),
            ];
            match self.exchange(context, &fields, &tokens).await {
                Err(error) if error.code == Code::LoginNeeded => {
                    // Spent or withdrawn: no worker needs to try it again.
                    tokens.refresh = tokens.refresh.filter(|kept| *kept != refresh);
                    tokens.configured.clone_from(&configured);
                    self.keep(context, TOKENS, &tokens).await?;
                }
                other => return other,
            }
        }
        Err(login_needed("there is no refresh token that iKassa takes"))
    }

    /// Exchanges a grant for tokens and writes them down before anybody uses them.
    async fn exchange(
        &self,
        context: &Context<'_>,
        fields: &[(&str, &str)],
        before: &Tokens,
    ) -> Result<Tokens> {
        let answer = self.post(context, &["oauth", "token"], fields).await?;
        let tokens = tokens_in(&answer, before)?;
        let tokens = Tokens {
            configured: self.config.refresh_token.as_ref().map(|token| token.expose_secret().to_owned()),
            mark: self.mark_of(&tokens),
            ..tokens
        };
        self.keep_surely(context, before, &tokens).await?;
        Ok(tokens)
    }

    /// Keeps tokens that nobody else has: the vendor took the old ones back. Where they cannot be written, they
    /// stay in memory, and every later call tries again.
    async fn keep_surely(&self, context: &Context<'_>, before: &Tokens, tokens: &Tokens) -> Result<()> {
        for _ in 1..MOST_WRITES {
            if self.keep(context, TOKENS, tokens).await.is_ok() {
                return Ok(());
            }
        }
        let written = self.keep(context, TOKENS, tokens).await;
        if written.is_err() {
            let kept: Option<Tokens> = self.kept_value(context, TOKENS).await.ok().flatten();
            let of = kept.map_or_else(|| before.refresh.clone(), |kept| kept.refresh);
            let unwritten = (of, tokens.clone());
            UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).insert(self.login_place(), unwritten);
        }
        written
    }

    /// Renews the tokens now.
    pub async fn renew_now(&self, context: &Context<'_>) -> Result<Login> {
        let lease = context.secrets.lease(&self.login_place(), context.budget.ends()).await?;
        let renewed = async {
            self.write_unwritten(context).await?;
            let tokens = self.tokens(context).await?;
            self.renew(context, tokens).await
        };
        Ok(Login::approved(&lease.during(renewed).await?))
    }

    /// Asks for a code that a person approves (protocol/ikassa.md 1.2.1).
    pub async fn start_login(&self, context: &Context<'_>, on: &StartLogin) -> Result<StartedLogin> {
        let lease = context.secrets.lease(&self.login_place(), context.budget.ends()).await?;
        lease.during(self.code_for(context, on)).await
    }

    async fn code_for(&self, context: &Context<'_>, on: &StartLogin) -> Result<StartedLogin> {
        let fields = [
            ("client_id", self.config.client_id.as_str()),
            ("scope", "offline"),
            ("_os", on.os.as_deref().unwrap_or(std::env::consts::OS)),
            ("_osVer", on.os_version.as_deref().unwrap_or("unknown")),
            ("_device", on.device.as_deref().unwrap_or("till")),
            ("_app", on.application.as_deref().unwrap_or("kassa")),
        ];
        let (pending, started) = code_in(&self.post(context, &["oauth", "device", "code"], &fields).await?)?;
        self.keep(context, PENDING, &pending).await?;
        Ok(started)
    }

    /// Polls until the person has decided, or until `until`.
    pub async fn finish_login(&self, context: &Context<'_>, until: Instant) -> Result<Login> {
        let mut waiting = LoginState::Pending;
        loop {
            let Some(pending) = self.kept_value::<Pending>(context, PENDING).await? else {
                let tokens = self.tokens(context).await?;
                return match tokens.access {
                    Some(_) => Ok(Login::approved(&tokens)),
                    None => Err(login_needed("no log-in was started")),
                };
            };
            if now_ms() >= pending.ends_at_ms {
                self.forget_pending(context).await?;
                return Ok(Login::of(LoginState::Expired));
            }
            let pause = u64::try_from(pending.next_poll_ms.saturating_sub(now_ms())).unwrap_or(0);
            // Where the clock went back, no longer than the interval.
            let pause = Duration::from_millis(pause).min(Duration::from_secs(pending.interval_s));
            if Instant::now() + pause > until {
                let retry_after_ms = u64::try_from(pause.as_millis()).ok();
                return Ok(Login { retry_after_ms, ..Login::of(waiting) });
            }
            sleep(pause).await;
            if let Some(login) = self.poll(context, &pending, &mut waiting).await? {
                return Ok(login);
            }
        }
    }

    /// One poll (protocol/ikassa.md 1.2.2), unless another worker polled meanwhile.
    async fn poll(
        &self,
        context: &Context<'_>,
        seen: &Pending,
        waiting: &mut LoginState,
    ) -> Result<Option<Login>> {
        let lease = context.secrets.lease(&self.login_place(), context.budget.ends()).await?;
        lease.during(self.poll_once(context, seen, waiting)).await
    }

    async fn poll_once(
        &self,
        context: &Context<'_>,
        seen: &Pending,
        waiting: &mut LoginState,
    ) -> Result<Option<Login>> {
        let pending = self.kept_value::<Pending>(context, PENDING).await?;
        let Some(mut pending) = pending.filter(|now| now.next_poll_ms == seen.next_poll_ms) else {
            return Ok(None);
        };
        let fields = [
            ("client_id", self.config.client_id.as_str()),
            ("grant_type", DEVICE_CODE),
            ("device_code", &pending.device_code),
        ];
        let polled = self.exchange(context, &fields, &Tokens::default()).await;
        let error = match polled {
            Ok(tokens) => {
                self.forget_pending(context).await?;
                settling::forget(self, context).await?;
                return Ok(Some(Login::approved(&tokens)));
            }
            Err(error) => error,
        };
        let ended = match error.vendor.as_ref().and_then(|fault| fault.code.as_deref()) {
            Some("authorization_pending") => {
                *waiting = LoginState::Pending;
                None
            }
            Some("slow_down") => {
                *waiting = LoginState::SlowDown;
                pending.interval_s = pending.interval_s.saturating_add(SLOWER_BY_S);
                None
            }
            Some("expired_token") => Some(Ok(Login::of(LoginState::Expired))),
            Some("access_denied") => Some(Ok(Login::of(LoginState::Denied))),
            _ if matches!(error.code, Code::Unreachable | Code::AnswerNotUnderstood | Code::Limited) => None,
            _ => Some(Err(error)),
        };
        if let Some(ended) = ended {
            self.forget_pending(context).await?;
            return ended.map(Some);
        }
        pending.next_poll_ms = now_ms().saturating_add(seconds(pending.interval_s));
        self.keep(context, PENDING, &pending).await?;
        Ok(None)
    }
}

fn body_of(answer: &Answer) -> Body {
    lenient::object(&answer.body).unwrap_or_default()
}

/// The tokens of an answer; a refresh token that does not change stays in force.
pub(super) fn tokens_in(answer: &Answer, before: &Tokens) -> Result<Tokens> {
    let body = body_of(answer);
    let Some(access) = body.access_token.0.clone().filter(|_| answer.status < 300) else {
        return Err(refused(answer, &body));
    };
    // Without a figure it is used until it is refused.
    let lifetime =
        number(&body.expires_in).and_then(|s| i64::try_from(s).ok()).unwrap_or(i64::from(u32::MAX));
    let lifetime_ms = lifetime.saturating_mul(1_000);
    let ends_at_ms = now_ms().saturating_add(lifetime_ms);
    Ok(Tokens {
        access: Some(access),
        refresh: body.refresh_token.0.or_else(|| before.refresh.clone()),
        ends_at_ms,
        renew_at_ms: ends_at_ms - RENEW_BEFORE_MS.min(lifetime_ms / 5),
        configured: None,
        mark: None,
    })
}

/// The code of an answer: what is kept of it, and what the caller is told.
pub(super) fn code_in(answer: &Answer) -> Result<(Pending, StartedLogin)> {
    let body = body_of(answer);
    let (Some(device_code), Some(user_code), Some(expires_in_s), true) =
        (&body.device_code.0, &body.user_code.0, number(&body.expires_in), answer.status < 300)
    else {
        return Err(refused(answer, &body));
    };
    let interval_s = number(&body.interval).unwrap_or(INTERVAL_S);
    let pending = Pending {
        device_code: device_code.clone(),
        ends_at_ms: now_ms().saturating_add(seconds(expires_in_s)),
        interval_s,
        next_poll_ms: now_ms().saturating_add(seconds(interval_s)),
    };
    let started = StartedLogin {
        user_code: user_code.clone(),
        verification_uri: body.verification_uri.0.as_deref().and_then(address::link),
        verification_uri_complete: body.verification_uri_complete.0.as_deref().and_then(address::link),
        expires_in_s,
        interval_s,
    };
    Ok((pending, started))
}

fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}

/// What shows that two configurations mean the same cash register: a refresh token is of one log-in, and one cash
/// register is bound to that. It is a digest, so that the token itself stands nowhere else.
pub fn mark(config: &IkassaConfig) -> Option<String> {
    let token = config.refresh_token.as_ref()?;
    Some(format!("log-in {}", hex(&Sha256::digest(token.expose_secret()))))
}
