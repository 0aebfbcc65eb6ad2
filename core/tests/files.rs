//! What is on the disk beside a SQLite journal: one file whatever path leads there, one copy of the library a
//! process, files that are their owner's alone, and a second witness of what was written.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Bench, error, ok, receipt};
use kassa::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

fn open(bench: &Bench, place: &str) -> kassa::Result<Client> {
    Client::open(&bench.config(json!({"journal": place})).to_string())
}

fn refused(bench: &Bench, place: &str) -> kassa::Error {
    open(bench, place).err().unwrap()
}

fn at(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn lease_folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().ends_with("-leases")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_path_is_refused_and_leaves_nothing_behind() {
    let bench = Bench::new().await;
    let before = fs::read_dir(".").unwrap().count();
    for place in [
        "sqlite:",
        "sqlite: ",
        "sqlite::memory:",
        "sqlite:file::memory:",
        "sqlite:file:/tmp/kassa.sqlite?mode=memory",
    ] {
        let error = refused(&bench, place);
        assert_eq!(
            (error.code.name(), &*error.violations[0].path),
            ("config_invalid", "/journal"),
            "{place}"
        );
    }
    assert_eq!(fs::read_dir(".").unwrap().count(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_to_a_file_leads_to_the_same_locks() {
    let bench = Bench::new().await;
    let folder = TempDir::new().unwrap();
    let real = folder.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, folder.path().join("linked")).unwrap();
    let first = open(&bench, &at(&real.join("kassa.sqlite"))).unwrap();
    ok(&first, "register", receipt("order-1")).await;
    symlink(real.join("kassa.sqlite"), folder.path().join("current.sqlite")).unwrap();
    for path in ["linked/kassa.sqlite", "real/../real/./kassa.sqlite", "current.sqlite"] {
        let till = open(&bench, &at(&folder.path().join(path))).unwrap();
        assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["receipt_id"], "order-1", "{path}");
    }
    assert_eq!(lease_folders(&real).len(), 1);
    assert_eq!(lease_folders(folder.path()).len(), 0);
    symlink(folder.path().join("nothing"), folder.path().join("dangling.sqlite")).unwrap();
    let error = refused(&bench, &at(&folder.path().join("dangling.sqlite")));
    assert!(error.message.contains("link"), "{error}");
    // A link that leads elsewhere later leads this process to where it led first.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::remove_file(folder.path().join("linked")).unwrap();
    symlink(&other, folder.path().join("linked")).unwrap();
    let till = open(&bench, &at(&folder.path().join("linked/kassa.sqlite"))).unwrap();
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["receipt_id"], "order-1");
    assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relative_path_is_refused_under_a_web_server() {
    let bench = Bench::new().await;
    let config = bench.config(json!({"journal": "sqlite:kassa.sqlite", "web_server": true}));
    let error = Client::open(&config.to_string()).err().unwrap();
    assert_eq!((error.code.name(), &*error.violations[0].path), ("config_invalid", "/journal"));
    assert!(!Path::new("kassa.sqlite").exists() && !Path::new("kassa.sqlite-leases").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_program_is_not_touched() {
    let bench = Bench::new().await;
    for settings in
        ["", "PRAGMA journal_mode = WAL;", "PRAGMA application_id = 7;", "PRAGMA user_version = 3;"]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("shop.sqlite");
        let theirs = rusqlite::Connection::open(&path).unwrap();
        theirs
            .execute_batch(&format!("{settings} CREATE TABLE orders (id); INSERT INTO orders VALUES (1)"))
            .unwrap();
        drop(theirs);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let before = fs::read(&path).unwrap();
        let error = refused(&bench, &at(&path));
        assert_eq!(error.code.name(), "journal_damaged", "{settings}: {error}");
        assert!(error.message.contains("another program"), "{error}");
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (before, 0o644), "{settings}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{settings}");
    }
}

/// The lock that another copy of the library in this process holds.
fn other_copy(leases: &Path) -> File {
    let marks = fs::read_dir(leases).unwrap().map(|entry| entry.unwrap().path());
    let mark =
        marks.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("open."));
    File::open(mark.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_copy_of_the_library_in_the_process_is_refused() {
    let bench = Bench::new().await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kassa.sqlite");
    let leases = folder.path().join("kassa.sqlite-leases");
    let till = open(&bench, &at(&path)).unwrap();
    let other = other_copy(&leases);
    assert!(other.try_lock().is_err(), "the copy that has it open holds its mark");
    // Clients of one copy share the mark.
    drop((open(&bench, &at(&path)).unwrap(), till));
    other.try_lock().unwrap();
    let error = refused(&bench, &at(&path));
    assert_eq!(error.code.name(), "journal_in_use", "{error}");
    assert!(error.advice.contains("one copy"), "{error}");
    // A copy that closes it soon, such as the last release's, is waited for.
    let closing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(other);
    });
    ok(&open(&bench, &at(&path)).unwrap(), "register", receipt("order-1")).await;
    closing.join().unwrap();
    // What processes left that ended is removed.
    let left_behind = leases.join("open.1.4000000");
    File::create(&left_behind).unwrap();
    let began = Instant::now();
    while left_behind.exists() {
        // A copy that does nothing closes the file after a while, and looks around when it opens it anew.
        assert!(began.elapsed() < Duration::from_secs(10), "the mark of an ended process stays");
        std::thread::sleep(Duration::from_millis(100));
        open(&bench, &at(&path)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_is_noticed_before_anything_is_sent() {
    type Replace = fn(&Path);
    let ways: [(&str, Replace); 3] = [
        ("renamed", |path| fs::rename(path, path.with_extension("old")).unwrap()),
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("replaced", |path| {
            fs::copy(path, path.with_extension("new")).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
    ];
    for (way, replace) in ways {
        let bench = Bench::new().await;
        let till = bench.client();
        ok(&till, "register", receipt("order-1")).await;
        let sent = bench.emulator.requests().len();
        replace(&bench.folder.path().join("journal.sqlite"));
        for operation in ["register", "enqueue"] {
            let request = match operation {
                "register" => receipt("order-2"),
                _ => json!({"receipts": [receipt("order-3")]}),
            };
            let envelope = common::call(&till, operation, request).await;
            let error = match envelope["error"] {
                Value::Null => &envelope["ok"]["errors"][0]["error"],
                _ => &envelope["error"],
            };
            assert_eq!(error["code"], "journal_unavailable", "{way}: {envelope}");
            assert!(error["message"].as_str().unwrap().contains("replaced"), "{way}: {error}");
        }
        assert_eq!(bench.emulator.requests().len(), sent, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_can_read_is_closed_to_them() {
    let bench = Bench::new().await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kassa.sqlite");
    let leases = folder.path().join("kassa.sqlite-leases");
    drop(open(&bench, &at(&path)).unwrap());
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    fs::set_permissions(&leases, Permissions::from_mode(0o777)).unwrap();
    let till = open(&bench, &at(&path)).unwrap();
    assert_eq!((mode(&path), mode(&leases)), (0o600, 0o700));
    ok(&till, "register", receipt("order-1")).await;
    drop(till);

    let moved = folder.path().join("moved");
    fs::rename(&leases, &moved).unwrap();
    symlink(&moved, &leases).unwrap();
    assert!(refused(&bench, &at(&path)).message.contains("is a link"));
    fs::remove_file(&leases).unwrap();
    fs::rename(&moved, &leases).unwrap();
    fs::hard_link(&path, folder.path().join("second.sqlite")).unwrap();
    assert!(refused(&bench, &at(&path)).message.contains("second name"));
}

/// Root works on the journal of a shop's user.
#[tokio::test(flavor = "multi_thread")]
async fn root_leaves_nothing_that_the_owner_cannot_open() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let bench = Bench::new().await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kassa.sqlite");
    File::create(&path).unwrap();
    if chown(&path, Some(12_345), Some(12_345)).is_err() {
        // Only root can give files away.
        return;
    }
    let till = open(&bench, &at(&path)).unwrap();
    ok(&till, "register", receipt("order-1")).await;
    let beside = fs::read_dir(folder.path())
        .unwrap()
        .chain(fs::read_dir(lease_folders(folder.path()).remove(0)).unwrap());
    for entry in beside {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().uid(), 12_345, "{:?}", entry.path());
    }
}

/// Turns a bit of the first place of `text` in the page of the index of receipts.
fn bend_index(path: &Path, text: &str) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let (page, size): (u32, u32) = (
        file.query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_documents_1'",
            [],
            |row| row.get(0),
        )
        .unwrap(),
        file.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap(),
    );
    drop(file);
    let mut bytes = fs::read(path).unwrap();
    let (page, size) = (page as usize, size as usize);
    let index = &mut bytes[(page - 1) * size..page * size];
    let place = index.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    index[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_the_index_sends_no_receipt_a_second_time() {
    for operation in ["register", "enqueue"] {
        let bench = Bench::new().await;
        let path = bench.folder.path().join("journal.sqlite");
        for id in ["order-1", "order-2", "order-3"] {
            ok(&bench.client(), "register", receipt(id)).await;
        }
        bend_index(&path, "order-2");
        let till = bench.client();
        let request = match operation {
            "register" => receipt("order-2"),
            _ => json!({"receipts": [receipt("order-2")]}),
        };
        let envelope = common::call(&till, operation, request).await;
        let error = match envelope["error"] {
            Value::Null => &envelope["ok"]["errors"][0]["error"],
            _ => &envelope["error"],
        };
        assert_eq!(
            (&error["code"], &error["outcome"]),
            (&json!("journal_damaged"), &json!("unknown")),
            "{envelope}"
        );
        assert_eq!(bench.requests("POST", "/doc"), 3);
        // Another receipt is sold as ever.
        ok(&till, "register", receipt("order-4")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_lost_its_last_writes_says_so() {
    let bench = Bench::new().await;
    let path = bench.folder.path().join("journal.sqlite");
    let wal = bench.folder.path().join("journal.sqlite-wal");
    let till = bench.client();
    for id in ["order-1", "order-2", "order-3"] {
        ok(&till, "register", receipt(id)).await;
    }
    // As a power cut leaves it: with everything in the `-wal`, of which a disk bends a bit.
    let (data, mut log) = (fs::read(&path).unwrap(), fs::read(&wal).unwrap());
    drop(till);
    // SQLite removes it when it is closed.
    while wal.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    fs::write(&path, data).unwrap();
    let late = log.len() * 5 / 6;
    log[late] ^= 4;
    fs::write(&wal, &log).unwrap();
    let _ = fs::remove_file(bench.folder.path().join("journal.sqlite-shm"));
    let error = Client::open(&bench.config(json!({})).to_string()).err().unwrap();
    assert_eq!(error.code.name(), "journal_damaged", "{error}");
    assert!(error.message.contains("last writes are gone"), "{error}");
    assert!(fs::read(&wal).unwrap() == log, "what is left is kept for a person");
    // A person decided to go on with what is there.
    fs::remove_file(bench.folder.path().join("journal.sqlite-leases/ends")).unwrap();
    Client::open(&bench.config(json!({})).to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_begins_anew() {
    let bench = Bench::new().await;
    ok(&bench.client(), "register", receipt("order-1")).await;
    fs::remove_file(bench.folder.path().join("journal.sqlite")).unwrap();
    let till = bench.client();
    let unknown = error(&till, "status", json!({"id": "order-1"})).await;
    assert_eq!(unknown["code"], "receipt_unknown");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_or_a_folder_in_the_place_of_a_file_is_refused_at_once() {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    let bench = Bench::new().await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kassa.sqlite");
    let refused = || {
        let till = Client::open(&bench.config(json!({"journal": at(&path)})).to_string());
        till.err().map(|error| error.message).unwrap_or_default()
    };
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    assert!(refused().contains("is no file"), "{}", refused());
    assert!(lease_folders(folder.path()).is_empty());
    fs::remove_file(&path).unwrap();
    assert_eq!(refused(), "");
    for end in ["-journal", "-leases/ends", "-leases/seen"] {
        let beside = folder.path().join(format!("kassa.sqlite{end}"));
        let _ = fs::remove_file(&beside);
        mkfifo(&beside, Mode::S_IRWXU).unwrap();
        assert!(refused().contains("is no file"), "{end}: {}", refused());
        fs::remove_file(&beside).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_journal_is_whole_and_for_its_owner_only() {
    let bench = Bench::new().await;
    let copy = bench.folder.path().join("copy.sqlite");
    {
        let till = bench.client();
        ok(&till, "register", receipt("order-1")).await;
        till.back_up(&copy).await.unwrap();
        assert_eq!(mode(&copy), 0o600);
        // Nothing is written over.
        assert!(till.back_up(&copy).await.is_err());
        ok(&till, "register", receipt("order-2")).await;
    }
    let restored = open(&bench, &at(&copy)).unwrap();
    let page = ok(&restored, "journal", json!({"verify": true})).await;
    assert_eq!(page["entries"].as_array().unwrap().len(), 1);
    assert!(page["chain"]["broken_at"].is_null(), "{page}");
    for place in ["memory:", "postgres://user@127.0.0.1:1/nowhere"] {
        let refused =
            open(&bench, place).unwrap().back_up(&bench.folder.path().join("none")).await.unwrap_err();
        assert_eq!(refused.code.name(), "unsupported", "{place}");
        assert!(!refused.advice.contains("capabilities"), "{refused}");
    }
}

#[test]
fn a_configuration_that_others_can_read_is_not_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kassa.json");
    fs::write(&path, "{}").unwrap();
    for (mode, is_read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let read = kassa::config::read_file(&path);
        assert_eq!(read.is_ok(), is_read, "{mode:o}: {read:?}");
        if let Err(error) = read {
            assert!(error.message.contains("chmod 600"), "{error}");
        }
    }
}
