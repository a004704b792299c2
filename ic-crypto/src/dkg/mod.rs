//! Key generation without a dealer: nodes that trust nobody make a key together, in one message each, and hand it on to other
//! nodes without changing it.
//!
//! Jens Groth's non-interactive distributed key generation and resharing (IACR ePrint 2021/339) with the parameters and
//! encodings of the Internet Computer. Each dealer picks a random polynomial, seals its value at i + 1 for receiver i, and
//! proves to everybody, without a secret, that each receiver can open its share and that the shares fit together. Dealings
//! that verify are combined; what comes out is the same [`threshold::Transcript`](crate::threshold::Transcript) and the same
//! [`SecretShare`](crate::threshold::SecretShare)s that a trusted dealer would have made, but nobody ever knew the key.
//!
//! ```
//! use ic_crypto::Seed;
//! use ic_crypto::dkg::{Config, Dealing, DecryptionKey, Epoch, Transcript};
//! use ic_crypto::threshold::Threshold;
//! use ic_types::codec::Wire;
//! use ic_types::{NodeId, Principal};
//!
//! // Once for each node: a key to receive with. The public part and the proof go into the registry.
//! let node = |number: u8| NodeId::new(Principal::try_from_slice(&[number; 29]).unwrap());
//! let generate = |number: u8| DecryptionKey::generate(Seed::from_bytes(&[number]), &node(number));
//! let (public, _possession, secret) = generate(1);
//!
//! // What everybody agrees on: who deals, who receives, how many shares sign, and when.
//! let config = Config::fresh([node(1)], [(node(1), public)], Threshold::high(1)?, Epoch::new(7))?;
//!
//! // Each dealer sends a dealing; each node checks those that it gets.
//! let sent = Dealing::create(&config, &node(1), Seed::from_bytes(b"an example has no entropy"))?.encode();
//! let dealing = Dealing::decode(&sent)?.verify(&config, &node(1))?;
//!
//! // Enough dealings, the same for everybody, make the transcript; each node opens its own share.
//! let transcript = Transcript::combine(&config, [dealing])?;
//! let share = transcript.load(&node(1), &secret)?;
//! # let message = ic_types::StateRoot::new(ic_types::Digest::of(b"a state"));
//! let key = transcript.public().group_key();
//! # assert!(key.verify(&message, &share.sign(&message).signature).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To hand the key on: [`Config::resharing`], [`Dealing::reshare`], and the rest as before. When no transcript of an epoch is
//! needed any more: drop the shares, and [`DecryptionKey::advance`]; a [`Keyring`] does both.
//!
//! # For the reader who knows the paper
//! | of the paper | here |
//! |---|---|
//! | forward-secure encryption: binary tree encryption, key evolution | `forward_secure` |
//! | encryption of chunks with shared randomness, chosen-ciphertext security by hashing into the identity | `forward_secure/ciphertext.rs` |
//! | proof of correct secret sharing | `sharing` |
//! | proof of correct chunking, approximate, 32 repetitions with rejection sampling | `chunking` |
//! | recovery of chunks from dishonest dealers | `discrete_log` |
//! | distributed key generation and resharing: dealing, verification, combination | [`Dealing`], [`VerifiedDealing`], [`Transcript`] |
//! | proof of possession of an encryption key | [`Possession`] |
//!
//! | parameter | value |
//! |---|---|
//! | curve | BLS12-381, order r of 255 bits; encryption keys in G1, public coefficients in G2 |
//! | λ_T, height of the tree of epochs | 32; the epoch is the registry version |
//! | λ_H, bits of the hash in an identity | 256, SHA-256 |
//! | chunks m, base B | 16, 2¹⁶ |
//! | repetitions ℓ, challenges below E | 32, 256; so the chunking proof is wrong with probability 2⁻²⁵⁶ |
//! | S, Z | n · m · (B - 1) · (E - 1), 2ℓS |
//! | associated data of a dealing | the dealer's number, four bytes |
//!
//! Combination is interpolation at 0 over the dealers' numbers, for new keys (where a sum would do) as for old ones.
//!
//! # Equations, and how they are checked
//! A dealing is checked by one sum in G1 (the n + 2 equations of the chunking proof and two of the sharing proof, each times
//! a random 128-bit weight), one sum in G2 (the third equation of the sharing proof), and one product of three pairings (the
//! 16 equations e(Rⱼ, f(τ)) · e(Sⱼ, h) = e(g1, Zⱼ), weighted likewise). The weights are hashes of the dealing, the keys and
//! the configuration, so whoever wants a wrong dealing to pass has to try 2¹²⁸ of them. If the sum does not vanish, the
//! parts are checked one by one to say what was wrong.
//!
//! # What is assumed
//! * The paper's assumptions on BLS12-381, and SHA-256 and ChaCha20 as random oracle. The proofs are non-interactive by Fiat
//!   and Shamir.
//! * Of n dealers at most f = ⌊(n - 1)/3⌋ are dishonest, so one of f + 1 dealings is random to everybody. A dishonest dealer who
//!   deals last may bias the public key (not learn it), as in the paper; for BLS signatures that is harmless.
//! * Old receivers advance their decryption keys; until they do, a dealing can be opened by whoever takes a node over.
//! * Each [`Seed`](crate::Seed) is used once.
//! * Whoever verifies a dealing knows that the dealer sent it: see [`Dealing::verify`].
//!
//! # What takes the same time whatever the secret
//! Generating and advancing keys, dealing, and opening honest chunks. How often the chunking proof draws its masks again is
//! independent of the chunks. Opening chunks that a cheating dealer made too large takes variable time: that dealer knows
//! them.
//!
//! # What was not reviewed
//! This implementation reproduces the network's published keys, proofs, dealings, transcripts and shares byte by byte (see
//! `tests/vectors/nidkg.txt`), but no cryptographer other than its authors has audited it, and its timing was reasoned about,
//! not measured. The bounds in the paper's proof of chunking were taken over as the network has them, not derived again.

mod chunking;
mod codec;
mod config;
mod dealing;
mod discrete_log;
mod equation;
mod forward_secure;
mod keyring;
mod opening;
mod oracle;
mod sharing;
#[cfg(test)]
mod tests;
mod transcript;
mod verification;

pub use config::{BadConfig, Config, LARGEST_COMMITTEE};
pub use dealing::{CannotDeal, Dealing};
pub use forward_secure::{
    BadDecryptionKey, DecryptionKey, EncryptionKey, Epoch, Exhausted, Possession,
};
pub use keyring::Keyring;
pub use opening::CannotOpen;
pub use transcript::{BadTranscriptBytes, CannotCombine, Transcript};
pub use verification::{BadDealing, VerifiedDealing};
