//! The little JSON that WebAuthn needs: the `challenge` of an object, wherever it stands among whatever else.

/// How deep other members may be nested, as in the network's parser. Browsers write flat objects.
const MAX_DEPTH: usize = 126;

/// What a browser says in any case, each as a text.
const MEMBERS: [&str; 3] = ["challenge", "type", "origin"];

/// The value of the member `challenge`, without escapes. `None` if this is not a JSON object in which `challenge`, `type`
/// and `origin` are each one text.
pub(crate) fn challenge(json: &str) -> Option<String> {
    let mut parser = Parser {
        rest: json.as_bytes(),
    };
    let mut found = MEMBERS.map(|_| None);
    parser.punctuation(b'{')?;
    if !parser.next_is(b'}') {
        loop {
            let name = parser.string()?;
            parser.punctuation(b':')?;
            let mut members = MEMBERS.iter().zip(&mut found);
            match members.find(|(member, _)| **member == name) {
                Some((_, place)) => {
                    if place.replace(parser.string()?).is_some() {
                        return None;
                    }
                }
                None => parser.value(MAX_DEPTH)?,
            }
            if !parser.next_is(b',') {
                break;
            }
            parser.punctuation(b',')?;
        }
    }
    parser.punctuation(b'}')?;
    parser.space();
    match found {
        [Some(challenge), Some(_), Some(_)] if parser.rest.is_empty() => Some(challenge),
        _ => None,
    }
}

/// RFC 4648 with the alphabet for URLs and without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        let digits =
            [18, 12, 6, 0].map(|shift| usize::try_from(group >> shift & 63).unwrap_or_default());
        let digits = digits
            .iter()
            .take(chunk.len() + 1)
            .filter_map(|digit| ALPHABET.get(*digit));
        out.extend(digits.map(|digit| char::from(*digit)));
    }
    out
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn next_is(&mut self, mark: u8) -> bool {
        self.space();
        self.rest.first() == Some(&mark)
    }

    fn punctuation(&mut self, mark: u8) -> Option<()> {
        self.space();
        self.rest = self.rest.strip_prefix(&[mark])?;
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        self.punctuation(b'"')?;
        let mut out = Vec::new();
        loop {
            let (first, rest) = self.rest.split_first()?;
            self.rest = rest;
            match first {
                b'"' => return String::from_utf8(out).ok(),
                b'\\' => self.escape(&mut out)?,
                0..=0x1f => return None,
                byte => out.push(*byte),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let (kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        out.push(match kind {
            b'"' | b'\\' | b'/' => *kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut unit = self.hex()?;
                if (0xd800..0xdc00).contains(&unit) {
                    self.rest = self.rest.strip_prefix(b"\\u")?;
                    let low = self.hex().filter(|low| (0xdc00..0xe000).contains(low))?;
                    unit = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                }
                let mut buffer = [0; 4];
                out.extend_from_slice(char::from_u32(unit)?.encode_utf8(&mut buffer).as_bytes());
                return Some(());
            }
            _ => return None,
        });
        Some(())
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        digits.iter().try_fold(0, |number, digit| {
            Some(number << 4 | char::from(*digit).to_digit(16)?)
        })
    }

    /// Steps over a value that may hold values down to `depth`.
    fn value(&mut self, depth: usize) -> Option<()> {
        self.space();
        match self.rest.first()? {
            b'"' => self.string().map(|_| ()),
            b'{' => self.members(b'{', b'}', depth),
            b'[' => self.members(b'[', b']', depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn members(&mut self, open: u8, close: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.punctuation(open)?;
        if !self.next_is(close) {
            loop {
                if open == b'{' {
                    self.string()?;
                    self.punctuation(b':')?;
                }
                self.value(depth)?;
                if !self.next_is(b',') {
                    break;
                }
                self.punctuation(b',')?;
            }
        }
        self.punctuation(close)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.rest = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        match self.rest {
            [b'0', rest @ ..] => self.rest = rest,
            _ => self.digits()?,
        }
        if let [b'.', rest @ ..] = self.rest {
            self.rest = rest;
            self.digits()?;
        }
        if let [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = match rest {
                [b'+' | b'-', rest @ ..] => rest,
                _ => rest,
            };
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.rest = self.rest.get(count..)?;
        (count > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HTTP-067.
    #[test]
    fn the_challenge_is_found_among_anything() {
        for json in [
            r#"{"challenge":"aGVsbG8","type":"","origin":""}"#,
            r#" { "type": "webauthn.get", "challenge" : "aGVsbG8", "origin": "https://a.b" } "#,
            r#"{"x":[1,-2.5e+3,{"challenge":"nested"},[]],"challenge":"aGVsbG8","y":null,"origin":"","z":{},"type":""}"#,
            r#"{"\u0063hallenge":"\u0061GVsbG8","crossOrigin":false,"origin":"a","type":"b"}"#,
        ] {
            assert_eq!(challenge(json).as_deref(), Some("aGVsbG8"), "{json}");
        }
    }

    /// HTTP-067, and what the network's parser asks for beside the challenge.
    #[test]
    fn anything_else_has_none() {
        let good = r#"{"challenge":"a","type":"b","origin":"c"}"#;
        assert!(challenge(good).is_some());
        for json in [
            "",
            "{}",
            "[]",
            r#""challenge""#,
            r#"{"type":"b","origin":"c"}"#,
            r#"{"challenge":"a","origin":"c"}"#,
            r#"{"challenge":"a","type":"b"}"#,
            r#"{"challenge":1,"type":"b","origin":"c"}"#,
            r#"{"challenge":"a","type":"b","origin":7}"#,
            r#"{"challenge":"a","type":null,"origin":"c"}"#,
            r#"{"challenge":"a","challenge":"a","type":"b","origin":"c"}"#,
            r#"{"challenge":"a","type":"b","type":"b","origin":"c"}"#,
            r#"{"challenge":"a","type":"b","origin":"c"}x"#,
            r#"{"challenge":"a","type":"b","origin":"c",}"#,
            r#"{"type":"b","origin":"c","challenge":"a"#,
            r#"{"challenge":"\ud800","type":"b","origin":"c"}"#,
            r#"{"x":01,"challenge":"a","type":"b","origin":"c"}"#,
            r#"{"x":[1,],"challenge":"a","type":"b","origin":"c"}"#,
            "{\"challenge\":\"a\n\",\"type\":\"b\",\"origin\":\"c\"}",
        ] {
            assert_eq!(challenge(json), None, "{json}");
        }
        let nested = |depth| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            challenge(&good.replacen('{', &format!(r#"{{"x":{open}{close},"#), 1))
        };
        assert!(nested(MAX_DEPTH).is_some());
        assert_eq!(nested(MAX_DEPTH + 1), None);
        assert_eq!(nested(100_000), None);
    }

    #[test]
    fn base64url_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("\u{3ff}", "z78"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xff, 0xef, 0xbe]), "_---");
    }
}
