//! Why something was refused, as callers are told (interface specification, "Refusal codes", HTTP-200 to HTTP-207).

use ic_types::{Reject, RejectCode};

macro_rules! error_codes {
    ($($(#[$doc:meta])+ $variant:ident = $code:ident, $name:literal;)+) => {
        /// What went wrong, in one word: the specification's `error_code`.
        ///
        /// The specification reserves names like `IC0503` for DFINITY's implementation (HTTP-207), so these are
        /// words. Clients that know only the reserved names can be served by
        /// [`ErrorCode::reserved_name`]; what is certified always carries [`ErrorCode::name`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text in answers and in the state tree (CERT-134).
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The reject code that goes with it.
            pub const fn reject_code(self) -> RejectCode {
                match self { $(Self::$variant => RejectCode::$code,)+ }
            }
        }
    };
}

error_codes! {
    /// A Wasm trap (ERR-001).
    Trapped = CanisterError, "trapped";
    /// The code called `ic0.trap` (ERR-002).
    CalledTrap = CanisterError, "called-trap";
    /// The code broke a rule of the System API (ERR-040 to ERR-045).
    ContractViolation = CanisterError, "contract-violation";
    /// The execution took too many instructions (ERR-010).
    InstructionLimit = CanisterError, "instruction-limit";
    /// The execution touched too much stable memory (ERR-011).
    MemoryAccessLimit = CanisterError, "memory-access-limit";
    /// Memory could not grow (ERR-013).
    OutOfMemory = CanisterError, "out-of-memory";
    /// The Wasm memory is over the limit that the controllers set (ERR-014).
    WasmMemoryLimit = CanisterError, "wasm-memory-limit";
    /// The canister rejected the call itself.
    CanisterReject = CanisterReject, "rejected-by-canister";
    /// The canister returned without an answer (ERR-114).
    DidNotReply = CanisterError, "did-not-reply";
    /// The code was uninstalled before it answered (ABS-171).
    CodeUninstalled = CanisterReject, "code-uninstalled";
    /// No such method (ERR-050).
    MethodNotFound = CanisterError, "method-not-found";
    /// A composite query was called as an update, or from another canister's update (ABS-121).
    CompositeQueryReplicated = CanisterError, "composite-query-in-replicated-mode";
    /// The canister has no code (ERR-051).
    NoModule = CanisterError, "no-module";
    /// The module is not one that may be run (ERR-052 to ERR-061).
    InvalidModule = CanisterError, "invalid-module";
    /// No such canister (ERR-069).
    CanisterNotFound = DestinationInvalid, "canister-not-found";
    /// The canister is stopped (ERR-112).
    CanisterStopped = CanisterError, "canister-stopped";
    /// The canister is stopping (ERR-112).
    CanisterStopping = CanisterError, "canister-stopping";
    /// The canister is frozen or cannot pay (ERR-113).
    OutOfCycles = SysTransient, "out-of-cycles";
    /// The call brought fewer cycles than the callee wants (ERR-115).
    TooFewCyclesInCall = CanisterError, "too-few-cycles-in-call";
    /// The caller is not a controller (ERR-070), or may not see what it asked for.
    NotController = CanisterError, "not-controller";
    /// The canister has code already (ERR-071).
    CanisterNotEmpty = CanisterError, "canister-not-empty";
    /// Only stopped canisters are deleted (ERR-072).
    CanisterNotStopped = CanisterError, "canister-not-stopped";
    /// A canister cannot delete itself (ERR-073).
    DeleteSelf = CanisterError, "delete-self";
    /// The canister has messages in its queues (ERR-074).
    QueuesNotEmpty = CanisterError, "queues-not-empty";
    /// The canister was started while a call waited for it to stop (ABS-177).
    StopCancelled = CanisterError, "stop-cancelled";
    /// The canister did not stop in time (LIM-088).
    StopTimeout = SysTransient, "stop-timeout";
    /// `wasm_memory_persistence` is missing (ERR-076).
    MissingUpgradeOption = CanisterError, "missing-upgrade-option";
    /// `wasm_memory_persistence` does not fit the module (ERR-077).
    InvalidUpgradeOption = CanisterError, "invalid-upgrade-option";
    /// A setting is out of range (ERR-078).
    InvalidSettings = CanisterError, "invalid-settings";
    /// The subnet cannot give that much compute (ERR-090).
    ComputeOversubscribed = SysFatal, "compute-oversubscribed";
    /// The subnet has no further memory (ERR-091).
    MemoryOversubscribed = SysFatal, "memory-oversubscribed";
    /// The subnet has no further canister ids (ERR-093).
    NoIdsLeft = SysFatal, "no-ids-left";
    /// The wanted canister id is taken or not of this subnet (MGMT-156).
    IdNotAvailable = CanisterError, "id-not-available";
    /// Too few cycles were attached (ERR-030).
    TooFewCyclesForCreation = CanisterError, "too-few-cycles-for-creation";
    /// A chunk is missing, too large, or one too many (ERR-062).
    ChunkStore = CanisterError, "chunk-store";
    /// No such snapshot (ERR-100), or it is another canister's (ERR-102).
    SnapshotNotFound = CanisterError, "snapshot-not-found";
    /// There are as many snapshots as there may be, or they hold what cannot be loaded (MGMT-171 to MGMT-175).
    SnapshotRefused = CanisterError, "snapshot-refused";
    /// The argument of a management call is not what the interface says (MGMT-002).
    InvalidArgument = CanisterError, "invalid-argument";
    /// The management canister has no such method, or not for this caller (MGMT-003).
    UnknownManagementMethod = CanisterError, "unknown-management-method";
    /// The method is of the specification, and this implementation does not have it.
    NotImplemented = CanisterError, "not-implemented";
    /// The request expired before it began (HTTP-113).
    IngressExpired = SysTransient, "ingress-expired";
    /// The subnet remembers too many requests.
    IngressHistoryFull = SysTransient, "ingress-history-full";
    /// `inspect_message` did not accept (SYS-124).
    NotAccepted = CanisterReject, "not-accepted";
    /// The answer did not come in time (ABS-130).
    DeadlineExpired = SysUnknown, "deadline-expired";
    /// Composite queries are nested too deeply (ABS-235).
    CallDepth = CanisterError, "call-depth";
    /// Too many calls to the same canister are not answered yet (ABS-357).
    QueueFull = SysTransient, "queue-full";
    /// `sender_canister_version` is not the caller's version (MGMT-005).
    SenderVersion = CanisterError, "sender-canister-version";
}

impl ErrorCode {
    /// The name of DFINITY's implementation for the few conditions by which deployed clients decide.
    ///
    /// For an embedder who serves such clients, in answers that are not certified only.
    pub const fn reserved_name(self) -> Option<&'static str> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a short list of exceptions")]
        match self {
            Self::CanisterNotFound => Some("IC0301"),
            Self::CanisterStopped => Some("IC0508"),
            Self::CanisterStopping => Some("IC0509"),
            Self::NotController => Some("IC0512"),
            Self::MethodNotFound => Some("IC0536"),
            _ => None,
        }
    }
}

/// A refusal: which code a program sees, which text a person reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The protocol's code.
    pub code: RejectCode,
    /// What went wrong in detail.
    pub error: ErrorCode,
    /// What went wrong in words.
    pub message: String,
}

impl Refusal {
    /// A refusal with the reject code that belongs to `error`.
    pub fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: error.reject_code(),
            error,
            message: message.into(),
        }
    }
}

/// As it travels, with the error code's [`ErrorCode::name`].
impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code,
            message: refusal.message,
            error_code: Some(refusal.error.name().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_not_reserved() {
        // HTTP-207
        let names: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        assert!(names.iter().all(|name| !name.starts_with("IC")));
        let reserved: Vec<&str> = ErrorCode::ALL
            .iter()
            .filter_map(|code| code.reserved_name())
            .collect();
        assert!(
            reserved
                .iter()
                .all(|name| name.starts_with("IC0") && name.len() == 6)
        );
        assert_eq!(reserved.len(), 5);
    }
}
