//! The imports of the System API: the specification's table, as a table.
//!
//! `subnet_self_node_count` is newer than the table and permitted like its neighbours. Modules that import what is
//! not here are refused when they are installed: `cost_http_request_v2`, which the specification does not define yet,
//! and `mint_cycles`, which only one canister of the public network may call.

use std::fmt;

use super::input::Entry;

/// A kind of execution: the columns of the specification's table of imports, under its own letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// `canister_init` and `canister_post_upgrade`.
    I,
    /// `canister_pre_upgrade`.
    G,
    /// Update methods.
    U,
    /// Query methods in replicated execution.
    RQ,
    /// Query methods on one node.
    NRQ,
    /// Query methods as transforms of HTTP outcalls.
    TQ,
    /// Composite query methods.
    CQ,
    /// Reply callbacks.
    RY,
    /// Reject callbacks.
    RT,
    /// Reply callbacks of composite queries.
    CRY,
    /// Reject callbacks of composite queries.
    CRT,
    /// Cleanup callbacks.
    C,
    /// Cleanup callbacks of composite queries.
    CC,
    /// `canister_inspect_message`.
    F,
    /// Heartbeat, timer and the low-memory hook.
    T,
    /// The module's start function.
    S,
}

impl Context {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::I,
        Self::G,
        Self::U,
        Self::RQ,
        Self::NRQ,
        Self::TQ,
        Self::CQ,
        Self::RY,
        Self::RT,
        Self::CRY,
        Self::CRT,
        Self::C,
        Self::CC,
        Self::F,
        Self::T,
        Self::S,
    ];

    /// The column of an execution.
    pub fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Start => Self::S,
            Entry::Init { .. } | Entry::PostUpgrade { .. } => Self::I,
            Entry::PreUpgrade { .. } => Self::G,
            Entry::InspectMessage { .. } => Self::F,
            Entry::Update { .. } => Self::U,
            Entry::ReplicatedQuery { .. } => Self::RQ,
            Entry::Query { .. } => Self::NRQ,
            Entry::Transform { .. } => Self::TQ,
            Entry::CompositeQuery { .. } => Self::CQ,
            Entry::Reply {
                composite: false, ..
            } => Self::RY,
            Entry::Reply {
                composite: true, ..
            } => Self::CRY,
            Entry::Reject {
                composite: false, ..
            } => Self::RT,
            Entry::Reject {
                composite: true, ..
            } => Self::CRT,
            Entry::Cleanup {
                composite: false, ..
            } => Self::C,
            Entry::Cleanup {
                composite: true, ..
            } => Self::CC,
            Entry::Heartbeat | Entry::GlobalTimer | Entry::OnLowWasmMemory => Self::T,
        }
    }

    /// Whether all nodes of the subnet run it, with the same result (SYS-084, SYS-125).
    pub const fn is_replicated(self) -> bool {
        match self {
            Self::I
            | Self::G
            | Self::U
            | Self::RQ
            | Self::RY
            | Self::RT
            | Self::C
            | Self::T
            | Self::S => true,
            Self::NRQ | Self::TQ | Self::CQ | Self::CRY | Self::CRT | Self::CC | Self::F => false,
        }
    }

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I => "init or post-upgrade",
            Self::G => "pre-upgrade",
            Self::U => "update",
            Self::RQ => "replicated query",
            Self::NRQ => "query",
            Self::TQ => "transform",
            Self::CQ => "composite query",
            Self::RY => "reply callback",
            Self::RT => "reject callback",
            Self::CRY => "composite reply callback",
            Self::CRT => "composite reject callback",
            Self::C => "cleanup",
            Self::CC => "composite cleanup",
            Self::F => "inspect message",
            Self::T => "system task",
            Self::S => "start",
        }
    }

    const fn bit(self) -> u16 {
        // Sixteen columns, sixteen bits.
        match self {
            Self::I => 1,
            Self::G => 1 << 1,
            Self::U => 1 << 2,
            Self::RQ => 1 << 3,
            Self::NRQ => 1 << 4,
            Self::TQ => 1 << 5,
            Self::CQ => 1 << 6,
            Self::RY => 1 << 7,
            Self::RT => 1 << 8,
            Self::CRY => 1 << 9,
            Self::CRT => 1 << 10,
            Self::C => 1 << 11,
            Self::CC => 1 << 12,
            Self::F => 1 << 13,
            Self::T => 1 << 14,
            Self::S => 1 << 15,
        }
    }
}

