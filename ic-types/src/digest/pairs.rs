//! The hash of a map with few fields.

use super::Digest;
use super::sha::{BLOCK, SHA_256, compress256, state_bytes, write_length};

/// SHA-256 of up to [`PairsHasher::CAPACITY`] pairs, each of a digest and the digest of a value: the hash of a map.
///
/// Most values are short. Their blocks are written first and hashed later, all at once, and the pairs likewise, each of
/// which is exactly one block: a block that was written a moment ago is not yet where the processor's hash instructions
/// can load it, and waiting for it costs half as much as hashing it.
pub(crate) struct PairsHasher {
    pairs: [[u8; BLOCK]; Self::CAPACITY + 1],
    values: [[u8; BLOCK]; Self::CAPACITY],
    waiting: [bool; Self::CAPACITY],
    count: usize,
}

impl PairsHasher {
    /// The greatest number of pairs; one more is a panic.
    pub(crate) const CAPACITY: usize = 8;

    pub(crate) const fn new() -> Self {
        Self {
            pairs: [[0; BLOCK]; Self::CAPACITY + 1],
            values: [[0; BLOCK]; Self::CAPACITY],
            waiting: [false; Self::CAPACITY],
            count: 0,
        }
    }

    /// Appends a pair.
    #[inline]
    pub(crate) fn hashed(&mut self, first: &[u8; 32], second: Digest) {
        // How many fields a map has is written in this crate; leaving one out would give two requests one name.
        assert!(
            self.count < Self::CAPACITY,
            "a map that is hashed this way has at most 8 fields"
        );
        if let Some(pair) = self.pairs.get_mut(self.count) {
            let (left, right) = pair.split_at_mut(32);
            left.copy_from_slice(first);
            right.copy_from_slice(&second.0);
            self.count += 1;
        }
    }

    /// Appends a pair whose second is the hash of `value`.
    #[inline]
    pub(crate) fn value(&mut self, first: &[u8; 32], value: &[u8]) {
        if let Some(waiting) = self.waiting.get_mut(self.count)
            && let Some(block) = self.values.get_mut(self.count)
            && let Some((target, [end, ..])) = block.split_at_mut_checked(value.len())
            && value.len() < BLOCK - 8
        {
            target.copy_from_slice(value);
            *end = 0x80;
            write_length(block, value.len());
            *waiting = true;
            self.hashed(first, Digest([0; 32]));
        } else {
            self.hashed(first, Digest::of(value));
        }
    }

    /// The hash of all pairs.
    #[inline]
    pub(crate) fn finish(mut self) -> Digest {
        for ((waiting, value), pair) in self.waiting.iter().zip(&self.values).zip(&mut self.pairs) {
            if *waiting {
                let mut state = SHA_256;
                compress256(&mut state, std::slice::from_ref(value));
                let (_, second) = pair.split_at_mut(32);
                second.copy_from_slice(&state_bytes(&state));
            }
        }
        if let Some(last) = self.pairs.get_mut(self.count) {
            let [end, ..] = last;
            *end = 0x80;
            write_length(last, self.count * BLOCK);
        }
        let mut state = SHA_256;
        compress256(
            &mut state,
            self.pairs.get(..=self.count).unwrap_or_default(),
        );
        Digest(state_bytes(&state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_hashed_like_their_concatenation() {
        for count in 0..=PairsHasher::CAPACITY {
            let (mut hasher, mut whole) = (PairsHasher::new(), Vec::new());
            for pair in 0..count {
                let key = [u8::try_from(pair).unwrap(); 32];
                // Around the length up to which a value is one block.
                let value = vec![7; 50 + pair];
                if pair == 3 {
                    hasher.hashed(&key, Digest::of(&value));
                } else {
                    hasher.value(&key, &value);
                }
                whole.extend([key, Digest::of(&value).0].concat());
            }
            assert_eq!(hasher.finish(), Digest::of(&whole), "{count}");
        }
    }

    #[test]
    #[should_panic(expected = "at most 8 fields")]
    fn more_pairs_than_there_is_room_for_are_not_left_out() {
        let mut hasher = PairsHasher::new();
        for _ in 0..=PairsHasher::CAPACITY {
            hasher.value(&[1; 32], b"value");
        }
    }
}
