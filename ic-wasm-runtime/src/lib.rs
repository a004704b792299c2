#![doc = include_str!("../README.md")]

pub mod memory;
pub mod module;
pub mod system_api;
