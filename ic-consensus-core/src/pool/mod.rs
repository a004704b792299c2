//! The pool: what this node accepted, what waits to be checked, and what follows from it.
//!
//! It is changed only through [`Change`]s, which the rules return and the engine applies.

mod change;
mod section;
mod view;

use std::collections::BTreeMap;

use ic_types::{Call, Envelope, Height, NodeId, RegistryVersion};

use crate::artifact::{
    Artifact, Beacon, BeaconShare, Block, BlockHash, CatchUpPackage, CatchUpShare, Certification,
    CertificationShare, EquivocationProof, Finalization, FinalizationContent, FinalizationShare,
    Kind, Notarization, NotarizationContent, NotarizationShare, Proposal, Summary, Tape, TapeShare,
};
use crate::clock::Now;

pub(crate) use change::{Change, ShareName};
pub(crate) use section::{ByHeight, Held, HeldShare, Key, Standing, Unvalidated};
pub(crate) use view::{Execution, View, after, heights};

/// A share of something that all nodes agree on is named by its signer; one for a block by block and signer.
pub(crate) type VoteName = (BlockHash, NodeId);

/// Accepted artifacts by kind.
#[derive(Debug, Default)]
pub(crate) struct Validated {
    pub(crate) blocks: ByHeight<BlockHash, Held<Block>>,
    pub(crate) proposals: ByHeight<BlockHash, Proposal>,
    pub(crate) beacons: BTreeMap<Height, Held<Beacon>>,
    pub(crate) beacon_shares: ByHeight<NodeId, HeldShare<BeaconShare>>,
    pub(crate) tapes: BTreeMap<Height, Tape>,
    pub(crate) tape_shares: ByHeight<NodeId, HeldShare<TapeShare>>,
    pub(crate) notarizations: ByHeight<BlockHash, Held<Notarization>>,
    pub(crate) notarization_shares: ByHeight<VoteName, HeldShare<NotarizationShare>>,
    pub(crate) finalizations: BTreeMap<Height, Finalization>,
    pub(crate) finalization_shares: ByHeight<VoteName, HeldShare<FinalizationShare>>,
    pub(crate) certifications: BTreeMap<Height, Certification>,
    pub(crate) certification_shares: ByHeight<NodeId, HeldShare<CertificationShare>>,
    pub(crate) catch_ups: BTreeMap<Height, Held<CatchUpPackage>>,
    pub(crate) catch_up_shares: ByHeight<NodeId, HeldShare<CatchUpShare>>,
    pub(crate) equivocations: ByHeight<NodeId, EquivocationProof>,
}

/// Everything that a node knows of the agreement.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) validated: Validated,
    pub(crate) unvalidated: Unvalidated,
    /// The finalized chain, as far down as it is kept.
    chain: BTreeMap<Height, BlockHash>,
    /// The newest finalized summary.
    summary: Block,
}

impl Validated {
    /// How many artifacts there are.
    pub(crate) fn len(&self) -> usize {
        let lists = [
            self.proposals.len(),
            self.beacon_shares.len(),
            self.tape_shares.len(),
            self.notarizations.len(),
            self.notarization_shares.len(),
            self.finalization_shares.len(),
            self.certification_shares.len(),
            self.catch_up_shares.len(),
            self.equivocations.len(),
            self.beacons.len(),
            self.tapes.len(),
            self.finalizations.len(),
            self.certifications.len(),
            self.catch_ups.len(),
        ];
        lists.into_iter().sum()
    }
}

impl Pool {
    /// A pool that begins at `start`, which is trusted.
    pub(crate) fn new(start: CatchUpPackage) -> Self {
        let mut pool = Self {
            validated: Validated::default(),
            unvalidated: Unvalidated::default(),
            chain: BTreeMap::new(),
            summary: start.block.clone(),
        };
        pool.insert_catch_up(start, None);
        pool
    }

    /// The newest catch-up package.
    pub(crate) fn catch_up(&self) -> Option<&Held<CatchUpPackage>> {
        self.validated.catch_ups.values().next_back()
    }

