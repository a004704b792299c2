//! The replicated state: all that nodes must agree on, as one value (ABS-001 to ABS-021).
//!
//! A [`ReplicatedState`] is cheap to clone: canisters, requests and the certified tree are shared between the
//! copies until one of them changes. A node keeps one for each height that is not certified yet.
//!
//! Canisters change in one place only, `ReplicatedState::change`, which keeps the indices by which the executor
//! finds work, the totals that are certified, and the certified tree in step with them.

mod call_contexts;
mod canister;
mod chunks;
mod history;
mod index;
mod ingress_history;
mod log;
mod message;
mod queues;
mod settings;
mod shared_map;
mod snapshot;
mod subnet;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use ic_certification::LabeledTree;
use ic_types::{CanisterId, Cycles, Digest, Height, Principal, RequestId, StateRoot, Time};

pub use self::{
    call_contexts::{CallContext, Callback, CallbackId, Calls, ContextId, DueAnswer, Outcome},
    canister::{Canister, Code, LowMemoryHook, Status, StopCall},
    chunks::{CHUNK_BYTES, CHUNKS, ChunkRefused, ChunkStore},
    history::{Change, Details, History, Mode, Origin},
    ingress_history::{
        CAPACITY as INGRESS_CAPACITY, IngressHistory, RETENTION, RequestRecord,
        Status as RequestStatus,
    },
    log::{LOG_BYTES, Log, LogRecord},
    message::{Answer, CallOrigin, Message, Payload, Request},
    queues::{CAPACITY as QUEUE_CAPACITY, QueueFull, Queues},
    settings::{
        CONTROLLERS, Settings, SettingsChange, VARIABLE_NAME, VARIABLE_VALUE, VARIABLES, VIEWERS,
        Visibility, WASM_MEMORY,
    },
    snapshot::{SNAPSHOTS, Snapshot, SnapshotId, SnapshotModule, SnapshotSource, Snapshots},
    subnet::{Subnet, SubnetType},
};
use self::{
    canister::Shared,
    index::{Index, Keys},
    shared_map::SharedMap,
};
use crate::cycles::{self, Ledger, Prices};

/// The state of a subnet after some batch.
#[derive(Clone, Debug)]
pub struct ReplicatedState {
    subnet: Arc<Subnet>,
    prices: Prices,
    height: Height,
    time: Time,
    canisters: SharedMap<CanisterId, Shared>,
    index: Index,
    /// The counter of the next canister id.
    next_id: u64,
    /// Ids at or after `next_id` that were asked for by name: they are never given out again, even if the
    /// canister is deleted.
    named: Arc<BTreeSet<CanisterId>>,
    pub(crate) requests: IngressHistory,
    changed_requests: BTreeSet<RequestId>,
    /// Calls to the management canister that were not executed yet.
    pub(crate) management: VecDeque<Arc<Request>>,
    /// Calls to `raw_rand`, answered with the randomness of a later batch (MGMT-144).
    pub(crate) randomness_wanted: VecDeque<Arc<Request>>,
    pub(crate) credits: BTreeMap<CanisterId, i64>,
    pub(crate) minted: Cycles,
    pub(crate) burned: Cycles,
    pub(crate) updates_executed: u64,
    /// When canisters last paid for memory and compute.
    pub(crate) charged: Time,
    tree: LabeledTree,
}

impl ReplicatedState {
    /// The state of a subnet on which nothing has happened yet, at [`Height::GENESIS`].
    pub fn genesis(subnet: Subnet, time: Time) -> Self {
        let next_id = subnet
            .allocation_range()
            .and_then(|range| CanisterId::new(range.start()).to_u64())
            .unwrap_or(0);
        let mut state = Self {
            prices: subnet.prices(),
            subnet: Arc::new(subnet),
            height: Height::GENESIS,
            time,
            canisters: SharedMap::default(),
            index: Index::default(),
            next_id,
            named: Arc::default(),
            requests: IngressHistory::default(),
            changed_requests: BTreeSet::new(),
            management: VecDeque::new(),
            randomness_wanted: VecDeque::new(),
            credits: BTreeMap::new(),
            minted: Cycles::ZERO,
            burned: Cycles::ZERO,
            updates_executed: 0,
            charged: time,
            tree: LabeledTree::empty(),
        };
        state.tree = crate::certified::genesis(&state);
        state.seal(Height::GENESIS, time);
        state
    }

    /// The height of the last batch.
    pub fn height(&self) -> Height {
        self.height
    }

    /// The time of the last batch.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The subnet.
    pub fn subnet(&self) -> &Subnet {
        &self.subnet
    }

    pub(crate) fn shared_subnet(&self) -> Arc<Subnet> {
        Arc::clone(&self.subnet)
    }

    /// What the subnet charges.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// A canister.
    pub fn canister(&self, id: &CanisterId) -> Option<&Canister> {
        self.canisters.get(id).map(Arc::as_ref)
    }

    /// All canisters, by id.
    pub fn canisters(&self) -> impl Iterator<Item = &Canister> {
        self.canisters.values().map(Arc::as_ref)
    }

    /// How many canisters there are.
    pub fn canister_count(&self) -> usize {
        self.canisters.len()
    }

    /// What is known of a user's request; `None` if it is unknown or forgotten.
    pub fn request(&self, id: &RequestId) -> Option<&RequestRecord> {
        self.requests.record(id)
    }

