//! Serialization with `serde` (feature `serde`): names, digests and keys are text in formats for people and bytes in
//! formats for machines; amounts and positions are numbers. The protocol itself does not travel this way: its formats
//! are in [`crate::codec`].

use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{Error, SeqAccess, Unexpected, Visitor};
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::{Digest, Hex, RequestId, StateRoot};
use crate::height::{Height, Rank, RegistryVersion};
use crate::ids::{CanisterId, NodeId, SubnetId, UserId};
use crate::key::DerPublicKey;
use crate::principal::Principal;
use crate::units::{ByteCount, Cycles, Instructions, Time};

/// Something with a text and bytes.
trait Named: Sized {
    const EXPECTED: &'static str;
    fn to_text(&self) -> String;
    fn from_text(text: &str) -> Result<Self, String>;
    fn to_bytes(&self) -> &[u8];
    fn from_bytes(bytes: &[u8]) -> Result<Self, String>;
}

fn serialize<T: Named, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&value.to_text())
    } else {
        serializer.serialize_bytes(value.to_bytes())
    }
}

fn deserialize<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(NamedVisitor {
            human: true,
            named: PhantomData,
        })
    } else {
        deserializer.deserialize_bytes(NamedVisitor {
            human: false,
            named: PhantomData,
        })
    }
}

struct NamedVisitor<T> {
    human: bool,
    named: PhantomData<T>,
}

impl<'de, T: Named> Visitor<'de> for NamedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} as {}",
            T::EXPECTED,
            if self.human { "text" } else { "bytes" }
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if self.human {
            T::from_text(text).map_err(E::custom)
        } else {
            // Its characters are not the bytes: most texts of ids would be other ids.
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::from_bytes(bytes).map_err(E::custom)
    }

    /// Formats without bytes of their own write them as a list of numbers.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element::<u8>()? {
            bytes.push(byte);
        }
        T::from_bytes(&bytes).map_err(A::Error::custom)
    }
}

/// `0x` or nothing, then two digits for each byte.
fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of hexadecimal digits".into());
    }
    let pair = |pair: &[u8; 2]| {
        let digits = str::from_utf8(pair)
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    pairs
        .iter()
        .map(pair)
        .collect::<Option<_>>()
        .ok_or_else(|| "expected hexadecimal digits".into())
}

impl Named for Principal {
    const EXPECTED: &'static str = "a principal";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error: crate::PrincipalError| error.to_string())
    }

    fn to_bytes(&self) -> &[u8] {
        self.as_slice()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Self::try_from_slice(bytes).map_err(|error| error.to_string())
    }
}

impl Named for Digest {
    const EXPECTED: &'static str = "a hash of 32 bytes";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_bytes(&unhex(text)?)
    }

    fn to_bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Self::try_from(bytes).map_err(|error| error.to_string())
    }
}

impl Named for RequestId {
    const EXPECTED: &'static str = "a request id of 32 bytes";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Digest::from_text(text).map(Self::new)
    }

    fn to_bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Digest::from_bytes(bytes).map(Self::new)
    }
}

impl Named for StateRoot {
    const EXPECTED: &'static str = "a state root of 32 bytes";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Digest::from_text(text).map(Self::new)
    }

    fn to_bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Digest::from_bytes(bytes).map(Self::new)
    }
}

impl Named for DerPublicKey {
    const EXPECTED: &'static str = "a public key";

    fn to_text(&self) -> String {
        Hex(self.as_slice()).to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        unhex(text).map(Self::new)
    }

    fn to_bytes(&self) -> &[u8] {
        self.as_slice()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Ok(Self::new(bytes.to_vec()))
    }
}

/// Writes the two implementations of `serde` for a type that is [`Named`].
macro_rules! by_name {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize(self, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer)
            }
        }
    )*};
}

/// The same for a type that is made from another with `new`, and gives it back with the function that is named.
macro_rules! by_content {
    ($($type:ty, $content:ty, $get:ident, $new:ident);*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.$get().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$content>::deserialize(deserializer).map(Self::$new)
            }
        }
    )*};
}

by_name!(Principal, Digest, RequestId, StateRoot, DerPublicKey);
by_content!(
    CanisterId, Principal, principal, new;
    SubnetId, Principal, principal, new;
    NodeId, Principal, principal, new;
    UserId, Principal, principal, new;
    Height, u64, get, new;
    Rank, u32, get, new;
    RegistryVersion, u64, get, new;
    Time, u64, as_nanos, from_nanos;
    Cycles, u128, get, new;
    Instructions, u64, get, new;
    ByteCount, u64, get, new
);

#[cfg(test)]
mod tests {
    use super::*;

    fn json<T: Serialize + for<'de> Deserialize<'de> + PartialEq + fmt::Debug>(
        value: &T,
        text: &str,
    ) {
        assert_eq!(serde_json::to_string(value).unwrap(), text);
        assert_eq!(&serde_json::from_str::<T>(text).unwrap(), value);
    }

    fn cbor<T: Serialize + for<'de> Deserialize<'de> + PartialEq + fmt::Debug>(
        value: &T,
        bytes: &[u8],
    ) {
        assert_eq!(serde_cbor::to_vec(value).unwrap(), bytes);
        assert_eq!(&serde_cbor::from_slice::<T>(bytes).unwrap(), value);
    }

    #[test]
    fn text_for_people_and_bytes_for_machines() {
        let canister = CanisterId::from_u64(2);
        json(&canister, "\"ryjl3-tyaaa-aaaaa-aaaba-cai\"");
        cbor(&canister, &[0x4a, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1]);
        let id = RequestId::new(Digest::new([0xab; 32]));
        json(&id, &format!("\"0x{}\"", "ab".repeat(32)));
        cbor(&id, &[&[0x58, 32][..], &[0xab; 32]].concat());
        json(&DerPublicKey::new(vec![0x30, 0]), "\"3000\"");
        json(&Time::from_nanos(7), "7");
        json(&Cycles::MAX, &u128::MAX.to_string());
        json(&Height::new(9), "9");
    }

    #[test]
    fn what_is_none_is_refused() {
        assert!(serde_json::from_str::<Principal>("\"aaaaa-ab\"").is_err());
        assert!(serde_json::from_str::<Digest>("\"0xabc\"").is_err());
        assert!(serde_json::from_str::<Digest>("\"+a\"").is_err());
        assert!(
            serde_cbor::from_slice::<Principal>(&[&[0x58, 30][..], &[0; 30]].concat()).is_err()
        );
        assert!(serde_cbor::from_slice::<RequestId>(&[0x41, 1]).is_err());
    }

    #[test]
    fn text_is_not_taken_for_bytes() {
        let text = "ryjl3-tyaaa-aaaaa-aaaba-cai";
        let bytes = serde_cbor::to_vec(&text).unwrap();
        assert!(serde_cbor::from_slice::<CanisterId>(&bytes).is_err());
        let bytes = serde_cbor::to_vec(&"a".repeat(32)).unwrap();
        assert!(serde_cbor::from_slice::<Digest>(&bytes).is_err());
        assert!(serde_cbor::from_slice::<DerPublicKey>(&bytes).is_err());
    }
}
