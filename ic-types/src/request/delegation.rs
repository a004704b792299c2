//! Delegations: one key signs that another may speak for it (HTTP-080 to HTTP-092).

use super::MapHasher;
use super::field::{EXPIRATION, PERMISSIONS, PUBKEY, TARGETS};
use super::fields::required;
use crate::codec::{DecodeError, Reader, Writer};
use crate::digest::Digest;
use crate::domain::{Domain, Signable};
use crate::ids::CanisterId;
use crate::key::DerPublicKey;
use crate::limits;
use crate::units::Time;

/// That `key` may sign for whoever signs this, until `expiration`, within `targets` and `permissions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The key that may sign.
    pub key: DerPublicKey,
    /// Until when, inclusive (HTTP-083).
    pub expiration: Time,
    /// The canisters that may be asked; `None` is all of them, an empty list is none of them (HTTP-084).
    pub targets: Option<Vec<CanisterId>>,
    /// The kinds of request that may be made; `None` is all of them (HTTP-088).
    pub permissions: Option<Permissions>,
}

/// Which kinds of request a delegation is for (HTTP-088).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// `all`: every kind.
    All,
    /// `queries`: queries and reads of the state, no calls.
    Queries,
    /// Any other text: the delegation is good for nothing, whatever the kind of request (HTTP-089).
    Unknown(String),
}

impl Permissions {
    /// The text in the request.
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "all",
            Self::Queries => "queries",
            Self::Unknown(text) => text,
        }
    }
}

impl From<&str> for Permissions {
    fn from(text: &str) -> Self {
        match text {
            "all" => Self::All,
            "queries" => Self::Queries,
            other => Self::Unknown(other.into()),
        }
    }
}

impl Delegation {
    /// The representation-independent hash: what is signed (HTTP-091).
    pub fn hash(&self) -> Digest {
        let mut map = MapHasher::new();
        if let Some(targets) = &self.targets {
            map.array(
                &TARGETS,
                targets.iter().map(|target| Digest::of(target.as_slice())),
            );
        }
        map.nat(&EXPIRATION, self.expiration.as_nanos());
        if let Some(permissions) = &self.permissions {
            map.blob(&PERMISSIONS, permissions.as_str().as_bytes());
        }
        map.blob(&PUBKEY, self.key.as_slice());
        map.finish()
    }
}

impl Signable for Delegation {
    const DOMAIN: Domain = Domain::RequestDelegation;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.hash().as_bytes());
    }
}

/// A delegation and the signature of the key before it in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDelegation {
    /// What is signed.
    pub delegation: Delegation,
    /// By whom depends on the place in the chain (HTTP-082).
    pub signature: Vec<u8>,
}

/// At most 20 delegations (HTTP-081), in the order in which they were signed: the first by the key of the envelope,
/// each other by the key that the one before it names (HTTP-082). Nothing about the signatures has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegationChain(Vec<SignedDelegation>);

