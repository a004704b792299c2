//! The engine: events in, steps out, and in between the rules, each asked until none has anything to say.

mod changes;
mod execution;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ic_types::{Height, NodeId, RegistryVersion, StateRoot, SubnetId, Time};

use crate::acceptance::{Acceptance, acceptance};
use crate::artifact::{Artifact, Block, CatchUpPackage, Kind, Position};
use crate::clock::Now;
use crate::committee::Committee;
use crate::config::Config;
use crate::event::Event;
use crate::exchange::{Ask, Exchange, answer};
use crate::keys::NodeKeys;
use crate::payload::Payloads;
use crate::pool::{Execution, Pool, Standing, View, after};
use crate::registry::Registry;
use crate::rules::purger::Purged;
use crate::step::{Output, Step};

/// Why an engine cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotStart {
    /// The catch-up package's parts do not belong together.
    #[error("the catch-up package is not coherent")]
    Incoherent,
    /// The registry does not have the version that the package names.
    #[error("registry version {version} is not available")]
    Registry {
        /// The version.
        version: RegistryVersion,
    },
}

/// What was persisted does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("persisted artifact {index} ({kind:?} at height {height}) does not fit what is before it")]
pub struct Corrupt {
    /// Which one, counted from 0.
    pub index: usize,
    /// Its kind.
    pub kind: Kind,
    /// Its height.
    pub height: Height,
}

/// One node's part in the agreement on an order.
///
/// [`handle`](Self::handle) is the one way in. It does no I/O and reads no clock; what it wants done is in the
/// [`Step`] that it returns.
#[derive(Debug)]
pub struct Engine<P, R> {
    keys: NodeKeys,
    subnet: SubnetId,
    config: Config,
    payloads: P,
    registry: R,
    pool: Pool,
    committees: BTreeMap<Height, Committee>,
    execution: Execution,
    purged: Purged,
    exchange: Exchange,
    now: Now,
    started: Option<Now>,
    wake: Option<Duration>,
    /// Who says that another root than this node's is right.
    dissent: BTreeMap<(Height, StateRoot), BTreeSet<NodeId>>,
    /// Since when a finalized block below the newest package has waited to be delivered, and after which batch.
    standing: Option<(Now, Height)>,
    /// The package for which a state was asked for, and when.
    fetching: Option<(Height, Now)>,
}

impl<P: Payloads, R: Registry> Engine<P, R> {
    /// A node that knows nothing but `start`, which it trusts.
    ///
    /// Its state is taken to be the one after `start`; if it has a newer one, an [`Event::Executed`] says so.
    ///
    /// # Errors
    /// If the package is not coherent, or the registry lacks the version in force at it.
    pub fn new(
        keys: NodeKeys,
        start: CatchUpPackage,
        payloads: P,
        registry: R,
    ) -> Result<Self, CannotStart> {
        let summary = start
            .block
            .summary()
            .filter(|_| start.is_coherent())
            .ok_or(CannotStart::Incoherent)?;
        let version = summary.registry;
        let record = registry
            .subnet(version)
            .ok_or(CannotStart::Registry { version })?;
        let (height, root) = (start.height(), start.root);
        Ok(Self {
            keys,
            subnet: record.subnet(),
            config: record.config().clone(),
            payloads,
            registry,
            pool: Pool::new(start),
            committees: BTreeMap::new(),
            execution: Execution {
                delivered: height,
                executed: height,
                certified: height,
                roots: BTreeMap::from([(height, root)]),
            },
            purged: Purged::default(),
            exchange: Exchange::default(),
            now: Now::default(),
            started: None,
            wake: None,
            dissent: BTreeMap::new(),
            standing: None,
            fetching: None,
        })
    }

    /// Puts back what earlier lives of this node persisted, in the order in which they did. Call it before the first
    /// event.
    ///
    /// It is trusted: the disk is this node's own. Batches are delivered again from the state that the node starts
    /// with.
    ///
    /// # Errors
    /// If an artifact does not fit what is before it. The engine is then not to be used: without its own votes it
    /// might vote again.
    pub fn restore(
        &mut self,
        persisted: impl IntoIterator<Item = Artifact>,
    ) -> Result<(), Corrupt> {
        for (index, artifact) in persisted.into_iter().enumerate() {
            let (kind, height) = (artifact.kind(), artifact.height());
            let fits = match &artifact {
                Artifact::Finalization(finalization) => {
                    if height <= self.pool.finalized_height() {
                        let settled = self.pool.finalized_block(height).map(Block::hash);
                        // Below what is kept nothing can be compared, and nothing depends on it.
                        if settled.is_some_and(|settled| settled != finalization.content.block) {
                            return Err(Corrupt {
                                index,
                                kind,
                                height,
                            });
                        }
                        let finalizations = &mut self.pool.validated.finalizations;
                        finalizations.insert(height, finalization.clone());
                        continue;
                    }
                    true
                }
                Artifact::CatchUp(package) => package.is_coherent(),
                Artifact::Notarization(notarization) => self
                    .pool
                    .block(height, notarization.content.block)
                    .is_some(),
                Artifact::Position(_) => false,
                Artifact::Beacon(_)
                | Artifact::BeaconShare(_)
                | Artifact::Tape(_)
                | Artifact::TapeShare(_)
                | Artifact::Proposal(_)
                | Artifact::NotarizationShare(_)
                | Artifact::FinalizationShare(_)
                | Artifact::Certification(_)
                | Artifact::CertificationShare(_)
                | Artifact::CatchUpShare(_)
                | Artifact::Equivocation(_) => true,
            };
            if !fits || !self.pool.insert(artifact, None, Standing::Checked) {
                return Err(Corrupt {
                    index,
                    kind,
                    height,
                });
            }
        }
        self.pool.extend_chain_down();
        Ok(())
    }

