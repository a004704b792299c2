//! Trees, certificates, authenticated maps: `ic-certification` beside the crate of that name on the registry, `ic-cbor`,
//! `ic-certificate-verification`, `ic-verify-bls-signature`, `blst` and `ic-certified-map`.

use std::cell::OnceCell;
use std::hint::black_box;
use std::rc::Rc;

use ic_cbor::CertificateToCbor;
use ic_certificate_verification::VerifyCertificate;
use ic_certification::leaves;
use ic_certification::{
    AuthenticatedMap, Capacity, Certificate, Freshness, HashTree, LabeledTree, RootKey, Subject,
    Verifier,
};
use ic_certified_map::{AsHashTree, RbTree};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest, Label, Path, Principal, SignedBytes, Time};
use peer_certification::{Certificate as PeerCertificate, HashTree as PeerTree};

use crate::Group;

const SMALL: &[u8] =
    include_bytes!("../../ic-certification/tests/vectors/certificates/mainnet_sample_2022.cbor");
const SMALL_CANISTER: &str = "ivg37-qiaaa-aaaab-aaaga-cai";
/// An answer to `read_state`: 19 bytes of map before the certificate.
const LARGE_ANSWER: &[u8] =
    include_bytes!("../../ic-certification/tests/vectors/certificates/mainnet_224od_subnet.cbor");
const LARGE_CANISTER: &str = "224od-giaaa-aaaao-ae5vq-cai";

fn large() -> Vec<u8> {
    ic_types::ReadStateAnswer::decode(LARGE_ANSWER)
        .expect("an answer")
        .certificate
}

/// The groups of this module.
pub fn groups() -> Vec<Group> {
    let mut groups = vec![
        decode(
            "decode and hash a certificate, 13 kB",
            large(),
            Some(0.80),
            peer_decode,
        ),
        decode(
            "decode and hash a certificate, 13 kB (ic-cbor)",
            large(),
            Some(0.15),
            peer_cbor_decode,
        ),
        decode(
            "decode and hash a certificate, 1 kB",
            SMALL.to_vec(),
            None,
            peer_decode,
        ),
        lookup("look up the last of 1,000 labels", 1_000, Some(0.05)),
        lookup("look up the last of 100,000 labels", 100_000, Some(0.001)),
        lookup("look up the last of 4 labels", 4, None),
        batch(
            "64 certificates under one key (ic-verify-bls-signature)",
            Some(0.12),
            peer_bls,
        ),
        batch("64 certificates under one key (blst)", Some(0.20), blst_one),
        map_update(),
        map_witness(),
        map_build(),
        state_tree(),
    ];
    for (name, known, bytes, canister) in [
        (
            "verify a certificate with delegation, 1 kB",
            "verify a certificate, its delegation known, 1 kB",
            SMALL.to_vec(),
            SMALL_CANISTER,
        ),
        (
            "verify a certificate with delegation, 13 kB",
            "verify a certificate, its delegation known, 13 kB",
            large(),
            LARGE_CANISTER,
        ),
    ] {
        let same = bytes.clone();
        groups.push(verify(name, same, canister, Some(0.35), nothing_known));
        groups.push(verify(known, bytes, canister, Some(0.22), delegation_known));
    }
    groups
}

/// The same certificate over and over, both sides remembering its signatures. Not among [`groups`], because there the peer
/// does not remember any: for the package `cached`.
pub fn again() -> Vec<Group> {
    vec![
        verify(
            "verify the same certificate again, 1 kB",
            SMALL.to_vec(),
            SMALL_CANISTER,
            Some(1.0),
            remembering_all,
        ),
        verify(
            "verify the same certificate again, 13 kB",
            large(),
            LARGE_CANISTER,
            Some(1.0),
            remembering_all,
        ),
    ]
}

fn peer_decode(bytes: &[u8]) -> PeerCertificate {
    serde_cbor::from_slice(bytes).expect("a certificate")
}

