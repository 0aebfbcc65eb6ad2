//! The transport against plain sockets: TLS and its roots, deadlines, proxies, how far a request came.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Bench, error, ok, receipt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const STATUS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{\"status\":\"READY\"}";

/// A certificate for `localhost`, signed by a root of its own; the root as PEM.
fn certificate() -> (ServerConfig, String) {
    let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &root).unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    (config, root.pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified_and_a_root_of_ones_own_is_added_by_file() {
    let bench = Bench::new().await;
    let (config, root) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us hangs up; that is its right.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 4096];
            while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                stream.write_all(STATUS.as_bytes()).await.unwrap();
            }
        }
    });
    let base = format!("https://localhost:{port}/api/fn");
    let stranger = bench.client_with(json!({"base_url": base}));
    let refused = error(&stranger, "register", receipt("order-1")).await;
    assert_eq!(
        (refused["kind"].clone(), refused["outcome"].clone()),
        (json!("unreachable"), json!("not_registered"))
    );

    let file = bench.folder.path().join("root.pem");
    std::fs::write(&file, root).unwrap();
    let till = bench.client_with(json!({"base_url": base, "tls": {"ca_file": file}}));
    assert_eq!(ok(&till, "service_status", json!({})).await["status"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_file_that_cannot_be_used_stops_open() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("root.pem");
    for content in [None, Some("no certificate")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let config = bench.config(json!({"tls": {"ca_file": file}}));
        assert_eq!(kassa::Client::open(&config.to_string()).err().unwrap().code.name(), "config_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_is_finite() {
    let bench = Bench::new().await;
    // Takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/fn", silent.local_addr().unwrap());
    let till = bench.client_with(json!({"base_url": base, "timeout_ms": 600}));
    let started = Instant::now();
    let doubt = error(&till, "register", receipt("order-1")).await;
    assert_eq!((doubt["code"].clone(), doubt["outcome"].clone()), (json!("in_doubt"), json!("unknown")));
    assert_eq!(error(&till, "service_status", json!({})).await["code"], "no_answer");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept() {
    let bench = Bench::new().await;
    let connections = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/fn", listener.local_addr().unwrap());
    tokio::spawn({
        let connections = connections.clone();
        async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                        stream.write_all(STATUS.as_bytes()).await.unwrap();
                    }
                });
            }
        }
    });
    let till = bench.client_with(json!({"base_url": base}));
    for _ in 0..20 {
        ok(&till, "service_status", json!({})).await;
    }
    // A connection comes back to the pool just after its answer was read, and the next request may
    // be quicker. With two of them one is always free, so a caller that waits needs no third.
    let connections = connections.load(Ordering::SeqCst);
    assert!((1..=2).contains(&connections), "{connections} connections for 20 requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_and_its_password_is_not_told() {
    let bench = Bench::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxied =
        json!({"base_url": "https://vendor.example/api/fn", "proxy": format!("http://user:pa55@{closed}")});
    let refused = error(&bench.client_with(proxied), "service_status", json!({})).await;
    assert_eq!(refused["code"], "unreachable");
    assert!(!refused.to_string().contains("pa55"), "{refused}");
    let wrong: Value =
        bench.config(json!({"base_url": "https://vendor.example/api/fn", "proxy": "::pa55::"}));
    let refused = kassa::Client::open(&wrong.to_string()).err().unwrap();
    assert_eq!(refused.code.name(), "config_invalid");
    assert!(!refused.to_string().contains("pa55"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_reads_what_uses_the_library() {
    let bench = Bench::new().await;
    let own = format!("kassa/{}", env!("CARGO_PKG_VERSION"));
    for (changes, wanted) in
        [(json!({}), own.clone()), (json!({"plugin": "shop/1.4"}), format!("{own} shop/1.4"))]
    {
        let till = bench.client_with(changes);
        ok(&till, "service_status", json!({})).await;
        let last = bench.emulator.requests().pop().unwrap();
        let named =
            last.headers.iter().find(|(name, _)| name == "user-agent").map(|(_, value)| value.clone());
        assert_eq!(named, Some(wanted));
    }
    let split = bench.config(json!({"plugin": "shop\r\nHost: elsewhere"}));
    let error = kassa::Client::open(&split.to_string()).err().unwrap();
    assert_eq!(error.violations[0].path, "/plugin");
}
