//! Every separator: what stands before a message so that a signature or hash of one kind is never one of another.
//!
//! A separator is one byte with the length of a name, then the name. Because of that byte none is the beginning of
//! another. The few that RFC 9380 wants without a length are in [`dst`]; those of
//! hashes that never leave a program are in [`local`].

use std::fmt;

use crate::digest::Hex;

/// What is signed or hashed: each kind has a separator of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Domain {
    // Requests and answers (interface specification; HTTP-050 to HTTP-053).
    /// A request id under a user's signature (HTTP-050).
    Request,
    /// The hash of a delegation under its issuer's signature (HTTP-051).
    RequestDelegation,
    /// The hash of a query reply under a node's signature (HTTP-052).
    QueryResponse,
    /// What a canister says about a sender, under a canister signature (HTTP-053).
    SenderInfo,
    /// Hash of a whole signed request.
    SignedRequestBytes,
    /// Hash of a message id.
    MessageId,
    /// Hash of a call.
    HttpCanisterUpdate,
    // State (interface specification; CERT).
    /// The root of a state tree under the subnet's signature, in certificates and certifications.
    StateRoot,
    /// Hash of an empty tree.
    HashTreeEmpty,
    /// Hash of a fork of two trees.
    HashTreeFork,
    /// Hash of a label and the tree below it.
    HashTreeLabeled,
    /// Hash of a value.
    HashTreeLeaf,
    // Consensus.
    /// What a block maker signs about its block.
    BlockMetadata,
    /// Hash of signed block metadata.
    BlockMetadataProposal,
    /// Hash of a block.
    Block,
    /// Hash of a block with its maker's signature.
    BlockProposal,
    /// Hash of the payload of a block.
    BlockPayload,
    /// Hash of a proof that one maker signed two blocks.
    EquivocationProof,
    /// What a notary signs.
    NotarizationContent,
    /// Hash of a notarization.
    Notarization,
    /// Hash of one notary's share.
    NotarizationShare,
    /// What a finalizer signs.
    FinalizationContent,
    /// Hash of a finalization.
    Finalization,
    /// Hash of one finalizer's share.
    FinalizationShare,
    /// What the subnet signs to make the next random beacon.
    RandomBeaconContent,
    /// Hash of a random beacon: the randomness of the height after it.
    RandomBeacon,
    /// Hash of one node's share of a random beacon.
    RandomBeaconShare,
    /// What the subnet signs to make the randomness of a batch.
    RandomTapeContent,
    /// Hash of a random tape: the randomness of a batch.
    RandomTape,
    /// Hash of one node's share of a random tape.
    RandomTapeShare,
    /// What the subnet signs in a catch-up package.
    CatchUpContent,
    /// Hash of the encoded content of a catch-up package.
    CatchUpContentProto,
    /// Hash of the content of one node's share of a catch-up package.
    CatchUpShareContent,
    /// Hash of a catch-up package.
    CatchUpPackage,
    /// Hash of one node's share of a catch-up package.
    CatchUpPackageShare,
    /// Hash of a certification.
    Certification,
    /// Hash of one node's share of a certification.
    CertificationShare,
    /// Hash of a message about certification.
    CertificationMessage,
    /// Hash of a message of consensus.
    ConsensusMessage,
    /// Hash of a message of state sync.
    StateSyncMessage,
    /// Hash of a request for permission to upgrade.
    UpgradePermitRequest,
    /// Hash of one node's permission to upgrade.
    UpgradePermitShare,
    // Key generation.
    /// A dealing of non-interactive key generation under its dealer's signature.
    DkgDealing,
    /// Hash of a message of non-interactive key generation.
    DkgMessage,
    /// Typed hash of an integer.
    RandomOracleInteger,
    /// Typed hash of a text.
    RandomOracleString,
    /// Typed hash of bytes.
    RandomOracleBytes,
    /// Typed hash of a scalar.
    RandomOracleScalar,
    /// Typed hash of a point of G1.
    RandomOracleG1,
    /// Typed hash of a point of G2.
    RandomOracleG2,
    /// Typed hash of a list.
    RandomOracleVector,
    /// Typed hash of a map.
    RandomOracleMap,
    /// Proof that the holder of an encryption key knows its secret.
    EncryptionKeyPossession,
    /// A node of the tree of evolving encryption keys.
    ForwardSecureNode,
    /// What a proof of sharing is about.
    SharingInstance,
    /// The challenge of a proof of sharing.
    SharingChallenge,
    /// What a proof of chunking is about.
    ChunkingOracle,
    /// The challenge of a proof of chunking.
    ChunkingChallenge,
    // Chain keys and outcalls.
    /// Hash of a message of interactive key generation.
    IDkgMessage,
    /// A dealing of interactive key generation under its dealer's signature.
    IDkgDealing,
    /// A signed dealing under its supporter's signature.
    IDkgSignedDealing,
    /// Hash of support for a dealing.
    IDkgDealingSupport,
    /// Hash of the outcome of interactive key generation.
    IDkgTranscript,
    /// A complaint about a dealing under its author's signature.
    IDkgComplaintContent,
    /// Hash of a complaint.
    IDkgComplaint,
    /// The opening of a dealing under its author's signature.
    IDkgOpeningContent,
    /// Hash of an opening.
    IDkgOpening,
    /// Hash of a share of a threshold ECDSA signature.
    EcdsaShare,
    /// Hash of a share of a threshold Schnorr signature.
    SchnorrShare,
    /// Hash of a share of a derived key.
    VetKdShare,
    /// An encrypted share of a derived key under its maker's signature.
    VetKdShareContent,
    /// What a node signs about the answer to an HTTP outcall.
    HttpOutcallMetadata,
    /// Hash of the answer to an HTTP outcall.
    HttpOutcall,
    /// Hash of one node's share of the answer to an HTTP outcall.
    HttpOutcallShare,
    /// Hash of a report of a node about its neighbours.
    ObservabilityReport,
    // Keys.
    /// Proof that the holder of a committee key knows its secret.
    MultiSignaturePossession,
    /// The name of a secret key in a key store.
    KeyId,
    /// The same of the opening of a commitment.
    KeyIdIDkgCommitment,
    /// The same of a threshold share.
    KeyIdThresholdCoefficients,
    /// The same of an evolving encryption key.
    KeyIdForwardSecure,
}

