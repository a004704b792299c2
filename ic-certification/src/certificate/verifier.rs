//! Verifying many certificates: one by one with a memory, or all together.

use std::collections::BTreeMap;

use ic_crypto::InvalidSignature;
use ic_crypto::bls::{self, Claim};
use ic_types::{Digest, SubnetId, Time};

use super::Certificate;
use super::delegation::{DelegationError, Unverified, VerifiedDelegation};
use super::recent::Recent;
use super::verify::{
    self, CertificateError, Freshness, Genuine, RootKey, Statement, Subject, VerifiedCertificate,
};
use crate::HashTree;

/// How much a [`Verifier`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Delegations, each with the prepared key of its subnet: some 25 kB. The public network has a few dozen subnets,
    /// whose delegations change every few weeks.
    pub delegations: usize,
    /// Signatures that were found to hold: some 200 bytes each.
    pub signatures: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            delegations: 64,
            signatures: 1024,
        }
    }
}

/// Verifies as [`Certificate::verify`] does, with the same answers, and remembers what it has verified.
///
/// A delegation that was seen before costs nothing; neither does a signature. What is remembered are facts that no time
/// makes untrue: who may speak for what, and how fresh it has to be, is asked anew each time.
///
/// ```
/// use ic_certification::{Capacity, Certificate, Freshness, RootKey, Subject, Verifier};
/// use ic_types::codec::Wire;
///
/// let bytes = include_bytes!(concat!(
///     env!("CARGO_MANIFEST_DIR"),
///     "/tests/vectors/certificates/mainnet_sample_2022.cbor"
/// ));
/// let mut verifier = Verifier::new(RootKey::mainnet(), Capacity::default());
/// let canister = Subject::Canister("ivg37-qiaaa-aaaab-aaaga-cai".parse()?);
/// for _ in 0..3 {
///     verifier.verify(Certificate::decode(bytes)?, canister, Freshness::AnyAge)?;
/// }
/// assert_eq!(verifier.delegations().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    root: RootKey,
    delegations: Recent<VerifiedDelegation>,
    signatures: Recent<()>,
}

/// A certificate of which everything but the signatures has been checked.
struct Candidate {
    time: Time,
    content: Content,
    signer: Signer,
    /// A name for the claim that the signer signed the content.
    digest: Digest,
}

/// What is said, and whether a signature is known to stand under it.
enum Content {
    Genuine(HashTree),
    Claimed(Statement),
}

impl Candidate {
    fn claim<'a>(&'a self, root: &'a RootKey) -> Option<Claim<'a>> {
        let key = self
            .signer
            .delegation()
            .map_or(root.key(), VerifiedDelegation::key);
        match &self.content {
            Content::Genuine(_) => None,
            Content::Claimed(statement) => Some(statement.claim(key)),
        }
    }
}

/// Who is claimed to have signed.
enum Signer {
    Root,
    Known(VerifiedDelegation),
    /// The delegation with this digest, which has to be verified first.
    New(Digest, VerifiedDelegation),
}

impl Signer {
    fn delegation(&self) -> Option<&VerifiedDelegation> {
        match self {
            Self::Root => None,
            Self::Known(delegation) | Self::New(_, delegation) => Some(delegation),
        }
    }
}

impl Verifier {
    /// A verifier that remembers nothing yet.
    pub fn new(root: RootKey, capacity: Capacity) -> Self {
        Self {
            root,
            delegations: Recent::new(capacity.delegations),
            signatures: Recent::new(capacity.signatures),
        }
    }

    /// What it trusts.
    pub fn root(&self) -> &RootKey {
        &self.root
    }

    /// The delegations that it remembers, the one used last first.
    pub fn delegations(&self) -> impl Iterator<Item = &VerifiedDelegation> {
        self.delegations.iter()
    }

    /// How many signatures it remembers.
    pub fn signatures(&self) -> usize {
        self.signatures.len()
    }

    /// Forgets the delegations of a subnet, for instance because its canisters moved.
    pub fn forget_subnet(&mut self, subnet: SubnetId) {
        self.delegations
            .retain(|delegation| delegation.subnet() != subnet);
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        self.delegations.clear();
        self.signatures.clear();
    }

    /// As [`Certificate::verify`].
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn verify(
        &mut self,
        certificate: Certificate,
        subject: Subject,
        freshness: Freshness,
    ) -> Result<VerifiedCertificate, CertificateError> {
        let mut opened = BTreeMap::new();
        let candidate = self.candidate(certificate, subject, freshness, &mut opened)?;
        let delegation = opened.pop_first();
        let delegated = delegation
            .as_ref()
            .map(|(_, delegation)| delegation.claim(self.root.key()));
        let claims: Vec<Claim<'_>> = candidate
            .claim(&self.root)
            .into_iter()
            .chain(delegated)
            .collect();
        // Without claims, both signatures are remembered: there is nothing left to check.
        if !claims.is_empty()
            && let Err(error) = bls::verify_all(&claims)
        {
            // Which of the two it is costs one verification more, for the sake of the error only.
            return Err(
                match delegated.map(|delegated| bls::verify_all(&[delegated])) {
                    Some(Err(error)) => {
                        CertificateError::Delegation(DelegationError::Signature(error))
                    }
                    Some(Ok(())) | None => CertificateError::Signature(error),
                },
            );
        }
        if let Some((digest, delegation)) = delegation {
            self.delegations.insert(digest, delegation.content);
        }
        Ok(self.believe(candidate))
    }

