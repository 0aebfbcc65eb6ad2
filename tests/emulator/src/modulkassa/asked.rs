//! What every call of Modulkassa starts from and the answers that all of them give.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;

use super::accounts::{self, NoPoint};
use super::errors::{JSON, Refusal};
use super::points::Point;
use super::state::StoredDocument;
use super::switches::{RegisterState, Switches, UnknownDocument};
use super::{Modulkassa, NAME};
use crate::answers::Answer;
use crate::faults::Call;
use crate::server::SentPath;

/// One call: who asks, and under which switches it is answered.
pub struct Asked {
    /// The vendor.
    pub modulkassa: Arc<Modulkassa>,
    /// The switches when the call came.
    pub switches: Arc<Switches>,
    /// The form of error answers.
    pub refusal: Refusal,
    /// The credentials that came with it.
    pub who: Option<accounts::Basic>,
}

impl FromRequestParts<Arc<Modulkassa>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, modulkassa: &Arc<Modulkassa>) -> Result<Self, Infallible> {
        let switches = modulkassa.switches();
        let sent = parts.extensions.get::<SentPath>();
        let refusal = Refusal {
            bodies: switches.error_bodies,
            path: sent.map_or_else(|| parts.uri.path().to_owned(), |sent| sent.0.clone()),
            now: modulkassa.frame().clock.now(),
        };
        Ok(Self { modulkassa: modulkassa.clone(), switches, refusal, who: accounts::basic(&parts.headers) })
    }
}

impl Asked {
    /// The point of the association, if the credentials are right.
    pub fn point(&self) -> Option<Arc<Point>> {
        self.modulkassa.accounts.read().associated(self.who.as_ref())
    }

    /// 401.
    pub fn unauthorized(&self) -> Answer {
        self.refusal.says(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    /// The answer to an account that gets no point.
    pub fn no_point(&self, reason: NoPoint) -> Answer {
        match reason {
            NoPoint::Unauthorized => self.unauthorized(),
            NoPoint::NotFound => self.refusal.says(StatusCode::NOT_FOUND, "Retail point not found"),
            NoPoint::Forbidden => self.refusal.says(StatusCode::FORBIDDEN, "Access is denied"),
        }
    }

    /// The answer for an unknown or foreign document (protocol/modulkassa.md 6.1 item 10).
    pub fn no_document(&self) -> Answer {
        let status = match self.switches.unknown_document {
            UnknownDocument::NotFound => StatusCode::NOT_FOUND,
            UnknownDocument::BadRequest => StatusCode::BAD_REQUEST,
        };
        self.refusal.says(status, "Document not found")
    }

    /// 400.
    pub fn bad_request(&self, message: &str) -> Answer {
        self.refusal.says(StatusCode::BAD_REQUEST, message)
    }

    /// The status of a document.
    pub fn told(&self, document: &StoredDocument, state: RegisterState) -> Answer {
        match serde_json::to_vec(&document.told(&self.switches, state)) {
            Ok(body) => Answer::new(StatusCode::OK, JSON, body),
            Err(error) => self.refusal.says(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// Does the call with the scripted faults around it.
    pub async fn serve(&self, route: &str, keys: Vec<String>, work: impl Future<Output = Answer>) -> Answer {
        let call = Call { vendor: NAME, route, keys };
        let scripted = |status| self.refusal.scripted(status);
        self.modulkassa.frame().serve(call, scripted, work).await
    }

    /// Id and number of a document that a call is about.
    pub fn keys(&self, id: &str) -> Vec<String> {
        let mut keys = vec![id.to_owned()];
        if let Some(point) = self.point() {
            let queue = point.queue.lock();
            let document = queue.find(id).and_then(|index| queue.get(index));
            keys.extend(document.map(|document| document.receipt.doc_num.clone()));
        }
        keys
    }
}

/// 200 with a JSON body.
pub fn shown(body: &Value) -> Answer {
    Answer::new(StatusCode::OK, JSON, body.to_string())
}
