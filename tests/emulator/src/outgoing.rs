//! Requests that the emulator itself sends: the callbacks of the vendors.

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Host, Position, Url};

/// One request.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What the vendor calls the URL, for messages.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// Where it goes; only `http://`.
    pub url: String,
    /// `Content-Type`, if it has a body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Outgoing {
    /// Sends the request; `foreign` says whether it may leave this machine.
    pub async fn send(&self, foreign: bool) -> Result<StatusCode, String> {
        let url = Url::parse(&self.url).map_err(|error| format!("{}: {error}", self.name))?;
        if url.scheme() != "http" {
            return Err(format!("{}: only http:// is delivered", self.name));
        }
        if !foreign && !is_loopback(&url) {
            return Err(format!("{}: not on loopback, and foreign callbacks are not allowed", self.name));
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let stream = TcpStream::connect(format!("{host}:{port}")).await.map_err(|e| e.to_string())?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|e| e.to_string())?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, &url[Position::BeforeHost..Position::BeforePath]);
        if !self.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.content_type);
        }
        let body = Full::new(Bytes::from(self.body.clone()));
        let request = request.body(body).map_err(|e| e.to_string())?;
        // The connection ends by itself when `sender` is gone.
        tokio::spawn(connection);
        let response = sender.send_request(request).await;
        response.map(|r| r.status()).map_err(|e| e.to_string())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use url::Url;

    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |host: &str| is_loopback(&Url::parse(&format!("http://{host}/")).unwrap());
        for host in ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LOCALHOST:81"] {
            assert!(loopback(host), "{host}");
        }
        for host in ["10.0.0.1", "shop.example", "localhost.example", "[::2]"] {
            assert!(!loopback(host), "{host}");
        }
    }
}
