//! Programs that a sanitizer must report: `leak`, `read_freed`, `race`, and `fine`, which none may report.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("leak") => black_box(std::mem::forget(black_box(vec![1_u8; 4_000]))),
        Some("read_freed") => {
            let text = black_box(vec![7_u8; 4_000]);
            let place = text.as_ptr();
            drop(text);
            // What must be reported.
            println!("{}", unsafe { black_box(place).read_volatile() });
        }
        Some("race") => {
            static mut COUNT: usize = 0;
            let add = || {
                for _ in 0..1_000 {
                    // What must be reported.
                    unsafe { *black_box(&raw mut COUNT) += 1 };
                }
            };
            let other = thread::spawn(add);
            add();
            let _ = other.join();
        }
        Some("fine") => fine(),
        _ => std::process::exit(2),
    }
}

/// The ways in which the library's threads hand things to each other.
fn fine() {
    static ONCE: OnceLock<Vec<usize>> = OnceLock::new();
    static FLAG: AtomicUsize = AtomicUsize::new(0);
    let shared = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::sync_channel(1);
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (shared, sender) = (shared.clone(), sender.clone());
            thread::spawn(move || {
                for _ in 0..200 {
                    shared.lock().unwrap().push(ONCE.get_or_init(|| vec![1; 100]).len());
                    FLAG.fetch_add(1, Ordering::Release);
                }
                sender.send(vec![number; 100]).unwrap();
            })
        })
        .collect();
    let sums: Vec<_> = (0..4).map(|_| receiver.recv().unwrap().len()).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("{} {}", shared.lock().unwrap().len(), sums.len());
}
