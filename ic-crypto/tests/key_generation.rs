//! Nodes that trust nobody make a key, hand it on, and sign with it; dealers that cheat are named.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::Seed;
use ic_crypto::bls::Signature;
use ic_crypto::dkg::{
    BadConfig, BadDealing, BadDecryptionKey, CannotCombine, CannotDeal, CannotOpen, Config,
    Dealing, DecryptionKey, EncryptionKey, Epoch, Keyring, Transcript, VerifiedDealing,
};
use ic_crypto::threshold::{
    Collected, SecretShare, ShareCollector, SignatureShare, Threshold, tolerated_faults,
};
use ic_types::codec::Wire;
use ic_types::{Digest, NodeId, Principal, StateRoot};

struct Node {
    id: NodeId,
    public: EncryptionKey,
    secret: DecryptionKey,
}

fn nodes(count: u8, first: u8) -> Vec<Node> {
    let mut nodes: Vec<Node> = (first..first + count)
        .map(|number| {
            let id = NodeId::new(Principal::try_from_slice(&[number; 29]).unwrap());
            let seed = Seed::from_bytes(&[number, 1]);
            let (public, possession, secret) = DecryptionKey::generate(seed, &id);
            let public = EncryptionKey::new(&public.to_bytes(), &possession, &id).unwrap();
            Node { id, public, secret }
        })
        .collect();
    nodes.sort_by_key(|node| node.id);
    nodes
}

fn ids(nodes: &[Node]) -> impl Iterator<Item = NodeId> {
    nodes.iter().map(|node| node.id)
}

fn keys(nodes: &[Node]) -> impl Iterator<Item = (NodeId, EncryptionKey)> {
    nodes.iter().map(|node| (node.id, node.public))
}

fn seed(dealer: usize) -> Seed {
    Seed::from_bytes(&[7, u8::try_from(dealer).unwrap()])
}

/// What a dealer sends, received.
fn sent(dealing: &Dealing) -> Dealing {
    Dealing::decode(&dealing.encode()).unwrap()
}

fn sign(transcript: &Transcript, shares: &[SecretShare], message: &StateRoot) -> Signature {
    let mut collector = ShareCollector::new(transcript.public(), message);
    for share in shares {
        if let Collected::Complete(signature) = collector.add(&share.sign(message)).unwrap() {
            return signature;
        }
    }
    panic!("not enough shares");
}

/// The dealing, with one point, scalar or coefficient exchanged for another one of it: still well encoded.
fn exchanged(dealing: &Dealing, from: &str, to: &str) -> Dealing {
    let mut bytes = dealing.encode();
    let place = |bytes: &[u8], field: &str| {
        let at = bytes
            .windows(field.len())
            .position(|window| window == field.as_bytes());
        let at = at.unwrap() + field.len();
        // Lists begin with their length.
        let at = match bytes[at] {
            0x80..0x98 => at + 1,
            0x98 => at + 2,
            _ => at,
        };
        // Of a list of lists the first list's first element.
        if bytes[at] == 0x90 { at + 1 } else { at }
    };
    let (source, target) = (place(&bytes, from), place(&bytes, to));
    let length = 2 + usize::from(bytes[source + 1]);
    assert_eq!(
        bytes[source..source + 2],
        bytes[target..target + 2],
        "values of one type"
    );
    let value = bytes[source..source + length].to_vec();
    bytes[target..target + length].copy_from_slice(&value);
    Dealing::decode(&bytes).unwrap()
}

