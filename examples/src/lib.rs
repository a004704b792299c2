//! A whole node composed from the five crates.
//!
//! [`Node`] joins them, in this file. Everything else is what the crates leave to the embedder: the thread and the
//! clocks around a node ([`member`]), the wires between nodes ([`network`]), what survives a crash ([`store`]), keys that
//! the nodes make together ([`key_generation`]), a subnet in one process ([`subnet`]), the HTTP interface ([`http`]), and a client that believes nothing
//! but the root key ([`client`]).

pub mod client;
pub mod clock;
pub mod http;
pub mod key_generation;
pub mod member;
pub mod network;
pub mod store;
pub mod subnet;
pub mod timeline;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ic_certification::{CanisterSignatureVerifier, Certificate, LabeledTree, RootKey};
use ic_consensus_core::ingress::NotPooled;
use ic_consensus_core::{
    Artifact, Certification, Engine, Event, IngressPool, Milestone, Now, Output, Registry,
};
use ic_crypto::{Authenticated, Unauthenticated, authenticate};
use ic_types::{Call, Envelope, Height, NodeId, Path, RequestId, StateRoot};
use ic_wasm_runtime::sandbox::Sandbox;
use ic_wasm_runtime::{Executor, Refusal, ReplicatedState};

/// What the crates leave to the embedder.
pub trait Outside {
    /// Returns when `artifacts` will survive a crash: nothing that relies on them leaves the node before.
    fn persist(&mut self, artifacts: &[Artifact]);
    /// Sends to one other node, or to all of them. What is lost is made up for later.
    fn send(&mut self, to: Option<NodeId>, artifact: Artifact);
    /// Takes note of how far the subnet has come, if anybody wants to know.
    fn progress(&mut self, milestone: Milestone);
    /// Takes note that the subnet has signed a state: what it can be asked, and what proves the answers.
    fn certified(&mut self, certified: &Certified);
}

/// A state, the tree that shows it, and the subnet's signature on the root of the tree. Cheap to clone.
#[derive(Clone)]
pub struct Certified {
    /// The canisters, and the requests of the last minutes.
    pub state: ReplicatedState,
    /// What can be shown of them.
    pub tree: LabeledTree,
    /// The signature.
    pub certification: Certification,
}

impl Certified {
    /// What is at `paths`, as the subnet certifies it.
    pub fn certificate(&self, paths: &[Path]) -> Certificate {
        let (tree, signature) = (self.tree.witness(paths), self.certification.signature.0);
        Certificate {
            tree,
            signature,
            delegation: None,
        }
    }
}

/// The calls that wait for a block.
pub type Calls = IngressPool<CanisterSignatureVerifier>;

/// Why a node does not take a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The sender is not proved.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The canister, or the system in its place, does not want it.
    #[error("{0}")]
    Rejected(Refusal),
    /// There is no room.
    #[error(transparent)]
    NotPooled(#[from] NotPooled),
}

/// Why a node stops for good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Halt {
    /// The subnet agreed on another state: this node must not go on with its own.
    #[error("at height {height} this node computed {computed}, the subnet agreed on {agreed}")]
    Diverged {
        /// The height.
        height: Height,
        /// The root of this node's state.
        computed: StateRoot,
        /// The root that the subnet signed.
        agreed: StateRoot,
    },
    /// The batches that lead to the subnet's state are gone, and states are not fetched from peers yet.
    #[error("this node missed so much that only the state at height {height} would help")]
    LeftBehind {
        /// The height.
        height: Height,
    },
}

/// One node: agreement, execution and certification; no sockets, no disk, no clock.
pub struct Node<R, S: Sandbox, O> {
    engine: Engine<Calls, R>,
    executor: Arc<Executor<S>>,
    state: ReplicatedState,
    executed: BTreeMap<Height, (ReplicatedState, LabeledTree)>,
    certified: Option<Certified>,
    canister_signatures: CanisterSignatureVerifier,
    outside: O,
}

