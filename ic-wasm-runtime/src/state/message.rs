//! What travels between canisters inside the subnet (ABS-017, ABS-018).

use std::sync::Arc;

use ic_types::{CanisterId, Cycles, Principal, RequestId, Time, UserId};

use super::call_contexts::CallbackId;
use crate::{executor::Refusal, system_api::CallerInfo};

/// Whom a call must be answered to (ABS-017).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOrigin {
    /// A user, through the ingress history.
    User {
        /// The user.
        user: UserId,
        /// The request.
        request: RequestId,
    },
    /// A canister of this subnet.
    Canister {
        /// The caller.
        caller: CanisterId,
        /// Its callback.
        callback: CallbackId,
        /// When the caller stops waiting; `None` if it never does.
        deadline: Option<Time>,
    },
    /// Nobody: a heartbeat, a timer or a hook.
    System,
}

impl CallOrigin {
    /// The deadline that the callee may read; `None` if the caller waits for ever (SYS-021).
    pub fn deadline(&self) -> Option<Time> {
        match self {
            Self::Canister { deadline, .. } => *deadline,
            Self::User { .. } | Self::System => None,
        }
    }
}

/// A call on its way to its callee.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whom to answer.
    pub origin: CallOrigin,
    /// Who calls.
    pub caller: Principal,
    /// What the user's identity canister says.
    pub caller_info: Option<CallerInfo>,
    /// The method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
    /// The cycles that come along.
    pub cycles: Cycles,
    /// When a user's request expires if it has not begun by then (HTTP-113).
    pub expiry: Option<Time>,
}

/// The content of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The callee's reply.
    Reply(Vec<u8>),
    /// The callee's or the system's refusal.
    Reject(Refusal),
}

impl Payload {
    /// The bytes that are paid for.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Reply(reply) => reply.len(),
            Self::Reject(reject) => reject.message.len(),
        }
    }
}

/// An answer on its way to its caller.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who answers.
    pub respondent: CanisterId,
    /// To which call of the receiver.
    pub callback: CallbackId,
    /// What.
    pub payload: Payload,
    /// The cycles that come back.
    pub refund: Cycles,
}

/// What lies in a queue.
#[derive(Clone, Debug)]
pub enum Message {
    /// A call.
    Request(Arc<Request>),
    /// An answer.
    Answer(Arc<Answer>),
}

impl Message {
    /// The bytes that it takes up, as messages are counted (LIM-094): name, argument or answer.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Request(request) => request.method.len().saturating_add(request.argument.len()),
            Self::Answer(answer) => answer.payload.bytes(),
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The cycles inside.
    pub fn cycles(&self) -> Cycles {
        match self {
            Self::Request(request) => request.cycles,
            Self::Answer(answer) => answer.refund,
        }
    }
}