    /// One thing happened; here is what follows from it.
    ///
    /// Calling it late is harmless, and so is calling it often. `now` may be a [`Time`] where one clock is enough.
    pub fn handle(&mut self, now: impl Into<Now>, event: Event) -> Step {
        self.now = now.into();
        self.started.get_or_insert(self.now);
        let mut step = Step::default();
        let mut sender = None;
        match event {
            Event::Received { from, artifact } => {
                if self.is_peer(&from) {
                    sender = Some(from);
                    self.receive(from, artifact, &mut step);
                }
            }
            Event::Executed { height, root } => self.executed(height, root, &mut step),
            Event::Tick => {}
        }
        self.run(&mut step);
        self.fetch_state(&mut step);
        self.ask(sender, &mut step);
        step
    }

    /// When to call [`handle`](Self::handle) with [`Event::Tick`] if nothing else happens before: by the wall clock
    /// of the last event. `None` before the first event, which is due at once.
    pub fn next_deadline(&self) -> Option<Time> {
        self.started?;
        Some(
            self.now
                .wall
                .saturating_add(self.wake.unwrap_or(self.config.retransmit)),
        )
    }

    /// The source of payloads, to put calls in.
    pub fn payloads_mut(&mut self) -> &mut P {
        &mut self.payloads
    }

    /// The source of payloads.
    pub fn payloads(&self) -> &P {
        &self.payloads
    }

    /// The registry, to add versions to it.
    pub fn registry_mut(&mut self) -> &mut R {
        &mut self.registry
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.keys.node()
    }

    /// The node's secrets: it signs its answers to queries with its own key.
    pub fn keys(&self) -> &NodeKeys {
        &self.keys
    }

    /// Where this node stands.
    pub fn position(&self) -> Position {
        self.view().position()
    }

    /// The newest catch-up package that this node has.
    pub fn catch_up_package(&self) -> Option<&CatchUpPackage> {
        self.pool.catch_up().map(|held| &held.value)
    }

    /// A finalized block that is still kept.
    pub fn finalized_block(&self, height: Height) -> Option<&Block> {
        self.pool.finalized_block(height)
    }

    /// Whether an artifact of this kind and height is worth fetching: for transports that advertise before they send.
    pub fn acceptance(&self, kind: Kind, height: Height) -> Acceptance {
        acceptance(&self.position(), kind, height, self.config.look_ahead)
    }

    /// Everything that must survive a crash, in an order that [`restore`](Self::restore) takes: with it a store may
    /// replace all that it has.
    pub fn artifacts(&self) -> Vec<Artifact> {
        self.pool.artifacts()
    }

    /// How many artifacts are kept, and how many wait to be checked.
    pub fn pool_size(&self) -> (usize, usize) {
        (self.pool.validated.len(), self.pool.unvalidated.len())
    }

    #[cfg(test)]
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    fn view(&self) -> View<'_> {
        View {
            pool: &self.pool,
            keys: &self.keys,
            subnet: self.subnet,
            committees: &self.committees,
            registry: &self.registry,
            payloads: &self.payloads,
            execution: &self.execution,
            purged: self.purged,
            now: self.now,
            started: self.started.unwrap_or(self.now),
        }
    }

    /// Whether this is another member, now or at the newest package.
    fn is_peer(&self, node: &NodeId) -> bool {
        let heights = [
            after(self.pool.notarized_height()),
            self.pool.catch_up_height(),
        ];
        let records = heights
            .into_iter()
            .filter_map(|height| self.view().record(height));
        *node != self.keys.node()
            && records
                .into_iter()
                .any(|record| record.members().contains_key(node))
    }

    fn receive(&mut self, from: NodeId, artifact: Artifact, step: &mut Step) {
        if let Artifact::Position(position) = artifact {
            if self
                .exchange
                .admit(from, position, self.now, self.config.retransmit)
            {
                let bytes = self.config.block_bytes.saturating_mul(2);
                for artifact in answer(&self.view(), &position, self.config.look_ahead, bytes) {
                    step.emit(Output::Send { to: from, artifact });
                }
            }
            return;
        }
        if self.acceptance(artifact.kind(), artifact.height()) == Acceptance::Wanted {
            self.pool
                .unvalidated
                .insert(artifact, from, self.now, &self.config);
        }
    }

    fn wake_after(&mut self, remaining: Duration) {
        self.wake = Some(self.wake.map_or(remaining, |wake| wake.min(remaining)));
    }

    /// Says where this node stands, if it does not get ahead.
    fn ask(&mut self, sender: Option<NodeId>, step: &mut Step) {
        let mut exchange = std::mem::take(&mut self.exchange);
        let position = self.position();
        match exchange.ask(&self.view(), self.config.retransmit, self.config.look_ahead) {
            Ask::Everyone => {
                exchange.note_asked(self.now, position);
                step.emit(Output::Broadcast(position.into()));
                self.wake_after(self.config.retransmit);
            }
            Ask::Sender => {
                if let Some(to) = sender {
                    exchange.note_asked(self.now, position);
                    step.emit(Output::Send {
                        to,
                        artifact: position.into(),
                    });
                }
                self.wake_after(self.config.retransmit);
            }
            Ask::After(remaining) => self.wake_after(remaining),
        }
        self.exchange = exchange;
    }
}
