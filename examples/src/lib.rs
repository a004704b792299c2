//! A whole node composed from the five crates.
