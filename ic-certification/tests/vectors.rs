//! Trees, certificates and canister signatures that others made.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod rows;

use std::time::Duration;

use ic_certification::leaves::{self, Shown};
use ic_certification::{
    CanisterSignature, CanisterSignatureError, Certificate, CertificateError, DelegationError,
    Freshness, HashTree, Lookup, RangesError, RequestStatus, RootKey, Subject, SubnetTypes, paths,
};
use ic_crypto::user_key::CanisterKey;
use ic_types::codec::{DecodeError, Reader, Wire};
use ic_types::{CanisterId, NodeId, Principal, RequestId, Time};
use rows::{bytes, file, rows, text};

fn root_key(name: &str) -> RootKey {
    let text = text("root_keys.txt");
    let (_, row) = rows(&text)
        .find(|(_, row)| row[0] == name)
        .unwrap_or_else(|| panic!("no root key {name}"));
    RootKey::from_der(&bytes(row[1])).unwrap()
}

/// CERT-075.
#[test]
fn the_mainnet_key_is_the_constant() {
    assert_eq!(root_key("mainnet"), RootKey::mainnet());
    assert_eq!(
        RootKey::mainnet().subnet().to_string(),
        "tdb26-jop6k-aogll-7ltgs-eruif-6kk7m-qpktf-gdiqx-mxtrf-vb5e6-eqe",
        "HTTP-225"
    );
}

/// CERT-020 to CERT-032, CERT-160 to CERT-164.
#[test]
fn hash_trees() {
    for (line, row) in rows(&text("hash_trees.txt")) {
        let tree = HashTree::decode(&bytes(row[0])).unwrap();
        assert_eq!(tree.root().to_string(), row[1], "line {line}");
        assert_eq!(
            tree.encode(),
            bytes(&format!("d9d9f7{}", row[0])),
            "line {line}"
        );
        let path: Vec<&str> = if row[2] == "/" {
            vec![]
        } else {
            row[2][1..].split('/').take(2).collect()
        };
        let path = if row[2] == "//" { vec![""] } else { path };
        let answer = match tree.lookup(&path) {
            Lookup::Found(value) => format!("found:{}", value.escape_ascii()),
            Lookup::SubTree => "subtree".into(),
            Lookup::Absent => "absent".into(),
            Lookup::Unknown => "unknown".into(),
        };
        assert_eq!(answer, row[3], "line {line}: {tree:?}");
    }
}

fn certificate_in(kind: &str, bytes: &[u8]) -> Result<Certificate, DecodeError> {
    if kind == "certificate" {
        return Certificate::decode(bytes);
    }
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    let mut certificate = None;
    reader.fields_among_others(&["certificate"], |_, reader| {
        certificate = Some(Certificate::decode(reader.bytes()?)?);
        Ok(())
    })?;
    Ok(certificate.expect("a read_state answer"))
}

fn verdict(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Signature(_) => "signature_invalid",
        CertificateError::Delegation(DelegationError::Signature(_)) => {
            "delegation_signature_invalid"
        }
        CertificateError::Delegation(DelegationError::Nested) => "nested_delegation",
        CertificateError::OutOfRange { .. } => "canister_not_in_ranges",
        CertificateError::Ranges(RangesError::NotShown { .. }) => {
            "no_canister_ranges_in_delegation"
        }
        _ => "another reason",
    }
}

