//! Whose answer to a query it is: only nodes of the subnet of the canister, on this answer to this query, now.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use ic_certification::{
    Certificate, Freshness, LabeledTree, QueryError, RangesError, RootKey, Subject,
    SubnetDelegation, VerifiedCertificate, leaves, paths,
};
use ic_crypto::bls::SecretKey;
use ic_crypto::{Seed, node_key};
use ic_types::codec::Wire;
use ic_types::response::{NodeSignature, QueryResponse, Reject, RejectCode};
use ic_types::{
    CanisterId, CanisterRange, CanisterRanges, Content, NodeId, Query, QueryOutcome, SubnetId,
    Time, UserId,
};

const NOW: Time = Time::from_nanos(1_700_000_000_000_000_000);
const CANISTER: CanisterId = CanisterId::from_u64(7);

fn subnet_key(name: &str) -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(name.as_bytes()))
}

fn node(name: &str) -> node_key::SecretKey {
    node_key::SecretKey::from_seed(Seed::from_bytes(name.as_bytes()))
}

fn root() -> RootKey {
    RootKey::new(subnet_key("root").public_key())
}

fn id_of(key: &SecretKey) -> SubnetId {
    SubnetId::of_key(&key.public_key().to_der())
}

fn ranges(from: u64, to: u64) -> CanisterRanges {
    let range = CanisterRange::new(
        CanisterId::from_u64(from).principal(),
        CanisterId::from_u64(to).principal(),
    );
    CanisterRanges::new(vec![range.unwrap()]).unwrap()
}

fn query() -> Query {
    Query {
        sender: UserId::ANONYMOUS,
        expiry: NOW,
        nonce: None,
        canister: CANISTER,
        method: "get".into(),
        argument: vec![],
        sender_info: None,
    }
}

/// A certificate of the subnet with this key, which shows what agents ask for: `/subnet`.
fn certificate(
    of: &SecretKey,
    more: impl FnOnce(&mut LabeledTree),
    delegation: Option<SubnetDelegation>,
) -> VerifiedCertificate {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &NOW);
    for name in ["one", "two"] {
        let key = node(name).public_key();
        let leaf = leaves::subnet::node_public_key(id_of(of), key.node_id());
        tree.put(&leaf, &key.to_der());
    }
    more(&mut tree);
    let certificate = Certificate {
        tree: tree.witness(&[paths::time(), paths::subnet::all()]),
        signature: of.sign(&tree.root()).to_bytes(),
        delegation,
    };
    let subject = Subject::Subnet(id_of(of));
    certificate
        .verify(&root(), subject, Freshness::AnyAge)
        .unwrap()
}

/// Of the root subnet, which has these canisters.
fn of_root(canisters: Option<CanisterRanges>) -> VerifiedCertificate {
    let key = subnet_key("root");
    let show = |tree: &mut LabeledTree| {
        if let Some(canisters) = canisters {
            tree.put(&leaves::subnet::canister_ranges(id_of(&key)), &canisters);
        }
    };
    certificate(&key, show, None)
}

/// Of another subnet, which the root subnet delegated these canisters to.
fn of_other(canisters: &CanisterRanges) -> VerifiedCertificate {
    let (root, key) = (subnet_key("root"), subnet_key("other"));
    let subnet = id_of(&key);
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &NOW);
    tree.put(
        &leaves::subnet::public_key(subnet),
        &key.public_key().to_der(),
    );
    tree.put_canister_ranges(subnet, canisters, 10);
    let delegation = Certificate {
        tree: tree.witness(&[paths::subnet::all(), paths::canister_ranges(subnet)]),
        signature: root.sign(&tree.root()).to_bytes(),
        delegation: None,
    };
    let delegation = SubnetDelegation {
        subnet,
        certificate: delegation.encode(),
    };
    certificate(&key, |_| (), Some(delegation))
}

