//! The text form of a principal: base32 of checksum and bytes, in groups of five (ID-020 to ID-026).
//!
//! Both directions work on the stack and on eight characters at a time: a group of five bytes is one 40-bit number,
//! spread over or gathered from the eight bytes of a `u64`.

use std::fmt;

use super::{Principal, PrincipalError};

/// Checksum and bytes, filled up to whole groups of five.
const BYTES: usize = 35;
/// One character for every five bits of [`BYTES`].
const CHARACTERS: usize = 56;
/// The longest text: 53 characters and 10 dashes (ID-024).
const LONGEST: usize = 63;
/// Checksum only: the management canister.
const SHORTEST: usize = 8;
/// Characters between dashes (ID-022).
const GROUP: usize = 5;

/// The text form of a principal, held in place: made by [`Principal::text`], read as a `str`.
#[derive(Clone, Copy)]
pub struct PrincipalText {
    characters: [u8; LONGEST],
    length: usize,
}

impl PrincipalText {
    pub(super) fn of(principal: &Principal) -> Self {
        let mut bytes = [0; BYTES];
        let (checksum, rest) = bytes.split_at_mut(4);
        checksum.copy_from_slice(&crc32(principal.as_slice()).to_be_bytes());
        for (target, byte) in rest.iter_mut().zip(principal.bytes) {
            *target = byte;
        }

        let mut symbols = [0; CHARACTERS];
        for (eight, five) in symbols
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .zip(bytes.as_chunks::<5>().0)
        {
            let [a, b, c, d, e] = *five;
            *eight = letters(spread(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))).to_be_bytes();
        }

        let mut characters = [b'-'; LONGEST];
        for (target, group) in characters
            .chunks_mut(GROUP + 1)
            .zip(symbols.as_chunks::<GROUP>().0)
        {
            for (character, symbol) in target.iter_mut().zip(group) {
                *character = *symbol;
            }
        }
        let count = ((4 + principal.length()) * 8).div_ceil(5);
        Self {
            characters,
            length: count + (count - 1) / GROUP,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Lower-case letters, digits and dashes, and `length` is at most 63: neither fallback is ever taken.
        self.characters
            .get(..self.length)
            .and_then(|text| str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl std::ops::Deref for PrincipalText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for PrincipalText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PrincipalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PrincipalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

pub(super) fn parse(text: &[u8]) -> Result<Principal, PrincipalError> {
    let found = text.len();
    if !(SHORTEST..=LONGEST).contains(&found) || found.is_multiple_of(GROUP + 1) {
        return Err(PrincipalError::TextLength { found });
    }

    let mut values = [0; CHARACTERS];
    let mut seen = 0;
    let mut dashes = true;
    for (target, group) in values
        .as_chunks_mut::<GROUP>()
        .0
        .iter_mut()
        .zip(text.chunks(GROUP + 1))
    {
        for (value, character) in target.iter_mut().zip(group) {
            *value = value_of(*character);
            seen |= *value;
        }
        dashes &= group.get(GROUP).is_none_or(|dash| *dash == b'-');
    }
    if !dashes || seen >= NO_VALUE {
        return Err(wrong_character(text));
    }

    // Between 7 and 53 characters, because of the bounds on `found`.
    let count = found - found / (GROUP + 1);
    let leftover = count * 5 % 8;
    let mut bytes = [0; BYTES];
    for (five, eight) in bytes
        .as_chunks_mut::<5>()
        .0
        .iter_mut()
        .zip(values.as_chunks::<8>().0)
    {
        let [.., a, b, c, d, e] = gather(u64::from_be_bytes(*eight)).to_be_bytes();
        *five = [a, b, c, d, e];
    }
    if leftover >= 5 {
        return Err(PrincipalError::TextLength { found });
    }
    let (whole, rest) = bytes
        .split_at_checked(count * 5 / 8)
        .unwrap_or((&bytes, &[]));
    if rest.iter().any(|byte| *byte != 0) {
        return Err(PrincipalError::LeftoverBits);
    }
    let Some((checksum, blob)) = whole.split_first_chunk::<4>() else {
        return Err(PrincipalError::TextLength { found });
    };
    let principal = Principal::try_from_slice(blob)?;
    let (stated, computed) = (u32::from_be_bytes(*checksum), crc32(blob));
    if stated == computed {
        Ok(principal)
    } else {
        Err(PrincipalError::Checksum { stated, computed })
    }
}

/// Which character is wrong. Only asked when one is.
#[cold]
fn wrong_character(text: &[u8]) -> PrincipalError {
    for (position, found) in text.iter().copied().enumerate() {
        let (right, expected) = if position % (GROUP + 1) == GROUP {
            (found == b'-', "a dash")
        } else {
            (
                value_of(found) < NO_VALUE,
                "a letter or a digit from 2 to 7",
            )
        };
        if !right {
            return PrincipalError::Character {
                position,
                expected,
                found,
            };
        }
    }
    PrincipalError::TextLength { found: text.len() }
}

/// The low 40 bits, five to a byte, the highest bits first.
const fn spread(bits: u64) -> u64 {
    let twenty = (bits << 12) & 0x000f_ffff_0000_0000 | bits & 0x000f_ffff;
    let ten = (twenty << 6) & 0x03ff_0000_03ff_0000 | twenty & 0x0000_03ff_0000_03ff;
    (ten << 3) & 0x1f00_1f00_1f00_1f00 | ten & 0x001f_001f_001f_001f
}

/// The inverse of [`spread`].
const fn gather(values: u64) -> u64 {
    let ten = (values & 0x1f00_1f00_1f00_1f00) >> 3 | values & 0x001f_001f_001f_001f;
    let twenty = (ten & 0x03ff_0000_03ff_0000) >> 6 | ten & 0x0000_03ff_0000_03ff;
    (twenty & 0x000f_ffff_0000_0000) >> 12 | twenty & 0x000f_ffff
}

/// Each byte from 0 to 25 as a letter, from 26 to 31 as a digit from 2 to 7. No byte overflows into its neighbour.
const fn letters(values: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let digits = (values + EACH * (128 - 26)) >> 7 & EACH;
    values + EACH * 97 - digits * (97 + 26 - 50)
}

/// Above every value of a character.
const NO_VALUE: u8 = 32;

#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, which checks both"
)]
static VALUES: [u8; 256] = {
    let mut table = [NO_VALUE; 256];
    let mut value: u8 = 0;
    while value < 26 {
        table[(b'a' + value) as usize] = value;
        table[(b'A' + value) as usize] = value;
        value += 1;
    }
    while value < 32 {
        table[(b'2' + value - 26) as usize] = value;
        value += 1;
    }
    table
};

#[inline]
fn value_of(character: u8) -> u8 {
    VALUES
        .get(usize::from(character))
        .copied()
        .unwrap_or(NO_VALUE)
}

/// Row `n` advances the checksum over one byte and then `n` zero bytes.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, which checks both"
)]
static CRC: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut state = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            state = (state >> 1) ^ ((state & 1) * 0xedb8_8320);
            bit += 1;
        }
        tables[0][byte] = state;
        byte += 1;
    }
    let mut row = 1;
    while row < 8 {
        let mut byte = 0;
        while byte < 256 {
            let state = tables[row - 1][byte];
            tables[row][byte] = (state >> 8) ^ tables[0][(state & 0xff) as usize];
            byte += 1;
        }
        row += 1;
    }
    tables
};

