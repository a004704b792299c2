//! Messages of a few blocks that are written now and hashed later.

use std::fmt;

use super::Digest;
use super::sha::{BLOCK, SHA_256, compress256, state_bytes, write_length};

/// A short message, written out as blocks, to be hashed a little later.
///
/// A block that was written a moment ago is not yet where the processor's hash instructions can load it, and waiting for
/// it costs half as much as hashing it. Whoever has several messages writes some first and then hashes them.
///
/// ```
/// use ic_types::{Digest, ShortMessage};
///
/// let mut messages = [ShortMessage::new(), ShortMessage::new()];
/// assert!(messages[0].write(&[b"a", b"bc"]));
/// assert!(messages[1].write(&[b"def"]));
/// assert_eq!(messages[0].digest(), Digest::of(b"abc"));
/// assert_eq!(messages[1].digest(), Digest::of(b"def"));
/// ```
#[derive(Clone)]
pub struct ShortMessage {
    blocks: [[u8; BLOCK]; Self::BLOCKS],
    length: usize,
    used: usize,
}

impl ShortMessage {
    const BLOCKS: usize = 4;
    /// How many bytes a short message may have.
    pub const CAPACITY: usize = Self::BLOCKS * BLOCK - 9;

    /// The message without bytes, not yet written.
    pub const fn new() -> Self {
        let mut blocks = [[0; BLOCK]; Self::BLOCKS];
        let [[end, ..], ..] = &mut blocks;
        *end = 0x80;
        Self {
            blocks,
            length: 0,
            used: 1,
        }
    }

    /// The message of `prefix` and then `zeros` bytes that are zero, for which others will come: see
    /// [`overwrite`](Self::overwrite).
    ///
    /// # Panics
    /// If that is too long.
    #[expect(
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "for constants, which the compiler checks; a length in bits is below 2^12"
    )]
    pub const fn with_prefix(prefix: &[u8], zeros: usize) -> Self {
        let length = prefix.len() + zeros;
        assert!(length <= Self::CAPACITY, "a short message");
        let used = (length + 9).div_ceil(BLOCK);
        let mut blocks = [[0; BLOCK]; Self::BLOCKS];
        let mut position = 0;
        while position < prefix.len() {
            blocks[position / BLOCK][position % BLOCK] = prefix[position];
            position += 1;
        }
        blocks[length / BLOCK][length % BLOCK] = 0x80;
        let [.., high, low] = ((length as u64) << 3).to_be_bytes();
        blocks[used - 1][BLOCK - 2] = high;
        blocks[used - 1][BLOCK - 1] = low;
        Self {
            blocks,
            length,
            used,
        }
    }

    /// Makes this the concatenation of `parts`; says whether it is short enough. If not, the message is undefined.
    #[inline]
    #[must_use]
    pub fn write(&mut self, parts: &[&[u8]]) -> bool {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let used = (length + 9).div_ceil(BLOCK);
        let Some(blocks) = self.blocks.get_mut(..used) else {
            return false;
        };
        let mut rest = blocks.as_flattened_mut();
        for part in parts {
            let Some((target, behind)) = rest.split_at_mut_checked(part.len()) else {
                return false;
            };
            target.copy_from_slice(part);
            rest = behind;
        }
        rest.fill(0);
        if let Some(end) = rest.first_mut() {
            *end = 0x80;
        }
        if let Some(last) = blocks.last_mut() {
            write_length(last, length);
        }
        self.length = length;
        self.used = used;
        true
    }

    /// Puts `bytes` in the place of those at `at`, for messages that differ in a part only; says whether the message has so
    /// many bytes. If not, it stays as it is.
    ///
    /// ```
    /// use ic_types::{Digest, ShortMessage};
    ///
    /// let mut message = ShortMessage::new();
    /// assert!(message.write(&[b"count: ", b"1"]));
    /// assert!(message.overwrite(7, b"2"));
    /// assert_eq!(message.digest(), Digest::of(b"count: 2"));
    /// assert!(!message.overwrite(7, b"10"));
    /// ```
    #[inline]
    #[must_use]
    pub fn overwrite(&mut self, at: usize, bytes: &[u8]) -> bool {
        let message = self.blocks.as_flattened_mut().get_mut(..self.length);
        match message.and_then(|message| message.get_mut(at..)?.get_mut(..bytes.len())) {
            Some(place) => {
                place.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    /// The hash of the message.
    #[inline]
    pub fn digest(&self) -> Digest {
        let mut state = SHA_256;
        compress256(&mut state, self.blocks.get(..self.used).unwrap_or_default());
        Digest(state_bytes(&state))
    }
}

impl Default for ShortMessage {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ShortMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortMessage")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messages_are_hashed_as_long_ones_are() {
        let bytes = [7; 300];
        let mut message = ShortMessage::new();
        assert_eq!(message.digest(), Digest::of(b""));
        for length in 0..bytes.len() {
            let (left, right) = bytes[..length].split_at(length / 3);
            let short = message.write(&[left, b"", right]);
            assert_eq!(short, length <= ShortMessage::CAPACITY);
            if short {
                assert_eq!(message.digest(), Digest::of(&bytes[..length]), "{length}");
                let mut prepared = ShortMessage::with_prefix(left, right.len());
                assert!(prepared.overwrite(left.len(), right));
                assert_eq!(prepared.digest(), message.digest(), "{length}");
                assert!(!prepared.overwrite(left.len() + 1, right) || right.is_empty());
            }
        }
    }
}
