//! Answers to queries, which no subnet certifies: single nodes sign them, and a certificate says whose nodes those are
//! (HTTP-150 to HTTP-155, CERT-152).

use ic_crypto::node_key::{PublicKey, Signature};
use ic_types::response::{NodeSignature, QueryResponse};
use ic_types::{CanisterId, NodeId, RequestId, SubnetId, Time};

use crate::certificate::ranges;
use crate::paths::label;
use crate::{CertificateError, Freshness, Lookup, RangesError, Subject, VerifiedCertificate};

/// Why an answer to a query is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The subnet whose nodes the certificate shows does not speak for the canister.
    #[error("subnet {subnet} does not speak for canister {canister}")]
    OutOfRange {
        /// The canister that was asked.
        canister: CanisterId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// Which canisters the subnet speaks for cannot be told.
    #[error(transparent)]
    Ranges(RangesError),
    /// The nodes are those of another subnet.
    #[error("expected nodes of subnet {expected}, found those of {found}")]
    WrongSubnet {
        /// The subnet that was asked.
        expected: SubnetId,
        /// The subnet of the certificate.
        found: SubnetId,
    },
    /// No node signed the answer.
    #[error("no node signed the answer")]
    Unsigned,
    /// A node signed twice.
    #[error("node {node} signed more than once")]
    Repeated {
        /// The node.
        node: NodeId,
    },
    /// The certificate does not show that the signer is a node of the subnet.
    #[error("the certificate shows no valid key of node {node} in subnet {subnet}")]
    NotANode {
        /// The signer.
        node: NodeId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// Signed too long ago, or too far in the future.
    #[error("node {node} signed at {signed} ns, not within the time that is accepted", signed = .signed.as_nanos())]
    Time {
        /// The signer.
        node: NodeId,
        /// When, by its own account.
        signed: Time,
    },
    /// The signature is not one of this node on this answer to this query.
    #[error("the signature of node {node} does not hold")]
    Signature {
        /// The signer.
        node: NodeId,
    },
}

impl VerifiedCertificate {
    /// Checks that nodes of this subnet gave this answer to the query `request`, and that the subnet is that of `subject`.
    ///
    /// The certificate is one of a read_state of its own, for the path [`subnet::all`](crate::paths::subnet::all). It shows
    /// the keys of the nodes, and which canisters the root subnet has, if it is that one (HTTP-152, HTTP-153). How old the
    /// certificate may be was judged when it was verified; `signed` says how far the times of the signatures may be from
    /// now (HTTP-155).
    ///
    /// All signatures have to hold. It is the word of the nodes that signed, one as a rule, and not that of the subnet.
    ///
    /// ```no_run
    /// # use ic_certification::{Freshness, QueryError, Subject, VerifiedCertificate};
    /// # use ic_types::{CanisterId, QueryOutcome, QueryResponse, RequestId};
    /// # fn show(subnet: &VerifiedCertificate, canister: CanisterId, id: RequestId, response: QueryResponse, signed: Freshness)
    /// # -> Result<(), QueryError> {
    /// subnet.verify_query(Subject::Canister(canister), &id, &response, signed)?;
    /// if let QueryOutcome::Replied { argument } = response.outcome {
    ///     println!("{} bytes", argument.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn verify_query(
        &self,
        subject: Subject,
        request: &RequestId,
        response: &QueryResponse,
        signed: Freshness,
    ) -> Result<(), QueryError> {
        self.check_subject(subject)?;
        if response.signatures.is_empty() {
            return Err(QueryError::Unsigned);
        }
        for (position, signature) in response.signatures.iter().enumerate() {
            let node = signature.identity;
            let before = response.signatures.iter().take(position);
            if before.into_iter().any(|other| other.identity == node) {
                return Err(QueryError::Repeated { node });
            }
            self.check_signature(request, response, signature, signed)?;
        }
        Ok(())
    }

    /// HTTP-153, HTTP-154.
    fn check_subject(&self, subject: Subject) -> Result<(), QueryError> {
        let subnet = self.subnet();
        match subject {
            Subject::Subnet(expected) if expected == subnet => Ok(()),
            Subject::Subnet(expected) => Err(QueryError::WrongSubnet {
                expected,
                found: subnet,
            }),
            Subject::Canister(canister) => {
                // The root subnet's own state says which canisters it has.
                let tree = self.delegation().map_or(self.tree(), |root| root.tree());
                match ranges::contains(tree, subnet, canister) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(QueryError::OutOfRange { canister, subnet }),
                    Err(error) => Err(QueryError::Ranges(error)),
                }
            }
        }
    }

    fn check_signature(
        &self,
        request: &RequestId,
        response: &QueryResponse,
        signature: &NodeSignature,
        signed: Freshness,
    ) -> Result<(), QueryError> {
        let (node, subnet) = (signature.identity, self.subnet());
        let time = signature.timestamp;
        signed
            .check(time)
            .map_err(|_: CertificateError| QueryError::Time { node, signed: time })?;
        let place = [
            label::SUBNET,
            subnet.as_slice(),
            label::NODE,
            node.as_slice(),
            label::PUBLIC_KEY,
        ];
        let key = match self.lookup(place) {
            Lookup::Found(key) => PublicKey::from_der(key).ok(),
            Lookup::SubTree | Lookup::Absent | Lookup::Unknown => None,
        };
        let key = key.ok_or(QueryError::NotANode { node, subnet })?;
        let hash = response.outcome.hash(request, time);
        let bytes = signature.signature.as_slice().try_into();
        let holds =
            bytes.is_ok_and(|bytes| key.verify(&hash, &Signature::from_bytes(bytes)).is_ok());
        if holds {
            Ok(())
        } else {
            Err(QueryError::Signature { node })
        }
    }
}