#[inline]
fn crc_step(row: &[u32; 256], byte: u8) -> u32 {
    row.get(usize::from(byte)).copied().unwrap_or_default()
}

/// CRC-32 of ISO 3309 (ID-020), eight bytes at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let mut state = u32::MAX;
    let (eights, rest) = bytes.as_chunks::<8>();
    for [a, b, c, d, e, f, g, h] in eights {
        let [s, t, u, v] = (state ^ u32::from_le_bytes([*a, *b, *c, *d])).to_le_bytes();
        state = crc_step(&CRC[7], s)
            ^ crc_step(&CRC[6], t)
            ^ crc_step(&CRC[5], u)
            ^ crc_step(&CRC[4], v)
            ^ crc_step(&CRC[3], *e)
            ^ crc_step(&CRC[2], *f)
            ^ crc_step(&CRC[1], *g)
            ^ crc_step(&CRC[0], *h);
    }
    for byte in rest {
        let [low, ..] = (state ^ u32::from(*byte)).to_le_bytes();
        state = (state >> 8) ^ crc_step(&CRC[0], low);
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_020_checksum_of_the_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(&[0xab, 0xcd, 0x01]), 0x233f_f206);
    }

    #[test]
    fn id_024_shortest_and_longest() {
        assert_eq!(Principal::MANAGEMENT.to_string(), "aaaaa-aa");
        assert_eq!(Principal::ANONYMOUS.to_string(), "2vxsx-fae");
        assert_eq!(
            Principal::try_from_slice(&[255; 29])
                .unwrap()
                .to_string()
                .len(),
            63
        );
    }

    #[test]
    fn id_022_to_026_every_other_spelling_is_refused() {
        let refused = [
            "",
            "-",
            "aaaaa",
            "aaaaa-",
            "aaaaaaa",
            "aaaaa-aa-",
            "-aaaaa-aa",
            "aaaa-aaa",
            "aaaaa_aa",
        ];
        for text in refused {
            assert!(text.parse::<Principal>().is_err(), "{text}");
        }
        assert_eq!(
            "aaaaa-a1".parse::<Principal>(),
            Err(PrincipalError::Character {
                position: 7,
                expected: "a letter or a digit from 2 to 7",
                found: b'1'
            })
        );
        assert_eq!(
            "aaaaa-ab".parse::<Principal>(),
            Err(PrincipalError::LeftoverBits)
        );
        assert_eq!("AAAAA-aA".parse(), Ok(Principal::MANAGEMENT));
    }
}
