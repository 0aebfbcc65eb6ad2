//! What the system refuses SQLite: the nth read, write, lock or allocation of memory fails, once or
//! from then on. Through SQLite's own hooks, so that nothing of the library is touched.
#![allow(unsafe_code)] // The hooks are C functions.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use nix::errno::Errno;
use rusqlite::ffi;

use super::Tally;
use super::bench::{Bench, Engine};
use super::points::{Trigger, Way, struck};
use crate::Result;

/// What fails. The names of the system's calls are SQLite's.
pub const KINDS: [&str; 7] = ["memory", "pwrite", "pread", "open", "ftruncate", "fcntl", "mmap"];
const MEMORY: usize = 0;
/// Once it fails, and then for ever until the failure is taken away.
const HOW: [(&str, bool); 2] = [("once", false), ("on", true)];

static KIND: AtomicUsize = AtomicUsize::new(usize::MAX);
static PASSES_LEFT: AtomicI64 = AtomicI64::new(0);
static STAYS: AtomicBool = AtomicBool::new(false);
static FIRED: AtomicBool = AtomicBool::new(false);

fn arm(kind: usize, pass: i64, stays: bool) {
    PASSES_LEFT.store(pass, Ordering::SeqCst);
    STAYS.store(stays, Ordering::SeqCst);
    FIRED.store(false, Ordering::SeqCst);
    KIND.store(kind, Ordering::SeqCst);
}

fn disarm() -> bool {
    KIND.store(usize::MAX, Ordering::SeqCst);
    FIRED.load(Ordering::SeqCst)
}

/// Whether this call fails.
fn fails(kind: usize) -> bool {
    if KIND.load(Ordering::SeqCst) != kind {
        return false;
    }
    let left = PASSES_LEFT.fetch_sub(1, Ordering::SeqCst);
    let now = left == 1 || (left < 1 && STAYS.load(Ordering::SeqCst));
    if now {
        FIRED.store(true, Ordering::SeqCst);
    }
    now
}

type Call = unsafe extern "C" fn();
/// The system's own calls, in the order of `KINDS`.
static SYSTEM: OnceLock<[Option<Call>; KINDS.len()]> = OnceLock::new();
type Allocate = unsafe extern "C" fn(c_int) -> *mut c_void;
type Reallocate = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
/// SQLite's own memory.
static MEMORY_OF_SQLITE: OnceLock<(Option<Allocate>, Option<Reallocate>)> = OnceLock::new();

fn system(kind: usize) -> Option<Call> {
    SYSTEM.get().and_then(|calls| calls.get(kind).copied().flatten())
}

/// A call of the system that fails with an error number when its turn comes.
macro_rules! hook {
    ($name:ident, $kind:literal, $errno:ident, $failed:expr, ($($argument:ident: $type:ty),*) -> $result:ty) => {
        hook!($name, $kind, $errno, $failed, ($($argument: $type),*) -> $result, true);
    };
    ($name:ident, $kind:literal, $errno:ident, $failed:expr, ($($argument:ident: $type:ty),*) -> $result:ty, $may:expr) => {
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            let Some(call) = system($kind).filter(|_| !($may && fails($kind))) else {
                Errno::$errno.set();
                return $failed;
            };
            // SAFETY: SQLite gave this pointer for the call of this name, which has this type.
            unsafe {
                let call: unsafe extern "C" fn($($type),*) -> $result = std::mem::transmute(call);
                call($($argument),*)
            }
        }
    };
}

hook!(write, 1, ENOSPC, -1, (file: c_int, from: *const c_void, length: usize, at: i64) -> isize);
hook!(read, 2, EIO, -1, (file: c_int, to: *mut c_void, length: usize, at: i64) -> isize);
hook!(open, 3, EMFILE, -1, (path: *const c_char, flags: c_int, mode: c_int) -> c_int);
hook!(ftruncate, 4, EIO, -1, (file: c_int, length: i64) -> c_int);
hook!(fcntl, 5, EIO, -1, (file: c_int, command: c_int, argument: *mut c_void) -> c_int, takes_lock(command, argument));
hook!(mmap, 6, ENOMEM, usize::MAX as *mut c_void,
    (at: *mut c_void, length: usize, how: c_int, flags: c_int, file: c_int, from: i64) -> *mut c_void);

/// A lock that is given back never fails: no system refuses that.
fn takes_lock(command: c_int, argument: *const c_void) -> bool {
    /// Linux: set a lock; and the word for giving one back, the first field of what it is told.
    const SET: c_int = 6;
    const BACK: i16 = 2;
    // SAFETY: with this command SQLite gives a `struct flock`.
    command == SET && unsafe { argument.cast::<i16>().read() } != BACK
}

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    match MEMORY_OF_SQLITE.get().and_then(|memory| memory.0).filter(|_| !fails(MEMORY)) {
        // SAFETY: SQLite's own function with SQLite's own argument.
        Some(call) => unsafe { call(bytes) },
        None => ptr::null_mut(),
    }
}

