//! A second witness of what was written, beside the data base. Disks bend bits: one in the index of receipts
//! hides a receipt that is on record, and one in the `-wal` file has SQLite leave out every write after it. The
//! data base alone tells neither. Two small files in the folder of locks do:
//!
//! * `seen` has six bits for each receipt that was ever written down, all in one place. Where one of them is not
//!   set, the receipt is new. Where all are, the table itself is read, row by row and without its index. A bit too
//!   many costs only that.
//! * `ends` has for each cash register how many events were committed. A journal with fewer has lost some.
//!
//! Neither is synced: after a power cut they may know less than the data base, never more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::chain;
use super::files::lock_file;
use super::register::damaged;

const SEEN: &str = "seen";
const ENDS: &str = "ends";
/// Places of `seen`, which is 4 MiB: a larger one costs more at each receipt, because fewer of its pages are at hand.
/// With a million receipts about two new ones in 100,000 have the table read.
const PLACES: u64 = 1 << 16;
/// A place, in bytes.
const PLACE: usize = 64;
const SIZE: u64 = PLACES * PLACE as u64;
/// Bits of a receipt.
const EACH: usize = 6;
/// `seen` is written in blocks of so many bytes when it is made anew; empty ones are left out.
const BLOCK: usize = 4_096;
/// Bytes of a number in `ends`.
const WIDTH: u64 = 8;

/// The two files, open.
pub(super) struct Witness {
    seen: File,
    ends: File,
    /// Ends that the transaction in progress brings.
    new_ends: RefCell<Ends>,
}

/// By the number of a register: how many events its chain has.
pub(super) type Ends = BTreeMap<i64, i64>;

