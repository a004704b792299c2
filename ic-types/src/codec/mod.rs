//! How values become bytes and come back: CBOR and LEB128, strict and under limits.

pub mod leb128;