    /// The state as the subnet certifies it (CERT-120 to CERT-140). Cheap: the tree is kept up to date.
    pub fn to_tree(&self) -> LabeledTree {
        self.tree.clone()
    }

    /// The hash that the subnet signs.
    pub fn root(&self) -> StateRoot {
        self.tree.root()
    }

    /// Where all cycles are. Looks at every canister.
    pub fn ledger(&self) -> Ledger {
        let canisters = self.canisters().map(Canister::cycles);
        let management = self.management.iter().map(|request| request.cycles);
        let randomness = self.randomness_wanted.iter().map(|request| request.cycles);
        Ledger {
            held: cycles::sum(canisters.chain(management).chain(randomness)),
            minted: self.minted,
            burned: self.burned,
        }
    }

    /// Bytes of memory of all canisters.
    pub fn memory_bytes(&self) -> u64 {
        self.index.memory_bytes()
    }

    /// Percent of compute that is allocated to canisters.
    pub fn compute_allocated(&self) -> u64 {
        self.index.compute_allocated()
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The only way in which a canister changes. `None` if there is no such canister.
    pub(crate) fn change<R>(
        &mut self,
        id: &CanisterId,
        change: impl FnOnce(&mut Canister) -> R,
    ) -> Option<R> {
        let shared = self.canisters.get_mut(id)?;
        let before = Keys::of(shared);
        let canister = Arc::make_mut(shared);
        let result = change(canister);
        self.index.update(*id, &before, &Keys::of(canister));
        Some(result)
    }

    /// Adds a canister.
    pub(crate) fn insert(&mut self, canister: Canister) {
        self.index
            .update(canister.id, &Keys::default(), &Keys::of(&canister));
        self.canisters.insert(canister.id, Arc::new(canister));
    }

    /// Removes a canister with all that it holds, and says what it was.
    pub(crate) fn remove(&mut self, id: &CanisterId) -> Option<Shared> {
        let removed = self.canisters.remove(id)?;
        self.index
            .update(*id, &Keys::of(&removed), &Keys::default());
        self.credits.remove(id);
        Some(removed)
    }

    /// A canister id that was never given out; `None` if the last range is used up (ERR-093).
    pub(crate) fn allocate_id(&mut self) -> Option<CanisterId> {
        let last = CanisterId::new(self.subnet.allocation_range()?.end());
        loop {
            let id = CanisterId::from_u64(self.next_id);
            if id > last {
                return None;
            }
            self.next_id = self.next_id.checked_add(1)?;
            if !self.named.contains(&id) {
                return Some(id);
            }
        }
    }

    /// Takes an id that was asked for by name; returns whether it was free (MGMT-156).
    pub(crate) fn claim_id(&mut self, id: CanisterId) -> bool {
        let Some(counter) = id.to_u64() else {
            return false;
        };
        let in_last = self
            .subnet
            .allocation_range()
            .is_some_and(|range| range.contains(id.principal()));
        let free = self.subnet.owns(&id) && !(in_last && counter < self.next_id);
        free && Arc::make_mut(&mut self.named).insert(id)
    }

    /// The request goes on to `status`.
    pub(crate) fn advance_request(&mut self, id: &RequestId, status: RequestStatus) {
        self.requests.advance(id, status, self.time);
        self.changed_requests.insert(*id);
    }

    /// A new request; returns whether it was new.
    pub(crate) fn insert_request(&mut self, id: RequestId, record: RequestRecord) -> bool {
        let new = self.requests.insert(id, record, self.time);
        if new {
            self.changed_requests.insert(id);
        }
        new
    }

    /// Forgets requests that may be forgotten.
    pub(crate) fn prune_requests(&mut self) {
        self.changed_requests.extend(self.requests.prune(self.time));
    }

    /// Cycles are gone for good.
    pub(crate) fn burn(&mut self, amount: Cycles) {
        self.burned = cycles::add(self.burned, amount);
    }

    /// Cycles are made out of nothing.
    pub(crate) fn mint(&mut self, amount: Cycles) {
        self.minted = cycles::add(self.minted, amount);
    }

    /// The batch begins: its time holds from now on. Time does not go back (ABS-290).
    pub(crate) fn begin(&mut self, time: Time) {
        self.time = self.time.max(time);
    }

    /// The batch is over: the tree takes in what has changed.
    pub(crate) fn seal(&mut self, height: Height, time: Time) {
        self.height = height;
        self.time = self.time.max(time);
        let canisters = self.index.take_changed();
        let requests = std::mem::take(&mut self.changed_requests);
        let mut tree = std::mem::take(&mut self.tree);
        crate::certified::refresh(&mut tree, self, &canisters, &requests);
        self.tree = tree;
    }
}

/// The hash of environment variables in the history: that of a map from names to texts (MGMT-211).
pub(crate) fn variables_hash(variables: &BTreeMap<String, String>) -> Digest {
    let mut fields: Vec<[u8; 64]> = variables
        .iter()
        .map(|(name, value)| {
            let mut field = [0; 64];
            let (left, right) = field.split_at_mut(32);
            left.copy_from_slice(Digest::of(name.as_bytes()).as_bytes());
            right.copy_from_slice(Digest::of(value.as_bytes()).as_bytes());
            field
        })
        .collect();
    fields.sort_unstable();
    Digest::of(fields.as_flattened())
}

/// Whether `who` is among the controllers of `canister`.
pub(crate) fn controls(who: &Principal, canister: &Canister) -> bool {
    canister.settings.controllers.contains(who)
}
