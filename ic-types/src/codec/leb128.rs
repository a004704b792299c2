//! LEB128: numbers in as many bytes as they need, seven bits to a byte.
//!
//! Certificates and hashes want the shortest form; Candid and Wasm allow padding up to the width of the type. Reading
//! says which of the two is meant.

/// The longest form of 128 bits.
const LONGEST: usize = 19;

/// A number in its shortest form, on the stack.
#[derive(Clone, Copy)]
pub struct Leb128 {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Leb128 {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        // `length` is at most `LONGEST`.
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl std::fmt::Debug for Leb128 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.as_slice(), f)
    }
}

/// Why bytes are no LEB128 number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Leb128Error {
    /// The input ends before the number does.
    #[error("the number ends in the middle")]
    Truncated,
    /// The number does not fit the type, or has more bytes than the type can need.
    #[error("the number does not fit {bits} bits")]
    TooLarge {
        /// The width of the type.
        bits: u32,
    },
    /// There is a shorter form of the same number.
    #[error("the number is padded: {used} bytes where fewer do")]
    Padded {
        /// How many bytes were used.
        used: usize,
    },
}

/// The shortest unsigned form (HTTP-122).
///
/// ```
/// use ic_types::codec::leb128;
///
/// assert_eq!(leb128::unsigned(624_485).as_slice(), [0xe5, 0x8e, 0x26]);
/// ```
pub fn unsigned(mut number: u128) -> Leb128 {
    let mut out = Leb128 {
        bytes: [0; LONGEST],
        length: 0,
    };
    for byte in &mut out.bytes {
        out.length += 1;
        *byte = low_seven(number);
        number >>= 7;
        if number == 0 {
            break;
        }
        *byte |= 0x80;
    }
    out
}

/// The shortest signed form (HTTP-123).
///
/// ```
/// use ic_types::codec::leb128;
///
/// assert_eq!(leb128::signed(-123_456).as_slice(), [0xc0, 0xbb, 0x78]);
/// ```
pub fn signed(mut number: i128) -> Leb128 {
    let mut out = Leb128 {
        bytes: [0; LONGEST],
        length: 0,
    };
    for byte in &mut out.bytes {
        out.length += 1;
        *byte = low_seven(number.cast_unsigned());
        number >>= 7;
        let sign = *byte & 0x40 != 0;
        if (number == 0 && !sign) || (number == -1 && sign) {
            break;
        }
        *byte |= 0x80;
    }
    out
}

/// Reads one unsigned number of at most 64 bits in its shortest form from the front of `input` and moves past it.
///
/// # Errors
/// See [`Leb128Error`]; `input` is unchanged then.
pub fn read_unsigned(input: &mut &[u8]) -> Result<u64, Leb128Error> {
    let mut rest = *input;
    let number = read_unsigned_padded(&mut rest)?;
    let used = input.len() - rest.len();
    if used > 1 && input.get(used - 1) == Some(&0) {
        return Err(Leb128Error::Padded { used });
    }
    *input = rest;
    Ok(number)
}

/// The same for the formats that allow padding up to ten bytes (Candid, Wasm).
///
/// # Errors
/// [`Leb128Error::Truncated`] and [`Leb128Error::TooLarge`]; `input` is unchanged then.
pub fn read_unsigned_padded(input: &mut &[u8]) -> Result<u64, Leb128Error> {
    let mut number: u64 = 0;
    let mut shift = 0;
    let mut rest = *input;
    loop {
        let (byte, tail) = rest.split_first().ok_or(Leb128Error::Truncated)?;
        rest = tail;
        let bits = u64::from(byte & 0x7f);
        if shift >= u64::BITS || (bits << shift) >> shift != bits {
            return Err(Leb128Error::TooLarge { bits: u64::BITS });
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            *input = rest;
            return Ok(number);
        }
        shift += 7;
    }
}

fn low_seven(number: u128) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low & 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_122_unsigned() {
        assert_eq!(unsigned(0).as_slice(), [0]);
        assert_eq!(unsigned(127).as_slice(), [0x7f]);
        assert_eq!(unsigned(128).as_slice(), [0x80, 1]);
        assert_eq!(unsigned(u128::MAX).as_slice().len(), 19);
        for number in [0, 1, 127, 128, 624_485, u64::MAX] {
            let bytes = unsigned(number.into());
            let mut rest = bytes.as_slice();
            assert_eq!(read_unsigned(&mut rest), Ok(number));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn http_123_signed() {
        assert_eq!(signed(0).as_slice(), [0]);
        assert_eq!(signed(63).as_slice(), [63]);
        assert_eq!(signed(64).as_slice(), [0xc0, 0]);
        assert_eq!(signed(-64).as_slice(), [0x40]);
        assert_eq!(signed(-65).as_slice(), [0xbf, 0x7f]);
        assert_eq!(signed(i128::MIN).as_slice().len(), 19);
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(
            read_unsigned(&mut [].as_slice()),
            Err(Leb128Error::Truncated)
        );
        assert_eq!(
            read_unsigned(&mut [0x80].as_slice()),
            Err(Leb128Error::Truncated)
        );
        assert_eq!(
            read_unsigned(&mut [0x80, 0].as_slice()),
            Err(Leb128Error::Padded { used: 2 })
        );
        assert_eq!(read_unsigned_padded(&mut [0x80, 0].as_slice()), Ok(0));
        let mut over = [0xff; 10];
        over[9] = 0x02;
        assert_eq!(
            read_unsigned(&mut over.as_slice()),
            Err(Leb128Error::TooLarge { bits: 64 })
        );
        assert_eq!(
            read_unsigned(&mut [0x80; 40].as_slice()),
            Err(Leb128Error::TooLarge { bits: 64 })
        );
    }
}
