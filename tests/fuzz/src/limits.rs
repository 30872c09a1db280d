//! Bounds of every call into the core: a second of processor time, and 64 MiB for a MiB of input.
//!
//! Processor time, since a second by the clock says little on a machine that does other work.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(1);
const MEMORY: isize = 64 << 20;

/// The system's allocator, with what each thread holds and held at most.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call is the system allocator's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both copies may be there for a moment.
        count(size.cast_signed());
        let moved = unsafe { System.realloc(memory, layout, size) };
        count(-layout.size().cast_signed());
        moved
    }
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Runs a call into the core and panics where it took more than it may.
pub(crate) fn bounded<T>(call: impl FnOnce() -> T) -> T {
    let held = HELD.get();
    PEAK.set(held);
    let start = processor_time();
    let answer = call();
    let took = processor_time().saturating_sub(start);
    let memory = PEAK.get() - held;
    assert!(took <= TIME, "took {took:?} of processor time");
    assert!(memory <= MEMORY, "held {memory} bytes");
    answer
}
