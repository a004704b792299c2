//! Counts the memory that a decoder takes: no more than a small multiple of its input.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Bytes that this thread holds, and the most that it held since the last call of [`most_of`]. What one thread allocates
    /// and another frees counts wrongly; no target has threads.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has no counters any more, and nothing to count.
    let _ = LIVE.try_with(|live| {
        live.set(live.get().wrapping_add(bytes));
        let _ = MOST.try_with(|most| most.set(most.get().max(live.get())));
    });
}

fn size(layout: Layout) -> isize {
    isize::try_from(layout.size()).unwrap_or(isize::MAX)
}

// SAFETY: everything is passed on to the system's allocator, and only counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `work` gives, and the most bytes that it held at a time.
pub fn most_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    MOST.set(before);
    let made = work();
    let most = MOST.get().saturating_sub(before);
    (made, usize::try_from(most).unwrap_or_default())
}

/// How many bytes a decoder may hold for each byte of its input, and how many beyond that. A byte may be an element of a
/// list, and a list that grows is there twice.
pub const FACTOR: usize = 160;
/// See [`FACTOR`].
pub const BEYOND: usize = 4096;

/// What `decode` makes of `input`, if that takes no more memory than it should.
pub fn bounded<'a, I: AsRef<[u8]> + ?Sized, T>(input: &'a I, decode: impl FnOnce(&'a I) -> T) -> T {
    let (made, most) = most_of(|| decode(input));
    let length = input.as_ref().len();
    assert!(
        most <= FACTOR * length + BEYOND,
        "{most} bytes held for {length} bytes of input"
    );
    made
}
