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

/// The value of each character; 64 for those that have none.
const VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let mut value: u8 = 0;
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

fn value(character: u8) -> u32 {
    VALUES
        .get(usize::from(character))
        .map_or(64, |value| u32::from(*value))
}

/// The bytes that `text` stands for.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return Err(Base64Error::Length { found: text.len() });
    }
    let body = match text {
        [body @ .., b'=', b'='] | [body @ .., b'='] => body,
        _ => text,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (index, group) in body.chunks(4).enumerate() {
        let mut bits = 0;
        for character in group {
            match value(*character) {
                64 => {
                    return Err(Base64Error::Character {
                        position: index * 4,
                    });
                }
                value => bits = bits << 6 | value,
            }
        }
        match group.len() {
            4 => {
                let [_, first, second, third] = u32::to_be_bytes(bits);
                bytes.extend([first, second, third]);
            }
            // Only at the end: there are as many characters of padding as are missing here.
            3 if bits & 0b11 == 0 => {
                let [_, _, first, second] = u32::to_be_bytes(bits >> 2);
                bytes.extend([first, second]);
            }
            2 if bits & 0b1111 == 0 => {
                let [.., first] = u32::to_be_bytes(bits >> 4);
                bytes.push(first);
            }
            2 | 3 => return Err(Base64Error::TrailingBits),
            _ => {
                return Err(Base64Error::Character {
                    position: index * 4,
                });
            }
        }
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
