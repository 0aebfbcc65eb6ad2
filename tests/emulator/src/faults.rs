//! Scripted faults: which calls they match and how they are carried out, for all vendors.

use std::time::Duration;

use axum::http::StatusCode;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::answers::{Answer, Transport};
use crate::frame::Refused;

/// The route word that stands for every call of a vendor.
pub const ANY_ROUTE: &str = "*";
/// The route word of what the vendor sends to the shop.
pub const CALLBACK_ROUTE: &str = "callback";
/// The route word of the call that brings a receipt.
pub const SUBMIT_ROUTE: &str = "submit";
/// The route word of the call that gives tokens (ATOL, iKassa).
pub const TOKEN_ROUTE: &str = "token";
/// The route word of a connection that was accepted and not read yet (iKKM).
pub const CONNECT_ROUTE: &str = "connect";

/// What strikes the calls of a vendor in the cloud.
pub const CLOUD_ACTIONS: &[Action] = &[
    Action::Drop,
    Action::Delay,
    Action::Status,
    Action::Garbage,
    Action::Cut,
    Action::Empty,
    Action::Fail,
    Action::Twice,
    Action::BeforeAnswer,
];

/// The HTTP status of [`Action::Status`] when the rule names none.
pub const DEFAULT_STATUS: u16 = 502;
/// Bytes that are no answer of any vendor.
pub const GARBAGE: &[u8] = b"\x1f\x8b<<not json>>\xff";

/// When a fault strikes during a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the call has any effect (a gateway in front of the vendor).
    BeforeRecord,
    /// After a call had its effect; calls that were refused do not count.
    AfterRecord,
    /// On the way back, whatever the answer is.
    Answer,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Closes the connection without an answer.
    Drop,
    /// Waits `delay_ms` and goes on.
    Delay,
    /// Answers with `status`.
    Status,
    /// Answers 200 with bytes that are not JSON.
    Garbage,
    /// Sends the headers and half the body, then closes.
    Cut,
    /// Answers 200 with no body.
    Empty,
    /// The document itself fails at the register, with `failure_type` and `failure_message`.
    Fail,
    /// The callback is delivered twice.
    Twice,
    /// The callback is delivered before the submit is answered.
    BeforeAnswer,
    /// The device says that it is busy (iKKM).
    Busy,
    /// The device reboots; the connection is closed (iKKM).
    Reboot,
    /// Another program makes a sale with the current key first; the call goes on (iKKM).
    OtherWriter,
    /// The token of the call expires first; the call goes on (ATOL, iKassa).
    ExpireToken,
    /// The token of the call is forgotten first; the call goes on (ATOL, iKassa).
    ForgetToken,
    /// A poll for a token is told to slow down (iKassa).
    SlowDown,
    /// The answer comes under another `content_type`, HTML if none is named (iKassa).
    WrongContentType,
}

/// Which part of an answer [`Action::Cut`] spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Half the status line arrives.
    StatusLine,
    /// The headers arrive, no body.
    Headers,
    /// The headers and half the body arrive.
    Body,
    /// All arrives, under a `Content-Length` that is too large.
    Length,
}

/// The moment at which a rule is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// [`When::BeforeRecord`].
    BeforeRecord,
    /// [`When::AfterRecord`].
    AfterRecord,
    /// [`When::Answer`].
    Answer,
    /// A connection was accepted.
    Connect,
    /// The register works on a document.
    Register,
    /// A callback is being delivered.
    Delivery,
    /// A submit is about to be answered.
    EarlyDelivery,
    /// The token of a call is about to be looked at.
    Token,
}

