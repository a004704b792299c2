//! SHA-256 and the names that are made with it. The only file that names `sha2`.

use std::fmt;
use std::str::FromStr;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use crate::domain::{Domain, Signable};

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The number of bytes in a digest.
    pub const LENGTH: usize = 32;

    /// A digest that was computed elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of `bytes`.
    ///
    /// ```
    /// use ic_types::Digest;
    ///
    /// let hash = Digest::of(b"abc");
    /// assert!(hash.to_string().starts_with("ba7816bf8f01cfea"));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self(state_bytes(&hash(SHA_256, bytes)))
    }

    /// The hash of the concatenation of `parts`.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = DigestHasher::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finish()
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| DigestLength { found: bytes.len() })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

/// A digest, request id or state root of another length than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a hash of 32 bytes, found {found}")]
pub struct DigestLength {
    /// The number of bytes that were given.
    pub found: usize,
}

/// Why a text is no digest, request id or state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestTextError {
    /// Not 64 bytes of text behind `0x` or nothing.
    #[error("expected a hash as 64 hexadecimal digits, found {found} bytes of text")]
    Length {
        /// The number of bytes, without those of `0x`.
        found: usize,
    },
    /// Something other than a hexadecimal digit.
    #[error(
        "expected a hexadecimal digit at position {position} of a hash, found byte {found:#04x}"
    )]
    Character {
        /// Where, counted in bytes from 0, behind `0x` if that is there.
        position: usize,
        /// The byte that stands there.
        found: u8,
    },
}

/// Reads 64 hexadecimal digits of either case, behind `0x` or nothing.
impl FromStr for Digest {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
        let found = digits.len();
        if found != 2 * Self::LENGTH {
            return Err(DigestTextError::Length { found });
        }
        let mut bytes = [0_u8; Self::LENGTH];
        for (position, found) in digits.iter().copied().enumerate() {
            let digit = match found {
                b'0'..=b'9' => found - b'0',
                b'a'..=b'f' => found - b'a' + 10,
                b'A'..=b'F' => found - b'A' + 10,
                _ => return Err(DigestTextError::Character { position, found }),
            };
            if let Some(byte) = bytes.get_mut(position / 2) {
                *byte = (*byte << 4) | digit;
            }
        }
        Ok(Self(bytes))
    }
}

/// As a [`Digest`] is read.
impl FromStr for RequestId {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        text.parse().map(Self)
    }
}

/// As a [`Digest`] is read.
impl FromStr for StateRoot {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        text.parse().map(Self)
    }
}

/// SHA-256 of what comes in pieces.
#[derive(Clone, Default)]
pub struct DigestHasher(Sha256);

impl DigestHasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// A hasher that has seen the prefix of `domain`: its length as one byte, then its name.
    pub fn with_domain(domain: Domain) -> Self {
        let mut hasher = Self::new();
        hasher.update(&[domain.length_byte()]);
        hasher.update(domain.name().as_bytes());
        hasher
    }

    /// Appends `bytes` to what is hashed.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was appended.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for DigestHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestHasher")
    }
}

/// SHA-224 of the concatenation of a few short parts, for principals (ID-012, ID-013).
pub(crate) fn sha224(parts: &[&[u8]]) -> [u8; 28] {
    let state = match parts {
        [whole] => hash(SHA_224, whole),
        _ => hash(SHA_224, &parts.concat()),
    };
    let mut name = [0; 28];
    let [first @ .., _] = state;
    name.copy_from_slice(first.map(u32::to_be_bytes).as_flattened());
    name
}

/// Hashes what is there as a whole: block by block from where it stands, without the buffer that pieces need, which would
/// cost as much as the hash of something short.
#[inline]
fn hash(mut state: [u32; 8], bytes: &[u8]) -> [u32; 8] {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    let mut end = [[0; BLOCK]; 2];
    let used = if rest.len() < BLOCK - 8 { 1 } else { 2 };
    if let Some(end) = end.get_mut(..used) {
        if let Some((target, [mark, ..])) = end.as_flattened_mut().split_at_mut_checked(rest.len())
        {
            target.copy_from_slice(rest);
            *mark = 0x80;
        }
        if let Some(last) = end.last_mut() {
            write_length(last, bytes.len());
        }
        compress256(&mut state, end);
    }
    state
}

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

