//! Any t of n agree; fewer never do; a bad share is named; the order is irrelevant.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::bls::{PublicKey, Signature};
use ic_crypto::threshold::{
    BadShare, BadTranscript, Collected, OptimisticCollector, SecretShare, ShareCollector,
    ShareIndex, SignatureShare, Threshold, Transcript, combine as combine_valid, dealing,
    tolerated_faults, verify_shares,
};
use ic_crypto::{Generator, Seed};
use ic_types::{Digest, StateRoot};

fn message(text: &str) -> StateRoot {
    StateRoot::new(Digest::of(text.as_bytes()))
}

fn deal(required: u32, total: u32) -> (Transcript, Vec<SecretShare>) {
    dealing::deal(
        Threshold::new(required, total).unwrap(),
        Seed::from_bytes(&[required.to_be_bytes(), total.to_be_bytes()].concat()),
    )
}

/// The signature that these shares make, in this order, through both collectors.
fn combine(
    transcript: &Transcript,
    message: &StateRoot,
    shares: &[SignatureShare],
) -> Option<Signature> {
    let mut collector = ShareCollector::new(transcript, message);
    let mut optimistic = OptimisticCollector::new(transcript, message);
    let mut last = (Collected::Duplicate, Collected::Duplicate);
    for share in shares {
        last = (
            collector.add(share).unwrap(),
            optimistic.add(share).unwrap(),
        );
    }
    assert_eq!(last.0, last.1);
    if let Collected::Complete(signature) = last.0 {
        assert_eq!(combine_valid(shares), Some(signature));
    }
    match last.0 {
        Collected::Complete(signature) => Some(signature),
        Collected::Pending { .. } | Collected::Duplicate => None,
    }
}

/// CERT-072: whoever verifies sees one key and one signature.
#[test]
fn any_shares_in_any_order_make_the_one_signature() {
    let mut generator = Generator::new(&[9; 32]);
    for (required, total) in [
        (1, 1),
        (1, 4),
        (2, 4),
        (3, 4),
        (4, 4),
        (5, 13),
        (9, 13),
        (27, 40),
    ] {
        let (transcript, secrets) = deal(required, total);
        let message = message("a state");
        let mut shares: Vec<SignatureShare> =
            secrets.iter().map(|secret| secret.sign(&message)).collect();
        let mut signatures = Vec::new();
        for _ in 0..4 {
            generator.shuffle(&mut shares);
            let required = usize::try_from(required).unwrap();
            signatures.push(combine(&transcript, &message, &shares[..required]).unwrap());
            assert_eq!(
                combine(&transcript, &message, &shares[..required - 1]),
                None
            );
            assert_eq!(combine(&transcript, &message, &shares), Some(signatures[0]));
        }
        assert!(
            signatures
                .iter()
                .all(|signature| *signature == signatures[0])
        );
        assert!(
            transcript
                .group_key()
                .verify(&message, &signatures[0])
                .is_ok()
        );
    }
}

#[test]
fn too_few_shares_do_not_make_the_signature() {
    // One share less, interpolated as if it were enough: a transcript that claims a lower threshold has another key.
    let (transcript, secrets) = deal(3, 4);
    let message = message("a state");
    let coefficients: Vec<_> = transcript.coefficients().collect();
    let lower =
        Transcript::from_coefficients(Threshold::new(2, 4).unwrap(), &coefficients[..2]).unwrap();
    let mut collector = OptimisticCollector::new(&lower, &message);
    collector.add(&secrets[0].sign(&message)).unwrap();
    assert!(matches!(
        collector.add(&secrets[1].sign(&message)),
        Err(BadShare::Invalid { .. })
    ));
}

#[test]
fn a_bad_share_is_named_at_once() {
    let (transcript, secrets) = deal(3, 4);
    let message = message("a state");
    let mut collector = ShareCollector::new(&transcript, &message);
    let another = secrets[1].sign(&self::message("another state"));
    assert_eq!(
        collector.add(&another),
        Err(BadShare::Invalid {
            culprits: vec![another.index]
        })
    );
    // Another node's share under this node's index.
    let stolen = SignatureShare {
        index: secrets[1].index(),
        ..secrets[0].sign(&message)
    };
    assert_eq!(
        collector.add(&stolen),
        Err(BadShare::Invalid {
            culprits: vec![stolen.index]
        })
    );
    let unknown = SignatureShare {
        index: ShareIndex::new(5).unwrap(),
        ..stolen
    };
    assert_eq!(
        collector.add(&unknown),
        Err(BadShare::UnknownIndex {
            index: unknown.index,
            total: 4
        })
    );
    // Neither counts, and neither is in the way of the good one.
    assert_eq!(
        collector.add(&secrets[1].sign(&message)),
        Ok(Collected::Pending { missing: 2 })
    );
    assert_eq!(
        collector.add(&secrets[1].sign(&message)),
        Ok(Collected::Duplicate)
    );
    assert_eq!(
        collector.add(&secrets[0].sign(&message)),
        Ok(Collected::Pending { missing: 1 })
    );
    assert!(matches!(
        collector.add(&secrets[3].sign(&message)),
        Ok(Collected::Complete(_))
    ));
}

