//! The five crates joined, in virtual time and on one thread: every seam is crossed, and the same seed is the same run.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test"
)]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candid::Decode;
use common::{NOTHING, key, module};
use examples::client::{InstallMode, management};
use examples::member::LocalSandbox;
use examples::{Calls, Certified, Halt, Node, Outside};
use ic_certification::{
    CanisterSignatureVerifier, Certificate, Freshness, RequestStatus, RootKey, Subject, paths,
};
use ic_consensus_core::ingress::PoolLimits;
use ic_consensus_core::{
    Artifact, CatchUpPackage, Config, Engine, Event, Milestone, NodeKeys, Parameters, SubnetRecord,
    deal,
};
use ic_crypto::Seed;
use ic_types::codec::Wire as _;
use ic_types::{
    Call, CanisterId, Digest, Envelope, Height, NodeId, Nonce, RegistryVersion, RequestId,
    StateRoot, Time,
};
use ic_wasm_runtime::engine::{EngineSandbox, WasmtimeEngine};
use ic_wasm_runtime::{ExecutionLimits, Executor, ReplicatedState, Subnet};

const GENESIS: Time = Time::from_nanos(1_750_000_000_000_000_000);

/// What leaves one node: artifacts on disk, artifacts on the way, and what it knows to be certified.
#[derive(Clone, Default)]
struct Post(Arc<Mutex<Outbox>>);

#[derive(Default)]
struct Outbox {
    disk: Vec<Artifact>,
    mail: VecDeque<(Option<NodeId>, Vec<u8>)>,
    roots: BTreeMap<Height, StateRoot>,
}

impl Outside for Post {
    fn persist(&mut self, artifacts: &[Artifact]) {
        self.0.lock().unwrap().disk.extend_from_slice(artifacts);
    }

    fn send(&mut self, to: Option<NodeId>, artifact: Artifact) {
        self.0
            .lock()
            .unwrap()
            .mail
            .push_back((to, artifact.encode()));
    }

    fn progress(&mut self, _: Milestone) {}

    fn certified(&mut self, certified: &Certified) {
        let certification = certified.certification;
        self.0
            .lock()
            .unwrap()
            .roots
            .insert(certification.content.height, certification.content.root);
    }
}

type TestNode = Node<BTreeMap<RegistryVersion, Arc<SubnetRecord>>, LocalSandbox, Post>;

/// Nodes, and the time that passes for them.
struct World {
    record: Arc<SubnetRecord>,
    executor: Arc<Executor<LocalSandbox>>,
    nodes: BTreeMap<NodeId, (TestNode, Post)>,
    now: Time,
}

impl World {
    fn new(size: u32, seed: &str) -> Self {
        let mut world = Self {
            record: Arc::new(Self::deal(size, seed).0),
            executor: Arc::new(Executor::new(
                EngineSandbox::new(WasmtimeEngine::new().unwrap()),
                ExecutionLimits::default(),
            )),
            nodes: BTreeMap::new(),
            now: GENESIS,
        };
        for keys in Self::deal(size, seed).1 {
            world.add(keys, Post::default());
        }
        world
    }

    fn deal(size: u32, seed: &str) -> (SubnetRecord, Vec<NodeKeys>) {
        let mut parameters = Parameters::default();
        parameters.initial_notary_delay = Duration::from_millis(50);
        deal(
            Seed::from_bytes(seed.as_bytes()),
            size,
            Config::new(parameters).unwrap(),
        )
        .unwrap()
    }

    /// Starts a node with what it had on disk.
    fn add(&mut self, keys: NodeKeys, post: Post) {
        let node = keys.node();
        let members = self
            .record
            .members()
            .iter()
            .map(|(node, record)| (*node, record.signing.to_der()));
        let state = ReplicatedState::genesis(
            Subnet::root(self.root().to_der(), members.collect()),
            GENESIS,
        );
        let version = RegistryVersion::FIRST;
        let start = CatchUpPackage::genesis(
            version,
            GENESIS,
            state.root(),
            self.record.config().interval,
        );
        let registry = BTreeMap::from([(version, Arc::clone(&self.record))]);
        let mut engine = Engine::new(
            keys,
            start,
            Calls::new(
                PoolLimits::default(),
                CanisterSignatureVerifier::new(self.root()),
            ),
            registry,
        )
        .unwrap();
        engine.restore(post.0.lock().unwrap().disk.clone()).unwrap();
        let mut composed = Node::new(
            engine,
            Arc::clone(&self.executor),
            state,
            self.root(),
            post.clone(),
        );
        composed.turn(self.now.into(), Event::Tick).unwrap();
        self.nodes.insert(node, (composed, post));
    }

