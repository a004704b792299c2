//! The table, row by row and endpoint by endpoint.

use axum::http::StatusCode;
use ic_types::{CanisterId, Path, Principal, RequestId, SubnetId, UserId};

use super::{Asked, Facts, Scope, Version, permit};

const CANISTER: Principal = CanisterId::from_u64(3).principal();
const OTHER_CANISTER: Principal = CanisterId::from_u64(4).principal();
const ROOT: &[u8] = b"root";
const OTHER: &[u8] = b"other";
const MINE: [u8; 32] = [1; 32];
const THEIRS: [u8; 32] = [2; 32];

/// A state that knows a request of somebody else, and a private section.
struct State;

impl Facts for State {
    fn request_is_visible(&self, id: &RequestId, _: &Asked) -> bool {
        *id.as_bytes() != THEIRS
    }

    fn section_is_hidden(&self, canister: Principal, name: &str, _: UserId) -> bool {
        canister == CANISTER && name == "private"
    }
}

/// What each of the four endpoints says: canister v2, canister v3, subnet v2, subnet v3.
fn ask(paths: &[&[&[u8]]]) -> [Result<(), StatusCode>; 4] {
    let root = Principal::try_from_slice(ROOT).unwrap();
    let paths: Vec<Path> = paths
        .iter()
        .map(|path| Path::new(path.iter().copied()))
        .collect();
    [
        (Version::V2, Scope::Canister(CANISTER)),
        (Version::V3, Scope::Canister(CANISTER)),
        (Version::V2, Scope::Subnet(root)),
        (Version::V3, Scope::Subnet(root)),
    ]
    .map(|(version, scope)| {
        let asked = Asked {
            version,
            scope,
            sender: UserId::ANONYMOUS,
            root_subnet: SubnetId::new(root),
        };
        permit(&paths, &asked, &State).map_err(|refusal| refusal.status)
    })
}

const YES: Result<(), StatusCode> = Ok(());
/// Not a form that may be asked for here.
const FORM: Result<(), StatusCode> = Err(StatusCode::NOT_FOUND);
/// The form would do, what is named in it does not.
const BAD: Result<(), StatusCode> = Err(StatusCode::BAD_REQUEST);
/// Somebody else's.
const FORBIDDEN: Result<(), StatusCode> = Err(StatusCode::FORBIDDEN);

/// HTTP-249: the time may be read everywhere.
#[test]
fn http_160_and_161_time_and_boundary_nodes() {
    for path in [
        &[b"time".as_slice()][..],
        &[b"api_boundary_nodes"],
        &[b"api_boundary_nodes", OTHER],
        &[b"api_boundary_nodes", OTHER, b"domain"],
        &[b"api_boundary_nodes", OTHER, b"ipv4_address"],
        &[b"api_boundary_nodes", OTHER, b"ipv6_address"],
    ] {
        assert_eq!(ask(&[path]), [YES; 4], "{path:?}");
    }
    for path in [
        &[b"time".as_slice(), b"more"][..],
        &[b"api_boundary_nodes", OTHER, b"key"],
        &[b"api_boundary_nodes", OTHER, b"domain", b"more"],
    ] {
        assert_eq!(ask(&[path]), [FORM; 4], "{path:?}");
    }
}

#[test]
fn http_162_shards_of_one_subnet() {
    let one: &[&[u8]] = &[b"canister_ranges", OTHER];
    assert_eq!(ask(&[one]), [FORM, FORM, YES, YES]);
    assert_eq!(ask(&[one, one]), [FORM, FORM, YES, YES]);
    // What agents ask a subnet for, all at once (HTTP-227).
    let all: [&[&[u8]]; 3] = [one, &[b"subnet", OTHER], &[b"time"]];
    assert_eq!(ask(&all), [FORM, FORM, YES, YES]);
    let two: &[&[u8]] = &[b"canister_ranges", ROOT];
    assert_eq!(ask(&[one, two]), [FORM, FORM, BAD, BAD]);
    for path in [
        &[b"canister_ranges".as_slice()][..],
        &[b"canister_ranges", OTHER, CANISTER.as_slice()],
    ] {
        assert_eq!(ask(&[path]), [FORM; 4], "{path:?}");
    }
}