#[test]
fn all_culprits_are_named_when_the_signature_is_wrong() {
    for culprits in [
        &[0][..],
        &[8],
        &[0, 1],
        &[2, 5, 7],
        &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    ] {
        let (transcript, secrets) = deal(9, 13);
        let message = message("a state");
        let mut collector = OptimisticCollector::new(&transcript, &message);
        let share = |position: usize| {
            let forged = self::message("a forged state");
            if culprits.contains(&position) {
                secrets[position].sign(&forged)
            } else {
                secrets[position].sign(&message)
            }
        };
        for position in 0..8 {
            assert!(matches!(
                collector.add(&share(position)),
                Ok(Collected::Pending { .. })
            ));
        }
        let named: Vec<ShareIndex> = culprits
            .iter()
            .map(|position| secrets[*position].index())
            .collect();
        assert_eq!(
            collector.add(&share(8)),
            Err(BadShare::Invalid { culprits: named })
        );
        // The good shares are kept: with as many good ones as there were culprits, the signature is complete.
        let replacements = (9..13).chain(culprits.iter().copied()).take(culprits.len());
        let last = replacements
            .map(|position| collector.add(&secrets[position].sign(&message)).unwrap())
            .last();
        let Some(Collected::Complete(signature)) = last else {
            panic!("{culprits:?}: {last:?}")
        };
        assert!(transcript.group_key().verify(&message, &signature).is_ok());
    }
}

#[test]
fn shares_that_cancel_each_other_are_found() {
    // Two nodes add and subtract the same point: the sum of all shares is right, the interpolation and the batch are not.
    use ic_crypto::bls::arithmetic::G1Affine;
    let (transcript, secrets) = deal(3, 4);
    let message = message("a state");
    let shift = |share: SignatureShare, negative: bool| {
        let point = G1Affine::from_compressed(&share.signature.to_bytes()).unwrap();
        let delta = G1Affine::generator();
        let shifted = point.to_projective() + if negative { -delta } else { delta };
        let signature = Signature::from_bytes(&shifted.to_affine().to_compressed()).unwrap();
        SignatureShare { signature, ..share }
    };
    let mut collector = OptimisticCollector::new(&transcript, &message);
    collector
        .add(&shift(secrets[0].sign(&message), true))
        .unwrap();
    collector
        .add(&shift(secrets[1].sign(&message), false))
        .unwrap();
    let culprits = vec![secrets[0].index(), secrets[1].index()];
    assert_eq!(
        collector.add(&secrets[2].sign(&message)),
        Err(BadShare::Invalid { culprits })
    );
}

#[test]
fn encodings() {
    let (_, secrets) = deal(3, 4);
    let share = secrets[2].sign(&message("a state"));
    assert_eq!(SignatureShare::from_bytes(&share.to_bytes()), Ok(share));
    let mut zero = share.to_bytes();
    zero[..4].fill(0);
    assert!(SignatureShare::from_bytes(&zero).is_err());
    let again = SecretShare::from_bytes(secrets[2].index(), &secrets[2].export()).unwrap();
    assert_eq!(again.sign(&message("a state")), share);
    assert!(SecretShare::from_bytes(secrets[2].index(), &[0xff; 32]).is_err());
}

#[test]
fn thresholds() {
    assert!(Threshold::new(0, 4).is_err());
    assert!(Threshold::new(5, 4).is_err());
    assert!(Threshold::low(0).is_err());
    for (total, low, high) in [
        (1, 1, 1),
        (3, 1, 1),
        (4, 2, 3),
        (7, 3, 5),
        (13, 5, 9),
        (28, 10, 19),
        (40, 14, 27),
    ] {
        assert_eq!(Threshold::low(total), Threshold::new(low, total));
        assert_eq!(Threshold::high(total), Threshold::new(high, total));
        // Two high quorums of a committee of 3f + 1 share an honest node.
        let faults = tolerated_faults(total);
        assert!(2 * high > (3 * faults + 1) + faults);
    }
}

