//! Seeds, and what every secret of this crate has in common.
//!
//! A secret key or share is erased when it is dropped, prints as `SecretKey(..)`, has no `Clone`, no comparison and no
//! serialisation. The one way out is the method named `export`, so that every place where a secret leaves a program can be
//! found by searching for that word.

use std::fmt;
use std::ops::{Deref, DerefMut};

use ic_types::domain::dst;
use zeroize::{Zeroize, Zeroizing};

use crate::bls::arithmetic::{Scalar, expand_message};
use crate::generator::Generator;

/// Bytes that were exported from a secret: erased when dropped.
pub struct Exported<const N: usize>([u8; N]);

impl<const N: usize> Exported<N> {
    pub(crate) fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> Deref for Exported<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Exported<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Exported<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for Exported<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exported(..)")
    }
}

/// A scalar that is erased when dropped.
///
/// Boxed, so that moving it (out of a map, in a vector that grows) leaves no copy behind that nobody erases.
pub(crate) struct SecretScalar(Box<Scalar>);

impl SecretScalar {
    pub(crate) fn new(scalar: Scalar) -> Self {
        Self(Box::new(scalar))
    }
}

impl Deref for SecretScalar {
    type Target = Scalar;

    fn deref(&self) -> &Scalar {
        &self.0
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        Scalar::zeroize(&mut self.0);
    }
}

/// 32 bytes of entropy from which keys are made. The entropy is the embedder's: this crate has no source of its own.
///
/// ```
/// use ic_crypto::Seed;
///
/// let seed = Seed::from_bytes(b"32 bytes or more from the operating system");
/// let (signing, committee) = (seed.derive("signing"), seed.derive("committee"));
/// assert_eq!(format!("{signing:?} {committee:?}"), "Seed(..) Seed(..)");
/// ```
///
/// ```compile_fail,E0599
/// let seed = ic_crypto::Seed::from_bytes(b"entropy");
/// let again = seed.clone(); // a seed has one owner
/// ```
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from any number of bytes, which have to be unpredictable.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(expand_message(bytes, dst::SEED_FROM_BYTES))
    }

    /// A seed from the next 32 bytes of a generator.
    pub fn from_generator(generator: &mut Generator) -> Self {
        let mut bytes = [0; 32];
        generator.fill(&mut bytes);
        let seed = Self(expand_message(&bytes, dst::SEED_FROM_RNG));
        bytes.zeroize();
        seed
    }

    /// A seed for one purpose: seeds with different labels say nothing about each other.
    pub fn derive(&self, label: &str) -> Self {
        Self(expand_message(&self.0, label.as_bytes()))
    }

    /// As [`derive`](Self::derive), for one purpose in one context.
    pub(crate) fn derive_in(&self, label: &str, context: &[u8]) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.0.len() + context.len()));
        bytes.extend(self.0);
        bytes.extend(context);
        Self(expand_message(&bytes, label.as_bytes()))
    }

    /// The generator that is keyed with this seed.
    pub fn into_generator(self) -> Generator {
        Generator::new(&self.0)
    }

    /// A scalar that is not zero: the first that [`into_generator`](Self::into_generator) gives.
    pub(crate) fn into_scalar(self) -> SecretScalar {
        let mut generator = self.into_generator();
        loop {
            let scalar = SecretScalar::new(Scalar::random(|bytes| generator.fill(bytes)));
            if !scalar.is_zero() {
                return scalar;
            }
        }
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::SecretScalar;
    use crate::threshold::SecretShare;

    /// What is moved leaves its bytes where it was: a map that removes a share, a vector that grows.
    #[test]
    fn moving_a_secret_moves_no_bytes_of_it() {
        assert_eq!(size_of::<SecretScalar>(), size_of::<usize>());
        assert_eq!(size_of::<SecretShare>(), 2 * size_of::<usize>());
    }
}
