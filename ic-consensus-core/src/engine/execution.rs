//! The border to execution: batches out, roots in, and what the subnet says of them.

use ic_types::{Digest, Height, NodeId, StateRoot};

use super::Engine;
use crate::artifact::{Artifact, Certification};
use crate::committee::Size;
use crate::delivery::next_batch;
use crate::keys::Level;
use crate::payload::Payloads;
use crate::pool::after;
use crate::registry::Registry;
use crate::step::{Output, Step};

impl<P: Payloads, R: Registry> Engine<P, R> {
    /// The state of a height is here.
    pub(super) fn executed(&mut self, height: Height, root: StateRoot, step: &mut Step) {
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
    pub(super) fn certified(&mut self, certification: Certification, step: &mut Step) {
        let height = certification.content.height;
        let known = self.execution.roots.get(&height) == Some(&certification.content.root);
        let news = height > self.execution.certified
            || (height == self.execution.certified && height == self.execution.executed);
        if known && news {
            self.execution.certified = height;
            step.emit(Output::Certified(certification));
        }
    }

    pub(super) fn deliver(&mut self, step: &mut Step) -> bool {
        let Some(batch) = next_batch(&self.view()) else {
            return false;
        };
        self.execution.delivered = batch.height;
        self.payloads.delivered(&batch);
        step.emit(Output::Deliver(batch));
        true
    }

    /// Another root than this node computed, by the word of a peer. When so many say the same that one of them is
    /// honest, it is this node that is wrong.
    pub(super) fn hear_dissent(&mut self, artifact: &Artifact, from: NodeId, step: &mut Step) {
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

    /// Asks for a state if the batches that lead to it are gone, or do not come.
    pub(super) fn fetch_state(&mut self, step: &mut Step) {
        let Some(package) = self.pool.catch_up().map(|held| &held.value) else {
            return;
        };
        let (height, root) = (package.height(), package.root);
        let delivered = self.execution.delivered;
        let next = after(delivered);
        if delivered >= height || self.execution.executed < delivered {
            self.standing = None;
            return;
        }
        if self.pool.finalized_block(next).is_some() {
            // The block is here, but its tape may be nowhere any more.
            let (since, of) = self.standing.get_or_insert((self.now, delivered));
            if *of != delivered {
                (*since, *of) = (self.now, delivered);
            }
            let stood = self.now.since(since);
            if stood < self.config.hold_back {
                self.wake_after(self.config.hold_back.saturating_sub(stood));
                return;
            }
        }
        let fetching = self.fetching.filter(|(asked, _)| *asked == height);
        let waited = fetching.map(|(_, since)| self.now.since(&since));
        if let Some(waited) = waited.filter(|waited| *waited < self.config.retransmit) {
            self.wake_after(self.config.retransmit.saturating_sub(waited));
            return;
        }
        self.fetching = Some((height, self.now));
        self.wake_after(self.config.retransmit);
        step.emit(Output::FetchState { height, root });
    }
}