#[test]
fn thirteen_nodes_make_a_key_and_hand_it_to_twenty_eight() {
    let old = nodes(13, 1);
    let faults = usize::try_from(tolerated_faults(13)).unwrap();
    let config = Config::fresh(
        ids(&old),
        keys(&old),
        Threshold::high(13).unwrap(),
        Epoch::new(5),
    )
    .unwrap();
    // The first dealers are silent, the next ones cheat, each in its own way.
    let cheats = [
        ("first_move_b", "rand_r"),
        ("first_move_c", "first_move_b"),
        ("response_z_r", "response_z_a"),
        ("first_move_a", "rand_z"),
    ];
    let mut verified = Vec::new();
    for (number, node) in old.iter().enumerate().skip(faults) {
        let honest = Dealing::create(&config, &node.id, seed(number)).unwrap();
        match cheats.get(number - faults) {
            Some((from, to)) => {
                let cheated = exchanged(&sent(&honest), from, to);
                let error = cheated.verify(&config, &node.id).unwrap_err();
                let dealer = node.id;
                assert!(error.to_string().contains(&dealer.to_string()), "{error}");
                let expected = match *to {
                    "first_move_b" => BadDealing::Chunking { dealer },
                    "response_z_a" => BadDealing::Sharing { dealer },
                    _ => BadDealing::Ciphertexts { dealer },
                };
                assert_eq!(error, expected, "{to}");
            }
            None => verified.push(sent(&honest).verify(&config, &node.id).unwrap()),
        }
    }
    assert_eq!(verified.len(), 13 - 2 * faults);
    let opened = verified[0]
        .open(&config, &old[3].id, &old[3].secret)
        .unwrap();
    assert_eq!(opened.index().get(), 4);
    let transcript = Transcript::combine(&config, verified).unwrap();
    let shares: Vec<SecretShare> = old
        .iter()
        .map(|node| transcript.load(&node.id, &node.secret).unwrap())
        .collect();
    let message = StateRoot::new(Digest::of(b"a state"));
    let signature = sign(&transcript, &shares[2..], &message);
    assert!(
        transcript
            .public()
            .group_key()
            .verify(&message, &signature)
            .is_ok()
    );

    // What is stored and read again is the same.
    let again = Transcript::from_bytes(
        &transcript.to_bytes(),
        ids(&old),
        Threshold::high(13).unwrap(),
        Epoch::new(5),
    );
    assert_eq!(again.as_ref(), Ok(&transcript));

    // Again f are silent; the others are just enough to hand the key on.
    let new = nodes(28, 101);
    let config = Config::resharing(
        &transcript,
        ids(&old),
        keys(&new),
        Threshold::high(28).unwrap(),
        Epoch::new(6),
    )
    .unwrap();
    let mut verified: Vec<VerifiedDealing> = Vec::new();
    for (number, node) in old.iter().enumerate().skip(faults) {
        let dealing = Dealing::reshare(&config, &node.id, &shares[number], seed(number)).unwrap();
        verified.push(sent(&dealing).verify(&config, &node.id).unwrap());
    }
    assert_eq!(
        Dealing::reshare(&config, &old[0].id, &shares[1], seed(0)),
        Err(CannotDeal::WrongShare { dealer: old[0].id })
    );
    let not_handed_on = verified[0].dealing().clone();
    assert_eq!(
        not_handed_on.verify(&config, &old[12].id).map(drop),
        Err(BadDealing::OtherSecret { dealer: old[12].id })
    );
    let reshared = Transcript::combine(&config, verified.clone()).unwrap();
    assert_eq!(
        reshared.public().group_key(),
        transcript.public().group_key()
    );
    let quorum = usize::try_from(Threshold::high(28).unwrap().required()).unwrap();
    let new_shares: Vec<SecretShare> = new[..quorum]
        .iter()
        .map(|node| reshared.load(&node.id, &node.secret).unwrap())
        .collect();
    assert_eq!(sign(&reshared, &new_shares, &message), signature);

    // Shares of the two committees do not mix.
    let mut collector = ShareCollector::new(reshared.public(), &message);
    let old_share: SignatureShare = shares[0].sign(&message);
    assert!(collector.add(&old_share).is_err());
    assert!(transcript.load(&new[0].id, &new[0].secret).is_err());

    // Fewer dealings than the old threshold hand on nothing.
    let needed = config.dealings_needed();
    verified.truncate(usize::try_from(needed).unwrap() - 1);
    assert_eq!(
        Transcript::combine(&config, verified),
        Err(CannotCombine::TooFew {
            expected: needed,
            found: usize::try_from(needed).unwrap() - 1
        })
    );
}

#[test]
fn a_forgotten_epoch_stays_closed() {
    let mut nodes = nodes(4, 1);
    let threshold = Threshold::low(4).unwrap();
    let config =
        |epoch| Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::new(epoch)).unwrap();
    let transcript = |config: &Config| {
        let dealings = nodes.iter().enumerate().map(|(number, node)| {
            let dealing = Dealing::create(config, &node.id, seed(number)).unwrap();
            dealing.verify(config, &node.id).unwrap()
        });
        Transcript::combine(config, dealings.collect::<Vec<_>>()).unwrap()
    };
    let (before, after) = (
        transcript(&config(0x0001_ffff)),
        transcript(&config(0x0002_0000)),
    );
    let other = transcript(&config(0x0001_ffff));
    let [node, ..] = &mut nodes[..] else {
        panic!("four nodes")
    };
    assert!(before.load(&node.id, &node.secret).is_ok());
    assert!(after.load(&node.id, &node.secret).is_ok());
    node.secret
        .advance(Epoch::new(0x0001_ffff), Seed::from_bytes(b"first"))
        .unwrap();
    assert!(before.load(&node.id, &node.secret).is_ok());
    node.secret
        .advance(Epoch::new(0x0002_0000), Seed::from_bytes(b"second"))
        .unwrap();
    node.secret
        .advance(Epoch::new(3), Seed::from_bytes(b"no way back"))
        .unwrap();
    assert_eq!(node.secret.epoch(), Some(Epoch::new(0x0002_0000)));
    assert!(after.load(&node.id, &node.secret).is_ok());
    for transcript in [before, other] {
        let sealed = transcript.epoch();
        let result = transcript.load(&node.id, &node.secret).map(drop);
        assert_eq!(result, Err(CannotOpen::Forgotten { sealed }));
    }
}

