//! What is wrong gets the status and the words that the specification names, changes nothing, and does not stop the
//! node (HTTP-016, HTTP-110, HTTP-130 to HTTP-137, HTTP-160 to HTTP-175, HTTP-245, HTTP-246).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test"
)]

mod common;

use std::time::Duration;

use candid::Decode;
use common::{NOTHING, Served, key, module};
use examples::client::wire::exchange;
use examples::client::{Client, ClientError, InstallMode};
use examples::{clock, http};
use ic_certification::{RequestStatus, paths};
use ic_crypto::user_key::SecretKey;
use ic_types::codec::{SELF_DESCRIBED, Value, ValueMap, Wire as _};
use ic_types::{
    Call, CanisterId, Content as _, Delegation, DelegationChain, Path, Permissions, Principal,
    Query, ReadState, Reject, RejectCode, SenderProof, SyncCallAnswer, Time,
};

const CBOR: &str = "application/cbor";
const ENDPOINTS: [&str; 9] = [
    "v2/canister/{}/call",
    "v3/canister/{}/call",
    "v4/canister/{}/call",
    "v2/canister/{}/query",
    "v3/canister/{}/query",
    "v2/canister/{}/read_state",
    "v3/canister/{}/read_state",
    "v2/subnet/{}/read_state",
    "v3/subnet/{}/read_state",
];

fn in_seconds(seconds: u64) -> Time {
    clock::wall().saturating_add(Duration::from_secs(seconds))
}

fn seconds_ago(seconds: u64) -> Time {
    clock::wall()
        .checked_sub(Duration::from_secs(seconds))
        .unwrap()
}

/// A subnet of one node with one counter, and whoever controls it.
struct Scene {
    served: Served,
    owner: SecretKey,
    client: Client,
    counter: CanisterId,
}

impl Scene {
    async fn new() -> Self {
        let served = Served::start(1).await;
        let client = served.client("owner");
        let (counter, _) = client.create_canister().await.unwrap();
        client
            .install(
                counter,
                InstallMode::Install,
                &module("counter/counter.wasm"),
                NOTHING,
            )
            .await
            .unwrap();
        Self {
            served,
            owner: key("owner"),
            client,
            counter,
        }
    }

    fn increment(&self) -> Call {
        Call {
            sender: self.owner.user_id(),
            expiry: in_seconds(60),
            nonce: None,
            canister: self.counter,
            method: "increment".to_owned(),
            argument: NOTHING.to_vec(),
            sender_info: None,
        }
    }

    fn read(&self) -> Query {
        let Call {
            sender,
            expiry,
            nonce,
            canister,
            argument,
            sender_info,
            ..
        } = self.increment();
        Query {
            sender,
            expiry,
            nonce,
            canister,
            method: "read".to_owned(),
            argument,
            sender_info,
        }
    }

    fn time(&self) -> ReadState {
        ReadState {
            sender: self.owner.user_id(),
            expiry: in_seconds(60),
            nonce: None,
            paths: vec![paths::time()],
        }
    }

    async fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> (u16, String) {
        let (status, answer) = exchange(self.served.address, path, Some((media_type, body)))
            .await
            .unwrap();
        (
            status.as_u16(),
            String::from_utf8_lossy(&answer).into_owned(),
        )
    }

    async fn call(&self, body: Vec<u8>) -> (u16, String) {
        self.post(
            &format!("/api/v4/canister/{}/call", self.counter),
            CBOR,
            body,
        )
        .await
    }

    async fn query(&self, body: Vec<u8>) -> (u16, String) {
        self.post(
            &format!("/api/v3/canister/{}/query", self.counter),
            CBOR,
            body,
        )
        .await
    }

    async fn read_state(&self, body: Vec<u8>) -> (u16, String) {
        self.post(
            &format!("/api/v3/canister/{}/read_state", self.counter),
            CBOR,
            body,
        )
        .await
    }

    /// The node goes on, and the counter is what it should be.
    async fn counter_is(&self, expected: u64) {
        let reply = self
            .client
            .query(self.counter, "read", NOTHING.to_vec())
            .await
            .unwrap();
        assert_eq!(Decode!(&reply, u64).unwrap(), expected);
    }