/// One rule. Only `vendor`, `route` and `do` are required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The vendor's name.
    pub vendor: String,
    /// The call by its route word, [`ANY_ROUTE`] for all, [`CALLBACK_ROUTE`] for callbacks.
    pub route: String,
    /// When it strikes. By default before the record for `drop`, `delay` and `status`, on the
    /// answer for `garbage`, `cut` and `empty`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// What it does.
    #[serde(rename = "do")]
    pub action: Action,
    /// How many times it strikes; null for ever.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// How many matching calls pass first.
    #[serde(default)]
    pub skip: u64,
    /// Milliseconds to wait first; the whole of `delay`, and allowed with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The HTTP status of `status`, 502 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body, in place of the vendor's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The type of `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Retry-After` in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// Only calls about a document whose id or number contains this.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// The reason phrase of the answer, in place of the vendor's own (iKKM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What `cut` spoils, the body by default (iKKM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The vendor's word for the failure of `fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_type: Option<String>,
    /// The code of `fail` (ATOL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<i64>,
    /// The text of `fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
}

fn once() -> Option<u64> {
    Some(1)
}

impl Fault {
    /// A rule that strikes once.
    pub fn new(vendor: &str, route: &str, action: Action) -> Self {
        Self {
            vendor: vendor.to_owned(),
            route: route.to_owned(),
            when: None,
            action,
            times: once(),
            skip: 0,
            delay_ms: None,
            status: None,
            body: None,
            content_type: None,
            retry_after_s: None,
            matching: None,
            reason: None,
            part: None,
            failure_type: None,
            failure_code: None,
            failure_message: None,
        }
    }

    /// The same rule at another moment.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = Some(when);
        self
    }

    /// The moment at which this rule is looked up.
    pub fn stage(&self) -> Stage {
        if self.route == CONNECT_ROUTE {
            return Stage::Connect;
        }
        if self.is_about_delivery() {
            return Stage::Delivery;
        }
        let by_default = match self.action {
            Action::Fail => return Stage::Register,
            Action::Twice => return Stage::Delivery,
            Action::BeforeAnswer => return Stage::EarlyDelivery,
            Action::ExpireToken | Action::ForgetToken | Action::SlowDown => return Stage::Token,
            Action::Drop
            | Action::Delay
            | Action::Status
            | Action::Busy
            | Action::Reboot
            | Action::OtherWriter => When::BeforeRecord,
            Action::Garbage | Action::Cut | Action::Empty | Action::WrongContentType => When::Answer,
        };
        match self.when.unwrap_or(by_default) {
            When::BeforeRecord => Stage::BeforeRecord,
            When::AfterRecord => Stage::AfterRecord,
            When::Answer => Stage::Answer,
        }
    }

    /// Refuses a rule that could never strike or makes no sense.
    pub fn check(&self, routes: &[&str], failure_types: &[&str], actions: &[Action]) -> Result<(), Refused> {
        let route = self.route.as_str();
        let fits = match self.stage() {
            Stage::Register => route == SUBMIT_ROUTE || route == ANY_ROUTE,
            Stage::Delivery if self.is_about_delivery() => routes.contains(&route),
            Stage::Delivery | Stage::EarlyDelivery => route == CALLBACK_ROUTE,
            Stage::Token if self.action == Action::SlowDown => route == TOKEN_ROUTE,
            _ => route == ANY_ROUTE || (route != CALLBACK_ROUTE && routes.contains(&route)),
        };
        let known_failure = self.failure_type.as_deref().is_none_or(|f| failure_types.contains(&f));
        let status_fits =
            self.status.is_none_or(|s| StatusCode::from_u16(s).is_ok_and(|s| s.as_u16() >= 200));
        let happens = match self.stage() {
            Stage::Connect => matches!(self.action, Action::Drop | Action::Delay),
            _ => actions.contains(&self.action),
        };
        let problems = [
            (
                !fits,
                format!(
                    "route: {route:?} does not go with do {:?}; calls are {routes:?} and {ANY_ROUTE:?}, \
                fail goes with {SUBMIT_ROUTE:?}, twice and before_answer go with {CALLBACK_ROUTE:?}",
                    self.action
                ),
            ),
            (!happens, format!("do: {:?} does not happen here", self.action)),
            (!known_failure, format!("failure_type: one of {failure_types:?}")),
            (!status_fits, "status: from 200 to 999".to_owned()),
            (self.times == Some(0), "times: at least 1, or null for ever".to_owned()),
            (
                self.action == Action::Delay && self.delay_ms.is_none(),
                "delay_ms: required for delay".to_owned(),
            ),
        ];
        match problems.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, problem)) => Err(Refused::new(problem)),
            None => Ok(()),
        }
    }

    fn matches(&self, call: &Call<'_>, stage: Stage) -> bool {
        let about = |part: &String| call.keys.iter().any(|key| key.contains(part.as_str()));
        self.stage() == stage
            && self.vendor == call.vendor
            && (self.route == ANY_ROUTE || self.route == call.route)
            && self.matching.as_ref().is_none_or(about)
    }

    /// A callback is lost or late (ATOL).
    fn is_about_delivery(&self) -> bool {
        self.route == CALLBACK_ROUTE && matches!(self.action, Action::Drop | Action::Delay)
    }

    fn goes_on(&self) -> bool {
        matches!(self.action, Action::Delay | Action::OtherWriter)
    }

    fn answer(&self, honest: Option<&Answer>, refusal: &impl Fn(u16) -> Answer) -> Answer {
        let own = |status: StatusCode, default_type: &str, body: Vec<u8>| {
            let kind = self.content_type.as_deref().unwrap_or(default_type);
            let body = self.body.as_ref().map_or(body, |b| b.clone().into_bytes());
            Answer::new(status, kind, body)
        };
        let status = self.status.unwrap_or(DEFAULT_STATUS);
        match self.action {
            Action::Status => {
                let usual = refusal(status);
                let kind = usual.content_type.clone().unwrap_or_default();
                let mut answer = match self.body {
                    Some(_) => own(usual.status, &kind, Vec::new()),
                    None => usual,
                };
                answer.retry_after_s = self.retry_after_s;
                answer
            }
            Action::Garbage => own(StatusCode::OK, "application/json;charset=UTF-8", GARBAGE.to_vec()),
            Action::Empty => Answer::empty(StatusCode::OK),
            Action::WrongContentType => {
                let kind = self.content_type.clone().unwrap_or_else(|| "text/html".to_owned());
                let honest = honest.cloned().unwrap_or_else(|| refusal(status));
                Answer { content_type: Some(kind), ..honest }
            }
            Action::Cut => {
                Answer { transport: Transport::Cut, ..honest.cloned().unwrap_or_else(|| refusal(status)) }
            }
            _ => Answer::dropped(),
        }
    }
}

