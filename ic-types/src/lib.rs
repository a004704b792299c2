#![doc = include_str!("../README.md")]

pub mod batch;
#[cfg(feature = "candid")]
mod candid;
pub mod codec;
pub mod digest;
pub mod domain;
pub mod height;
pub mod ids;
pub mod key;
pub mod limits;
pub mod path;
pub mod principal;
pub mod ranges;
pub mod request;
pub mod response;
#[cfg(feature = "serde")]
mod serde;
pub mod units;

pub use batch::{Batch, Randomness};
pub use digest::{
    Digest, DigestHasher, DigestLength, DigestTextError, RequestId, ShortMessage, StateRoot,
};
pub use domain::{Domain, Signable, SignedBytes};
pub use height::{Height, Rank, RegistryVersion};
pub use ids::{CanisterId, NodeId, SubnetId, UserId};
pub use key::DerPublicKey;
pub use path::{Label, Path};
pub use principal::{Principal, PrincipalClass, PrincipalError, PrincipalText};
pub use ranges::{CanisterRange, CanisterRanges, RangesError};
pub use request::{
    Call, Content, Delegation, DelegationChain, DelegationLimit, Envelope, HashValue, Nonce,
    NonceLength, Permissions, Query, ReadState, SenderInfo, SenderProof, SignedDelegation,
    hash_of_map,
};
pub use response::{
    AsyncCallAnswer, NodeSignature, QueryOutcome, QueryResponse, QueryResponseHash,
    ReadStateAnswer, Reject, RejectCode, Status, SyncCallAnswer,
};
pub use units::{ByteCount, Cycles, Instructions, Time};
