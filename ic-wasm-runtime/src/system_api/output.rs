//! What comes out of one execution: an outcome, a count, and effects as data. Nothing has happened yet.

use ic_types::{Cycles, Instructions, Principal, Time};

use super::{
    Trap,
    input::{CallPrice, Closure},
};
use crate::memory::ExecutionState;

/// The end of one execution.
#[derive(Clone, Debug)]
pub struct ExecutionOutput {
    /// How it ended. What a trapped execution did is not in here: that is the rollback (SYS-007).
    pub outcome: Result<Completed, Trap>,
    /// Instructions used, whatever the outcome, at most the limit (ABS-124).
    pub instructions: Instructions,
    /// What was printed, oldest first; kept after a trap too, whose own text is the last line (SYS-164).
    pub log: Vec<Vec<u8>>,
}

/// An execution that returned.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The new memories and globals. Equal to the old ones after executions that keep nothing: queries and
    /// `inspect_message`.
    pub state: ExecutionState,
    /// What the code asked for.
    pub effects: Effects,
    /// Pages of 4096 bytes of the heap whose content changed.
    pub dirty_heap_pages: u64,
    /// Pages of 4096 bytes of the stable memory that were written.
    pub dirty_stable_pages: u64,
}

/// What the code asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// The answer, if it gave one.
    pub response: Option<Response>,
    /// Calls, in the order of `call_perform` (SYS-130).
    pub calls: Vec<OutgoingCall>,
    /// The balance afterwards: before + `accepted` - `burned` - for each call its cycles and price.
    pub balance: Cycles,
    /// Taken from the cycles that came with the call.
    pub accepted: Cycles,
    /// Burned (SYS-028).
    pub burned: Cycles,
    /// The data to certify, if it was set; at most 32 bytes (SYS-063).
    pub certified_data: Option<Vec<u8>>,
    /// The timer, if it was set: `Some(None)` switches it off (SYS-081).
    pub global_timer: Option<Option<Time>>,
    /// Whether `inspect_message` let the message in (SYS-039).
    pub accepted_message: bool,
}

/// An answer that the code gave (SYS-120).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// `msg_reply`.
    Reply(Vec<u8>),
    /// `msg_reject`: reject code 4.
    Reject(String),
}

/// A call that was performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Whom to call.
    pub callee: Principal,
    /// The method.
    pub method: String,
    /// The argument.
    pub payload: Vec<u8>,
    /// Cycles that go along.
    pub cycles: Cycles,
    /// What was taken from the balance for it besides.
    pub price: CallPrice,
    /// When the system may answer in the callee's place; `None` if the caller waits for ever (SYS-133).
    pub deadline: Option<Time>,
    /// Runs if the answer is a reply.
    pub on_reply: Closure,
    /// Runs if the answer is a reject.
    pub on_reject: Closure,
    /// Runs if the one that ran trapped.
    pub on_cleanup: Option<Closure>,
}
