#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod hash_tree;
pub mod labeled_tree;

pub use hash_tree::HashTree;
pub use hash_tree::lookup::{Lookup, SubTree, SubTreeLookup};
pub use hash_tree::well_formed::NotWellFormed;
pub use labeled_tree::{Children, LabeledTree, Leaf};
