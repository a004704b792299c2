//! A world in which a seed decides everything: virtual time, and a network that delays, loses, reorders and divides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ic_consensus_core::artifact::{Artifact, BlockHash, CatchUpPackage, Certification, Payload};
use ic_consensus_core::{
    Config, Engine, Event, Fault, Milestone, NodeKeys, Now, Output, Parameters, PayloadFault,
    Payloads, ProposalContext, SubnetRecord, Verdict, deal,
};
use ic_crypto::Seed;
use ic_types::{
    Batch, Call, CanisterId, Content, Digest, Envelope, Height, NodeId, RegistryVersion,
    SenderProof, StateRoot, Time, UserId,
};

use crate::invariants::Invariants;

/// Random numbers of which everything here is made (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A source of payloads that makes up calls: each maker has its own, and some repeat unless they are refused.
#[derive(Debug)]
pub struct MadeUp {
    dice: Dice,
    seen: BTreeSet<Digest>,
}

impl MadeUp {
    fn repeats(&self, context: &ProposalContext<'_>, call: &Envelope<Call>) -> bool {
        let id = call.content.id().digest();
        let earlier = context.ancestors.iter().flat_map(|calls| calls.iter());
        self.seen.contains(&id)
            || earlier
                .into_iter()
                .any(|earlier| earlier.content.id().digest() == id)
    }
}

/// A call that nobody signed: the simulation is about the order, not about who speaks.
pub fn call(number: u64) -> Envelope<Call> {
    let content = Call {
        sender: UserId::ANONYMOUS,
        expiry: Time::MAX,
        nonce: None,
        canister: CanisterId::from_u64(number % 7),
        method: "increment".to_owned(),
        argument: number.to_be_bytes().to_vec(),
        sender_info: None,
    };
    Envelope {
        content,
        proof: SenderProof::Anonymous,
    }
}

impl Payloads for MadeUp {
    fn build(&mut self, context: &ProposalContext<'_>) -> Payload {
        let count = self.dice.below(4);
        let calls: Vec<_> = (0..count).map(|_| call(self.dice.below(10_000))).collect();
        let mut distinct: Vec<Envelope<Call>> = Vec::new();
        for call in calls {
            if !self.repeats(context, &call) && !distinct.contains(&call) {
                distinct.push(call);
            }
        }
        Payload { calls: distinct }
    }

    fn validate(
        &self,
        payload: &Payload,
        context: &ProposalContext<'_>,
    ) -> Result<(), Verdict<PayloadFault>> {
        match payload
            .calls
            .iter()
            .find(|call| self.repeats(context, call))
        {
            Some(call) => Err(Verdict::Invalid(PayloadFault::Repeated {
                id: call.content.id(),
            })),
            None => Ok(()),
        }
    }

    fn delivered(&mut self, batch: &Batch) {
        self.seen
            .extend(batch.messages.iter().map(|call| call.id().digest()));
    }
}

/// The state that the simulation executes: a hash over all batches.
pub fn execute(before: StateRoot, batch: &Batch) -> StateRoot {
    let mut bytes = Vec::new();
    bytes.extend(before.as_bytes());
    bytes.extend(batch.height.get().to_be_bytes());
    bytes.extend(batch.time.as_nanos().to_be_bytes());
    bytes.extend(batch.randomness.as_bytes());
    bytes.extend(batch.registry.get().to_be_bytes());
    bytes.push(u8::from(batch.checkpoint));
    for message in &batch.messages {
        bytes.extend(message.id().as_bytes());
    }
    StateRoot::new(Digest::of(&bytes))
}

type Registered = BTreeMap<RegistryVersion, Arc<SubnetRecord>>;

/// What a node of the world does with what it should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Honest,
    /// Sends two blocks where it may send one, to two halves of the subnet, and supports both.
    Equivocator,
    /// Sends shares whose signatures are wrong.
    Forger,
    /// Sends rubbish with everything that it sends.
    Flooder,
    /// Two machines have its keys.
    Twin,
    /// Its wall clock stands still. It is honest all the same.
    StaleClock,
    /// Keeps its blocks to itself until the others have waited for nothing.
    Withholder,
}