impl Witness {
    /// Forgets what was known of an earlier file at this place.
    pub fn forget(folder: &Path) -> io::Result<()> {
        for name in [SEEN, ENDS] {
            match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Fails where the data base has lost events.
    pub fn check(folder: &Path, connection: &Connection) -> rusqlite::Result<()> {
        let known = match fs::read(folder.join(ENDS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            known => known.map_err(unreadable)?,
        };
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'registers')";
        let has_tables: bool = connection.query_row(sql, [], |row| row.get(0))?;
        for (register, said) in known.chunks_exact(WIDTH as usize).enumerate() {
            let said = said.try_into().map_or(0, i64::from_le_bytes);
            let register = i64::try_from(register).unwrap_or(i64::MAX);
            if said > 0 && !(has_tables && chain::events(connection, register)? >= said) {
                let message = format!(
                    "its last writes are gone: {said} events of a cash register were committed, and it has fewer. A part \
                     of the file or of its `-wal` is damaged or was removed, or it is an older copy. Put the newest \
                     copy in its place; where there is none, compare with the cash register's own list what was sold \
                     since, then remove {} to go on with what is there",
                    folder.join(ENDS).display()
                );
                return Err(damaged(&message));
            }
        }
        Ok(())
    }

    /// Opens the two files of an open data base. `seen` is made anew where it is missing or of another size.
    pub fn open(folder: &Path, connection: &Connection) -> rusqlite::Result<Self> {
        if !folder.join(SEEN).metadata().is_ok_and(|about| about.len() == SIZE) {
            make_seen(folder, connection)?;
        }
        let open = |name| lock_file(&folder.join(name)).map_err(unreadable);
        Ok(Self { seen: open(SEEN)?, ends: open(ENDS)?, new_ends: RefCell::default() })
    }

    /// Takes note of a receipt that the index does not know. Fails where the table has it all the same.
    pub fn meet(&self, connection: &Connection, register: i64, receipt_id: &str) -> rusqlite::Result<()> {
        let (at, bits) = place(register, receipt_id);
        let mut place = [0; PLACE];
        read_at(&self.seen, &mut place, at).map_err(unreadable)?;
        if set(&mut place, bits) {
            return write_at(&self.seen, &place, at).map_err(unreadable);
        }
        match is_in_table(connection, register, receipt_id)? {
            true => Err(damaged("the index does not lead to a receipt that the table has")),
            false => Ok(()),
        }
    }

    /// The transaction in progress brings the chain of a register to so many events.
    pub fn reached(&self, register: i64, events: i64) {
        self.new_ends.borrow_mut().insert(register, events);
    }

    /// What the transaction in progress brings so far.
    pub fn new_ends(&self) -> Ends {
        self.new_ends.borrow().clone()
    }

    /// A part of the transaction was undone: it brings no more than this.
    pub fn back_to(&self, ends: Ends) {
        self.new_ends.replace(ends);
    }

    /// The transaction is over.
    pub fn is_over(&self, committed: bool) {
        let new_ends = std::mem::take(&mut *self.new_ends.borrow_mut());
        for (register, events) in new_ends.into_iter().filter(|_| committed) {
            // The write stands, whatever becomes of its witness.
            let _ = write_at(&self.ends, &events.to_le_bytes(), register.unsigned_abs() * WIDTH);
        }
    }
}

/// Where a receipt's bits are, in bytes, and which they are there.
fn place(register: i64, receipt_id: &str) -> (u64, [usize; EACH]) {
    let digest = Sha256::new().chain_update(register.to_le_bytes()).chain_update(receipt_id).finalize();
    let number =
        |at: usize| digest.iter().skip(at).take(4).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    let bits = std::array::from_fn(|index| number(4 * (index + 1)) as usize % (8 * PLACE));
    (number(0) % PLACES * PLACE as u64, bits)
}

/// Sets bits; true where one of them was not set.
fn set(place: &mut [u8], bits: [usize; EACH]) -> bool {
    let mut is_new = false;
    for bit in bits {
        if let Some(byte) = place.get_mut(bit / 8) {
            is_new |= *byte & 1 << (bit % 8) == 0;
            *byte |= 1 << (bit % 8);
        }
    }
    is_new
}

/// Reads the whole table, without any index. The row that was just added is the last one.
fn is_in_table(connection: &Connection, register: i64, receipt_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT COUNT(*) > 1 FROM documents NOT INDEXED WHERE +register = ?1 AND receipt_id = ?2";
    connection.prepare_cached(sql)?.query_row(params![register, receipt_id], |row| row.get(0))
}

/// Makes `seen` from the table. It gets its name when it is complete.
fn make_seen(folder: &Path, connection: &Connection) -> rusqlite::Result<()> {
    let mut all = vec![0_u8; SIZE as usize];
    let mut statement = connection.prepare("SELECT register, receipt_id FROM documents NOT INDEXED")?;
    let mut rows = statement.query([])?;
    let mut is_empty = true;
    while let Some(row) = rows.next()? {
        is_empty = false;
        let receipt_id: String = row.get(1)?;
        let (at, bits) = place(row.get(0)?, &receipt_id);
        if let Some(place) = all.get_mut(at as usize..).and_then(|rest| rest.get_mut(..PLACE)) {
            set(place, bits);
        }
    }
    let write = || {
        let new = folder.join("seen.new");
        let file = lock_file(&new)?;
        file.set_len(0)?;
        file.set_len(SIZE)?;
        for (index, block) in all.chunks(BLOCK).enumerate().filter(|_| !is_empty) {
            if block.iter().any(|byte| *byte != 0) {
                write_at(&file, block, (index * BLOCK) as u64)?;
            }
        }
        fs::rename(&new, folder.join(SEEN))
    };
    write().map_err(unreadable)
}

fn unreadable(error: io::Error) -> rusqlite::Error {
    let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    rusqlite::Error::SqliteFailure(failure, Some(format!("the folder of its locks: {error}")))
}

/// Reads into the whole of `into`; what is behind the end of the file is not changed there.
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    let read = std::os::unix::fs::FileExt::read_at(file, into, at);
    #[cfg(windows)]
    let read = std::os::windows::fs::FileExt::seek_read(file, into, at);
    read.map(drop)
}

fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    let written = std::os::unix::fs::FileExt::write_at(file, bytes, at)?;
    #[cfg(windows)]
    let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
    if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