    fn root(&self) -> RootKey {
        RootKey::new(self.record.high().group_key().clone())
    }

    /// Hands over all mail, then lets time pass until a node is due.
    fn step(&mut self) -> Result<(), Halt> {
        let mut quiet = true;
        let senders: Vec<NodeId> = self.nodes.keys().copied().collect();
        for from in senders {
            let mail: VecDeque<(Option<NodeId>, Vec<u8>)> =
                std::mem::take(&mut self.nodes[&from].1.0.lock().unwrap().mail);
            for (to, bytes) in mail {
                quiet = false;
                for (id, (node, _)) in &mut self.nodes {
                    if *id != from && to.is_none_or(|to| to == *id) {
                        let artifact = Artifact::decode(&bytes).unwrap();
                        node.turn(self.now.into(), Event::Received { from, artifact })?;
                    }
                }
            }
        }
        if quiet {
            let due = self
                .nodes
                .values()
                .filter_map(|(node, _)| node.engine().next_deadline())
                .min();
            let at_least = self.now.saturating_add(Duration::from_millis(1));
            self.now = due.unwrap_or(at_least).max(at_least);
            for (node, _) in self.nodes.values_mut() {
                node.turn(self.now.into(), Event::Tick)?;
            }
        }
        Ok(())
    }

    fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        for _ in 0..20_000 {
            if done(self) {
                return;
            }
            self.step().unwrap();
        }
        panic!("nothing comes of it");
    }

    /// Submits a call to one node, lets the subnet run, and returns what the certificate of each node says.
    fn call(
        &mut self,
        canister: CanisterId,
        method: &str,
        argument: Vec<u8>,
        nonce: u64,
    ) -> RequestStatus {
        let user = key("a user");
        let call = Call {
            sender: user.user_id(),
            expiry: self.now.saturating_add(Duration::from_secs(120)),
            nonce: Nonce::try_from_slice(&nonce.to_be_bytes()).ok(),
            canister,
            method: method.to_owned(),
            argument,
            sender_info: None,
        };
        let bytes = user.sign_request(call).encode();
        let (first, _) = self.nodes.values_mut().next().unwrap();
        let id = first
            .submit(Envelope::decode(&bytes).unwrap(), self.now.into())
            .unwrap();
        self.run_until(|world| world.nodes.values().all(|(node, _)| is_decided(node, &id)));
        let outcomes: Vec<RequestStatus> = self
            .nodes
            .values()
            .map(|(node, _)| self.outcome(node, canister, &id))
            .collect();
        assert!(
            outcomes.iter().all(|outcome| *outcome == outcomes[0]),
            "{outcomes:?}"
        );
        outcomes[0].clone()
    }

    /// As a client would: through bytes, and believing nothing but the root key.
    fn outcome(&self, node: &TestNode, canister: CanisterId, id: &RequestId) -> RequestStatus {
        let certificate = node
            .certified()
            .unwrap()
            .certificate(&[paths::time(), paths::request_status::of(id)]);
        let freshness = Freshness::Within {
            now: self.now,
            tolerance: Duration::from_secs(300),
        };
        let decoded = Certificate::decode(&certificate.encode()).unwrap();
        let verified = decoded
            .verify(&self.root(), Subject::Canister(canister), freshness)
            .unwrap();
        verified.request_status(id).unwrap()
    }

    /// The certified roots of all nodes: where two have one, it is the same.
    fn roots(&self) -> BTreeMap<Height, StateRoot> {
        let mut all = BTreeMap::new();
        for (_, post) in self.nodes.values() {
            for (height, root) in &post.0.lock().unwrap().roots {
                assert_eq!(
                    *all.entry(*height).or_insert(*root),
                    *root,
                    "two states at height {height}"
                );
            }
        }
        all
    }
}

