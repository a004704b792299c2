//! SHA-256 and SHA-224 of bytes. The only file that names `sha2`.

use std::fmt;

pub(super) use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use super::Digest;
use crate::domain::Domain;

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
pub(super) fn hash(mut state: [u32; 8], bytes: &[u8]) -> [u32; 8] {
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

/// The length of a message of `bytes` bytes, at the end of its last block (FIPS 180-4, section 5.1.1).
#[inline]
pub(super) fn write_length(block: &mut [u8; BLOCK], bytes: usize) {
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
pub(super) const BLOCK: usize = 64;

/// Where SHA-256 starts (FIPS 180-4, section 5.3.3).
pub(super) const SHA_256: [u32; 8] = [
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
pub(super) fn state_bytes(state: &[u32; 8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(state.map(u32::to_be_bytes).as_flattened());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