/// CERT-060 to CERT-064, CERT-070 to CERT-084, CERT-150.
#[test]
fn certificates() {
    let mut count = 0;
    for (line, row) in rows(&text("certificates.txt")) {
        let [
            name,
            kind,
            root,
            subject,
            time,
            tree_root,
            delegation,
            expected,
        ] = row[..]
        else {
            panic!("line {line}: eight columns")
        };
        let bytes = file(&format!("certificates/{name}"));
        let root = root_key(root);
        let time = Time::from_nanos(time.parse().unwrap());
        count += 1;
        let certificate = match certificate_in(kind, &bytes) {
            Ok(certificate) => certificate,
            Err(error) => {
                assert_eq!(expected, "truncated", "line {line}: {error}");
                assert!(matches!(error, DecodeError::Truncated { .. }));
                continue;
            }
        };
        if tree_root != "-" {
            assert_eq!(
                certificate.tree.root().to_string(),
                tree_root,
                "line {line}"
            );
        }
        // Other libraries order the fields differently, but a tree has one form only.
        let tree = certificate.tree.encode();
        assert!(
            bytes.windows(tree.len() - 3).any(|part| part == &tree[3..]),
            "line {line}: encoding"
        );
        assert!(
            Certificate::decode(&certificate.encode()) == Ok(certificate.clone()),
            "line {line}: encoding"
        );
        let subnet = certificate
            .delegation
            .as_ref()
            .map_or(root.subnet(), |delegation| delegation.subnet);
        let subject = match subject {
            "-" => Subject::Subnet(subnet),
            canister if canister.ends_with("-cai") => Subject::Canister(canister.parse().unwrap()),
            subnet => Subject::Subnet(subnet.parse().unwrap()),
        };
        let now = Freshness::Within {
            now: time,
            tolerance: Duration::from_secs(1),
        };
        match certificate.clone().verify(&root, subject, now) {
            Ok(verified) => {
                assert_eq!(expected, "verified", "line {line}");
                assert_eq!(verified.time(), time, "line {line}");
                let found = verified
                    .delegation()
                    .map_or("-".into(), |delegation| delegation.subnet().to_string());
                assert_eq!(found, delegation, "line {line}");
                assert_eq!(verified.subnet(), subnet, "line {line}");
                // The next second is too late, the one before too early, and for neither does the age matter here.
                for (now, stale) in [
                    (time.checked_add(Duration::from_secs(2)), true),
                    (time.checked_sub(Duration::from_secs(2)), false),
                ] {
                    let freshness = Freshness::Within {
                        now: now.unwrap(),
                        tolerance: Duration::from_secs(1),
                    };
                    let error = certificate
                        .clone()
                        .verify(&root, subject, freshness)
                        .unwrap_err();
                    assert_eq!(
                        matches!(error, CertificateError::Stale { .. }),
                        stale,
                        "line {line}: CERT-062"
                    );
                    assert_eq!(
                        matches!(error, CertificateError::Ahead { .. }),
                        !stale,
                        "line {line}: CERT-062"
                    );
                }
                assert!(
                    certificate
                        .verify(&root, subject, Freshness::AnyAge)
                        .is_ok(),
                    "line {line}"
                );
            }
            Err(error) => {
                // A flipped bit may make bytes that are no signature at all: the reason is the same.
                assert_eq!(verdict(&error), expected, "line {line}: {error}");
            }
        }
    }
    assert_eq!(count, 23);
}

/// CERT-130 to CERT-134, CERT-151.
#[test]
fn request_status_of_a_real_certificate() {
    let certificate = Certificate::decode(&file("certificates/mainnet_sample_2022.cbor")).unwrap();
    let subject = Subject::Canister("ivg37-qiaaa-aaaab-aaaga-cai".parse().unwrap());
    let verified = certificate
        .verify(&RootKey::mainnet(), subject, Freshness::AnyAge)
        .unwrap();
    let request = bytes("edad510eaaa08ed2acd4781324e6446269da6753ec17760f206bbe81c465ff52");
    let request = RequestId::try_from(request.as_slice()).unwrap();
    let RequestStatus::Rejected(rejection) = verified.request_status(&request).unwrap() else {
        panic!("the certificate shows a rejected request")
    };
    assert_eq!(
        rejection.message,
        "Canister ivg37-qiaaa-aaaab-aaaga-cai has no update method 'register'"
    );
    assert_eq!(rejection.error_code, None);
    let other = RequestId::try_from([0; 32].as_slice()).unwrap();
    assert!(
        verified.request_status(&other).is_err(),
        "unknown is no proof of absence"
    );
}

/// CERT-081, CERT-083, CERT-120, CERT-121, HTTP-147, HTTP-178, HTTP-224, ID-033: both layouts.
#[test]
fn ranges_of_real_delegations() {
    for (name, subnet, inside, outside) in [
        (
            "mainnet_uzr34_2023.cbor",
            "uzr34-akd3s-xrdag-3ql62-ocgoh-ld2ao-tamcv-54e7j-krwgb-2gm4z-oqe",
            "rdmx6-jaaaa-aaaaa-aaadq-cai",
            "ryjl3-tyaaa-aaaaa-aaaba-cai",
        ),
        (
            "mainnet_224od_subnet.cbor",
            "o3ow2-2ipam-6fcjo-3j5vt-fzbge-2g7my-5fz2m-p4o2t-dwlc4-gt2q7-5ae",
            "224od-giaaa-aaaao-ae5vq-cai",
            "rdmx6-jaaaa-aaaaa-aaadq-cai",
        ),
    ] {
        let kind = if name.contains("224od") {
            "read_state"
        } else {
            "certificate"
        };
        let certificate = certificate_in(kind, &file(&format!("certificates/{name}"))).unwrap();
        let subject = Subject::Subnet(subnet.parse().unwrap());
        let verified = certificate
            .verify(&RootKey::mainnet(), subject, Freshness::AnyAge)
            .unwrap();
        let delegation = verified.delegation().unwrap();
        assert_eq!(
            delegation.speaks_for(inside.parse().unwrap()),
            Ok(true),
            "{name}"
        );
        assert_eq!(
            delegation.speaks_for(outside.parse().unwrap()),
            Ok(false),
            "{name}"
        );
        let ranges = delegation.ranges().unwrap();
        assert!(!ranges.is_empty(), "{name}");
        assert!(
            ranges
                .iter()
                .all(|range| range.contains(range.start()) && range.contains(range.end())),
            "{name}"
        );
    }
    // Asked for by subnet, the delegation leaves out the ranges: then it speaks for no canister.
    let certificate =
        Certificate::decode(&file("certificates/mainnet_uzr34_subnet_certificate.cbor")).unwrap();
    let subject = Subject::Canister("rdmx6-jaaaa-aaaaa-aaadq-cai".parse().unwrap());
    let error = certificate
        .verify(&RootKey::mainnet(), subject, Freshness::AnyAge)
        .unwrap_err();
    assert!(
        matches!(
            error,
            CertificateError::Ranges(RangesError::NotShown { .. })
        ),
        "{error}"
    );
}