fn peer_cbor_decode(bytes: &[u8]) -> PeerCertificate {
    PeerCertificate::from_cbor(bytes).expect("a certificate")
}

fn decode(
    name: &'static str,
    bytes: Vec<u8>,
    bar: Option<f64>,
    peer: fn(&[u8]) -> PeerCertificate,
) -> Group {
    let ours = |bytes: &[u8]| {
        Certificate::decode(bytes)
            .expect("a certificate")
            .tree
            .digest()
    };
    assert_eq!(*ours(&bytes).as_bytes(), peer(&bytes).tree.digest());
    let same = bytes.clone();
    Group::new(name, bar)
        .entry("the peer", move || peer(black_box(&bytes)).tree.digest())
        .entry("ic-certification", move || ours(black_box(&same)))
}

/// The same tree for both: `count` labels of four bytes.
fn lookup(name: &'static str, count: u32, bar: Option<f64>) -> Group {
    let tree: LabeledTree = (0..count)
        .map(|label| (label_of(label), LabeledTree::leaf(*b"value")))
        .collect();
    let bytes = tree.witness(&[Path::default()]).encode();
    let ours = HashTree::decode(&bytes).expect("a tree");
    let theirs: PeerTree = serde_cbor::from_slice(&bytes).expect("a tree");
    assert_eq!(*ours.digest().as_bytes(), theirs.digest());
    let last = (count - 1).to_be_bytes();
    Group::new(name, bar)
        .entry("ic-certification 4", move || {
            matches!(
                theirs.lookup_path([black_box(&last)]),
                peer_certification::LookupResult::Found(_)
            )
        })
        .entry("ic-certification", move || {
            ours.lookup([black_box(&last)]).found().is_some()
        })
}

fn label_of(number: u32) -> Label {
    Label::from(number.to_be_bytes().as_slice())
}

type Verify = Box<dyn FnMut(&[u8])>;

