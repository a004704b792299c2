//! Targets of `ic-crypto`.

use ic_crypto::bls;
use ic_crypto::dkg::{self, Dealing, DecryptionKey, Epoch, Possession};
use ic_crypto::threshold::{SignatureShare, Threshold, Transcript};
use ic_crypto::user_key::{
    CanisterKey, CoseKey, PublicKey, WebAuthnKey, WebAuthnSignature, ecdsa, ed25519,
};
use ic_crypto::{NoCanisterSignatures, authenticate, authenticate_all, multisig, node_key};
use ic_types::codec::Wire;
use ic_types::{Call, Content, Envelope, NodeId, Principal, Query, ReadState, Time};

use crate::memory::bounded;

/// A key has one form: what decodes encodes to the same bytes (HTTP-060 to HTTP-065).
pub fn user_key(input: &[u8]) {
    let key = bounded(input, PublicKey::from_der);
    if let Ok(key) = &key {
        assert_eq!(key.to_der().as_slice(), input);
    }
    // One reader for each kind of key, and no other reader accepts it.
    let readers = [
        ed25519::PublicKey::from_der(input).map(|key| key.to_der()),
        ecdsa::P256Key::from_der(input).map(|key| key.to_der()),
        ecdsa::Secp256k1Key::from_der(input).map(|key| key.to_der()),
        WebAuthnKey::from_der(input).map(|key| key.to_der()),
        CanisterKey::from_der(input).map(|key| key.to_der()),
    ];
    let read: Vec<_> = readers.into_iter().flatten().collect();
    assert!(read.len() <= 1 && read.iter().all(|der| der.as_slice() == input));
    assert_eq!(key.is_ok(), read.len() == 1);
    // A node's key is a user's key of the same bytes, but not the other way round.
    if let Ok(node) = node_key::PublicKey::from_der(input) {
        assert_eq!(node.to_der().as_slice(), input);
        assert!(ed25519::PublicKey::from_der(input).is_ok());
    }
    if let Ok(key) = bounded(input, CoseKey::from_cbor) {
        assert_eq!(key.to_cbor(), input);
        let wrapped = WebAuthnKey::new(key);
        assert_eq!(
            WebAuthnKey::from_der(wrapped.to_der().as_slice()),
            Ok(wrapped)
        );
    }
}

/// A key, two bytes with its length first, and whatever stands for a signature: no panic (HTTP-066, HTTP-067).
pub fn webauthn_signature(input: &[u8]) {
    if let Ok(signature) = bounded(input, WebAuthnSignature::from_cbor) {
        assert_eq!(
            WebAuthnSignature::from_cbor(&signature.to_cbor()),
            Ok(signature)
        );
    }
    let Some((length, rest)) = input.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some((key, signature)) = rest.split_at_checked(length) else {
        return;
    };
    if let Ok(key) = WebAuthnKey::from_der(key) {
        let _ = key.verify(b"hello", signature);
    }
}

/// Points and shares have one encoding; a transcript is what its coefficients say.
pub fn points(input: &[u8]) {
    if let Some(bytes) = input.first_chunk() {
        if let Ok(key) = bls::PublicKey::from_bytes(bytes) {
            assert_eq!(key.to_bytes(), *bytes);
            assert_eq!(bls::PublicKey::from_der(key.to_der().as_slice()), Ok(key));
        }
        assert_eq!(
            bls::PublicKey::from_bytes(bytes).is_ok(),
            multisig::PublicKey::assume_possession(bytes).is_ok()
        );
    }
    if let Some(bytes) = input.first_chunk()
        && let Ok(signature) = bls::Signature::from_bytes(bytes)
    {
        assert_eq!(signature.to_bytes(), *bytes);
    }
    if let Some(bytes) = input.first_chunk()
        && let Ok(share) = SignatureShare::from_bytes(bytes)
    {
        assert_eq!(share.to_bytes(), *bytes);
    }
    let (coefficients, _) = input.as_chunks();
    if let Ok(required) = u32::try_from(coefficients.len())
        && let Ok(threshold) = Threshold::new(required, required.saturating_add(3))
        && let Ok(transcript) = Transcript::from_coefficients(threshold, coefficients)
    {
        assert!(transcript.coefficients().eq(coefficients.iter().copied()));
    }
}

/// Whatever decodes is judged without a panic, and alike alone and among others.
pub fn authentication(input: &[u8]) {
    fn of<C: Content>(input: &[u8])
    where
        Envelope<C>: Wire,
    {
        let Ok(envelope) = Envelope::<C>::decode(input) else {
            return;
        };
        let now = Time::from_nanos(envelope.content.expiry().as_nanos().saturating_sub(1));
        let alone = authenticate(envelope.clone(), now, &NoCanisterSignatures);
        let together = authenticate_all(vec![envelope; 2], now, &NoCanisterSignatures);
        assert_eq!(together, [alone.clone(), alone]);
    }
    of::<Call>(input);
    of::<Query>(input);
    of::<ReadState>(input);
}

/// What arrives from dealers and out of storage has one form for each value, and a stranger's dealing does not verify.
pub fn dealing(input: &[u8]) {
    let node = NodeId::new(Principal::ANONYMOUS);
    let threshold = Threshold::new(2, 4).expect("two of four");
    if let Ok(dealing) = bounded(input, Dealing::decode) {
        assert_eq!(Dealing::decode(&dealing.encode()).as_ref(), Ok(&dealing));
    }
    if let Ok(proof) = bounded(input, Possession::decode) {
        assert_eq!(Possession::decode(&proof.encode()).as_ref(), Ok(&proof));
    }
    let committee = (1..=4)
        .filter_map(|number| Principal::try_from_slice(&[number; 29]).ok())
        .map(NodeId::new);
    let transcript = bounded(input, |input| {
        dkg::Transcript::from_bytes(input, committee, threshold, Epoch::FIRST)
    });
    if let Ok(transcript) = transcript {
        assert_eq!(transcript.index(&node), None);
    }
    if let Ok(key) = bounded(input, DecryptionKey::import) {
        assert!(DecryptionKey::import(&key.export()).is_ok());
    }
}
