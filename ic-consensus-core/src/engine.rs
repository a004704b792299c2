//! The engine: events in, steps out, and in between the rules, each asked until none has anything to say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ic_types::{Digest, Height, NodeId, StateRoot, SubnetId, Time};

use crate::acceptance::{Acceptance, acceptance};
use crate::artifact::{
    Artifact, Block, BlockMetadata, Body, CatchUpPackage, Certification, Position, Proposal,
};
use crate::clock::Now;
use crate::committee::{Committee, Size};
use crate::config::Config;
use crate::delivery::next_batch;
use crate::event::Event;
use crate::exchange::{Ask, Exchange, answer};
use crate::keys::{Level, NodeKeys};
use crate::payload::{Payloads, ProposalContext};
use crate::pool::{Change, Execution, Pool, ShareName, Standing, View, after, heights};
use crate::registry::Registry;
use crate::rules::block_maker::{Decision, Plan, decide};
use crate::rules::purger::Purged;
use crate::rules::{AFTER_BLOCK_MAKER, BEFORE_BLOCK_MAKER};
use crate::step::{Fault, Milestone, Output, Step};

/// More rounds of the rules than any event can need; what is left over is done at the next event.
const MOST_ROUNDS: usize = 10_000;

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
        version: ic_types::RegistryVersion,
    },
}

