//! Targets of `ic-types`.

use ic_types::codec::{Reader, Value, Wire};
use ic_types::{
    AsyncCallAnswer, Call, CanisterRanges, Content, Envelope, Principal, Query, QueryResponse,
    ReadState, ReadStateAnswer, Reject, RequestId, Status, SyncCallAnswer,
};

use crate::memory::bounded;

/// A text that is a principal is the text of that principal, but for its case (ID-020 to ID-026).
pub fn principal_text(input: &[u8]) {
    if let Ok(text) = str::from_utf8(input)
        && let Ok(principal) = text.parse::<Principal>()
    {
        assert_eq!(principal.to_string(), text.to_ascii_lowercase());
        assert_eq!(
            Principal::try_from_slice(principal.as_slice()),
            Ok(principal)
        );
    }
    // Any bytes that are few enough are a principal, and its text leads back to it.
    match Principal::try_from_slice(input) {
        Ok(principal) => assert_eq!(principal.to_string().parse(), Ok(principal)),
        Err(_) => assert!(input.len() > Principal::MAX_LENGTH),
    }
}

/// What decodes encodes, and the request id is that of the content as a map of values (HTTP-120).
pub fn envelope(input: &[u8]) {
    fn of<C: Content>(input: &[u8]) {
        let Ok(envelope) = bounded(input, Envelope::<C>::decode) else {
            return;
        };
        assert_eq!(Envelope::decode(&envelope.encode()).as_ref(), Ok(&envelope));
        let content = Value::decode(&envelope.content.encode()).expect("what we encode is a value");
        let hash = content
            .untagged()
            .representation_independent_hash()
            .expect("of kinds that have a hash");
        assert_eq!(RequestId::new(hash), envelope.content.id());
    }
    of::<Call>(input);
    of::<Query>(input);
    of::<ReadState>(input);
}

/// What decodes encodes, and means the same then.
pub fn answers(input: &[u8]) {
    fn of<T: Wire + PartialEq + std::fmt::Debug>(input: &[u8]) {
        let Ok(answer) = bounded(input, T::decode) else {
            return;
        };
        assert_eq!(T::decode(&answer.encode()), Ok(answer));
    }
    of::<QueryResponse>(input);
    of::<ReadStateAnswer>(input);
    of::<Reject>(input);
    of::<Status>(input);
    of::<CanisterRanges>(input);
    if let Ok(answer) = bounded(input, |input| AsyncCallAnswer::decode(200, input)) {
        assert_eq!(
            AsyncCallAnswer::decode(answer.http_status(), &answer.encode()),
            Ok(answer)
        );
    }
    if let Ok(answer) = bounded(input, |input| SyncCallAnswer::decode(200, input)) {
        assert_eq!(
            SyncCallAnswer::decode(answer.http_status(), &answer.encode()),
            Ok(answer)
        );
    }
}

/// What is read as a value can be skipped, and has one encoding.
pub fn cbor_value(input: &[u8]) {
    let skipped = Reader::new(input).raw();
    if let Ok(value) = bounded(input, Value::decode) {
        assert_eq!(skipped, Ok(input));
        let encoded = value.encode();
        // The shortest form is not longer, but for the count of an open-ended list or map of 256 or more.
        assert!(encoded.len() <= input.len() + input.len() / 256);
        assert_eq!(Value::decode(&encoded), Ok(value));
    }
}
