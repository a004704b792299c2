//! How much an execution and a round may take (LIM-004 to LIM-020, LIM-080 to LIM-092).

use std::time::Duration;

use ic_types::Instructions;

/// Limits that all nodes of a subnet must share: they decide what is executed in which batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionLimits {
    /// An update, a callback, a timer, a heartbeat (LIM-015).
    pub update: Instructions,
    /// A query, with all that a composite query calls (LIM-016, LIM-090).
    pub query: Instructions,
    /// The whole of an installation or upgrade (LIM-017).
    pub install: Instructions,
    /// An inspection (LIM-018).
    pub inspect: Instructions,
    /// All of one round: no execution begins after as many (LIM-019).
    pub round: Instructions,
    /// What each execution takes from the round besides its instructions, so that a round of very short
    /// messages ends too.
    pub overhead: Instructions,
    /// Bytes of an answer in replicated execution (LIM-004).
    pub answer_bytes: usize,
    /// Bytes of an answer to a query (LIM-005).
    pub query_answer_bytes: usize,
    /// Bytes of method name and argument of a call between canisters (LIM-003).
    pub request_bytes: usize,
    /// How deeply composite queries may call each other (LIM-091).
    pub query_depth: usize,
    /// How long a call may wait for a canister to stop (LIM-088).
    pub stop_timeout: Duration,
    /// Bytes of memory of all canisters together (LIM-028).
    pub subnet_memory: u64,
    /// Bytes of messages between canisters that wait anywhere; beyond, no calls can be made (LIM-094).
    pub message_memory: u64,
    /// Percent of compute that can be allocated. One thread executes, and a part of it stays for the others.
    pub compute_capacity: u64,
    /// How often memory and compute are paid for (LIM-099).
    pub charging_interval: Duration,
}

impl Default for ExecutionLimits {
    /// The limits of an application subnet of the public network, where those are known.
    fn default() -> Self {
        Self {
            update: Instructions::new(40_000_000_000),
            query: Instructions::new(5_000_000_000),
            install: Instructions::new(300_000_000_000),
            inspect: Instructions::new(200_000_000),
            round: Instructions::new(4_000_000_000),
            overhead: Instructions::new(2_000_000),
            answer_bytes: 2 << 20,
            query_answer_bytes: 3 << 20,
            request_bytes: 10 << 20,
            query_depth: 6,
            stop_timeout: Duration::from_secs(300),
            subnet_memory: 2 << 40,
            message_memory: 15 << 30,
            compute_capacity: 90,
            charging_interval: Duration::from_secs(10),
        }
    }
}
