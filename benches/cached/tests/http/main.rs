//! HTTP certification and its peers on the same random sites, requests and changes: equal, or the difference is known and
//! said to be one. `cargo test --manifest-path benches/cached/Cargo.toml`

mod differences;
mod peers;
mod random;
mod sites;