#[test]
fn impossible_configurations() {
    let nodes = nodes(4, 1);
    let fresh = |dealers: &[Node], receivers: &[Node], required, total| {
        let threshold = Threshold::new(required, total).unwrap();
        Config::fresh(ids(dealers), keys(receivers), threshold, Epoch::FIRST).map(drop)
    };
    assert_eq!(fresh(&[], &nodes, 2, 4), Err(BadConfig::NoDealers));
    assert_eq!(
        fresh(&nodes, &nodes[1..], 2, 4),
        Err(BadConfig::Receivers {
            expected: 4,
            found: 3
        })
    );
    assert_eq!(
        fresh(&nodes, &nodes, 1, 4),
        Err(BadConfig::ThresholdTooLow {
            required: 1,
            faults: 1
        })
    );
    assert_eq!(
        fresh(&nodes, &nodes, 4, 4),
        Err(BadConfig::ThresholdTooHigh {
            required: 4,
            total: 4,
            faults: 1
        })
    );
    let stolen = [(nodes[0].id, nodes[1].public)];
    assert_eq!(
        Config::fresh(
            ids(&nodes),
            stolen,
            Threshold::new(1, 1).unwrap(),
            Epoch::FIRST
        )
        .map(drop),
        Err(BadConfig::OtherOwner {
            receiver: nodes[0].id
        })
    );
    let registered = EncryptionKey::assume_possession(&nodes[1].public.to_bytes()).unwrap();
    let one_twice = keys(&nodes).chain([(nodes[0].id, registered)]);
    let receiver = nodes[0].id;
    assert_eq!(
        Config::fresh(
            ids(&nodes),
            one_twice,
            Threshold::low(4).unwrap(),
            Epoch::FIRST
        )
        .map(drop),
        Err(BadConfig::TwoKeys { receiver })
    );
    assert_eq!(fresh(&nodes[..1], &nodes, 3, 4), Ok(()));
    assert_eq!(fresh(&nodes[..1], &nodes[..1], 1, 1), Ok(()));
    assert!(Threshold::new(0, 4).is_err());
    assert!(Threshold::new(5, 4).is_err());
}

#[test]
fn dealings_of_the_wrong_shape() {
    let nodes = nodes(7, 1);
    let config = |count: usize, required| {
        let total = u32::try_from(count).unwrap();
        let threshold = Threshold::new(required, total).unwrap();
        Config::fresh(
            ids(&nodes[..4]),
            keys(&nodes[..count]),
            threshold,
            Epoch::FIRST,
        )
        .unwrap()
    };
    let dealer = nodes[0].id;
    let four = config(4, 2);
    let dealing = Dealing::create(&four, &dealer, seed(0)).unwrap();
    let verify = |dealing: &Dealing, config: &Config, dealer: &NodeId| {
        dealing.clone().verify(config, dealer).map(drop)
    };
    assert_eq!(verify(&dealing, &four, &dealer), Ok(()));
    let other = nodes[1].id;
    assert_eq!(
        verify(&dealing, &four, &other),
        Err(BadDealing::Ciphertexts { dealer: other })
    );
    let stranger = nodes[6].id;
    assert_eq!(
        verify(&dealing, &four, &stranger),
        Err(BadDealing::NotADealer { dealer: stranger })
    );
    assert_eq!(
        Dealing::create(&four, &stranger, seed(0)),
        Err(CannotDeal::NotADealer { dealer: stranger })
    );
    assert_eq!(
        verify(&dealing, &config(4, 3), &dealer),
        Err(BadDealing::Coefficients {
            dealer,
            expected: 3,
            found: 2
        })
    );
    assert_eq!(
        verify(&dealing, &config(3, 2), &dealer),
        Err(BadDealing::Receivers {
            dealer,
            expected: 3,
            found: 4
        })
    );
    let verified = dealing.verify(&four, &dealer).unwrap();
    assert_eq!(
        Transcript::combine(&config(4, 3), [verified.clone()]),
        Err(CannotCombine::OtherConfig { dealer })
    );
    // The same dealing twice is one dealing.
    assert_eq!(
        Transcript::combine(&four, [verified.clone(), verified]),
        Err(CannotCombine::TooFew {
            expected: 2,
            found: 1
        })
    );
}

