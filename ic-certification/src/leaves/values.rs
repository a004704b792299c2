//! How each type of value is written in a leaf: naturals in LEB128, texts in UTF-8, blobs as they are, lists and maps in
//! CBOR.

use ic_types::codec::{DecodeError, Kind, Reader, Wire, Writer, leb128};
use ic_types::response::RejectCode;
use ic_types::{CanisterRanges, DerPublicKey, Digest, Principal, Time};

/// The bytes are no value of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of its type")]
pub struct NotItsType;

/// A value of the system state tree.
pub trait LeafValue: Sized {
    /// What it is, for errors.
    const EXPECTED: &'static str;

    /// The bytes of the leaf.
    fn encode(&self) -> Vec<u8>;

    /// The value of these bytes.
    ///
    /// # Errors
    /// They are no value of this type.
    fn decode(bytes: &[u8]) -> Result<Self, NotItsType>;
}

fn natural(number: u64) -> Vec<u8> {
    leb128::unsigned(number.into()).as_slice().to_vec()
}

fn read_natural(mut bytes: &[u8]) -> Result<u64, NotItsType> {
    match leb128::read_unsigned(&mut bytes) {
        Ok(number) if bytes.is_empty() => Ok(number),
        Ok(_) | Err(_) => Err(NotItsType),
    }
}

/// Nanoseconds as a natural.
impl LeafValue for Time {
    const EXPECTED: &'static str = "a time";

    fn encode(&self) -> Vec<u8> {
        natural(self.as_nanos())
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        read_natural(bytes).map(Self::from_nanos)
    }
}

/// A natural.
impl LeafValue for RejectCode {
    const EXPECTED: &'static str = "a reject code";

    fn encode(&self) -> Vec<u8> {
        natural(self.number())
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Self::from_number(read_natural(bytes)?).ok_or(NotItsType)
    }
}

impl LeafValue for Vec<u8> {
    const EXPECTED: &'static str = "a blob";

    fn encode(&self) -> Vec<u8> {
        self.clone()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Ok(bytes.to_vec())
    }
}

impl LeafValue for String {
    const EXPECTED: &'static str = "a text";

    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| NotItsType)
    }
}

impl LeafValue for Digest {
    const EXPECTED: &'static str = "a hash";

    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Self::try_from(bytes).map_err(|_| NotItsType)
    }
}

/// The DER form, which nobody has looked into.
impl LeafValue for DerPublicKey {
    const EXPECTED: &'static str = "a public key";

    fn encode(&self) -> Vec<u8> {
        self.as_slice().to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Ok(Self::new(bytes.to_vec()))
    }
}

impl LeafValue for CanisterRanges {
    const EXPECTED: &'static str = "a list of canister ranges";

    fn encode(&self) -> Vec<u8> {
        Wire::encode(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Wire::decode(bytes).map_err(|_| NotItsType)
    }
}

/// `#6.55799([* bytes])`
impl LeafValue for Vec<Principal> {
    const EXPECTED: &'static str = "a list of principals";

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(8 + 32 * self.len());
        writer.array(self.len());
        for principal in self {
            writer.bytes(principal.as_slice());
        }
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        let read = |bytes| {
            let mut reader = Reader::new(bytes);
            reader.self_described()?;
            let principals = reader.list("principals", usize::MAX, Reader::principal)?;
            reader.finish()?;
            Ok::<_, DecodeError>(principals)
        };
        read(bytes).map_err(|_| NotItsType)
    }
}

/// Which rules a subnet has (CERT-127).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubnetType {
    /// `application`
    Application,
    /// `system`
    System,
    /// `verified_application`
    VerifiedApplication,
    /// `cloud_engine`: its canisters may not sign (CERT-094).
    CloudEngine,
}

impl SubnetType {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Application,
        Self::System,
        Self::VerifiedApplication,
        Self::CloudEngine,
    ];

    /// The name in the state tree.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::System => "system",
            Self::VerifiedApplication => "verified_application",
            Self::CloudEngine => "cloud_engine",
        }
    }
}

impl LeafValue for SubnetType {
    const EXPECTED: &'static str = "a type of subnet";

    fn encode(&self) -> Vec<u8> {
        self.name().into()
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().as_bytes() == bytes)
            .ok_or(NotItsType)
    }
}

/// What a subnet counts (CERT-128).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubnetMetrics {
    /// Canisters on the subnet.
    pub num_canisters: u64,
    /// Bytes that they hold.
    pub canister_state_bytes: u64,
    /// Cycles that were consumed since the subnet began.
    pub consumed_cycles_total: u128,
    /// Update calls and the like that were executed since then.
    pub update_transactions_total: u64,
}

/// A map with the numbers 0 to 3 as keys, as on the public network; the cycles are a map of low and high half, the high
/// half null if it is zero.
impl LeafValue for SubnetMetrics {
    const EXPECTED: &'static str = "the metrics of a subnet";

    fn encode(&self) -> Vec<u8> {
        let cycles = self.consumed_cycles_total.to_le_bytes();
        let [low, high] = [0, 8].map(|from| {
            let mut half = [0; 8];
            half.iter_mut()
                .zip(cycles.iter().skip(from))
                .for_each(|(place, byte)| *place = *byte);
            u64::from_le_bytes(half)
        });
        let mut writer = Writer::self_described(64);
        writer
            .map(4)
            .nat(0)
            .nat(self.num_canisters)
            .nat(1)
            .nat(self.canister_state_bytes);
        writer.nat(2).map(2).nat(0).nat(low).nat(1);
        if high == 0 {
            writer.null();
        } else {
            writer.nat(high);
        }
        writer.nat(3).nat(self.update_transactions_total);
        writer.into_vec()
    }

