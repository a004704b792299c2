//! From an envelope to a request whose sender is known, or whose fault it is that it is not (interface specification,
//! section "Authentication"; HTTP-034 and HTTP-080 to HTTP-112).

use std::fmt;
use std::time::Duration;

use ic_types::{
    CanisterId, Content, Delegation, DerPublicKey, Envelope, Permissions, Principal, RequestId,
    SenderInfo, SenderProof, SignedBytes, Time, UserId,
};

use crate::InvalidSignature;
use crate::user_key::{CanisterKey, PublicKey, ed25519};

/// How far after `now` a request may expire: five minutes, and 30 seconds for clocks that differ (HTTP-111).
pub const MAX_TIME_TO_LIVE: Duration = Duration::from_secs(5 * 60 + 30);

/// Who checks signatures of canisters. They are certificates, so `ic-certification`, one crate further up, has the
/// implementation for users; this one knows no certificates.
pub trait CanisterSignatures {
    /// Checks a canister signature on a message.
    ///
    /// # Errors
    /// `key` is not a canister's, or `signature` is not its signature on `message`.
    fn verify(
        &self,
        key: &DerPublicKey,
        message: &SignedBytes,
        signature: &[u8],
        now: Time,
    ) -> Result<(), InvalidSignature>;
}

/// Refuses every canister signature: for who has no root key to check them with.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCanisterSignatures;

impl CanisterSignatures for NoCanisterSignatures {
    fn verify(
        &self,
        _: &DerPublicKey,
        _: &SignedBytes,
        _: &[u8],
        _: Time,
    ) -> Result<(), InvalidSignature> {
        Err(InvalidSignature)
    }
}

impl<T: CanisterSignatures + ?Sized> CanisterSignatures for &T {
    fn verify(
        &self,
        key: &DerPublicKey,
        message: &SignedBytes,
        signature: &[u8],
        now: Time,
    ) -> Result<(), InvalidSignature> {
        (**self).verify(key, message, signature, now)
    }
}

/// A request whose sender made it. [`authenticate`] is the only way to get one.
///
/// ```compile_fail,E0451
/// # fn example<C>(envelope: ic_types::Envelope<C>, id: ic_types::RequestId) {
/// let authenticated = ic_crypto::Authenticated { envelope, id }; // does not compile
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated<C> {
    envelope: Envelope<C>,
    id: RequestId,
}

impl<C> Authenticated<C> {
    /// The request.
    pub fn content(&self) -> &C {
        &self.envelope.content
    }

    /// The name of the request.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Whether all delegations have this canister among their targets (HTTP-084).
    ///
    /// For a call, and for a query to an ordinary canister, [`authenticate`] has checked it. It is left to the embedder for
    /// queries to the management canister, where the target stands in the argument (HTTP-086), and for reading the status
    /// of requests, where it is the canister that the request was made to (HTTP-087).
    pub fn permits(&self, canister: CanisterId) -> bool {
        match &self.envelope.proof {
            SenderProof::Anonymous => true,
            SenderProof::Signed { delegations, .. } => delegations.permits(canister),
        }
    }

    /// The envelope: what other nodes need to authenticate the request themselves.
    pub fn envelope(&self) -> &Envelope<C> {
        &self.envelope
    }

    /// The envelope, without a copy.
    pub fn into_envelope(self) -> Envelope<C> {
        self.envelope
    }
}