pub struct Node {
    pub engine: Engine<MadeUp, Registered>,
    pub conduct: Conduct,
    /// What survives a crash: the persisted artifacts and the states.
    pub disk: Vec<Artifact>,
    pub states: BTreeMap<Height, StateRoot>,
    pub certified: BTreeMap<Height, Certification>,
    pub batches: BTreeMap<Height, Batch>,
    pub notarized: BTreeSet<(Height, BlockHash)>,
    pub finalized: BTreeMap<Height, BlockHash>,
    pub catch_ups: BTreeSet<Height>,
    pub faults: Vec<(NodeId, Fault)>,
    pub up: bool,
    tick: u64,
}

impl Node {
    fn new(engine: Engine<MadeUp, Registered>, genesis: StateRoot) -> Self {
        Self {
            engine,
            conduct: Conduct::Honest,
            disk: Vec::new(),
            states: BTreeMap::from([(Height::GENESIS, genesis)]),
            certified: BTreeMap::new(),
            batches: BTreeMap::new(),
            notarized: BTreeSet::new(),
            finalized: BTreeMap::new(),
            catch_ups: BTreeSet::new(),
            faults: Vec::new(),
            up: true,
            tick: 0,
        }
    }

    /// Whether the promises of the protocol are for it.
    pub fn is_honest(&self) -> bool {
        matches!(self.conduct, Conduct::Honest | Conduct::StaleClock)
    }
}

/// How messages travel.
#[derive(Clone, Debug)]
pub struct Network {
    pub delay: Duration,
    pub jitter: Duration,
    /// Percent of messages lost.
    pub loss: u64,
    /// Nodes in different groups do not hear each other.
    pub groups: Vec<BTreeSet<usize>>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(20),
            jitter: Duration::from_millis(60),
            loss: 0,
            groups: Vec::new(),
        }
    }
}

enum Happening {
    Arrives {
        to: usize,
        from: usize,
        bytes: Arc<Vec<u8>>,
    },
    Executes {
        node: usize,
        life: u64,
        height: Height,
        root: StateRoot,
    },
    Tick {
        node: usize,
        number: u64,
    },
}

pub struct World {
    pub seed: u64,
    pub now: Time,
    pub nodes: Vec<Node>,
    pub network: Network,
    pub invariants: Invariants,
    pub config: Config,
    /// A hash over everything that happened: two runs are the same if it is.
    pub transcript: Digest,
    dice: Dice,
    queue: BTreeMap<(Time, u64), Happening>,
    sequence: u64,
    lives: Vec<u64>,
    pub genesis: CatchUpPackage,
    registry: Registered,
    pub record: Arc<SubnetRecord>,
    execution_delay: Duration,
}

pub fn parameters() -> Parameters {
    let mut parameters = Parameters::default();
    parameters.unit_delay = Duration::from_millis(500);
    parameters.initial_notary_delay = Duration::from_millis(100);
    parameters.retransmit = Duration::from_millis(400);
    parameters.interval = 9;
    parameters.kept_below_catch_up = 10;
    parameters.hold_back = Duration::from_secs(5);
    parameters
}

fn all_keys(count: usize, config: &Config) -> (SubnetRecord, Vec<NodeKeys>) {
    deal(
        Seed::from_bytes(b"a world of its own"),
        count as u32,
        config.clone(),
    )
    .expect("a subnet of this size exists")
}

impl World {
    pub fn new(seed: u64, count: usize) -> Self {
        Self::with(seed, count, parameters())
    }