impl Domain {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Request,
        Self::RequestDelegation,
        Self::QueryResponse,
        Self::SenderInfo,
        Self::SignedRequestBytes,
        Self::MessageId,
        Self::HttpCanisterUpdate,
        Self::StateRoot,
        Self::HashTreeEmpty,
        Self::HashTreeFork,
        Self::HashTreeLabeled,
        Self::HashTreeLeaf,
        Self::BlockMetadata,
        Self::BlockMetadataProposal,
        Self::Block,
        Self::BlockProposal,
        Self::BlockPayload,
        Self::EquivocationProof,
        Self::NotarizationContent,
        Self::Notarization,
        Self::NotarizationShare,
        Self::FinalizationContent,
        Self::Finalization,
        Self::FinalizationShare,
        Self::RandomBeaconContent,
        Self::RandomBeacon,
        Self::RandomBeaconShare,
        Self::RandomTapeContent,
        Self::RandomTape,
        Self::RandomTapeShare,
        Self::CatchUpContent,
        Self::CatchUpContentProto,
        Self::CatchUpShareContent,
        Self::CatchUpPackage,
        Self::CatchUpPackageShare,
        Self::Certification,
        Self::CertificationShare,
        Self::CertificationMessage,
        Self::ConsensusMessage,
        Self::StateSyncMessage,
        Self::UpgradePermitRequest,
        Self::UpgradePermitShare,
        Self::DkgDealing,
        Self::DkgMessage,
        Self::RandomOracleInteger,
        Self::RandomOracleString,
        Self::RandomOracleBytes,
        Self::RandomOracleScalar,
        Self::RandomOracleG1,
        Self::RandomOracleG2,
        Self::RandomOracleVector,
        Self::RandomOracleMap,
        Self::EncryptionKeyPossession,
        Self::ForwardSecureNode,
        Self::SharingInstance,
        Self::SharingChallenge,
        Self::ChunkingOracle,
        Self::ChunkingChallenge,
        Self::IDkgMessage,
        Self::IDkgDealing,
        Self::IDkgSignedDealing,
        Self::IDkgDealingSupport,
        Self::IDkgTranscript,
        Self::IDkgComplaintContent,
        Self::IDkgComplaint,
        Self::IDkgOpeningContent,
        Self::IDkgOpening,
        Self::EcdsaShare,
        Self::SchnorrShare,
        Self::VetKdShare,
        Self::VetKdShareContent,
        Self::HttpOutcallMetadata,
        Self::HttpOutcall,
        Self::HttpOutcallShare,
        Self::ObservabilityReport,
        Self::MultiSignaturePossession,
        Self::KeyId,
        Self::KeyIdIDkgCommitment,
        Self::KeyIdThresholdCoefficients,
        Self::KeyIdForwardSecure,
    ];

    /// The name, without the byte before it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "ic-request",
            Self::RequestDelegation => "ic-request-auth-delegation",
            Self::QueryResponse => "ic-response",
            Self::SenderInfo => "ic-sender-info",
            Self::SignedRequestBytes => "signed_request_bytes_domain",
            Self::MessageId => "messageid_domain",
            Self::HttpCanisterUpdate => "http_canister_update_domain",
            Self::StateRoot => "ic-state-root",
            Self::HashTreeEmpty => "ic-hashtree-empty",
            Self::HashTreeFork => "ic-hashtree-fork",
            Self::HashTreeLabeled => "ic-hashtree-labeled",
            Self::HashTreeLeaf => "ic-hashtree-leaf",
            Self::BlockMetadata => "block_metadata_domain",
            Self::BlockMetadataProposal => "block_metadata_proposal_domain",
            Self::Block => "block_domain",
            Self::BlockProposal => "block_proposal_domain",
            Self::BlockPayload => "inmemory_payload_domain",
            Self::EquivocationProof => "equivocation_proof_domain",
            Self::NotarizationContent => "notarization_content_domain",
            Self::Notarization => "notarization_domain",
            Self::NotarizationShare => "notarization_share_domain",
            Self::FinalizationContent => "finalization_content_domain",
            Self::Finalization => "finalization_domain",
            Self::FinalizationShare => "finalization_share_domain",
            Self::RandomBeaconContent => "random_beacon_content_domain",
            Self::RandomBeacon => "random_beacon_domain",
            Self::RandomBeaconShare => "random_beacon_share_domain",
            Self::RandomTapeContent => "random_tape_content_domain",
            Self::RandomTape => "random_tape_domain",
            Self::RandomTapeShare => "random_tape_share_domain",
            Self::CatchUpContent => "catch_up_content_domain",
            Self::CatchUpContentProto => "catch_up_content_proto_domain",
            Self::CatchUpShareContent => "catch_up_share_content_domain",
            Self::CatchUpPackage => "catch_up_package_domain",
            Self::CatchUpPackageShare => "catch_up_package_share_domain",
            Self::Certification => "certification_domain",
            Self::CertificationShare => "certification_share_domain",
            Self::CertificationMessage => "certification_message_domain",
            Self::ConsensusMessage => "consensus_message_domain",
            Self::StateSyncMessage => "state_sync_message_domain",
            Self::UpgradePermitRequest => "upgrade_permit_authorization_request_domain",
            Self::UpgradePermitShare => "upgrade_permit_authorization_share_domain",
            Self::DkgDealing => "dealing_content_non_interactive",
            Self::DkgMessage => "dkg_message_non_interactive",
            Self::RandomOracleInteger => "ic-random-oracle-integer",
            Self::RandomOracleString => "ic-random-oracle-string",
            Self::RandomOracleBytes => "ic-random-oracle-byte-array",
            Self::RandomOracleScalar => "ic-random-oracle-bls12381-scalar",
            Self::RandomOracleG1 => "ic-random-oracle-bls12381-g1",
            Self::RandomOracleG2 => "ic-random-oracle-bls12381-g2",
            Self::RandomOracleVector => "ic-random-oracle-vector",
            Self::RandomOracleMap => "ic-random-oracle-map",
            Self::EncryptionKeyPossession => "ic-pop-encryption",
            Self::ForwardSecureNode => "ic-fs-encryption/binary-tree-node",
            Self::SharingInstance => "ic-zk-proof-of-sharing-instance",
            Self::SharingChallenge => "ic-zk-proof-of-sharing-challenge",
            Self::ChunkingOracle => "ic-zk-proof-of-chunking-chunking",
            Self::ChunkingChallenge => "ic-zk-proof-of-chunking-challenge",
            Self::IDkgMessage => "ic-threshold-ecdsa-message-domain",
            Self::IDkgDealing => "ic-idkg-dealing-domain",
            Self::IDkgSignedDealing => "ic-idkg-signed-dealing-domain",
            Self::IDkgDealingSupport => "ic-idkg-dealing-support-domain",
            Self::IDkgTranscript => "ic-idkg-transcript-domain",
            Self::IDkgComplaintContent => "ic-threshold-ecdsa-complaint-content-domain",
            Self::IDkgComplaint => "ic-threshold-ecdsa-complaint-domain",
            Self::IDkgOpeningContent => "ic-threshold-ecdsa-opening-content-domain",
            Self::IDkgOpening => "ic-threshold-ecdsa-opening-domain",
            Self::EcdsaShare => "ic-threshold-ecdsa-sig-share-domain",
            Self::SchnorrShare => "ic-threshold-schnorr-sig-share-domain",
            Self::VetKdShare => "ic-vetkd-key-share-domain",
            Self::VetKdShareContent => "ic-vetkd-encrypted-key-share-content-domain",
            Self::HttpOutcallMetadata => "ic-crypto-hash-of-canister-http-response-metadata-domain",
            Self::HttpOutcall => "ic-canister-http-response-domain",
            Self::HttpOutcallShare => "ic-canister-http-response-share-domain",
            Self::ObservabilityReport => "ic-onchain-observability-report-domain",
            Self::MultiSignaturePossession => "ic-multi-sig-bls12381-pop",
            Self::KeyId => "ic-key-id",
            Self::KeyIdIDkgCommitment => "ic-key-id-idkg-commitment",
            Self::KeyIdThresholdCoefficients => "KeyId from threshold public coefficients",
            Self::KeyIdForwardSecure => "KeyId from CspFsEncryptionPublicKey",
        }
    }

    /// The byte before the name: its length.
    #[expect(
        clippy::as_conversions,
        reason = "no name is longer than 255 bytes: asserted below for all of them"
    )]
    pub const fn length_byte(self) -> u8 {
        self.name().len() as u8
    }

    /// Writes the separator: the length of the name, then the name.
    pub fn write_prefix(self, out: &mut Vec<u8>) {
        out.push(self.length_byte());
        out.extend_from_slice(self.name().as_bytes());
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which checks it"
)]
const _: () = {
    let mut index = 0;
    while index < Domain::ALL.len() {
        assert!(Domain::ALL[index].name().len() < 256);
        index += 1;
    }
};

