//! Modules: from bytes that somebody uploaded to code that may be run, and only that.
//!
//! Whatever was uploaded is validated and rewritten. What an engine gets is the
//! rewritten module, so that every engine counts alike.

mod cost;
mod decode;
mod error;
mod instrument;
pub mod names;
mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use cost::CostTable;
pub use decode::{MODULE_BYTES, decode};
pub use error::InvalidModule;
use ic_types::{ByteCount, Digest};

use crate::memory::{GlobalValue, Memory};

/// A module that may be run: validated, and rewritten so that it counts its instructions.
#[derive(Debug)]
pub struct Instrumented {
    code: Vec<u8>,
    hash: Digest,
    interface: Interface,
    metadata: BTreeMap<String, Metadata>,
    heap: HeapType,
    globals: Arc<[GlobalValue]>,
    data: Vec<(u64, Vec<u8>)>,
    compile_cost: u64,
    reusable: bool,
}

/// What a module exports to the platform (SYS-204).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Public methods and their kind. No two share a name (SYS-206).
    pub methods: BTreeMap<String, MethodKind>,
    /// Whether there is a start function (SYS-203).
    pub start: bool,
    /// `canister_init`.
    pub init: bool,
    /// `canister_pre_upgrade`.
    pub pre_upgrade: bool,
    /// `canister_post_upgrade`.
    pub post_upgrade: bool,
    /// `canister_inspect_message`.
    pub inspect_message: bool,
    /// `canister_heartbeat`.
    pub heartbeat: bool,
    /// `canister_global_timer`.
    pub global_timer: bool,
    /// `canister_on_low_wasm_memory`.
    pub on_low_wasm_memory: bool,
}

/// The kind of a public method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MethodKind {
    /// `canister_update`.
    Update,
    /// `canister_query`.
    Query,
    /// `canister_composite_query`.
    CompositeQuery,
}

/// A custom section `icp:public NAME` or `icp:private NAME` (SYS-208).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Whether everybody may read it, or controllers only.
    pub public: bool,
    /// Its content.
    pub content: Vec<u8>,
}

/// The memory that a module declares or imports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapType {
    /// Whether pointers are 64 bits wide (SYS-003).
    pub wide: bool,
    /// The size at first, in pages of 64 KiB.
    pub minimum: u64,
    /// The largest size, in pages of 64 KiB.
    pub maximum: u64,
}

impl Instrumented {
    /// Validates and rewrites a Wasm module: the result of [`decode`](decode()).
    ///
    /// # Errors
    /// If it breaks a rule of WebAssembly or of the platform (SYS-200..212, LIM-040..049).
    pub fn new(wasm: &[u8], costs: CostTable) -> Result<Self, InvalidModule> {
        if wasm.len() > MODULE_BYTES {
            return Err(InvalidModule::TooLarge {
                limit: MODULE_BYTES,
            });
        }
        let allowed = validate::validate(wasm)?;
        let rewritten = instrument::instrument(&allowed, costs)?;
        Ok(Self {
            hash: Digest::of(&rewritten.code),
            code: rewritten.code,
            interface: allowed.interface,
            metadata: allowed.metadata,
            heap: allowed.heap,
            globals: allowed.initial.into(),
            data: allowed
                .active
                .into_iter()
                .map(|(offset, bytes)| (offset, bytes.to_vec()))
                .collect(),
            compile_cost: rewritten.compile_cost,
            reusable: !rewritten.drops_segments,
        })
    }

    /// The rewritten module, for an engine to compile.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// The hash of [`Self::code`]: what a cache of compiled modules is keyed by.
    pub fn hash(&self) -> &Digest {
        &self.hash
    }

    /// What it exports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Its public and private metadata, by name.
    pub fn metadata(&self) -> &BTreeMap<String, Metadata> {
        &self.metadata
    }

    /// Bytes of metadata, names included.
    pub fn metadata_bytes(&self) -> ByteCount {
        let bytes = self
            .metadata
            .iter()
            .map(|(name, section)| name.len().saturating_add(section.content.len()));
        ByteCount::new(u64::try_from(bytes.sum::<usize>()).unwrap_or(u64::MAX))
    }

    /// Its memory.
    pub fn heap(&self) -> &HeapType {
        &self.heap
    }

    /// The largest size that its memory can have.
    pub fn maximum_heap(&self) -> ByteCount {
        ByteCount::new(
            self.heap
                .maximum
                .saturating_mul(crate::memory::WASM_PAGE_BYTES),
        )
    }

    /// The initial values of its mutable globals.
    pub fn initial_globals(&self) -> Arc<[GlobalValue]> {
        Arc::clone(&self.globals)
    }

    /// Lays out the memory as it is before anything ran: at least the declared size, and the data.
    pub fn initialise(&self, heap: &mut Memory) {
        // A heap that is kept over an upgrade may have grown (SYS-243).
        heap.wasm_pages = heap.wasm_pages.max(self.heap.minimum);
        for (offset, bytes) in &self.data {
            heap.pages.write(*offset, bytes);
        }
    }

    /// Instructions to charge for compiling it (LIM-097).
    pub fn compile_cost(&self) -> u64 {
        self.compile_cost
    }

    /// Whether an instance can be used again after its memory and globals were put back: not if the code drops
    /// segments.
    pub fn is_reusable(&self) -> bool {
        self.reusable
    }
}