    /// The high half may also be missing, and new fields may follow.
    fn decode(bytes: &[u8]) -> Result<Self, NotItsType> {
        read_metrics(bytes).ok().flatten().ok_or(NotItsType)
    }
}

/// The fields by their numbers on the network, with the names that the specification gives them (CERT-128).
const METRICS: [&str; 4] = [
    "num_canisters",
    "canister_state_bytes",
    "consumed_cycles_total",
    "update_transactions_total",
];

/// The place among them of the one that is a map.
const CYCLES: usize = 2;

/// `None` if a field is missing, or there twice.
fn read_metrics(bytes: &[u8]) -> Result<Option<SubnetMetrics>, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    let mut fields = [None; METRICS.len()];
    for _ in 0..reader.map()? {
        let place = match reader.kind()? {
            Kind::Text => {
                let name = reader.text()?;
                METRICS.iter().position(|known| *known == name)
            }
            Kind::Nat
            | Kind::Negative
            | Kind::Bytes
            | Kind::Array
            | Kind::Map
            | Kind::Tag
            | Kind::Bool
            | Kind::Null
            | Kind::Other
            | _ => usize::try_from(reader.nat()?).ok(),
        };
        let Some(field) = place.and_then(|place| fields.get_mut(place)) else {
            reader.skip()?;
            continue;
        };
        let value = if place == Some(CYCLES) {
            read_cycles(&mut reader)?
        } else {
            Some(reader.nat()?.into())
        };
        if value.is_none() || field.is_some() {
            return Ok(None);
        }
        *field = value;
    }
    reader.finish()?;
    let [canisters, bytes, cycles, updates] = fields;
    let small = |field: Option<u128>| field.and_then(|number| u64::try_from(number).ok());
    Ok((|| {
        Some(SubnetMetrics {
            num_canisters: small(canisters)?,
            canister_state_bytes: small(bytes)?,
            consumed_cycles_total: cycles?,
            update_transactions_total: small(updates)?,
        })
    })())
}

/// The halves, each 0 if it is missing. `None` if one is there twice.
fn read_cycles(reader: &mut Reader<'_>) -> Result<Option<u128>, DecodeError> {
    let (mut low, mut high) = (None, None);
    for _ in 0..reader.map()? {
        let (half, value) = match reader.nat()? {
            0 => (&mut low, reader.nat()?),
            1 => (&mut high, reader.nullable(Reader::nat)?.unwrap_or_default()),
            _ => {
                reader.skip()?;
                continue;
            }
        };
        if half.replace(value).is_some() {
            return Ok(None);
        }
    }
    let half = |half: Option<u64>| u128::from(half.unwrap_or_default());
    Ok(Some(half(high) << 64 | half(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: LeafValue + PartialEq + std::fmt::Debug>(value: T) -> Vec<u8> {
        let bytes = value.encode();
        assert_eq!(T::decode(&bytes), Ok(value));
        bytes
    }

    #[test]
    fn cert_122_128_137_encodings() {
        assert_eq!(round_trip(Time::from_nanos(300)), [0xac, 0x02]);
        assert_eq!(Time::decode(&[0xac, 0x82, 0x00]), Err(NotItsType));
        assert_eq!(Time::decode(&[1, 1]), Err(NotItsType));
        assert_eq!(
            round_trip(vec![Principal::ANONYMOUS]),
            [0xd9, 0xd9, 0xf7, 0x81, 0x41, 4]
        );
        assert_eq!(round_trip(SubnetType::CloudEngine), b"cloud_engine");
        let metrics = SubnetMetrics {
            num_canisters: 5,
            canister_state_bytes: 9_888_399_143,
            consumed_cycles_total: 0,
            update_transactions_total: 20_192_422,
        };
        // The leaf of a real certificate: 2023, subnet uzr34.
        let real = [
            0xa4, 0x00, 0x05, 0x01, 0x1b, 0x00, 0x00, 0x00, 0x02, 0x4d, 0x64, 0xff, 0x27, 0x02,
            0xa2, 0x00, 0x00, 0x01, 0x00, 0x03, 0x1a, 0x01, 0x34, 0x1c, 0xa6,
        ];
        assert_eq!(SubnetMetrics::decode(&real), Ok(metrics));
        round_trip(metrics);
        round_trip(SubnetMetrics {
            consumed_cycles_total: u128::MAX,
            ..metrics
        });
        assert_eq!(SubnetMetrics::decode(&[0xa0]), Err(NotItsType));

        // The same with the names of the specification, and with a field or a half of one twice.
        let mut named = Writer::new();
        named.map(4).text("num_canisters").nat(5);
        named.text("canister_state_bytes").nat(9_888_399_143);
        named.text("consumed_cycles_total").map(1).nat(0).nat(0);
        named.text("update_transactions_total").nat(20_192_422);
        assert_eq!(SubnetMetrics::decode(&named.into_vec()), Ok(metrics));
        for (from, to, what) in [
            (&real[1..3], vec![0, 5, 0, 5], "the canisters twice"),
            (&real[13..19], vec![2, 0xa2, 0, 0, 0, 0], "a half twice"),
        ] {
            let mut twice = real.to_vec();
            let at = real.windows(from.len()).position(|part| part == from);
            let at = at.unwrap();
            twice.splice(at..at + from.len(), to);
            if what.starts_with("the") {
                twice[0] = 0xa5;
            }
            assert_eq!(SubnetMetrics::decode(&twice), Err(NotItsType), "{what}");
        }
    }
}