fn sign(by: &node_key::SecretKey, outcome: &QueryOutcome, at: Time) -> NodeSignature {
    let hash = outcome.hash(&query().id(), at);
    NodeSignature {
        timestamp: at,
        signature: by.sign(&hash).to_bytes().to_vec(),
        identity: by.public_key().node_id(),
    }
}

fn replied() -> QueryOutcome {
    QueryOutcome::Replied {
        argument: b"DIDL\0\0".to_vec(),
    }
}

fn rejected() -> QueryOutcome {
    QueryOutcome::Rejected(Reject {
        code: RejectCode::CanisterReject,
        message: "no".into(),
        error_code: Some("x".into()),
    })
}

fn signed(outcome: QueryOutcome, by: &[&str]) -> QueryResponse {
    let signatures = by.iter().map(|name| sign(&node(name), &outcome, NOW));
    QueryResponse {
        signatures: signatures.collect(),
        outcome,
    }
}

const SOON: Freshness = Freshness::Within {
    now: NOW,
    tolerance: Duration::from_secs(300),
};

fn check(subnet: &VerifiedCertificate, response: &QueryResponse) -> Result<(), QueryError> {
    subnet.verify_query(Subject::Canister(CANISTER), &query().id(), response, SOON)
}

/// HTTP-150, HTTP-151, HTTP-152, CERT-152: replies and rejections, by one node or by all, of either subnet.
#[test]
fn http_152_nodes_vouch_for_answers() {
    for subnet in [of_root(Some(ranges(0, 9))), of_other(&ranges(5, 8))] {
        for outcome in [replied(), rejected()] {
            for by in [&["one"][..], &["two"], &["two", "one"]] {
                assert_eq!(check(&subnet, &signed(outcome.clone(), by)), Ok(()));
            }
        }
    }
}

/// HTTP-150, HTTP-151, HTTP-152, HTTP-228: no signature, a stranger's, one twice, one on something else.
#[test]
fn http_152_others_do_not() {
    let subnet = of_root(Some(ranges(0, 9)));
    let id = |name: &str| node(name).public_key().node_id();
    let no_signature = signed(replied(), &[]);
    assert_eq!(check(&subnet, &no_signature), Err(QueryError::Unsigned));
    assert_eq!(
        check(&subnet, &signed(replied(), &["one", "stranger"])),
        Err(QueryError::NotANode {
            node: id("stranger"),
            subnet: subnet.subnet()
        })
    );
    assert_eq!(
        check(&subnet, &signed(replied(), &["one", "one"])),
        Err(QueryError::Repeated { node: id("one") })
    );
    let wrong = Err(QueryError::Signature { node: id("one") });
    // Every part of what is signed counts (HTTP-151).
    let mut other = signed(replied(), &["one"]);
    other.outcome = QueryOutcome::Replied { argument: vec![] };
    assert_eq!(check(&subnet, &other), wrong);
    let mut other = signed(replied(), &["one"]);
    other.outcome = rejected();
    assert_eq!(check(&subnet, &other), wrong);
    let mut other = signed(replied(), &["one"]);
    other.signatures[0].timestamp = NOW.saturating_add(Duration::from_nanos(1));
    assert_eq!(check(&subnet, &other), wrong);
    for change in [
        |reject: &mut Reject| reject.code = RejectCode::CanisterError,
        |reject: &mut Reject| reject.message.push('!'),
        |reject: &mut Reject| reject.error_code = None,
        |reject: &mut Reject| reject.error_code = Some("y".into()),
    ] {
        let mut other = signed(rejected(), &["one"]);
        if let QueryOutcome::Rejected(reject) = &mut other.outcome {
            change(reject);
        }
        assert_eq!(check(&subnet, &other), wrong);
    }
    let response = signed(replied(), &["one"]);
    let another = Query {
        argument: vec![1],
        ..query()
    };
    let subject = Subject::Canister(CANISTER);
    assert_eq!(
        subnet.verify_query(subject, &another.id(), &response, SOON),
        wrong
    );
    // In the name of another node, cut, and changed in one bit.
    let mut other = response.clone();
    other.signatures[0].identity = id("two");
    assert_eq!(
        check(&subnet, &other),
        Err(QueryError::Signature { node: id("two") })
    );
    let mut other = response.clone();
    other.signatures[0].signature.pop();
    assert_eq!(check(&subnet, &other), wrong);
    let mut other = response;
    other.signatures[0].signature[40] ^= 1;
    assert_eq!(check(&subnet, &other), wrong);
}

