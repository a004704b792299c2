//! The loop around a node: a thread that opens letters, looks at the clocks, and takes one turn after the other.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::Duration;

use ic_certification::{Certificate, RootKey, paths};
use ic_consensus_core::{Artifact, Certification, Event, Milestone, Now, SubnetRecord};
use ic_types::codec::Wire as _;
use ic_types::{
    Call, CanisterId, CanisterRanges, DerPublicKey, Envelope, Height, NodeId, RegistryVersion,
    RequestId, StateRoot, SubnetId,
};
use ic_wasm_runtime::engine::{EngineSandbox, WasmtimeEngine};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::network::{Inbox, Letter, Switchboard};
use crate::store::Store;
use crate::{Halt, Node, Outside};

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
    pub certified: watch::Sender<Option<Height>>,
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

    fn certified(&mut self, certification: &Certification) {
        let content = certification.content;
        if let Some(listener) = &self.listener {
            listener(
                self.node,
                Notice::Certified {
                    height: content.height,
                    root: content.root,
                },
            );
        }
        self.certified.send_replace(Some(content.height));
    }
}

/// The node's thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

/// A running node, as the rest of the process sees it.
pub struct Member {
    /// The node's name.
    pub node: NodeId,
    /// The subnet's name.
    pub subnet: SubnetId,
    /// The key under which the subnet certifies: of a root subnet, the root key.
    pub root_key: DerPublicKey,
    canister_ranges: CanisterRanges,
    switchboard: Switchboard<LocalNode>,
    certified: watch::Receiver<Option<Height>>,
}

impl Member {
    /// The node of this name behind `switchboard`, whose certified heights appear at `certified`.
    pub fn new(
        node: NodeId,
        root_key: &RootKey,
        canister_ranges: CanisterRanges,
        switchboard: Switchboard<LocalNode>,
        certified: watch::Receiver<Option<Height>>,
    ) -> Self {
        let (subnet, root_key) = (root_key.subnet(), root_key.to_der());
        Self {
            node,
            subnet,
            root_key,
            canister_ranges,
            switchboard,
            certified,
        }
    }

    /// Whether the subnet answers for this canister, whether there is one or not (HTTP-137).
    pub fn hosts(&self, canister: &CanisterId) -> bool {
        self.canister_ranges.contains(*canister)
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

    /// The newest height whose state is certified; `None` before the first.
    pub fn certified_height(&self) -> Option<Height> {
        *self.certified.borrow()
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
        let mut certified = self.certified.clone();
        loop {
            certified.mark_unchanged();
            let shown = [paths::time(), paths::request_status::of(&id)];
            let look = move |node: &mut LocalNode, _| {
                let record = node.certified()?.state.request(&id)?;
                record
                    .status
                    .is_terminal()
                    .then(|| node.certificate(&shown))
                    .flatten()
            };
            if let Some(certificate) = self.visit(look).await? {
                return Ok(certificate);
            }
            certified.changed().await.map_err(|_| Stopped)?;
        }
    }
}

/// Starts the node's thread.
///
/// # Errors
/// If the operating system has no thread to give.
pub fn start(
    node: LocalNode,
    inbox: Inbox<LocalNode>,
    name: String,
) -> std::io::Result<JoinHandle<Result<(), Halt>>> {
    std::thread::Builder::new()
        .name(name)
        .stack_size(STACK)
        .spawn(move || run(node, &inbox))
}

/// How long the node may sleep.
fn pause(node: &LocalNode, now: Now) -> Duration {
    let deadline = node.engine().next_deadline();
    deadline.map_or(IDLE, |deadline| {
        deadline.since(now.wall).unwrap_or_default().min(IDLE)
    })
}

fn run(mut node: LocalNode, inbox: &Inbox<LocalNode>) -> Result<(), Halt> {
    let clock = Clock::start();
    node.turn(clock.now(), Event::Tick)?;
    loop {
        let event = match inbox.recv_timeout(pause(&node, clock.now())) {
            Ok(Letter::Artifact { from, bytes }) => match Artifact::decode(&bytes) {
                Ok(artifact) => Event::Received { from, artifact },
                Err(_not_an_artifact) => continue,
            },
            Ok(Letter::Call(bytes)) => {
                // That another node took it proves nothing: it is checked as if it had come here first.
                let Ok(envelope) = Envelope::<Call>::decode(&bytes) else {
                    continue;
                };
                let Ok(_) = node.submit(envelope, clock.now()) else {
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
