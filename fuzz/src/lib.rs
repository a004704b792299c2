//! What is asked of every input: no panic, no more memory than the input justifies, and what is accepted means one thing.
//!
//! Each target is a function here, so that libFuzzer, the replay of the corpus and a debugger run the same code. To add
//! one: a module here, a row in [`TARGETS`], three lines in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml`, and some seeds
//! in `corpus/`.

pub mod certification;
pub mod crypto;
pub mod types;

/// A target: its name, which is that of its corpus, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("principal_text", types::principal_text),
    ("envelope", types::envelope),
    ("answers", types::answers),
    ("cbor_value", types::cbor_value),
    ("hash_tree", certification::hash_tree),
    ("certificate", certification::certificate),
    ("user_key", crypto::user_key),
    ("webauthn_signature", crypto::webauthn_signature),
    ("points", crypto::points),
    ("authentication", crypto::authentication),
    ("dealing", crypto::dealing),
];
