//! What a rule reads: the pool and the facts around it, none of which it can change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ic_types::{Call, Envelope, Height, NodeId, StateRoot, SubnetId};

use super::Pool;
use super::section::Held;
use crate::artifact::{Artifact, Block, Kind, Position};
use crate::clock::Now;
use crate::committee::Committee;
use crate::keys::NodeKeys;
use crate::payload::Payloads;
use crate::registry::{Registry, SubnetRecord};

/// How far execution is, as far as consensus has to know.
#[derive(Debug, Default)]
pub(crate) struct Execution {
    /// The newest batch that was handed over.
    pub(crate) delivered: Height,
    /// The newest state that is here.
    pub(crate) executed: Height,
    /// The newest state that is here and that the subnet signed.
    pub(crate) certified: Height,
    /// The roots of the states that are here and may still be asked for.
    pub(crate) roots: BTreeMap<Height, StateRoot>,
}

/// Everything that a rule may look at.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) keys: &'a NodeKeys,
    pub(crate) subnet: SubnetId,
    pub(crate) committees: &'a BTreeMap<Height, Committee>,
    pub(crate) registry: &'a dyn Registry,
    pub(crate) payloads: &'a dyn Payloads,
    pub(crate) execution: &'a Execution,
    pub(crate) now: Now,
    /// What was purged last.
    pub(crate) purged: crate::rules::purger::Purged,
    /// When this process began: what is older than it counts as from then.
    pub(crate) started: Now,
}

impl<'a> View<'a> {
    /// This node.
    pub(crate) fn me(&self) -> NodeId {
        self.keys.node()
    }

    /// Makers and notaries of a height; `None` until its randomness and registry version are known.
    pub(crate) fn committee(&self, height: Height) -> Option<&'a Committee> {
        self.committees.get(&height)
    }

    /// The subnet as it acts at a height.
    pub(crate) fn record(&self, height: Height) -> Option<Arc<SubnetRecord>> {
        self.registry.subnet(self.pool.registry_at(height)?)
    }

    /// How long ago something was accepted.
    pub(crate) fn age<T>(&self, held: &Held<T>) -> Duration {
        self.now.since(&held.since.unwrap_or(self.started))
    }

    /// How long the round of `height` has lasted: since there are a beacon and a notarized block to build on.
    ///
    /// `None` before that, and at or below the newest catch-up package.
    pub(crate) fn round_age(&self, height: Height) -> Option<Duration> {
        let below = height.previous()?;
        let all = &self.pool.validated;
        let catch_up = all.catch_ups.get(&below).map(|held| self.age(held));
        let beacon = all.beacons.get(&below).map(|held| self.age(held));
        let notarized = all
            .notarizations
            .at(below)
            .map(|(_, held)| self.age(held))
            .max();
        match (beacon, notarized) {
            (Some(beacon), Some(notarized)) => Some(beacon.min(notarized)),
            (Some(_) | None, None) | (None, Some(_)) => catch_up,
        }
    }

    /// The best notarized block of a height: what a maker builds on.
    pub(crate) fn best_notarized(&self, height: Height) -> Option<&'a Block> {
        self.pool
            .notarized_blocks(height)
            .min_by_key(|block| (block.rank(), block.hash()))
    }

    /// Whether the maker showed two faces at a height.
    pub(crate) fn is_disqualified(&self, height: Height, maker: &NodeId) -> bool {
        self.pool
            .validated
            .equivocations
            .get(height, maker)
            .is_some()
    }

    /// The height at which the next catch-up package is due.
    pub(crate) fn next_catch_up(&self) -> Height {
        self.pool
            .catch_up()
            .and_then(|held| {
                let block = &held.value.block;
                block
                    .summary()
                    .map(|summary| summary.next_start(block.height()))
            })
            .unwrap_or_default()
    }

    /// The calls in `parent` and its ancestors that are in no delivered batch yet, nearest block first.
    pub(crate) fn undelivered_calls(&self, parent: &Block) -> Vec<&'a [Envelope<Call>]> {
        self.pool
            .undelivered_calls(parent, self.execution.delivered)
    }

    /// Whether an artifact waits that would settle what this node is about to sign. It is looked at first: it is either
    /// valid, and then nobody needs the share, or refused at once.
    pub(crate) fn is_settled_by(
        &self,
        kind: Kind,
        height: Height,
        settles: impl Fn(&Artifact) -> bool,
    ) -> bool {
        let mut waiting = self.pool.unvalidated.between(kind, height, height);
        waiting.any(|(_, waiting)| settles(&waiting.artifact))
    }

    /// Where this node stands.
    pub(crate) fn position(&self) -> Position {
        Position {
            beacon: self.pool.beacon_height(),
            notarized: self.pool.notarized_height(),
            finalized: self.pool.finalized_height(),
            delivered: self.execution.delivered,
            certified: self.execution.certified,
            catch_up: self.pool.catch_up_height(),
        }
    }
}

/// The next height. Heights are counted up one by one, so the greatest one is not reached.
pub(crate) fn after(height: Height) -> Height {
    height.next().unwrap_or(height)
}

/// The heights from `first` to `last`, both included; none if `first` is above `last`.
pub(crate) fn heights(first: Height, last: Height) -> impl DoubleEndedIterator<Item = Height> {
    (first.get()..=last.get()).map(Height::new)
}
