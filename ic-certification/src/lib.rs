#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod canister_signature;
pub mod certificate;
pub mod hash_tree;
pub mod http;
pub mod labeled_tree;
pub mod leaves;
pub mod map;
pub mod paths;
pub mod query;
pub mod request_status;
pub mod witness;

pub use canister_signature::{
    CanisterSignature, CanisterSignatureError, CanisterSignatureVerifier, PrepareError,
    SignatureMap, SubnetTypes,
};
pub use certificate::delegation::{DelegationError, VerifiedDelegation};
pub use certificate::ranges::RangesError;
pub use certificate::verifier::{Capacity, Verifier};
pub use certificate::verify::{CertificateError, Freshness, RootKey, Subject, VerifiedCertificate};
pub use certificate::{Certificate, SubnetDelegation};
pub use hash_tree::HashTree;
pub use hash_tree::lookup::{Lookup, SubTree, SubTreeLookup};
pub use hash_tree::merge::MergeError;
pub use hash_tree::well_formed::NotWellFormed;
pub use labeled_tree::{Children, LabeledTree, Leaf};
pub use map::{Authenticated, AuthenticatedMap, Hashed, Show};
pub use query::QueryError;
pub use request_status::{MalformedStatus, RequestStatus};
pub use witness::WitnessError;
