//! A receiver's secret key: nodes of the tree of epochs, from which the keys of all later epochs can be made.

use std::fmt;
use std::ops::RangeInclusive;

use ic_types::NodeId;
use ic_types::codec::{DecodeError, Reader, Writer};
use zeroize::{Zeroize, Zeroizing};

use super::{
    EPOCH_BITS, EncryptionKey, Epoch, G1_TABLE, G2_LINES, G2_TABLE, HASH_BITS, PARAMETERS,
    Parameters, Possession, TreeHash,
};
use crate::Seed;
use crate::bls::arithmetic::{G1Affine, G2, G2Affine, PreparedG2, Scalar, products_cancel};
use crate::dkg::codec::{read_g1, read_g2, required, write_g2s};
use crate::generator::Generator;

/// The secret with which a node opens what dealers seal for it. Erased when dropped.
///
/// It opens what is sealed for [`epoch`](Self::epoch) and later. [`advance`](Self::advance) moves it forward, after which
/// nobody, the owner included, can open what was sealed for earlier epochs.
pub struct DecryptionKey {
    /// In the order of the epochs, the last ones first: the node with the current epoch is at the end.
    nodes: Nodes,
}

/// Boxed: a vector that grows or pops leaves copies of its elements behind, of pointers here and not of secrets.
type Nodes = Vec<Box<Node>>;

/// A key for all epochs below one node of the tree, as the paper's section 5 has it: (τ, a, b, d, e).
struct Node {
    prefix: Prefix,
    a: G1Affine,
    b: G2Affine,
    /// For the levels below: as many as the tree has below this node.
    d_t: Points,
    d_h: Points,
    e: G2Affine,
}

/// Never grown after it was made: what is left behind then is not erased.
type Points = Zeroizing<Vec<G2Affine>>;

/// The way to a node: the first `length` bits of `bits`; the others are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Prefix {
    bits: u32,
    length: usize,
}

/// There is no epoch left that this key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decryption key has no epoch left")]
pub struct Exhausted;

/// The bytes are not a decryption key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDecryptionKey {
    /// Not the encoding of a key.
    #[error("not a decryption key: {0}")]
    Encoding(#[from] DecodeError),
    /// A key of no nodes opens nothing.
    #[error("the decryption key has no nodes")]
    Empty,
    /// The nodes of the tree are not those that a key has after some number of steps.
    #[error("node {position} of the decryption key is not where it should be")]
    Node {
        /// Which one, counted from zero.
        position: usize,
    },
}

impl DecryptionKey {
    /// Makes the key of `owner` from a seed, with the public key and the proof that go into the registry.
    pub fn generate(seed: Seed, owner: &NodeId) -> (EncryptionKey, Possession, Self) {
        let (public, possession, secret) = Self::generate_for(seed, owner.as_slice());
        (public.owned_by(owner), possession, secret)
    }

    pub(in crate::dkg) fn generate_for(
        seed: Seed,
        owner: &[u8],
    ) -> (EncryptionKey, Possession, Self) {
        let mut generator = seed.into_generator();
        let mut draw = || Zeroizing::new(Scalar::random(|bytes| generator.fill(bytes)));
        let (secret, rho) = (draw(), draw());
        let key = EncryptionKey::of_secret(&secret);
        let parameters = &*PARAMETERS;
        let root = Box::new(Node {
            prefix: Prefix::ROOT,
            a: G1_TABLE.mul(&rho).to_affine(),
            b: (G2_TABLE.mul(&secret) + parameters.f_0 * *rho).to_affine(),
            d_t: multiples(&parameters.f, &rho),
            d_h: multiples(&parameters.f_h, &rho),
            e: parameters.h_table.mul(&rho).to_affine(),
        });
        let possession = Possession::prove(&key, &secret, owner, &mut generator);
        (key, possession, Self { nodes: vec![root] })
    }

    /// Whether this is the secret of a public key. A key that was advanced belongs to the same public key as before; one
    /// without epochs belongs to none.
    ///
    /// Worth asking once after [`import`](Self::import): with another node's key,
    /// [`Transcript::load`](crate::dkg::Transcript::load) searches long for what is not there.
    ///
    /// # Cost
    /// Three pairings.
    pub fn belongs_to(&self, public: &EncryptionKey) -> bool {
        // b = x·g2 + ρ·f(τ) and a = ρ·g1, for y = x·g1: e(y, g2) · e(a, f(τ)) = e(g1, b).
        let Some(node) = self.nodes.last() else {
            return false;
        };
        let identity = PARAMETERS.prefix_identity(node.prefix).to_affine();
        let b = Zeroizing::new(PreparedG2::new(&node.b));
        products_cancel(&[
            (*public.point(), &*G2_LINES),
            (node.a, &PreparedG2::new(&identity)),
            (-G1Affine::generator(), &*b),
        ])
    }

    /// The earliest epoch that this key opens; `None` if there is none.
    pub fn epoch(&self) -> Option<Epoch> {
        self.nodes.last().map(|node| Epoch(node.prefix.bits))
    }