/// What was persisted does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("persisted artifact {index} ({kind:?} at height {height}) does not fit what is before it")]
pub struct Corrupt {
    /// Which one, counted from 0.
    pub index: usize,
    /// Its kind.
    pub kind: crate::artifact::Kind,
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
    pub fn acceptance(&self, kind: crate::artifact::Kind, height: Height) -> Acceptance {
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

    /// The state of a height is here.
    fn executed(&mut self, height: Height, root: StateRoot, step: &mut Step) {
        let execution = &mut self.execution;
        if height <= execution.executed {
            return;
        }
        let package = self
            .pool
            .validated
            .catch_ups
            .get(&height)
            .map(|held| held.value.root);
        let certification = self
            .pool
            .validated
            .certifications
            .get(&height)
            .map(|known| known.content.root);
        if let Some(agreed) = package.or(certification).filter(|agreed| *agreed != root) {
            step.emit(Output::Diverged {
                height,
                computed: root,
                agreed,
            });
            return;
        }
        if height > execution.delivered {
            // Loaded or fetched: it must be a state of the chain that this node knows.
            if height > self.pool.finalized_height() {
                return;
            }
            execution.delivered = height;
            execution.roots.clear();
            self.fetching = None;
        }
        execution.executed = height;
        execution.roots.insert(height, root);
        if package.is_some() {
            execution.certified = execution.certified.max(height);
        }
        if let Some(certification) = self.pool.validated.certifications.get(&height).copied() {
            self.certified(certification, step);
        }
    }

    /// A root that this node computed is certified.
    fn certified(&mut self, certification: Certification, step: &mut Step) {
        let height = certification.content.height;
        let known = self.execution.roots.get(&height) == Some(&certification.content.root);
        let news = height > self.execution.certified
            || (height == self.execution.certified && height == self.execution.executed);
        if known && news {
            self.execution.certified = height;
            step.emit(Output::Certified(certification));
        }
    }

    /// Asks the rules until none has anything to say.
    fn run(&mut self, step: &mut Step) {
        self.wake = None;
        for _ in 0..MOST_ROUNDS {
            self.draw_committees();
            let progressed = self.deliver(step)
                || BEFORE_BLOCK_MAKER
                    .iter()
                    .any(|rule| self.ask_rule(*rule, step))
                || self.propose(step)
                || AFTER_BLOCK_MAKER
                    .iter()
                    .any(|rule| self.ask_rule(*rule, step));
            if !progressed {
                return;
            }
            // What the rules wait for may have changed.
            self.wake = None;
        }
        self.wake = Some(Duration::ZERO);
    }

    fn ask_rule(&mut self, rule: crate::rules::Rule, step: &mut Step) -> bool {
        let mut progressed = false;
        for change in rule(&self.view()) {
            progressed |= self.apply(change, step);
        }
        progressed
    }

    fn wake_after(&mut self, remaining: Duration) {
        self.wake = Some(self.wake.map_or(remaining, |wake| wake.min(remaining)));
    }

    /// Makers and notaries of the heights at which something can still be decided.
    fn draw_committees(&mut self) {
        let (first, last) = (
            after(self.pool.finalized_height()),
            after(self.pool.notarized_height()),
        );
        if self
            .committees
            .keys()
            .next()
            .is_some_and(|height| *height < first)
        {
            self.committees = self.committees.split_off(&first);
        }
        for height in heights(first, last) {
            if self.committees.contains_key(&height) {
                continue;
            }
            let beacon = height.previous().and_then(|below| self.pool.beacon(below));
            if let (Some(beacon), Some(record)) = (beacon, self.view().record(height)) {
                self.committees
                    .insert(height, Committee::draw(record, &beacon.hash()));
            }
        }
    }

    fn deliver(&mut self, step: &mut Step) -> bool {
        let Some(batch) = next_batch(&self.view()) else {
            return false;
        };
        self.execution.delivered = batch.height;
        self.payloads.delivered(&batch);
        step.emit(Output::Deliver(batch));
        true
    }

    fn propose(&mut self, step: &mut Step) -> bool {
        match decide(&self.view()) {
            Decision::Nothing => false,
            Decision::Wait(remaining) => {
                self.wake_after(remaining);
                false
            }
            Decision::Propose(plan) => {
                let proposal = self.make(plan);
                self.apply(Change::Add(proposal.into()), step)
            }
        }
    }

    fn make(&mut self, plan: Plan) -> Proposal {
        let Plan {
            parent,
            height,
            rank,
            context,
            summary,
        } = plan;
        let body = match summary {
            Some(summary) => Body::Summary(summary),
            None => {
                let undelivered = self
                    .pool
                    .undelivered_calls(&parent, self.execution.delivered);
                let context = ProposalContext {
                    height,
                    context,
                    ancestors: &undelivered,
                    block_calls: self.config.block_calls,
                    block_bytes: self.config.block_bytes,
                    call_bytes: self.config.call_bytes,
                };
                Body::Data(self.payloads.build(&context))
            }
        };
        let block = Block::new(parent.hash(), height, rank, context, body);
        let metadata = BlockMetadata {
            block: block.hash(),
            height,
            subnet: self.subnet,
        };
        let signature = self.keys.sign_block(&metadata);
        Proposal {
            block,
            maker: self.keys.node(),
            signature,
        }
    }

    /// Applies one change. Returns whether anything is different.
    fn apply(&mut self, change: Change, step: &mut Step) -> bool {
        match change {
            Change::Add(artifact) => {
                if self.accept(artifact.clone(), Standing::Checked, step) {
                    step.keep(artifact.clone());
                    step.emit(Output::Broadcast(artifact));
                }
                true
            }
            Change::Accept(key) => {
                let Some(waiting) = self.pool.unvalidated.remove(&key) else {
                    return false;
                };
                let artifact = waiting.artifact;
                // Others' shares are sent again when they are needed. A share of this node that a peer gives back
                // was lost here, and is as good as a new one.
                let durable =
                    share_signer(&artifact).is_none_or(|signer| signer == self.keys.node());
                if self.accept(artifact.clone(), Standing::Checked, step) && durable {
                    step.keep(artifact);
                }
                true
            }
            Change::AcceptClaim(key) => {
                let Some(waiting) = self.pool.unvalidated.remove(&key) else {
                    return false;
                };
                self.accept(waiting.artifact, Standing::Claimed, step);
                true
            }
            Change::Discard(key) => self.pool.unvalidated.remove(&key).is_some(),
            Change::Refuse(key, fault) => {
                let Some(waiting) = self.pool.unvalidated.remove(&key) else {
                    return false;
                };
                self.hear_dissent(&waiting.artifact, waiting.from, step);
                step.emit(Output::Misbehaved {
                    peer: waiting.from,
                    fault,
                });
                true
            }
            Change::Condemn(name) => {
                self.condemn(name, step);
                true
            }
            Change::PurgeBelow(height) => {
                self.pool.purge_below(height);
                let needed = self.pool.catch_up_height().min(self.execution.executed);
                self.execution.roots = self.execution.roots.split_off(&needed);
                self.purged.below = height;
                step.emit(Output::Purged { below: height });
                true
            }
            Change::PurgeLosers => {
                self.pool
                    .purge_losers(self.execution.delivered, self.execution.certified);
                true
            }
            Change::PurgeUnwanted => {
                let position = self.position();
                let unwanted: Vec<_> = self
                    .pool
                    .unvalidated
                    .keys()
                    .filter(|key| {
                        acceptance(&position, key.kind, key.height, u64::MAX)
                            == Acceptance::Unwanted
                    })
                    .copied()
                    .collect();
                for key in unwanted {
                    self.pool.unvalidated.remove(&key);
                }
                self.purged.position = position;
                true
            }
            Change::WakeAfter(remaining) => {
                self.wake_after(remaining);
                false
            }
        }
    }

    /// Puts a valid artifact into the pool, and says what that means.
    fn accept(&mut self, artifact: Artifact, standing: Standing, step: &mut Step) -> bool {
        if !self.pool.insert(artifact.clone(), Some(self.now), standing) {
            return false;
        }
        match artifact {
            Artifact::Beacon(beacon) => step.emit(Output::Progress(Milestone::Beacon {
                height: beacon.content.height,
            })),
            Artifact::Proposal(proposal) => step.emit(Output::Progress(Milestone::Proposed {
                height: proposal.block.height(),
                block: proposal.block.hash(),
                maker: proposal.maker,
                rank: proposal.block.rank(),
                calls: proposal.block.calls().len(),
            })),
            Artifact::Notarization(notarization) => {
                let (height, block) = (notarization.content.height, notarization.content.block);
                if let Some(rank) = self.pool.block(height, block).map(Block::rank) {
                    step.emit(Output::Progress(Milestone::Notarized {
                        height,
                        block,
                        rank,
                    }));
                }
            }
            Artifact::Finalization(finalization) => {
                let (height, block) = (finalization.content.height, finalization.content.block);
                if let Some(found) = self.pool.block(height, block) {
                    let (rank, time) = (found.rank(), found.context().time);
                    step.emit(Output::Progress(Milestone::Finalized {
                        height,
                        block,
                        rank,
                        time,
                    }));
                }
            }
            Artifact::Certification(certification) => self.certified(certification, step),
            Artifact::CatchUp(package) => {
                let (height, root) = (package.height(), package.root);
                step.emit(Output::Progress(Milestone::CatchUp { height, root }));
                if let Some(computed) = self
                    .execution
                    .roots
                    .get(&height)
                    .copied()
                    .filter(|computed| *computed != root)
                {
                    step.emit(Output::Diverged {
                        height,
                        computed,
                        agreed: root,
                    });
                }
                if let Some(record) = self.view().record(after(height)) {
                    self.config = record.config().clone();
                }
            }
            Artifact::Equivocation(proof) => step.emit(Output::Misbehaved {
                peer: proof.maker,
                fault: Fault::Equivocation {
                    height: proof.height,
                },
            }),
            Artifact::BeaconShare(_)
            | Artifact::Tape(_)
            | Artifact::TapeShare(_)
            | Artifact::NotarizationShare(_)
            | Artifact::FinalizationShare(_)
            | Artifact::CertificationShare(_)
            | Artifact::CatchUpShare(_)
            | Artifact::Position(_) => {}
        }
        true
    }

    /// Another root than this node computed, by the word of a peer. When so many say the same that one of them is
    /// honest, it is this node that is wrong.
    fn hear_dissent(&mut self, artifact: &Artifact, from: NodeId, step: &mut Step) {
        let Artifact::CertificationShare(share) = artifact else {
            return;
        };
        let (height, agreed) = (share.content.height, share.content.root);
        let Some(computed) = self.execution.roots.get(&height).copied() else {
            return;
        };
        let Some(record) = self.view().record(height) else {
            return;
        };
        if share.signer != from || agreed == computed || !record.verifies_share(Level::High, share)
        {
            return;
        }
        self.dissent = self.dissent.split_off(&(
            self.execution.certified,
            StateRoot::new(Digest::new([0; 32])),
        ));
        let voices = self.dissent.entry((height, agreed)).or_default();
        let news = voices.insert(from);
        if news && voices.len() == Size::of(record.members().len()).low_threshold() {
            step.emit(Output::Diverged {
                height,
                computed,
                agreed,
            });
        }
    }

    fn condemn(&mut self, name: ShareName, step: &mut Step) {
        let kind = self.pool.condemn(name);
        if let Some((kind, height)) = kind {
            step.emit(Output::Misbehaved {
                peer: name.signer(),
                fault: Fault::BadSignature { kind, height },
            });
        }
    }

    /// Asks for a state if the batches that lead to it are gone.
    fn fetch_state(&mut self, step: &mut Step) {
        let Some(package) = self.pool.catch_up().map(|held| &held.value) else {
            return;
        };
        let (height, root) = (package.height(), package.root);
        if self.execution.delivered >= height
            || self
                .pool
                .finalized_block(after(self.execution.delivered))
                .is_some()
        {
            return;
        }
        let waited = self
            .fetching
            .filter(|(asked, _)| *asked == height)
            .map(|(_, since)| self.now.since(&since));
        if let Some(remaining) = waited
            .and_then(|waited| self.config.retransmit.checked_sub(waited))
            .filter(|r| !r.is_zero())
        {
            self.wake_after(remaining);
            return;
        }
        self.fetching = Some((height, self.now));
        self.wake_after(self.config.retransmit);
        step.emit(Output::FetchState { height, root });
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

/// Who signed, if this is a share.
fn share_signer(artifact: &Artifact) -> Option<NodeId> {
    match artifact {
        Artifact::BeaconShare(share) => Some(share.signer),
        Artifact::TapeShare(share) => Some(share.signer),
        Artifact::NotarizationShare(share) => Some(share.signer),
        Artifact::FinalizationShare(share) => Some(share.signer),
        Artifact::CertificationShare(share) => Some(share.signer),
        Artifact::CatchUpShare(share) => Some(share.signer),
        Artifact::Beacon(_)
        | Artifact::Tape(_)
        | Artifact::Proposal(_)
        | Artifact::Notarization(_)
        | Artifact::Finalization(_)
        | Artifact::Certification(_)
        | Artifact::CatchUp(_)
        | Artifact::Equivocation(_)
        | Artifact::Position(_) => None,
    }
}
