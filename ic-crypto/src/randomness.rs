//! From randomness that nobody chose to decisions that everybody makes alike: ranks of block makers and committees.
//!
//! The seed is the hash of a signed random beacon, that is, of a threshold signature that no coalition of fewer than the
//! threshold could foresee or influence. Each purpose has a generator of its own, keyed with SHA-256 of seed and purpose.

use ic_types::{Digest, Randomness};

use crate::generator::Generator;

/// What randomness is drawn for. Two purposes share no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Who notarizes and finalizes at a height.
    Committee,
    /// Who may propose a block at a height, and in which order.
    BlockMakerRanking,
    /// Defined by the protocol and used by no one.
    DkgCommittee,
    /// What canisters see, in one of the threads of execution.
    ExecutionThread(u32),
}

impl Purpose {
    fn generator(self, seed: &Randomness) -> Generator {
        let seed = seed.as_bytes();
        let key = match self {
            Self::Committee => Digest::of_parts(&[seed, &[1]]),
            Self::BlockMakerRanking => Digest::of_parts(&[seed, &[2]]),
            Self::DkgCommittee => Digest::of_parts(&[seed, &[3]]),
            Self::ExecutionThread(thread) => Digest::of_parts(&[seed, &[4], &thread.to_be_bytes()]),
        };
        Generator::new(key.as_bytes())
    }
}

/// The generator for one purpose.
pub fn generator(seed: &Randomness, purpose: Purpose) -> Generator {
    purpose.generator(seed)
}

/// The nodes in the order in which they may propose a block: the one at position r has rank r.
///
/// # Determinism
/// Depends on the seed and the nodes, not on their order: they are sorted first. A node that is given twice counts twice.
pub fn ranking<N: Ord>(seed: &Randomness, nodes: impl IntoIterator<Item = N>) -> Vec<N> {
    shuffled(seed, Purpose::BlockMakerRanking, nodes)
}

/// The nodes of the committee of `size`: the first of a shuffle. All nodes, if there are not more.
///
/// # Determinism
/// Depends on the seed and the nodes, not on their order: they are sorted first. A node that is given twice counts twice.
pub fn committee<N: Ord>(
    seed: &Randomness,
    nodes: impl IntoIterator<Item = N>,
    size: usize,
) -> Vec<N> {
    let mut nodes = shuffled(seed, Purpose::Committee, nodes);
    nodes.truncate(size);
    nodes
}

fn shuffled<N: Ord>(
    seed: &Randomness,
    purpose: Purpose,
    nodes: impl IntoIterator<Item = N>,
) -> Vec<N> {
    let mut nodes: Vec<N> = nodes.into_iter().collect();
    nodes.sort();
    purpose.generator(seed).shuffle(&mut nodes);
    nodes
}