    /// The subnet never heard of the call.
    async fn unknown(&self, call: &Call) {
        let id = call.id();
        let verified = self
            .client
            .read_state(self.counter, vec![paths::request_status::of(&id)])
            .await
            .unwrap();
        assert_eq!(verified.request_status(&id), Ok(RequestStatus::Absent));
    }
}

fn assert_refused((status, text): &(u16, String), expected: u16, words: &str) {
    assert_eq!(*status, expected, "{text}");
    assert!(text.contains(words), "{words:?} is not in {text:?}");
}

/// The map that an envelope is, to be changed.
fn envelope_map(bytes: &[u8]) -> ValueMap {
    match Value::decode(bytes).unwrap() {
        Value::Tag(SELF_DESCRIBED, map) => match *map {
            Value::Map(map) => map,
            other => panic!("not a map: {other:?}"),
        },
        other => panic!("not a map: {other:?}"),
    }
}

fn encode(map: ValueMap) -> Vec<u8> {
    Value::Tag(SELF_DESCRIBED, Box::new(Value::Map(map))).encode()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// HTTP-002 to HTTP-004, HTTP-006 to HTTP-011, HTTP-013 to HTTP-016, HTTP-246: what every endpoint wants of a body and a URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies() {
    let scene = Scene::new().await;
    let good = scene.owner.sign_request(scene.increment()).encode();
    let subnet = scene.served.root().subnet().to_string();

    for endpoint in ENDPOINTS {
        let id = if endpoint.contains("subnet") {
            subnet.clone()
        } else {
            scene.counter.to_string()
        };
        let path = format!("/api/{}", endpoint.replace("{}", &id));

        // Malformed CBOR: nothing, rubbish, a part, too much, the wrong thing.
        let mut longer = good.clone();
        longer.push(0);
        let [half, most] = [good.len() / 2, good.len() - 1].map(|end| good[..end].to_vec());
        for body in [
            vec![],
            b"rubbish".to_vec(),
            vec![0xff; 64],
            half,
            most,
            longer,
            Value::Nat(3).encode(),
        ] {
            assert_refused(
                &scene.post(&path, CBOR, body).await,
                400,
                "Could not parse body as",
            );
        }
        // Nesting that would exhaust a stack.
        assert_refused(
            &scene.post(&path, CBOR, vec![0x81; 100_000]).await,
            400,
            "Could not parse body as",
        );

        // Not said to be CBOR.
        assert_refused(
            &scene.post(&path, "application/json", good.clone()).await,
            415,
            "application/cbor",
        );

        // Too long: more than any request may be.
        let (status, answer) = scene
            .post(&path, CBOR, vec![0; http::LONGEST_BODY + 1])
            .await;
        assert_refused(&(status, answer), 413, "too large");

        // An identifier that is none. Never 404: agents would think that the version is not supported.
        let path = format!("/api/{}", endpoint.replace("{}", "not-a-principal"));
        assert_refused(
            &scene.post(&path, CBOR, good.clone()).await,
            400,
            "Invalid principal in the URL",
        );
    }
    scene.counter_is(0).await;
}

/// HTTP-024, HTTP-030 to HTTP-033, HTTP-040 to HTTP-042.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields() {
    let scene = Scene::new().await;
    let call = scene.increment();
    let good = scene.owner.sign_request(call.clone()).encode();

    // A field that nobody knows, in the content and around it.
    let mut map = envelope_map(&good);
    map.insert(text("surprise"), Value::Nat(1));
    assert_refused(&scene.call(encode(map)).await, 400, "surprise");
    let mut map = envelope_map(&good);
    if let Some(Value::Map(content)) = map.get_mut(&text("content")) {
        content.insert(text("surprise"), Value::Nat(1));
    }
    assert_refused(&scene.call(encode(map)).await, 400, "surprise");

    // A field that is missing, or of another kind.
    for name in [
        "canister_id",
        "method_name",
        "arg",
        "sender",
        "ingress_expiry",
        "request_type",
    ] {
        let mut map = envelope_map(&good);
        if let Some(Value::Map(content)) = map.get_mut(&text("content")) {
            content.remove(&text(name));
        }
        assert_refused(
            &scene.call(encode(map)).await,
            400,
            "Could not parse body as call message",
        );
        let mut map = envelope_map(&good);
        if let Some(Value::Map(content)) = map.get_mut(&text("content")) {
            content.insert(text(name), Value::Bool(true));
        }
        assert_refused(
            &scene.call(encode(map)).await,
            400,
            "Could not parse body as call message",
        );
    }
    // A key without a signature, and a signature without a key.
    for name in ["sender_pubkey", "sender_sig"] {
        let mut map = envelope_map(&good);
        map.remove(&text(name));
        assert_refused(
            &scene.call(encode(map)).await,
            400,
            "Could not parse body as call message",
        );
    }
    // A query where a call belongs.
    let query = scene.owner.sign_request(scene.read()).encode();
    assert_refused(
        &scene.call(query).await,
        400,
        "Could not parse body as call message",
    );

    scene.unknown(&call).await;
    scene.counter_is(0).await;
}

