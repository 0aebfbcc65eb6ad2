//! A vendor whose answer never ends costs the other clients of the process nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{Bench, receipt, tenge};
use kassa::host;
use serde_json::{Value, json};

/// What comes once, and then again and again for as long as somebody listens.
const ENDLESS: &[(&str, &str)] = &[
    ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ("HTTP/1.1 200 OK\r\n", "X-More: y\r\n"),
    ("HTTP/1.1 200 OK\r\nX-Long: ", "yyyyyyyyyyyyyyyy"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n[\r\n"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "00000000"),
    ("HTTP/1.1 200 OK\r\n\r\n", "[[[[[[[["),
];
const TIMEOUT: Duration = Duration::from_millis(600);
/// What a call may last longer.
const GRACE: Duration = Duration::from_millis(250);
/// How long an answer to another client may take.
const ANSWERED: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 50 });

/// Bytes of such an answer, and of one write. What is not optimised reads too slowly for more.
const MOST: usize = if cfg!(debug_assertions) { 2 << 20 } else { usize::MAX };
const PART: usize = 65_536;

/// Answers one connection without end; says when the other side is gone.
fn endless(once: &'static str, again: &'static str) -> (u16, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (gone, is_gone) = channel();
    std::thread::spawn(move || {
        let many = again.repeat(PART / again.len());
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 16_384]);
        let mut written = stream.write_all(once.as_bytes());
        let mut left = MOST;
        while written.is_ok() && left >= PART {
            written = stream.write_all(many.as_bytes());
            left -= PART;
        }
        let _ = stream.read(&mut [0]);
        let _ = gone.send(());
    });
    (port, is_gone)
}

fn client(mut config: Value, changes: Value) -> i64 {
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let opened: Value = serde_json::from_str(&host::open(&config.to_string())).unwrap();
    opened["ok"]["client"].as_i64().unwrap_or_else(|| panic!("{opened}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_holds_up_nobody_else() {
    let bench = Bench::new().await;
    let other = client(bench.emulator.config("modulkassa"), json!({"journal": "memory:"}));
    // The library's hook prints nothing.
    drop(std::panic::take_hook());
    for (number, (once, again)) in ENDLESS.iter().enumerate() {
        for vendor in ["modulkassa", "atol", "ikassa", "ikkm"] {
            let place = format!("{vendor} {:?}", [*once, *again].concat());
            let (port, is_gone) = endless(once, again);
            let changes = json!({
                "base_url": format!("http://127.0.0.1:{port}"),
                "journal": "memory:", "timeout_ms": TIMEOUT.as_millis(),
            });
            let hostile = client(bench.emulator.config(vendor), changes);
            let (operation, request) = match vendor {
                "ikassa" => ("start_login", json!({})),
                "ikkm" => ("register", tenge("order-1")),
                _ => ("register", receipt("order-1")),
            };
            let is_over = Arc::new(AtomicBool::new(false));
            let over = is_over.clone();
            let call = std::thread::spawn(move || {
                let begun = Instant::now();
                let envelope = host::call(hostile, operation, &request.to_string());
                over.store(true, Ordering::Relaxed);
                (envelope, begun.elapsed())
            });
            let (sold, worst) = tokio::task::spawn_blocking(move || {
                let (mut sold, mut worst) = (0, Duration::ZERO);
                while !is_over.load(Ordering::Relaxed) || sold == 0 {
                    let id = format!("{vendor}-{number}-{sold}");
                    let begun = Instant::now();
                    let envelope = host::call(other, "register", &receipt(&id).to_string());
                    worst = worst.max(begun.elapsed());
                    assert!(envelope.contains("\"ok\""), "{envelope}");
                    sold += 1;
                }
                (sold, worst)
            })
            .await
            .unwrap();
            let (envelope, lasted) = call.join().unwrap();
            assert!(lasted < TIMEOUT + GRACE, "{place}: {lasted:?}");
            assert!(!envelope.contains("\"internal\""), "{place}: {envelope}");
            assert!(worst < ANSWERED, "{place}: {worst:?} for one of {sold} others");
            // One at a time: the library reads on for a moment after the call.
            is_gone.recv_timeout(Duration::from_secs(30)).unwrap();
            println!("{place}: ended after {lasted:?}, {sold} others, the slowest {worst:?}");
        }
    }
}