/// The type of a parameter or result of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As wide as the module's memory: the specification's `I` (SYS-003).
    P,
    /// `i32`.
    W32,
    /// `i64`.
    W64,
}

const ANY: u16 = !Context::S.bit();

macro_rules! column {
    (ANY) => {
        ANY
    };
    ($letter:ident) => {
        Context::$letter.bit()
    };
}

macro_rules! result {
    (_) => {
        None
    };
    ($kind:ident) => {
        Some(Kind::$kind)
    };
}

macro_rules! width {
    () => {
        false
    };
    (narrow) => {
        true
    };
}

macro_rules! imports {
    ($($import:ident $name:literal ($($parameter:ident),*) $result:tt, $charge:literal, [$($letter:ident)+] $($narrow:ident)?;)+) => {
        /// A function of module `ic0`. The documentation of each is its row in the interface specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the specification documents them")]
        pub enum Import {
            $($import,)+
        }

        impl Import {
            /// All of them, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$import,)+];

            /// The name in module `ic0`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$import => $name,)+ }
            }

            /// The import of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$import),)+
                    _ => None,
                }
            }

            /// The parameters.
            pub const fn parameters(self) -> &'static [Kind] {
                match self { $(Self::$import => &[$(Kind::$parameter),*],)+ }
            }

            /// The result.
            pub const fn result(self) -> Option<Kind> {
                match self { $(Self::$import => result!($result),)+ }
            }

            /// Instructions that each call costs, besides those for the bytes that it moves.
            pub const fn charge(self) -> u64 {
                match self { $(Self::$import => $charge,)+ }
            }

            /// Whether only modules with a 32-bit memory have it (SYS-003).
            pub const fn only_narrow(self) -> bool {
                match self { $(Self::$import => width!($($narrow)?),)+ }
            }

            const fn columns(self) -> u16 {
                match self { $(Self::$import => $(column!($letter))|+,)+ }
            }
        }
    };
}

