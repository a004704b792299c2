//! What the controllers of a canister decide about it (interface specification, MGMT-050 to MGMT-052, MGMT-110 to MGMT-124).

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{Cycles, Principal};

/// Controllers of one canister (LIM-033).
pub const CONTROLLERS: usize = 10;
/// Principals in one list of viewers (LIM-033).
pub const VIEWERS: usize = 10;
/// Environment variables of one canister (LIM-062).
pub const VARIABLES: usize = 20;
/// Bytes of the name of an environment variable (LIM-060).
pub const VARIABLE_NAME: usize = 128;
/// Bytes of the value of an environment variable (LIM-061).
pub const VARIABLE_VALUE: usize = 128;
/// The largest Wasm memory limit or threshold that can be set: 2^48 bytes (MGMT-116, MGMT-117).
pub const WASM_MEMORY: u64 = 1 << 48;

/// Who may see something of a canister besides its controllers (MGMT-050, MGMT-122).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Nobody else.
    #[default]
    Controllers,
    /// Everybody.
    Public,
    /// These principals.
    Viewers(BTreeSet<Principal>),
}

impl Visibility {
    /// Whether `who` may see it; `controllers` always may.
    pub fn permits(&self, who: &Principal, controllers: &BTreeSet<Principal>) -> bool {
        match self {
            Self::Public => true,
            Self::Controllers => controllers.contains(who),
            Self::Viewers(viewers) => viewers.contains(who) || controllers.contains(who),
        }
    }
}

/// The settings of a canister: all of them, with the values that hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who may change this canister; at most [`CONTROLLERS`] (MGMT-110).
    pub controllers: BTreeSet<Principal>,
    /// Guaranteed share of one execution thread, in percent, 0 to 100 (MGMT-111).
    pub compute_allocation: u8,
    /// Guaranteed memory in bytes; not a cap (MGMT-112).
    pub memory_allocation: u64,
    /// Seconds for which the balance must last, else the canister is frozen (MGMT-113).
    pub freezing_threshold: u64,
    /// The most that may move into the reserved balance (MGMT-114).
    pub reserved_cycles_limit: Cycles,
    /// Calls from other canisters must bring at least this (MGMT-115).
    pub minimum_incoming_call_cycles: Cycles,
    /// The largest Wasm memory that updates may leave behind, in bytes; 0 for no limit (MGMT-116).
    pub wasm_memory_limit: u64,
    /// How close to the limit the low-memory hook fires, in bytes (MGMT-117).
    pub wasm_memory_threshold: u64,
    /// Who may read the logs (MGMT-118).
    pub log_visibility: Visibility,
    /// How many bytes of logs are kept, at most [`crate::state::LOG_BYTES`].
    pub log_memory_limit: u64,
    /// Who may list and read snapshots (MGMT-119).
    pub snapshot_visibility: Visibility,
    /// Who may ask for the status (MGMT-120).
    pub status_visibility: Visibility,
    /// Names and values that the code can read (MGMT-121).
    pub environment_variables: BTreeMap<String, String>,
}

impl Settings {
    /// The defaults of section "Settings", under the given controllers.
    pub fn new(controllers: BTreeSet<Principal>) -> Self {
        Self {
            controllers,
            compute_allocation: 0,
            memory_allocation: 0,
            freezing_threshold: 2_592_000,
            reserved_cycles_limit: Cycles::new(5_000_000_000_000),
            minimum_incoming_call_cycles: Cycles::new(0),
            wasm_memory_limit: 0,
            wasm_memory_threshold: 0,
            log_visibility: Visibility::Controllers,
            log_memory_limit: crate::state::LOG_BYTES,
            snapshot_visibility: Visibility::Controllers,
            status_visibility: Visibility::Controllers,
            environment_variables: BTreeMap::new(),
        }
    }
}

/// A request to change settings: what is `None` stays (MGMT-131).
///
/// A value of this type is within all limits of MGMT-110 to MGMT-121 that do not depend on the canister.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// See [`Settings::controllers`].
    pub controllers: Option<BTreeSet<Principal>>,
    /// See [`Settings::compute_allocation`].
    pub compute_allocation: Option<u8>,
    /// See [`Settings::memory_allocation`].
    pub memory_allocation: Option<u64>,
    /// See [`Settings::freezing_threshold`].
    pub freezing_threshold: Option<u64>,
    /// See [`Settings::reserved_cycles_limit`].
    pub reserved_cycles_limit: Option<Cycles>,
    /// See [`Settings::minimum_incoming_call_cycles`].
    pub minimum_incoming_call_cycles: Option<Cycles>,
    /// See [`Settings::wasm_memory_limit`].
    pub wasm_memory_limit: Option<u64>,
    /// See [`Settings::wasm_memory_threshold`].
    pub wasm_memory_threshold: Option<u64>,
    /// See [`Settings::log_visibility`].
    pub log_visibility: Option<Visibility>,
    /// See [`Settings::log_memory_limit`].
    pub log_memory_limit: Option<u64>,
    /// See [`Settings::snapshot_visibility`].
    pub snapshot_visibility: Option<Visibility>,
    /// See [`Settings::status_visibility`].
    pub status_visibility: Option<Visibility>,
    /// See [`Settings::environment_variables`]; replaces all of them.
    pub environment_variables: Option<BTreeMap<String, String>>,
}

impl SettingsChange {
    /// The settings after this change.
    pub fn apply(&self, settings: &mut Settings) {
        fn set<T: Clone>(place: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        set(&mut settings.controllers, &self.controllers);
        set(&mut settings.compute_allocation, &self.compute_allocation);
        set(&mut settings.memory_allocation, &self.memory_allocation);
        set(&mut settings.freezing_threshold, &self.freezing_threshold);
        set(
            &mut settings.reserved_cycles_limit,
            &self.reserved_cycles_limit,
        );
        set(
            &mut settings.minimum_incoming_call_cycles,
            &self.minimum_incoming_call_cycles,
        );
        set(&mut settings.wasm_memory_limit, &self.wasm_memory_limit);
        set(
            &mut settings.wasm_memory_threshold,
            &self.wasm_memory_threshold,
        );
        set(&mut settings.log_visibility, &self.log_visibility);
        set(&mut settings.log_memory_limit, &self.log_memory_limit);
        set(&mut settings.snapshot_visibility, &self.snapshot_visibility);
        set(&mut settings.status_visibility, &self.status_visibility);
        set(
            &mut settings.environment_variables,
            &self.environment_variables,
        );
    }
}