/// HTTP-153: the canister is one of the subnet's, with a delegation and without; HTTP-154: a subnet is what it is.
#[test]
fn http_153_and_154_whose_nodes_they_are() {
    let response = signed(replied(), &["one"]);
    for subnet in [of_root(Some(ranges(8, 9))), of_other(&ranges(8, 9))] {
        assert_eq!(
            check(&subnet, &response),
            Err(QueryError::OutOfRange {
                canister: CANISTER,
                subnet: subnet.subnet()
            })
        );
        let at = |expected: SubnetId| {
            subnet.verify_query(Subject::Subnet(expected), &query().id(), &response, SOON)
        };
        // No range is looked at.
        assert_eq!(at(subnet.subnet()), Ok(()));
        let expected = id_of(&subnet_key("third"));
        assert_eq!(
            at(expected),
            Err(QueryError::WrongSubnet {
                expected,
                found: subnet.subnet()
            })
        );
    }
    // The root subnet has to show its canisters: it does not speak for all.
    let subnet = of_root(None);
    assert_eq!(
        check(&subnet, &response),
        Err(QueryError::Ranges(RangesError::NotShown {
            subnet: subnet.subnet()
        }))
    );
    // Nodes of another subnet are strangers: the keys are under the name of that one.
    let key = node("one").public_key();
    let strange = certificate(
        &subnet_key("root"),
        |tree| {
            let root = id_of(&subnet_key("root"));
            tree.put(&leaves::subnet::canister_ranges(root), &ranges(0, 9));
            let third = id_of(&subnet_key("third"));
            let stranger = node("stranger").public_key();
            let leaf = leaves::subnet::node_public_key(third, stranger.node_id());
            tree.put(&leaf, &stranger.to_der());
            // A node whose key is none.
            let leaf = leaves::subnet::node_public_key(root, NodeId::of_key(&key.to_der()));
            tree.put(&leaf, &ic_types::DerPublicKey::new(vec![1]));
        },
        None,
    );
    for name in ["stranger", "one"] {
        assert!(matches!(
            check(&strange, &signed(replied(), &[name])),
            Err(QueryError::NotANode { .. })
        ));
    }
}

/// HTTP-155: how old is the caller's choice, for each signature.
#[test]
fn http_155_signatures_are_recent() {
    let subnet = of_root(Some(ranges(0, 9)));
    let at = |seconds: i64| {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            Time::from_nanos(NOW.as_nanos() - u64::try_from(distance.as_nanos()).unwrap())
        } else {
            NOW.saturating_add(distance)
        };
        QueryResponse {
            outcome: replied(),
            signatures: vec![
                sign(&node("one"), &replied(), NOW),
                sign(&node("two"), &replied(), time),
            ],
        }
    };
    for (seconds, accepted) in [(-300, true), (-301, false), (300, true), (301, false)] {
        let response = at(seconds);
        assert_eq!(check(&subnet, &response).is_ok(), accepted, "{seconds}");
        assert_eq!(
            subnet.verify_query(
                Subject::Canister(CANISTER),
                &query().id(),
                &response,
                Freshness::AnyAge
            ),
            Ok(())
        );
    }
    assert!(matches!(
        check(&subnet, &at(-301)),
        Err(QueryError::Time { .. })
    ));
}
