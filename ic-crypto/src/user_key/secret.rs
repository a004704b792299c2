//! Secret keys of users: for clients, tools and tests.

use std::fmt;

use ic_types::{
    Content, Delegation, DelegationChain, DerPublicKey, Digest, Envelope, Principal, SenderProof,
    Signable, SignedBytes, SignedDelegation, UserId,
};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;

use super::{PublicKey, ecdsa, ed25519};
use crate::secret::Exported;
use crate::{InvalidKey, Seed};

/// A user's secret key. Signing is deterministic (RFC 8032, RFC 6979).
///
/// ```
/// use ic_crypto::{NoCanisterSignatures, Seed, authenticate, user_key::SecretKey};
/// use ic_types::{CanisterId, Call, Time};
///
/// let alice = SecretKey::ed25519(Seed::from_bytes(b"an example has no entropy"));
/// let call = Call {
///     sender: alice.user_id(),
///     expiry: Time::from_nanos(240_000_000_000),
///     nonce: None,
///     canister: CanisterId::from_u64(7),
///     method: "greet".into(),
///     argument: b"DIDL\0\0".to_vec(),
///     sender_info: None,
/// };
/// let envelope = alice.sign_request(call);
/// let now = Time::from_nanos(0);
/// assert_eq!(authenticate(envelope, now, &NoCanisterSignatures)?.content().sender, alice.user_id());
/// # Ok::<(), ic_crypto::Unauthenticated>(())
/// ```
pub struct SecretKey(Scheme);

enum Scheme {
    Ed25519(ed25519_dalek::SigningKey),
    EcdsaP256(p256::ecdsa::SigningKey),
    EcdsaSecp256k1(k256::ecdsa::SigningKey),
}

impl SecretKey {
    /// The Ed25519 key that a seed determines.
    pub fn ed25519(seed: Seed) -> Self {
        let mut bytes = Exported::new([0; 32]);
        seed.into_generator().fill(&mut *bytes);
        Self::ed25519_from_bytes(&bytes)
    }

    /// The Ed25519 key with these 32 bytes, which RFC 8032 calls the private key.
    pub fn ed25519_from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Scheme::Ed25519(ed25519_dalek::SigningKey::from_bytes(
            bytes,
        )))
    }

    /// The key on P-256 that a seed determines.
    pub fn ecdsa_p256(seed: Seed) -> Self {
        let mut generator = seed.into_generator();
        let mut bytes = Exported::new([0; 32]);
        loop {
            generator.fill(&mut *bytes);
            if let Ok(key) = Self::ecdsa_p256_from_bytes(&bytes) {
                return key;
            }
        }
    }

    /// The key on P-256 with this number, most significant byte first.
    ///
    /// # Errors
    /// Zero, or not below the group order.
    pub fn ecdsa_p256_from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let key = p256::ecdsa::SigningKey::from_slice(bytes).map_err(|_| InvalidKey)?;
        Ok(Self(Scheme::EcdsaP256(key)))
    }

    /// The key on secp256k1 that a seed determines.
    pub fn ecdsa_secp256k1(seed: Seed) -> Self {
        let mut generator = seed.into_generator();
        let mut bytes = Exported::new([0; 32]);
        loop {
            generator.fill(&mut *bytes);
            if let Ok(key) = Self::ecdsa_secp256k1_from_bytes(&bytes) {
                return key;
            }
        }
    }

    /// The key on secp256k1 with this number, most significant byte first.
    ///
    /// # Errors
    /// Zero, or not below the group order.
    pub fn ecdsa_secp256k1_from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let key = k256::ecdsa::SigningKey::from_slice(bytes).map_err(|_| InvalidKey)?;
        Ok(Self(Scheme::EcdsaSecp256k1(key)))
    }

    /// The secret itself: 32 bytes.
    pub fn export(&self) -> Exported<32> {
        Exported::new(match &self.0 {
            Scheme::Ed25519(key) => key.to_bytes(),
            Scheme::EcdsaP256(key) => key.to_bytes().into(),
            Scheme::EcdsaSecp256k1(key) => key.to_bytes().into(),
        })
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Scheme::Ed25519(key) => PublicKey::Ed25519(ed25519::PublicKey::from(key)),
            Scheme::EcdsaP256(key) => PublicKey::EcdsaP256(ecdsa::P256Key::from(key)),
            Scheme::EcdsaSecp256k1(key) => {
                PublicKey::EcdsaSecp256k1(ecdsa::Secp256k1Key::from(key))
            }
        }
    }

    /// The public key in DER form.
    pub fn der_public_key(&self) -> DerPublicKey {
        self.public_key().to_der()
    }

    /// Who signs with this key: the self-authenticating principal of the public key (HTTP-035).
    pub fn user_id(&self) -> UserId {
        UserId::new(Principal::self_authenticating(&self.der_public_key()))
    }

    /// Signs a message. 64 bytes in all three schemes.
    pub fn sign<S: Signable>(&self, message: &S) -> Vec<u8> {
        self.sign_raw(SignedBytes::of(message).as_slice())
    }

    /// Signs bytes that are no message of the protocol and have no separator: what an authenticator signs, or a test vector.
    ///
    /// Whoever signs bytes of somebody else's choice this way signs whatever they like, requests included.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "it does not fail: the nonce is derived until there is one that can be used; an empty signature would be no answer"
    )]
    pub fn sign_raw(&self, message: &[u8]) -> Vec<u8> {
        const SIGNED: &str = "any hash of 32 bytes can be signed (RFC 6979)";
        match &self.0 {
            Scheme::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Scheme::EcdsaP256(key) => {
                let signed: Result<p256::ecdsa::Signature, _> =
                    key.sign_prehash(Digest::of(message).as_bytes());
                signed.expect(SIGNED).to_bytes().to_vec()
            }
            Scheme::EcdsaSecp256k1(key) => {
                let signed: Result<k256::ecdsa::Signature, _> =
                    key.sign_prehash(Digest::of(message).as_bytes());
                signed.expect(SIGNED).to_bytes().to_vec()
            }
        }
    }

    /// The envelope around a request of this key's owner.
    pub fn sign_request<C: Content>(&self, content: C) -> Envelope<C> {
        let proof = SenderProof::Signed {
            key: self.der_public_key(),
            signature: self.sign(&content.id()),
            delegations: DelegationChain::EMPTY,
        };
        Envelope { content, proof }
    }

    /// The envelope around a request of the owner of `key`, for whom this key may sign by the delegations.
    pub fn sign_request_for<C: Content>(
        &self,
        key: DerPublicKey,
        delegations: DelegationChain,
        content: C,
    ) -> Envelope<C> {
        let signature = self.sign(&content.id());
        Envelope {
            content,
            proof: SenderProof::Signed {
                key,
                signature,
                delegations,
            },
        }
    }

    /// Lets another key sign for this one.
    pub fn delegate(&self, delegation: Delegation) -> SignedDelegation {
        let signature = self.sign(&delegation);
        SignedDelegation {
            delegation,
            signature,
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("user_key::SecretKey(..)")
    }
}
