//! Requests through a gateway, from the first query to a response that may be passed on.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod gateway;

use gateway::{CANISTER, certify, gateway, root, signed};
use ic_certification::http::{
    Callback, CandidError, DowngradeError, ExchangeError, Expression, ExpressionPath, Gateway,
    GatewayQuery, GatewayUpdate, HttpError, HttpRequest, HttpResponse, HttpUpdateRequest, Response,
    ResponseSelection, ResponseTree, Step, StreamLimits, StreamingCallbackHttpResponse,
    StreamingStrategy, StreamingToken, UnverifiedResponse, Version, check_downgrade,
};
use ic_certification::{
    Certificate, Freshness, LabeledTree, Subject, VerifiedCertificate, leaves, paths,
};
use ic_types::codec::Wire;
use ic_types::response::{ReadStateAnswer, Reject, RejectCode, SyncCallAnswer};
use ic_types::{CanisterId, Digest, Path, RequestId, Time};

/// A token: a number, in Candid.
fn token(number: u8) -> StreamingToken {
    StreamingToken::decode(&[b"DIDL\0\x01\x7b", &[number][..]].concat()).unwrap()
}

fn strategy(canister: CanisterId) -> Option<StreamingStrategy> {
    Some(StreamingStrategy::Callback {
        callback: Callback {
            canister,
            method: "next_part".into(),
        },
        token: token(1),
    })
}

fn part(body: &[u8], next: Option<u8>) -> Vec<u8> {
    let part = StreamingCallbackHttpResponse {
        body: body.to_vec(),
        token: next.map(token),
    };
    part.encode()
}

fn start(request: HttpRequest) -> GatewayQuery {
    GatewayQuery::start(CANISTER, request, StreamLimits::default())
}

fn query(step: Step) -> GatewayQuery {
    let Step::Query(query) = step else {
        panic!("expected a query, found {step:?}");
    };
    query
}

fn update(step: Step) -> GatewayUpdate {
    let Step::Update(update) = step else {
        panic!("expected an update, found {step:?}");
    };
    update
}

fn unverified(step: Step) -> UnverifiedResponse {
    let Step::Unverified(response) = step else {
        panic!("expected a response to verify, found {step:?}");
    };
    response
}

/// A response to `/video` that is certified with this body, and sent with that one.
fn video(headers: &[(&str, &str)], certified: &[u8], sent: &[u8]) -> HttpResponse {
    let expression = Expression::Response(ResponseSelection::AllBut(vec![]));
    let mut tree = ResponseTree::new();
    let path = ExpressionPath::exact("/video").unwrap();
    let response = Response::new(200, headers, certified);
    let entry = tree.insert(path, &expression, None, &response).unwrap();
    let proof = tree
        .headers(&entry, "/video", &certify(tree.digest()))
        .unwrap();
    let mut all: Vec<(String, String)> = proof.map(|(name, value)| (name.into(), value)).into();
    all.extend(
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into())),
    );
    HttpResponse::new(200, all, sent.to_vec())
}

/// GW-001, GW-005, GW-006, GW-007, GW-076, GW-080, GW-106, CERT-154: a query, its body in three parts, then the verification.
#[test]
fn gw_001_from_query_to_verdict() {
    let request = HttpRequest {
        certificate_version: None,
        ..HttpRequest::new("GET", "https://example.com/video?quality=high")
    };
    let first = start(request.clone());
    assert_eq!(
        (first.canister(), first.method()),
        (CANISTER, "http_request")
    );
    let sent = HttpRequest::decode(first.argument()).unwrap();
    assert_eq!(
        sent.certificate_version,
        Some(2),
        "the highest that we verify"
    );
    assert_eq!((sent.method, sent.url), (request.method, request.url));

    let response = HttpResponse {
        streaming_strategy: strategy(CANISTER),
        ..video(&[("Content-Type", "video/mp4")], b"one two three", b"one ")
    };
    let second = query(first.reply(&response.encode()).unwrap());
    assert_eq!(
        (second.canister(), second.method()),
        (CANISTER, "next_part")
    );
    assert_eq!(second.argument(), token(1).encode());
    let third = query(second.reply(&part(b"two ", Some(2))).unwrap());
    assert_eq!(third.method(), "next_part");
    assert_eq!(third.argument(), token(2).encode());
    let complete = unverified(third.reply(&part(b"three", None)).unwrap());

    let verified = complete.verify(&gateway()).unwrap();
    assert_eq!(verified.response().body, b"one two three");
    assert_eq!(verified.response().status_code, 200);
    assert_eq!(verified.verdict().version(), Version::V2);
    assert_eq!(
        verified.certified_headers(),
        [("Content-Type".to_owned(), "video/mp4".to_owned())]
    );
}

