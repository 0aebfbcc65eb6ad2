//! Calls with scripted faults around them (protocol/ikkm.md 6.2), and what they do to a device.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::http::request::Parts;

use super::codes::{BUSY, Code, DEVICE_ERROR, windows_1251};
use super::device::Device;
use super::endpoints::Request;
use super::fiscal::{self, Admitted};
use super::money::{TENGE, Tiyn};
use super::switches::{Cause, PaceAnswer, Switches};
use super::wire::{Arrival, HTML, Reply, TEXT};
use super::{Ikkm, NAME, calls};
use crate::faults::{Action, CONNECT_ROUTE, Call, DEFAULT_STATUS, Fault, GARBAGE, Part, Stage};

/// What another program sells.
const OTHER_SALE: Tiyn = 100 * TENGE;

/// The wire shortens some gaps between requests; that is not the client's fault.
const PACE_SLACK_PERCENT: u64 = 5;

const REFUSED: u16 = 400;

/// What a rule may use of the call that it strikes.
struct Struck<'a> {
    switches: &'a Switches,
    key: &'a str,
    honest: Option<&'a Reply>,
}

impl Ikkm {
    /// Whether a rule closes the connection before anything is read.
    pub async fn closes_at_once(&self, device: &Device) -> bool {
        let keys = vec![device.register().to_owned()];
        let call = Call { vendor: NAME, route: CONNECT_ROUTE, keys };
        for fault in self.frame().faults.take(&call, Stage::Connect) {
            delay(&fault).await;
            if fault.action == Action::Drop {
                return true;
            }
        }
        false
    }

    /// One request, answered.
    pub async fn reply(&self, device: &Device, head: &Parts, body: &[u8]) -> Reply {
        let switches = self.switches();
        if too_early(device, switches.pace_ms) {
            return match switches.pace_answer {
                PaceAnswer::Busy => calls::refused(BUSY, &switches),
                PaceAnswer::Close => Reply::nothing(),
            };
        }
        let request = Request::read(head, body, &switches);
        let mut keys = vec![device.register().to_owned()];
        if let Ok(request) = &request {
            keys.extend(request.key().map(str::to_owned));
            keys.push(request.in_path.clone());
        }
        match &request {
            Ok(request) => {
                let call = Call { vendor: NAME, route: request.route, keys };
                self.disturbed(device, &call, Ok(request)).await
            }
            Err((route, code)) => {
                let call = Call { vendor: NAME, route, keys };
                self.disturbed(device, &call, Err(*code)).await
            }
        }
    }

    async fn disturbed(&self, device: &Device, call: &Call<'_>, request: Result<&Request, Code>) -> Reply {
        let switches = self.switches();
        let key = request.ok().and_then(|request| request.key().ok()).unwrap_or_default();
        let occupied = request.is_ok_and(|request| self.occupies(device, request));
        let struck = Struck { switches: &switches, key, honest: None };
        let before = self.strike(device, call, Stage::BeforeRecord, &struck).await;
        if occupied && before.is_none() && switches.processing_ms > 0 {
            tokio::time::sleep(Duration::from_millis(switches.processing_ms)).await;
        }
        let honest = {
            let mut state = device.state.lock();
            state.working = state.working && !occupied;
            match (before, request) {
                (Some(reply), _) => return reply,
                (None, Ok(request)) => {
                    let switches = self.switches();
                    calls::answer(&mut state, &self.around(device, &switches), request, occupied)
                }
                (None, Err(code)) => calls::refused(code, &switches),
            }
        };
        let struck = Struck { honest: Some(&honest), ..struck };
        if honest.is_success()
            && let Some(reply) = self.strike(device, call, Stage::AfterRecord, &struck).await
        {
            return reply;
        }
        self.strike(device, call, Stage::Answer, &struck).await.unwrap_or(honest)
    }

