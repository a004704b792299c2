//! What the rules ask for, done: the only place that changes the pool.

use ic_types::NodeId;

use super::Engine;
use crate::acceptance::{Acceptance, acceptance};
use crate::artifact::{Artifact, Block};
use crate::payload::Payloads;
use crate::pool::{Change, ShareName, Standing, after};
use crate::registry::Registry;
use crate::step::{Fault, Milestone, Output, Step};

impl<P: Payloads, R: Registry> Engine<P, R> {
    /// Applies one change. Returns whether anything is different.
    pub(super) fn apply(&mut self, change: Change, step: &mut Step) -> bool {
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
    pub(super) fn accept(
        &mut self,
        artifact: Artifact,
        standing: Standing,
        step: &mut Step,
    ) -> bool {
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

    pub(super) fn condemn(&mut self, name: ShareName, step: &mut Step) {
        let kind = self.pool.condemn(name);
        if let Some((kind, height)) = kind {
            step.emit(Output::Misbehaved {
                peer: name.signer(),
                fault: Fault::BadSignature { kind, height },
            });
        }
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