/// Why a request is nobody's.
///
/// The texts are for the sender. Those of [`Expired`](Self::Expired) and [`TooFarAhead`](Self::TooFarAhead) begin with
/// "Invalid request expiry", by which agents notice that their clock is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unauthenticated {
    /// The request is too old (HTTP-110).
    #[error(
        "Invalid request expiry: Specified ingress_expiry not within expected range: Minimum allowed expiry: {now}, \
         provided expiry: {expiry}"
    )]
    Expired {
        /// Until when it might have been accepted.
        expiry: Time,
        /// What time it is.
        now: Time,
    },
    /// The request would live too long (HTTP-111).
    #[error(
        "Invalid request expiry: Specified ingress_expiry not within expected range: Maximum allowed expiry: {latest}, \
         provided expiry: {expiry}"
    )]
    TooFarAhead {
        /// Until when it wants to be accepted.
        expiry: Time,
        /// The latest expiry that is accepted now.
        latest: Time,
    },
    /// The sender is not who the key says; without a key, not the anonymous principal (HTTP-034, HTTP-035).
    #[error("Invalid sender: the request says {claimed}, but it is proved to be from {proved}")]
    SenderMismatch {
        /// Who the content says sends it.
        claimed: UserId,
        /// Whose key it is.
        proved: UserId,
    },
    /// The sender's key is of no scheme that is accepted, or not valid (HTTP-069).
    #[error("Invalid public key of the sender")]
    Key,
    /// A delegation is not good.
    #[error("Invalid delegation {position}: {reason}")]
    Delegation {
        /// Which one, counted from zero.
        position: usize,
        /// What is wrong with it.
        reason: BadDelegation,
    },
    /// What is said about the sender is not vouched for.
    #[error("Invalid sender_info: {reason}")]
    SenderInfo {
        /// What is wrong with it.
        reason: BadSenderInfo,
    },
    /// The signature on the request is wrong.
    #[error("Invalid signature on the request")]
    Signature(InvalidSignature),
}

impl Unauthenticated {
    /// Whether the request is right, but not now: what a client mends by looking at the clock.
    pub fn is_expiry(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::TooFarAhead { .. })
    }
}

/// What is wrong with a delegation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDelegation {
    /// It has expired (HTTP-083).
    #[error("it expired at {expiration}, and it is {now}")]
    Expired {
        /// Until when it was good.
        expiration: Time,
        /// What time it is.
        now: Time,
    },
    /// The canister that is asked is not among its targets (HTTP-085, HTTP-086).
    #[error("canister {canister} is not one of its targets")]
    Target {
        /// The canister that is asked.
        canister: CanisterId,
    },
    /// It is for queries only, and this is a call (HTTP-088).
    #[error("it permits no calls, only queries")]
    QueriesOnly,
    /// Nobody knows its permissions (HTTP-089).
    #[error("it has unknown permissions {permissions:?}")]
    UnknownPermissions {
        /// The text, at most 32 characters of it.
        permissions: String,
    },
    /// Its key has been in the chain before (HTTP-090).
    #[error("its key occurs twice in the chain")]
    Cycle,
    /// Its key is of no scheme that is accepted, or not valid (HTTP-069).
    #[error("its key is not valid")]
    Key,
    /// The signature on it is wrong.
    #[error("the signature on it is not valid")]
    Signature,
}

/// What is wrong with what is said about a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSenderInfo {
    /// The sender's key is not a canister's (HTTP-100).
    #[error("only a sender with a canister signature key may have it")]
    NotACanisterKey,
    /// It is said by another canister than that of the key (HTTP-101).
    #[error("the signer is {signer}, but the key of the sender is of {canister}")]
    Signer {
        /// Who is said to say it.
        signer: CanisterId,
        /// Whose key the sender has.
        canister: CanisterId,
    },
    /// The signature on it is wrong (HTTP-102).
    #[error("the signature on it is not valid")]
    Signature,
}

/// Finds out who sent a request.
///
/// Accepts it if it expires between `now` and `now +` [`MAX_TIME_TO_LIVE`] (anonymous queries and reads at any time,
/// HTTP-112), if its sender is the principal of the key (without a key: the anonymous one), if every delegation is good at
/// `now` for this kind of request and this canister, and if all signatures are right.
///
/// # Errors
/// The first thing that is wrong, in the order of the checks: expiry, sender, delegations, signatures.
pub fn authenticate<C: Content>(
    envelope: Envelope<C>,
    now: Time,
    canister_signatures: &impl CanisterSignatures,
) -> Result<Authenticated<C>, Unauthenticated> {
    let id = envelope.content.id();
    let statements = check(&envelope, id, now)?;
    for statement in &statements {
        statement.verify(canister_signatures, now)?;
    }
    Ok(Authenticated { envelope, id })
}

