//! Signatures: `ic-crypto` beside `ic-verify-bls-signature`, `ic-ed25519`, `blst` and `commonware-cryptography`.

use blst::min_sig;
use commonware_codec::Encode as _;
use commonware_cryptography::Signer as _;
use commonware_cryptography::bls12381::dkg::feldman_desmedt::deal;
use commonware_cryptography::bls12381::primitives::group::Share;
use commonware_cryptography::bls12381::primitives::ops::{
    aggregate, keypair, sign_message, threshold as peer,
};
use commonware_cryptography::bls12381::primitives::sharing::{Mode, Sharing};
use commonware_cryptography::bls12381::primitives::variant::{MinSig, PartialSignature};
use commonware_parallel::Sequential;
use commonware_utils::{N3f1, TryCollect as _, non_empty, test_rng};
use ic_crypto::multisig::{self, Committee, MultiSignature};
use ic_crypto::threshold::{
    self, SecretShare, SignatureShare, Threshold, Transcript, dealing, verify_shares,
};
use ic_crypto::user_key::{self, SecretKey, ed25519};
use ic_crypto::{NoCanisterSignatures, Seed, authenticate, authenticate_all, bls};
use ic_types::{
    Call, CanisterId, Content, Delegation, DelegationChain, Digest, Envelope, NodeId, Principal,
    SenderProof, SignedBytes, StateRoot, Time,
};

use crate::Group;

/// The ciphersuite of a subnet's signatures.
const SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// The groups of this module.
pub fn groups() -> Vec<Group> {
    let mut groups = vec![bls_against_ic(), bls_against_blst()];
    groups.extend([sign_share(), verify_share()]);
    groups.extend([verify_quorum(
        "verify a quorum of 9 shares, n = 13",
        13,
        None,
    )]);
    groups.extend([verify_quorum(
        "verify a quorum of 27 shares, n = 40",
        40,
        Some(0.60),
    )]);
    groups.extend([recover("recover from 9 shares, n = 13", 13, Some(0.45))]);
    groups.extend([recover("recover from 27 shares, n = 40", 40, Some(0.50))]);
    groups.extend([recover_blsful()]);
    groups.extend([multi_signature(), ed25519_one(), ed25519_batch(), ingress()]);
    groups
}

fn root() -> StateRoot {
    StateRoot::new(Digest::of(b"a state"))
}

fn signed() -> (bls::PublicKey, bls::Signature, SignedBytes) {
    let secret = bls::SecretKey::from_seed(Seed::from_bytes(b"bench"));
    (
        secret.public_key(),
        secret.sign(&root()),
        SignedBytes::of(&root()),
    )
}

fn bls_against_ic() -> Group {
    let (key, signature, message) = signed();
    let bytes = signature.to_bytes();
    let peer = ic_verify_bls_signature::PublicKey::deserialize(&key.to_bytes()).expect("a key");
    let peer_message = message.clone();
    Group::new("verify a BLS signature from bytes, key kept", Some(0.55))
        .entry("ic-verify-bls-signature 0.6", move || {
            let signature =
                ic_verify_bls_signature::Signature::deserialize(&bytes).expect("a signature");
            peer.verify(peer_message.as_slice(), &signature)
                .expect("verifies");
        })
        .entry("ic-crypto", move || {
            let signature = bls::Signature::from_bytes(&bytes).expect("a signature");
            key.verify_bytes(&message, &signature).expect("verifies");
        })
}

fn bls_against_blst() -> Group {
    let (key, signature, message) = signed();
    let bytes = signature.to_bytes();
    let peer = min_sig::PublicKey::key_validate(&key.to_bytes()).expect("a key");
    let peer_message = message.clone();
    Group::new(
        "verify a BLS signature from bytes, key kept, blst",
        Some(0.85),
    )
    .entry("blst 0.3 min_sig", move || {
        let signature = min_sig::Signature::sig_validate(&bytes, false).expect("a signature");
        let verdict = signature.verify(false, peer_message.as_slice(), SUITE, &[], &peer, false);
        assert_eq!(verdict, blst::BLST_ERROR::BLST_SUCCESS);
    })
    .entry("ic-crypto", move || {
        let signature = bls::Signature::from_bytes(&bytes).expect("a signature");
        key.verify_bytes(&message, &signature).expect("verifies");
    })
}

/// A committee of the peer with a shared key, of which a quorum signed.
fn peer_committee(nodes: u32) -> (Sharing<MinSig>, Vec<Share>, Vec<PartialSignature<MinSig>>) {
    let mut rng = test_rng();
    let players = (0..u64::from(nodes))
        .map(|node| commonware_cryptography::ed25519::PrivateKey::from_seed(node).public_key())
        .try_collect()
        .expect("distinct");
    let (output, shares) =
        deal::<MinSig, _, N3f1>(&mut rng, Mode::NonZeroCounter, players).expect("deals");
    let shares: Vec<Share> = shares.values().to_vec();
    let quorum = quorum(nodes);
    let partials = shares
        .iter()
        .take(quorum)
        .map(|share| peer::sign_message::<MinSig>(share, b"bench", b"a state"));
    let partials = partials.collect();
    (output.public().clone(), shares, partials)
}

