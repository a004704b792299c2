//! Query calls.

use super::field::{
    ARG, CANISTER_ID, INGRESS_EXPIRY, METHOD_NAME, NONCE, REQUEST_TYPE, SENDER, SENDER_INFO,
};
use super::fields::{Fields, OF_CALLS, required, write_call, write_shared};
use super::{Content, MapHasher, Nonce, Sealed, SenderInfo, encode_content};
use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::digest::{Digest, RequestId};
use crate::ids::{CanisterId, UserId};
use crate::units::Time;

/// A query call: one node answers, nothing changes (HTTP-042).
///
/// ```
/// use ic_types::{Content, Query, Time, UserId};
///
/// // The example of the interface specification, section "Request ids".
/// let query = Query {
///     sender: UserId::ANONYMOUS,
///     expiry: Time::from_nanos(1_685_570_400_000_000_000),
///     nonce: None,
///     canister: "ngj2t-fiaaa-aaaaa-aatja".parse()?,
///     method: "hello".into(),
///     argument: b"DIDL\0\xFD*".to_vec(),
///     sender_info: None,
/// };
/// assert!(query.id().to_string().starts_with("0x74aff80b32e98aaf"));
/// # Ok::<(), ic_types::PrincipalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Who asks.
    pub sender: UserId,
    /// Until when the request may be accepted, inclusive (HTTP-110).
    pub expiry: Time,
    /// What makes it different from an otherwise equal request.
    pub nonce: Option<Nonce>,
    /// The canister that is asked.
    pub canister: CanisterId,
    /// The method that is asked for.
    pub method: String,
    /// The argument, as a rule in Candid.
    pub argument: Vec<u8>,
    /// What a canister says about the sender (HTTP-103).
    pub sender_info: Option<SenderInfo>,
}

impl Query {
    /// The value of `request_type`.
    pub const REQUEST_TYPE: &'static str = "query";
}

impl Content for Query {
    const IS_CALL: bool = false;

    fn id(&self) -> RequestId {
        let mut map = MapHasher::new();
        if let Some(info) = &self.sender_info {
            map.hashed(&SENDER_INFO, info.hash());
        }
        map.blob(&SENDER, self.sender.as_slice());
        map.blob(&CANISTER_ID, self.canister.as_slice());
        map.nat(&INGRESS_EXPIRY, self.expiry.as_nanos());
        map.blob(&METHOD_NAME, self.method.as_bytes());
        map.hashed(&REQUEST_TYPE, REQUEST_TYPE_HASH);
        if let Some(nonce) = &self.nonce {
            map.blob(&NONCE, nonce.as_slice());
        }
        map.blob(&ARG, &self.argument);
        RequestId::new(map.finish())
    }

    fn sender(&self) -> UserId {
        self.sender
    }

    fn expiry(&self) -> Time {
        self.expiry
    }

    fn nonce(&self) -> Option<Nonce> {
        self.nonce
    }

    fn sender_info(&self) -> Option<&SenderInfo> {
        self.sender_info.as_ref()
    }

    fn delegation_target(&self) -> Option<CanisterId> {
        (self.canister != CanisterId::MANAGEMENT).then_some(self.canister)
    }
}

impl Sealed for Query {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader, Self::REQUEST_TYPE, OF_CALLS)?;
        Ok(Self {
            sender: required(fields.sender, SENDER.name)?,
            expiry: required(fields.expiry, INGRESS_EXPIRY.name)?,
            nonce: fields.nonce,
            canister: required(fields.canister, CANISTER_ID.name)?,
            method: required(fields.method, METHOD_NAME.name)?.to_owned(),
            argument: required(fields.argument, ARG.name)?.to_vec(),
            sender_info: fields.sender_info,
        })
    }

    fn write(&self, writer: &mut Writer) {
        let own = 3 + usize::from(self.sender_info.is_some());
        write_shared(
            writer,
            Self::REQUEST_TYPE,
            self.sender,
            self.expiry,
            self.nonce.as_ref(),
            own,
        );
        write_call(
            writer,
            self.canister,
            &self.method,
            &self.argument,
            self.sender_info.as_ref(),
        );
    }
}

impl Wire for Query {
    fn encode(&self) -> Vec<u8> {
        encode_content(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, Self::read)
    }
}

/// The hash of the value of `request_type`.
const REQUEST_TYPE_HASH: Digest = Digest::new([
    0xa8, 0xb7, 0x71, 0x92, 0x0b, 0x83, 0x19, 0xe4, 0x72, 0x51, 0xd1, 0x36, 0x0f, 0x5e, 0x88, 0x0b,
    0xc1, 0x8e, 0x8d, 0x32, 0x9b, 0x0f, 0x0d, 0x00, 0x3e, 0xa3, 0xc7, 0xe6, 0x15, 0x55, 0x89, 0x47,
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_121_hash_of_the_request_type() {
        assert_eq!(
            REQUEST_TYPE_HASH,
            Digest::of(Query::REQUEST_TYPE.as_bytes())
        );
    }
}