unsafe extern "C" fn reallocate(block: *mut c_void, bytes: c_int) -> *mut c_void {
    match MEMORY_OF_SQLITE.get().and_then(|memory| memory.1).filter(|_| !fails(MEMORY)) {
        // SAFETY: SQLite's own function with SQLite's own arguments.
        Some(call) => unsafe { call(block, bytes) },
        None => ptr::null_mut(),
    }
}

/// Puts the hooks in place, once in a process and before SQLite is first used in it.
///
/// Fails where SQLite was used already.
pub fn hook_in() -> Result<()> {
    static DONE: OnceLock<std::result::Result<(), &'static str>> = OnceLock::new();
    // SAFETY: the pointers come from SQLite and live as long as the process.
    Ok((*DONE.get_or_init(|| unsafe { put_hooks() }))?)
}

unsafe fn put_hooks() -> std::result::Result<(), &'static str> {
    // SAFETY: see `hook_in`; the hooks have the types of what they replace.
    unsafe {
        let mut methods: ffi::sqlite3_mem_methods = std::mem::zeroed();
        if ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) != ffi::SQLITE_OK {
            return Err("SQLite was used before the hooks were put in place");
        }
        let _ = MEMORY_OF_SQLITE.set((methods.xMalloc, methods.xRealloc));
        let mut hooked = methods;
        hooked.xMalloc = Some(allocate);
        hooked.xRealloc = Some(reallocate);
        if ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw mut hooked) != ffi::SQLITE_OK {
            return Err("SQLite does not take another memory");
        }
        if ffi::sqlite3_initialize() != ffi::SQLITE_OK {
            return Err("SQLite does not start");
        }
        let files = ffi::sqlite3_vfs_find(ptr::null());
        let hooks: [(&std::ffi::CStr, Call); 6] = [
            (c"pwrite", std::mem::transmute::<*const (), Call>(write as *const ())),
            (c"pread", std::mem::transmute::<*const (), Call>(read as *const ())),
            (c"open", std::mem::transmute::<*const (), Call>(open as *const ())),
            (c"ftruncate", std::mem::transmute::<*const (), Call>(ftruncate as *const ())),
            (c"fcntl", std::mem::transmute::<*const (), Call>(fcntl as *const ())),
            (c"mmap", std::mem::transmute::<*const (), Call>(mmap as *const ())),
        ];
        let Some((get, set)) =
            files.as_ref().and_then(|files| Some((files.xGetSystemCall?, files.xSetSystemCall?)))
        else {
            return Err("SQLite has no hooks for the system's calls here");
        };
        let mut calls = [None; KINDS.len()];
        for ((name, _), call) in hooks.iter().zip(calls.iter_mut().skip(1)) {
            *call = get(files, name.as_ptr());
        }
        let _ = SYSTEM.set(calls);
        for (name, hook) in hooks {
            if set(files, name.as_ptr(), Some(hook)) != ffi::SQLITE_OK {
                return Err("SQLite does not take a hook");
            }
        }
    }
    Ok(())
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Calls between two that fail: 1 for every one.
    pub step: usize,
    /// Allocations of memory between two that fail: there are many.
    pub memory_step: usize,
}

/// Runs all of it at one vendor: one failure at a time in the whole process.
pub async fn run(tally: &mut Tally, vendor: &'static str, extent: Extent) -> Result<()> {
    for way in [Way::Open, Way::Register, Way::Outbox] {
        for (kind, name) in KINDS.iter().enumerate() {
            for (how, stays) in HOW {
                let beginning = format!("system/{vendor}/{}/{name}-{how}/", way.name());
                // A lock that is never had is waited for 10 s by every call.
                let is_slow = *name == "fcntl" && stays;
                if is_slow || !tally.wants_some_of(&beginning) {
                    continue;
                }
                let before = tally.so_far();
                let step = if kind == MEMORY { extent.memory_step } else { extent.step };
                for pass in (1..).step_by(step.max(1)) {
                    let case = format!("{beginning}{pass};");
                    if !tally.wants(&case) {
                        if pass > 100_000 {
                            break;
                        }
                        continue;
                    }
                    let bench = Bench::new(vendor, Engine::Sqlite).await?;
                    let trigger = Trigger { arm: &|| arm(kind, pass, stays), disarm: &disarm };
                    let result = struck(&bench, trigger, way).await;
                    disarm();
                    if matches!(result, Ok(false)) {
                        break;
                    }
                    tally.injected(&case);
                    tally.judged(&case, result.map(drop));
                }
                tally.group(&beginning, before);
            }
        }
    }
    Ok(())
}