/// HTTP-110, HTTP-111, HTTP-112, HTTP-245.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry() {
    let scene = Scene::new().await;
    for expiry in [
        seconds_ago(1),
        seconds_ago(3600),
        Time::EPOCH,
        in_seconds(400),
        Time::MAX,
    ] {
        let call = Call {
            expiry,
            ..scene.increment()
        };
        let refused = scene
            .call(scene.owner.sign_request(call.clone()).encode())
            .await;
        assert_refused(&refused, 400, "Invalid request expiry: ");
        scene.unknown(&call).await;
        let query = scene.owner.sign_request(Query {
            expiry,
            ..scene.read()
        });
        assert_refused(
            &scene.query(query.encode()).await,
            400,
            "Invalid request expiry: ",
        );
        let read = scene.owner.sign_request(ReadState {
            expiry,
            ..scene.time()
        });
        assert_refused(
            &scene.read_state(read.encode()).await,
            400,
            "Invalid request expiry: ",
        );
    }
    scene.counter_is(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders() {
    let scene = Scene::new().await;
    let stranger = key("a stranger");

    // Another one's signature, another one's name, no signature at all.
    let mut forged = scene.owner.sign_request(scene.increment());
    if let SenderProof::Signed { signature, .. } = &mut forged.proof {
        *signature = stranger.sign(&forged.content.id());
    }
    assert_refused(&scene.call(forged.encode()).await, 403, "Invalid signature");
    let impersonated = stranger.sign_request(scene.increment());
    assert_refused(
        &scene.call(impersonated.encode()).await,
        403,
        "Invalid sender",
    );
    let mut unsigned = scene.owner.sign_request(scene.increment());
    unsigned.proof = SenderProof::Anonymous;
    assert_refused(&scene.call(unsigned.encode()).await, 403, "Invalid sender");

    // Delegations: by somebody else, expired, for another canister, for queries only.
    let good = Delegation {
        key: stranger.der_public_key(),
        expiration: in_seconds(60),
        targets: None,
        permissions: None,
    };
    let cases = [
        ("by somebody else", stranger.delegate(good.clone())),
        (
            "expired",
            scene.owner.delegate(Delegation {
                expiration: seconds_ago(1),
                ..good.clone()
            }),
        ),
        (
            "for another canister",
            scene.owner.delegate(Delegation {
                targets: Some(vec![CanisterId::from_u64(1)]),
                ..good.clone()
            }),
        ),
        (
            "for queries",
            scene.owner.delegate(Delegation {
                permissions: Some(Permissions::Queries),
                ..good.clone()
            }),
        ),
    ];
    for (name, delegation) in cases {
        let chain = DelegationChain::try_from(vec![delegation]).unwrap();
        let envelope =
            stranger.sign_request_for(scene.owner.der_public_key(), chain, scene.increment());
        let (status, text) = scene.call(envelope.encode()).await;
        assert!(
            (400..500).contains(&status) && status != 404,
            "{name}: {status} {text}"
        );
        assert!(text.contains("elegation"), "{name}: {text}");
    }
    scene.unknown(&scene.increment()).await;
    scene.counter_is(0).await;

    // The good one is good.
    let chain = DelegationChain::try_from(vec![scene.owner.delegate(good)]).unwrap();
    let envelope =
        stranger.sign_request_for(scene.owner.der_public_key(), chain, scene.increment());
    assert_eq!(scene.call(envelope.encode()).await.0, 200);
    scene.counter_is(1).await;
}

/// The reject that comes without a certificate.
fn uncertified(status: u16, body: &[u8]) -> Reject {
    match SyncCallAnswer::decode(status, body) {
        Ok(SyncCallAnswer::Rejected(reject)) => reject,
        other => panic!("not a rejection by one node: {other:?}"),
    }
}

/// HTTP-130, HTTP-137, HTTP-144, HTTP-177: nothing that is refused is known to the state, provably.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canisters() {
    let scene = Scene::new().await;
    let post = async |id: CanisterId, call: Call| {
        let path = format!("/api/v4/canister/{id}/call");
        let body = scene.owner.sign_request(call).encode();
        let (status, answer) = exchange(scene.served.address, &path, Some((CBOR, body)))
            .await
            .unwrap();
        (status.as_u16(), answer.to_vec())
    };

    // Nobody has this id yet: this node says so, and nothing is ordered.
    let nobody = CanisterId::from_u64(77);
    let call = Call {
        canister: nobody,
        ..scene.increment()
    };
    let (status, body) = post(nobody, call.clone()).await;
    assert_eq!(
        uncertified(status, &body).code,
        RejectCode::DestinationInvalid
    );
    scene.unknown(&call).await;

    // The URL names another canister, or one that is not of this subnet.
    let (status, body) = post(nobody, scene.increment()).await;
    assert_refused(
        &(status, String::from_utf8_lossy(&body).into()),
        400,
        "does not match effective canister id",
    );
    let foreign = CanisterId::from_u64(u64::MAX);
    let (status, body) = post(
        foreign,
        Call {
            canister: foreign,
            ..scene.increment()
        },
    )
    .await;
    assert_refused(
        &(status, String::from_utf8_lossy(&body).into()),
        400,
        "does not host canister",
    );

    // Longer than a call may be, though not longer than a body may be (LIM-002).
    let call = Call {
        argument: vec![0; 2 * 1024 * 1024],
        ..scene.increment()
    };
    let (status, body) = post(scene.counter, call.clone()).await;
    assert_refused(
        &(status, String::from_utf8_lossy(&body).into()),
        413,
        "bytes",
    );
    scene.unknown(&call).await;

    // A method that is not there: the canister is asked, and the subnet certifies that it has none.
    let (status, body) = post(
        scene.counter,
        Call {
            method: "nothing".to_owned(),
            ..scene.increment()
        },
    )
    .await;
    assert!(status == 200 && SyncCallAnswer::decode(status, &body).is_ok());

    // A module that does not validate: certified, and the counter runs on.
    for wasm in [&b"\0asm\x01\0\0\0\xff"[..], b"not wasm at all", b""] {
        let installed = scene
            .client
            .install(scene.counter, InstallMode::Reinstall, wasm, NOTHING)
            .await;
        match installed {
            Err(ClientError::Rejected { code, .. }) => assert_eq!(code, RejectCode::CanisterError),
            Err(ClientError::Uncertified(reject)) => {
                assert_eq!(reject.code, RejectCode::CanisterError)
            }
            other => panic!("installed {wasm:?}: {other:?}"),
        }
    }
    // Who is no controller may not.
    let stranger = scene.served.client("a stranger");
    let installed = stranger
        .install(
            scene.counter,
            InstallMode::Reinstall,
            &module("counter/counter.wasm"),
            NOTHING,
        )
        .await;
    assert!(
        matches!(
            installed,
            Err(ClientError::Uncertified(_) | ClientError::Rejected { .. })
        ),
        "{installed:?}"
    );
    scene.counter_is(0).await;
}

