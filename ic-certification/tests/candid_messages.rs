//! Messages of any type: what is well-formed is kept to the byte, what is not is refused, and nothing takes more than it is worth.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod rows;

use ic_certification::http::{CandidError, StreamingToken};
use rows::{bytes, rows, text};

/// GW-081: a token may have any type that Candid has.
#[test]
fn gw_081_the_suite_of_the_language() {
    let mut count = [0; 4];
    for (line, row) in rows(&text("candid.txt")) {
        let [verdict, _suite, message] = row[..] else {
            panic!("line {line}: three columns")
        };
        let message = bytes(message.trim_start_matches('-'));
        let found = StreamingToken::decode(&message);
        match verdict {
            "valid" | "other_type" => {
                let token = found.unwrap_or_else(|error| panic!("line {line}: {error}"));
                let again = token.encode();
                assert_eq!(StreamingToken::decode(&again), Ok(token), "line {line}");
                count[usize::from(verdict == "valid")] += 1;
            }
            "empty" => {
                assert_eq!(found, Err(CandidError::NoArgument), "line {line}");
                count[2] += 1;
            }
            "malformed" => {
                assert!(found.is_err(), "line {line}");
                count[3] += 1;
            }
            other => panic!("line {line}: {other}"),
        }
    }
    assert_eq!(count, [7, 183, 6, 144]);
}

/// Small messages that would stand for very much.
#[test]
fn hostile_messages() {
    let token = |bytes: &[u8]| StreamingToken::decode(&[b"DIDL", bytes].concat());
    // vec null, 2^35 - 1 of them.
    let many = token(&[1, 0x6d, 0x7f, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(many, Err(CandidError::TooComplex));
    // A record that has itself as its only field, and as its first.
    let endless = token(&[1, 0x6c, 1, 0, 0, 1, 0]);
    assert_eq!(endless, Err(CandidError::TooComplex));
    let endless = token(&[1, 0x6c, 2, 0, 0, 1, 0x7f, 1, 0]);
    assert_eq!(endless, Err(CandidError::TooComplex));
    // vec of itself, to the depth of the message.
    let deep = [&[1, 0x6d, 0, 1, 0][..], &[2; 100_000]].concat();
    assert_eq!(token(&deep), Err(CandidError::TooComplex));
    // opt of itself takes no stack.
    let deep = [&[1, 0x6e, 0, 1, 0][..], &[1; 100_000], &[0]].concat();
    assert!(token(&deep).is_ok());
    // A table that would be larger than the message, one that is too large, a type that is not in it.
    assert!(matches!(
        token(&[0xff, 0xff, 0xff, 0xff, 0x0f]),
        Err(CandidError::Truncated { .. })
    ));
    let large = [&[0x81, 0x80, 0x04][..], &[0x6e, 0x7f].repeat(65_537)].concat();
    assert_eq!(
        token(&large),
        Err(CandidError::TooManyTypes { limit: 65_536 })
    );
    for unknown in [
        &[0, 1, 0][..],
        &[1, 0x6e, 1, 1, 0],
        &[0, 1, 0x6e],
        &[1, 0x7f, 1, 0],
    ] {
        assert!(matches!(token(unknown), Err(CandidError::Malformed { .. })));
    }
    // Fields out of order, and one twice.
    for ids in [[1, 0], [1, 1]] {
        let table = [1, 0x6c, 2, ids[0], 0x7f, ids[1], 0x7f, 1, 0];
        assert!(matches!(token(&table), Err(CandidError::Malformed { .. })));
    }
    // A flag of 2, an alternative too many, an opaque function, a principal too long, text that is none, a value of `empty`.
    assert!(matches!(
        token(&[1, 0x6e, 0x7f, 1, 0, 2]),
        Err(CandidError::Malformed { .. })
    ));
    assert!(matches!(
        token(&[0, 1, 0x7e, 2]),
        Err(CandidError::Malformed { .. })
    ));
    assert!(matches!(
        token(&[1, 0x6b, 1, 0, 0x7f, 1, 0, 1]),
        Err(CandidError::Malformed { .. })
    ));
    assert!(matches!(
        token(&[0, 1, 0x6f]),
        Err(CandidError::Malformed { .. })
    ));
    assert_eq!(
        token(&[1, 0x6a, 0, 0, 0, 1, 0, 0]),
        Err(CandidError::OpaqueReference)
    );
    let long = [&[0, 1, 0x68, 1, 30][..], &[0; 30]].concat();
    assert_eq!(token(&long), Err(CandidError::NotAPrincipal { found: 30 }));
    assert_eq!(token(&[0, 1, 0x71, 1, 0xff]), Err(CandidError::NotUtf8));
    assert_eq!(StreamingToken::decode(b"DIDX\0\0"), Err(CandidError::Magic));
}
