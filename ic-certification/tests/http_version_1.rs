//! Bodies certified by version 1, and when a gateway may believe them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod gateway;

use gateway::{CANISTER, certify, gateway, root, signed};
use ic_certification::http::{
    DowngradeError, Gateway, HttpError, PathError, Request, Response, ResponseTree, Version,
    check_downgrade,
};
use ic_certification::{Freshness, LabeledTree, Subject, VerifiedCertificate, leaves};
use ic_types::{CanisterRange, CanisterRanges, Digest, Path, Time};

/// GW-091 to GW-095.
#[test]
fn the_first_version() {
    let mut tree = ResponseTree::new();
    tree.insert_body("/a b", b"first");
    tree.insert_body("/index.html", b"index");
    let gateway = Gateway {
        minimum: Version::V1,
        ..gateway()
    };
    let verify = |of: &str, url, response: Response<'_>| {
        let (name, value) = tree.body_header(of, &certify(tree.digest())).unwrap();
        let headers = [(name, value.as_str())];
        let response = Response {
            headers: &headers,
            ..response
        };
        gateway.verify(CANISTER, &Request::get(url), &response)
    };
    let first = Response::new(404, &[], b"first");
    let verdict = verify("/a b", "/a%20b?c=d", first).unwrap();
    assert_eq!(verdict.version(), Version::V1);
    assert_eq!((verdict.body(), verdict.status()), (true, false));
    assert!(verdict.headers(&first).is_empty());
    assert!(verify("/none", "/none", Response::new(200, &[], b"index")).is_ok());
    // GW-094
    let packed = Response {
        body: b"packed",
        decoded_body: Some(b"first"),
        ..first
    };
    assert!(verify("/a b", "/a%20b", packed).is_ok());

    assert_eq!(
        verify("/none", "/a%20b", first),
        Err(HttpError::BodyNotShown),
        "a page is not replaced by the index"
    );
    assert_eq!(
        verify("/a b", "/a%20b", Response::new(200, &[], b"second")),
        Err(HttpError::OtherBody {
            found: Digest::of(b"second")
        })
    );
    for url in ["/%", "/%4", "/%zz"] {
        assert_eq!(verify("/a b", url, first), Err(HttpError::BodyNotShown));
    }
    assert_eq!(
        verify("/a b", "/%ff", first),
        Err(HttpError::Url(PathError::NotUtf8))
    );
    assert!(tree.clone().remove_body("/a b"));
}

/// GW-090 to GW-092.
#[test]
fn downgrades() {
    let read = |section: Option<&str>, shown: &[Path]| -> VerifiedCertificate {
        let mut tree = LabeledTree::empty();
        tree.put(&leaves::time(), &Time::from_nanos(7));
        tree.insert(
            [b"canister".as_slice(), CANISTER.as_slice(), b"module_hash"],
            [],
        );
        if let Some(section) = section {
            tree.insert(
                [
                    b"canister".as_slice(),
                    CANISTER.as_slice(),
                    b"metadata",
                    b"supported_certificate_versions",
                ],
                section.as_bytes(),
            );
        }
        signed(&tree, shown)
            .verify(&root(), Subject::Canister(CANISTER), Freshness::AnyAge)
            .unwrap()
    };
    for (section, expected) in [
        (None, Ok(())),
        (Some("1"), Ok(())),
        (Some("1,3"), Ok(())),
        (Some("1,2"), Err(DowngradeError::Version2)),
        (Some(" 2 , 1"), Err(DowngradeError::Version2)),
        (Some("3"), Err(DowngradeError::NoCommonVersion)),
        (Some(""), Err(DowngradeError::NoCommonVersion)),
    ] {
        let certificate = read(section, &[Path::default()]);
        assert_eq!(
            check_downgrade(&certificate, CANISTER),
            expected,
            "{section:?}"
        );
    }
    let certificate = read(Some("1"), &[Path::new(["time"])]);
    assert_eq!(
        check_downgrade(&certificate, CANISTER),
        Err(DowngradeError::NotShown)
    );
}

/// CERT-027, GW-092: the root subnet proves the absence of every canister that is not its own.
#[test]
fn what_the_root_subnet_does_not_have_is_no_downgrade() {
    let verified = |tree: &LabeledTree| {
        signed(tree, &[Path::default()])
            .verify(&root(), Subject::Canister(CANISTER), Freshness::AnyAge)
            .unwrap()
    };
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.insert([b"canister".as_slice(), &[0], b"module_hash"], []);
    assert_eq!(
        check_downgrade(&verified(&tree), CANISTER),
        Err(DowngradeError::NotShown)
    );

    let range = CanisterRange::new(CANISTER.principal(), CANISTER.principal());
    let ranges = CanisterRanges::new(range.into_iter().collect()).unwrap();
    tree.put_canister_ranges(root().subnet(), &ranges, 5);
    assert_eq!(check_downgrade(&verified(&tree), CANISTER), Ok(()));
}
