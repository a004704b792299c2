//! The little DER that keys need: `SEQUENCE { SEQUENCE { OID }, BIT STRING }`, in its one canonical form.

use crate::{InvalidKey, InvalidSignature};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The content of an element with this tag, which has to be the whole input.
fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    let (content, rest) = element(tag, der)?;
    rest.is_empty().then_some(content)
}

/// The content of the first element, which has to have this tag, and what follows. The length has to be in the shortest
/// form; more than 65,535 bytes are not read.
pub(crate) fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (length, rest) = match rest {
        [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
        [0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The bit string of a key whose algorithm is this object identifier (with its tag and length) without parameters.
pub(crate) fn key_of_algorithm<'a>(
    algorithm: &[u8],
    der: &'a [u8],
) -> Result<&'a [u8], InvalidKey> {
    let parse = || {
        let (found, key) = element(SEQUENCE, whole(SEQUENCE, der)?)?;
        let key = whole(BIT_STRING, key)?.strip_prefix(&[0])?;
        (found == algorithm).then_some(key)
    };
    parse().ok_or(InvalidKey)
}

/// The 64 bytes of the ECDSA signature in `SEQUENCE { INTEGER r, INTEGER s }`, each integer of at most 256 bits.
pub(crate) fn ecdsa_signature(der: &[u8]) -> Result<[u8; 64], InvalidSignature> {
    let parse = || {
        let (r, rest) = element(INTEGER, whole(SEQUENCE, der)?)?;
        let s = whole(INTEGER, rest)?;
        let mut out = [0; 64];
        for (out, integer) in out.chunks_exact_mut(32).zip([r, s]) {
            let digits = match integer {
                // A zero byte is there only to keep the number positive.
                [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => digits,
                [1..=0x7f, ..] => integer,
                _ => return None,
            };
            let padding = out.len().checked_sub(digits.len())?;
            out.get_mut(padding..)?.copy_from_slice(digits);
        }
        Some(out)
    };
    parse().ok_or(InvalidSignature)
}

/// Writes what [`key_of_algorithm`] reads.
pub(crate) fn wrap(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = write(BIT_STRING, &[&[0], key]);
    write(SEQUENCE, &[&write(SEQUENCE, &[algorithm]), &bits])
}

#[expect(
    clippy::as_conversions,
    reason = "each is the byte that it is masked to"
)]
fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push((length & 0x7f) as u8),
        0x80..=0xff => out.extend([0x81, (length & 0xff) as u8]),
        0x100..=0xffff => out.extend([0x82, (length >> 8 & 0xff) as u8, (length & 0xff) as u8]),
        _ => {
            let bytes = length.to_be_bytes();
            let significant = bytes
                .iter()
                .position(|byte| *byte != 0)
                .map_or(&[][..], |at| bytes.get(at..).unwrap_or_default());
            out.push(0x80 | (significant.len() & 0x0f) as u8);
            out.extend_from_slice(significant);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}
