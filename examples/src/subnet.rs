//! A subnet in one process: its nodes make their keys together, and each runs on a thread of its own.
//!
//! Whoever runs the process can look into all nodes, so it is for demonstrations, tests and development. What the nodes
//! do is what they would do on machines of their own.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ic_certification::{CanisterSignatureVerifier, RootKey};
use ic_consensus_core::ingress::PoolLimits;
use ic_consensus_core::{
    Artifact, CannotStart, CatchUpPackage, Config, Corrupt, Engine, InconsistentConfig,
    InconsistentRecord, IngressPool, NodeKeys, NodeRecord, Parameters, SubnetRecord, deal,
};
use ic_crypto::{Seed, node_key};
use ic_types::{NodeId, RegistryVersion, Time};
use ic_wasm_runtime::engine::{EngineSandbox, WasmtimeEngine};
use ic_wasm_runtime::{ExecutionLimits, Executor, ReplicatedState, Subnet as Facts};
use tokio::sync::watch;

use crate::key_generation::{NoKeys, generate};
use crate::member::{self, FixedRegistry, Listener, LocalNode, LocalSandbox, Member, Wires};
use crate::network::{Letter, Switchboard};
use crate::store::{Memory, Store};
use crate::{Halt, Node, clock};

/// Opens the store of the node at a position, and returns what it holds from an earlier life.
pub type Open = Box<dyn Fn(usize) -> io::Result<(Box<dyn Store>, Vec<Artifact>)> + Send>;

/// Where the two keys of the subnet come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// The nodes make them together, and no one ever knows them.
    #[default]
    Generated,
    /// A trusted dealer makes them and hands each node its share: faster, for tests.
    Dealt,
}

/// What a subnet is made from.
pub struct Setup {
    /// Where the subnet's keys come from.
    pub keys: Keys,
    /// How many nodes. Four go on when one fails.
    pub nodes: u32,
    /// The entropy from which nodes make their keys.
    pub seed: Seed,
    /// When the subnet began. A subnet that is to find its artifacts again must be given the same moment again.
    pub genesis: Time,
    /// Delays, gaps and bounds.
    pub parameters: Parameters,
    /// Where nodes keep what they must not forget.
    pub open: Open,
    /// Who wants to know how far the nodes have come.
    pub listener: Option<Listener>,
}

impl Setup {
    /// A subnet that begins now, lives in memory, and answers fast because its nodes share a machine.
    pub fn new(nodes: u32, seed: Seed) -> Self {
        let open: Open = Box::new(|_| Ok((Box::new(Memory::default()), Vec::new())));
        Self {
            keys: Keys::default(),
            nodes,
            seed,
            genesis: clock::wall(),
            parameters: on_one_machine(),
            open,
            listener: None,
        }
    }
}

/// Delays for nodes between which a message takes microseconds and not a tenth of a second.
fn on_one_machine() -> Parameters {
    let mut parameters = Parameters::default();
    parameters.initial_notary_delay = Duration::from_millis(100);
    parameters.unit_delay = Duration::from_millis(500);
    parameters
}

