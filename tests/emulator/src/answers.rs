//! An HTTP answer that a fault can still spoil: whole, cut short, or none at all.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// How much of an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// All of it.
    Whole,
    /// The headers and half the body, then the connection is closed.
    Cut,
    /// Nothing: the connection is closed.
    Drop,
}

/// An answer before it goes out.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// `Content-Type`, if any.
    pub content_type: Option<String>,
    /// `Retry-After` in seconds, if any.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Bytes,
    /// How much of it arrives.
    pub transport: Transport,
}

/// Marks a response whose connection the server closes instead of answering.
#[derive(Debug, Clone, Copy)]
pub struct DropConnection;

impl Answer {
    /// An answer with a body.
    pub fn new(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: Some(content_type.to_owned()),
            retry_after_s: None,
            body: body.into(),
            transport: Transport::Whole,
        }
    }

    /// An answer with `Content-Length: 0`.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            content_type: None,
            retry_after_s: None,
            body: Bytes::new(),
            transport: Transport::Whole,
        }
    }

    /// No answer: the connection is closed.
    pub fn dropped() -> Self {
        Self { transport: Transport::Drop, ..Self::empty(StatusCode::OK) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let length = self.body.len();
        let body = match self.transport {
            Transport::Whole | Transport::Drop => Body::from(self.body),
            Transport::Cut => Body::new(HalfBody::of(self.body)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if self.transport == Transport::Drop {
            response.extensions_mut().insert(DropConnection);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(value) = self.content_type.and_then(|t| HeaderValue::try_from(t).ok()) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A body that promises all its bytes, yields half of them and then fails.
struct HalfBody {
    whole: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl HalfBody {
    fn of(body: Bytes) -> Self {
        Self { whole: body.len() as u64, half: Some(body.slice(..body.len() / 2)), flushed: false }
    }
}

impl HttpBody for HalfBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // The server writes out what it has when the body makes it wait.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("cut by a fault"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}