/// GW-080: the callback is a method of the same canister; replies make sense; no body is endless.
#[test]
fn gw_080_callbacks() {
    let other = CanisterId::from_u64(8);
    let response = |canister| HttpResponse {
        streaming_strategy: strategy(canister),
        ..HttpResponse::new(200, vec![], b"1234".to_vec())
    };
    let error = start(HttpRequest::new("GET", "/")).reply(&response(other).encode());
    assert_eq!(
        error.unwrap_err(),
        ExchangeError::OtherCanister {
            expected: CANISTER,
            found: other
        }
    );

    let limits = StreamLimits {
        body_bytes: 10,
        callbacks: 3,
    };
    let begun = || {
        let first = GatewayQuery::start(CANISTER, HttpRequest::new("GET", "/"), limits);
        query(first.reply(&response(CANISTER).encode()).unwrap())
    };
    assert_eq!(
        begun().reply(&part(b"1234567", None)).unwrap_err(),
        ExchangeError::BodyTooLong {
            limit: 10,
            found: 11
        }
    );
    assert!(begun().reply(&part(b"123456", None)).is_ok());
    let first = GatewayQuery::start(CANISTER, HttpRequest::new("GET", "/"), limits);
    let long = HttpResponse::new(200, vec![], vec![0; 11]).encode();
    assert!(matches!(
        first.reply(&long),
        Err(ExchangeError::BodyTooLong { .. })
    ));

    let mut waiting = begun();
    for _ in 0..2 {
        waiting = query(waiting.reply(&part(b"", Some(1))).unwrap());
    }
    assert!(waiting.clone().reply(&part(b"", None)).is_ok());
    assert_eq!(
        waiting.reply(&part(b"", Some(1))).unwrap_err(),
        ExchangeError::TooManyCallbacks { limit: 3 }
    );

    // The answer of a callback is no response, and the other way round.
    assert_eq!(
        begun().reply(b"").unwrap_err(),
        ExchangeError::Reply {
            method: "next_part".into(),
            error: CandidError::Magic
        }
    );
    assert_eq!(
        start(HttpRequest::new("GET", "/"))
            .reply(&part(b"", None))
            .unwrap_err(),
        ExchangeError::Reply {
            method: "http_request".into(),
            error: CandidError::MissingField {
                field: "status_code"
            }
        }
    );
}

/// GW-082: a part that is another, missing, or repeated, and the response is nothing that could be passed on.
#[test]
fn gw_082_no_part_is_passed_on_unverified() {
    let complete = |parts: &[&[u8]]| {
        let response = HttpResponse {
            streaming_strategy: strategy(CANISTER),
            ..video(&[], b"one two three", b"one ")
        };
        let first = start(HttpRequest::new("GET", "/video"));
        let mut waiting = query(first.reply(&response.encode()).unwrap());
        let (last, before) = parts.split_last().unwrap();
        for body in before {
            waiting = query(waiting.reply(&part(body, Some(2))).unwrap());
        }
        unverified(waiting.reply(&part(last, None)).unwrap())
    };
    assert!(complete(&[b"two ", b"three"]).verify(&gateway()).is_ok());
    // How it is cut does not matter.
    assert!(complete(&[b"two three"]).verify(&gateway()).is_ok());
    for parts in [
        &[&b"two "[..]][..],
        &[b"two ", b"two ", b"three"],
        &[b"two ", b"threE"],
        &[b"three", b"two "],
    ] {
        assert!(matches!(
            complete(parts).verify(&gateway()),
            Err(HttpError::OtherResponse { .. })
        ));
    }
}

const REQUEST: RequestId = RequestId::new(Digest::new([9; 32]));

/// A certificate that shows the reply to an update.
fn replied(reply: &[u8]) -> Certificate {
    status("replied", |tree| {
        tree.put(&leaves::request_status::reply(&REQUEST), &reply.to_vec());
    })
}

fn status(status: &str, more: impl FnOnce(&mut LabeledTree)) -> Certificate {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.put(
        &leaves::request_status::status(&REQUEST),
        &status.to_owned(),
    );
    more(&mut tree);
    signed(&tree, &[paths::time(), paths::request_status::of(&REQUEST)])
}

