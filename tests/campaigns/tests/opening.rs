//! Many open one journal: the file survives it, and nobody is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use campaigns::device::Device;
use campaigns::runner::Runner;
use campaigns::sale::Sale;
use campaigns::till::Till;
use futures_util::future;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task;

const SEED: u64 = 1;
const PROCESSES: usize = 4;
const CLIENTS_HERE: usize = 2;
const FOLDERS: usize = 60;

/// The same device, with its journal in another folder.
fn moved(config: &Value, folder: &TempDir) -> Value {
    let mut config = config.clone();
    config["journal"] = json!(format!("sqlite:{}", folder.path().join("journal.sqlite").display()));
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_journal_is_opened_by_many_at_the_same_time() {
    let device = Device::start(SEED, Map::new()).await.unwrap();
    let mut runners: Vec<Runner> = (0..PROCESSES).map(|_| Runner::start().unwrap()).collect();
    for _ in 0..FOLDERS {
        let folder = TempDir::new().unwrap();
        let config = moved(device.config(), &folder);
        let together = Arc::new(Barrier::new(CLIENTS_HERE));
        let here = (0..CLIENTS_HERE).map(|_| {
            let (config, together) = (config.clone(), together.clone());
            task::spawn(async move {
                together.wait().await;
                Till::here(&config).map(drop).map_err(|refused| refused.to_string())
            })
        });
        let here: Vec<_> = here.collect();
        let elsewhere = future::join_all(runners.iter_mut().map(|runner| runner.open(&config))).await;
        for opened in elsewhere {
            opened.unwrap();
        }
        for opened in future::join_all(here).await {
            opened.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_closes_the_journal_takes_nothing_from_one_that_has_it_open() {
    let device = Device::start(SEED, Map::new()).await.unwrap();
    let mut first = Till::here(device.config()).unwrap();
    // A second one in this process, which has no part in the connection of the first.
    let _second = Till::here(device.config()).unwrap();
    let mut elsewhere = Runner::start().unwrap();
    elsewhere.open(device.config()).await.unwrap();
    elsewhere.end().await.unwrap();
    let sale = Sale::of(100);
    let sold = first.call("register", &sale.receipt()).await.unwrap();
    assert_eq!(sold["ok"]["state"], "registered", "{sold}");
    let mut later = Till::start(device.config()).await.unwrap();
    let kept = later.call("journal", &json!({"id": sale.id})).await.unwrap();
    assert_eq!(kept["ok"]["entries"][0]["registration"]["state"], "registered", "{kept}");
    assert_eq!(device.documents(&sale).len(), 1);
}
