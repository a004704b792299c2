//! Targets of the gateway protocol: its messages in Candid, and a body that comes in pieces.

use ic_certification::http::{
    CandidError, GatewayQuery, HttpRequest, HttpResponse, HttpUpdateRequest, Step, StreamLimits,
    StreamingCallbackHttpResponse, StreamingToken,
};
use ic_types::CanisterId;

use crate::memory::bounded;

/// Each message: what is read is written, and read alike (GW-100 to GW-107). The rest of the input, in pieces with two bytes
/// of length before them, are the replies of a canister (GW-080).
pub fn gateway_messages(input: &[u8]) {
    same(input, HttpRequest::decode, HttpRequest::encode);
    same(input, HttpUpdateRequest::decode, HttpUpdateRequest::encode);
    same(input, HttpResponse::decode, HttpResponse::encode);
    same(
        input,
        StreamingCallbackHttpResponse::decode,
        StreamingCallbackHttpResponse::encode,
    );
    same(input, StreamingToken::decode, StreamingToken::encode);
    exchange(input);
}

fn same<T: PartialEq + std::fmt::Debug>(
    input: &[u8],
    decode: fn(&[u8]) -> Result<T, CandidError>,
    encode: fn(&T) -> Vec<u8>,
) {
    if let Ok(value) = bounded(input, decode) {
        let encoded = encode(&value);
        assert_eq!(decode(&encoded).as_ref(), Ok(&value));
        assert_eq!(encode(&value), encoded);
    }
}

fn exchange(mut input: &[u8]) {
    let limits = StreamLimits {
        body_bytes: 64,
        callbacks: 3,
    };
    let canister = CanisterId::from_u64(7);
    let mut query = GatewayQuery::start(canister, HttpRequest::new("GET", "/"), limits);
    let mut asked = 1;
    while let Some(([high, low], rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (reply, rest) = rest.split_at(length);
        input = rest;
        assert_eq!(query.canister(), canister);
        match query.reply(reply) {
            Ok(Step::Query(next)) => {
                StreamingToken::decode(next.argument()).expect("a token");
                query = next;
                asked += 1;
                assert!(asked <= 4);
            }
            Ok(Step::Update(update)) => {
                HttpUpdateRequest::decode(update.argument()).expect("a request");
                return;
            }
            Ok(Step::Unverified(response)) => {
                let response = response.unverified();
                assert!(response.body.len() <= 64);
                assert_eq!(
                    (&response.upgrade, &response.streaming_strategy),
                    (&None, &None)
                );
                return;
            }
            Ok(Step::Certified(_)) => panic!("no reply was certified"),
            Ok(step) => panic!("{step:?}"),
            Err(_) => return,
        }
    }
}
