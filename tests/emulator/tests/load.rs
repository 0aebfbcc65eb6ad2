//! Many shops at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::time::Duration;

use common::{Shop, document, request, until};
use kassa_emulator::{Emulator, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CLIENTS: usize = 8;
const DOCUMENTS_EACH: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_hundred_documents_from_eight_clients_at_once() {
    let shop = Shop::open().await;
    let address = shop.emulator.url().trim_start_matches("http://").to_owned();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, who) = (address.clone(), shop.association());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for index in 0..DOCUMENTS_EACH {
                    let body = document(&format!("{client}-{index}")).to_string();
                    let bytes = request(&who, "POST", "/fn/v2/doc", &body).replace("close", "keep-alive");
                    stream.write_all(bytes.as_bytes()).await.unwrap();
                    let mut buffer = [0; 4096];
                    let read = stream.read(&mut buffer).await.unwrap();
                    assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    until("all are recorded", || shop.emulator.ledger().len() == CLIENTS * DOCUMENTS_EACH).await;
    let ledger = shop.emulator.ledger();
    let keys: HashSet<_> = ledger.iter().map(|entry| &entry.receipt_key).collect();
    assert_eq!(keys.len(), ledger.len());
    let numbers: Vec<u32> = ledger.iter().map(|e| e.fiscal_document_number.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[tokio::test]
async fn requests_need_not_be_kept() {
    let options = Options { record_requests: false, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let config = emulator.config(common::NAME);
    let shop = Shop { emulator, config };
    shop.submit(&document("a")).await;
    assert!(shop.emulator.requests().is_empty());
}

#[tokio::test]
async fn nothing_answers_after_a_stop() {
    let shop = Shop::open().await;
    let address = shop.emulator.url().trim_start_matches("http://").to_owned();
    let mut kept = TcpStream::connect(&address).await.unwrap();
    shop.emulator.stop();
    let mut buffer = [0; 16];
    let ended = tokio::time::timeout(Duration::from_secs(5), kept.read(&mut buffer)).await;
    assert!(matches!(ended.expect("the connection is closed"), Ok(0) | Err(_)));
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
