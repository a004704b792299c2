//! The envelope: a request, and who says that it is theirs (HTTP-030 to HTTP-036).

use super::fields::required;
use super::{Content, DelegationChain};
use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::key::DerPublicKey;

/// A request of one kind with the proof of its sender.
///
/// Nothing has been checked: `ic-crypto` makes an authenticated request of it. That begins with whether an envelope
/// without proof is from the anonymous principal, and one with a proof from the principal of its key (HTTP-034,
/// HTTP-035).
///
/// Decoding takes the tag "this is CBOR" or leaves it, takes null for absent, and refuses every field that it does not
/// know, in the envelope as in the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<C> {
    /// The request.
    pub content: C,
    /// Who says that they are its sender.
    pub proof: SenderProof,
}

/// Key, signature and delegations: all of them, or none. What the specification writes as three optional fields has
/// two meanings, and these are they.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// Nobody signs; the sender has to be the anonymous principal (HTTP-034).
    Anonymous,
    /// `key` signs, or with delegations the key of the last of them (HTTP-082).
    Signed {
        /// The key that names the sender (HTTP-035).
        key: DerPublicKey,
        /// The signature on the request id.
        signature: Vec<u8>,
        /// Who may sign for `key`; empty if it signs for itself (HTTP-223).
        delegations: DelegationChain,
    },
}

const CONTENT: &str = "content";
const SENDER_PUBKEY: &str = "sender_pubkey";
const SENDER_SIG: &str = "sender_sig";
const SENDER_DELEGATION: &str = "sender_delegation";

impl<C: Content> Envelope<C> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut content, mut key, mut signature, mut delegations) = (None, None, None, None);
        reader.fields(
            &[CONTENT, SENDER_PUBKEY, SENDER_SIG, SENDER_DELEGATION],
            |name, reader| {
                match name {
                    CONTENT => content = Some(C::read(reader)?),
                    SENDER_PUBKEY => key = reader.nullable(|reader| reader.bytes())?,
                    SENDER_SIG => signature = reader.nullable(|reader| reader.bytes())?,
                    _ => delegations = reader.nullable(DelegationChain::read)?,
                }
                Ok(())
            },
        )?;
        let proof = match (key, signature, delegations) {
            (None, None, None) => SenderProof::Anonymous,
            (Some(key), Some(signature), delegations) => SenderProof::Signed {
                key: DerPublicKey::new(key.to_vec()),
                signature: signature.to_vec(),
                delegations: delegations.unwrap_or_default(),
            },
            (Some(_), None, _) | (None, Some(_), _) | (None, None, Some(_)) => {
                return Err(DecodeError::IncompleteProof);
            }
        };
        Ok(Self {
            content: required(content, CONTENT)?,
            proof,
        })
    }
}

impl<C: Content> Wire for Envelope<C> {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(512);
        match &self.proof {
            SenderProof::Anonymous => {
                writer.map(1).text(CONTENT);
                self.content.write(&mut writer);
            }
            SenderProof::Signed {
                key,
                signature,
                delegations,
            } => {
                let delegated = !delegations.as_slice().is_empty();
                writer.map(3 + usize::from(delegated)).text(CONTENT);
                self.content.write(&mut writer);
                writer.text(SENDER_PUBKEY).bytes(key.as_slice());
                writer.text(SENDER_SIG).bytes(signature);
                if delegated {
                    writer.text(SENDER_DELEGATION);
                    delegations.write(&mut writer);
                }
            }
        }
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, Self::read)
    }
}
