//! Targets of `ic-certification`.

use ic_certification::{
    CanisterSignature, Certificate, Freshness, HashTree, Lookup, RootKey, SubTreeLookup, Subject,
    SubnetTypes,
};
use ic_crypto::user_key::CanisterKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest};

use crate::http::bytes;
use crate::memory::bounded;

/// What decodes encodes to the same bytes; what is listed is found; merging a tree with itself or with its hash gives the
/// tree (CERT-001 to CERT-042).
pub fn hash_tree(input: &[u8]) {
    let Ok(tree) = bounded(input, HashTree::decode) else {
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
/// seeds that speak for this canister (CERT-060 to CERT-086).
pub fn certificate(input: &[u8]) {
    thread_local! {
        static ROOT: RootKey = RootKey::mainnet();
        static CANISTER: CanisterId = "ivg37-qiaaa-aaaab-aaaga-cai".parse().expect("an id");
        static SIGNED: [Digest; 2] = [
            &include_bytes!(
                "../../ic-certification/tests/vectors/certificates/mainnet_sample_2022.cbor"
            )[..],
            // Of the root subnet, which speaks for all.
            include_bytes!(
                "../../ic-certification/tests/vectors/certificates/mainnet_delegation_2022.cbor"
            ),
        ]
        .map(|bytes| {
            let certificate = Certificate::decode(bytes).expect("a certificate");
            certificate.tree.digest()
        });
    }
    let Ok(certificate) = bounded(input, Certificate::decode) else {
        return;
    };
    assert_eq!(
        Certificate::decode(&certificate.encode()).as_ref(),
        Ok(&certificate)
    );
    let tree = certificate.tree.clone();
    let subject = Subject::Canister(CANISTER.with(|canister| *canister));
    let verdict = ROOT.with(|root| certificate.verify(root, subject, Freshness::AnyAge));
    if let Ok(verified) = verdict {
        assert_eq!(verified.tree(), &tree);
        assert_eq!(verified.tree().well_formed(), Ok(()));
        let digest = tree.digest();
        assert!(SIGNED.with(|signed| signed.contains(&digest)), "forged");
    }
}

/// The first byte says which of the vectors' messages, the rest is a signature on it. It holds if it is the vector's, and
/// otherwise not (CERT-090 to CERT-096).
pub fn canister_signature(input: &[u8]) {
    struct Signed {
        root: RootKey,
        key: CanisterKey,
        message: Vec<u8>,
        signature: CanisterSignature,
    }
    fn vectors() -> Vec<Signed> {
        macro_rules! vector {
            ($file:literal) => {
                include_bytes!(concat!(
                    "../../ic-certification/tests/vectors/canister-signatures/",
                    $file
                ))
                .as_slice()
            };
        }
        let rows = include_str!("../../ic-certification/tests/vectors/canister_signatures.txt");
        let roots = include_str!("../../ic-certification/tests/vectors/root_keys.txt");
        let root = |name: &str| {
            let mut rows = roots.lines().filter_map(|row| row.strip_prefix(name));
            let key = rows.find_map(|rest| rest.strip_prefix(' ')).expect(name);
            RootKey::from_der(&bytes(key.split_whitespace().next().expect(name))).expect(name)
        };
        let rows = rows
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>());
        rows.filter_map(|row| {
            let [_, file, of, key, message, "valid"] = row[..] else {
                return None;
            };
            let signature = match file {
                "ii_alias_2024.sig.cbor" => vector!("ii_alias_2024.sig.cbor"),
                "ii_delegation_2024.sig.cbor" => vector!("ii_delegation_2024.sig.cbor"),
                "idp_stability_2021.sig.cbor" => vector!("idp_stability_2021.sig.cbor"),
                "local_credential_2021.sig.cbor" => vector!("local_credential_2021.sig.cbor"),
                _ => vector!("sharded_ranges_2025.sig.cbor"),
            };
            Some(Signed {
                root: root(of),
                key: CanisterKey::from_der(&bytes(key)).expect("a key"),
                message: bytes(message),
                signature: CanisterSignature::decode(signature).expect("a signature"),
            })
        })
        .collect()
    }
    thread_local! {
        static VECTORS: Vec<Signed> = vectors();
    }
    let Some((&which, input)) = input.split_first() else {
        return;
    };
    let Ok(signature) = bounded(input, CanisterSignature::decode) else {
        return;
    };
    assert_eq!(
        CanisterSignature::decode(&signature.encode()).as_ref(),
        Ok(&signature)
    );
    VECTORS.with(|vectors| {
        let vector = &vectors[usize::from(which) % vectors.len()];
        let verdict = signature.clone().verify(
            &vector.root,
            &vector.key,
            &vector.message,
            SubnetTypes::ShownOrNot,
        );
        assert_eq!(
            verdict.is_ok(),
            signature == vector.signature,
            "{verdict:?}"
        );
    });
}
