//! The representation-independent hash: the same for every encoding of the same map (HTTP-120 to HTTP-127).

use std::fmt;

use super::field::Field;
use crate::codec::leb128;
use crate::digest::{Digest, DigestHasher, PairsHasher};

/// A value that has a representation-independent hash.
///
/// ```
/// use ic_types::{HashValue, hash_of_map};
///
/// let reply = [("arg", HashValue::Blob(b"DIDL\0\0"))];
/// let hash = hash_of_map(&[("reply", HashValue::Map(&reply))]);
/// assert!(hash.to_string().starts_with("3d534ec350430fce"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashValue<'a> {
    /// Bytes: hashed as they are (HTTP-121).
    Blob(&'a [u8]),
    /// Text: hashed as its UTF-8 bytes, so like a blob of the same bytes (HTTP-121).
    Text(&'a str),
    /// A natural number: hashed as its shortest unsigned LEB128 form (HTTP-122).
    Nat(u128),
    /// An integer: hashed as its shortest signed LEB128 form (HTTP-123).
    Int(i128),
    /// A list: the hash of the hashes of its elements, in their order (HTTP-124).
    Array(&'a [HashValue<'a>]),
    /// A map: [`hash_of_map`], not hashed again (HTTP-125).
    Map(&'a [(&'a str, HashValue<'a>)]),
}

impl HashValue<'_> {
    /// The hash of this value.
    pub fn hash(&self) -> Digest {
        match self {
            Self::Blob(bytes) => Digest::of(bytes),
            Self::Text(text) => Digest::of(text.as_bytes()),
            Self::Nat(number) => Digest::of(leb128::unsigned(*number).as_slice()),
            Self::Int(number) => Digest::of(leb128::signed(*number).as_slice()),
            Self::Array(elements) => hash_of_array(elements.iter().map(Self::hash)),
            Self::Map(fields) => hash_of_map(fields),
        }
    }
}

/// The representation-independent hash of a map (HTTP-120). The order of `fields` makes no difference.
///
/// A name that is there twice is two pairs, each of which counts: the headers of an HTTP response are hashed so, and may
/// be repeated (GW-061, GW-074).
pub fn hash_of_map(fields: &[(&str, HashValue<'_>)]) -> Digest {
    let hashed = |(name, value): &(&str, HashValue<'_>)| {
        [
            *Digest::of(name.as_bytes()).as_bytes(),
            *value.hash().as_bytes(),
        ]
    };
    hash_of_pairs(fields.iter().map(hashed).collect())
}

/// The same from the hashes of names and values.
pub(crate) fn hash_of_pairs(mut pairs: Vec<[[u8; 32]; 2]>) -> Digest {
    pairs.sort_unstable();
    Digest::of(pairs.as_flattened().as_flattened())
}

pub(crate) fn hash_of_array(elements: impl Iterator<Item = Digest>) -> Digest {
    let mut hasher = DigestHasher::new();
    for element in elements {
        hasher.update(element.as_bytes());
    }
    hasher.finish()
}

/// The hash of a map whose fields are known beforehand, fed in the order of the hashes of their names.
pub(crate) struct MapHasher {
    hasher: PairsHasher,
    #[cfg(debug_assertions)]
    last: [u8; 32],
}

impl MapHasher {
    pub(crate) fn new() -> Self {
        Self {
            hasher: PairsHasher::new(),
            #[cfg(debug_assertions)]
            last: [0; 32],
        }
    }

    pub(crate) fn hashed(&mut self, field: &Field, value: Digest) {
        self.check_order(field);
        self.hasher.hashed(&field.hash, value);
    }

    pub(crate) fn blob(&mut self, field: &Field, bytes: &[u8]) {
        self.check_order(field);
        self.hasher.value(&field.hash, bytes);
    }

    pub(crate) fn nat(&mut self, field: &Field, number: u64) {
        self.blob(field, leb128::unsigned(u128::from(number)).as_slice());
    }

    fn check_order(&mut self, field: &Field) {
        #[cfg(debug_assertions)]
        {
            assert!(self.last < field.hash, "{} is fed too late", field.name);
            self.last = field.hash;
        }
        let _ = field;
    }

    pub(crate) fn array(&mut self, field: &Field, elements: impl Iterator<Item = Digest>) {
        self.hashed(field, hash_of_array(elements));
    }

    pub(crate) fn finish(self) -> Digest {
        self.hasher.finish()
    }
}

impl fmt::Debug for MapHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MapHasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gw_061_gw_074_repeated_names_are_separate_pairs() {
        let one = ("a", HashValue::Nat(1));
        let two = ("a", HashValue::Nat(2));
        let name = Digest::of(b"a");
        let mut pairs =
            [Digest::of(&[1]), Digest::of(&[2])].map(|value| [*name.as_bytes(), *value.as_bytes()]);
        pairs.sort_unstable();
        let both = Digest::of(pairs.as_flattened().as_flattened());
        assert_eq!(hash_of_map(&[one, two]), both);
        assert_eq!(hash_of_map(&[two, one]), both);
        assert_ne!(hash_of_map(&[one, one]), hash_of_map(&[one]));
    }
}