/// Separators as RFC 9380 uses them (domain separation tags): bytes without a length before them.
pub mod dst {
    /// Hash to G1 of a message under a BLS signature of a subnet.
    pub const BLS_SIGNATURE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
    /// Hash to G1 of a message under a committee's multi-signature.
    pub const BLS_MULTI_SIGNATURE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    /// Hash to G1 of a key in a proof of possession.
    pub const BLS_POSSESSION: &[u8] = b"BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    /// Hash to G1 of a message together with the key, for derived keys.
    pub const BLS_AUGMENTED: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_AUG_";
    /// The parameters of forward-secure encryption, points of G2.
    pub const FORWARD_SECURE_PARAMETERS: &[u8] = b"DFX01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
    /// The point that blinds in a proof of chunking.
    pub const CHUNKING_POINT: &[u8] = b"ic-crypto-nizk-chunking-proof-y0";
    /// A canister's key derived from a vetKD master key.
    pub const VETKD_CANISTER: &[u8] = b"ic-vetkd-bls12-381-g2-canister-id";
    /// A context's key derived from a canister's.
    pub const VETKD_CONTEXT: &[u8] = b"ic-vetkd-bls12-381-g2-context";
    /// A seed from bytes.
    pub const SEED_FROM_BYTES: &[u8] = b"ic-crypto-seed-from-bytes";
    /// A seed from a generator.
    pub const SEED_FROM_RNG: &[u8] = b"ic-crypto-seed-from-rng";
    /// The second generator of secp256k1.
    pub const GENERATOR_H_SECP256K1: &[u8] = b"ic-crypto-tecdsa-secp256k1-generator-h";
    /// The second generator of P-256.
    pub const GENERATOR_H_P256: &[u8] = b"ic-crypto-tecdsa-secp256r1-generator-h";
    /// The second generator of Ed25519.
    pub const GENERATOR_H_ED25519: &[u8] = b"ic-crypto-idkg-ed25519-generator-h";
}