/// Finds out who sent many requests: the results are those of [`authenticate`], in the same order. The Ed25519 signatures,
/// which most requests have, are verified together, in less than half the time.
pub fn authenticate_all<C: Content>(
    envelopes: impl IntoIterator<Item = Envelope<C>>,
    now: Time,
    canister_signatures: &impl CanisterSignatures,
) -> Vec<Result<Authenticated<C>, Unauthenticated>> {
    let envelopes: Vec<Envelope<C>> = envelopes.into_iter().collect();
    let verdicts: Vec<Result<RequestId, Unauthenticated>> = {
        let checked: Vec<Result<(RequestId, Vec<Statement<'_>>), Unauthenticated>> = envelopes
            .iter()
            .map(|envelope| {
                let id = envelope.content.id();
                Ok((id, check(envelope, id, now)?))
            })
            .collect();
        let statements = || {
            checked
                .iter()
                .flatten()
                .flat_map(|(_, statements)| statements)
        };
        let claims: Vec<ed25519::Claim<'_>> =
            statements().filter_map(Statement::as_ed25519).collect();
        // In the order of the statements that are in the batch.
        let mut batch = ed25519::verify_each(&claims).into_iter();
        let mut verdict_of =
            |checked: &Result<(RequestId, Vec<Statement<'_>>), Unauthenticated>| {
                let (id, statements) = checked.as_ref().map_err(Clone::clone)?;
                let mut first = Ok(());
                for statement in statements {
                    // The batch has to stay in step, and its verdicts are there; others cost something, and only the first
                    // error counts.
                    let verdict = match statement.as_ed25519() {
                        Some(_) => statement.name(batch.next().unwrap_or(Err(InvalidSignature))),
                        None if first.is_err() => continue,
                        None => statement.verify(canister_signatures, now),
                    };
                    first = first.and(verdict);
                }
                first.map(|()| *id)
            };
        checked.iter().map(&mut verdict_of).collect()
    };
    envelopes
        .into_iter()
        .zip(verdicts)
        .map(|(envelope, id)| Ok(Authenticated { envelope, id: id? }))
        .collect()
}

/// Everything about an envelope but its signatures; what remains to be verified.
pub(crate) fn check<C: Content>(
    envelope: &Envelope<C>,
    id: RequestId,
    now: Time,
) -> Result<Vec<Statement<'_>>, Unauthenticated> {
    let content = &envelope.content;
    let claimed = content.sender();
    match &envelope.proof {
        SenderProof::Anonymous => {
            if C::IS_CALL {
                check_expiry(content.expiry(), now)?;
            }
            let proved = UserId::new(Principal::ANONYMOUS);
            if claimed != proved {
                return Err(Unauthenticated::SenderMismatch { claimed, proved });
            }
            match content.sender_info() {
                Some(_) => Err(Unauthenticated::SenderInfo {
                    reason: BadSenderInfo::NotACanisterKey,
                }),
                None => Ok(Vec::new()),
            }
        }
        SenderProof::Signed {
            key,
            signature,
            delegations,
        } => {
            check_expiry(content.expiry(), now)?;
            let proved = UserId::new(Principal::self_authenticating(key));
            if claimed != proved {
                return Err(Unauthenticated::SenderMismatch { claimed, proved });
            }
            let public_key =
                PublicKey::from_der(key.as_slice()).map_err(|_| Unauthenticated::Key)?;
            let mut statements = Vec::with_capacity(delegations.as_slice().len() + 2);
            if let Some(info) = content.sender_info() {
                statements.push(check_sender_info(info, key, &public_key)?);
            }
            let mut signer = (key, public_key);
            for (position, signed) in delegations.as_slice().iter().enumerate() {
                let delegation = &signed.delegation;
                let bad = |reason| Unauthenticated::Delegation { position, reason };
                check_delegation(delegation, content, now).map_err(bad)?;
                let earlier = delegations
                    .as_slice()
                    .iter()
                    .take(position)
                    .map(|signed| &signed.delegation.key);
                // A chain of at most twenty keys makes the quadratic comparison cheaper than a set.
                if std::iter::once(key)
                    .chain(earlier)
                    .any(|earlier| *earlier == delegation.key)
                {
                    return Err(bad(BadDelegation::Cycle));
                }
                let next = PublicKey::from_der(delegation.key.as_slice())
                    .map_err(|_| bad(BadDelegation::Key))?;
                let (der, key) = std::mem::replace(&mut signer, (&delegation.key, next));
                let message = SignedBytes::of(delegation);
                statements.push(Statement {
                    of: Part::Delegation(position),
                    der,
                    key,
                    message,
                    signature: &signed.signature,
                });
            }
            let (der, key) = signer;
            statements.push(Statement {
                of: Part::Request,
                der,
                key,
                message: SignedBytes::of(&id),
                signature,
            });
            Ok(statements)
        }
    }
}