impl<R: Registry, S: Sandbox, O: Outside> Node<R, S, O> {
    /// A node whose canisters are what `state` says, and whose chain starts where `engine` does.
    pub fn new(
        engine: Engine<Calls, R>,
        executor: Arc<Executor<S>>,
        state: ReplicatedState,
        root: RootKey,
        outside: O,
    ) -> Self {
        let canister_signatures = CanisterSignatureVerifier::new(root);
        Self {
            engine,
            executor,
            state,
            executed: BTreeMap::new(),
            certified: None,
            canister_signatures,
            outside,
        }
    }

    /// Takes a call from its sender, if the canister wants it. Its outcome will be in the certified state.
    ///
    /// # Errors
    /// The call is refused, and the subnet will not hear of it from this node.
    pub fn submit(&mut self, envelope: Envelope<Call>, now: Now) -> Result<RequestId, Refused> {
        let call = authenticate(envelope, now.wall, &self.canister_signatures)?;
        self.executor
            .inspect(&self.state, call.content())
            .map_err(Refused::Rejected)?;
        Ok(self.pool(call, now)?)
    }

    /// Takes a call into the pool from which blocks are made: one that was inspected, here or by another node.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn pool(&mut self, call: Authenticated<Call>, now: Now) -> Result<RequestId, NotPooled> {
        let id = call.id();
        self.engine.payloads_mut().insert(call, now.wall)?;
        Ok(id)
    }

    /// One turn of the loop: something happened, here is what follows from it.
    ///
    /// # Errors
    /// The node cannot go on.
    ///
    /// # Panics
    /// If consensus delivered batches out of order, which it promises not to.
    pub fn turn(&mut self, now: Now, event: Event) -> Result<(), Halt> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let step = self.engine.handle(now, event);
            self.outside.persist(step.to_persist());
            for output in step.persisted() {
                match output {
                    Output::Broadcast(artifact) => self.outside.send(None, artifact),
                    Output::Send { to, artifact } => self.outside.send(Some(to), artifact),
                    Output::Deliver(batch) => {
                        self.executor
                            .execute(&mut self.state, &batch)
                            .expect("consensus delivers in order");
                        let tree = self.state.to_tree();
                        events.push_back(Event::Executed {
                            height: batch.height,
                            root: tree.root(),
                        });
                        self.executed
                            .insert(batch.height, (self.state.clone(), tree));
                    }
                    Output::Certified(certification) => {
                        self.executed = self.executed.split_off(&certification.content.height);
                        if let Some((_, (state, tree))) = self.executed.first_key_value() {
                            let (state, tree) = (state.clone(), tree.clone());
                            let certified = Certified {
                                state,
                                tree,
                                certification,
                            };
                            self.outside.certified(&certified);
                            self.certified = Some(certified);
                        }
                    }
                    Output::Progress(milestone) => self.outside.progress(milestone),
                    Output::Diverged {
                        height,
                        computed,
                        agreed,
                    } => {
                        return Err(Halt::Diverged {
                            height,
                            computed,
                            agreed,
                        });
                    }
                    Output::FetchState { height, .. } => return Err(Halt::LeftBehind { height }),
                    // A peer misbehaved, or the store may forget: nothing that this node has to do.
                    Output::Misbehaved { .. } | Output::Purged { .. } | _ => {}
                }
            }
        }
        Ok(())
    }

    /// The newest state that the subnet has signed.
    pub fn certified(&self) -> Option<&Certified> {
        self.certified.as_ref()
    }

    /// The source of blocks and certificates.
    pub fn engine(&self) -> &Engine<Calls, R> {
        &self.engine
    }
}

/// The pages of `docs/`, so that the code in them is compiled by the test run.
#[cfg(doctest)]
mod docs {
    #[doc = include_str!("../../docs/architecture.md")]
    struct Architecture;
    #[doc = include_str!("../../docs/embedding.md")]
    struct Embedding;
    #[doc = include_str!("../../docs/determinism.md")]
    struct Determinism;
    #[doc = include_str!("../../docs/threat-model.md")]
    struct ThreatModel;
    #[doc = include_str!("../../docs/validation-criteria.md")]
    struct ValidationCriteria;
}
