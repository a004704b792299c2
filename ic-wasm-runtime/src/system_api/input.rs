//! What goes into one execution: everything that the code can learn, and nothing else.
//!
//! All of it is data, so that an execution is a function of its arguments (no clock, no entropy, no lookups).
//! The one exception is [`Tariff`]: prices are formulas, and their home is the ledger of the caller.

use std::{collections::BTreeMap, sync::Arc};

use ic_types::{ByteCount, CanisterId, Cycles, Instructions, Principal, SubnetId, Time};

/// One execution of one canister.
#[derive(Clone, Debug)]
pub struct ExecutionInput {
    /// What runs, with what only this kind of execution can see.
    pub entry: Entry,
    /// What every kind of execution can see.
    pub environment: Environment,
    /// The cycles that can be moved.
    pub funds: Funds,
    /// How much it may use.
    pub limits: Limits,
    /// How many calls still fit into the queue to each callee; one that is not named has room for as many as
    /// [`Limits::calls`] permits (ABS-357).
    pub room: Arc<BTreeMap<Principal, u64>>,
}

/// What runs: one variant for each column of the specification's table of imports (SYS-002).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The module's start function, if it has one (SYS-203).
    Start,
    /// `canister_init` (SYS-220).
    Init {
        /// Who asked for the installation.
        caller: Principal,
        /// The argument of the installation.
        argument: Vec<u8>,
    },
    /// `canister_pre_upgrade` (SYS-240).
    PreUpgrade {
        /// Who asked for the upgrade.
        caller: Principal,
    },
    /// `canister_post_upgrade` (SYS-240).
    PostUpgrade {
        /// Who asked for the upgrade.
        caller: Principal,
        /// The argument of the upgrade.
        argument: Vec<u8>,
    },
    /// `canister_inspect_message` (SYS-124).
    InspectMessage {
        /// The user.
        caller: Principal,
        /// What the user's identity canister says.
        caller_info: Option<CallerInfo>,
        /// The method that is to be called.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_update <method>`.
    Update {
        /// The method.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
        /// On whose behalf.
        call: CallContext,
    },
    /// `canister_query <method>` in replicated execution: RQ of the table.
    ReplicatedQuery {
        /// The method.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
        /// On whose behalf.
        call: CallContext,
    },
    /// `canister_query <method>` on one node: NRQ of the table.
    Query {
        /// The method.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
        /// On whose behalf.
        call: CallContext,
        /// The certificate that the code may hand out (CERT-112).
        certificate: Option<Vec<u8>>,
    },
    /// `canister_query <method>` as the transform of an HTTP outcall: TQ of the table.
    Transform {
        /// The method.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_composite_query <method>`: CQ of the table.
    CompositeQuery {
        /// The method.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
        /// On whose behalf.
        call: CallContext,
        /// The certificate that the code may hand out (CERT-112).
        certificate: Option<Vec<u8>>,
    },
    /// A callback for a reply: Ry, or CRy if `composite`.
    Reply {
        /// Whether the call was made by a composite query.
        composite: bool,
        /// The function to run.
        closure: Closure,
        /// The reply.
        argument: Vec<u8>,
        /// Cycles that came back, already in the balance (SYS-026).
        refunded: Cycles,
        /// On whose behalf the call was made.
        call: CallContext,
    },
    /// A callback for a reject: Rt, or CRt if `composite`.
    Reject {
        /// Whether the call was made by a composite query.
        composite: bool,
        /// The function to run.
        closure: Closure,
        /// The reject code: 1 to 6.
        code: u32,
        /// The reject message.
        message: String,
        /// Cycles that came back, already in the balance (SYS-026).
        refunded: Cycles,
        /// On whose behalf the call was made.
        call: CallContext,
    },
    /// The cleanup after a callback that trapped: C, or CC if `composite` (SYS-132).
    Cleanup {
        /// Whether the call was made by a composite query.
        composite: bool,
        /// The function to run.
        closure: Closure,
        /// The reject code of the answer; 0 if it was a reply.
        code: u32,
        /// On whose behalf the call was made.
        call: CallContext,
    },
    /// `canister_heartbeat`.
    Heartbeat,
    /// `canister_global_timer`.
    GlobalTimer,
    /// `canister_on_low_wasm_memory`.
    OnLowWasmMemory,
}

/// On whose behalf a method or one of its callbacks runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// Who called, in callbacks too (SYS-012).
    pub caller: Principal,
    /// What a user's identity canister says; `None` for calls from canisters (SYS-014).
    pub caller_info: Option<CallerInfo>,
    /// When a caller with bounded wait stops waiting; `None` for all others (SYS-021).
    pub deadline: Option<Time>,
    /// Cycles that came with the call and can still be accepted (SYS-025).
    pub available: Cycles,
    /// Whether no answer is due: already given, or never wanted, as for a timer (SYS-120, SYS-123).
    pub responded: bool,
    /// Instructions of the executions before this one for the same call (SYS-160).
    pub instructions: Instructions,
}

impl CallContext {
    /// A call without cycles or deadline that waits for its first answer.
    pub fn from_caller(caller: Principal) -> Self {
        Self {
            caller,
            caller_info: None,
            deadline: None,
            available: Cycles::ZERO,
            responded: false,
            instructions: Instructions::ZERO,
        }
    }
}

/// What an identity canister says about a user (HTTP-100..104).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerInfo {
    /// The text that it signed.
    pub info: Vec<u8>,
    /// The canister that signed it.
    pub signer: CanisterId,
}

