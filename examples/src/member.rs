//! The loop around a node: a thread that opens letters, looks at the clocks, and takes one turn after the other.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::Duration;

use ic_certification::{CanisterSignatureVerifier, Certificate, RootKey, paths};
use ic_consensus_core::{Artifact, Event, Milestone, Now, SubnetRecord};
use ic_crypto::{Authenticated, Unauthenticated, authenticate, node_key};
use ic_types::codec::Wire as _;
use ic_types::{
    Call, CanisterId, CanisterRanges, Content, DerPublicKey, Envelope, Height, NodeId,
    RegistryVersion, RequestId, StateRoot, SubnetId, Time,
};
use ic_wasm_runtime::Executor;
use ic_wasm_runtime::engine::{EngineSandbox, WasmtimeEngine};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::network::{Inbox, Letter, Switchboard};
use crate::store::Store;
use crate::{Certified, Halt, Node, Outside};

/// How long a node sleeps if nothing is due and nobody writes.
const IDLE: Duration = Duration::from_secs(1);
/// Room for the deepest recursion that a canister is allowed, in bytes.
const STACK: usize = 16 * 1024 * 1024;

/// A registry with one version: the members are fixed.
pub type FixedRegistry = std::collections::BTreeMap<RegistryVersion, Arc<SubnetRecord>>;

/// Where canisters run: the fast engine.
pub type LocalSandbox = EngineSandbox<WasmtimeEngine>;

/// A node as this module runs it: a fixed subnet, the fast engine.
pub type LocalNode = Node<FixedRegistry, LocalSandbox, Wires>;

/// What a listener is told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Consensus got ahead.
    Progress(Milestone),
    /// The subnet has signed the state after this height.
    Certified {
        /// The height.
        height: Height,
        /// The root of the state.
        root: StateRoot,
    },
}

/// Whoever wants to know how far a node has come. Called on the node's thread, so it should be quick.
pub type Listener = Arc<dyn Fn(NodeId, Notice) + Send + Sync>;

/// What is outside of one node: its disk, its peers, whoever listens.
pub struct Wires {
    /// The node.
    pub node: NodeId,
    /// Where it keeps what it must not forget.
    pub store: Box<dyn Store>,
    /// How it reaches its peers.
    pub switchboard: Switchboard<LocalNode>,
    /// Where waiting requests see that a further state is certified.
    pub certified: watch::Sender<Option<Certified>>,
    /// Who wants to know.
    pub listener: Option<Listener>,
}

impl Outside for Wires {
    fn persist(&mut self, artifacts: &[Artifact]) {
        if let Err(error) = self.store.append(artifacts) {
            // A node that may forget its votes might vote twice: the only honest thing is to fall silent.
            panic!(
                "node {} cannot write down what it is about to say: {error}",
                self.node
            );
        }
    }

    fn send(&mut self, to: Option<NodeId>, artifact: Artifact) {
        let bytes: Arc<[u8]> = artifact.encode().into();
        let letter = || Letter::Artifact {
            from: self.node,
            bytes: Arc::clone(&bytes),
        };
        match to {
            Some(peer) => {
                let _lost = self.switchboard.send(peer, letter());
            }
            None => self.switchboard.broadcast(self.node, letter),
        }
    }

    fn progress(&mut self, milestone: Milestone) {
        if let Some(listener) = &self.listener {
            listener(self.node, Notice::Progress(milestone));
        }
    }

    fn certified(&mut self, certified: &Certified) {
        let content = certified.certification.content;
        if let Some(listener) = &self.listener {
            let (height, root) = (content.height, content.root);
            listener(self.node, Notice::Certified { height, root });
        }
        self.certified.send_replace(Some(certified.clone()));
    }
}

/// The node's thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

/// A running node, as the rest of the process sees it: what is certified is read here, and only what the subnet has to
/// agree on goes to the node's thread.
pub struct Member {
    /// The node's name.
    pub node: NodeId,
    /// The subnet's name.
    pub subnet: SubnetId,
    /// The key under which the subnet certifies: of a root subnet, the root key.
    pub root_key: DerPublicKey,
    /// The canisters that the subnet answers for.
    pub canister_ranges: CanisterRanges,
    /// Proves who sends.
    pub canister_signatures: CanisterSignatureVerifier,
    /// Answers queries.
    pub executor: Arc<Executor<LocalSandbox>>,
    /// Signs the answers.
    pub signer: node_key::SecretKey,
    /// How the node is reached.
    pub switchboard: Switchboard<LocalNode>,
    /// What the subnet has certified.
    pub certified: watch::Receiver<Option<Certified>>,
}

impl Member {
    /// Whether the subnet answers for this canister, whether there is one or not (HTTP-137).
    pub fn hosts(&self, canister: &CanisterId) -> bool {
        self.canister_ranges.contains(*canister)
    }

