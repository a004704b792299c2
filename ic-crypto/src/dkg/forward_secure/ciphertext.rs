//! What dealers seal: the shares of all receivers, cut into chunks, under one set of randomizers.

use ic_types::codec::{DecodeError, Reader, Writer};
use ic_types::{Digest, Domain};
use zeroize::{Zeroize, Zeroizing};

use super::{DecryptionKey, EncryptionKey, Epoch, G1_TABLE, G2_LINES, PARAMETERS, TreeHash};
use crate::bls::arithmetic::{
    G1, G1Affine, G2, G2Affine, Gt, PreparedG2, Scalar, product_of_pairings,
};
use crate::dkg::chunking::{CHUNK_BITS, CHUNKS, Chunks};
use crate::dkg::codec::{read_array, read_g1, read_g2, required, write_g1s, write_g2s};
use crate::dkg::oracle;
use crate::generator::Generator;

/// The shares of all receivers, sealed: R, S, Z and C of the paper's section 6 ("Encryption of chunks").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dkg) struct Ciphertexts {
    pub(in crate::dkg) r: [G1Affine; CHUNKS],
    pub(in crate::dkg) s: [G1Affine; CHUNKS],
    pub(in crate::dkg) z: [G2Affine; CHUNKS],
    /// For each receiver its chunks.
    pub(in crate::dkg) chunks: Vec<[G1Affine; CHUNKS]>,
}

/// The randomness r of a ciphertext, which the proofs speak about. Erased when dropped.
pub(in crate::dkg) struct Randomness(pub(in crate::dkg) Zeroizing<[Scalar; CHUNKS]>);

/// The 16 target-group elements whose discrete logarithms are the chunks of a share. Erased when dropped.
pub(in crate::dkg) struct Opened(pub(in crate::dkg) Vec<Gt>);

/// Hashes of parts of a ciphertext that occur in several statements.
pub(in crate::dkg) struct Shared {
    pub(in crate::dkg) chunks: Digest,
    pub(in crate::dkg) r: Digest,
}

impl Ciphertexts {
    /// Seals the chunks of each receiver. Draws s, then r.
    pub(in crate::dkg) fn seal(
        receivers: &[EncryptionKey],
        plaintexts: &[Chunks],
        epoch: Epoch,
        associated: &[u8],
        generator: &mut Generator,
    ) -> (Self, Randomness) {
        let mut draw = || {
            let mut scalars = Zeroizing::new([Scalar::zero(); CHUNKS]);
            scalars.fill_with(|| Scalar::random(|bytes| generator.fill(bytes)));
            scalars
        };
        let (s_secret, r_secret) = (draw(), draw());
        let s = to_affine(&s_secret.each_ref().map(|s| G1_TABLE.mul(s)));
        let r = to_affine(&r_secret.each_ref().map(|r| G1_TABLE.mul(r)));
        let mut points = Zeroizing::new(Vec::with_capacity(receivers.len() * CHUNKS));
        for (receiver, plaintext) in receivers.iter().zip(plaintexts) {
            let key = receiver.point().to_projective();
            for (r, chunk) in r_secret.iter().zip(plaintext.iter()) {
                points.push(key * *r + G1_TABLE.mul_short(u64::from(*chunk), CHUNK_BITS));
            }
        }
        let chunks = G1::to_affine_all(&points).as_chunks().0.to_vec();
        let mut sealed = Self {
            r,
            s,
            z: [G2Affine::default(); CHUNKS],
            chunks,
        };
        let parameters = &*PARAMETERS;
        let hash = sealed.tree_hash(&sealed.shared(), epoch, associated);
        let identity = parameters.identity(epoch, &hash);
        let z: Vec<G2> = r_secret
            .iter()
            .zip(s_secret.iter())
            .map(|(r, s)| identity * *r + parameters.h_table.mul(s))
            .collect();
        for (z, point) in sealed.z.iter_mut().zip(G2::to_affine_all(&z)) {
            *z = point;
        }
        (sealed, Randomness(r_secret))
    }

    pub(in crate::dkg) fn shared(&self) -> Shared {
        Shared {
            chunks: oracle::vector(self.chunks.iter().map(oracle::g1_vector)),
            r: oracle::g1_vector(&self.r),
        }
    }

    /// The hash part of the identity.
    fn tree_hash(&self, shared: &Shared, epoch: Epoch, associated: &[u8]) -> TreeHash {
        let statement = oracle::map([
            ("ciphertext-chunks", shared.chunks),
            ("randomizers-r", shared.r),
            ("randomizers-s", oracle::g1_vector(&self.s)),
            ("epoch", oracle::integer(epoch.get().into())),
            ("associated-data", oracle::bytes(associated)),
        ]);
        TreeHash(*oracle::digest(Domain::ForwardSecureNode, statement).as_bytes())
    }

