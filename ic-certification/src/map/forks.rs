//! The hashes of some neighbours and of the forks over them, in one piece of memory.

use ic_types::Digest;

use crate::hash_tree::hash::{self, Batch, Fork};

/// How many neighbours there may be.
pub(super) const NEIGHBOURS: usize = 1 << LEVELS;
/// How often they can be halved.
const LEVELS: usize = 5;

/// The hashes of the neighbours, then of the forks over two of them, then over two of those, and so on; an odd last one
/// is carried up. Each level has its place, whether it is full or not.
///
/// How many neighbours there are, the owner knows.
///
/// Two neighbours lie in one line of the processor's cache, so that a change waits for one line for each fork.
#[derive(Clone)]
#[repr(align(64))]
pub(super) struct Forks([Digest; 2 * NEIGHBOURS]);

/// What is beside a neighbour, and beside the forks over it, bottom up.
pub(super) type Siblings = [Digest; LEVELS];

/// Where each level begins, from the bottom up, without the topmost.
fn levels() -> impl Iterator<Item = usize> {
    (0..LEVELS).scan(0, |next, level| {
        let start = *next;
        *next += NEIGHBOURS >> level;
        Some(start)
    })
}

impl Forks {
    pub(super) const fn new() -> Self {
        Self([hash::empty(); 2 * NEIGHBOURS])
    }

    fn at(&self, position: usize) -> Digest {
        self.0.get(position).copied().unwrap_or(hash::empty())
    }

    /// Sets the hash of one neighbour; what is above is left as it was.
    pub(super) fn set(&mut self, position: usize, digest: Digest) {
        hash::put(&mut self.0, position, digest);
    }

    /// The hash of the fork over the neighbours from `from` to before `to`, which must be a fork of the shape, or of one
    /// neighbour.
    pub(super) fn between(&self, from: usize, to: usize) -> Digest {
        let (mut start, mut width, mut span) = (0, NEIGHBOURS, 1);
        while span < to - from {
            start += width;
            width /= 2;
            span *= 2;
        }
        self.at(start + from / span)
    }

    /// What a change of one neighbour will be hashed with. Where there is nothing, it is undefined.
    ///
    /// Taken on the way down, so that memory is asked for it before it is needed.
    #[inline]
    pub(super) fn siblings(&self, position: usize) -> Siblings {
        let mut siblings = [hash::empty(); LEVELS];
        for ((level, start), sibling) in levels().enumerate().zip(&mut siblings) {
            *sibling = self.at(start + ((position >> level) ^ 1));
        }
        siblings
    }

    /// Sets the hash of one of `len` neighbours and of all forks over it, and gives the topmost.
    pub(super) fn replace(
        &mut self,
        position: usize,
        digest: Digest,
        siblings: &Siblings,
        len: usize,
    ) -> Digest {
        let (mut here, mut digest, mut len) = (position, digest, len);
        let mut fork = Fork::new();
        for (start, sibling) in levels().zip(siblings) {
            self.set(start + here, digest);
            if here % 2 == 1 {
                digest = fork.over(sibling, &digest);
            } else if here + 1 < len {
                digest = fork.over(&digest, sibling);
            }
            here /= 2;
            len = len.div_ceil(2);
        }
        self.set(2 * NEIGHBOURS - 2, digest);
        digest
    }

    /// Brings the forks over `len` neighbours up to date, those of which `stale` has a bit, and gives the topmost.
    pub(super) fn rehash(&mut self, stale: u64, len: usize) -> Digest {
        let mut batch = Batch::new();
        let (mut stale, mut len, mut below, mut width) = (stale, len, 0, NEIGHBOURS);
        while width > 1 {
            let above = below + width;
            let (_, both) = self.0.split_at_mut(below);
            let is_stale = |fork: &usize| stale >> (2 * fork) & 0b11 != 0;
            batch.hash(
                both,
                (0..len / 2).filter(is_stale),
                hash::write_fork,
                |both, fork, digest| hash::put(both, width + fork, digest),
            );
            if len % 2 == 1 {
                self.set(above + len / 2, self.at(below + len - 1));
            }
            stale = (0..len.div_ceil(2))
                .filter(is_stale)
                .fold(0, |marks, fork| marks | 1 << fork);
            len = len.div_ceil(2);
            below = above;
            width /= 2;
        }
        self.at(below)
    }

    /// Makes room for one more neighbour at `position`. The last place must be free.
    pub(super) fn insert(&mut self, position: usize) {
        self.0.copy_within(position..NEIGHBOURS - 1, position + 1);
    }

    /// Closes the place of the neighbour at `position`.
    pub(super) fn remove(&mut self, position: usize) {
        self.0.copy_within(position + 1..NEIGHBOURS, position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(number: usize) -> Digest {
        Digest::of(&[u8::try_from(number).unwrap()])
    }

    /// All forks, one by one.
    fn expected(digests: &[Digest]) -> Digest {
        match digests {
            [] => hash::empty(),
            [only] => *only,
            _ => {
                let (left, right) = digests.split_at(crate::hash_tree::left_side(digests.len()));
                Fork::new().over(&expected(left), &expected(right))
            }
        }
    }

    #[test]
    fn every_way_to_hash_gives_the_same_forks() {
        for len in 1..=NEIGHBOURS {
            let mut digests: Vec<Digest> = (0..len).map(neighbour).collect();
            let mut forks = Forks::new();
            for (position, digest) in digests.iter().enumerate() {
                forks.set(position, *digest);
            }
            assert_eq!(forks.rehash(u64::MAX, len), expected(&digests), "{len}");
            assert_eq!(forks.between(0, len), expected(&digests));
            for position in 0..len {
                digests[position] = neighbour(100 + position);
                let siblings = forks.siblings(position);
                let top = forks.replace(position, digests[position], &siblings, len);
                assert_eq!(top, expected(&digests), "{position} of {len}");
                digests[position] = neighbour(200 + position);
                forks.set(position, digests[position]);
                assert_eq!(forks.rehash(1 << position, len), expected(&digests));
            }
        }
    }

    #[test]
    fn who_loses_the_neighbours_behind_is_stale() {
        for len in 2..=NEIGHBOURS {
            for rest in 1..len {
                let digests: Vec<Digest> = (0..len).map(neighbour).collect();
                let mut forks = Forks::new();
                for (position, digest) in digests.iter().enumerate() {
                    forks.set(position, *digest);
                }
                forks.rehash(u64::MAX, len);
                let top = forks.rehash(1 << (rest - 1), rest);
                assert_eq!(top, expected(&digests[..rest]), "{rest} of {len}");
            }
        }
    }
}
