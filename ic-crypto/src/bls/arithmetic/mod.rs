//! The groups behind the signatures: scalars, G1, G2 and the pairing, over `blst`.
//!
//! This folder is the only place of the crate with `unsafe`: blst's curve operations are C functions. Every point that
//! exists as a [`G1`], [`G1Affine`], [`G2`] or [`G2Affine`] is on its curve and in the subgroup of order r, because the
//! only ways to get one are the generator, hashing to the curve, checked decoding and the group operations. Functions that
//! run in variable time say so; everything else may be given a secret.
//!
//! This is a building block for the protocols of this crate (threshold signatures, key generation). Whoever only signs and
//! verifies wants [`PublicKey`](crate::bls::PublicKey) and [`SecretKey`](crate::bls::SecretKey).
#![expect(
    unsafe_code,
    reason = "blst's curve operations are C functions; each block argues why it is sound"
)]

mod expand;
mod fingerprint;
mod fixed_base;
mod g1;
mod g2;
mod g2_tables;
mod pairing;
mod scalar;
mod straus;

pub use expand::expand_message;
pub(crate) use fingerprint::{Fingerprint, Stride};
pub(crate) use fixed_base::FixedBase;
pub use g1::{G1, G1Affine};
pub use g2::{G2, G2Affine};
pub(crate) use g2_tables::G2Tables;
pub use pairing::{Gt, PreparedG2, pairing, product_of_pairings, products_cancel};
pub use scalar::Scalar;

/// The bytes are not a point of the group: wrong flags, a coordinate that is not reduced, not on the curve, or outside the
/// subgroup of order r.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a point of the group")]
pub struct InvalidPoint;

/// The bytes are not a scalar below the group order r.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a scalar below the group order")]
pub struct InvalidScalar;