    /// The pairs of e(Σ wⱼRⱼ, f(τ)) · e(Σ wⱼSⱼ, h) · e(-g1, Σ wⱼZⱼ), a product that is one for all weights w if the
    /// randomizers are consistent: without the last pair, of which the point Σ wⱼZⱼ is returned.
    pub(in crate::dkg) fn integrity(
        &self,
        shared: &Shared,
        epoch: Epoch,
        associated: &[u8],
        weights: &[u128],
    ) -> Integrity {
        let parameters = &*PARAMETERS;
        let hash = self.tree_hash(shared, epoch, associated);
        Integrity {
            r: G1::multi_mul_short(&self.r, weights).to_affine(),
            identity: PreparedG2::new(&parameters.identity(epoch, &hash).to_affine()),
            s: G1::multi_mul_short(&self.s, weights).to_affine(),
            h: &parameters.h_lines,
            z: G2::multi_mul_short(&self.z, weights),
        }
    }

    /// Opens the chunks of the receiver at a position. `None` if the key has forgotten the epoch, or there is no such
    /// receiver.
    ///
    /// # Cost
    /// For each chunk a product of four pairings with one final exponentiation.
    pub(in crate::dkg) fn open(
        &self,
        position: usize,
        key: &DecryptionKey,
        epoch: Epoch,
        associated: &[u8],
    ) -> Option<Opened> {
        let hash = self.tree_hash(&self.shared(), epoch, associated);
        let opening = key.opening(epoch, &hash)?;
        let minus_b = Zeroizing::new(PreparedG2::new(&opening.minus_b));
        let minus_e = Zeroizing::new(PreparedG2::new(&opening.minus_e));
        let sealed = self.chunks.get(position)?.iter().zip(&self.r);
        let randomizers = self.s.iter().zip(&self.z);
        let opened = sealed.zip(randomizers).map(|((chunk, r), (s, z))| {
            product_of_pairings(&[
                (*chunk, &*G2_LINES),
                (*r, &*minus_b),
                (opening.a, &PreparedG2::new(z)),
                (*s, &*minus_e),
            ])
        });
        Some(Opened(opened.collect()))
    }

    pub(in crate::dkg) fn write(&self, writer: &mut Writer) {
        writer.map(4);
        write_g1s(writer.text("rand_r"), &self.r);
        write_g1s(writer.text("rand_s"), &self.s);
        write_g2s(writer.text("rand_z"), &self.z);
        writer.text("ciphertext_chunks").array(self.chunks.len());
        for chunks in &self.chunks {
            write_g1s(writer, chunks);
        }
    }

    /// Reads what [`write`](Self::write) wrote, for at most so many receivers.
    pub(in crate::dkg) fn read(
        reader: &mut Reader<'_>,
        receivers: usize,
    ) -> Result<Self, DecodeError> {
        let list = "chunks of a ciphertext";
        let (mut r, mut s, mut z, mut chunks) = (None, None, None, None);
        let known = ["rand_r", "rand_s", "rand_z", "ciphertext_chunks"];
        reader.fields(&known, |name, reader| {
            match name {
                "rand_r" => r = Some(read_array(reader, list, read_g1)?),
                "rand_s" => s = Some(read_array(reader, list, read_g1)?),
                "rand_z" => z = Some(read_array(reader, list, read_g2)?),
                _ => {
                    let read = |reader: &mut Reader<'_>| read_array(reader, list, read_g1);
                    chunks = Some(reader.list("receivers of a dealing", receivers, read)?);
                }
            }
            Ok(())
        })?;
        Ok(Self {
            r: required("rand_r", r)?,
            s: required("rand_s", s)?,
            z: required("rand_z", z)?,
            chunks: required("ciphertext_chunks", chunks)?,
        })
    }
}

/// See [`Ciphertexts::integrity`].
pub(in crate::dkg) struct Integrity {
    pub(in crate::dkg) r: G1Affine,
    pub(in crate::dkg) identity: PreparedG2,
    pub(in crate::dkg) s: G1Affine,
    pub(in crate::dkg) h: &'static PreparedG2,
    pub(in crate::dkg) z: G2,
}

fn to_affine(points: &[G1; CHUNKS]) -> [G1Affine; CHUNKS] {
    let mut out = [G1Affine::default(); CHUNKS];
    for (out, point) in out.iter_mut().zip(G1::to_affine_all(points)) {
        *out = point;
    }
    out
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
