//! The hashes of the five kinds of nodes (CERT-001 to CERT-005, CERT-007 to CERT-011).

use ic_types::{Digest, DigestHasher, domain::Domain};

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

/// What is hashed in one piece: two blocks of SHA-256.
const SHORT: usize = 119;

pub(crate) const fn empty() -> Digest {
    EMPTY
}

pub(crate) fn fork(left: &Digest, right: &Digest) -> Digest {
    let mut input = [0; 17 + 32 + 32];
    let (separator, sides) = input.split_at_mut(17);
    let (left_side, right_side) = sides.split_at_mut(32);
    separator.copy_from_slice(&FORK);
    left_side.copy_from_slice(left.as_bytes());
    right_side.copy_from_slice(right.as_bytes());
    Digest::of(&input)
}

pub(crate) fn labeled(label: &[u8], below: &Digest) -> Digest {
    concatenated(&LABELED, label, below.as_bytes())
}

pub(crate) fn leaf(value: &[u8]) -> Digest {
    concatenated(&LEAF, value, &[])
}

/// The hash of three parts, copied together first if they are short: the hasher is fastest in one call.
fn concatenated(first: &[u8], second: &[u8], third: &[u8]) -> Digest {
    let mut short = [0; SHORT];
    let total = first.len() + second.len() + third.len();
    match short.get_mut(..total) {
        Some(input) => {
            let (start, rest) = input.split_at_mut(first.len());
            let (middle, end) = rest.split_at_mut(second.len());
            start.copy_from_slice(first);
            middle.copy_from_slice(second);
            end.copy_from_slice(third);
            Digest::of(input)
        }
        None => {
            let mut hasher = DigestHasher::new();
            hasher.update(first);
            hasher.update(second);
            hasher.update(third);
            hasher.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cert_007_and_165_the_empty_tree_is_its_separator() {
        assert_eq!(EMPTY, Digest::of(b"\x11ic-hashtree-empty"));
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