/// CERT-090 to CERT-096.
#[test]
fn canister_signatures() {
    let mut count = 0;
    for (line, row) in rows(&text("canister_signatures.txt")) {
        let [_name, name, root, key, message, expected] = row[..] else {
            panic!("line {line}: six columns")
        };
        let der = bytes(key);
        let key = CanisterKey::from_der(&der).unwrap();
        assert_eq!(key.to_der().as_slice(), der, "line {line}");
        let encoded = file(&format!("canister-signatures/{name}"));
        let signature = CanisterSignature::decode(&encoded).unwrap();
        let has_delegation = signature.certificate.delegation.is_some();
        let (root, message) = (root_key(root), bytes(message));
        let found = match signature
            .clone()
            .verify(&root, &key, &message, SubnetTypes::ShownOrNot)
        {
            Ok(()) => "valid",
            Err(CanisterSignatureError::NotSigned) => "no_signature_entry",
            Err(CanisterSignatureError::NoCertifiedData { .. }) => "no_certified_data",
            Err(CanisterSignatureError::OtherTree { .. }) => "certified_data_differs_from_tree",
            Err(CanisterSignatureError::Certificate(error)) => verdict(&error),
            Err(error) => panic!("line {line}: {error}"),
        };
        assert_eq!(found, expected, "line {line}");
        // CERT-094: none of these delegations shows the type of its subnet.
        let strict = signature.verify(&root, &key, &message, SubnetTypes::Shown);
        if found == "valid" {
            assert_eq!(strict.is_ok(), !has_delegation, "line {line}: {strict:?}");
        }
        count += 1;
    }
    assert_eq!(count, 10);
}

/// CERT-122, CERT-126 to CERT-129, CERT-136 to CERT-138: typed values of real certificates.
#[test]
fn leaves_of_real_certificates() {
    let name = "certificates/mainnet_uzr34_subnet_certificate.cbor";
    let certificate = Certificate::decode(&file(name)).unwrap();
    let uzr34 = certificate.delegation.as_ref().unwrap().subnet;
    let verified = certificate
        .verify(
            &RootKey::mainnet(),
            Subject::Subnet(uzr34),
            Freshness::AnyAge,
        )
        .unwrap();
    assert_eq!(
        verified.value_at(&leaves::time()),
        Ok(Shown::Value(verified.time()))
    );
    let key = verified
        .value_at(&leaves::subnet::public_key(uzr34))
        .unwrap()
        .value()
        .unwrap();
    assert_eq!(&key, &verified.delegation().unwrap().key().to_der());
    let metrics = verified
        .value_at(&leaves::subnet::metrics(uzr34))
        .unwrap()
        .value()
        .unwrap();
    assert!(metrics.num_canisters > 0 && metrics.update_transactions_total > 0);
    assert_eq!(
        verified.value_at(&leaves::subnet::kind(uzr34)),
        Ok(Shown::Absent),
        "younger than the certificate"
    );
    let nodes = verified
        .subtree(paths::subnet::nodes(uzr34).labels())
        .found()
        .unwrap();
    for (node, _) in nodes.children() {
        let node = NodeId::new(Principal::try_from_slice(node).unwrap());
        let key = verified
            .value_at(&leaves::subnet::node_public_key(uzr34, node))
            .unwrap()
            .value()
            .unwrap();
        assert_eq!(NodeId::of_key(&key), node);
    }

    let local = Certificate::decode(&file("certificates/foreign_root_2022_05.cbor")).unwrap();
    let canisters = local.tree.subtree(["canister"]).found().unwrap();
    let (id, _) = canisters.children().next().unwrap();
    let canister = CanisterId::new(Principal::try_from_slice(id).unwrap());
    assert!(
        local
            .tree
            .value_at(&leaves::canister::module_hash(canister))
            .unwrap()
            .value()
            .is_some()
    );
    let controllers = local
        .tree
        .value_at(&leaves::canister::controllers(canister))
        .unwrap();
    assert!(!controllers.value().unwrap().is_empty());
    assert_eq!(
        local
            .tree
            .value_at(&leaves::canister::certified_data(canister)),
        Ok(Shown::Unknown)
    );
}
