//! What a canister certifies itself: 32 bytes, the root of a tree of its own of which it shows parts (CERT-110, CERT-135).

use ic_types::{CanisterId, Digest, SubnetId};

use crate::paths::label;
use crate::{HashTree, Lookup, NotWellFormed, RangesError, VerifiedCertificate};

/// Why a tree that a canister shows is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The tree is not one that can be looked up in.
    #[error("the witness: {0}")]
    NotWellFormed(#[source] NotWellFormed),
    /// The subnet does not speak for the canister.
    #[error("subnet {subnet} does not speak for canister {canister}")]
    OutOfRange {
        /// The canister that shows the tree.
        canister: CanisterId,
        /// The subnet of the certificate.
        subnet: SubnetId,
    },
    /// Which canisters the subnet speaks for cannot be told.
    #[error(transparent)]
    Ranges(RangesError),
    /// The certificate does not show the data of the canister.
    #[error("the certificate does not show the certified data of canister {canister}")]
    NoCertifiedData {
        /// The canister.
        canister: CanisterId,
    },
    /// The canister certified something else.
    #[error("the canister did not certify the tree, whose root is {found}")]
    OtherTree {
        /// The root of the tree.
        found: Digest,
    },
}

impl VerifiedCertificate {
    /// Checks that `witness` is a part of what `canister` certified: then what it shows was true at
    /// [`time`](Self::time), and so was that what it shows to be absent is absent.
    ///
    /// The canister makes the witness from what it keeps, an [`AuthenticatedMap`](crate::AuthenticatedMap) for instance,
    /// and gives it together with the certificate that the system gives it in a query.
    ///
    /// # Errors
    /// See [`WitnessError`]: nothing that the tree shows may be believed.
    pub fn verify_witness(
        &self,
        canister: CanisterId,
        witness: &HashTree,
    ) -> Result<(), WitnessError> {
        witness.well_formed().map_err(WitnessError::NotWellFormed)?;
        if let Some(delegation) = self.delegation()
            && !delegation
                .speaks_for(canister)
                .map_err(WitnessError::Ranges)?
        {
            return Err(WitnessError::OutOfRange {
                canister,
                subnet: delegation.subnet(),
            });
        }
        let certified = self
            .certified_data(canister)
            .ok_or(WitnessError::NoCertifiedData { canister })?;
        let found = witness.digest();
        if certified == found.as_bytes() {
            Ok(())
        } else {
            Err(WitnessError::OtherTree { found })
        }
    }

    /// What the canister gave the system to certify, if it is shown.
    pub(crate) fn certified_data(&self, canister: CanisterId) -> Option<&[u8]> {
        let place = [label::CANISTER, canister.as_slice(), label::CERTIFIED_DATA];
        match self.lookup(place) {
            Lookup::Found(data) => Some(data),
            Lookup::SubTree | Lookup::Absent | Lookup::Unknown => None,
        }
    }
}
