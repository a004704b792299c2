//! What must hold after every event, stated without the code under test: sets and comparisons only.

use std::collections::{BTreeMap, BTreeSet};

use ic_consensus_core::artifact::{Artifact, BlockHash, Position};
use ic_types::{Batch, Digest, Height};

use crate::world::{Node, execute};

#[derive(Debug)]
pub struct Invariants {
    /// What each node ever voted for, whatever it has forgotten since.
    supported: Vec<BTreeMap<Height, BTreeSet<BlockHash>>>,
    finalized_by: Vec<BTreeMap<Height, BlockHash>>,
    ranks: BTreeMap<BlockHash, u32>,
    disqualified: Vec<BTreeSet<Height>>,
    proposed: Vec<BTreeMap<Height, BlockHash>>,
    /// What the subnet settled, by whoever saw it first.
    final_blocks: BTreeMap<Height, BlockHash>,
    beacons: BTreeMap<Height, Digest>,
    batches: BTreeMap<Height, Batch>,
    roots: BTreeMap<Height, ic_types::StateRoot>,
    times: Vec<BTreeMap<Height, u64>>,
    last: Vec<Position>,
}

/// The definition, by search: the largest f for which two quorums of n - f still share an honest node.
pub fn faults(members: usize) -> usize {
    (0..=members)
        .rev()
        .find(|f| 2 * (members - f) > members + f)
        .unwrap_or(0)
}

impl Invariants {
    pub fn new(members: usize) -> Self {
        Self {
            supported: vec![BTreeMap::new(); members],
            finalized_by: vec![BTreeMap::new(); members],
            ranks: BTreeMap::new(),
            disqualified: vec![BTreeSet::new(); members],
            proposed: vec![BTreeMap::new(); members],
            final_blocks: BTreeMap::new(),
            beacons: BTreeMap::new(),
            batches: BTreeMap::new(),
            roots: BTreeMap::new(),
            times: vec![BTreeMap::new(); members],
            last: vec![Position::default(); members],
        }
    }

    /// One more machine.
    pub fn add_node(&mut self) {
        self.supported.push(BTreeMap::new());
        self.finalized_by.push(BTreeMap::new());
        self.disqualified.push(BTreeSet::new());
        self.proposed.push(BTreeMap::new());
        self.times.push(BTreeMap::new());
        self.last.push(Position::default());
    }

    /// An honest node made these durable, so that it may send them.
    pub fn persisted(&mut self, node: usize, artifacts: &[Artifact], honest: bool, seed: u64) {
        for artifact in artifacts {
            match artifact {
                Artifact::NotarizationShare(share) => {
                    let content = share.content;
                    self.check_rank(node, content.height, content.block, honest, seed);
                    self.supported[node]
                        .entry(content.height)
                        .or_default()
                        .insert(content.block);
                    let finalized = self.finalized_by[node].get(&content.height);
                    if honest {
                        assert!(
                            finalized.is_none_or(|block| *block == content.block),
                            "seed {seed}: node {node} supports a block at {} after it finalized another",
                            content.height
                        );
                    }
                }
                Artifact::FinalizationShare(share) => {
                    let content = share.content;
                    let before = self.finalized_by[node].insert(content.height, content.block);
                    if honest {
                        assert_eq!(
                            before, None,
                            "seed {seed}: node {node} votes twice to finalize at {}",
                            content.height
                        );
                        let supported = self.supported[node]
                            .get(&content.height)
                            .cloned()
                            .unwrap_or_default();
                        assert!(
                            supported.iter().all(|block| *block == content.block),
                            "seed {seed}: node {node} finalizes at {} and supported another block",
                            content.height
                        );
                    }
                }
                Artifact::Proposal(proposal) => {
                    self.ranks
                        .insert(proposal.block.hash(), proposal.block.rank().get());
                }
                Artifact::Equivocation(proof) => {
                    self.disqualified[node].insert(proof.height);
                }
                Artifact::Beacon(beacon) => {
                    let known = *self
                        .beacons
                        .entry(beacon.content.height)
                        .or_insert(beacon.hash());
                    assert_eq!(
                        known,
                        beacon.hash(),
                        "seed {seed}: two beacons at {}",
                        beacon.content.height
                    );
                    if let Some(below) = beacon
                        .content
                        .height
                        .previous()
                        .and_then(|below| self.beacons.get(&below))
                    {
                        assert_eq!(
                            *below, beacon.content.parent,
                            "seed {seed}: beacons form one chain"
                        );
                    }
                }
                _ => {}
            }
        }
    }