    /// Forgets all epochs before `epoch`, for good. Does nothing if they are forgotten already. The seed has to be new each
    /// time.
    ///
    /// # Errors
    /// The key is empty.
    ///
    /// # Cost
    /// For each zero bit below the deepest common node about 290 multiplications in G2; a step to the next epoch makes two
    /// new nodes on average.
    pub fn advance(&mut self, epoch: Epoch, seed: Seed) -> Result<(), Exhausted> {
        if self.epoch().ok_or(Exhausted)? >= epoch {
            return Ok(());
        }
        while self
            .nodes
            .pop_if(|node| !node.prefix.contains(epoch))
            .is_some()
        {}
        let node = self.nodes.pop_if(|node| node.prefix.length < EPOCH_BITS);
        if let Some(node) = node {
            node.descend(epoch, &mut seed.into_generator(), &mut self.nodes);
        }
        Ok(())
    }

    /// The part of the key that opens what was sealed for `epoch` under an identity with this hash: a, -b* and -e of the
    /// paper's decryption. `None` if the epoch is forgotten.
    pub(super) fn opening(&self, epoch: Epoch, hash: &TreeHash) -> Option<Opening> {
        let node = self
            .nodes
            .iter()
            .rev()
            .find(|node| node.prefix.contains(epoch))?;
        let below = node.d_t.iter().zip(epoch.path().skip(node.prefix.length));
        let hashed = node.d_h.iter().zip(hash.bits());
        let b = below
            .chain(hashed)
            .filter(|(_, bit)| *bit)
            .fold(node.b.to_projective(), |sum, (point, _)| sum + *point);
        Some(Opening {
            a: node.a,
            minus_b: -b.to_affine(),
            minus_e: -node.e,
        })
    }

    /// The secret itself: CBOR `{"bte_nodes": [{"tau", "a", "b", "d_t", "d_h", "e"}, ..]}`. Up to 800 kB.
    pub fn export(&self) -> Zeroizing<Vec<u8>> {
        let points: usize = self
            .nodes
            .iter()
            .map(|node| 3 + node.d_t.len() + node.d_h.len())
            .sum();
        // Each point has two bytes before it; a node has 40 bytes of names and up to 35 of bits. Too much does no harm.
        let mut writer = Writer::with_capacity(64 + self.nodes.len() * 128 + points * 100);
        writer.map(1).text("bte_nodes").array(self.nodes.len());
        for node in &self.nodes {
            writer.map(6);
            writer.text("tau").bytes(&node.prefix.to_bytes());
            writer.text("a").bytes(&node.a.to_compressed());
            writer.text("b").bytes(&node.b.to_compressed());
            write_g2s(writer.text("d_t"), &node.d_t);
            write_g2s(writer.text("d_h"), &node.d_h);
            writer.text("e").bytes(&node.e.to_compressed());
        }
        Zeroizing::new(writer.into_vec())
    }

    /// Reads what [`export`](Self::export) wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn import(bytes: &[u8]) -> Result<Self, BadDecryptionKey> {
        let mut reader = Reader::new(bytes);
        let mut nodes = None;
        reader.fields(&["bte_nodes"], |_, reader| {
            nodes = Some(reader.list("nodes of a decryption key", EPOCH_BITS + 1, Node::read)?);
            Ok(())
        })?;
        reader.finish()?;
        let nodes: Nodes = required("bte_nodes", nodes)?;
        if nodes.is_empty() {
            return Err(BadDecryptionKey::Empty);
        }
        // Each node begins where the one after it in the list ends, and reaches down to the leaves.
        let mut end = u64::from(u32::MAX) + 1;
        for (position, node) in nodes.iter().enumerate() {
            let levels = EPOCH_BITS.saturating_sub(node.prefix.length);
            let size = 1_u64 << levels;
            let begin = u64::from(node.prefix.bits);
            if begin + size != end || node.d_t.len() != levels {
                return Err(BadDecryptionKey::Node { position });
            }
            end = begin;
        }
        Ok(Self { nodes })
    }
}

impl Node {
    /// Replaces this node by the leaf of an epoch below it and the siblings to the right of the way there.
    fn descend(self, epoch: Epoch, generator: &mut Generator, nodes: &mut Nodes) {
        let parameters = &*PARAMETERS;
        let mut path = self.prefix;
        let mut b = self.b.to_projective();
        let mut f = parameters.prefix_identity(path);
        let start = path.length;
        let levels: Vec<_> = epoch
            .path()
            .zip(&parameters.f)
            .skip(start)
            .zip(self.d_t.iter())
            .collect();
        for ((right, f_level), d) in levels {
            if right {
                f += *f_level;
                b += *d;
            } else {
                let sibling = path.child(true);
                nodes.push(self.derive(sibling, b + *d, f + *f_level, generator));
            }
            path = path.child(right);
        }
        nodes.push(self.derive(path, b, f, generator));
    }