/// A function in the canister's table, and the value to give it (SYS-131).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Index in the table.
    pub function: u64,
    /// Argument.
    pub environment: u64,
}

/// What every execution can see.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The canister.
    pub canister: CanisterId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// The number of nodes of the subnet.
    pub subnet_nodes: u32,
    /// The time of the batch, constant during the execution (SYS-080).
    pub time: Time,
    /// Whether it takes on calls (SYS-033).
    pub status: CanisterStatus,
    /// Counts changes (SYS-140).
    pub version: u64,
    /// Who may change it (SYS-083).
    pub controllers: Arc<[Principal]>,
    /// Names and values, sorted by name and without duplicates (SYS-095).
    pub variables: Arc<[(String, String)]>,
    /// The key of the root subnet, DER (SYS-070).
    pub root_key: Arc<[u8]>,
    /// The timer before this execution (SYS-081).
    pub global_timer: Option<Time>,
    /// Whether bytes that the interface moves are free of instructions: on system subnets.
    pub free_bytes: bool,
}

/// The answer to `canister_status` (SYS-033).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanisterStatus {
    /// Takes on calls.
    Running,
    /// Waits for answers.
    Stopping,
    /// Does not take on calls.
    Stopped,
}

/// The cycles of the canister.
#[derive(Clone, Debug)]
pub struct Funds {
    /// The main balance after this execution was paid for in advance (SYS-031).
    pub balance: Cycles,
    /// What things cost.
    pub tariff: Arc<dyn Tariff>,
}

/// Prices of one subnet for one canister.
///
/// # Determinism
/// Each method is a function of its arguments and of the replicated state: two nodes get the same answers.
pub trait Tariff: std::fmt::Debug + Send + Sync {
    /// The part of the main balance that may not be spent when the canister uses `memory` bytes in all: the
    /// freezing limit less the reserved balance, and never below zero (SYS-032).
    fn frozen(&self, memory: ByteCount) -> Cycles;

    /// What is set aside to make a call and to get its answer, without the cycles that go along (SYS-085).
    fn call(&self, name: ByteCount, payload: ByteCount) -> CallPrice;

    /// The fee for creating a canister (SYS-086).
    fn create_canister(&self) -> Cycles;

    /// The fee for an HTTP outcall (SYS-087).
    fn http_request(&self, request: ByteCount, response: ByteCount) -> Cycles;

    /// The fee for one threshold signature or derived key; `None` if there is no such key (SYS-088..090).
    fn threshold_key(&self, scheme: KeyScheme, name: &str) -> Option<Cycles>;
}

/// What making one call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPrice {
    /// Sending the request: never comes back.
    pub request: Cycles,
    /// Set aside for transmitting the largest answer.
    pub answer: Cycles,
    /// Set aside for executing the callback.
    pub callback: Cycles,
}

impl CallPrice {
    /// All of it.
    pub fn total(&self) -> Cycles {
        let sum = self
            .request
            .get()
            .saturating_add(self.answer.get())
            .saturating_add(self.callback.get());
        Cycles::new(sum)
    }
}

/// A kind of threshold key with a price (COST-030).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScheme {
    /// ECDSA on secp256k1.
    EcdsaSecp256k1,
    /// Schnorr as in BIP 340.
    SchnorrBip340Secp256k1,
    /// Ed25519.
    SchnorrEd25519,
    /// vetKD on BLS12-381 G2.
    VetKdBls12381G2,
}

/// How much an execution may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions (LIM-015..018).
    pub instructions: Instructions,
    /// The largest heap, in bytes, besides what the kind of memory allows (LIM-022, LIM-023).
    pub heap: ByteCount,
    /// The canister's own limit on its heap; `None` where it does not hold (SYS-260).
    pub wasm_memory_limit: Option<ByteCount>,
    /// The largest stable memory (LIM-024).
    pub stable: ByteCount,
    /// Bytes by which heap and stable memory together may grow before the subnet is full (LIM-028).
    pub growth: ByteCount,
    /// Bytes of memory that the canister pays for besides heap, stable memory and globals.
    pub other_memory: ByteCount,
    /// Whether growing memory must leave the frozen part of the balance alone: updates and timers only.
    pub growth_respects_freezing: bool,
    /// Stable memory that may be read, in bytes, counted in pages of 4096 (LIM-025..027).
    pub stable_read: ByteCount,
    /// Stable memory that may be written, likewise.
    pub stable_written: ByteCount,
    /// The largest reply or reject message (LIM-004, LIM-005).
    pub response: ByteCount,
    /// The largest argument of a call with its method name (LIM-003, LIM-014).
    pub call_payload: ByteCount,
    /// Calls that still fit, whoever the callees are; `call_perform` answers 2 beyond.
    pub calls: u64,
    /// Bytes of log content that are kept of this execution (LIM-031).
    pub log: ByteCount,
}

impl Limits {
    /// The limits of an update on an application subnet, with this many instructions.
    pub fn update(instructions: Instructions) -> Self {
        Self {
            instructions,
            heap: ByteCount::new(6 << 30),
            wasm_memory_limit: None,
            stable: ByteCount::new(500 << 30),
            growth: ByteCount::new(2 << 40),
            other_memory: ByteCount::ZERO,
            growth_respects_freezing: true,
            stable_read: ByteCount::new(2 << 30),
            stable_written: ByteCount::new(2 << 30),
            response: ByteCount::new(2 << 20),
            call_payload: ByteCount::new(10 << 20),
            calls: 500,
            log: ByteCount::new(4096),
        }
    }
}
