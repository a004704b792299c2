//! Reading the certified state.

use super::field::{INGRESS_EXPIRY, NONCE, PATHS, REQUEST_TYPE, SENDER};
use super::fields::{Fields, OF_READS, required, write_shared};
use super::{Content, MapHasher, Nonce, Sealed, SenderInfo, encode_content, hash_of_array};
use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::digest::{Digest, RequestId};
use crate::ids::{CanisterId, UserId};
use crate::path::Path;
use crate::units::Time;

/// A request for a certificate that shows what is at these paths (HTTP-043).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadState {
    /// Who asks.
    pub sender: UserId,
    /// Until when the request may be accepted, inclusive (HTTP-110).
    pub expiry: Time,
    /// What makes it different from an otherwise equal request.
    pub nonce: Option<Nonce>,
    /// What is to be shown: each path with everything below it (HTTP-046, HTTP-176).
    pub paths: Vec<Path>,
}

impl ReadState {
    /// The value of `request_type`.
    pub const REQUEST_TYPE: &'static str = "read_state";
}

impl Content for ReadState {
    const IS_CALL: bool = false;

    fn id(&self) -> RequestId {
        let mut map = MapHasher::new();
        map.blob(&SENDER, self.sender.as_slice());
        map.nat(&INGRESS_EXPIRY, self.expiry.as_nanos());
        let hash_of_path = |path: &Path| {
            hash_of_array(
                path.labels()
                    .iter()
                    .map(|label| Digest::of(label.as_slice())),
            )
        };
        map.array(&PATHS, self.paths.iter().map(hash_of_path));
        map.hashed(&REQUEST_TYPE, REQUEST_TYPE_HASH);
        if let Some(nonce) = &self.nonce {
            map.blob(&NONCE, nonce.as_slice());
        }
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
        None
    }

    fn delegation_target(&self) -> Option<CanisterId> {
        None
    }
}

impl Sealed for ReadState {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = Fields::read(reader, Self::REQUEST_TYPE, OF_READS)?;
        Ok(Self {
            sender: required(fields.sender, SENDER.name)?,
            expiry: required(fields.expiry, INGRESS_EXPIRY.name)?,
            nonce: fields.nonce,
            paths: required(fields.paths, PATHS.name)?,
        })
    }

    fn write(&self, writer: &mut Writer) {
        write_shared(
            writer,
            Self::REQUEST_TYPE,
            self.sender,
            self.expiry,
            self.nonce.as_ref(),
            1,
        );
        writer.text(PATHS.name).array(self.paths.len());
        for path in &self.paths {
            writer.array(path.labels().len());
            for label in path.labels() {
                writer.bytes(label.as_slice());
            }
        }
    }
}

impl Wire for ReadState {
    fn encode(&self) -> Vec<u8> {
        encode_content(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, Self::read)
    }
}

/// The hash of the value of `request_type`.
const REQUEST_TYPE_HASH: Digest = Digest::new([
    0xe8, 0x1b, 0x52, 0x0c, 0x78, 0x56, 0xde, 0x1f, 0x5b, 0xe2, 0x88, 0xfb, 0x6a, 0x39, 0x21, 0x88,
    0x67, 0xbb, 0x18, 0xb3, 0x5c, 0xb3, 0x18, 0x86, 0x9c, 0x4a, 0xc7, 0xf0, 0x27, 0xf9, 0xa9, 0x96,
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_121_hash_of_the_request_type() {
        assert_eq!(
            REQUEST_TYPE_HASH,
            Digest::of(ReadState::REQUEST_TYPE.as_bytes())
        );
    }
}