/// HTTP-046, HTTP-167, HTTP-168, HTTP-170, HTTP-175, HTTP-178, CERT-111.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_of_the_state() {
    let scene = Scene::new().await;
    let canister = scene.counter.as_slice();
    let outcome = scene.increment();
    assert_eq!(
        scene
            .call(scene.owner.sign_request(outcome.clone()).encode())
            .await
            .0,
        200
    );
    let id = outcome.id();
    let ask = async |key: &SecretKey, paths: Vec<Path>| {
        let read = ReadState {
            sender: key.user_id(),
            paths,
            ..scene.time()
        };
        scene.read_state(key.sign_request(read).encode()).await
    };

    // Forms that may not be asked for, whatever is there (HTTP-170).
    let none: [&[u8]; 0] = [];
    for path in [
        Path::new(none),
        Path::new([b"canister".as_slice()]),
        Path::new([b"canister".as_slice(), canister]),
        Path::new([b"canister".as_slice(), canister, b"certified_data"]),
        Path::new([b"canister".as_slice(), canister, b"metadata"]),
        Path::new([b"request_status".as_slice()]),
        Path::new([
            b"canister_ranges".as_slice(),
            scene.served.root().subnet().as_slice(),
        ]),
        Path::new([
            b"subnet".as_slice(),
            scene.served.root().subnet().as_slice(),
            b"metrics",
        ]),
        Path::new([b"time".as_slice(), b"more"]),
        Path::new([b"anything".as_slice()]),
    ] {
        assert_refused(
            &ask(&scene.owner, vec![path.clone()]).await,
            404,
            "Invalid path requested.",
        );
        // One forbidden path spoils the request.
        assert_refused(
            &ask(&scene.owner, vec![paths::time(), path]).await,
            404,
            "Invalid path requested.",
        );
    }
    // Another canister than that of the URL (HTTP-168).
    let other = paths::canister::module_hash(CanisterId::from_u64(5));
    assert_refused(&ask(&scene.owner, vec![other]).await, 400, "does not match");
    // Identifiers that are none.
    let long = Path::new([b"subnet".as_slice(), &[0; 30]]);
    assert_refused(&ask(&scene.owner, vec![long]).await, 400, "principal");
    let short = Path::new([b"request_status".as_slice(), &[0; 31]]);
    assert_refused(&ask(&scene.owner, vec![short]).await, 400, "request id");
    // Two requests in one (HTTP-167).
    let two = vec![
        paths::request_status::of(&id),
        paths::request_status::of(&scene.increment().id()),
    ];
    let refused = ask(&scene.owner, two).await;
    assert!(
        refused.0 == 400 || scene.increment().id() == id,
        "{refused:?}"
    );
    // Somebody else's request.
    let stranger = key("a stranger");
    let refused = ask(&stranger, vec![paths::request_status::of(&id)]).await;
    assert_refused(&refused, 403, "not signed by the caller");
    assert_eq!(
        ask(&scene.owner, vec![paths::request_status::of(&id)])
            .await
            .0,
        200
    );
    // Too many paths, and too long ones (HTTP-046).
    let refused = ask(&scene.owner, vec![paths::time(); 1001]).await;
    assert_refused(&refused, 400, "Could not parse body as read request");
    let refused = ask(&scene.owner, vec![Path::new(vec![b"a".as_slice(); 128])]).await;
    assert_refused(&refused, 400, "Could not parse body as read request");

    // Another subnet than this (HTTP-178).
    let path = format!("/api/v3/subnet/{}/read_state", Principal::MANAGEMENT);
    let body = scene.owner.sign_request(scene.time()).encode();
    assert_refused(&scene.post(&path, CBOR, body).await, 400, "This is subnet");
    scene.counter_is(1).await;
}

/// HTTP-001: the status is there; what the interface does not have is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urls() {
    let served = Served::start(1).await;
    for path in [
        "/",
        "/api/v2/subnet/aaaaa-aa/query",
        "/api/v3/subnet/aaaaa-aa/call",
        "/api/v5/canister/aaaaa-aa/call",
    ] {
        let (status, _) = exchange(served.address, path, Some((CBOR, vec![])))
            .await
            .unwrap();
        assert_eq!(status.as_u16(), 404, "{path}");
    }
    let (status, _) = exchange(served.address, "/api/v4/canister/aaaaa-aa/call", None)
        .await
        .unwrap();
    assert_eq!(status.as_u16(), 405);
    let (status, _) = exchange(served.address, "/api/v2/status", None)
        .await
        .unwrap();
    assert_eq!(status.as_u16(), 200);
}
