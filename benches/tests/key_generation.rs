//! A key that thirteen nodes made without a dealer, four of them silent and four cheating, and handed to twenty-eight others
//! signs certificates which the crate of the network's clients, `ic-certificate-verification`, verifies.

use ic_certificate_verification::VerifyCertificate;
use ic_certification::{Certificate, LabeledTree};
use ic_crypto::Seed;
use ic_crypto::bls::Signature;
use ic_crypto::dkg::{
    Config, Dealing, DecryptionKey, EncryptionKey, Epoch, Transcript, VerifiedDealing,
};
use ic_crypto::threshold::{Collected, SecretShare, ShareCollector, Threshold};
use ic_types::codec::{Wire, leb128};
use ic_types::{Label, NodeId, Path, Principal, StateRoot};

const NOW: u64 = 1_700_000_000_000_000_000;

struct Node {
    id: NodeId,
    public: EncryptionKey,
    secret: DecryptionKey,
}

fn nodes(numbers: std::ops::Range<u8>) -> Vec<Node> {
    let node = |number: u8| {
        let id = NodeId::new(Principal::try_from_slice(&[number; 29]).expect("29 bytes"));
        let (public, _, secret) = DecryptionKey::generate(Seed::from_bytes(&[number]), &id);
        Node { id, public, secret }
    };
    numbers.map(node).collect()
}

fn keys(nodes: &[Node]) -> impl Iterator<Item = (NodeId, EncryptionKey)> {
    nodes.iter().map(|node| (node.id, node.public))
}

fn combine(config: &Config, dealings: impl Iterator<Item = (NodeId, Dealing)>) -> Transcript {
    let verified = dealings.map(|(dealer, dealing)| {
        let received = Dealing::decode(&dealing.encode()).expect("own encoding");
        received.verify(config, &dealer).expect("an honest dealing")
    });
    Transcript::combine(config, verified.collect::<Vec<VerifiedDealing>>())
        .expect("enough dealings")
}

fn shares<'a>(
    transcript: &'a Transcript,
    nodes: &'a [Node],
) -> impl Iterator<Item = SecretShare> + 'a {
    nodes
        .iter()
        .map(|node| transcript.load(&node.id, &node.secret).expect("a share"))
}

fn sign(transcript: &Transcript, shares: &[SecretShare], root: &StateRoot) -> Signature {
    let mut collector = ShareCollector::new(transcript.public(), root);
    for share in shares {
        if let Collected::Complete(signature) =
            collector.add(&share.sign(root)).expect("a good share")
        {
            return signature;
        }
    }
    panic!("not enough shares");
}

/// What four dealers send instead of an honest dealing.
fn cheats(config: &Config, old: &[Node], honest: &Dealing) -> [Dealing; 4] {
    let deal = |config: &Config, node: &Node| {
        Dealing::create(config, &node.id, Seed::from_bytes(b"cheat")).expect("a dealer")
    };
    let other = |threshold, epoch| {
        let ids = old.iter().map(|node| node.id);
        Config::fresh(ids, keys(old), threshold, Epoch::new(epoch)).expect("a config")
    };
    let high = Threshold::high(13).expect("nodes");
    let low = Threshold::low(13).expect("nodes");
    // A proof's answer in place of another of its answers.
    let mut bytes = honest.encode();
    let place = |field: &[u8]| {
        let mut windows = bytes.windows(field.len());
        windows.position(|window| window == field).expect("a field") + field.len() + 2
    };
    let (from, to) = (place(b"response_z_r"), place(b"response_z_a"));
    bytes.copy_within(from..from + 32, to);
    [
        deal(&other(high, 6), &old[4]),
        deal(config, &old[12]),
        deal(&other(low, 5), &old[6]),
        Dealing::decode(&bytes).expect("well encoded"),
    ]
}

#[test]
fn certificates_of_a_key_without_dealer() {
    let (old, new) = (nodes(1..14), nodes(101..129));
    let threshold = |total| Threshold::high(total).expect("nodes");
    let seed = |node: &Node| Seed::from_bytes(node.id.as_slice());
    let dealers = || old.iter().map(|node| node.id);
    let config =
        Config::fresh(dealers(), keys(&old), threshold(13), Epoch::new(5)).expect("a config");
    let deal = |node: &Node| {
        (
            node.id,
            Dealing::create(&config, &node.id, seed(node)).expect("a dealer"),
        )
    };
    // Four dealers are silent, the next four cheat and are found out, five are honest: just enough.
    for (node, cheat) in old[4..8]
        .iter()
        .zip(cheats(&config, &old, &deal(&old[7]).1))
    {
        let error = cheat.verify(&config, &node.id).expect_err("a cheat");
        assert!(error.to_string().contains(&node.id.to_string()), "{error}");
    }
    let first = combine(&config, old[8..].iter().map(deal));
    let old_shares: Vec<SecretShare> = shares(&first, &old).collect();

    let handed_on = Config::resharing(&first, dealers(), keys(&new), threshold(28), Epoch::new(6))
        .expect("a config");
    let reshare = |(node, share): (&Node, &SecretShare)| {
        let dealing = Dealing::reshare(&handed_on, &node.id, share, seed(node)).expect("a dealer");
        (node.id, dealing)
    };
    let second = combine(&handed_on, old.iter().zip(&old_shares).take(9).map(reshare));
    let new_shares: Vec<SecretShare> = shares(&second, &new[9..]).collect();
    assert_eq!(first.public().group_key(), second.public().group_key());

    let tree: LabeledTree = [
        (b"time".as_slice(), leb128::unsigned(NOW.into()).as_slice()),
        (
            b"value".as_slice(),
            b"made by all, known to none".as_slice(),
        ),
    ]
    .into_iter()
    .map(|(label, value)| (Label::from(label), LabeledTree::leaf(value)))
    .collect();
    let root = tree.root();
    let signature = sign(&first, &old_shares, &root);
    assert_eq!(sign(&second, &new_shares, &root), signature);

    let certificate = |signature: Signature| Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: signature.to_bytes(),
        delegation: None,
    };
    let verdict = |certificate: Certificate, key: &ic_crypto::bls::PublicKey| {
        let peer: peer_certification::Certificate =
            serde_cbor::from_slice(&certificate.encode()).expect("a certificate");
        peer.verify(&[1; 10], key.to_der().as_slice(), &u128::from(NOW), &1)
    };
    let key = second.public().group_key();
    assert!(verdict(certificate(signature), key).is_ok());
    let other = second
        .public()
        .share_key(new_shares[0].index())
        .expect("a share");
    assert!(verdict(certificate(signature), other).is_err());
}
