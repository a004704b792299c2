//! [`HashTree`]: the part of a state that someone was shown, with the hash of the whole.
//!
//! A tree is kept as one buffer of bytes and one list of nodes in the order in which they are encoded
//! (a node before what is below it, left before right). Nothing here recurses, so no tree can exhaust the
//! stack; nothing is allocated for a single node.
//!
//! | to do this | look in |
//! |---|---|
//! | read and write the wire form | [`codec`] |
//! | ask what is at a path | [`lookup`] |
//! | check the order of labels | [`well_formed`] |

pub(crate) mod builder;
pub mod codec;
mod digest;
pub(crate) mod hash;
pub mod lookup;
pub mod merge;
pub mod well_formed;
pub(crate) mod witness;

use std::fmt;

use ic_types::{Digest, StateRoot};

use self::builder::Builder;
use self::lookup::Index;

/// A tree of labels and values, parts of which may be replaced by their hash.
///
/// Requirements CERT-001 to CERT-005. A tree promises nothing until something vouches for its
/// [`root`](Self::root).
#[derive(Clone)]
pub struct HashTree {
    /// What spans point into: the encoding that was decoded, or labels and values one after the other.
    data: Vec<u8>,
    /// In the order of the encoding.
    nodes: Vec<Node>,
    index: Index,
}

/// One node. What is below a node follows it in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Empty,
    /// The left side is the next node, the right side the one at this position.
    Fork {
        right: u32,
    },
    /// The subtree is the next node.
    Labeled {
        label: Span,
    },
    Leaf {
        value: Span,
    },
    /// Always 32 bytes.
    Pruned {
        digest: Span,
    },
}

/// A piece of a tree's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl HashTree {
    /// The tree without anything (CERT-001).
    pub fn empty() -> Self {
        let mut builder = Builder::new();
        builder.empty();
        builder.finish()
    }

    /// A value (CERT-004).
    ///
    /// # Panics
    /// If the value is 4 GiB or longer.
    pub fn leaf(value: &[u8]) -> Self {
        let mut builder = Builder::new();
        builder.leaf(value);
        builder.finish()
    }

    /// The hash in place of a tree (CERT-005).
    pub fn pruned(digest: &Digest) -> Self {
        let mut builder = Builder::new();
        builder.pruned(digest);
        builder.finish()
    }

    /// A tree under a label (CERT-003). Copies the tree.
    ///
    /// # Panics
    /// If the whole is 4 GiB or longer.
    pub fn labeled(label: &[u8], tree: &Self) -> Self {
        let mut builder = Builder::new();
        builder.labeled(label);
        builder.tree(tree, 0);
        builder.finish()
    }

    /// Two trees side by side (CERT-002). Copies both.
    ///
    /// # Panics
    /// If the whole is 4 GiB or longer.
    pub fn fork(left: &Self, right: &Self) -> Self {
        let mut builder = Builder::new();
        builder.fork();
        builder.tree(left, 0);
        builder.tree(right, 0);
        builder.finish()
    }

    /// The hash that stands for the whole tree, pruned or not (CERT-001 to CERT-005).
    ///
    /// # Cost
    /// Hashes every node, those that do not depend on each other together; nothing is kept.
    pub fn digest(&self) -> Digest {
        digest::of(self, 0)
    }

    /// The same as [`digest`](Self::digest), in the role in which a subnet signs it.
    pub fn root(&self) -> StateRoot {
        StateRoot::new(self.digest())
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "spans are made where their bytes are, and bytes are never removed"
    )]
    fn bytes(&self, span: Span) -> &[u8] {
        &self.data[usize_of(span.start)..][..usize_of(span.len)]
    }

    fn pruned_digest(&self, span: Span) -> Digest {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.bytes(span));
        Digest::new(digest)
    }

    fn node(&self, position: u32) -> Node {
        self.nodes
            .get(usize_of(position))
            .copied()
            .unwrap_or(Node::Empty)
    }

    /// The nodes of the subtree that starts at `position`.
    fn subtree_nodes(&self, position: u32) -> &[Node] {
        let from = self.nodes.get(usize_of(position)..).unwrap_or_default();
        let mut open = 1usize;
        for (count, node) in (1..).zip(from) {
            match node {
                Node::Fork { .. } => open += 1,
                Node::Labeled { .. } => {}
                Node::Empty | Node::Leaf { .. } | Node::Pruned { .. } => open -= 1,
            }
            if open == 0 {
                return from.get(..count).unwrap_or_default();
            }
        }
        from
    }
}

/// Trees are equal if they show and hide the same in the same shape.
impl PartialEq for HashTree {
    fn eq(&self, other: &Self) -> bool {
        self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(|pair| match pair {
                (Node::Empty, Node::Empty) => true,
                (Node::Fork { right }, Node::Fork { right: other }) => right == other,
                (Node::Labeled { label: ours }, Node::Labeled { label: theirs })
                | (Node::Leaf { value: ours }, Node::Leaf { value: theirs })
                | (Node::Pruned { digest: ours }, Node::Pruned { digest: theirs }) => {
                    self.bytes(*ours) == other.bytes(*theirs)
                }
                (
                    Node::Empty
                    | Node::Fork { .. }
                    | Node::Labeled { .. }
                    | Node::Leaf { .. }
                    | Node::Pruned { .. },
                    _,
                ) => false,
            })
    }
}

impl Eq for HashTree {}

/// The specification's notation, on one line.
impl fmt::Debug for HashTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is to be written after each open node's next part.
        let mut closings: Vec<&str> = Vec::new();
        for node in &self.nodes {
            match *node {
                Node::Empty => f.write_str("Empty")?,
                Node::Fork { .. } => {
                    f.write_str("Fork(")?;
                    closings.extend([")", ", "]);
                    continue;
                }
                Node::Labeled { label } => {
                    write!(f, "Labeled({}, ", self.bytes(label).escape_ascii())?;
                    closings.push(")");
                    continue;
                }
                Node::Leaf { value } => write!(f, "Leaf({})", self.bytes(value).escape_ascii())?,
                Node::Pruned { digest } => write!(f, "Pruned({})", self.pruned_digest(digest))?,
            }
            while let Some(closing) = closings.pop() {
                f.write_str(closing)?;
                if closing == ", " {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Positions are at most 32 bits, so that a node is small.
#[expect(
    clippy::as_conversions,
    reason = "usize has at least 32 bits wherever this crate builds"
)]
pub(crate) const fn usize_of(position: u32) -> usize {
    const { assert!(usize::BITS >= 32) };
    position as usize
}

/// How many of `len` children, at least two, are left of the fork: the greatest power of two below `len`. This is
/// what pairing neighbours level by level comes to.
pub(crate) fn left_side(len: usize) -> usize {
    len.next_power_of_two() / 2
}
