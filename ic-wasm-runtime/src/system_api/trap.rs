//! Why an execution ended early.

use ic_types::ByteCount;

use super::Import;

/// Why an execution ended early. Everything that it did is dropped; what it used is paid (SYS-007).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trap {
    /// `unreachable` was executed (ERR-001).
    #[error("unreachable code was executed")]
    Unreachable,
    /// Access beyond the end of the heap (ERR-001).
    #[error("heap out of bounds")]
    HeapOutOfBounds,
    /// Access beyond the end of the stable memory (ERR-001).
    #[error("stable memory out of bounds")]
    StableOutOfBounds,
    /// Access beyond the end of the table (ERR-001).
    #[error("table out of bounds")]
    TableOutOfBounds,
    /// Integer division by zero (ERR-001).
    #[error("integer division by zero")]
    DivisionByZero,
    /// An integer result that does not fit, or a float that has no integer (ERR-001).
    #[error("integer overflow or invalid conversion to integer")]
    IntegerOverflow,
    /// An indirect call to an empty slot of the table, or of a null reference (ERR-001).
    #[error("uninitialized table element or null reference")]
    NullReference,
    /// An indirect call to a function of another type (ERR-001).
    #[error("function does not match its signature")]
    SignatureMismatch,
    /// Too many nested calls (ERR-001).
    #[error("call stack exhausted")]
    StackOverflow,
    /// The engine failed in a way that Wasm does not know. Names an internal fault, not one of the canister.
    #[error("engine failure: {reason}")]
    Engine {
        /// What the engine says.
        reason: String,
    },
    /// The instruction limit (ERR-010).
    #[error("exceeded the limit of {limit} instructions")]
    InstructionLimit {
        /// The limit.
        limit: u64,
    },
    /// The code called `ic0.trap` (ERR-002).
    #[error("{message}")]
    Explicit {
        /// What it said, without invalid UTF-8, at most 16 KiB.
        message: String,
    },
    /// An import that the kind of execution may not call (SYS-002, ERR-040).
    #[error("{import} cannot be called in {context}")]
    WrongContext {
        /// The import.
        import: Import,
        /// The kind of execution.
        context: &'static str,
    },
    /// A rule of the System API was broken (ERR-041..045 and the traps of the table of imports).
    #[error("{import}: {reason}")]
    ContractViolation {
        /// The import.
        import: Import,
        /// What was wrong.
        reason: String,
    },
    /// The callback is not in the table, or has not the type `(env) -> ()` (SYS-131).
    #[error("callback {function} is not a function of the table with the right type")]
    BadCallback {
        /// The index.
        function: u64,
    },
    /// The method is not exported (ERR-050).
    #[error("canister has no {kind} method '{method}'")]
    MethodNotFound {
        /// `update`, `query` or `composite_query`.
        kind: &'static str,
        /// The method.
        method: String,
    },
    /// Stable memory was read beyond the limit of one execution (ERR-011).
    #[error("exceeded the limit of {limit} bytes of stable memory accessed by one message")]
    StableReadLimit {
        /// The limit.
        limit: ByteCount,
    },
    /// Stable memory was written beyond the limit of one execution (ERR-011).
    #[error("exceeded the limit of {limit} bytes of stable memory written by one message")]
    StableWriteLimit {
        /// The limit.
        limit: ByteCount,
    },
    /// The subnet or the canister has no memory left (ERR-013).
    #[error("out of memory: cannot grow by {bytes} bytes")]
    OutOfMemory {
        /// The bytes that were asked for.
        bytes: ByteCount,
    },
    /// The heap is larger than the controllers allow (SYS-260, ERR-014).
    #[error("heap of {size} bytes exceeds the canister's Wasm memory limit of {limit} bytes")]
    WasmMemoryLimit {
        /// The size that was asked for.
        size: ByteCount,
        /// The limit.
        limit: ByteCount,
    },
    /// Growing memory would freeze the canister (ERR-020).
    #[error("cannot grow memory by {bytes} bytes: {missing} cycles are missing")]
    CyclesForMemory {
        /// The bytes that were asked for.
        bytes: ByteCount,
        /// What is missing.
        missing: ic_types::Cycles,
    },
}