/// One call to a vendor, as far as faults are concerned.
#[derive(Debug)]
pub struct Call<'a> {
    /// The vendor's name.
    pub vendor: &'a str,
    /// The route word.
    pub route: &'a str,
    /// The document's id and number, where the call is about one.
    pub keys: Vec<String>,
}

/// The rules that are still active.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Adds rules after those that are there. Check them first.
    pub fn add(&self, faults: Vec<Fault>) {
        self.rules.lock().extend(faults);
    }

    /// The rules that are active, with the times that remain.
    pub fn active(&self) -> Vec<Fault> {
        self.rules.lock().clone()
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// The rules that strike this call now; each loses one of its times.
    pub fn take(&self, call: &Call<'_>, stage: Stage) -> Vec<Fault> {
        let mut rules = self.rules.lock();
        let mut taken = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.matches(call, stage)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            taken.push(rule.clone());
            if !rule.goes_on() {
                break;
            }
        }
        if !taken.is_empty() {
            rules.retain(|rule| rule.times != Some(0));
        }
        taken
    }

    /// Carries out what strikes this call now; an answer if the call ends with it.
    pub async fn interfere(
        &self,
        call: &Call<'_>,
        stage: Stage,
        honest: Option<&Answer>,
        refusal: &impl Fn(u16) -> Answer,
    ) -> Option<Answer> {
        for fault in self.take(call, stage) {
            if let Some(delay) = fault.delay_ms {
                tokio::time::sleep(Duration::from_millis(delay)).await;
            }
            if !fault.goes_on() {
                return Some(fault.answer(honest, refusal));
            }
        }
        None
    }
}