/// The length of a message of `bytes` bytes, at the end of its last block (FIPS 180-4, section 5.1.1).
#[inline]
fn write_length(block: &mut [u8; BLOCK], bytes: usize) {
    #[expect(
        clippy::as_conversions,
        reason = "no platform has lengths of more than 64 bits"
    )]
    let bits = (bytes as u64) << 3;
    if let Some(end) = block.last_chunk_mut::<8>() {
        *end = bits.to_be_bytes();
    }
}

/// Bytes in a block of SHA-256.
const BLOCK: usize = 64;

/// Where SHA-256 starts (FIPS 180-4, section 5.3.3).
const SHA_256: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Where SHA-224 starts (FIPS 180-4, section 5.3.2).
const SHA_224: [u32; 8] = [
    0xc105_9ed8,
    0x367c_d507,
    0x3070_dd17,
    0xf70e_5939,
    0xffc0_0b31,
    0x6858_1511,
    0x64f9_8fa7,
    0xbefa_4fa4,
];

#[inline]
fn state_bytes(state: &[u32; 8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(state.map(u32::to_be_bytes).as_flattened());
    hash
}

/// The name of a request: the representation-independent hash of its content (ID-040, HTTP-127).
///
/// Displayed as `0x` and lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Digest);

impl RequestId {
    /// A request id that was computed or received elsewhere.
    pub const fn new(hash: Digest) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The bytes of the hash: the label under `request_status`.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for RequestId {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl TryFrom<&[u8]> for RequestId {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        Digest::try_from(bytes).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Signable for RequestId {
    const DOMAIN: Domain = Domain::Request;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

/// The root hash of a state tree: what a subnet signs, and what consensus and execution agree on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRoot(Digest);

impl StateRoot {
    /// A root that was computed or received elsewhere.
    pub const fn new(hash: Digest) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for StateRoot {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl TryFrom<&[u8]> for StateRoot {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        Digest::try_from(bytes).map(Self)
    }
}

impl fmt::Display for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Signable for StateRoot {
    const DOMAIN: Domain = Domain::StateRoot;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

/// Bytes shown as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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

    #[test]
    fn what_is_hashed_as_a_whole_is_hashed_as_in_pieces() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(400).collect();
        for length in 0..bytes.len() {
            let whole = &bytes[..length];
            let mut pieces = DigestHasher::new();
            pieces.update(whole);
            assert_eq!(Digest::of(whole), pieces.finish(), "{length}");
            let expected: [u8; 28] = sha2::Sha224::digest(whole).into();
            assert_eq!(sha224(&[whole]), expected, "{length}");
            let (left, right) = whole.split_at(length / 3);
            assert_eq!(sha224(&[left, right]), expected, "{length}");
        }
    }

    #[test]
    fn hashes_of_pieces_are_those_of_the_whole() {
        assert_eq!(Digest::of_parts(&[b"ab", b"", b"c"]), Digest::of(b"abc"));
        assert_eq!(
            Digest::of(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

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

    #[test]
    fn what_is_shown_is_read_again() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let (id, root) = (RequestId::new(digest), StateRoot::new(digest));
        assert_eq!(
            id.to_string().to_uppercase().replace("0X", "0x").parse(),
            Ok(id)
        );
        assert_eq!(root.to_string().parse(), Ok(root));
        assert_eq!(
            "0xabc".parse::<Digest>(),
            Err(DigestTextError::Length { found: 3 })
        );
        assert_eq!(
            format!("{}+a", "00".repeat(31)).parse::<RequestId>(),
            Err(DigestTextError::Character {
                position: 62,
                found: b'+'
            })
        );
    }

    #[test]
    fn id_040_request_ids_are_shown_with_0x() {
        assert_eq!(
            RequestId::new(Digest::new([0xab; 32])).to_string(),
            format!("0x{}", "ab".repeat(32))
        );
        assert_eq!(
            RequestId::try_from([0; 31].as_slice()),
            Err(DigestLength { found: 31 })
        );
    }
}