    /// Proves who sent a request.
    ///
    /// # Errors
    /// Nobody in particular did.
    pub fn authenticate<C: Content>(
        &self,
        envelope: Envelope<C>,
        now: Time,
    ) -> Result<Authenticated<C>, Unauthenticated> {
        authenticate(envelope, now, &self.canister_signatures)
    }

    /// The newest state that the subnet has signed; `None` before the first.
    pub fn certified(&self) -> Option<Certified> {
        self.certified.borrow().clone()
    }

    /// Does something with the node on its own thread.
    ///
    /// # Errors
    /// [`Stopped`], and nothing was done.
    pub async fn visit<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut LocalNode, Now) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, answer) = oneshot::channel();
        let visit = Letter::Visit(Box::new(move |node: &mut LocalNode, now| {
            let _nobody_waits_any_more = sender.send(act(node, now));
        }));
        if !self.switchboard.send(self.node, visit) {
            return Err(Stopped);
        }
        answer.await.map_err(|_| Stopped)
    }

    /// Tells the other nodes of a call, so that whoever makes the next block can include it.
    pub fn tell_others(&self, call: Arc<[u8]>) {
        self.switchboard
            .broadcast(self.node, || Letter::Call(Arc::clone(&call)));
    }

    /// The height of the newest certified state; `None` before the first.
    pub fn certified_height(&self) -> Option<Height> {
        let certified = self.certified.borrow();
        certified
            .as_ref()
            .map(|certified| certified.certification.content.height)
    }

    /// Waits until the subnet has certified a state, the first time.
    ///
    /// # Errors
    /// [`Stopped`], if the node stops before.
    pub async fn ready(&self) -> Result<(), Stopped> {
        let mut certified = self.certified.clone();
        certified
            .wait_for(Option::is_some)
            .await
            .map(|_| ())
            .map_err(|_| Stopped)
    }

    /// Waits until the subnet has certified the outcome of a call, and returns the certificate that shows it.
    ///
    /// # Errors
    /// [`Stopped`], if the node stops before.
    pub async fn outcome(&self, id: RequestId) -> Result<Certificate, Stopped> {
        let is_decided = |certified: &Option<Certified>| {
            let record = certified
                .as_ref()
                .and_then(|certified| certified.state.request(&id));
            record.is_some_and(|record| record.status.is_terminal())
        };
        let mut watch = self.certified.clone();
        let certified = watch
            .wait_for(is_decided)
            .await
            .map_err(|_| Stopped)?
            .clone();
        let shown = [paths::time(), paths::request_status::of(&id)];
        certified
            .map(|certified| certified.certificate(&shown))
            .ok_or(Stopped)
    }
}

/// Starts the node's thread. What other nodes send is checked under `root_key`.
///
/// # Errors
/// If the operating system has no thread to give.
pub fn start(
    node: LocalNode,
    inbox: Inbox<LocalNode>,
    root_key: RootKey,
    name: String,
) -> std::io::Result<JoinHandle<Result<(), Halt>>> {
    std::thread::Builder::new()
        .name(name)
        .stack_size(STACK)
        .spawn(move || run(node, &inbox, &CanisterSignatureVerifier::new(root_key)))
}

/// How long the node may sleep.
fn pause(node: &LocalNode, now: Now) -> Duration {
    let deadline = node.engine().next_deadline();
    deadline.map_or(IDLE, |deadline| {
        deadline.since(now.wall).unwrap_or_default().min(IDLE)
    })
}

fn run(
    mut node: LocalNode,
    inbox: &Inbox<LocalNode>,
    signatures: &CanisterSignatureVerifier,
) -> Result<(), Halt> {
    let clock = Clock::start();
    node.turn(clock.now(), Event::Tick)?;
    loop {
        let event = match inbox.recv_timeout(pause(&node, clock.now())) {
            Ok(Letter::Artifact { from, bytes }) => match Artifact::decode(&bytes) {
                Ok(artifact) => Event::Received { from, artifact },
                Err(_not_an_artifact) => continue,
            },
            Ok(Letter::Call(bytes)) => {
                // That another node took it proves nothing: its sender is proved again.
                let now = clock.now();
                let Ok(envelope) = Envelope::<Call>::decode(&bytes) else {
                    continue;
                };
                let Ok(call) = authenticate(envelope, now.wall, signatures) else {
                    continue;
                };
                let Ok(_) = node.pool(call, now) else {
                    continue;
                };
                Event::Tick
            }
            Ok(Letter::Visit(visit)) => {
                visit(&mut node, clock.now());
                Event::Tick
            }
            Ok(Letter::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => Event::Tick,
        };
        node.turn(clock.now(), event)?;
    }
}