    /// Verifies many certificates together, and says of each what [`verify`](Self::verify) would.
    ///
    /// # Cost
    /// If all signatures hold: one final exponentiation for all delegations and one for all certificates, one Miller loop
    /// for each subnet, and for each certificate a hash to the curve and two short multiplications. For each signature
    /// that does not hold, about twice the logarithm of their number in such checks of parts of them.
    ///
    /// # Determinism
    /// The weights of the linear combination are hashes of everything that is combined: there is no entropy, and who
    /// chooses the certificates cannot choose the weights. See [`bls::verify_all`].
    pub fn verify_batch(
        &mut self,
        certificates: impl IntoIterator<Item = (Certificate, Subject)>,
        freshness: Freshness,
    ) -> Vec<Result<VerifiedCertificate, CertificateError>> {
        let mut opened = BTreeMap::new();
        let candidates: Vec<Result<Candidate, CertificateError>> = certificates
            .into_iter()
            .map(|(certificate, subject)| {
                self.candidate(certificate, subject, freshness, &mut opened)
            })
            .collect();

        // First the delegations, each once however many certificates have it.
        let claims: Vec<Claim<'_>> = opened
            .values()
            .map(|delegation: &Unverified| delegation.claim(self.root.key()))
            .collect();
        let verdicts_of_delegations = verdicts(&claims);
        let mut refused: BTreeMap<Digest, InvalidSignature> = BTreeMap::new();
        for ((digest, delegation), verdict) in opened.into_iter().zip(verdicts_of_delegations) {
            match verdict {
                Ok(()) => self.delegations.insert(digest, delegation.content),
                Err(error) => {
                    refused.insert(digest, error);
                }
            }
        }
        let candidates: Vec<Result<Candidate, CertificateError>> = candidates
            .into_iter()
            .map(|candidate| match candidate {
                Ok(Candidate {
                    signer: Signer::New(digest, _),
                    ..
                }) if refused.contains_key(&digest) => {
                    let error = refused.get(&digest).copied().unwrap_or(InvalidSignature);
                    Err(CertificateError::Delegation(DelegationError::Signature(
                        error,
                    )))
                }
                candidate => candidate,
            })
            .collect();

        // Then the certificates whose signers are known now.
        let claims = candidates
            .iter()
            .flatten()
            .filter_map(|candidate| Some((candidate.digest, candidate.claim(&self.root)?)));
        let (digests, claims): (Vec<Digest>, Vec<Claim<'_>>) = claims.unzip();
        let wrong: BTreeMap<Digest, InvalidSignature> = digests
            .into_iter()
            .zip(verdicts(&claims))
            .filter_map(|(digest, verdict)| Some((digest, verdict.err()?)))
            .collect();
        candidates
            .into_iter()
            .map(|candidate| {
                let candidate = candidate?;
                match wrong.get(&candidate.digest) {
                    Some(error) => Err(CertificateError::Signature(*error)),
                    None => Ok(self.believe(candidate)),
                }
            })
            .collect()
    }

    /// Everything that can be said without checking a signature. Delegations that are not known are put into `opened`.
    fn candidate(
        &mut self,
        certificate: Certificate,
        subject: Subject,
        freshness: Freshness,
        opened: &mut BTreeMap<Digest, Unverified>,
    ) -> Result<Candidate, CertificateError> {
        let time = verify::certified_time(&certificate.tree)?;
        freshness.check(time)?;
        let signer = match &certificate.delegation {
            None => Signer::Root,
            Some(delegation) => {
                let digest = delegation.digest();
                if let Some(known) = self.delegations.get(&digest) {
                    Signer::Known(known.clone())
                } else if let Some(known) = opened.get(&digest) {
                    Signer::New(digest, known.content.clone())
                } else {
                    let delegation = delegation.open().map_err(CertificateError::Delegation)?;
                    let content = delegation.content.clone();
                    // Before anything is kept of it, so that what nobody may ask for is not verified either.
                    subject.check(&self.root, Some(&content))?;
                    opened.insert(digest, delegation);
                    Signer::New(digest, content)
                }
            }
        };
        subject.check(&self.root, signer.delegation())?;
        let message = verify::message(&certificate.tree)?;
        let key = signer
            .delegation()
            .map_or(self.root.bytes(), VerifiedDelegation::key_bytes);
        let digest = Digest::of_parts(&[key, &certificate.signature, message.as_slice()]);
        let content = match self.signatures.get(&digest) {
            Some(()) => Content::Genuine(certificate.tree),
            None => Content::Claimed(Statement::new(
                certificate.tree,
                message,
                &certificate.signature,
            )?),
        };
        Ok(Candidate {
            time,
            content,
            signer,
            digest,
        })
    }

    /// Remembers the signature, which the caller has checked.
    fn believe(&mut self, candidate: Candidate) -> VerifiedCertificate {
        let delegation = match candidate.signer {
            Signer::Root => None,
            Signer::Known(delegation) | Signer::New(_, delegation) => Some(delegation),
        };
        let tree = match candidate.content {
            Content::Genuine(tree) => tree,
            Content::Claimed(statement) => {
                self.signatures.insert(candidate.digest, ());
                statement.into_tree()
            }
        };
        VerifiedCertificate::new(candidate.time, Genuine::new(tree, &self.root, delegation))
    }
}

/// Which of the claims hold: all are checked together, and halves of them as long as that fails.
///
/// Recurses once for each doubling of their number.
fn verdicts(claims: &[Claim<'_>]) -> Vec<Result<(), InvalidSignature>> {
    if claims.is_empty() {
        return Vec::new();
    }
    match (bls::verify_all(claims), claims) {
        (Ok(()), _) => vec![Ok(()); claims.len()],
        (Err(error), [_]) => vec![Err(error)],
        (Err(_), _) => {
            let (left, right) = claims.split_at(claims.len() / 2);
            [verdicts(left), verdicts(right)].concat()
        }
    }
}
