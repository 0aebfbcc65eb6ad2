//! An allocator that leaves nothing behind: what is freed is overwritten first, so that no password and no token outlives
//! its client in the memory of the host program, in whichever buffer on its way it was.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with memory overwritten before it is given back. A block that grows is copied and overwritten
/// too, because the default of `realloc` is made of `alloc` and `dealloc`.
pub(crate) struct Wiping;

// SAFETY: everything is the system's allocator's; the block that is overwritten is still the caller's own.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size, by the caller's promise. What it is read for afterwards a compiler cannot see.
        unsafe {
            block.write_bytes(0, layout.size());
            std::hint::black_box(block);
            System.dealloc(block, layout);
        }
    }
}
