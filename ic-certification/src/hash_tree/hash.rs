//! The hashes of the five kinds of nodes (CERT-001 to CERT-005, CERT-007 to CERT-011).

use ic_types::{Digest, ShortMessage, domain::Domain};

/// CERT-008.
const FORK: [u8; 17] = separator(Domain::HashTreeFork);
/// CERT-009.
const LABELED: [u8; 20] = separator(Domain::HashTreeLabeled);
/// CERT-010.
const LEAF: [u8; 17] = separator(Domain::HashTreeLeaf);

/// One byte of length, then the name.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which checks it"
)]
const fn separator<const N: usize>(domain: Domain) -> [u8; N] {
    let name = domain.name().as_bytes();
    assert!(name.len() + 1 == N, "N is the length of the separator");
    let mut bytes = [domain.length_byte(); N];
    let mut position = 1;
    while position < N {
        bytes[position] = name[position - 1];
        position += 1;
    }
    bytes
}

/// The hash of the empty tree: of `\x11ic-hashtree-empty` alone (CERT-001, CERT-007, CERT-165).
const EMPTY: Digest = Digest::new([
    0x4e, 0x3e, 0xd3, 0x5c, 0x4e, 0x2d, 0x1e, 0xe8, 0x99, 0x96, 0x48, 0x3f, 0xb6, 0x26, 0x0a, 0x64,
    0xcf, 0xfb, 0x6c, 0x47, 0xdb, 0xab, 0x21, 0x6e, 0x79, 0x30, 0xe8, 0x2f, 0x81, 0x90, 0xd1, 0x20,
]);

/// What is copied together before it is hashed: for one node after the other, the hasher is fastest in one call.
const SHORT: usize = 119;

pub(crate) const fn empty() -> Digest {
    EMPTY
}

pub(crate) fn labeled(label: &[u8], below: &Digest) -> Digest {
    Parts::labeled(label, below).digest()
}

pub(crate) fn leaf(value: &[u8]) -> Digest {
    Parts::leaf(value).digest()
}

/// What is hashed for a node, in three parts.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a>([&'a [u8]; 3]);

impl<'a> Parts<'a> {
    pub(crate) fn fork(left: &'a Digest, right: &'a Digest) -> Self {
        Self([&FORK, left.as_bytes(), right.as_bytes()])
    }

    pub(crate) fn labeled(label: &'a [u8], below: &'a Digest) -> Self {
        Self([&LABELED, label, below.as_bytes()])
    }

    pub(crate) fn leaf(value: &'a [u8]) -> Self {
        Self([&LEAF, value, &[]])
    }

    fn digest(&self) -> Digest {
        let mut short = [0; SHORT];
        let mut length = 0;
        for part in self.0 {
            let Some(place) = short.get_mut(length..length + part.len()) else {
                return Digest::of_parts(&self.0);
            };
            place.copy_from_slice(part);
            length += part.len();
        }
        Digest::of(short.get(..length).unwrap_or_default())
    }
}

/// Hashes several nodes that do not depend on each other, which takes less time than one after the other: see
/// [`ShortMessage`].
pub(crate) struct Batch([Slot; Batch::NODES]);

/// Room for what is hashed for one node.
pub(crate) struct Slot {
    short: ShortMessage,
    /// The digest of what was too long to wait, or needs no hashing.
    long: Option<Digest>,
}

/// What is hashed for a fork. Of a prepared one, only the sides are written.
#[derive(Clone)]
pub(crate) struct Fork(ShortMessage);

impl Fork {
    pub(crate) const fn new() -> Self {
        const PREPARED: Fork = Fork(ShortMessage::with_prefix(&FORK, 2 * Digest::LENGTH));
        PREPARED
    }

    #[inline]
    fn write(&mut self, left: &Digest, right: &Digest) {
        let fits = self.0.overwrite(FORK.len(), left.as_bytes())
            && self
                .0
                .overwrite(FORK.len() + Digest::LENGTH, right.as_bytes());
        debug_assert!(fits, "there is room for two digests");
    }

    /// The digest of the fork over these.
    #[inline]
    pub(crate) fn over(&mut self, left: &Digest, right: &Digest) -> Digest {
        self.write(left, right);
        self.0.digest()
    }
}

/// The digest of the fork over up to four neighbours: as [`fork_all`], but faster.
pub(crate) fn fork_few(level: &[Digest; 4], len: usize) -> Digest {
    let [first, second, third, fourth] = level;
    let (mut one, mut other) = (Fork::new(), Fork::new());
    match len {
        0 => EMPTY,
        1 => *first,
        2 => one.over(first, second),
        3 => other.over(&one.over(first, second), third),
        _ => {
            // Both are written before one of them is hashed: see [`ShortMessage`].
            one.write(first, second);
            other.write(third, fourth);
            let (left, right) = (one.0.digest(), other.0.digest());
            one.over(&left, &right)
        }
    }
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self {
            short: ShortMessage::new(),
            long: None,
        }
    }

    #[inline]
    pub(crate) fn write(&mut self, parts: Parts<'_>) {
        let Parts(parts) = parts;
        self.long = if self.short.write(&parts) {
            None
        } else {
            Some(Digest::of_parts(&parts))
        };
    }

    /// Leaves a digest that is known already.
    #[inline]
    pub(crate) fn known(&mut self, digest: Digest) {
        self.long = Some(digest);
    }

    #[inline]
    fn digest(&self) -> Digest {
        self.long.unwrap_or_else(|| self.short.digest())
    }
}

