//! Requests: what a user asks, who says so, and the name that both get.
//!
//! The content of a request is a [`Call`], a [`Query`] or a [`ReadState`]; around it is an [`Envelope`] with the
//! [`SenderProof`]. Two envelopes with the same content are the same request (HTTP-036).

use std::fmt;

use crate::codec::{DecodeError, Reader, Wire, Writer};
use crate::digest::{Hex, RequestId};
use crate::ids::{CanisterId, UserId};
use crate::units::Time;

mod call;
mod delegation;
mod envelope;
pub(crate) mod field;
mod fields;
mod id;
mod query;
mod read_state;
mod sender_info;

pub use call::Call;
pub use delegation::{Delegation, DelegationChain, DelegationLimit, Permissions, SignedDelegation};
pub use envelope::{Envelope, SenderProof};
pub(crate) use fields::required;
pub use id::{HashValue, hash_of_map};
pub(crate) use id::{MapHasher, hash_of_array, hash_of_pairs};
pub use query::Query;
pub use read_state::ReadState;
pub use sender_info::SenderInfo;

/// What the three kinds of request share. Sealed: the specification has no fourth.
pub trait Content: Wire + fmt::Debug + Clone + PartialEq + sealed::Sealed {
    /// Whether the request may change state: an update call, and nothing else (HTTP-088, HTTP-112).
    const IS_CALL: bool;

    /// The name of the request: the representation-independent hash of its content (HTTP-127).
    fn id(&self) -> RequestId;
    /// Who sends it (HTTP-040).
    fn sender(&self) -> UserId;
    /// Until when it may be accepted, inclusive (HTTP-110).
    fn expiry(&self) -> Time;
    /// What makes it different from an otherwise equal request (HTTP-040).
    fn nonce(&self) -> Option<Nonce>;
    /// What a canister says about the sender; never there in a [`ReadState`] (HTTP-043).
    fn sender_info(&self) -> Option<&SenderInfo>;
    /// The canister that every delegation has to have among its targets (HTTP-085, HTTP-086), as far as the content alone
    /// tells: for a query to the management canister it stands in the argument, and to read the state there is none.
    fn delegation_target(&self) -> Option<CanisterId>;
}

mod sealed {
    use super::{DecodeError, Reader, Writer};

    #[expect(unnameable_types, reason = "nobody else may implement `Content`")]
    pub trait Sealed: Sized {
        fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
        fn write(&self, writer: &mut Writer);
    }
}

use sealed::Sealed;

/// A content by itself, with the tag "this is CBOR": what an envelope without proof would hold.
fn encode_content<C: Content>(content: &C) -> Vec<u8> {
    let mut writer = Writer::self_described(256);
    content.write(&mut writer);
    writer.into_vec()
}

/// Up to 32 bytes that make a request unlike any other (HTTP-045). An empty nonce is not the same as none (HTTP-126).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce {
    bytes: [u8; Self::MAX_LENGTH],
    length: u8,
}

/// More than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has at most 32 bytes, found {found}")]
pub struct NonceLength {
    /// The number of bytes that were given.
    pub found: usize,
}

impl Nonce {
    /// The greatest number of bytes in a nonce (HTTP-045).
    pub const MAX_LENGTH: usize = crate::limits::NONCE_BYTES;

    /// A nonce of these bytes.
    ///
    /// # Errors
    /// [`NonceLength`] if there are more than 32.
    pub fn try_from_slice(bytes: &[u8]) -> Result<Self, NonceLength> {
        let found = bytes.len();
        let mut padded = [0; Self::MAX_LENGTH];
        let target = padded.get_mut(..found).ok_or(NonceLength { found })?;
        target.copy_from_slice(bytes);
        let length = u8::try_from(found).map_err(|_| NonceLength { found })?;
        Ok(Self {
            bytes: padded,
            length,
        })
    }

    /// The bytes, 0 to 32 of them.
    pub fn as_slice(&self) -> &[u8] {
        // `length` is at most 32.
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

impl TryFrom<&[u8]> for Nonce {
    type Error = NonceLength;

    fn try_from(bytes: &[u8]) -> Result<Self, NonceLength> {
        Self::try_from_slice(bytes)
    }
}

impl AsRef<[u8]> for Nonce {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", Hex(self.as_slice()))
    }
}