/// The same of ours.
fn committee(nodes: u32) -> (Transcript, Vec<SecretShare>, Vec<SignatureShare>) {
    let threshold =
        Threshold::new(u32::try_from(quorum(nodes)).expect("small"), nodes).expect("a threshold");
    let (transcript, secrets) = dealing::deal(threshold, Seed::from_bytes(b"bench"));
    let shares = secrets
        .iter()
        .take(quorum(nodes))
        .map(|secret| secret.sign(&root()))
        .collect();
    (transcript, secrets, shares)
}

fn quorum(nodes: u32) -> usize {
    usize::try_from(nodes - (nodes - 1) / 3).expect("small")
}

fn sign_share() -> Group {
    let (_, peers, _) = peer_committee(40);
    let (_, ours, _) = committee(40);
    Group::new("sign one share and encode it", Some(1.0))
        .entry("commonware-cryptography", move || {
            peer::sign_message::<MinSig>(&peers[3], b"bench", root().as_bytes()).encode()
        })
        .entry("ic-crypto", move || ours[3].sign(&root()).to_bytes())
}

fn verify_share() -> Group {
    let (sharing, _, partials) = peer_committee(40);
    let (transcript, _, shares) = committee(40);
    Group::new("verify one share", Some(0.85))
        .entry("commonware-cryptography", move || {
            peer::verify_message::<MinSig>(&sharing, b"bench", b"a state", &partials[3])
                .expect("verifies");
        })
        .entry("ic-crypto", move || {
            let share = &shares[3];
            transcript
                .share_key(share.index)
                .expect("a key")
                .verify(&root(), &share.signature)
                .expect("verifies");
        })
}

fn verify_quorum(name: &'static str, nodes: u32, bar: Option<f64>) -> Group {
    let (sharing, _, partials) = peer_committee(nodes);
    let (transcript, _, shares) = committee(nodes);
    let mut rng = test_rng();
    Group::new(name, bar)
        .entry("commonware-cryptography", move || {
            let partials = non_empty![@partials.iter()];
            let verdict = peer::batch_verify_same_message::<_, MinSig, _>(
                &mut rng,
                &sharing,
                b"bench",
                b"a state",
                partials,
                &Sequential,
            );
            assert!(verdict.is_ok());
        })
        .entry("ic-crypto", move || {
            verify_shares(&transcript, &root(), &shares).expect("verifies")
        })
}

fn recover(name: &'static str, nodes: u32, bar: Option<f64>) -> Group {
    let (sharing, _, partials) = peer_committee(nodes);
    let (transcript, _, shares) = committee(nodes);
    let combined = threshold::combine(&shares).expect("shares");
    transcript
        .group_key()
        .verify(&root(), &combined)
        .expect("verifies");
    Group::new(name, bar)
        .entry("commonware-cryptography", move || {
            peer::recover::<MinSig, _>(&sharing, &partials, &Sequential).expect("recovers")
        })
        .entry("ic-crypto", move || {
            threshold::combine(&shares).expect("shares")
        })
}

fn recover_blsful() -> Group {
    let secret = blsful::SecretKey::<blsful::Bls12381G1Impl>::from_hash(b"bench");
    let (_, _, shares) = committee(40);
    let partials: Vec<_> = secret
        .split(27, 40)
        .expect("splits")
        .iter()
        .take(27)
        .map(|share| {
            share
                .sign(blsful::SignatureSchemes::Basic, b"a state")
                .expect("signs")
        })
        .collect();
    Group::new("recover from 27 shares, n = 40, blsful", Some(0.08))
        .entry("blsful 4.1", move || {
            blsful::Signature::from_shares(&partials).expect("recovers")
        })
        .entry("ic-crypto", move || {
            threshold::combine(&shares).expect("shares")
        })
}

fn multi_signature() -> Group {
    let mut rng = test_rng();
    let peers: Vec<_> = (0..40).map(|_| keypair::<_, MinSig>(&mut rng)).collect();
    let signatures: Vec<_> = peers
        .iter()
        .take(27)
        .map(|(secret, _)| sign_message::<MinSig>(secret, b"bench", b"a block"))
        .collect();
    let signature = aggregate::combine_signatures::<MinSig, _>(non_empty![@signatures.iter()]);
    let keys: Vec<_> = peers.into_iter().map(|(_, key)| key).take(27).collect();

    let secrets: Vec<_> = (0..40_u8)
        .map(|node| multisig::SecretKey::from_seed(Seed::from_bytes(&[node])))
        .collect();
    let node = |position: u8| NodeId::new(Principal::try_from_slice(&[position]).expect("short"));
    let members = (0..40)
        .zip(&secrets)
        .map(|(position, secret)| (node(position), secret.public_key()));
    let committee = Committee::new(members);
    let shares = (0..27)
        .zip(&secrets)
        .map(|(position, secret)| (node(position), secret.sign(&root())));
    let ours: MultiSignature = committee.combine(shares).expect("members");
    Group::new("verify a multi-signature, 27 of 40, keys kept", Some(1.0))
        .entry("commonware-cryptography", move || {
            let key = aggregate::combine_public_keys::<MinSig, _>(non_empty![@keys.iter()]);
            aggregate::verify_same_message::<MinSig>(&key, b"bench", b"a block", &signature)
                .expect("verifies");
        })
        .entry("ic-crypto", move || {
            committee.verify(&root(), &ours, 27).expect("verifies")
        })
}

