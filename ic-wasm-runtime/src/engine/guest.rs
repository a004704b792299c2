//! The module's memory and counter, with the rules by which the platform touches them.

use ic_types::Instructions;

use crate::system_api::Trap;

/// What the host can touch of the module that called it.
pub struct Guest<'a> {
    /// The heap.
    pub heap: &'a mut [u8],
    /// What is left of the instructions.
    pub instructions: &'a mut i64,
}

impl Guest<'_> {
    /// Pays `instructions` out of a limit.
    ///
    /// # Errors
    /// If they are not there. The counter is below zero then.
    pub fn charge(&mut self, instructions: u64, limit: Instructions) -> Result<(), Trap> {
        let left = i64::try_from(instructions)
            .ok()
            .and_then(|amount| self.instructions.checked_sub(amount));
        *self.instructions = left.unwrap_or(-1);
        if *self.instructions < 0 {
            Err(Trap::InstructionLimit { limit: limit.get() })
        } else {
            Ok(())
        }
    }

    /// The bytes from `source` on (SYS-005).
    ///
    /// # Errors
    /// If they reach beyond the heap.
    pub fn read(&self, source: u64, size: u64) -> Result<&[u8], Trap> {
        let range = range(source, size).and_then(|range| self.heap.get(range));
        range.ok_or(Trap::HeapOutOfBounds)
    }

    /// The bytes from `target` on, to be written.
    ///
    /// # Errors
    /// If they reach beyond the heap.
    pub fn place(&mut self, target: u64, size: u64) -> Result<&mut [u8], Trap> {
        let range = range(target, size).and_then(|range| self.heap.get_mut(range));
        range.ok_or(Trap::HeapOutOfBounds)
    }

    /// Writes `bytes` from `target` on.
    ///
    /// # Errors
    /// If they reach beyond the heap.
    pub fn write(&mut self, target: u64, bytes: &[u8]) -> Result<(), Trap> {
        let size = u64::try_from(bytes.len()).map_err(|_| Trap::HeapOutOfBounds)?;
        self.place(target, size)?.copy_from_slice(bytes);
        Ok(())
    }
}

fn range(start: u64, size: u64) -> Option<std::ops::Range<usize>> {
    let end = start.checked_add(size)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}