fn verified(certificate: &Certificate) -> VerifiedCertificate {
    certificate
        .clone()
        .verify(&root(), Subject::Canister(CANISTER), Freshness::AnyAge)
        .unwrap()
}

fn upgraded() -> (HttpRequest, GatewayUpdate) {
    let mut request = HttpRequest::new("POST", "/form");
    request.headers = vec![("Content-Type".into(), "text/plain".into())];
    request.body = b"a=b".to_vec();
    // Everything but `upgrade` is to be ignored: the strategy would be an error.
    let response = HttpResponse {
        upgrade: Some(true),
        streaming_strategy: strategy(CanisterId::from_u64(8)),
        ..HttpResponse::new(500, vec![("Set-Cookie".into(), "x".into())], vec![0; 100])
    };
    let step = start(request.clone()).reply(&response.encode()).unwrap();
    (request, update(step))
}

/// GW-083: the same request as an update, whose answer needs no headers, and cannot ask for another.
#[test]
fn gw_083_upgrades() {
    let (request, first) = upgraded();
    assert_eq!(
        (first.canister(), first.method()),
        (CANISTER, "http_request_update")
    );
    assert_eq!(
        HttpUpdateRequest::decode(first.argument()),
        Ok(request.to_update())
    );
    // Without the version.
    let sent = HttpRequest::decode(first.argument()).unwrap();
    assert_eq!(sent.certificate_version, None);
    assert_eq!((sent.headers, sent.body), (request.headers, request.body));

    let answer = HttpResponse {
        upgrade: Some(true),
        ..HttpResponse::new(201, vec![], b"done".to_vec())
    };
    let certificate = verified(&replied(&answer.encode()));
    let Step::Certified(response) = first.reply(&certificate, &REQUEST).unwrap() else {
        panic!("an answer");
    };
    assert_eq!(
        response,
        HttpResponse {
            upgrade: None,
            ..answer
        }
    );

    // Whoever does not ask for an upgrade gets none.
    for upgrade in [None, Some(false)] {
        let response = HttpResponse {
            upgrade,
            ..video(&[], b"", b"")
        };
        let first = start(HttpRequest::new("GET", "/video"));
        let complete = unverified(first.reply(&response.encode()).unwrap());
        assert!(complete.verify(&gateway()).is_ok());
    }
}

/// GW-082, GW-083: no header proves the body of a response to an update, so that its parts come from updates too.
#[test]
fn gw_083_parts_after_an_upgrade_are_certified() {
    let (_, first) = upgraded();
    let answer = HttpResponse {
        streaming_strategy: strategy(CANISTER),
        ..HttpResponse::new(200, vec![], b"one ".to_vec())
    };
    let certificate = verified(&replied(&answer.encode()));
    let second = update(first.reply(&certificate, &REQUEST).unwrap());
    assert_eq!(second.method(), "next_part");
    assert_eq!(second.argument(), token(1).encode());
    let certificate = verified(&replied(&part(b"two", None)));
    let Step::Certified(response) = second.reply(&certificate, &REQUEST).unwrap() else {
        panic!("an answer");
    };
    assert_eq!(response.body, b"one two");
}

/// GW-084: the certificate comes with the answer to the call, or with that to a read_state.
#[test]
fn gw_084_both_forms_of_an_answer() {
    let answer = HttpResponse::new(200, vec![], b"done".to_vec());
    let certificate = replied(&answer.encode()).encode();
    let body = SyncCallAnswer::Certified {
        certificate: certificate.clone(),
    }
    .encode();
    let SyncCallAnswer::Certified { certificate: sync } =
        SyncCallAnswer::decode(200, &body).unwrap()
    else {
        panic!("a certificate");
    };
    let body = ReadStateAnswer { certificate }.encode();
    let polled = ReadStateAnswer::decode(&body).unwrap().certificate;
    for certificate in [sync, polled] {
        let certificate = verified(&Certificate::decode(&certificate).unwrap());
        let (_, update) = upgraded();
        let Step::Certified(response) = update.reply(&certificate, &REQUEST).unwrap() else {
            panic!("an answer");
        };
        assert_eq!(response, answer);
    }

    // What is not a reply.
    let of = |certificate: Certificate| {
        let (_, update) = upgraded();
        update.reply(&verified(&certificate), &REQUEST).unwrap_err()
    };
    for text in ["received", "processing", "done"] {
        assert_eq!(of(status(text, |_| ())), ExchangeError::NoReply);
    }
    assert!(matches!(
        of(status("odd", |_| ())),
        ExchangeError::Status(_)
    ));
    let reject = Reject {
        code: RejectCode::CanisterReject,
        message: "no".into(),
        error_code: None,
    };
    let rejected = status("rejected", |tree| {
        tree.put(&leaves::request_status::reject_code(&REQUEST), &reject.code);
        tree.put(
            &leaves::request_status::reject_message(&REQUEST),
            &reject.message,
        );
    });
    assert_eq!(of(rejected), ExchangeError::Rejected(reject.clone()));
    // The reply to another call.
    let (_, update) = upgraded();
    let other = RequestId::new(Digest::new([8; 32]));
    let certificate = verified(&replied(&answer.encode()));
    assert!(update.reply(&certificate, &other).is_err());
}

