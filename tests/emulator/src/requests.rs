//! Every request as it was received, in order.

use std::sync::Arc;

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// One request as it was received. Requests to the control API are not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedRequest {
    /// Its place in the order of arrival, from 0.
    pub index: usize,
    /// When it arrived, by the virtual clock, RFC 3339.
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without `?`, empty when there was none.
    pub query: String,
    /// Name and value of every header, credentials included.
    pub headers: Vec<(String, String)>,
    /// The body, when it is UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, when it is not UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// The record of requests.
#[derive(Debug)]
pub struct Requests {
    recording: bool,
    received: Mutex<Vec<Arc<ReceivedRequest>>>,
}

impl Requests {
    /// An empty record; with `recording` false it stays empty.
    pub fn new(recording: bool) -> Self {
        Self { recording, received: Mutex::default() }
    }

    /// Records one request.
    pub fn record(&self, at: String, head: &Parts, body: &[u8]) {
        if !self.recording {
            return;
        }
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        };
        let text = std::str::from_utf8(body).ok().map(str::to_owned);
        let encoded = text.is_none().then(|| STANDARD.encode(body));
        let mut request = ReceivedRequest {
            index: 0,
            at,
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.iter().map(header).collect(),
            body: text,
            body_base64: encoded,
        };
        let mut received = self.received.lock();
        request.index = received.len();
        received.push(Arc::new(request));
    }

    /// Everything recorded, in order.
    pub fn all(&self) -> Vec<Arc<ReceivedRequest>> {
        self.received.lock().clone()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.received.lock().clear();
    }
}
