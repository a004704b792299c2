//! What is asked of every input: no panic, no more memory than the input justifies, and what is accepted means one thing.
//!
//! Each target is a function here, so that libFuzzer, the replay of the corpus and a debugger run the same code. To add
//! one: a module here, a row in [`TARGETS`], three lines in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml`, and some seeds
//! in `corpus/`.

pub mod certification;
pub mod crypto;
pub mod gateway;
pub mod http;
pub mod maps;
pub mod memory;
pub mod source;
pub mod state;
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
    ("canister_signature", certification::canister_signature),
    ("http_headers", http::http_headers),
    ("http_response", http::http_response),
    ("http_site", http::http_site),
    ("gateway_messages", gateway::gateway_messages),
    ("authenticated_map", maps::authenticated_map),
    ("signature_map", maps::signature_map),
    ("labeled_tree", maps::labeled_tree),
    ("leaf_values", state::leaf_values),
    ("state_tree", state::state_tree),
    ("user_key", crypto::user_key),
    ("webauthn_signature", crypto::webauthn_signature),
    ("points", crypto::points),
    ("authentication", crypto::authentication),
    ("dealing", crypto::dealing),
];
