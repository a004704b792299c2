//! Two trees with one root become one that shows what either does.

use super::builder::Builder;
use super::{HashTree, Node};

impl HashTree {
    /// The tree that shows everything that this one or `other` does.
    ///
    /// # Errors
    /// The two have different roots, so they are not parts of one tree.
    ///
    /// # Cost
    /// Hashes both trees.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        if self.digest() != other.digest() {
            return Err(MergeError);
        }
        let mut out = Builder::new();
        // Pairs of places with one hash, the next one last.
        let mut pairs = vec![(0, 0)];
        while let Some((ours, theirs)) = pairs.pop() {
            match (self.node(ours), other.node(theirs)) {
                (Node::Pruned { .. }, _) => out.tree(other, theirs),
                (_, Node::Pruned { .. }) | (Node::Empty | Node::Leaf { .. }, _) => {
                    out.tree(self, ours)
                }
                (Node::Fork { right }, Node::Fork { right: other_right }) => {
                    out.fork();
                    pairs.extend([(right, other_right), (ours + 1, theirs + 1)]);
                }
                (Node::Labeled { label }, Node::Labeled { .. }) => {
                    out.labeled(self.bytes(label));
                    pairs.push((ours + 1, theirs + 1));
                }
                // Nodes of different kinds with one hash: a collision of SHA-256.
                (Node::Fork { .. }, Node::Empty | Node::Leaf { .. } | Node::Labeled { .. })
                | (Node::Labeled { .. }, Node::Empty | Node::Leaf { .. } | Node::Fork { .. }) => {
                    return Err(MergeError);
                }
            }
        }
        Ok(out.finish())
    }
}

/// Two trees that are not parts of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trees have different roots")]
pub struct MergeError;
