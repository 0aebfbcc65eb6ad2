//! A SQLite journal with receipts in it, whose file or `-wal` was damaged. An input is a byte for how
//! the journal was left, then edits: which file and what, where (three bytes), how many bytes, the bytes.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bytes::Bytes;
use crate::envelope::Envelope;
use crate::fake::Next;
use crate::record::Given;
use crate::{exchange, receipts, till};

const VENDOR: &str = "modulkassa";
/// The files that are put back before each input; the others are made anew or only know more.
const FILES: [&str; 3] = ["", "-wal", "-leases/ends"];
/// Most edits of an input.
const MOST: usize = 8;

/// The contents of the files of a journal; one that is not there has none.
type Files = Vec<Option<Vec<u8>>>;

/// A journal of three receipts: one registered, one accepted, one in doubt.
struct Good {
    folder: TempDir,
    /// As it was when its process was killed, and as it was when its client was closed.
    files: [Files; 2],
}

thread_local! {
    static GOOD: OnceCell<&'static Good> = const { OnceCell::new() };
}

fn beside(path: &Path, end: &str) -> PathBuf {
    format!("{}{end}", path.display()).into()
}

impl Good {
    fn path(&self, folder: &str) -> PathBuf {
        self.folder.path().join(folder).join("journal.sqlite")
    }

    fn config(&self, folder: &str) -> Value {
        let journal = format!("sqlite:{}", self.path(folder).display());
        till::with(
            till::config(VENDOR, &exchange::fake().address),
            json!({"journal": journal, "timeout_ms": 2_000}),
        )
    }

    fn new() -> Self {
        // In memory: what is tested is what is read, and no power is cut.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let mut good = Self { folder: folder.unwrap(), files: [Files::new(), Files::new()] };
        let fake = exchange::fake();
        let inside = till::runtime().enter();
        let client = kassa::Client::open(&good.config("good").to_string()).unwrap();
        drop(inside);
        fake.plays([completed(), queued(), Next::Lost]);
        for (id, state) in [("order-1", "registered"), ("order-2", "accepted"), ("order-3", "in_doubt")] {
            let text = fake.during(client.call("register", &receipts::sale(VENDOR, id).to_string()));
            assert!(text.contains(state), "{text}");
        }
        let read = || FILES.iter().map(|end| fs::read(beside(&good.path("good"), end)).ok()).collect();
        // The last writes of an open one are in its `-wal` alone.
        let killed: Files = read();
        drop(client);
        let closed: Files = read();
        assert!(
            killed.iter().all(Option::is_some) && closed[0].is_some(),
            "a file of the journal is missing"
        );
        good.files = [killed, closed];
        // Opened once, so that what is beside the files is there.
        drop(kassa::Client::open(&good.config("damaged").to_string()).unwrap());
        good
    }