/// Verifies `bytes` for `canister`, at any age.
fn verify(
    name: &'static str,
    bytes: Vec<u8>,
    canister: &'static str,
    bar: Option<f64>,
    ours: fn(&'static str) -> Verify,
) -> Group {
    let id: Principal = canister.parse().expect("a canister");
    let root = RootKey::mainnet().to_der();
    let time = certified_time(&bytes);
    let same = bytes.clone();
    let mut ours = ours(canister);
    Group::new(name, bar)
        .rounds(51)
        .entry("ic-certificate-verification 4", move || {
            let certificate = peer_decode(black_box(&bytes));
            certificate
                .verify(id.as_slice(), root.as_slice(), &time, &1)
                .expect("a valid certificate");
        })
        .entry("ic-certification", move || ours(black_box(&same)))
}

fn certified_time(bytes: &[u8]) -> u128 {
    let certificate = Certificate::decode(bytes).expect("a certificate");
    let time = certificate
        .tree
        .value_at(&leaves::time())
        .expect("a time")
        .value()
        .expect("a time");
    time.as_nanos().into()
}

fn nothing_known(canister: &'static str) -> Verify {
    let root = RootKey::mainnet();
    let subject = Subject::Canister(canister.parse().expect("a canister"));
    Box::new(move |bytes| {
        let certificate = Certificate::decode(bytes).expect("a certificate");
        let verified = certificate.verify(&root, subject, Freshness::AnyAge);
        black_box(verified.expect("a valid certificate"));
    })
}

fn delegation_known(canister: &'static str) -> Verify {
    remembering(
        canister,
        Capacity {
            signatures: 0,
            ..Capacity::default()
        },
    )
}

fn remembering_all(canister: &'static str) -> Verify {
    remembering(canister, Capacity::default())
}

fn remembering(canister: &'static str, capacity: Capacity) -> Verify {
    let mut verifier = Verifier::new(RootKey::mainnet(), capacity);
    let subject = Subject::Canister(canister.parse().expect("a canister"));
    Box::new(move |bytes| {
        let certificate = Certificate::decode(bytes).expect("a certificate");
        let verified = verifier.verify(certificate, subject, Freshness::AnyAge);
        black_box(verified.expect("a valid certificate"));
    })
}

/// Checks one signature from bytes: signature, message, key.
type PeerSignature = fn(&[u8], &[u8], &[u8]);

fn peer_bls(signature: &[u8], message: &[u8], key: &[u8]) {
    ic_verify_bls_signature::verify_bls_signature(signature, message, key)
        .expect("a valid signature");
}

fn blst_one(signature: &[u8], message: &[u8], key: &[u8]) {
    const CIPHERSUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
    let key = blst::min_sig::PublicKey::from_bytes(key).expect("a key");
    let signature = blst::min_sig::Signature::from_bytes(signature).expect("a signature");
    let outcome = signature.verify(true, message, CIPHERSUITE, &[], &key, false);
    assert_eq!(outcome, blst::BLST_ERROR::BLST_SUCCESS);
}

fn batch(name: &'static str, bar: Option<f64>, peer: PeerSignature) -> Group {
    let secret = SecretKey::from_seed(Seed::from_bytes(b"benches"));
    let root = RootKey::new(secret.public_key());
    let certificates: Vec<Certificate> = (0..64)
        .map(|time| {
            let mut tree = LabeledTree::empty();
            tree.put(&leaves::time(), &Time::from_nanos(time));
            let signature = secret.sign(&tree.root()).to_bytes();
            Certificate {
                tree: tree.witness(&[Path::default()]),
                signature,
                delegation: None,
            }
        })
        .collect();
    let claims: Vec<([u8; 48], SignedBytes)> = certificates
        .iter()
        .map(|certificate| {
            (
                certificate.signature,
                SignedBytes::of(&certificate.tree.root()),
            )
        })
        .collect();
    let key = secret.public_key().to_bytes();
    let subject = Subject::Subnet(root.subnet());
    let encoded: Vec<Vec<u8>> = certificates.iter().map(Wire::encode).collect();
    Group::new(name, bar)
        .rounds(21)
        .entry("one by one", move || {
            for (signature, message) in &claims {
                peer(signature, message.as_slice(), black_box(&key));
            }
        })
        .entry("ic-certification, decoding included", move || {
            let mut verifier = Verifier::new(
                root.clone(),
                Capacity {
                    delegations: 0,
                    signatures: 0,
                },
            );
            let certificates = encoded
                .iter()
                .map(|bytes| (Certificate::decode(bytes).expect("a certificate"), subject));
            let answers = verifier.verify_batch(certificates, Freshness::AnyAge);
            assert!(answers.iter().all(Result::is_ok));
        })
}

/// Keys and values of 32 bytes, in no order.
fn entries(count: u64) -> impl Iterator<Item = ([u8; 32], [u8; 32])> {
    (0..count).map(|number| (*Digest::of(&number.to_be_bytes()).as_bytes(), [7; 32]))
}

const MILLION: u64 = 1_000_000;

type PeerMap = RbTree<[u8; 32], Vec<u8>>;
type OurMap = AuthenticatedMap<[u8; 32], [u8; 32]>;

fn peer_map(count: u64) -> PeerMap {
    let mut map = RbTree::new();
    for (key, value) in entries(count) {
        map.insert(key, value.to_vec());
    }
    map
}

/// Keys to ask for, from all over the map.
fn asked(count: u64) -> impl FnMut() -> [u8; 32] {
    let mut number = 0;
    move || {
        number = (number + 7_919) % count;
        *Digest::of(&u64::to_be_bytes(number)).as_bytes()
    }
}

fn map_update() -> Group {
    let (mut theirs, mut ours) = (OnceCell::<PeerMap>::new(), OnceCell::<OurMap>::new());
    let (mut next, mut same) = (asked(MILLION), asked(MILLION));
    let (mut count, mut other) = (0u64, 0u64);
    Group::new(
        "map of 1,000,000 entries: update one and take the root",
        Some(0.30),
    )
    .rounds(51)
    .entry("ic-certified-map 0.4", move || {
        theirs.get_or_init(|| peer_map(MILLION));
        let map = theirs.get_mut().expect("made above");
        count += 1;
        map.modify(&next(), |value| {
            value[..8].copy_from_slice(&count.to_be_bytes())
        });
        map.root_hash()
    })
    .entry("ic-certification", move || {
        ours.get_or_init(|| entries(MILLION).collect());
        let map = ours.get_mut().expect("made above");
        other += 1;
        map.modify(same(), |value| {
            value[..8].copy_from_slice(&other.to_be_bytes())
        });
        map.digest()
    })
}

fn map_witness() -> Group {
    let (theirs, ours) = (OnceCell::<PeerMap>::new(), OnceCell::<OurMap>::new());
    let (mut next, mut same) = (asked(MILLION), asked(MILLION));
    Group::new("map of 1,000,000 entries: witness of one", Some(0.40))
        .rounds(51)
        .entry("ic-certified-map 0.4", move || {
            // Borrowed from the map, so it is used here: hashed would be unfair, dropped is enough.
            black_box(theirs.get_or_init(|| peer_map(MILLION)).witness(&next()));
        })
        .entry("ic-certification", move || {
            ours.get_or_init(|| entries(MILLION).collect())
                .witness(same())
        })
}

fn map_build() -> Group {
    Group::new(
        "map of 1,000,000 entries: build it and take the root",
        Some(0.10),
    )
    .rounds(1)
    .entry("ic-certified-map 0.4, insert by insert", || {
        peer_map(MILLION).root_hash()
    })
    .entry("ic-certification", || {
        entries(MILLION).collect::<OurMap>().digest()
    })
    .entry("ic-certification, insert by insert", || {
        let mut map = OurMap::new();
        for (key, value) in entries(MILLION) {
            map.insert(key, value);
        }
        map.digest()
    })
}

fn state_tree() -> Group {
    const COUNT: u64 = 100_000;
    fn canister(number: u64, round: u64) -> LabeledTree {
        let mut tree = LabeledTree::empty();
        tree.insert(["certified_data"], round.to_be_bytes().as_slice());
        tree.insert(["controllers"], [4; 40].as_slice());
        tree.insert(
            ["module_hash"],
            *Digest::of(&number.to_be_bytes()).as_bytes(),
        );
        tree
    }
    fn whole() -> LabeledTree {
        let canisters = (0..COUNT)
            .map(|number| {
                (
                    Label::from(CanisterId::from_u64(number).as_slice()),
                    canister(number, 0),
                )
            })
            .collect();
        [(Label::from("canister"), canisters)].into_iter().collect()
    }
    let state = Rc::new(OnceCell::new());
    let mut round = 0;
    let mut kept: Option<LabeledTree> = None;
    Group::new(
        "state of 100,000 canisters: root after 100 changed",
        Some(0.02),
    )
    .rounds(11)
    .entry("building it whole", || whole().digest())
    .entry("ic-certification, the state before kept", move || {
        let before = kept.get_or_insert_with(|| {
            let tree = state.get_or_init(whole).clone();
            tree.digest();
            tree
        });
        round += 1;
        let changes = (0..100)
            .map(|number| {
                let number = (number * 997 + round) % COUNT;
                (
                    Label::from(CanisterId::from_u64(number).as_slice()),
                    Some(canister(number, round)),
                )
            })
            .collect();
        let mut after = before.clone();
        after
            .children_mut()
            .entry(Label::from("canister"))
            .children_mut()
            .apply(changes);
        let digest = after.digest();
        *before = after;
        digest
    })
}
