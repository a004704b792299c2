//! Stable memory, with 32-bit and 64-bit addresses (SYS-050..053, SYS-115..118, SYS-162).

use std::collections::BTreeMap;

use ic_types::ByteCount;

use super::host::{SystemApi, violation};
use super::{Import, Limits, Trap};
use crate::engine::Guest;
use crate::memory::{Memory, PAGE_BYTES, WASM_PAGE_BYTES};

/// What the 32-bit functions can address: 4 GiB in pages of 64 KiB.
const NARROW_PAGES: u64 = 65_536;
/// Bytes of a page, as the limits count.
const PAGE: u64 = 4096;
const _: () = assert!(PAGE_BYTES == 4096);

/// -1 as both widths know it: the engine cuts it to the width of the result.
const REFUSED: u64 = u64::MAX;

/// The stable memory of one execution: a working copy, and which pages were touched.
pub(super) struct StableMemory {
    memory: Memory,
    accessed: Pages,
    written: Pages,
    accessible: u64,
    writable: u64,
    maximum: u64,
}

impl StableMemory {
    pub(super) fn new(memory: Memory, limits: &Limits) -> Self {
        Self {
            memory,
            accessed: Pages::default(),
            written: Pages::default(),
            accessible: limits.stable_read.get() / PAGE,
            writable: limits.stable_written.get() / PAGE,
            maximum: limits.stable.get() / WASM_PAGE_BYTES,
        }
    }

    pub(super) fn wasm_pages(&self) -> u64 {
        self.memory.wasm_pages
    }

    pub(super) fn bytes(&self) -> u64 {
        self.memory.bytes().get()
    }

    /// The memory, and how many pages were written.
    pub(super) fn finish(self) -> (Memory, u64) {
        (self.memory, self.written.count)
    }

    fn check(&self, offset: u64, size: u64) -> Result<(), Trap> {
        let end = offset.checked_add(size).ok_or(Trap::StableOutOfBounds)?;
        if end > self.bytes() {
            Err(Trap::StableOutOfBounds)
        } else {
            Ok(())
        }
    }
}

/// A set of pages, 64 to a word.
#[derive(Default)]
struct Pages {
    words: BTreeMap<u64, u64>,
    count: u64,
}

impl Pages {
    /// Adds the pages of a range of bytes that is not empty. Returns how many were not there.
    fn add(&mut self, offset: u64, size: u64) -> u64 {
        let (first, last) = (
            offset / PAGE,
            offset.saturating_add(size.saturating_sub(1)) / PAGE,
        );
        let mut added = 0;
        for word in first / 64..=last / 64 {
            let low = if word == first / 64 { first % 64 } else { 0 };
            let high = if word == last / 64 { last % 64 } else { 63 };
            // The bits from `low` to `high`, both below 64.
            let wanted = u64::MAX >> 63_u64.saturating_sub(high) & u64::MAX << low;
            let present = self.words.entry(word).or_default();
            added += u64::from((wanted & !*present).count_ones());
            *present |= wanted;
        }
        self.count = self.count.saturating_add(added);
        added
    }
}

impl SystemApi {
    /// The 32-bit functions stop working when the memory has outgrown them (SYS-115, SYS-280).
    fn must_be_narrow(&self, import: Import) -> Result<(), Trap> {
        if self.stable.wasm_pages() > NARROW_PAGES {
            return Err(violation(import, "stable memory exceeds 4 GiB"));
        }
        Ok(())
    }

    pub(super) fn stable_size_narrow(&self, import: Import) -> Result<u64, Trap> {
        self.must_be_narrow(import)?;
        Ok(self.stable.wasm_pages())
    }

    pub(super) fn stable_grow_narrow(&mut self, import: Import, pages: u64) -> Result<u64, Trap> {
        self.must_be_narrow(import)?;
        if self.stable.wasm_pages().saturating_add(pages) > NARROW_PAGES {
            return Ok(REFUSED);
        }
        self.stable_grow(pages)
    }

    pub(super) fn stable_grow(&mut self, pages: u64) -> Result<u64, Trap> {
        let before = self.stable.wasm_pages();
        let after = before
            .checked_add(pages)
            .filter(|after| *after <= self.stable.maximum);
        let bytes = pages.saturating_mul(WASM_PAGE_BYTES);
        let Some(after) = after.filter(|_| self.can_allocate(bytes)) else {
            return Ok(REFUSED);
        };
        self.allocate(bytes)?;
        self.stable.memory.wasm_pages = after;
        Ok(before)
    }

    pub(super) fn stable_write(
        &mut self,
        import: Import,
        guest: &mut Guest<'_>,
        narrow: bool,
        [offset, source, size]: [u64; 3],
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        if narrow {
            self.must_be_narrow(import)?;
        } else if size == 0 {
            return Ok(0);
        }
        self.stable.check(offset, size)?;
        guest.read(source, size)?;
        if size == 0 {
            return Ok(0);
        }
        self.touch(offset, size)?;
        let fresh = self.stable.written.add(offset, size);
        if self.stable.written.count > self.stable.writable {
            return Err(Trap::StableWriteLimit {
                limit: self.input.limits.stable_written,
            });
        }
        self.charge_bytes(guest, fresh, self.page_charge)?;
        let bytes = guest.read(source, size)?;
        self.stable.memory.pages.write(offset, bytes);
        Ok(0)
    }

    pub(super) fn stable_read(
        &mut self,
        import: Import,
        guest: &mut Guest<'_>,
        narrow: bool,
        [target, offset, size]: [u64; 3],
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        if size == 0 {
            return Ok(0);
        }
        if narrow {
            self.must_be_narrow(import)?;
        }
        self.stable.check(offset, size)?;
        guest.place(target, size)?;
        self.touch(offset, size)?;
        self.stable
            .memory
            .pages
            .read(offset, guest.place(target, size)?);
        Ok(0)
    }

    /// Counts the pages of a range towards the limit of what may be accessed (LIM-025).
    fn touch(&mut self, offset: u64, size: u64) -> Result<(), Trap> {
        self.stable.accessed.add(offset, size);
        if self.stable.accessed.count > self.stable.accessible {
            let limit: ByteCount = self.input.limits.stable_read;
            return Err(Trap::StableReadLimit { limit });
        }
        Ok(())
    }
}