// Name, parameters, result, fixed charge in instructions, contexts.
#[rustfmt::skip]
imports! {
    MsgArgDataSize                 "msg_arg_data_size" () P, 500, [I U RQ NRQ TQ CQ RY CRY F]; // SYS-010
    MsgArgDataCopy                 "msg_arg_data_copy" (P, P, P) _, 500, [I U RQ NRQ TQ CQ RY CRY F]; // SYS-011
    MsgCallerSize                  "msg_caller_size" () P, 500, [ANY]; // SYS-012
    MsgCallerCopy                  "msg_caller_copy" (P, P, P) _, 500, [ANY]; // SYS-013
    MsgCallerInfoDataSize          "msg_caller_info_data_size" () P, 500, [U RQ NRQ CQ RY RT CRY CRT C CC F]; // SYS-014
    MsgCallerInfoDataCopy          "msg_caller_info_data_copy" (P, P, P) _, 500, [U RQ NRQ CQ RY RT CRY CRT C CC F]; // SYS-015
    MsgCallerInfoSignerSize        "msg_caller_info_signer_size" () P, 500, [U RQ NRQ CQ RY RT CRY CRT C CC F]; // SYS-016
    MsgCallerInfoSignerCopy        "msg_caller_info_signer_copy" (P, P, P) _, 500, [U RQ NRQ CQ RY RT CRY CRT C CC F]; // SYS-017
    MsgRejectCode                  "msg_reject_code" () W32, 500, [RY RT CRY CRT C]; // SYS-018
    MsgRejectMsgSize               "msg_reject_msg_size" () P, 500, [RT CRT]; // SYS-019
    MsgRejectMsgCopy               "msg_reject_msg_copy" (P, P, P) _, 500, [RT CRT]; // SYS-020
    MsgDeadline                    "msg_deadline" () W64, 500, [U RQ NRQ TQ CQ RY RT CRY CRT]; // SYS-021
    MsgReplyDataAppend             "msg_reply_data_append" (P, P) _, 500, [U RQ NRQ TQ CQ RY RT CRY CRT]; // SYS-022
    MsgReply                       "msg_reply" () _, 500, [U RQ NRQ TQ CQ RY RT CRY CRT]; // SYS-023
    MsgReject                      "msg_reject" (P, P) _, 500, [U RQ NRQ TQ CQ RY RT CRY CRT]; // SYS-024
    MsgCyclesAvailable128          "msg_cycles_available128" (P) _, 500, [U RQ RT RY]; // SYS-025
    MsgCyclesRefunded128           "msg_cycles_refunded128" (P) _, 500, [RT RY]; // SYS-026
    MsgCyclesAccept128             "msg_cycles_accept128" (W64, W64, P) _, 500, [U RQ RT RY]; // SYS-027
    CyclesBurn128                  "cycles_burn128" (W64, W64, P) _, 500, [I G U RQ RY RT C T]; // SYS-028
    CanisterSelfSize               "canister_self_size" () P, 500, [ANY]; // SYS-029
    CanisterSelfCopy               "canister_self_copy" (P, P, P) _, 500, [ANY]; // SYS-030
    CanisterCycleBalance128        "canister_cycle_balance128" (P) _, 500, [ANY]; // SYS-031
    CanisterLiquidCycleBalance128  "canister_liquid_cycle_balance128" (P) _, 500, [ANY]; // SYS-032
    CanisterStatus                 "canister_status" () W32, 500, [ANY]; // SYS-033
    CanisterVersion                "canister_version" () W64, 500, [ANY]; // SYS-034
    SubnetSelfSize                 "subnet_self_size" () P, 500, [ANY]; // SYS-035
    SubnetSelfCopy                 "subnet_self_copy" (P, P, P) _, 500, [ANY]; // SYS-036
    SubnetSelfNodeCount            "subnet_self_node_count" () W32, 500, [ANY]; // SYS-036
    MsgMethodNameSize              "msg_method_name_size" () P, 500, [F]; // SYS-037
    MsgMethodNameCopy              "msg_method_name_copy" (P, P, P) _, 500, [F]; // SYS-038
    AcceptMessage                  "accept_message" () _, 500, [F]; // SYS-039
    CallNew                        "call_new" (P, P, P, P, P, P, P, P) _, 1500, [U CQ RY RT CRY CRT T]; // SYS-040
    CallOnCleanup                  "call_on_cleanup" (P, P) _, 500, [U CQ RY RT CRY CRT T]; // SYS-041
    CallDataAppend                 "call_data_append" (P, P) _, 500, [U CQ RY RT CRY CRT T]; // SYS-042
    CallWithBestEffortResponse     "call_with_best_effort_response" (W32) _, 500, [U CQ RY RT CRY CRT T]; // SYS-043
    CallCyclesAdd128               "call_cycles_add128" (W64, W64) _, 500, [U RY RT T]; // SYS-044
    CallPerform                    "call_perform" () W32, 5000, [U CQ RY RT CRY CRT T]; // SYS-045
    Stable64Size                   "stable64_size" () W64, 20, [ANY S]; // SYS-050
    Stable64Grow                   "stable64_grow" (W64) W64, 100, [ANY S]; // SYS-051
    Stable64Write                  "stable64_write" (W64, W64, W64) _, 20, [ANY S]; // SYS-052
    Stable64Read                   "stable64_read" (W64, W64, W64) _, 20, [ANY S]; // SYS-053
    CertifiedDataSet               "certified_data_set" (P, P) _, 500, [I G U RY RT T]; // SYS-063
    DataCertificatePresent         "data_certificate_present" () W32, 500, [ANY]; // SYS-064
    DataCertificateSize            "data_certificate_size" () P, 500, [NRQ CQ]; // SYS-065
    DataCertificateCopy            "data_certificate_copy" (P, P, P) _, 500, [NRQ CQ]; // SYS-066
    RootKeySize                    "root_key_size" () P, 500, [I G U RQ RY RT C T]; // SYS-070
    RootKeyCopy                    "root_key_copy" (P, P, P) _, 500, [I G U RQ RY RT C T]; // SYS-071
    Time                           "time" () W64, 500, [ANY]; // SYS-080
    GlobalTimerSet                 "global_timer_set" (W64) W64, 500, [I G U RY RT C T]; // SYS-081
    PerformanceCounter             "performance_counter" (W32) W64, 200, [ANY S]; // SYS-082
    IsController                   "is_controller" (P, P) W32, 1000, [ANY S]; // SYS-083
    InReplicatedExecution          "in_replicated_execution" () W32, 500, [ANY S]; // SYS-084
    CostCall                       "cost_call" (W64, W64, P) _, 500, [ANY S]; // SYS-085
    CostCreateCanister             "cost_create_canister" (P) _, 500, [ANY S]; // SYS-086
    CostHttpRequest                "cost_http_request" (W64, W64, P) _, 500, [ANY S]; // SYS-087
    CostSignWithEcdsa              "cost_sign_with_ecdsa" (P, P, W32, P) W32, 500, [ANY S]; // SYS-088
    CostSignWithSchnorr            "cost_sign_with_schnorr" (P, P, W32, P) W32, 500, [ANY S]; // SYS-089
    CostVetkdDeriveKey             "cost_vetkd_derive_key" (P, P, W32, P) W32, 500, [ANY S]; // SYS-090
    EnvVarCount                    "env_var_count" () P, 500, [ANY]; // SYS-095
    EnvVarNameSize                 "env_var_name_size" (P) P, 500, [ANY]; // SYS-096
    EnvVarNameCopy                 "env_var_name_copy" (P, P, P, P) _, 500, [ANY]; // SYS-097
    EnvVarNameExists               "env_var_name_exists" (P, P) W32, 500, [ANY]; // SYS-098
    EnvVarValueSize                "env_var_value_size" (P, P) P, 500, [ANY]; // SYS-099
    EnvVarValueCopy                "env_var_value_copy" (P, P, P, P, P) _, 500, [ANY]; // SYS-100
    DebugPrint                     "debug_print" (P, P) _, 100, [ANY S]; // SYS-105
    Trap                           "trap" (P, P) _, 500, [ANY S]; // SYS-106
    MsgCyclesAvailable             "msg_cycles_available" () W64, 500, [U RQ RT RY] narrow; // SYS-110
    MsgCyclesRefunded              "msg_cycles_refunded" () W64, 500, [RT RY] narrow; // SYS-111
    MsgCyclesAccept                "msg_cycles_accept" (W64) W64, 500, [U RQ RT RY] narrow; // SYS-112
    CanisterCycleBalance           "canister_cycle_balance" () W64, 500, [ANY] narrow; // SYS-113
    CallCyclesAdd                  "call_cycles_add" (W64) _, 500, [U RY RT T] narrow; // SYS-114
    StableSize                     "stable_size" () W32, 20, [ANY S] narrow; // SYS-115
    StableGrow                     "stable_grow" (W32) W32, 100, [ANY S] narrow; // SYS-116
    StableWrite                    "stable_write" (W32, W32, W32) _, 20, [ANY S] narrow; // SYS-117
    StableRead                     "stable_read" (W32, W32, W32) _, 20, [ANY S] narrow; // SYS-118
}

impl Import {
    /// Whether it may be called there (SYS-002).
    pub const fn permitted(self, context: Context) -> bool {
        self.columns() & context.bit() != 0
    }
}

/// With its module, as in Wasm text.
impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ic0.{}", self.name())
    }
}