#[test]
fn every_byte_counts() {
    let nodes = nodes(1, 1);
    let threshold = Threshold::new(1, 1).unwrap();
    let config = Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::FIRST).unwrap();
    let bytes = Dealing::create(&config, &nodes[0].id, seed(0))
        .unwrap()
        .encode();
    // Every 23rd byte: all fields are hit, at many places.
    for at in (0..bytes.len()).step_by(23) {
        for flip in [1, 0x80] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            let verified =
                Dealing::decode(&bytes).map(|dealing| dealing.verify(&config, &nodes[0].id));
            assert!(!matches!(verified, Ok(Ok(_))), "byte {at}");
        }
        assert!(Dealing::decode(&bytes[..at]).is_err());
    }
}

#[test]
fn what_is_not_needed_is_erased() {
    let mut nodes = nodes(4, 1);
    let transcript = |nodes: &[Node], epoch, required| {
        let threshold = Threshold::new(required, 4).unwrap();
        let config = Config::fresh(ids(nodes), keys(nodes), threshold, Epoch::new(epoch)).unwrap();
        // Keys made of the same seed would be the same key.
        let fresh = |number: usize| seed(number).derive(&format!("{epoch}"));
        let dealings = nodes.iter().enumerate().map(|(number, node)| {
            let dealing = Dealing::create(&config, &node.id, fresh(number)).unwrap();
            dealing.verify(&config, &node.id).unwrap()
        });
        Transcript::combine(&config, dealings.collect::<Vec<_>>()).unwrap()
    };
    let (old, low, high) = (
        transcript(&nodes, 6, 2),
        transcript(&nodes, 8, 2),
        transcript(&nodes, 9, 3),
    );
    let Node { id, secret, .. } = nodes.remove(2);
    let mut ring = Keyring::new(id, secret);
    for transcript in [&old, &low, &high] {
        assert!(ring.share(transcript).is_none());
        assert_eq!(ring.load(transcript).unwrap().index().get(), 3);
    }
    ring.retain([], Seed::from_bytes(b"nothing happens"))
        .unwrap();
    assert!(ring.share(&old).is_some());
    ring.retain([&high, &low], Seed::from_bytes(b"retain"))
        .unwrap();
    assert!(ring.share(&old).is_none());
    assert!(ring.share(&low).is_some() && ring.share(&high).is_some());
    assert_eq!(ring.decryption_key().epoch(), Some(Epoch::new(8)));
    let sealed = Epoch::new(6);
    assert_eq!(
        ring.load(&old).map(drop),
        Err(CannotOpen::Forgotten { sealed })
    );
}

#[test]
fn a_seed_that_is_used_again_deals_something_else() {
    let nodes = nodes(4, 1);
    let config = |epoch, required| {
        let threshold = Threshold::new(required, 4).unwrap();
        Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::new(epoch)).unwrap()
    };
    let group_key = |config: &Config| {
        let dealings = nodes.iter().enumerate().take(2).map(|(number, node)| {
            let dealing = Dealing::create(config, &node.id, seed(number)).unwrap();
            dealing.verify(config, &node.id).unwrap()
        });
        let transcript = Transcript::combine(config, dealings.collect::<Vec<_>>()).unwrap();
        transcript.public().group_key().to_bytes()
    };
    let (low, high) = (group_key(&config(1, 2)), group_key(&config(1, 3)));
    assert_ne!(low, high);
    assert_ne!(low, group_key(&config(2, 2)));
    assert_eq!(low, group_key(&config(1, 2)));
    // Nor do two dealers with one seed deal the same.
    let config = config(1, 2);
    let dealt = |node: &Node| Dealing::create(&config, &node.id, seed(0)).unwrap();
    assert_ne!(dealt(&nodes[0]), dealt(&nodes[1]));
}

