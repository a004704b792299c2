//! The status document: `GET /api/v2/status` (HTTP-190, HTTP-191).

use std::collections::BTreeMap;

use crate::codec::{DecodeError, Reader, Value, Wire, Writer, decode_whole};
use crate::key::DerPublicKey;

const ROOT_KEY: &str = "root_key";
const IC_API_VERSION: &str = "ic_api_version";
const IMPL_VERSION: &str = "impl_version";
const IMPL_HASH: &str = "impl_hash";
const REPLICA_HEALTH_STATUS: &str = "replica_health_status";
const CERTIFIED_HEIGHT: &str = "certified_height";

/// What a node says about itself. It is one node's word: the root key of the public network must never be taken from
/// here (HTTP-190).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The key that certificates are to be checked with: on development networks only.
    pub root_key: Option<DerPublicKey>,
    /// The version of the interface that is spoken.
    pub ic_api_version: Option<String>,
    /// The version of the node's software.
    pub impl_version: Option<String>,
    /// The hash of the node's software.
    pub impl_hash: Option<String>,
    /// `healthy`, or what else clients understand.
    pub replica_health_status: Option<String>,
    /// The greatest height whose state is certified.
    pub certified_height: Option<u64>,
    /// Everything else that was said. Names of the fields above have no effect here.
    pub others: BTreeMap<String, Value>,
}

impl Status {
    /// The value of [`replica_health_status`](Self::replica_health_status) that clients wait for.
    pub const HEALTHY: &'static str = "healthy";

    fn texts(&self) -> [(&'static str, &Option<String>); 4] {
        [
            (IC_API_VERSION, &self.ic_api_version),
            (IMPL_VERSION, &self.impl_version),
            (IMPL_HASH, &self.impl_hash),
            (REPLICA_HEALTH_STATUS, &self.replica_health_status),
        ]
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut status = Self::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..reader.map()? {
            let position = reader.position();
            let name = reader.text()?;
            if !seen.insert(name) {
                return Err(DecodeError::DuplicateKey { position });
            }
            let text = |reader: &mut Reader<'_>| {
                reader.nullable(|reader| reader.text().map(str::to_owned))
            };
            match name {
                ROOT_KEY => {
                    status.root_key = reader
                        .nullable(|reader| reader.bytes())?
                        .map(|key| DerPublicKey::new(key.into()))
                }
                IC_API_VERSION => status.ic_api_version = text(reader)?,
                IMPL_VERSION => status.impl_version = text(reader)?,
                IMPL_HASH => status.impl_hash = text(reader)?,
                REPLICA_HEALTH_STATUS => status.replica_health_status = text(reader)?,
                CERTIFIED_HEIGHT => status.certified_height = reader.nullable(Reader::nat)?,
                name => {
                    status.others.insert(name.to_owned(), Value::read(reader)?);
                }
            }
        }
        Ok(status)
    }
}

impl Wire for Status {
    fn encode(&self) -> Vec<u8> {
        let texts = self
            .texts()
            .into_iter()
            .filter_map(|(name, text)| text.as_ref().map(|text| (name, text)));
        let taken = |name: &str| {
            name == ROOT_KEY
                || name == CERTIFIED_HEIGHT
                || self.texts().iter().any(|(text, _)| *text == name)
        };
        let others = self.others.iter().filter(|(name, _)| !taken(name));

        let mut writer = Writer::self_described(512);
        let numbers =
            usize::from(self.root_key.is_some()) + usize::from(self.certified_height.is_some());
        writer.map(numbers + texts.clone().count() + others.clone().count());
        if let Some(key) = &self.root_key {
            writer.text(ROOT_KEY).bytes(key.as_slice());
        }
        for (name, text) in texts {
            writer.text(name).text(text);
        }
        if let Some(height) = self.certified_height {
            writer.text(CERTIFIED_HEIGHT).nat(height);
        }
        for (name, value) in others {
            writer.text(name);
            value.write(&mut writer);
        }
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, Self::read)
    }
}
