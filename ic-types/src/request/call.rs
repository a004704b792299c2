//! Update calls.

use super::field::{
    ARG, CANISTER_ID, INGRESS_EXPIRY, METHOD_NAME, NONCE, REQUEST_TYPE, SENDER, SENDER_INFO,
};
use super::fields::{Fields, OF_CALLS, required, write_call, write_shared};
use super::{Content, MapHasher, Nonce, Sealed, SenderInfo, encode_content};
use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::digest::{Digest, RequestId};
use crate::ids::{CanisterId, UserId};
use crate::units::Time;

/// An update call: it changes the state, through consensus (HTTP-041).
///
/// ```
/// use ic_types::{Call, Content, Time, UserId};
///
/// // The example of the interface specification, section "Request ids".
/// let call = Call {
///     sender: UserId::ANONYMOUS,
///     expiry: Time::from_nanos(1_685_570_400_000_000_000),
///     nonce: None,
///     canister: "ngj2t-fiaaa-aaaaa-aatja".parse()?,
///     method: "hello".into(),
///     argument: b"DIDL\0\xFD*".to_vec(),
///     sender_info: None,
/// };
/// assert!(call.id().to_string().starts_with("0x1d1091364d6bb8a6"));
/// # Ok::<(), ic_types::PrincipalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
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

impl Call {
    /// The value of `request_type`.
    pub const REQUEST_TYPE: &'static str = "call";
}

impl Content for Call {
    const IS_CALL: bool = true;

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
        Some(self.canister)
    }
}

impl Sealed for Call {
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

impl Wire for Call {
    fn encode(&self) -> Vec<u8> {
        encode_content(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, Self::read)
    }
}

/// The hash of the value of `request_type`.
const REQUEST_TYPE_HASH: Digest = Digest::new([
    0x7e, 0xdb, 0x36, 0x0f, 0x06, 0xac, 0xae, 0xf2, 0xcc, 0x80, 0xdb, 0xa1, 0x6c, 0xf5, 0x63, 0xf1,
    0x99, 0xd3, 0x47, 0xdb, 0x44, 0x43, 0xda, 0x04, 0xda, 0x0c, 0x81, 0x73, 0xe3, 0xf9, 0xe4, 0xed,
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_121_hash_of_the_request_type() {
        assert_eq!(REQUEST_TYPE_HASH, Digest::of(Call::REQUEST_TYPE.as_bytes()));
    }
}