    /// Whether the device works on this call from now on: others are told that it is busy
    /// (protocol/ikkm.md 6.1 item E19).
    fn occupies(&self, device: &Device, request: &Request) -> bool {
        if !request.endpoint.is_fiscal() {
            return false;
        }
        let switches = self.switches();
        let mut state = device.state.lock();
        let admitted = fiscal::admit(&state, &self.around(device, &switches), request, false);
        let occupies = matches!(admitted, Ok(Admitted::New(_)));
        state.working = state.working || occupies;
        occupies
    }

    /// Carries out the rules that strike now; a reply if the call ends with it.
    async fn strike(
        &self,
        device: &Device,
        call: &Call<'_>,
        stage: Stage,
        struck: &Struck<'_>,
    ) -> Option<Reply> {
        for fault in self.frame().faults.take(call, stage) {
            delay(&fault).await;
            match fault.action {
                Action::Delay => {}
                Action::OtherWriter => {
                    let mut state = device.state.lock();
                    fiscal::sell_by_other(&mut state, &self.around(device, struck.switches), OTHER_SALE);
                }
                Action::Reboot => {
                    device.reboot(struck.switches);
                    return Some(Reply::nothing());
                }
                _ => return Some(struck.reply(&fault)),
            }
        }
        None
    }
}

impl Struck<'_> {
    fn reply(&self, fault: &Fault) -> Reply {
        let mut reply = match fault.action {
            Action::Busy => calls::refused(BUSY, self.switches),
            Action::Status => self.status(fault.status.unwrap_or(DEFAULT_STATUS)),
            Action::Garbage => Reply::new(200, b"OK", TEXT, GARBAGE),
            Action::Empty => Reply { body: Vec::new(), ..self.honest_or_error() },
            Action::Cut => {
                let part = fault.part.unwrap_or(Part::Body);
                Reply { arrival: Arrival::Cut(part), ..self.honest_or_error() }
            }
            _ => return Reply::nothing(),
        };
        if let Some(reason) = &fault.reason {
            let reason = self.filled(reason);
            let encoded = match self.switches.cause {
                Cause::RussianWindows1251 => windows_1251(&reason),
                _ => reason.into_bytes(),
            };
            reply.reason = Some(encoded);
        }
        if let Some(body) = &fault.body {
            reply.body = self.filled(body).into_bytes();
        }
        if let Some(content_type) = &fault.content_type {
            reply.content_type.clone_from(content_type);
        }
        reply.retry_after_s = fault.retry_after_s;
        reply
    }

    fn honest_or_error(&self) -> Reply {
        self.honest.cloned().unwrap_or_else(|| calls::refused(DEVICE_ERROR, self.switches))
    }

    /// A success keeps the honest body, an error is the device's, the rest is a gateway's.
    fn status(&self, status: u16) -> Reply {
        let phrase = StatusCode::from_u16(status).ok().and_then(|known| known.canonical_reason());
        match status {
            200..300 => Reply { status, ..self.honest_or_error() },
            REFUSED => calls::refused(DEVICE_ERROR, self.switches),
            _ => {
                let phrase = phrase.unwrap_or_default();
                Reply::new(status, phrase.as_bytes(), HTML, format!("<html>{status} {phrase}</html>"))
            }
        }
    }

    /// `{body}` and `{reason}` of the honest answer, and the `{key}` that was sent.
    fn filled(&self, text: &str) -> String {
        let honest = self.honest_or_error();
        let reason = honest.reason.unwrap_or_default();
        text.replace("{body}", &String::from_utf8_lossy(&honest.body))
            .replace("{reason}", &String::from_utf8_lossy(&reason))
            .replace("{key}", self.key)
    }
}

async fn delay(fault: &Fault) {
    if let Some(delay_ms) = fault.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
}

/// More than one request in a while (protocol/ikkm.md 0.1, 6.1 item E20). One that is too early
/// counts for nothing.
fn too_early(device: &Device, pace_ms: u64) -> bool {
    let now = Instant::now();
    let gap = Duration::from_millis(pace_ms - pace_ms * PACE_SLACK_PERCENT / 100);
    let mut state = device.state.lock();
    let early = state.last_request.is_some_and(|last| now.duration_since(last) < gap);
    if !early {
        state.last_request = Some(now);
    }
    early
}