    pub fn with(seed: u64, count: usize, parameters: Parameters) -> Self {
        let config = Config::new(parameters).expect("consistent");
        let (record, keys) = all_keys(count, &config);
        let record = Arc::new(record);
        let version = RegistryVersion::new(1);
        let registry: Registered = BTreeMap::from([(version, record.clone())]);
        let start = Time::from_nanos(1_700_000_000_000_000_000);
        let genesis = CatchUpPackage::genesis(
            version,
            start,
            StateRoot::new(Digest::of(b"genesis")),
            config.interval,
        );
        let mut dice = Dice::new(seed);
        let nodes = keys.into_iter().map(|keys| {
            let payloads = MadeUp {
                dice: Dice::new(dice.roll()),
                seen: BTreeSet::new(),
            };
            let engine = Engine::new(keys, genesis.clone(), payloads, registry.clone())
                .expect("genesis is coherent");
            Node::new(engine, genesis.root)
        });
        let nodes: Vec<Node> = nodes.collect();
        let mut world = Self {
            seed,
            now: start,
            lives: vec![0; nodes.len()],
            nodes,
            network: Network::default(),
            invariants: Invariants::new(count),
            config,
            transcript: Digest::of(&seed.to_be_bytes()),
            dice,
            queue: BTreeMap::new(),
            sequence: 0,
            genesis,
            registry,
            record,
            execution_delay: Duration::from_millis(5),
        };
        for node in 0..count {
            world.schedule_tick(node, start);
        }
        world
    }