    /// The height of the newest catch-up package.
    pub(crate) fn catch_up_height(&self) -> Height {
        self.validated
            .catch_ups
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default()
    }

    /// The newest height with a notarized block.
    pub(crate) fn notarized_height(&self) -> Height {
        self.validated
            .notarizations
            .highest()
            .unwrap_or_default()
            .max(self.catch_up_height())
    }

    /// The newest finalized height.
    pub(crate) fn finalized_height(&self) -> Height {
        self.chain.keys().next_back().copied().unwrap_or_default()
    }

    /// The newest height with a beacon.
    pub(crate) fn beacon_height(&self) -> Height {
        self.validated
            .beacons
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default()
    }

    /// The beacon of a height.
    pub(crate) fn beacon(&self, height: Height) -> Option<&Beacon> {
        self.validated.beacons.get(&height).map(|held| &held.value)
    }

    /// A valid block.
    pub(crate) fn block(&self, height: Height, hash: BlockHash) -> Option<&Block> {
        self.validated
            .blocks
            .get(height, &hash)
            .map(|held| &held.value)
    }

    /// Whether a block may be built upon.
    pub(crate) fn is_notarized(&self, height: Height, hash: BlockHash) -> bool {
        self.validated.notarizations.get(height, &hash).is_some()
            || self.chain.get(&height) == Some(&hash)
    }

    /// The blocks at `height` that may be built upon.
    pub(crate) fn notarized_blocks(&self, height: Height) -> impl Iterator<Item = &Block> {
        self.validated
            .blocks
            .at(height)
            .filter(move |(hash, _)| self.is_notarized(height, **hash))
            .map(|(_, held)| &held.value)
    }

    /// The finalized block of a height, if it is still kept.
    pub(crate) fn finalized_block(&self, height: Height) -> Option<&Block> {
        self.block(height, *self.chain.get(&height)?)
    }

    /// The newest finalized block.
    pub(crate) fn tip(&self) -> Option<&Block> {
        self.finalized_block(self.finalized_height())
    }

    /// The lowest height of the finalized chain that is kept.
    pub(crate) fn lowest_height(&self) -> Height {
        self.chain.keys().next().copied().unwrap_or_default()
    }

    /// The newest finalized summary, which governs the heights after it.
    pub(crate) fn summary(&self) -> &Block {
        &self.summary
    }

