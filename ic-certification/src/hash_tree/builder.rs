//! Builds a tree node by node, in the order of the encoding: a node before what is below it.

use ic_types::Digest;

use super::lookup::Index;
use super::{HashTree, Node, Span, usize_of};

/// Receives a tree's nodes in order and finds out where each fork's right side begins.
pub(crate) struct Builder {
    data: Vec<u8>,
    nodes: Vec<Node>,
    open: Vec<Open>,
}

/// A node of which something is still to come.
#[derive(Clone, Copy)]
enum Open {
    /// A fork's left side, with the fork's position.
    Left(usize),
    /// A fork's right side.
    Right,
    /// What is under a label.
    Label,
}

const TOO_LONG: &str = "a tree of less than 4 GiB";

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            data: Vec::new(),
            nodes: Vec::new(),
            open: Vec::new(),
        }
    }

    /// A builder for a tree whose encoding has at most `bytes` bytes.
    pub(crate) fn with_room_for(bytes: usize) -> Self {
        // Two bytes make the smallest node, but real trees have some thirty bytes a node.
        let nodes = Vec::with_capacity((bytes / 24).clamp(4, 4096));
        Self {
            data: Vec::new(),
            nodes,
            open: Vec::with_capacity(32),
        }
    }

    /// A builder for a tree of some `nodes` nodes, with labels and values of some `bytes` bytes.
    pub(crate) fn with_room(nodes: usize, bytes: usize) -> Self {
        Self {
            data: Vec::with_capacity(bytes),
            nodes: Vec::with_capacity(nodes),
            open: Vec::with_capacity(32),
        }
    }

    /// How many nodes are above the next one.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the tree is whole: nothing may be added any more.
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_empty() && !self.nodes.is_empty()
    }

    pub(crate) fn fork(&mut self) {
        self.open.push(Open::Left(self.nodes.len()));
        self.nodes.push(Node::Fork { right: 0 });
    }

    pub(crate) fn labeled(&mut self, label: &[u8]) {
        let label = self.append(label);
        self.labeled_at(label);
    }

    pub(crate) fn labeled_at(&mut self, label: Span) {
        self.open.push(Open::Label);
        self.nodes.push(Node::Labeled { label });
    }

    pub(crate) fn empty(&mut self) {
        self.terminal(Node::Empty);
    }

    pub(crate) fn leaf(&mut self, value: &[u8]) {
        let value = self.append(value);
        self.terminal(Node::Leaf { value });
    }

    pub(crate) fn pruned(&mut self, digest: &Digest) {
        let digest = self.append(digest.as_bytes());
        self.terminal(Node::Pruned { digest });
    }

    /// A node with nothing below it.
    pub(crate) fn terminal(&mut self, node: Node) {
        self.nodes.push(node);
        let next = u32::try_from(self.nodes.len()).expect(TOO_LONG);
        while let Some(open) = self.open.pop() {
            match open {
                Open::Left(position) => {
                    if let Some(fork) = self.nodes.get_mut(position) {
                        *fork = Node::Fork { right: next };
                    }
                    self.open.push(Open::Right);
                    break;
                }
                Open::Right | Open::Label => {}
            }
        }
    }

    /// A copy of the subtree of `tree` at `position`.
    pub(crate) fn tree(&mut self, tree: &HashTree, position: u32) {
        for node in tree.subtree_nodes(position) {
            match *node {
                Node::Empty => self.empty(),
                Node::Fork { .. } => self.fork(),
                Node::Labeled { label } => self.labeled(tree.bytes(label)),
                Node::Leaf { value } => self.leaf(tree.bytes(value)),
                Node::Pruned { digest } => {
                    let digest = self.append(tree.bytes(digest));
                    self.terminal(Node::Pruned { digest });
                }
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Span {
        let start = u32::try_from(self.data.len()).expect(TOO_LONG);
        let len = u32::try_from(bytes.len()).expect(TOO_LONG);
        self.data.extend_from_slice(bytes);
        Span { start, len }
    }

    /// The tree, which the caller has completed with spans that point into `data`.
    pub(crate) fn finish_over(self, data: Vec<u8>) -> HashTree {
        Self { data, ..self }.finish()
    }

    /// The tree, which the caller has completed.
    pub(crate) fn finish(self) -> HashTree {
        debug_assert!(
            self.is_complete(),
            "every fork has two sides and every label a subtree"
        );
        let index = Index::build(&self.data, &self.nodes);
        HashTree {
            data: self.data,
            nodes: self.nodes,
            index,
        }
    }
}

/// The bytes of `span`, for who does not have the tree yet.
#[expect(
    clippy::indexing_slicing,
    reason = "spans are made where their bytes are, and bytes are never removed"
)]
pub(crate) fn bytes(data: &[u8], span: Span) -> &[u8] {
    &data[usize_of(span.start)..][..usize_of(span.len)]
}
