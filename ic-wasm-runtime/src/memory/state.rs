//! All that an installed module has built up.

use std::sync::Arc;

use ic_types::ByteCount;

use super::{PAGE_BYTES, Page, PageMap};
use crate::module::Instrumented;

/// Bytes of one page of Wasm memory, the unit in which memories grow.
pub const WASM_PAGE_BYTES: u64 = 65_536;

/// One memory: its size, and its pages of [`PAGE_BYTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The size in pages of [`WASM_PAGE_BYTES`].
    pub wasm_pages: u64,
    /// The content.
    pub pages: PageMap,
}

impl Memory {
    /// The size in bytes.
    pub fn bytes(&self) -> ByteCount {
        ByteCount::new(self.wasm_pages.saturating_mul(WASM_PAGE_BYTES))
    }
}

/// The value of a global, as bits: floats are not compared, they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalValue {
    /// `i32`.
    I32(u32),
    /// `i64`.
    I64(u64),
    /// `f32`, its bits.
    F32(u32),
    /// `f64`, its bits.
    F64(u64),
    /// `v128`, its bits.
    V128(u128),
}

/// The code of a canister and what it has built up. Cloning is cheap.
///
/// [`Self::new`] is the state before the start function and `canister_init` (SYS-220).
#[derive(Clone, Debug)]
pub struct ExecutionState {
    /// The code.
    pub module: Arc<Instrumented>,
    /// The Wasm memory.
    pub heap: Memory,
    /// The stable memory.
    pub stable: Memory,
    /// The values of the module's mutable globals, in the order of their declaration.
    pub globals: Arc<[GlobalValue]>,
}

impl ExecutionState {
    /// A module as it is before anything ran: initial globals, data in the heap, no stable memory.
    pub fn new(module: Arc<Instrumented>) -> Self {
        let mut heap = Memory::default();
        module.initialise(&mut heap);
        Self {
            heap,
            stable: Memory::default(),
            globals: module.initial_globals(),
            module,
        }
    }

    /// The state in which a new module takes over (SYS-242): stable memory stays, globals begin anew, the heap
    /// stays if `keep_heap`.
    ///
    /// A kept heap is kept as it is: active data segments of the new module are not laid into it, and it grows
    /// if the new module declares more.
    pub fn upgrade(&self, module: Arc<Instrumented>, keep_heap: bool) -> Self {
        let mut next = Self {
            stable: self.stable.clone(),
            ..Self::new(module)
        };
        if keep_heap {
            next.heap = Memory {
                wasm_pages: self.heap.wasm_pages.max(next.heap.wasm_pages),
                pages: self.heap.pages.clone(),
            };
        }
        next
    }

    /// The size of the Wasm memory in bytes.
    pub fn wasm_memory_bytes(&self) -> u64 {
        self.heap.bytes().get()
    }

    /// The largest size that the Wasm memory can have, in bytes (LIM-022, LIM-023).
    pub fn wasm_memory_maximum(&self) -> u64 {
        self.module.maximum_heap().get()
    }

    /// The size of the stable memory in bytes.
    pub fn stable_memory_bytes(&self) -> u64 {
        self.stable.bytes().get()
    }

    /// The size of the globals in bytes, eight for each.
    pub fn global_bytes(&self) -> u64 {
        u64::try_from(self.globals.len())
            .unwrap_or(u64::MAX)
            .saturating_mul(8)
    }

    /// The size of the `icp:` sections in bytes, names included (LIM-047).
    pub fn custom_section_bytes(&self) -> u64 {
        self.module.metadata_bytes().get()
    }
}

const _: () = assert!(size_of::<Page>() == PAGE_BYTES);
