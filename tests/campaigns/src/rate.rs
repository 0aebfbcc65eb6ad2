//! How many receipts a second become durable: through the library, and through a bare program that
//! does one synced insert each, on the same disk in the same run.

use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use kassa::client::messages::Enqueue;
use kassa::{Client, Receipt};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::Result;

/// Receipts in one bulk.
const BULK: usize = 1_000;
/// How long a bare program waits for another one's write.
const BUSY: Duration = Duration::from_secs(10);
/// Size of what the bare programs keep: about that of a request.
const BODY: [u8; 300] = [b'x'; 300];

/// What makes something durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Writer {
    /// Appends 300 bytes to a file and syncs it.
    File,
    /// One synced insert into a table with a key.
    Bare,
    /// `enqueue` of one receipt.
    Single,
    /// `enqueue` of a thousand receipts.
    Bulk,
}

/// Writes to `place` for `time`; how many became durable. `name` tells this writer from others.
pub async fn write(
    writer: Writer,
    place: &str,
    name: &str,
    time: Duration,
    wait: impl FnOnce() -> Result<()>,
) -> Result<u64> {
    let path = place.strip_prefix("sqlite:");
    match (writer, path) {
        (Writer::File, Some(path)) => to_file(Path::new(path), time, wait),
        (Writer::File, None) => Err("a file has a path".into()),
        (Writer::Bare, Some(path)) => to_sqlite(Path::new(path), name, time, wait),
        (Writer::Bare, None) => to_postgres(place, name, time, wait).await,
        (Writer::Single, _) => enqueue(place, name, 1, time, wait).await,
        (Writer::Bulk, _) => enqueue(place, name, BULK, time, wait).await,
    }
}

fn to_file(path: &Path, time: Duration, wait: impl FnOnce() -> Result<()>) -> Result<u64> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    wait()?;
    counted(time, || {
        file.write_all(&BODY)?;
        Ok(file.sync_data()?)
    })
}

fn to_sqlite(path: &Path, name: &str, time: Duration, wait: impl FnOnce() -> Result<()>) -> Result<u64> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS receipts (id TEXT PRIMARY KEY, body BLOB NOT NULL)")?;
    let mut insert = connection.prepare("INSERT INTO receipts VALUES (?1, ?2)")?;
    wait()?;
    let mut number = 0_u64;
    counted(time, || {
        number += 1;
        insert.execute(params![format!("{name}-{number}"), BODY])?;
        Ok(())
    })
}

async fn to_postgres(
    place: &str,
    name: &str,
    time: Duration,
    wait: impl FnOnce() -> Result<()>,
) -> Result<u64> {
    let (client, connection) = tokio_postgres::connect(place, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    // Two that make it at the same time: one of them is enough.
    let made = client
        .batch_execute("CREATE TABLE IF NOT EXISTS bare_receipts (id TEXT PRIMARY KEY, body BYTEA NOT NULL)")
        .await;
    let insert = match client.prepare("INSERT INTO bare_receipts VALUES ($1, $2)").await {
        Ok(insert) => insert,
        Err(error) => return Err(made.err().unwrap_or(error).into()),
    };
    wait()?;
    let (mut number, end) = (0_u64, Instant::now() + time);
    while Instant::now() < end {
        client.execute(&insert, &[&format!("{name}-{number}"), &BODY.as_slice()]).await?;
        number += 1;
    }
    Ok(number)
}

async fn enqueue(
    place: &str,
    name: &str,
    at_once: usize,
    time: Duration,
    wait: impl FnOnce() -> Result<()>,
) -> Result<u64> {
    // Each measurement has a cash register of its own: what PostgreSQL chains later is its own too.
    let register = name.rsplit_once('-').map_or(name, |(measurement, _)| measurement);
    let till = client(place, register)?;
    let template = receipt()?;
    let mut number = 0_u64;
    let mut next = || {
        number += 1;
        numbered(&template, format!("{name}-{number}"))
    };
    // The journal is opened and migrated before the time begins.
    let first = till.enqueue(Enqueue { receipts: vec![next()] }).await?;
    if let Some(error) = first.errors.first() {
        return Err(error.error.message.clone().into());
    }
    wait()?;
    let (mut done, end) = (0, Instant::now() + time);
    while Instant::now() < end {
        let receipts = (0..at_once).map(|_| next()).collect();
        let written = till.enqueue(Enqueue { receipts }).await?;
        if let Some(error) = written.errors.first() {
            return Err(error.error.message.clone().into());
        }
        done += written.entries.len() as u64;
    }
    Ok(done)
}

/// A client of a cash register whose vendor is never asked. Each has an address of its own, as devices have.
pub fn client(place: &str, register: &str) -> Result<Client> {
    let mut hasher = DefaultHasher::new();
    register.hash(&mut hasher);
    let [a, b, c, ..] = hasher.finish().to_be_bytes();
    let config = json!({
        "vendor": "ikkm", "base_url": format!("http://127.{a}.{b}.{c}:1024"), "key": "11112222", "register": register, "journal": place,
    });
    Ok(Client::open(&config.to_string())?)
}

/// A receipt like another one, with an id of its own.
pub fn numbered(template: &Receipt, id: String) -> Receipt {
    let mut receipt = template.clone();
    receipt.id = id;
    receipt
}

/// A receipt of one line.
pub fn receipt() -> Result<Receipt> {
    let receipt = json!({
        "id": "template", "kind": "sell",
        "items": [{"name": "Mug", "price": "150", "quantity": "2"}],
        "payments": [{"type": "card", "sum": "300"}]
    });
    Ok(kassa::read(&receipt.to_string())?)
}

fn counted(time: Duration, mut once: impl FnMut() -> Result<()>) -> Result<u64> {
    let (mut done, end) = (0, Instant::now() + time);
    while Instant::now() < end {
        once()?;
        done += 1;
    }
    Ok(done)
}

/// What a process told: that it is ready, or how many it wrote.
fn line(output: &mut impl std::io::BufRead) -> Result<String> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Writes from several processes at the same time; receipts a second over all of them.
pub fn measured(writer: Writer, place: &str, round: usize, processes: usize, time: Duration) -> Result<f64> {
    let program = std::env::current_exe()?;
    let word = writer.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut workers = Vec::new();
    for number in 0..processes {
        let mut child: Child = Command::new(&program)
            .args([
                "--worker",
                &word,
                "--place",
                place,
                "--name",
                &format!("{word}-{round}-{processes}-{number}"),
            ])
            .args(["--ms", &time.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        workers.push((child, BufReader::new(output)));
    }
    for (_, output) in &mut workers {
        if line(output)? != READY {
            return Err("a writer could not begin".into());
        }
    }
    for (child, _) in &mut workers {
        child.stdin.take().ok_or("no input")?.write_all(b"go\n")?;
    }
    let mut written = 0;
    for (mut child, mut output) in workers {
        written += line(&mut output)?.parse::<u64>()?;
        child.wait()?;
    }
    Ok(written as f64 / time.as_secs_f64())
}

/// What a worker says when it can begin.
pub const READY: &str = "ready";

/// The middle one of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