#[test]
fn http_163_to_165_subnets() {
    for path in [
        &[b"subnet".as_slice()][..],
        &[b"subnet", OTHER],
        &[b"subnet", OTHER, b"public_key"],
        &[b"subnet", OTHER, b"type"],
        &[b"subnet", OTHER, b"node"],
        &[b"subnet", OTHER, b"node", ROOT],
        &[b"subnet", OTHER, b"node", ROOT, b"public_key"],
        &[b"subnet", ROOT, b"canister_ranges"],
    ] {
        assert_eq!(ask(&[path]), [YES; 4], "{path:?}");
    }
    let others: &[&[u8]] = &[b"subnet", OTHER, b"canister_ranges"];
    assert_eq!(ask(&[others]), [YES, FORM, YES, FORM]);
    for path in [
        &[b"subnet".as_slice(), OTHER, b"key"][..],
        &[b"subnet", OTHER, b"node", ROOT, b"key"],
        &[b"subnet", ROOT, b"canister_ranges", CANISTER.as_slice()],
    ] {
        assert_eq!(ask(&[path]), [FORM; 4], "{path:?}");
    }
    let long = [0; 30];
    for path in [
        &[b"subnet".as_slice(), &long][..],
        &[b"subnet", OTHER, b"node", &long],
        &[b"subnet", &long, b"canister_ranges"],
    ] {
        assert_eq!(ask(&[path]), [BAD; 4], "{path:?}");
    }
}

#[test]
fn http_166_metrics_of_the_subnet_that_is_asked() {
    let of = |subnet| ask(&[&[b"subnet", subnet, b"metrics"]]);
    assert_eq!(of(ROOT), [FORM, FORM, YES, YES]);
    assert_eq!(of(OTHER), [FORM, FORM, BAD, BAD]);
}

#[test]
fn http_167_one_request_that_one_may_see() {
    let below =
        |id: &'static [u8], field: &'static [u8]| -> [&[u8]; 3] { [b"request_status", id, field] };
    let mine: &[&[u8]] = &[b"request_status", &MINE];
    assert_eq!(ask(&[mine]), [YES; 4]);
    for field in [
        b"status".as_slice(),
        b"reply",
        b"reject_code",
        b"reject_message",
        b"error_code",
    ] {
        assert_eq!(ask(&[mine, &below(&MINE, field)]), [YES; 4]);
        assert_eq!(ask(&[&below(&THEIRS, field)]), [FORBIDDEN; 4]);
    }
    assert_eq!(ask(&[&below(&MINE, b"sender")]), [FORM; 4]);
    assert_eq!(ask(&[&[b"request_status", &THEIRS]]), [FORBIDDEN; 4]);
    assert_eq!(ask(&[mine, &[b"request_status", &[3; 32]]]), [BAD; 4]);
    assert_eq!(ask(&[&[b"request_status", &[3; 31]]]), [BAD; 4]);
}

#[test]
fn http_168_facts_of_the_canister_that_is_asked() {
    for fact in [
        b"module_hash".as_slice(),
        b"controllers",
        b"canister_creation_timestamp",
        b"last_install_timestamp",
    ] {
        let of = |canister: &Principal| ask(&[&[b"canister", canister.as_slice(), fact]]);
        assert_eq!(of(&CANISTER), [YES, YES, FORM, FORM]);
        assert_eq!(of(&OTHER_CANISTER), [BAD, BAD, FORM, FORM]);
    }
}

#[test]
fn http_169_sections() {
    let section = |canister: &Principal, name: &[u8]| {
        ask(&[&[b"canister", canister.as_slice(), b"metadata", name]])
    };
    assert_eq!(section(&CANISTER, b"public"), [YES, YES, FORM, FORM]);
    assert_eq!(
        section(&CANISTER, b"private"),
        [FORBIDDEN, FORBIDDEN, FORM, FORM]
    );
    assert_eq!(section(&OTHER_CANISTER, b"public"), [BAD, BAD, FORM, FORM]);
    assert_eq!(section(&CANISTER, b"\xff"), [BAD, BAD, FORM, FORM]);
}

/// CERT-111: certified data may never be asked for.
#[test]
fn http_170_and_175_nothing_else() {
    let canister = CANISTER.as_slice();
    for path in [
        &[][..],
        &[b"anything".as_slice()],
        &[b"canister"],
        &[b"canister", canister],
        &[b"canister", canister, b"certified_data"],
        &[b"canister", canister, b"metadata"],
        &[b"canister", canister, b"module_hash", b"more"],
        &[b"request_status"],
    ] {
        assert_eq!(ask(&[path]), [FORM; 4], "{path:?}");
        // One spoils all.
        assert_eq!(ask(&[&[b"time"], path]), [FORM; 4], "{path:?}");
    }
    assert_eq!(ask(&[]), [YES; 4]);
}
