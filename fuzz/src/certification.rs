//! Targets of `ic-certification`.

use ic_certification::{
    CanisterSignature, Certificate, Freshness, HashTree, Lookup, RootKey, SubTreeLookup, Subject,
    SubnetTypes,
};
use ic_crypto::user_key::CanisterKey;
use ic_types::CanisterId;
use ic_types::codec::Wire;

/// What decodes encodes to the same bytes; what is listed is found; merging a tree with itself or with its hash gives the
/// tree (CERT-001 to CERT-042).
pub fn hash_tree(input: &[u8]) {
    let Ok(tree) = HashTree::decode(input) else {
        return;
    };
    let encoded = tree.encode();
    assert!(
        encoded == input || encoded.get(3..) == Some(input),
        "one form for each tree"
    );
    assert_eq!(HashTree::decode(&encoded).as_ref(), Ok(&tree));
    let digest = tree.digest();
    assert_eq!(tree.whole().digest(), digest);
    assert_eq!(tree.merge(&tree).as_ref(), Ok(&tree));
    assert_eq!(tree.merge(&HashTree::pruned(&digest)).as_ref(), Ok(&tree));
    assert_eq!(tree.whole().to_tree(), tree);
    let well_formed = tree.well_formed().is_ok();
    let mut values = 0;
    tree.whole().for_each_value(|path, value| {
        values += 1;
        // Where a label is twice, the first counts.
        if well_formed && values < 100 {
            assert_eq!(tree.lookup(path), Lookup::Found(value));
        }
    });
    for label in [&b""[..], b"a", b"time", input.get(..4).unwrap_or_default()] {
        match (tree.lookup([label]), tree.subtree([label])) {
            (Lookup::Found(value), SubTreeLookup::Found(subtree)) => {
                assert_eq!(subtree.value(), Some(value))
            }
            (Lookup::SubTree, SubTreeLookup::Found(subtree)) => assert_eq!(subtree.value(), None),
            (Lookup::Absent, SubTreeLookup::Absent) | (Lookup::Unknown, SubTreeLookup::Unknown) => {
            }
            answers => panic!("{answers:?}"),
        }
    }
}

/// What decodes encodes, and nothing is believed: the key of the public network signed no input of a fuzzer, but for the
/// seeds. The same for signatures of canisters.
pub fn certificate(input: &[u8]) {
    let canister = CanisterId::from_u64(1);
    if let Ok(certificate) = Certificate::decode(input) {
        assert_eq!(
            Certificate::decode(&certificate.encode()).as_ref(),
            Ok(&certificate)
        );
        let tree = certificate.tree.clone();
        if let Ok(verified) = certificate.verify(
            &RootKey::mainnet(),
            Subject::Canister(canister),
            Freshness::AnyAge,
        ) {
            assert_eq!(verified.tree(), &tree);
            assert_eq!(verified.tree().well_formed(), Ok(()));
        }
    }
    if let Ok(signature) = CanisterSignature::decode(input) {
        assert_eq!(
            CanisterSignature::decode(&signature.encode()).as_ref(),
            Ok(&signature)
        );
        let key = CanisterKey {
            canister,
            seed: Vec::new(),
        };
        let verdict = signature.verify(
            &RootKey::mainnet(),
            &key,
            b"message",
            SubnetTypes::ShownOrNot,
        );
        assert!(verdict.is_err(), "this canister has no such key");
    }
}
