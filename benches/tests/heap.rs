//! How much memory an entry of an authenticated map takes, counted by the allocator: 32 bytes of key, 32 of value.
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use ic_certification::AuthenticatedMap;
use ic_certified_map::RbTree;
use ic_types::Digest;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator, and only counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const COUNT: u64 = 200_000;

fn entries() -> impl Iterator<Item = ([u8; 32], [u8; 32])> {
    (0..COUNT).map(|number| (*Digest::of(&number.to_be_bytes()).as_bytes(), [7; 32]))
}

/// Bytes for each entry of what `make` makes.
fn bytes_per_entry<T>(make: impl FnOnce() -> T) -> f64 {
    let before = LIVE.load(Ordering::Relaxed);
    let made = make();
    let after = LIVE.load(Ordering::Relaxed);
    drop(made);
    (after - before) as f64 / COUNT as f64
}

#[test]
fn an_entry_takes_no_more_than_the_peers() {
    let peer = bytes_per_entry(|| {
        let mut map = RbTree::new();
        entries().for_each(|(key, value)| map.insert(key, value));
        map
    });
    let built = bytes_per_entry(|| entries().collect::<AuthenticatedMap<_, _>>());
    let grown = bytes_per_entry(|| {
        let mut map = AuthenticatedMap::new();
        entries().for_each(|(key, value)| {
            map.insert(key, value);
        });
        map
    });
    println!(
        "bytes per entry: ic-certified-map {peer:.1}, built at once {built:.1}, insert by insert {grown:.1}"
    );
    assert!(
        built <= peer && grown <= peer,
        "{peer:.1} {built:.1} {grown:.1}"
    );
}
