//! The messages of the gateway protocol, against what the `candid` crate makes of them.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use candid::{CandidType, Decode, Deserialize, Encode, Principal};
use ic_certification::http::{
    Callback, CandidError, HttpRequest, HttpResponse, HttpUpdateRequest,
    StreamingCallbackHttpResponse, StreamingStrategy, StreamingToken,
};
use ic_types::CanisterId;
use proptest::prelude::*;
use serde_bytes::ByteBuf;

/// GW-100
type Header = (String, String);

/// GW-101
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct Request {
    method: String,
    url: String,
    headers: Vec<Header>,
    body: ByteBuf,
    certificate_version: Option<u16>,
}

/// GW-102, and the request of GW-107
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct UpdateRequest {
    method: String,
    url: String,
    headers: Vec<Header>,
    body: ByteBuf,
}

/// A token such as canisters that keep assets have.
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct Token {
    key: String,
    index: u128,
    sha256: Option<ByteBuf>,
}

/// GW-105
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct Part {
    body: ByteBuf,
    token: Option<Token>,
}

candid::define_function!(CallbackFunction : (Token) -> (Part) query);

#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct CallbackStrategy {
    callback: CallbackFunction,
    token: Token,
}

/// GW-104
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
enum Strategy {
    Callback(CallbackStrategy),
}

/// GW-103
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct Response {
    status_code: u16,
    headers: Vec<Header>,
    body: ByteBuf,
    upgrade: Option<bool>,
    streaming_strategy: Option<Strategy>,
}

/// GW-107
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct LeastResponse {
    status_code: u16,
    headers: Vec<Header>,
    body: ByteBuf,
}

