//! Requests that a page in somebody's browser made. A shop's developer runs the emulator beside a browser, and no page may
//! drive it: neither one of another origin, nor one whose host name leads to this machine.

use std::net::IpAddr;

use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use url::{Host, Url};

use crate::answers::Answer;
use crate::control;

/// The refusal of such a request.
pub fn refused(head: &Parts, has_body: bool) -> Option<Answer> {
    let said = |name: HeaderName| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (status, why) = match (said(HOST), said(ORIGIN)) {
        (Some(host), _) if !is_own_name(host) => {
            (StatusCode::MISDIRECTED_REQUEST, "the emulator is called by an address or as localhost")
        }
        (host, Some(origin)) if origin.strip_prefix("http://") != host => {
            (StatusCode::FORBIDDEN, "a page of another origin may not drive the emulator")
        }
        _ if has_body && control::is_control(head.uri.path()) && !is_json(said(CONTENT_TYPE)) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
        }
        _ => return None,
    };
    Some(Answer::new(status, "text/plain; charset=utf-8", why))
}

/// No name that somebody else's name server could lead here.
fn is_own_name(host: &str) -> bool {
    match Url::parse(&format!("http://{host}")).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => host.parse::<IpAddr>().is_ok(),
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.and_then(|kind| kind.split(';').next()).is_some_and(|kind| kind.trim() == "application/json")
}