    /// The valid blocks below `block` on its chain, nearest first, as far down as they are kept.
    pub(crate) fn ancestors<'a>(&'a self, block: &Block) -> impl Iterator<Item = &'a Block> {
        let mut next = block
            .height()
            .previous()
            .map(|height| (height, block.parent()));
        std::iter::from_fn(move || {
            let (height, hash) = next?;
            let found = self.block(height, hash)?;
            next = height.previous().map(|below| (below, found.parent()));
            Some(found)
        })
    }

    /// The calls in `parent` and its ancestors above the delivered height, nearest block first.
    pub(crate) fn undelivered_calls(
        &self,
        parent: &Block,
        delivered: Height,
    ) -> Vec<&[Envelope<Call>]> {
        let parent = self.block(parent.height(), parent.hash());
        let chain = parent
            .into_iter()
            .flat_map(|parent| std::iter::once(parent).chain(self.ancestors(parent)));
        chain
            .take_while(|block| block.height() > delivered)
            .map(Block::calls)
            .collect()
    }

    /// The blocks that a finalization of this block would add to the finalized chain, newest first; `None` if the
    /// block does not continue the chain.
    fn continuation(&self, height: Height, hash: BlockHash) -> Option<Vec<(Height, BlockHash)>> {
        let finalized = self.finalized_height();
        let block = self.block(height, hash)?;
        let mut added = vec![(height, hash)];
        let mut parent = (height.previous()?, block.parent());
        while parent.0 > finalized {
            added.push(parent);
            parent = (
                parent.0.previous()?,
                self.block(parent.0, parent.1)?.parent(),
            );
        }
        (parent.0 == finalized && self.chain.get(&finalized) == Some(&parent.1)).then_some(added)
    }

    /// Whether the block descends from the newest finalized one.
    pub(crate) fn continues_chain(&self, height: Height, hash: BlockHash) -> bool {
        self.continuation(height, hash).is_some()
    }

    /// The registry version whose members and keys act at `height`; `None` for heights of which the governing
    /// summary is not finalized yet.
    ///
    /// The catch-up package's summary is asked first: a node that is behind then uses what was in force there.
    pub(crate) fn registry_at(&self, height: Height) -> Option<RegistryVersion> {
        let governed = |block: &Block| -> Option<RegistryVersion> {
            let summary: &Summary = block.summary()?;
            let start = block.height();
            let next = summary.next_start(start);
            let after = next.checked_add(summary.next_interval)?.next()?;
            if height < start {
                None
            } else if height < next {
                Some(summary.registry)
            } else if height < after {
                Some(block.context().registry)
            } else {
                None
            }
        };
        let newest = self.catch_up().map(|held| &held.value.block);
        let above = newest
            .and_then(governed)
            .or_else(|| governed(&self.summary));
        // Below the package: what this node still has to execute.
        above.or_else(|| governed(self.summary_below(height)?))
    }

    /// The finalized summary of the interval that `height` is in, if it is still kept.
    pub(crate) fn summary_below(&self, height: Height) -> Option<&Block> {
        let below = self.chain.range(..=height).rev();
        let mut blocks = below.filter_map(|(height, hash)| self.block(*height, *hash));
        blocks.find(|block| block.summary().is_some())
    }

    /// Puts an accepted artifact in its place. Returns whether it was not there.
    pub(crate) fn insert(
        &mut self,
        artifact: Artifact,
        since: Option<Now>,
        standing: Standing,
    ) -> bool {
        let height = artifact.height();
        let all = &mut self.validated;
        match artifact {
            Artifact::Beacon(beacon) => {
                all.beacons.entry(height).or_insert(Held {
                    value: beacon,
                    since,
                });
            }
            Artifact::BeaconShare(share) => {
                all.beacon_shares
                    .insert(height, share.signer, HeldShare { share, standing })
            }
            Artifact::Tape(tape) => {
                all.tapes.entry(height).or_insert(tape);
            }
            Artifact::TapeShare(share) => {
                all.tape_shares
                    .insert(height, share.signer, HeldShare { share, standing })
            }
            Artifact::Proposal(proposal) => {
                let hash = proposal.block.hash();
                if all.blocks.get(height, &hash).is_none() {
                    all.blocks.insert(
                        height,
                        hash,
                        Held {
                            value: proposal.block.clone(),
                            since,
                        },
                    );
                }
                all.proposals.insert(height, hash, proposal);
            }
            Artifact::Notarization(notarization) => {
                all.notarizations.insert(
                    height,
                    notarization.content.block,
                    Held {
                        value: notarization,
                        since,
                    },
                );
            }
            Artifact::NotarizationShare(share) => {
                let NotarizationContent { block, .. } = share.content;
                all.notarization_shares.insert(
                    height,
                    (block, share.signer),
                    HeldShare { share, standing },
                );
            }
            Artifact::Finalization(finalization) => return self.insert_finalization(finalization),
            Artifact::FinalizationShare(share) => {
                let FinalizationContent { block, .. } = share.content;
                all.finalization_shares.insert(
                    height,
                    (block, share.signer),
                    HeldShare { share, standing },
                );
            }
            Artifact::Certification(certification) => {
                all.certifications.insert(height, certification);
            }
            Artifact::CertificationShare(share) => {
                all.certification_shares.insert(
                    height,
                    share.signer,
                    HeldShare { share, standing },
                );
            }
            Artifact::CatchUp(package) => self.insert_catch_up(package, since),
            Artifact::CatchUpShare(share) => {
                all.catch_up_shares
                    .insert(height, share.signer, HeldShare { share, standing });
            }
            Artifact::Equivocation(proof) => all.equivocations.insert(height, proof.maker, proof),
            Artifact::Position(_) => return false,
        }
        true
    }

    fn insert_finalization(&mut self, finalization: Finalization) -> bool {
        let FinalizationContent { height, block } = finalization.content;
        let Some(added) = self.continuation(height, block) else {
            return false;
        };
        self.chain.extend(added.iter().copied());
        let newest_summary = added.iter().find_map(|(height, hash)| {
            self.block(*height, *hash)
                .filter(|block| block.summary().is_some())
                .cloned()
        });
        if let Some(summary) = newest_summary {
            self.summary = summary;
        }
        self.validated.finalizations.insert(height, finalization);
        true
    }

    fn insert_catch_up(&mut self, package: CatchUpPackage, since: Option<Now>) {
        let (height, block) = (package.height(), package.block.clone());
        let hash = block.hash();
        if self.validated.blocks.get(height, &hash).is_none() {
            let value = block.clone();
            self.validated
                .blocks
                .insert(height, hash, Held { value, since });
        }
        let beacon = Held {
            value: package.beacon,
            since,
        };
        self.validated.beacons.entry(height).or_insert(beacon);
        if self.chain.is_empty() {
            self.chain.insert(height, hash);
        } else if height > self.finalized_height() {
            match self.continuation(height, hash) {
                Some(added) => self.chain.extend(added),
                // The blocks between are unknown here, so the chain that is kept begins anew.
                None => self.chain = BTreeMap::from([(height, hash)]),
            }
        }
        if height >= self.summary.height() {
            self.summary = block;
        }
        self.validated.catch_ups.insert(
            height,
            Held {
                value: package,
                since,
            },
        );
    }

    /// Lets the finalized chain begin at the lowest of its blocks that is kept: after a restart, below the package with
    /// which it began.
    pub(crate) fn extend_chain_down(&mut self) {
        while let Some((height, hash)) = self
            .chain
            .first_key_value()
            .map(|(height, hash)| (*height, *hash))
        {
            let Some(parent) = self.block(height, hash).map(Block::parent) else {
                return;
            };
            let Some(below) = height
                .previous()
                .filter(|below| self.block(*below, parent).is_some())
            else {
                return;
            };
            self.chain.insert(below, parent);
        }
    }

    /// Forgets what is accepted below `height`.
    pub(crate) fn purge_below(&mut self, height: Height) {
        let all = &mut self.validated;
        all.blocks.purge_below(height);
        all.proposals.purge_below(height);
        all.beacons = all.beacons.split_off(&height);
        all.beacon_shares.purge_below(height);
        all.tapes = all.tapes.split_off(&height);
        all.tape_shares.purge_below(height);
        all.notarizations.purge_below(height);
        all.notarization_shares.purge_below(height);
        all.finalizations = all.finalizations.split_off(&height);
        all.finalization_shares.purge_below(height);
        all.certifications = all.certifications.split_off(&height);
        all.certification_shares.purge_below(height);
        all.catch_ups = all.catch_ups.split_off(&height);
        all.catch_up_shares.purge_below(height);
        all.equivocations.purge_below(height);
        self.chain = self.chain.split_off(&height);
    }

    /// Forgets votes and blocks that lost, and shares of what is settled.
    pub(crate) fn purge_losers(&mut self, delivered: Height, certified: Height) {
        let finalized = self.finalized_height();
        let (beacon, catch_up) = (self.beacon_height(), self.catch_up_height());
        let chain = &self.chain;
        let on_chain = |height: Height, hash: &BlockHash| chain.get(&height) == Some(hash);
        let all = &mut self.validated;
        all.blocks.retain_to(finalized, on_chain);
        all.proposals.retain_to(finalized, on_chain);
        all.notarizations.retain_to(finalized, on_chain);
        // The finalizer still asks what this node supported at heights that are not final.
        all.notarization_shares.purge_below(after(finalized));
        all.finalization_shares.purge_below(after(finalized));
        all.equivocations.purge_below(after(finalized));
        all.beacon_shares.purge_below(after(beacon));
        all.tape_shares.purge_below(after(delivered));
        all.certification_shares.purge_below(after(certified));
        all.catch_up_shares.purge_below(after(catch_up));
    }

    /// Marks an accepted share as wrong. Returns what it was, unless it is not there.
    pub(crate) fn condemn(&mut self, name: ShareName) -> Option<(Kind, Height)> {
        let all = &mut self.validated;
        let (kind, height, standing) = match name {
            ShareName::Beacon(height, signer) => (
                Kind::BeaconShare,
                height,
                &mut all.beacon_shares.get_mut(height, &signer)?.standing,
            ),
            ShareName::Tape(height, signer) => (
                Kind::TapeShare,
                height,
                &mut all.tape_shares.get_mut(height, &signer)?.standing,
            ),
            ShareName::Notarization(height, block, signer) => {
                let held = all.notarization_shares.get_mut(height, &(block, signer))?;
                (Kind::NotarizationShare, height, &mut held.standing)
            }
            ShareName::Finalization(height, block, signer) => {
                let held = all.finalization_shares.get_mut(height, &(block, signer))?;
                (Kind::FinalizationShare, height, &mut held.standing)
            }
            ShareName::Certification(height, signer) => (
                Kind::CertificationShare,
                height,
                &mut all.certification_shares.get_mut(height, &signer)?.standing,
            ),
            ShareName::CatchUp(height, signer) => (
                Kind::CatchUpShare,
                height,
                &mut all.catch_up_shares.get_mut(height, &signer)?.standing,
            ),
        };
        *standing = Standing::Bad;
        Some((kind, height))
    }

    /// Everything that is worth keeping on disk, in an order in which it can be restored.
    pub(crate) fn artifacts(&self) -> Vec<Artifact> {
        let all = &self.validated;
        let mut artifacts: Vec<Artifact> = Vec::new();
        // A chain begins with a package, and a block comes before what is said of it.
        let mut packages = all.catch_ups.values().map(|held| &held.value).peekable();
        artifacts.extend(packages.next().map(|package| package.clone().into()));
        artifacts.extend(all.beacons.values().map(|held| Artifact::from(held.value)));
        for height in all.proposals.heights() {
            let proposals = all.proposals.at(height);
            artifacts.extend(proposals.map(|(_, proposal)| proposal.clone().into()));
            let notarizations = all.notarizations.at(height);
            artifacts.extend(notarizations.map(|(_, held)| held.value.clone().into()));
        }
        for (height, finalization) in &all.finalizations {
            while let Some(package) = packages.next_if(|package| package.height() < *height) {
                artifacts.push(package.clone().into());
            }
            artifacts.push(finalization.clone().into());
        }
        artifacts.extend(packages.map(|package| package.clone().into()));
        artifacts.extend(all.tapes.values().map(|tape| Artifact::from(*tape)));
        artifacts.extend(
            all.certifications
                .values()
                .map(|known| Artifact::from(*known)),
        );
        artifacts.extend(
            all.equivocations
                .values()
                .map(|proof| Artifact::from(*proof)),
        );
        artifacts.extend(checked(&all.notarization_shares));
        artifacts.extend(checked(&all.finalization_shares));
        artifacts.extend(checked(&all.beacon_shares));
        artifacts.extend(checked(&all.tape_shares));
        artifacts.extend(checked(&all.certification_shares));
        artifacts.extend(checked(&all.catch_up_shares));
        artifacts
    }
}

/// The shares that are known to be right: this node's own among them.
fn checked<K: Ord, T: Copy + Into<Artifact>>(
    shares: &ByHeight<K, HeldShare<T>>,
) -> impl Iterator<Item = Artifact> {
    let checked = shares
        .values()
        .filter(|held| held.standing == Standing::Checked);
    checked.map(|held| held.share.into())
}