impl Batch {
    /// More would not be faster.
    const NODES: usize = 4;

    pub(crate) const fn new() -> Self {
        Self([const { Slot::new() }; Self::NODES])
    }

    /// Hashes the nodes with the given numbers: `write` puts what is hashed for a number into a slot, `done` takes its
    /// digest. Both look at `state`; a digest may be needed by a later call, but not by this one.
    #[inline]
    pub(crate) fn hash<S: ?Sized>(
        &mut self,
        state: &mut S,
        numbers: impl IntoIterator<Item = usize>,
        write: impl Fn(&S, usize, &mut Slot),
        mut done: impl FnMut(&mut S, usize, Digest),
    ) {
        let mut numbers = numbers.into_iter();
        loop {
            let mut written = [None; Self::NODES];
            for (slot, place) in self.0.iter_mut().zip(&mut written) {
                let Some(number) = numbers.next() else { break };
                write(state, number, slot);
                *place = Some(number);
            }
            for (slot, written) in self.0.iter().zip(written) {
                let Some(number) = written else { return };
                done(state, number, slot.digest());
            }
        }
    }
}

/// The digest of the fork over all of `level`: neighbours paired, level by level, an odd last one carried up. The level is
/// written over.
pub(crate) fn fork_all(batch: &mut Batch, level: &mut [Digest]) -> Digest {
    let mut len = level.len();
    while len > 1 {
        fork_pairs(batch, level, len);
        len = len.div_ceil(2);
    }
    level.first().copied().unwrap_or(EMPTY)
}

/// Puts the forks over the first `len` of `level` into its first half.
pub(crate) fn fork_pairs(batch: &mut Batch, level: &mut [Digest], len: usize) {
    let level = level.get_mut(..len).unwrap_or_default();
    // A fork is written where the pairs before its own were: they have been read by then.
    batch.hash(level, 0..len / 2, write_fork, put);
    if len % 2 == 1
        && let Some(odd) = level.last().copied()
    {
        put(level, len / 2, odd);
    }
}

/// The forks over the pairs of `level`, and an odd last one.
pub(crate) fn forks(batch: &mut Batch, level: &[Digest]) -> Vec<Digest> {
    let mut above = vec![EMPTY; level.len().div_ceil(2)];
    let write = |_: &[Digest], number: usize, slot: &mut Slot| write_fork(level, number, slot);
    batch.hash(above.as_mut_slice(), 0..level.len() / 2, write, put);
    if let (1, Some(odd)) = (level.len() % 2, level.last()) {
        put(&mut above, level.len() / 2, *odd);
    }
    above
}

/// Writes the fork over a pair of `level`.
#[inline]
pub(crate) fn write_fork(level: &[Digest], pair: usize, slot: &mut Slot) {
    if let Some([left, right]) = level.get(2 * pair..2 * pair + 2) {
        slot.write(Parts::fork(left, right));
    }
}

#[inline]
pub(crate) fn put(level: &mut [Digest], position: usize, digest: Digest) {
    if let Some(place) = level.get_mut(position) {
        *place = digest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cert_007_and_165_the_empty_tree_is_its_separator() {
        assert_eq!(EMPTY, Digest::of(b"\x11ic-hashtree-empty"));
        assert_eq!(
            EMPTY.to_string(),
            "4e3ed35c4e2d1ee89996483fb6260a64cffb6c47dbab216e7930e82f8190d120"
        );
    }

    #[test]
    // CERT-166 to CERT-168.
    fn cert_166_167_168_leaves_and_labels() {
        let hello = leaf(b"hello");
        assert_eq!(
            leaf(b"").to_string(),
            "d001f3e7b82166c6d343a1efe776e96ac02a23a51e0898bc2c4e323fce0e622c"
        );
        assert_eq!(
            hello.to_string(),
            "99cf694471b0e9c54db36120f914f12537b3a7417c301e10851f341f4d5ca14a"
        );
        let x = labeled(b"x", &hello);
        assert_eq!(
            x.to_string(),
            "3b1f01d5758ceb2755464765730f2787c2ff0df003f88089d30baada4f915687"
        );
    }

    #[test]
    fn few_forks_are_as_many() {
        let level = [1, 2, 3, 4].map(|byte| Digest::new([byte; 32]));
        for len in 0..=level.len() {
            let many = fork_all(&mut Batch::new(), &mut { level }[..len]);
            assert_eq!(fork_few(&level, len), many, "{len}");
        }
        let [left, right, ..] = &level;
        let parts = Digest::of_parts(&[&FORK, left.as_bytes(), right.as_bytes()]);
        assert_eq!(Fork::new().over(left, right), parts);
    }

    #[test]
    fn cert_011_long_values_are_hashed_as_short_ones_are() {
        for length in 0..200 {
            let value = vec![7; length];
            assert_eq!(
                leaf(&value),
                Digest::of_parts(&[&LEAF, &value]),
                "{length} bytes"
            );
        }
    }
}