fn check_expiry(expiry: Time, now: Time) -> Result<(), Unauthenticated> {
    let latest = now.saturating_add(MAX_TIME_TO_LIVE);
    if expiry < now {
        Err(Unauthenticated::Expired { expiry, now })
    } else if expiry > latest {
        Err(Unauthenticated::TooFarAhead { expiry, latest })
    } else {
        Ok(())
    }
}

fn check_delegation<C: Content>(
    delegation: &Delegation,
    content: &C,
    now: Time,
) -> Result<(), BadDelegation> {
    let expiration = delegation.expiration;
    if expiration < now {
        return Err(BadDelegation::Expired { expiration, now });
    }
    match &delegation.permissions {
        None | Some(Permissions::All) => {}
        Some(Permissions::Queries) if C::IS_CALL => return Err(BadDelegation::QueriesOnly),
        Some(Permissions::Queries) => {}
        Some(Permissions::Unknown(text)) => {
            return Err(BadDelegation::UnknownPermissions {
                permissions: text.chars().take(32).collect(),
            });
        }
    }
    match (content.delegation_target(), &delegation.targets) {
        (Some(canister), Some(targets)) if !targets.contains(&canister) => {
            Err(BadDelegation::Target { canister })
        }
        _ => Ok(()),
    }
}

fn check_sender_info<'a>(
    info: &'a SenderInfo,
    der: &'a DerPublicKey,
    key: &PublicKey,
) -> Result<Statement<'a>, Unauthenticated> {
    let refuse = |reason| Unauthenticated::SenderInfo { reason };
    let PublicKey::Canister(CanisterKey { canister, .. }) = key else {
        return Err(refuse(BadSenderInfo::NotACanisterKey));
    };
    if info.signer != *canister {
        return Err(refuse(BadSenderInfo::Signer {
            signer: info.signer,
            canister: *canister,
        }));
    }
    let (key, message) = (key.clone(), SignedBytes::of(info));
    Ok(Statement {
        of: Part::SenderInfo,
        der,
        key,
        message,
        signature: &info.signature,
    })
}

/// One signature of an envelope: whose, on what.
pub(crate) struct Statement<'a> {
    of: Part,
    der: &'a DerPublicKey,
    pub(crate) key: PublicKey,
    pub(crate) message: SignedBytes,
    pub(crate) signature: &'a [u8],
}

#[derive(Clone, Copy)]
enum Part {
    SenderInfo,
    Delegation(usize),
    Request,
}

impl Statement<'_> {
    pub(crate) fn verify(
        &self,
        canister_signatures: &impl CanisterSignatures,
        now: Time,
    ) -> Result<(), Unauthenticated> {
        let verdict = match self.key.verify(self.message.as_slice(), self.signature) {
            Some(verdict) => verdict,
            None => canister_signatures.verify(self.der, &self.message, self.signature, now),
        };
        self.name(verdict)
    }

    /// The claim of an Ed25519 signature of the right length; the others are verified one by one.
    fn as_ed25519(&self) -> Option<ed25519::Claim<'_>> {
        let PublicKey::Ed25519(key) = &self.key else {
            return None;
        };
        Some(ed25519::Claim {
            key,
            message: self.message.as_slice(),
            signature: self.signature.try_into().ok()?,
        })
    }

    /// The verdict on this signature as one on the request.
    fn name(&self, verdict: Result<(), InvalidSignature>) -> Result<(), Unauthenticated> {
        verdict.map_err(|error| match self.of {
            Part::SenderInfo => Unauthenticated::SenderInfo {
                reason: BadSenderInfo::Signature,
            },
            Part::Delegation(position) => Unauthenticated::Delegation {
                position,
                reason: BadDelegation::Signature,
            },
            Part::Request => Unauthenticated::Signature(error),
        })
    }
}

impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("key", &self.key)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