fn user(index: u64) -> SecretKey {
    SecretKey::ed25519(Seed::from_bytes(&index.to_be_bytes()))
}

fn ed25519_of(secret: &SecretKey) -> ed25519::PublicKey {
    let user_key::PublicKey::Ed25519(key) = secret.public_key() else {
        panic!("Ed25519")
    };
    key
}

fn ed25519_one() -> Group {
    let secret = user(0);
    let key = ed25519_of(&secret);
    let peer = ic_ed25519::PublicKey::deserialize_raw(key.as_bytes()).expect("a key");
    let message = [7; 43];
    let signature: [u8; 64] = secret.sign_raw(&message).try_into().expect("64 bytes");
    Group::new("verify an Ed25519 signature, key kept", Some(1.0))
        .entry("ic-ed25519 0.6", move || {
            peer.verify_signature(&message, &signature)
                .expect("verifies")
        })
        .entry("ic-crypto", move || {
            key.verify(&message, &signature).expect("verifies")
        })
}

fn ed25519_batch() -> Group {
    let signed: Vec<(ed25519::PublicKey, [u8; 64])> = (0..64)
        .map(|index| {
            let secret = user(index);
            (
                ed25519_of(&secret),
                secret.sign_raw(&[7; 43]).try_into().expect("64 bytes"),
            )
        })
        .collect();
    let peers: Vec<_> = signed
        .iter()
        .map(|(key, signature)| {
            (
                ic_ed25519::PublicKey::deserialize_raw(key.as_bytes()).expect("a key"),
                *signature,
            )
        })
        .collect();
    Group::new("verify 64 Ed25519 signatures, keys kept", Some(0.6))
        .entry("ic-ed25519 0.6, one by one", move || {
            for (key, signature) in &peers {
                key.verify_signature(&[7; 43], signature).expect("verifies");
            }
        })
        .entry("ic-crypto, together", move || {
            let claims: Vec<_> = signed
                .iter()
                .map(|(key, signature)| ed25519::Claim {
                    key,
                    message: &[7; 43],
                    signature,
                })
                .collect();
            assert!(ed25519::verify_each(&claims).iter().all(Result::is_ok));
        })
}

fn ingress() -> Group {
    let now = Time::from_nanos(1_700_000_000_000_000_000);
    let expiry = Time::from_nanos(now.as_nanos() + 60_000_000_000);
    let envelopes: Vec<Envelope<Call>> = (0..1000)
        .map(|index| {
            let (owner, session) = (user(2 * index), user(2 * index + 1));
            let delegation = owner.delegate(Delegation {
                key: session.der_public_key(),
                expiration: expiry,
                targets: None,
                permissions: None,
            });
            let call = Call {
                sender: owner.user_id(),
                expiry,
                nonce: None,
                canister: CanisterId::from_u64(7),
                method: "transfer".into(),
                argument: vec![1; 100],
                sender_info: None,
            };
            let chain = DelegationChain::try_from(vec![delegation]).expect("one");
            session.sign_request_for(owner.der_public_key(), chain, call)
        })
        .collect();
    let (peers, ones) = (envelopes.clone(), envelopes.clone());
    Group::new(
        "authenticate 1000 envelopes, one delegation each",
        Some(0.6),
    )
    .entry("ic-ed25519 0.6, keys and signatures only", move || {
        for envelope in &peers {
            let SenderProof::Signed {
                key,
                signature,
                delegations,
            } = &envelope.proof
            else {
                panic!("signed")
            };
            let [signed] = delegations.as_slice() else {
                panic!("one delegation")
            };
            let verify = |key: &[u8], message: &[u8], signature: &[u8]| {
                let key = ic_ed25519::PublicKey::deserialize_rfc8410_der(key).expect("a key");
                key.verify_signature(message, signature).expect("verifies");
            };
            verify(
                key.as_slice(),
                SignedBytes::of(&signed.delegation).as_slice(),
                &signed.signature,
            );
            let request = SignedBytes::of(&envelope.content.id());
            verify(
                signed.delegation.key.as_slice(),
                request.as_slice(),
                signature,
            );
        }
    })
    .entry("ic-crypto, together", move || {
        let authenticated = authenticate_all(envelopes.clone(), now, &NoCanisterSignatures);
        assert!(authenticated.iter().all(Result::is_ok));
    })
    .entry("ic-crypto, one by one", move || {
        for envelope in &ones {
            authenticate(envelope.clone(), now, &NoCanisterSignatures).expect("authenticates");
        }
    })
}