fn is_decided(node: &TestNode, id: &RequestId) -> bool {
    let record = node
        .certified()
        .and_then(|certified| certified.state.request(id));
    record.is_some_and(|record| record.status.is_terminal())
}

fn replied(status: RequestStatus) -> Vec<u8> {
    match status {
        RequestStatus::Replied(reply) => reply,
        other => panic!("not a reply: {other:?}"),
    }
}

/// Creates the counter and counts to three.
fn story(world: &mut World) -> CanisterId {
    let argument = management::provisional_create().unwrap();
    let created = world.call(
        CanisterId::MANAGEMENT,
        "provisional_create_canister_with_cycles",
        argument,
        0,
    );
    let canister = management::created(&replied(created)).unwrap();
    let wasm = module("counter/counter.wasm");
    let argument =
        management::install_code(canister, InstallMode::Install, &wasm, NOTHING).unwrap();
    replied(world.call(CanisterId::MANAGEMENT, "install_code", argument, 1));
    for expected in 1..=3 {
        let reply = replied(world.call(canister, "increment", NOTHING.to_vec(), 1 + expected));
        assert_eq!(Decode!(&reply, u64).unwrap(), expected);
    }
    match world.call(canister, "trap", NOTHING.to_vec(), 5) {
        RequestStatus::Rejected(rejection) => {
            assert!(rejection.message.contains("trapped on request"))
        }
        other => panic!("not a reject: {other:?}"),
    }
    canister
}

#[test]
fn a_call_goes_all_the_way_and_comes_back_certified() {
    let mut world = World::new(4, "seams");
    let canister = story(&mut world);
    // The module that runs is the one that was installed, as every node certifies.
    let path = paths::canister::module_hash(canister);
    for (node, _) in world.nodes.values() {
        let certificate = node
            .certified()
            .unwrap()
            .certificate(&[paths::time(), path.clone()]);
        let hash = certificate.tree.lookup(path.labels());
        assert_eq!(
            hash.found(),
            Some(
                Digest::of(&module("counter/counter.wasm"))
                    .as_bytes()
                    .as_slice()
            )
        );
    }
}

#[test]
fn nodes_certify_the_same_states_and_a_seed_is_a_run() {
    let run = |seed| {
        let mut world = World::new(4, seed);
        story(&mut world);
        world.run_until(|world| world.roots().len() >= 40);
        let each: Vec<_> = world
            .nodes
            .values()
            .map(|(_, post)| post.0.lock().unwrap().roots.len())
            .collect();
        assert!(
            each.iter().all(|heights| *heights > 30),
            "every node certifies: {each:?}"
        );
        (world.roots(), world.now)
    };
    let first = run("one");
    assert_eq!(first, run("one"), "the same seed, the same run");
    assert_ne!(first.0, run("another").0, "another seed, another run");
}

#[test]
fn three_of_four_go_on_and_the_fourth_comes_back() {
    let mut world = World::new(4, "a crash");
    let canister = story(&mut world);
    let crashed = *world.nodes.keys().next_back().unwrap();
    let (_, disk) = world.nodes.remove(&crashed).unwrap();
    let reply = replied(world.call(canister, "increment", NOTHING.to_vec(), 10));
    assert_eq!(Decode!(&reply, u64).unwrap(), 4);

    // It starts from genesis and its own disk, and learns the rest from the others.
    let (_, secrets) = World::deal(4, "a crash");
    let keys = secrets
        .into_iter()
        .find(|keys| keys.node() == crashed)
        .unwrap();
    disk.0.lock().unwrap().mail.clear();
    world.add(keys, disk);
    let reply = replied(world.call(canister, "increment", NOTHING.to_vec(), 11));
    assert_eq!(Decode!(&reply, u64).unwrap(), 5);
    world.roots();
}