    /// A node below this one, with new randomness: b and f(τ) are those of its way, before the randomness.
    fn derive(&self, prefix: Prefix, b: G2, f: G2, generator: &mut Generator) -> Box<Self> {
        let parameters = &*PARAMETERS;
        let delta = Zeroizing::new(Scalar::random(|bytes| generator.fill(bytes)));
        let below = prefix.length - self.prefix.length;
        let d_t = self.d_t.get(below..).unwrap_or_default();
        let f_below = parameters.f.get(prefix.length..).unwrap_or_default();
        Box::new(Self {
            prefix,
            a: (G1_TABLE.mul(&delta) + self.a).to_affine(),
            b: (b + f * *delta).to_affine(),
            d_t: sums(d_t, f_below, &delta),
            d_h: sums(&self.d_h, &parameters.f_h, &delta),
            e: (parameters.h_table.mul(&delta) + self.e).to_affine(),
        })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, DecodeError> {
        let (mut prefix, mut a, mut b, mut d_t, mut d_h, mut e) =
            (None, None, None, None, None, None);
        reader.fields(&["tau", "a", "b", "d_t", "d_h", "e"], |name, reader| {
            match name {
                "tau" => prefix = Some(Prefix::read(reader)?),
                "a" => a = Some(read_g1(reader)?),
                "b" => b = Some(read_g2(reader)?),
                "d_t" => {
                    d_t = Some(read_points(
                        reader,
                        "levels of the tree of epochs",
                        0..=EPOCH_BITS,
                    )?)
                }
                "d_h" => {
                    d_h = Some(read_points(
                        reader,
                        "bits of a hash",
                        HASH_BITS..=HASH_BITS,
                    )?)
                }
                _ => e = Some(read_g2(reader)?),
            }
            Ok(())
        })?;
        Ok(Box::new(Self {
            prefix: required("tau", prefix)?,
            a: required("a", a)?,
            b: required("b", b)?,
            d_t: required("d_t", d_t)?,
            d_h: required("d_h", d_h)?,
            e: required("e", e)?,
        }))
    }
}

/// Reads so many secret points.
fn read_points(
    reader: &mut Reader<'_>,
    what: &'static str,
    allowed: RangeInclusive<usize>,
) -> Result<Points, DecodeError> {
    let position = reader.position();
    let found = reader.array()?;
    if !allowed.contains(&found) {
        let expected = *allowed.end();
        return Err(DecodeError::Length {
            position,
            what,
            expected,
            found,
        });
    }
    let mut points = Points::new(Vec::with_capacity(found));
    for _ in 0..found {
        points.push(read_g2(reader)?);
    }
    Ok(points)
}

/// The points times a scalar.
fn multiples(points: &[G2Affine], scalar: &Scalar) -> Points {
    let points: Vec<G2> = points.iter().map(|point| *point * *scalar).collect();
    to_affine(points)
}

/// `secrets[i] + scalar · points[i]`.
fn sums(secrets: &[G2Affine], points: &[G2Affine], scalar: &Scalar) -> Points {
    let pairs = secrets.iter().zip(points);
    to_affine(
        pairs
            .map(|(secret, point)| *point * *scalar + *secret)
            .collect(),
    )
}

fn to_affine(mut points: Vec<G2>) -> Points {
    let affine = Points::new(G2::to_affine_all(&points));
    points.zeroize();
    affine
}

impl Prefix {
    const ROOT: Self = Self { bits: 0, length: 0 };

    /// Whether the epoch is below this node.
    fn contains(self, epoch: Epoch) -> bool {
        let below = u32::try_from(EPOCH_BITS - self.length).unwrap_or_default();
        (epoch.0 ^ self.bits).checked_shr(below).unwrap_or_default() == 0
    }

    fn child(self, right: bool) -> Self {
        let length = self.length + 1;
        let bit = u32::from(right) << (EPOCH_BITS - length);
        Self {
            bits: self.bits | bit,
            length,
        }
    }

    /// One byte for each bit.
    fn to_bytes(self) -> Vec<u8> {
        Epoch(self.bits)
            .path()
            .take(self.length)
            .map(u8::from)
            .collect()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let position = reader.position();
        let bad = DecodeError::Value {
            position,
            expected: "at most 32 bits, a byte each",
        };
        let bytes = reader.bytes()?;
        let mut prefix = Self::ROOT;
        for byte in bytes {
            if prefix.length >= EPOCH_BITS || *byte > 1 {
                return Err(bad);
            }
            prefix = prefix.child(*byte == 1);
        }
        Ok(prefix)
    }
}

impl Parameters {
    /// f(τ) for an inner node of the tree of epochs.
    fn prefix_identity(&self, prefix: Prefix) -> G2 {
        let levels = self
            .f
            .iter()
            .zip(Epoch(prefix.bits).path())
            .take(prefix.length);
        levels
            .filter(|(_, bit)| *bit)
            .fold(self.f_0.to_projective(), |sum, (point, _)| sum + *point)
    }
}

/// What a pairing product needs of the key.
pub(super) struct Opening {
    pub(super) a: G1Affine,
    pub(super) minus_b: G2Affine,
    pub(super) minus_e: G2Affine,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.a.zeroize();
        self.minus_b.zeroize();
        self.minus_e.zeroize();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.a.zeroize();
        self.b.zeroize();
        self.e.zeroize();
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptionKey(..)")
    }
}