#[test]
fn transcripts() {
    let (transcript, _) = deal(3, 4);
    let threshold = transcript.threshold();
    let coefficients: Vec<_> = transcript.coefficients().collect();
    assert_eq!(
        Transcript::from_coefficients(threshold, &coefficients),
        Ok(transcript.clone())
    );
    assert_eq!(transcript.share_key(ShareIndex::new(5).unwrap()), None);
    let found = Transcript::from_coefficients(threshold, &coefficients[..2]);
    assert_eq!(
        found,
        Err(BadTranscript::WrongLength {
            expected: 3,
            found: 2
        })
    );
    let mut broken = coefficients.clone();
    broken[1][95] ^= 1;
    let found = Transcript::from_coefficients(threshold, &broken);
    assert_eq!(found, Err(BadTranscript::Coefficient { position: 1 }));
    let mut identity = [0; PublicKey::BYTES];
    identity[0] = 0xc0;
    let found =
        Transcript::from_coefficients(threshold, &[identity, coefficients[1], coefficients[2]]);
    assert_eq!(found, Err(BadTranscript::GroupKey));
    // a(x) = 2 - x is zero at 2.
    use ic_crypto::bls::arithmetic::{G2, G2Affine};
    let (minus_one, two) = (-G2Affine::generator(), G2::generator().double().to_affine());
    let found = Transcript::from_coefficients(
        Threshold::new(2, 4).unwrap(),
        &[two.to_compressed(), minus_one.to_compressed()],
    );
    assert_eq!(
        found,
        Err(BadTranscript::ShareKey {
            index: ShareIndex::new(2).unwrap()
        })
    );
}

#[test]
fn shares_are_verified_together() {
    let (transcript, secrets) = deal(9, 13);
    let message = message("a state");
    let mut shares: Vec<SignatureShare> =
        secrets.iter().map(|secret| secret.sign(&message)).collect();
    assert_eq!(verify_shares(&transcript, &message, &shares), Ok(()));
    assert_eq!(verify_shares(&transcript, &message, &shares[..1]), Ok(()));
    assert_eq!(verify_shares(&transcript, &message, &[]), Ok(()));
    assert_eq!(
        verify_shares(&transcript, &message, &[shares[3], shares[3]]),
        Ok(())
    );
    let forged = self::message("a forged state");
    for culprit in [12, 5] {
        shares[culprit] = secrets[culprit].sign(&forged);
    }
    let culprits = vec![secrets[5].index(), secrets[12].index()];
    assert_eq!(
        verify_shares(&transcript, &message, &shares),
        Err(BadShare::Invalid { culprits })
    );
    let index = ShareIndex::new(14).unwrap();
    shares[0].index = index;
    let found = verify_shares(&transcript, &message, &shares);
    assert_eq!(found, Err(BadShare::UnknownIndex { index, total: 13 }));
}

#[test]
fn nothing_and_twice_the_same_cannot_be_combined() {
    let (_, secrets) = deal(2, 4);
    let share = secrets[0].sign(&message("a state"));
    assert_eq!(combine_valid(&[]), None);
    assert_eq!(combine_valid(&[share, share]), None);
}

#[test]
fn a_culprit_does_not_come_back() {
    let (transcript, secrets) = deal(3, 4);
    let message = message("a state");
    let forged = self::message("a forged state");
    let mut collector = OptimisticCollector::new(&transcript, &message);
    let invalid = |culprits: &[usize]| {
        let culprits = culprits.iter().map(|culprit| secrets[*culprit].index());
        Err(BadShare::Invalid {
            culprits: culprits.collect(),
        })
    };
    assert!(collector.add(&secrets[0].sign(&forged)).is_ok());
    assert!(collector.add(&secrets[1].sign(&forged)).is_ok());
    let found = collector.add(&secrets[2].sign(&message));
    assert_eq!(found, invalid(&[0, 1]));
    assert_eq!(
        found.unwrap_err().to_string(),
        "invalid signature shares of 1, 2"
    );
    // Its next share is checked at once: refused if it is wrong again, taken if it is right.
    assert_eq!(collector.add(&secrets[0].sign(&forged)), invalid(&[0]));
    assert_eq!(
        collector.add(&secrets[1].sign(&message)),
        Ok(Collected::Pending { missing: 1 })
    );
    assert!(matches!(
        collector.add(&secrets[3].sign(&message)),
        Ok(Collected::Complete(_))
    ));
}