/// Why there is no subnet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The parameters contradict each other.
    #[error(transparent)]
    Config(#[from] InconsistentConfig),
    /// No subnet can have that many nodes.
    #[error(transparent)]
    Record(#[from] InconsistentRecord),
    /// The nodes cannot make keys together.
    #[error(transparent)]
    Keys(#[from] NoKeys),
    /// A node cannot begin.
    #[error(transparent)]
    Start(#[from] CannotStart),
    /// What a node had persisted is not what a node persists.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The operating system has no thread to give, or what a node has persisted cannot be read.
    #[error("the operating system: {0}")]
    Os(#[from] io::Error),
    /// The Wasm engine cannot be set up on this machine.
    #[error("no Wasm engine: {0}")]
    Engine(String),
}

/// Makes all keys. The same setup makes the same keys.
fn make_keys(setup: &Setup) -> Result<(Arc<SubnetRecord>, Vec<NodeKeys>), SetupError> {
    let config = Config::new(setup.parameters.clone())?;
    let seed = setup.seed.derive("subnet");
    let (record, secrets) = match setup.keys {
        Keys::Generated => generate(&seed, setup.nodes, config)?,
        Keys::Dealt => deal(seed, setup.nodes, config)?,
    };
    Ok((Arc::new(record), secrets))
}

/// Nodes that run, each on a thread of its own.
pub struct Subnet {
    /// The key under which it certifies.
    pub root_key: RootKey,
    /// Its nodes, in the order of their names.
    pub members: Vec<Arc<Member>>,
    setup: Setup,
    record: Arc<SubnetRecord>,
    executor: Arc<Executor<LocalSandbox>>,
    switchboard: Switchboard<LocalNode>,
    threads: BTreeMap<NodeId, JoinHandle<Result<(), Halt>>>,
}

impl Subnet {
    /// Makes the keys and starts all nodes.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn start(setup: Setup) -> Result<Self, SetupError> {
        let (record, secrets) = make_keys(&setup)?;
        let root_key = RootKey::new(record.high().group_key().clone());
        let engine =
            WasmtimeEngine::new().map_err(|error| SetupError::Engine(error.to_string()))?;
        let mut subnet = Self {
            root_key,
            members: Vec::new(),
            setup,
            record,
            // Compiled modules are the same on every node of the process, so they are compiled once.
            executor: Arc::new(Executor::new(
                EngineSandbox::new(engine),
                ExecutionLimits::default(),
            )),
            switchboard: Switchboard::default(),
            threads: BTreeMap::new(),
        };
        for (position, keys) in secrets.into_iter().enumerate() {
            let member = subnet.launch(position, keys)?;
            subnet.members.push(member);
        }
        Ok(subnet)
    }

    /// Kills a node, as if its machine had been switched off: nobody is told. Returns why it had stopped, if it had.
    pub fn kill(&mut self, position: usize) -> Option<Halt> {
        let node = self.members.get(position)?.node;
        let _has_stopped_already = self.switchboard.send(node, Letter::Stop);
        self.switchboard.disconnect(node);
        self.threads.remove(&node)?.join().ok()?.err()
    }

    /// Starts a killed node again, with what its store holds.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn revive(&mut self, position: usize) -> Result<(), SetupError> {
        // Secrets have one owner, and this node's are gone with it: the same seed makes them again.
        let (_, secrets) = make_keys(&self.setup)?;
        if let Some(keys) = secrets.into_iter().nth(position) {
            let revived = self.launch(position, keys)?;
            if let Some(member) = self.members.get_mut(position) {
                *member = revived;
            }
        }
        Ok(())
    }

    fn launch(&mut self, position: usize, keys: NodeKeys) -> Result<Arc<Member>, SetupError> {
        let node = keys.node();
        let signer = node_key::SecretKey::from_bytes(&keys.signing().export());
        let genesis = self.setup.genesis;
        let key = |(node, record): (&NodeId, &NodeRecord)| (*node, record.signing.to_der());
        let facts = Facts::root(
            self.root_key.to_der(),
            self.record.members().iter().map(key).collect(),
        );
        let state = ReplicatedState::genesis(facts, genesis);
        let version = RegistryVersion::FIRST;
        let start = CatchUpPackage::genesis(
            version,
            genesis,
            state.root(),
            self.record.config().interval,
        );
        let registry: FixedRegistry = BTreeMap::from([(version, Arc::clone(&self.record))]);
        let (store, persisted) = (self.setup.open)(position)?;
        let mut engine = Engine::new(
            keys,
            start,
            IngressPool::new(
                PoolLimits::default(),
                CanisterSignatureVerifier::new(self.root_key.clone()),
            ),
            registry,
        )?;
        engine.restore(persisted)?;

        let (certified, watch) = watch::channel(None);
        let canister_ranges = state.subnet().canister_ranges.clone();
        let wires = Wires {
            node,
            store,
            switchboard: self.switchboard.clone(),
            certified,
            listener: self.setup.listener.clone(),
        };
        let composed = Node::new(
            engine,
            Arc::clone(&self.executor),
            state,
            self.root_key.clone(),
            wires,
        );
        let inbox = self.switchboard.connect(node);
        let thread = member::start(
            composed,
            inbox,
            self.root_key.clone(),
            format!("node {position}"),
        )?;
        self.threads.insert(node, thread);
        Ok(Arc::new(Member {
            node,
            subnet: self.root_key.subnet(),
            root_key: self.root_key.to_der(),
            canister_ranges,
            canister_signatures: CanisterSignatureVerifier::new(self.root_key.clone()),
            executor: Arc::clone(&self.executor),
            signer,
            switchboard: self.switchboard.clone(),
            certified: watch,
        }))
    }
}

impl Drop for Subnet {
    fn drop(&mut self) {
        for position in 0..self.members.len() {
            self.kill(position);
        }
    }
}