    fn of_this_thread() -> &'static Self {
        GOOD.with(|good| *good.get_or_init(|| Box::leak(Box::new(Self::new()))))
    }

    /// Puts the files back as they were, with edits.
    fn put_back(&self, edits: &mut Bytes<'_>) {
        let mut files = self.files[usize::from(edits.byte() % 2)].clone();
        for _ in 0..MOST {
            if edits.is_empty() {
                break;
            }
            let kind = edits.byte();
            if let Some(Some(file)) = files.get_mut(usize::from(kind % 2)) {
                edit(file, kind / 2, edits);
            }
        }
        let _ = fs::remove_file(beside(&self.path("damaged"), "-shm"));
        for (end, file) in FILES.iter().zip(&files) {
            let path = beside(&self.path("damaged"), end);
            match file {
                Some(file) => fs::write(path, file).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
    }
}

/// Changes a file at a place that the bytes name.
fn edit(file: &mut Vec<u8>, kind: u8, bytes: &mut Bytes<'_>) {
    let place = usize::from(bytes.short()) << 8 | usize::from(bytes.byte());
    let at = place % (file.len() + 1);
    let new = bytes.some(32);
    let end = (at + new.len()).min(file.len());
    match kind % 8 {
        5 => file.truncate(at),
        6 => drop(file.drain(at..end)),
        7 => {
            // A page of the journal stands where another one did.
            let page = 4_096.min(file.len());
            let (from, to) = (at / page * page, usize::from(bytes.byte()) * page);
            let copy = file[from.min(file.len())..(from + page).min(file.len())].to_vec();
            if let Some(there) = file.get_mut(to..to + copy.len()) {
                there.copy_from_slice(&copy);
            }
        }
        _ => file[at..end].copy_from_slice(&new[..end - at]),
    }
}

fn answered(body: Value) -> Next {
    Next::Answer(Given { status: 200, reason: b"OK".to_vec(), body: body.to_string().into() })
}

fn completed() -> Next {
    answered(json!({"status": "COMPLETED", "fnState": "READY", "fiscalInfo": {
        "fnDocNumber": 4821, "fnDocMark": 2_718_281_828_u32, "fnNumber": "9960440300112233", "sum": 290.0,
        "checkType": "SALE", "date": "2026-11-23T10:11:14+0300"}}))
}

fn queued() -> Next {
    answered(json!({"status": "QUEUED", "fnState": "READY"}))
}

/// A damaged journal gives envelopes, and no second document of a receipt that it had as registered, unless something
/// says that it is damaged.
pub fn journal(data: &[u8]) {
    let good = Good::of_this_thread();
    let fake = exchange::fake();
    good.put_back(&mut Bytes(data));
    fake.plays((0..16).map(|_| completed()));
    let _inside = till::runtime().enter();
    let client = match kassa::Client::open(&good.config("damaged").to_string()) {
        Ok(client) => client,
        Err(error) => {
            let damaged = ["journal_damaged", "journal_unavailable", "journal_too_new"];
            assert!(damaged.contains(&error.code.name()), "{error}");
            return;
        }
    };
    let sale = |id| receipts::sale(VENDOR, id).to_string();
    let mut is_told = false;
    for (operation, request) in [
        ("status", json!({"id": "order-1"}).to_string()),
        ("register", sale("order-1")),
        ("register", sale("order-2")),
        ("resolve", json!({"id": "order-3", "mode": "probe"}).to_string()),
        ("register", sale("order-3")),
        ("register", sale("order-4")),
        ("journal", json!({"id": "order-1", "verify": true}).to_string()),
        ("export", "{}".into()),
        ("metrics", "{}".into()),
        ("deliver", json!({"time_limit_ms": 20}).to_string()),
    ] {
        let text = fake.during(client.call(operation, &request));
        Envelope::held(&text, &format!("{operation} {request}"));
        is_told |= ["journal_damaged", "entry_damaged", "journal_unavailable", "\"broken_at\":{"]
            .iter()
            .any(|code| text.contains(code));
    }
    let is_first =
        |asked: &&crate::fake::Asked| asked.line.starts_with("POST") && asked.body.contains("\"order-1\"");
    let again = fake.asked().iter().filter(is_first).count();
    assert!(
        again == 0 || is_told,
        "a second document of a receipt that was registered, and nothing says why"
    );
}

/// No damage, single bits, zeros over pages, cuts, pages in each other's places.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut made = vec![vec![0], vec![1]];
    for step in 0..24_u8 {
        // A killed journal has both files, a closed one has its own alone.
        let (left, file) = (step % 2, step / 2 % 2 * (1 - step % 2));
        let (high, low) = (step.wrapping_mul(9) % 4, step.wrapping_mul(53));
        made.push(vec![left, file, low, high, step, 1, 0xff]);
        made.push([vec![left, file, low, high, step, 32], vec![0; 32]].concat());
        made.push(vec![left, file + 2 * 5, low, high, step]);
        made.push(vec![left, file + 2 * 7, low, high, 0, 0, step % 12]);
        made.push(vec![left, file + 2 * 6, low, high, step, 3, 1, 2, 3]);
    }
    made
}