/// A chain, or the targets of a delegation, longer than the specification allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationLimit {
    /// More than 20 delegations (HTTP-081).
    #[error("a chain has at most {limit} delegations, found {found}")]
    Delegations {
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// More than 1000 targets in one delegation (HTTP-084).
    #[error("a delegation has at most {limit} targets, found {found}")]
    Targets {
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
}

impl DelegationChain {
    /// The chain without delegations: the key of the envelope signs for itself.
    pub const EMPTY: Self = Self(Vec::new());

    /// The delegations, in the order in which they were signed.
    pub fn as_slice(&self) -> &[SignedDelegation] {
        &self.0
    }

    /// The delegations, without a copy.
    pub fn into_vec(self) -> Vec<SignedDelegation> {
        self.0
    }

    /// Whether every delegation lets `canister` be asked: whether it is in the intersection of all targets (HTTP-084).
    ///
    /// Looks at nothing else: what kind of request may be made is said by [`permits_calls`](Self::permits_calls) and by the
    /// permissions of each delegation, of which unknown ones are good for nothing (HTTP-089).
    pub fn permits(&self, canister: CanisterId) -> bool {
        self.0
            .iter()
            .all(|signed| match &signed.delegation.targets {
                Some(targets) => targets.contains(&canister),
                None => true,
            })
    }

    /// Whether every delegation lets update calls be made (HTTP-088, HTTP-089).
    pub fn permits_calls(&self) -> bool {
        self.0
            .iter()
            .all(|signed| matches!(signed.delegation.permissions, None | Some(Permissions::All)))
    }

    /// The position of the first delegation with permissions that nobody knows: with it the chain is good for nothing
    /// (HTTP-089).
    pub fn unknown_permissions(&self) -> Option<usize> {
        self.0.iter().position(|signed| {
            matches!(signed.delegation.permissions, Some(Permissions::Unknown(_)))
        })
    }
}

impl TryFrom<Vec<SignedDelegation>> for DelegationChain {
    type Error = DelegationLimit;

    fn try_from(delegations: Vec<SignedDelegation>) -> Result<Self, DelegationLimit> {
        let (found, limit) = (delegations.len(), limits::DELEGATIONS);
        if found > limit {
            return Err(DelegationLimit::Delegations { limit, found });
        }
        let limit = limits::DELEGATION_TARGETS;
        for signed in &delegations {
            let found = signed.delegation.targets.as_ref().map_or(0, Vec::len);
            if found > limit {
                return Err(DelegationLimit::Targets { limit, found });
            }
        }
        Ok(Self(delegations))
    }
}

const DELEGATION: &str = "delegation";
const SIGNATURE: &str = "signature";

impl Delegation {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut key, mut expiration, mut targets, mut permissions) = (None, None, None, None);
        reader.fields(
            &[PUBKEY.name, EXPIRATION.name, TARGETS.name, PERMISSIONS.name],
            |name, reader| {
                match name {
                    "pubkey" => key = Some(DerPublicKey::new(reader.bytes()?.to_vec())),
                    "expiration" => expiration = Some(Time::from_nanos(reader.nat()?)),
                    "targets" => targets = reader.nullable(read_targets)?,
                    _ => {
                        permissions = reader
                            .nullable(|reader| reader.text())?
                            .map(Permissions::from)
                    }
                }
                Ok(())
            },
        )?;
        Ok(Self {
            key: required(key, PUBKEY.name)?,
            expiration: required(expiration, EXPIRATION.name)?,
            targets,
            permissions,
        })
    }

    fn write(&self, writer: &mut Writer) {
        writer
            .map(2 + usize::from(self.targets.is_some()) + usize::from(self.permissions.is_some()));
        writer.text(PUBKEY.name).bytes(self.key.as_slice());
        writer.text(EXPIRATION.name).nat(self.expiration.as_nanos());
        if let Some(targets) = &self.targets {
            writer.text(TARGETS.name).array(targets.len());
            for target in targets {
                writer.bytes(target.as_slice());
            }
        }
        if let Some(permissions) = &self.permissions {
            writer.text(PERMISSIONS.name).text(permissions.as_str());
        }
    }
}

fn read_targets(reader: &mut Reader<'_>) -> Result<Vec<CanisterId>, DecodeError> {
    let target = |reader: &mut Reader<'_>| reader.principal().map(CanisterId::new);
    reader.list(
        "targets of a delegation",
        limits::DELEGATION_TARGETS,
        target,
    )
}

impl SignedDelegation {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut delegation, mut signature) = (None, None);
        reader.fields(&[DELEGATION, SIGNATURE], |name, reader| {
            match name {
                DELEGATION => delegation = Some(Delegation::read(reader)?),
                _ => signature = Some(reader.bytes()?.to_vec()),
            }
            Ok(())
        })?;
        Ok(Self {
            delegation: required(delegation, DELEGATION)?,
            signature: required(signature, SIGNATURE)?,
        })
    }
}

impl DelegationChain {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader
            .list("delegations", limits::DELEGATIONS, SignedDelegation::read)
            .map(Self)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.array(self.0.len());
        for SignedDelegation {
            delegation,
            signature,
        } in &self.0
        {
            writer.map(2).text(DELEGATION);
            delegation.write(writer);
            writer.text(SIGNATURE).bytes(signature);
        }
    }
}