/// The separators of hashes that no other implementation sees: names of ours, with the byte of their length as in [`Domain`].
pub mod local {
    /// The random weights of BLS equations that are checked together.
    pub const BLS_BATCH: &[u8] = b"\x13ic-crypto batch v1\n";
    /// The random weights of Ed25519 equations that are checked together.
    pub const ED25519_BATCH: &[u8] = b"\x17ic-crypto ed25519 batch";
    /// The configuration of a key generation.
    pub const KEY_GENERATION: &[u8] = b"\x18ic-crypto key generation";
}

/// Something that may be signed, and under which separator.
///
/// ```
/// use ic_types::{Digest, SignedBytes, StateRoot};
///
/// let root = StateRoot::new(Digest::new([7; 32]));
/// assert!(SignedBytes::of(&root).as_slice().starts_with(b"\x0dic-state-root\x07"));
/// ```
pub trait Signable {
    /// The separator.
    const DOMAIN: Domain;

    /// Appends what stands behind the separator.
    fn write_message(&self, out: &mut Vec<u8>);
}

/// Exactly the bytes that go under a signature: separator and message. Only [`SignedBytes::of`] makes them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignedBytes(Vec<u8>);

impl SignedBytes {
    /// What is signed when `value` is signed.
    pub fn of<S: Signable>(value: &S) -> Self {
        let mut bytes = Vec::with_capacity(64);
        S::DOMAIN.write_prefix(&mut bytes);
        value.write_message(&mut bytes);
        Self(bytes)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SignedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedBytes({})", Hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(domain: Domain) -> Vec<u8> {
        let mut bytes = Vec::new();
        domain.write_prefix(&mut bytes);
        bytes
    }

    #[test]
    fn no_separator_begins_another() {
        for a in Domain::ALL {
            for b in Domain::ALL {
                assert_eq!(prefix(*a).starts_with(&prefix(*b)), a == b, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn http_050_to_053_separators_of_the_specification() {
        assert_eq!(prefix(Domain::Request), b"\x0Aic-request");
        assert_eq!(
            prefix(Domain::RequestDelegation),
            b"\x1Aic-request-auth-delegation"
        );
        assert_eq!(prefix(Domain::QueryResponse), b"\x0Bic-response");
        assert_eq!(prefix(Domain::SenderInfo), b"\x0Eic-sender-info");
        assert_eq!(prefix(Domain::StateRoot), b"\x0Dic-state-root");
        assert_eq!(prefix(Domain::HashTreeEmpty), b"\x11ic-hashtree-empty");
        assert_eq!(prefix(Domain::HashTreeFork), b"\x10ic-hashtree-fork");
        assert_eq!(prefix(Domain::HashTreeLabeled), b"\x13ic-hashtree-labeled");
        assert_eq!(prefix(Domain::HashTreeLeaf), b"\x10ic-hashtree-leaf");
    }
}