    fn schedule(&mut self, at: Time, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), happening);
    }

    fn schedule_tick(&mut self, node: usize, at: Time) {
        self.nodes[node].tick += 1;
        let number = self.nodes[node].tick;
        // A deadline that has passed is due soon, not in the past.
        let at = at.max(self.now.saturating_add(Duration::from_micros(100)));
        self.schedule(at, Happening::Tick { node, number });
    }

    fn note(&mut self, what: &[u8]) {
        self.transcript = Digest::of_parts(&[
            self.transcript.as_bytes(),
            &self.now.as_nanos().to_be_bytes(),
            what,
        ]);
    }

    fn hear_each_other(&self, one: usize, other: usize) -> bool {
        self.network.groups.is_empty()
            || self
                .network
                .groups
                .iter()
                .any(|group| group.contains(&one) && group.contains(&other))
    }

    pub fn send(&mut self, from: usize, to: usize, artifact: &Artifact) {
        self.send_bytes(from, to, Arc::new(artifact.encode()));
    }

    fn send_bytes(&mut self, from: usize, to: usize, bytes: Arc<Vec<u8>>) {
        let (lost, jitter) = (
            self.dice.chance(self.network.loss),
            self.dice.below(self.network.jitter.as_nanos() as u64),
        );
        if lost || !self.hear_each_other(from, to) {
            return;
        }
        let at = self
            .now
            .saturating_add(self.network.delay + Duration::from_nanos(jitter));
        self.schedule(at, Happening::Arrives { to, from, bytes });
    }

    /// Stops a node: everything but its disk is lost.
    pub fn crash(&mut self, node: usize) {
        self.nodes[node].up = false;
        self.lives[node] += 1;
    }

    /// Starts a node again from its disk. With `keep_states` its executed states are on disk too.
    pub fn restart(&mut self, node: usize, keep_states: bool) {
        let (_, mut keys) = all_keys(self.nodes.len(), &self.config);
        let keys = keys.swap_remove(node);
        let payloads = MadeUp {
            dice: Dice::new(self.dice.roll()),
            seen: BTreeSet::new(),
        };
        let mut engine = Engine::new(keys, self.genesis.clone(), payloads, self.registry.clone())
            .expect("genesis is coherent");
        engine
            .restore(self.nodes[node].disk.iter().cloned())
            .expect("the disk is in order");
        let count = self.nodes.len();
        let one = &mut self.nodes[node];
        one.engine = engine;
        one.up = true;
        if keep_states {
            // The newest state is on disk; the engine is told below, when its clock runs.
            let (height, root) = one
                .states
                .last_key_value()
                .map(|(height, root)| (*height, *root))
                .expect("genesis at least");
            for call in one.batches.values().flat_map(|batch| batch.messages.iter()) {
                one.engine.payloads_mut().seen.insert(call.id().digest());
            }
            let life = self.lives[node];
            let at = self.now.saturating_add(Duration::from_micros(50));
            self.schedule(
                at,
                Happening::Executes {
                    node,
                    life,
                    height,
                    root,
                },
            );
        } else {
            one.states = BTreeMap::from([(Height::GENESIS, self.genesis.root)]);
            one.batches.clear();
        }
        let _ = count;
        self.schedule_tick(node, self.now);
    }

    /// Starts a second machine with the keys of a node. Returns its place.
    pub fn copy(&mut self, node: usize) -> usize {
        let (_, mut keys) = all_keys(self.nodes.len(), &self.config);
        let payloads = MadeUp {
            dice: Dice::new(self.dice.roll()),
            seen: BTreeSet::new(),
        };
        let (genesis, registry) = (self.genesis.clone(), self.registry.clone());
        let engine = Engine::new(keys.swap_remove(node), genesis, payloads, registry);
        let place = self.nodes.len();
        self.nodes.push(Node::new(
            engine.expect("genesis is coherent"),
            self.genesis.root,
        ));
        self.lives.push(0);
        self.invariants.add_node();
        self.schedule_tick(place, self.now);
        place
    }

    /// Forgets everything of a node but its keys: it starts from genesis, as a new machine would.
    pub fn wipe(&mut self, node: usize) {
        self.nodes[node].disk.clear();
        self.nodes[node].states = BTreeMap::from([(Height::GENESIS, self.genesis.root)]);
        self.nodes[node].batches.clear();
    }

    /// Lets one thing happen. `false` if nothing ever will.
    pub fn step(&mut self) -> bool {
        let Some(((at, _), happening)) = self.queue.pop_first() else {
            return false;
        };
        self.now = at;
        match happening {
            Happening::Arrives { to, from, bytes } => {
                if self.nodes[to].up && self.hear_each_other(from, to) {
                    self.note(&bytes);
                    let artifact =
                        Artifact::decode(&bytes).expect("what a node encodes can be decoded");
                    assert_eq!(artifact.encode(), *bytes, "one encoding for each artifact");
                    let from = self.nodes[from].engine.node();
                    self.happen(to, Event::Received { from, artifact });
                }
            }
            Happening::Executes {
                node,
                life,
                height,
                root,
            } => {
                if self.nodes[node].up && self.lives[node] == life {
                    self.note(root.as_bytes());
                    self.happen(node, Event::Executed { height, root });
                }
            }
            Happening::Tick { node, number } => {
                if self.nodes[node].up && self.nodes[node].tick == number {
                    self.happen(node, Event::Tick);
                }
            }
        }
        true
    }

    fn happen(&mut self, node: usize, event: Event) {
        let mut now = Now::from(self.now);
        if self.nodes[node].conduct == Conduct::StaleClock {
            now.wall = self.genesis.block.context().time;
        }
        let step = self.nodes[node].engine.handle(now, event);
        self.nodes[node]
            .disk
            .extend(step.to_persist().iter().cloned());
        if self.nodes[node].conduct != Conduct::Forger {
            // What a forger persists, it may send otherwise.
            self.invariants.persisted(
                node,
                step.to_persist(),
                self.nodes[node].is_honest(),
                self.seed,
            );
        }
        for output in step.persisted() {
            self.carry_out(node, output);
        }
        if let Some(deadline) = self.nodes[node].engine.next_deadline() {
            // The deadline is on the node's own wall clock, right or wrong.
            let remaining = deadline.since(now.wall).unwrap_or_default();
            self.schedule_tick(node, self.now.saturating_add(remaining));
        }
        let position = self.nodes[node].engine.position();
        self.invariants
            .check(node, &self.nodes[node], position, self.seed);
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Broadcast(artifact) => crate::byzantine::broadcast(self, node, artifact),
            Output::Send { to, artifact } => {
                // A twin hears what is said to the other.
                let places: Vec<usize> = (0..self.nodes.len())
                    .filter(|place| self.nodes[*place].engine.node() == to)
                    .collect();
                assert!(!places.is_empty(), "outputs name members");
                for place in places {
                    self.send(node, place, &artifact);
                }
            }
            Output::Deliver(batch) => {
                let one = &mut self.nodes[node];
                let below = batch.height.previous().expect("batches begin at height 1");
                let before = *one.states.get(&below).expect("batches come without gaps");
                let root = execute(before, &batch);
                let height = batch.height;
                one.states.insert(height, root);
                one.batches.insert(height, batch.clone());
                self.invariants.delivered(node, &batch, self.seed);
                let life = self.lives[node];
                let at = self.now.saturating_add(self.execution_delay);
                self.schedule(
                    at,
                    Happening::Executes {
                        node,
                        life,
                        height,
                        root,
                    },
                );
            }
            Output::Certified(certification) => {
                let height = certification.content.height;
                assert_eq!(
                    self.nodes[node].states.get(&height),
                    Some(&certification.content.root),
                    "seed {}",
                    self.seed
                );
                let signature = ic_crypto::bls::Signature::from_bytes(&certification.signature.0)
                    .expect("a point");
                let key = self.record.high().group_key();
                assert!(
                    key.verify(&certification.content.root, &signature).is_ok(),
                    "a client believes it"
                );
                self.nodes[node].certified.insert(height, certification);
            }
            Output::FetchState { height, root } => {
                // Whoever has the state hands it over, after a while.
                let found = self
                    .nodes
                    .iter()
                    .any(|other| other.up && other.states.get(&height) == Some(&root));
                if found {
                    let life = self.lives[node];
                    self.nodes[node].states.insert(height, root);
                    let at = self.now.saturating_add(Duration::from_millis(200));
                    self.schedule(
                        at,
                        Happening::Executes {
                            node,
                            life,
                            height,
                            root,
                        },
                    );
                }
            }
            Output::Diverged { height, .. } => {
                panic!("seed {}: node {node} diverged at {height}", self.seed)
            }
            Output::Misbehaved { peer, fault } => self.nodes[node].faults.push((peer, fault)),
            Output::Progress(Milestone::Notarized { height, block, .. }) => {
                self.nodes[node].notarized.insert((height, block));
            }
            Output::Progress(Milestone::Finalized { height, block, .. }) => {
                self.nodes[node].finalized.insert(height, block);
                self.note(block.digest().as_bytes());
            }
            Output::Progress(Milestone::CatchUp { height, .. }) => {
                self.nodes[node].catch_ups.insert(height);
            }
            Output::Progress(_) => {}
            Output::Purged { below } => {
                // A store may be replaced by what the engine gives.
                let kept = self.nodes[node].engine.artifacts();
                self.nodes[node].disk = kept;
                let _ = below;
            }
            other => panic!("an output that the world does not know: {other:?}"),
        }
    }

    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now.saturating_add(duration);
        while self
            .queue
            .first_key_value()
            .is_some_and(|((at, _), _)| *at <= end)
        {
            self.step();
        }
        self.now = end;
    }

    /// Runs until the condition holds, for at most so long; fails if it never does.
    pub fn run_until(&mut self, limit: Duration, what: &str, condition: impl Fn(&World) -> bool) {
        let end = self.now.saturating_add(limit);
        while !condition(self) {
            assert!(
                self.now < end && self.step(),
                "seed {}: not within {limit:?}: {what}\n{}",
                self.seed,
                self.describe()
            );
        }
    }

    pub fn describe(&self) -> String {
        let lines = self.nodes.iter().enumerate().map(|(index, node)| {
            format!(
                "node {index} {} {:?} pool {:?}",
                if node.up { "up" } else { "down" },
                node.engine.position(),
                node.engine.pool_size()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub fn lowest(&self, of: impl Fn(&Node) -> Height) -> Height {
        let honest = self.nodes.iter().filter(|node| node.up && node.is_honest());
        honest.map(of).min().unwrap_or_default()
    }

    pub fn highest(&self, of: impl Fn(&Node) -> Height) -> Height {
        self.nodes.iter().map(of).max().unwrap_or_default()
    }

    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}

pub fn certified(node: &Node) -> Height {
    node.engine.position().certified
}

pub fn finalized(node: &Node) -> Height {
    node.engine.position().finalized
}