/// GW-075: version 2 certifies the body as it was sent, packed or not.
#[test]
fn gw_075_version_2_certifies_encoded_bodies() {
    let packed = b"\x1f\x8bnot really".as_slice();
    let complete = |sent: &[u8]| {
        let response = video(&[("Content-Encoding", "gzip")], packed, sent);
        let first = start(HttpRequest::new("GET", "/video"));
        unverified(first.reply(&response.encode()).unwrap())
    };
    let verdict = complete(packed).verify(&gateway()).unwrap();
    assert_eq!(verdict.response().body, packed);
    // What it was made from makes no difference.
    assert!(
        complete(packed)
            .verify_decoded(&gateway(), b"plain")
            .is_ok()
    );
    let other = complete(b"plain");
    for error in [
        other.verify(&gateway()),
        other.verify_decoded(&gateway(), packed),
    ] {
        assert!(matches!(error, Err(HttpError::OtherResponse { .. })));
    }
}

/// A response to `/page` for version 1.
fn page(certified: &[u8], sent: &[u8], encoding: &[(&str, &str)]) -> UnverifiedResponse {
    let mut tree = ResponseTree::new();
    tree.insert_body("/page", certified);
    let (name, value) = tree.body_header("/page", &certify(tree.digest())).unwrap();
    let mut headers = vec![(name.to_owned(), value)];
    headers.extend(
        encoding
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into())),
    );
    let response = HttpResponse::new(200, headers, sent.to_vec());
    unverified(
        start(HttpRequest::new("GET", "/page"))
            .reply(&response.encode())
            .unwrap(),
    )
}

fn first_version() -> Gateway {
    Gateway {
        minimum: Version::V1,
        ..gateway()
    }
}

/// GW-094: version 1 certifies what was packed, and says so if it is not given.
#[test]
fn gw_094_version_1_certifies_decoded_bodies() {
    let gzip = [("content-encoding", " gzip")];
    let complete = page(b"plain", b"packed", &gzip);
    assert_eq!(
        complete.verify(&first_version()),
        Err(HttpError::EncodedBody {
            encoding: "gzip".into()
        })
    );
    let verified = complete.verify_decoded(&first_version(), b"plain").unwrap();
    assert_eq!(verified.response().body, b"packed");
    assert!(matches!(
        complete.verify_decoded(&first_version(), b"plaim"),
        Err(HttpError::OtherBody { .. })
    ));
    // The packed form may be what was certified.
    assert!(
        page(b"packed", b"packed", &gzip)
            .verify(&first_version())
            .is_ok()
    );
    // What is not packed cannot be unpacked.
    for encoding in [&[][..], &[("Content-Encoding", "identity")]] {
        assert!(matches!(
            page(b"plain", b"packed", encoding).verify(&first_version()),
            Err(HttpError::OtherBody { .. })
        ));
    }
}

/// GW-090, GW-092: version 1 is refused, until the canister is known to support nothing else.
#[test]
fn gw_090_downgrades_are_asked_for() {
    let complete = page(b"plain", b"plain", &[]);
    assert_eq!(
        complete.verify(&gateway()),
        Err(HttpError::Version {
            minimum: Version::V2,
            found: Version::V1
        })
    );
    let claims = |versions: &str| {
        let mut tree = LabeledTree::empty();
        tree.put(&leaves::time(), &Time::from_nanos(7));
        let section = leaves::canister::metadata(CANISTER, "supported_certificate_versions");
        tree.put(&section, &versions.as_bytes().to_vec());
        let certificate = verified(&signed(&tree, &[Path::default()]));
        check_downgrade(&certificate, CANISTER)
    };
    assert_eq!(claims("1,2"), Err(DowngradeError::Version2));
    assert_eq!(claims("1"), Ok(()));
    assert!(complete.verify(&first_version()).is_ok());
}
