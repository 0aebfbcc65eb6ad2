//! What the files of a journal need when the process forks, whoever forks it: Python, PHP, uWSGI, a C program.
//!
//! SQLite notes in the memory of the process which locks it holds. A child would inherit these notes, but not
//! the locks: so every data base is closed for the moment of the fork. A locked file is the other way round: a
//! child inherits the open file and the lock with it, and would keep the lease of a parent that ended long
//! ago. So a child closes every such file before it does anything else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, Weak};

use super::files::{is_in_its_folder, lock_file};
use crate::journal::lease::Stands;

/// How many threads of the process are forking it.
static FORKING: AtomicUsize = AtomicUsize::new(0);
/// Held while a data base is closed for good: it is in no list any more, and SQLite's own locks must not be held in a
/// child by a thread that is not there.
static CLOSING: Mutex<()> = Mutex::new(());
static OPEN: Mutex<Open> = Mutex::new(Open { stores: Vec::new(), locked: BTreeMap::new(), next: 0 });

thread_local! {
    /// Held by the thread that forks, so that in the child it is not held by a thread that is not there.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// The first field is given back first: the reverse of the order in which they are taken.
struct Held {
    open: MutexGuard<'static, Open>,
    _closing: MutexGuard<'static, ()>,
}

/// What can be closed until it is next needed.
pub(super) trait LetGo: Send + Sync {
    /// Closes it.
    fn let_go(&self);
}

/// What is open in this process.
struct Open {
    stores: Vec<Weak<dyn LetGo>>,
    locked: BTreeMap<u64, File>,
    next: u64,
}

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For as long as a data base is closed for good: a fork waits meanwhile.
pub(super) fn closing() -> MutexGuard<'static, ()> {
    CLOSING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True while the process forks: no data base may be opened.
pub(super) fn is_forking() -> bool {
    FORKING.load(Ordering::SeqCst) > 0
}

/// Has a data base closed at every fork from now on.
pub(super) fn close_at_forks(store: Weak<dyn LetGo>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(install);
    let mut open = open();
    open.stores.retain(|store| store.strong_count() > 0);
    open.stores.push(store);
}

/// A file that is there to be locked. The lock ends with this value or with the process, whatever children
/// live on.
pub(super) struct LockFile(u64);

impl LockFile {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> io::Result<Self> {
        // A fork waits meanwhile, so that no child gets a file that is not known here.
        let mut open = open();
        let file = lock_file(path)?;
        open.next += 1;
        let key = open.next;
        open.locked.insert(key, file);
        Ok(Self(key))
    }

    /// Takes the lock, if nobody has it.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        match open().locked.get(&self.0) {
            Some(file) => file.try_lock(),
            None => Err(TryLockError::Error(io::Error::other("it was closed when this process was forked"))),
        }
    }
}

impl Stands for LockFile {
    /// A file that was removed is locked by whoever has it open and by nobody else: the next process makes a new one.
    fn stands(&self) -> bool {
        open().locked.get(&self.0).is_some_and(is_in_its_folder)
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // In a child it is closed already.
        if let Some(file) = open().locked.remove(&self.0) {
            // To close it is not enough where a child that came by no hook has it too.
            let _ = file.unlock();
        }
    }
}

/// Has the system tell of every fork, for as long as the process lives.
#[cfg(unix)]
#[allow(unsafe_code)]
fn install() {
    // SAFETY: the three are plain functions of this library that let no panic through. Where the library is
    // unloaded, the system forgets them with it.
    unsafe {
        nix::libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child));
    }
}

#[cfg(unix)]
extern "C" fn before() {
    let _ = std::panic::catch_unwind(|| {
        FORKING.fetch_add(1, Ordering::SeqCst);
        // Not under the lock: who opens a data base meanwhile needs it.
        let stores = open().stores.clone();
        stores.iter().filter_map(Weak::upgrade).for_each(|store| store.let_go());
        let _closing = closing();
        let _ = HELD.try_with(|held| held.borrow_mut().push(Held { open: open(), _closing }));
    });
}

#[cfg(unix)]
extern "C" fn after_in_parent() {
    let _ = std::panic::catch_unwind(|| {
        let _ = HELD.try_with(|held| held.borrow_mut().pop());
        FORKING.fetch_sub(1, Ordering::SeqCst);
    });
}

#[cfg(unix)]
extern "C" fn after_in_child() {
    let _ = std::panic::catch_unwind(|| {
        let _ = HELD.try_with(|held| {
            let mut held = held.borrow_mut();
            if let Some(held) = held.last_mut() {
                // Closed, not unlocked: the lock is the parent's.
                held.open.locked.clear();
            }
            held.clear();
        });
        FORKING.store(0, Ordering::SeqCst);
    });
}

#[cfg(not(unix))]
fn install() {}
