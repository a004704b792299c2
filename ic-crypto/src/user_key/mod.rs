//! Keys and signatures of users.

pub mod ed25519;
