//! Standard Base64 with padding (RFC 4648, section 4), in the one form that each sequence of bytes has.

/// Why text is not Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base64Error {
    /// Not a whole number of groups of four characters.
    #[error("expected a multiple of 4 characters, found {found}")]
    Length {
        /// How many characters there are.
        found: usize,
    },
    /// A character outside of the alphabet, or padding before the end.
    #[error("no Base64 in the four characters from {position} on")]
    Character {
        /// Where the group begins.
        position: usize,
    },
    /// The bits that the last character has too many are not zero.
    #[error("the last character has bits that belong to no byte")]
    TrailingBits,
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A value that no character has.
const NONE: u32 = 1 << 31;

/// The value of each character, or [`NONE`].
const VALUES: [u32; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    let mut rest: &[u8] = ALPHABET;
    while let [character, others @ ..] = rest {
        #[expect(
            clippy::as_conversions,
            clippy::indexing_slicing,
            reason = "a byte is within 256; `From` is not const"
        )]
        {
            values[*character as usize] = value;
        }
        value += 1;
        rest = others;
    }
    values
};

/// The 24 bits that four characters stand for; with [`NONE`] among them, something else that is not below 2^24.
#[inline]
fn bits([first, second, third, fourth]: [u8; 4]) -> u32 {
    let value = |character| VALUES.get(usize::from(character)).copied().unwrap_or(NONE);
    let (first, second, third, fourth) = (value(first), value(second), value(third), value(fourth));
    (first | second | third | fourth) & NONE
        | (first << 18 | second << 12 | third << 6 | fourth) & 0xff_ffff
}

/// The bytes that `text` stands for.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return Err(Base64Error::Length { found: text.len() });
    }
    let (groups, _) = text.as_chunks::<4>();
    let Some((last, groups)) = groups.split_last() else {
        return Ok(Vec::new());
    };
    let none_in = |index: usize| Base64Error::Character {
        position: index * 4,
    };
    let mut bytes = vec![[0; 3]; groups.len()];
    for (index, (target, group)) in bytes.iter_mut().zip(groups).enumerate() {
        let [0, decoded @ ..] = u32::to_be_bytes(bits(*group)) else {
            return Err(none_in(index));
        };
        *target = decoded;
    }
    let mut bytes = bytes.into_flattened();
    // Padding stands for zeros; the bits that they leave over in the last character have to be zeros as well.
    let (group, count) = match *last {
        [first, second, b'=', b'='] => ([first, second, b'A', b'A'], 1),
        [first, second, third, b'='] => ([first, second, third, b'A'], 2),
        group => (group, 3),
    };
    let [0, decoded @ ..] = u32::to_be_bytes(bits(group)) else {
        return Err(none_in(groups.len()));
    };
    match decoded.split_at_checked(count) {
        Some((decoded, rest)) if rest.iter().all(|byte| *byte == 0) => bytes.extend(decoded),
        Some(_) | None => return Err(Base64Error::TrailingBits),
    }
    Ok(bytes)
}

/// Appends the text that stands for `bytes`.
pub(super) fn encode(bytes: &[u8], out: &mut String) {
    let character = |bits: u32| {
        let index = usize::try_from(bits & 63).unwrap_or_default();
        ALPHABET.get(index).map_or('=', |byte| char::from(*byte))
    };
    out.reserve(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut padded = [0; 4];
        for (target, byte) in padded.iter_mut().skip(1).zip(group) {
            *target = *byte;
        }
        let bits = u32::from_be_bytes(padded);
        out.push(character(bits >> 18));
        out.push(character(bits >> 12));
        out.push(if group.len() > 1 {
            character(bits >> 6)
        } else {
            '='
        });
        out.push(if group.len() > 2 {
            character(bits)
        } else {
            '='
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn the_examples_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut encoded = String::new();
            encode(bytes.as_bytes(), &mut encoded);
            assert_eq!(encoded, text);
            assert_eq!(decode(text), Ok(bytes.as_bytes().to_vec()));
        }
        assert_eq!(decode("+/+/"), Ok(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(decode("Zg="), Err(Base64Error::Length { found: 3 }));
        assert_eq!(decode("Zh=="), Err(Base64Error::TrailingBits));
        assert_eq!(decode("Zm9="), Err(Base64Error::TrailingBits));
        for text in ["Zg==Zg==", "====", "Z===", "Zm-_", "Zm8 ", "Z=m8", "é=="] {
            assert!(
                matches!(decode(text), Err(Base64Error::Character { position: 0 })),
                "{text}"
            );
        }
    }
}