    /// No notary supports a higher rank after a lower one, unless a maker was disqualified between.
    fn check_rank(
        &mut self,
        node: usize,
        height: Height,
        block: BlockHash,
        honest: bool,
        seed: u64,
    ) {
        if !honest || self.disqualified[node].contains(&height) {
            return;
        }
        let rank = self.ranks[&block];
        let before = self.supported[node].get(&height).into_iter().flatten();
        for other in before {
            assert!(
                self.ranks[other] >= rank,
                "seed {seed}: node {node} supports rank {rank} at {height} after a lower one"
            );
        }
    }

    /// A node made a block.
    pub fn proposed(&mut self, node: usize, height: Height, block: BlockHash, seed: u64) {
        let known = *self.proposed[node].entry(height).or_insert(block);
        assert_eq!(
            known, block,
            "seed {seed}: node {node} makes two blocks at {height}"
        );
    }

    /// A node hands a batch to execution.
    pub fn delivered(&mut self, node: usize, batch: &Batch, seed: u64) {
        let known = self
            .batches
            .entry(batch.height)
            .or_insert_with(|| batch.clone());
        assert_eq!(
            known, batch,
            "seed {seed}: node {node} delivers another batch at {}",
            batch.height
        );
        let below = batch
            .height
            .previous()
            .and_then(|below| self.batches.get(&below));
        if let Some(below) = below {
            assert!(below.time < batch.time, "seed {seed}: block time goes on");
        }
        let times = &mut self.times[node];
        times.insert(batch.height, batch.time.as_nanos());
        // No call twice, as far back as this world goes.
        let earlier = self
            .batches
            .range(..batch.height)
            .flat_map(|(_, batch)| batch.messages.iter());
        let earlier: BTreeSet<_> = earlier.map(ic_types::Content::id).collect();
        for call in &batch.messages {
            assert!(
                !earlier.contains(&ic_types::Content::id(call)),
                "seed {seed}: a call is repeated at {}",
                batch.height
            );
        }
    }

    /// After every event of a node.
    pub fn check(&mut self, node: usize, what: &Node, position: Position, seed: u64) {
        for (height, block) in what.finalized.range(self.last[node].finalized..) {
            let known = *self.final_blocks.entry(*height).or_insert(*block);
            assert_eq!(
                known, *block,
                "seed {seed}: fork at {height}, seen by node {node}"
            );
        }
        for (height, certification) in what.certified.range(self.last[node].certified..) {
            let known = *self
                .roots
                .entry(*height)
                .or_insert(certification.content.root);
            assert_eq!(
                known, certification.content.root,
                "seed {seed}: two roots at {height}"
            );
        }
        // Where a final block is known, no other can have been notarized.
        for (height, block) in what.notarized.range((self.last[node].finalized, LEAST)..) {
            if let Some(settled) = self.final_blocks.get(height) {
                assert_eq!(
                    settled, block,
                    "seed {seed}: a block is notarized beside a final one at {height}"
                );
            }
        }
        assert!(position.finalized <= position.notarized, "seed {seed}");
        assert!(position.catch_up <= position.finalized, "seed {seed}");
        assert!(position.certified <= position.finalized, "seed {seed}");
        self.last[node] = position;
    }

    /// The time of the newest batch.
    pub fn last_time(&self) -> ic_types::Time {
        let newest = self.batches.values().next_back();
        newest.map(|batch| batch.time).expect("there are batches")
    }

    /// What the world's batches lead to, computed once more from the beginning.
    pub fn replay(&self, genesis: ic_types::StateRoot) -> BTreeMap<Height, ic_types::StateRoot> {
        let mut root = genesis;
        let mut roots = BTreeMap::new();
        for (height, batch) in &self.batches {
            assert_eq!(
                Some(*height),
                roots
                    .last_key_value()
                    .map_or(Height::GENESIS, |(height, _)| *height)
                    .next()
            );
            root = execute(root, batch);
            roots.insert(*height, root);
        }
        roots
    }
}

const LEAST: BlockHash = BlockHash::new(Digest::new([0; 32]));
