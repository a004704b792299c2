use super::*;
use crate::limits;

#[test]
fn http_022_numbers_in_their_shortest_form_only() {
    let nat = |bytes: &[u8]| Reader::new(bytes).nat();
    assert_eq!(nat(&[0x17]), Ok(23));
    assert_eq!(nat(&[0x18, 24]), Ok(24));
    assert_eq!(
        nat(&[0x18, 23]),
        Err(DecodeError::NotShortest { position: 0 })
    );
    assert_eq!(
        nat(&[0x19, 0, 255]),
        Err(DecodeError::NotShortest { position: 0 })
    );
    assert_eq!(
        nat(&[0x1a, 0, 0, 255, 255]),
        Err(DecodeError::NotShortest { position: 0 })
    );
    assert_eq!(
        nat(&[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]),
        Err(DecodeError::NotShortest { position: 0 })
    );
    assert_eq!(
        nat(&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
        Ok(u64::MAX)
    );
    assert_eq!(nat(&[0xc2, 0x42, 1, 0]), Ok(256));
    assert_eq!(
        nat(&[0xc2, 0x42, 0, 1]),
        Err(DecodeError::NotShortest { position: 0 })
    );
    assert_eq!(
        nat(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        Err(DecodeError::NumberTooLarge {
            position: 0,
            bits: 64
        })
    );
    assert_eq!(
        Reader::new(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]).nat128(),
        Ok(1 << 64)
    );
    assert_eq!(
        Reader::new(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]).int(),
        Ok(-(1 << 64))
    );
}

#[test]
fn http_023_no_floating_point() {
    for bytes in [
        &[0xf9, 0, 0][..],
        &[0xfa, 0, 0, 0, 0],
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let error = DecodeError::Unexpected {
            position: 0,
            expected: "a natural number",
            found: Kind::Other,
        };
        assert_eq!(Reader::new(bytes).nat(), Err(error));
        assert!(Reader::new(bytes).skip().is_err());
    }
}

#[test]
fn lengths_are_not_believed() {
    assert_eq!(
        Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255, 1])
            .bytes()
            .ok(),
        None
    );
    assert_eq!(
        Reader::new(&[0x9a, 255, 255, 255, 255, 1]).array(),
        Err(DecodeError::Truncated { position: 0 })
    );
    assert_eq!(
        Reader::new(&[0xa1, 0]).map(),
        Err(DecodeError::Truncated { position: 0 })
    );
    assert_eq!(
        Reader::new(&[0x5f, 0x41, 0, 0xff]).bytes(),
        Err(DecodeError::Indefinite { position: 0 })
    );
}

#[test]
fn skipping_reads_one_value_and_no_more() {
    let value = [0x83, 0xa1, 0x61, b'a', 0x80, 0xd9, 0xd9, 0xf7, 0x40, 0xf6];
    let mut input = value.to_vec();
    input.push(0x07);
    let mut reader = Reader::new(&input);
    assert_eq!(reader.raw(), Ok(&value[..]));
    assert_eq!(reader.nat(), Ok(7));
}

#[test]
fn open_ended_containers_end_with_a_break() {
    let value = [
        0xbf, 0x61, b'a', 0x9f, 0x01, 0x9f, 0xff, 0xff, 0x61, b'b', 0x80, 0xff,
    ];
    assert_eq!(Reader::new(&value).raw(), Ok(&value[..]));
    for length in 0..value.len() {
        assert!(Reader::new(&value[..length]).skip().is_err());
    }
    // A map that breaks between key and value.
    assert!(
        Reader::new(&[0xbf, 0x61, b'a', 0xff])
            .fields(&["a"], |_, reader| reader.skip())
            .is_err()
    );
    let over = Reader::new(&[0x9f, 1, 2, 3, 0xff]).list("numbers", 2, Reader::nat);
    assert_eq!(
        over,
        Err(DecodeError::OverLimit {
            what: "numbers",
            limit: 2,
            found: 3
        })
    );
}

#[test]
fn open_ended_maps_do_not_end_after_a_key() {
    for map in [
        &[0xbf, 0x01, 0xff][..],
        &[0xbf, 1, 2, 3, 0xff],
        &[0xbf, 0x80, 0xff],
    ] {
        let error = DecodeError::Unexpected {
            position: map.len() - 1,
            expected: "a value",
            found: Kind::Other,
        };
        assert_eq!(Reader::new(map).skip(), Err(error.clone()));
        assert_eq!(Reader::new(map).raw(), Err(error));
        let answer = [&[0xa1, 0x61, b'x'][..], map].concat();
        assert!(
            Reader::new(&answer)
                .fields_among_others(&["a"], |_, reader| reader.skip())
                .is_err()
        );
    }
    assert_eq!(Reader::new(&[0xbf, 0x80, 0xbf, 0xff, 0xff]).skip(), Ok(()));
}

#[test]
fn http_023_names_beyond_the_64th_are_not_repeated_either() {
    let names: Vec<&'static str> = (0..70)
        .map(|number| &*format!("{number:02}").leak())
        .collect();
    for name in &names {
        let name = name.as_bytes();
        let twice = [&[0xa2, 0x62][..], name, &[0, 0x62], name, &[0]].concat();
        let error = DecodeError::DuplicateKey { position: 5 };
        let mut strict = Reader::new(&twice);
        assert_eq!(
            strict.fields(&names, |_, reader| reader.skip()),
            Err(error.clone())
        );
        let mut lenient = Reader::new(&twice);
        assert_eq!(
            lenient.fields_among_others(&names, |_, reader| reader.skip()),
            Err(error)
        );
    }
}

#[test]
fn skipping_is_bounded() {
    let deep = [vec![0x81; limits::CBOR_DEPTH], vec![0]].concat();
    assert_eq!(Reader::new(&deep).skip(), Ok(()));
    let deeper = [vec![0x81; limits::CBOR_DEPTH + 1], vec![0]].concat();
    let error = DecodeError::TooDeep {
        position: limits::CBOR_DEPTH,
        limit: limits::CBOR_DEPTH,
    };
    assert_eq!(Reader::new(&deeper).skip(), Err(error));
}
