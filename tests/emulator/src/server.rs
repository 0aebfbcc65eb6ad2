//! The listening side: one task a connection, one task a request, no answer when a fault says so.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::Emulator;
use crate::answers::{Answer, DropConnection};
use crate::clock::rfc3339;
use crate::{control, foreign};

const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The path as the client sent it, for error bodies.
#[derive(Debug, Clone)]
pub struct SentPath(pub String);

/// The request ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
struct NoAnswer;

/// Accepts connections until `stop` changes.
pub async fn run(emulator: Arc<Emulator>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let router = emulator.router();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: let others close theirs.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (emulator, router) = (emulator.clone(), router.clone());
        tokio::spawn(connection(emulator, router, stream, stop.clone()));
    }
}

async fn connection(
    emulator: Arc<Emulator>,
    router: Router,
    stream: TcpStream,
    mut stop: watch::Receiver<bool>,
) {
    // Without it every small answer may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(emulator.clone(), router.clone(), request));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        _ = stop.changed() => {}
    }
}

async fn answer(
    emulator: Arc<Emulator>,
    router: Router,
    request: Request<Incoming>,
) -> Result<Response, NoAnswer> {
    let (mut head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return Ok(Answer::empty(StatusCode::PAYLOAD_TOO_LARGE).into_response());
    };
    let body = body.to_bytes();
    if let Some(refused) = foreign::refused(&head, !body.is_empty()) {
        return Ok(refused.into_response());
    }
    if !control::is_control(head.uri.path()) {
        let at = rfc3339(emulator.now());
        emulator.frame().requests.record(at, &head, &body);
    }
    head.extensions.insert(SentPath(head.uri.path().to_owned()));
    if let Some(path) = emulator.routed_path(head.uri.path()) {
        head.uri = with_path(&head.uri, &path);
    }
    let request = Request::from_parts(head, Body::from(body));
    // A task of its own: a real server goes on when the client hangs up.
    let handled = tokio::spawn(router.oneshot(request)).await;
    match handled {
        Ok(Ok(response)) if response.extensions().get::<DropConnection>().is_none() => Ok(response),
        Ok(Err(never)) => absurd(never),
        _ => Err(NoAnswer),
    }
}

fn absurd(never: Infallible) -> Result<Response, NoAnswer> {
    match never {}
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let target = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    PathAndQuery::try_from(target).map_or_else(|_| uri.clone(), Uri::from)
}