#[test]
fn two_dealings_of_one_dealer_make_no_transcript() {
    let nodes = nodes(4, 1);
    let threshold = Threshold::low(4).unwrap();
    let config = Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::FIRST).unwrap();
    let dealt = |number: usize, entropy: usize| {
        let dealing = Dealing::create(&config, &nodes[number].id, seed(entropy)).unwrap();
        dealing.verify(&config, &nodes[number].id).unwrap()
    };
    let (one, another, honest) = (dealt(0, 0), dealt(0, 9), dealt(1, 1));
    let dealer = nodes[0].id;
    for order in [[&one, &another, &honest], [&honest, &another, &one]] {
        assert_eq!(
            Transcript::combine(&config, order.map(Clone::clone)),
            Err(CannotCombine::TwoDealings { dealer })
        );
    }
    let orders = [[&one, &honest, &one], [&honest, &one, &one]];
    let [first, second] =
        orders.map(|order| Transcript::combine(&config, order.map(Clone::clone)).unwrap());
    assert_eq!(first, second);
}

#[test]
fn the_wrong_key_is_noticed_before_the_search() {
    let nodes = nodes(4, 1);
    let threshold = Threshold::low(4).unwrap();
    let config =
        |epoch| Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::new(epoch)).unwrap();
    let (now, later) = (config(1), config(2));
    let dealer = nodes[0].id;
    let dealing = Dealing::create(&now, &dealer, seed(0)).unwrap();
    let verified = dealing.verify(&now, &dealer).unwrap();
    let [node, other, ..] = &nodes[..] else {
        panic!("four nodes")
    };
    let open =
        |config: &Config, key: &DecryptionKey| verified.open(config, &node.id, key).map(drop);
    assert_eq!(open(&now, &node.secret), Ok(()));
    assert_eq!(
        open(&now, &other.secret),
        Err(CannotOpen::OtherKey { node: node.id })
    );
    assert_eq!(
        open(&later, &node.secret),
        Err(CannotOpen::OtherConfig { dealer })
    );

    // Also of a key that was stored and advanced.
    let mut stored = DecryptionKey::import(&node.secret.export()).unwrap();
    assert!(stored.belongs_to(&node.public) && !stored.belongs_to(&other.public));
    for epoch in [1, 0x8000_0005, u32::MAX] {
        let seed = Seed::from_bytes(&epoch.to_be_bytes());
        stored.advance(Epoch::new(epoch), seed).unwrap();
        assert!(stored.belongs_to(&node.public) && !stored.belongs_to(&other.public));
    }
}

#[test]
fn keys_and_transcripts_of_impossible_sizes() {
    // {"bte_nodes": []}
    let empty = DecryptionKey::import(b"\xa1\x69bte_nodes\x80").map(drop);
    assert_eq!(empty, Err(BadDecryptionKey::Empty));

    let nodes = nodes(1, 1);
    let threshold = Threshold::new(1, 1).unwrap();
    let config = Config::fresh(ids(&nodes), keys(&nodes), threshold, Epoch::FIRST).unwrap();
    let dealing = Dealing::create(&config, &nodes[0].id, seed(0)).unwrap();
    let verified = dealing.verify(&config, &nodes[0].id).unwrap();
    let bytes = Transcript::combine(&config, [verified]).unwrap().to_bytes();
    let read = |bytes: &[u8]| {
        Transcript::from_bytes(bytes, ids(&nodes), threshold, Epoch::FIRST).map(drop)
    };
    assert_eq!(read(&bytes), Ok(()));
    // The map of dealers has one entry, whose key is the dealer's number.
    let name = b"receiver_data";
    let at = bytes.windows(name.len()).position(|window| window == name);
    let at = at.unwrap() + name.len();
    assert_eq!(bytes[at..at + 2], [0xa1, 0]);
    let with = |number: &[u8]| [&bytes[..=at], number, &bytes[at + 2..]].concat();
    assert_eq!(read(&with(&[0x19, 0x03, 0xff])), Ok(()));
    for number in [&[0x19, 0x04, 0x00][..], &[0x1a, 0xff, 0xff, 0xff, 0xff]] {
        let error = read(&with(number)).unwrap_err();
        assert!(error.to_string().contains("the number of a dealer"));
    }
    let error = read(&[&bytes[..at], &[0xa0]].concat()).unwrap_err();
    assert!(error.to_string().contains("dealers of a transcript"));

    // So many shares would not fit into memory.
    assert!(Threshold::new(1, 1024).is_ok());
    assert!(Threshold::new(1, 1025).is_err());
    assert!(Threshold::high(u32::MAX).is_err());
}