fn token(index: u128) -> Token {
    Token {
        key: "/video.mp4".into(),
        index,
        sha256: Some(ByteBuf::from([7; 32])),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<Header> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn response() -> Response {
    Response {
        status_code: 206,
        headers: pairs(&[("Set-Cookie", "a"), ("Set-Cookie", "b"), ("X-Ü", "ß")]),
        body: ByteBuf::from(*b"first"),
        upgrade: Some(false),
        streaming_strategy: Some(Strategy::Callback(CallbackStrategy {
            callback: CallbackFunction::new(
                Principal::from_slice(CanisterId::from_u64(7).as_slice()),
                "next_part".into(),
            ),
            token: token(1 << 100),
        })),
    }
}

/// The same in our types.
fn our_response() -> HttpResponse {
    HttpResponse {
        status_code: 206,
        headers: response().headers,
        body: b"first".to_vec(),
        upgrade: Some(false),
        streaming_strategy: Some(StreamingStrategy::Callback {
            callback: Callback {
                canister: CanisterId::from_u64(7),
                method: "next_part".into(),
            },
            token: StreamingToken::decode(&Encode!(&token(1 << 100)).unwrap()).unwrap(),
        }),
    }
}

/// GW-100, GW-103, GW-104: what the other writes we read, and what we write the other reads.
#[test]
fn gw_103_responses() {
    assert_eq!(
        HttpResponse::decode(&Encode!(&response()).unwrap()),
        Ok(our_response())
    );
    assert_eq!(
        Decode!(&our_response().encode(), Response).unwrap(),
        response()
    );
    assert_eq!(
        HttpResponse::decode(&our_response().encode()),
        Ok(our_response())
    );
    for upgrade in [None, Some(false), Some(true)] {
        let theirs = Response {
            upgrade,
            streaming_strategy: None,
            ..response()
        };
        let ours = HttpResponse {
            upgrade,
            streaming_strategy: None,
            ..our_response()
        };
        assert_eq!(Decode!(&ours.encode(), Response).unwrap(), theirs);
        assert_eq!(
            HttpResponse::decode(&Encode!(&theirs).unwrap()),
            Ok(ours.clone())
        );
    }
}

/// GW-105.
#[test]
fn gw_105_parts() {
    for token in [None, Some(token(0)), Some(token(u128::MAX))] {
        let theirs = Part {
            body: ByteBuf::from(*b"part"),
            token: token.clone(),
        };
        let ours = StreamingCallbackHttpResponse {
            body: b"part".to_vec(),
            token: token.map(|token| StreamingToken::decode(&Encode!(&token).unwrap()).unwrap()),
        };
        assert_eq!(
            StreamingCallbackHttpResponse::decode(&Encode!(&theirs).unwrap()),
            Ok(ours.clone())
        );
        assert_eq!(Decode!(&ours.encode(), Part).unwrap(), theirs);
    }
}

/// A type that refers to itself.
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct List {
    head: i64,
    tail: Option<Box<List>>,
}

/// A token whose type cannot be told from its value.
#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
enum Odd {
    First(Vec<Option<Odd>>, f64, Vec<i16>),
    Second {
        callback: CallbackFunction,
        list: List,
        whose: Principal,
    },
    #[allow(dead_code, reason = "an alternative that no value has")]
    Third(i128),
    Fourth(()),
}

candid::define_function!(OddFunction : (Odd) -> () query);

#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct OddStrategy {
    callback: OddFunction,
    token: Odd,
}

#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
enum OddStrategies {
    Callback(OddStrategy),
}

#[derive(CandidType, Deserialize, Debug, PartialEq, Clone)]
struct OddResponse {
    status_code: u16,
    headers: Vec<Header>,
    body: ByteBuf,
    streaming_strategy: Option<OddStrategies>,
}

/// GW-081: a token keeps the type that the message gave it, which its value alone would not tell.
#[test]
fn gw_081_tokens_keep_their_type() {
    let function = CallbackFunction::new(Principal::anonymous(), "method".into());
    let list = List {
        head: -1,
        tail: Some(Box::new(List {
            head: 2,
            tail: None,
        })),
    };
    let odd = Odd::First(
        vec![
            None,
            Some(Odd::Second {
                callback: function,
                list,
                whose: Principal::management_canister(),
            }),
            Some(Odd::Fourth(())),
        ],
        0.5,
        vec![-1, 2],
    );
    let response = OddResponse {
        status_code: 200,
        headers: vec![],
        body: ByteBuf::new(),
        streaming_strategy: Some(OddStrategies::Callback(OddStrategy {
            callback: OddFunction::new(Principal::anonymous(), "next".into()),
            token: odd.clone(),
        })),
    };
    let read = HttpResponse::decode(&Encode!(&response).unwrap()).unwrap();
    let Some(StreamingStrategy::Callback { token, .. }) = &read.streaming_strategy else {
        panic!("no strategy");
    };
    assert_eq!(Decode!(&token.encode(), Odd).unwrap(), odd);
    assert_eq!(
        StreamingToken::decode(&token.encode()).unwrap().encode(),
        token.encode()
    );
    // Nothing but the types of the token is in the message.
    assert_eq!(
        token,
        &StreamingToken::decode(&Encode!(&odd).unwrap()).unwrap()
    );
    assert_eq!(Decode!(&read.encode(), OddResponse).unwrap(), response);
    // Another type is another token.
    let other = StreamingToken::decode(&Encode!(&0_u32).unwrap()).unwrap();
    assert_ne!(
        other,
        StreamingToken::decode(&Encode!(&0_i32).unwrap()).unwrap()
    );
    assert!(Decode!(&other.encode(), Odd).is_err());
    // Primitive tokens.
    for message in [
        Encode!(&"a key").unwrap(),
        Encode!(&-5_i128).unwrap(),
        Encode!(&()).unwrap(),
        Encode!(&candid::Reserved).unwrap(),
        Encode!(&true).unwrap(),
    ] {
        assert_eq!(StreamingToken::decode(&message).unwrap().encode(), message);
    }
}

/// Responses of canisters that know of other things.
#[derive(CandidType, Clone)]
struct FutureResponse {
    status_code: u16,
    headers: Vec<(String, String, u8)>,
    body: ByteBuf,
    another: Option<Vec<List>>,
    upgrade: u64,
    streaming_strategy: Option<FutureStrategy>,
    service: Principal,
    zero: Vec<()>,
}

#[derive(CandidType, Clone)]
enum FutureStrategy {
    Push(u8),
}

/// GW-107: what is optional may be missing, what is not known is ignored, what is needed is needed.
#[test]
fn gw_107_the_least_and_the_most() {
    let least = LeastResponse {
        status_code: 404,
        headers: vec![],
        body: ByteBuf::from(*b"none"),
    };
    let ours = HttpResponse::new(404, vec![], b"none".to_vec());
    assert_eq!(
        HttpResponse::decode(&Encode!(&least).unwrap()),
        Ok(ours.clone())
    );
    assert_eq!(Decode!(&ours.encode(), LeastResponse).unwrap(), least);
    // A canister without these fields reads our strategy and upgrade as nothing.
    assert!(Decode!(&our_response().encode(), LeastResponse).is_ok());

    let future = FutureResponse {
        status_code: 404,
        headers: vec![("a".into(), "b".into(), 9)],
        body: ByteBuf::from(*b"none"),
        another: Some(vec![List {
            head: 1,
            tail: None,
        }]),
        upgrade: 1,
        streaming_strategy: Some(FutureStrategy::Push(3)),
        service: Principal::anonymous(),
        zero: vec![(); 100],
    };
    let with_header = HttpResponse::new(404, pairs(&[("a", "b")]), b"none".to_vec());
    assert_eq!(
        HttpResponse::decode(&Encode!(&future).unwrap()),
        Ok(with_header)
    );
    // Further results are not ours.
    assert_eq!(
        HttpResponse::decode(&Encode!(&least, &future, &"more").unwrap()),
        Ok(ours)
    );

    #[derive(CandidType)]
    struct NoBody {
        status_code: u16,
        headers: Vec<Header>,
    }
    let no_body = NoBody {
        status_code: 200,
        headers: vec![],
    };
    assert_eq!(
        HttpResponse::decode(&Encode!(&no_body).unwrap()),
        Err(CandidError::MissingField { field: "body" })
    );
    #[derive(CandidType)]
    struct WideStatus {
        status_code: u32,
        headers: Vec<Header>,
        body: ByteBuf,
    }
    let wide = WideStatus {
        status_code: 200,
        headers: vec![],
        body: ByteBuf::new(),
    };
    assert_eq!(
        HttpResponse::decode(&Encode!(&wide).unwrap()),
        Err(CandidError::OtherType { expected: "nat16" })
    );
    assert_eq!(
        HttpResponse::decode(&Encode!().unwrap()),
        Err(CandidError::NoArgument)
    );
}

/// GW-004, GW-005: methods are in upper case, URLs without scheme, host and fragment, the version is the highest.
#[test]
fn gw_004_requests_for_a_canister() {
    for (url, target) in [
        ("/", "/"),
        ("/a/b?c=d&c=e", "/a/b?c=d&c=e"),
        ("/a#b", "/a"),
        ("https://example.com", "/"),
        ("https://example.com/a%20b?c", "/a%20b?c"),
        ("https://example.com?c", "/?c"),
        ("/a?b=https://c/d", "/a?b=https://c/d"),
        ("example.com/a", "/a"),
        ("", "/"),
    ] {
        let request = HttpRequest::new("pOsT", url);
        assert_eq!(request.url, target, "{url}");
        assert_eq!(request.method, "POST");
        assert_eq!(request.certificate_version, Some(2));
    }
}

#[test]
fn every_beginning_of_a_message_is_refused() {
    for message in [
        our_response().encode(),
        Encode!(&response()).unwrap(),
        HttpRequest::new("GET", "/").encode(),
    ] {
        for length in 0..message.len() {
            assert!(HttpResponse::decode(&message[..length]).is_err());
            assert!(HttpRequest::decode(&message[..length]).is_err());
            assert!(StreamingToken::decode(&message[..length]).is_err());
        }
        let longer = [&message[..], &[0]].concat();
        assert_eq!(
            StreamingToken::decode(&longer),
            Err(CandidError::TrailingBytes { count: 1 })
        );
    }
}

proptest! {
    /// GW-101, GW-102, GW-107: any request, both ways, with and without the version.
    #[test]
    fn any_request(
        method in "[A-Z]{1,7}",
        url in "/[ -~]{0,40}",
        headers in prop::collection::vec(("[a-z-]{1,12}", ".{0,20}"), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..300),
        version in any::<Option<u16>>(),
    ) {
        let theirs = Request {
            method: method.clone(),
            url: url.clone(),
            headers: headers.clone(),
            body: ByteBuf::from(body.clone()),
            certificate_version: version,
        };
        let ours = HttpRequest { method, url, headers, body, certificate_version: version };
        prop_assert_eq!(&Decode!(&ours.encode(), Request).unwrap(), &theirs);
        prop_assert_eq!(HttpRequest::decode(&Encode!(&theirs).unwrap()), Ok(ours.clone()));

        let update = ours.to_update();
        let least = Decode!(&update.encode(), UpdateRequest).unwrap();
        prop_assert_eq!(&Decode!(&ours.encode(), UpdateRequest).unwrap(), &least);
        prop_assert_eq!(HttpUpdateRequest::decode(&Encode!(&least).unwrap()), Ok(update.clone()));
        // A request without a version is one for version 1 (GW-005).
        let first = HttpRequest::decode(&update.encode()).unwrap();
        prop_assert_eq!(first, HttpRequest { certificate_version: None, ..ours });
    }

    /// Whatever the bytes: a value that both read alike, or an error.
    #[test]
    fn any_bytes(at in any::<prop::sample::Index>(), with in any::<u8>(), rest in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut changed = our_response().encode();
        let at = at.index(changed.len());
        changed[at] = with;
        if let (Ok(ours), Ok(theirs)) = (HttpResponse::decode(&changed), Decode!(&changed, Response)) {
            prop_assert_eq!(ours.status_code, theirs.status_code);
            prop_assert_eq!(ours.headers, theirs.headers);
            prop_assert_eq!(&ours.body[..], &theirs.body[..]);
            prop_assert_eq!(ours.upgrade, theirs.upgrade);
        }
        let random = [b"DIDL", &rest[..]].concat();
        if let Ok(token) = StreamingToken::decode(&random) {
            prop_assert_eq!(StreamingToken::decode(&token.encode()), Ok(token));
        }
    }
}
