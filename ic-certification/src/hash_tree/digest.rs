//! The digest of a tree: nodes of one height together, from the leaves upwards.

use ic_types::Digest;

use super::hash::{self, Batch, Parts, Slot};
use super::{HashTree, Node, usize_of};

/// What is known while a tree is hashed.
struct Work<'a> {
    tree: &'a HashTree,
    nodes: &'a [Node],
    /// The position of the first of the nodes in the tree.
    start: usize,
    /// The digests of the nodes, as far as they are known.
    digests: Vec<Digest>,
}

/// The digest of the subtree at `position`.
pub(super) fn of(tree: &HashTree, position: u32) -> Digest {
    let nodes = tree.subtree_nodes(position);
    let mut work = Work {
        tree,
        nodes,
        start: usize_of(position),
        digests: vec![hash::empty(); nodes.len()],
    };
    let (order, heights) = work.by_height();
    let mut batch = Batch::new();
    let mut from = 0;
    for to in heights {
        let numbers = order
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .map(|number| usize_of(*number));
        batch.hash(&mut work, numbers, Work::write, |work, number, digest| {
            hash::put(&mut work.digests, number, digest)
        });
        from = to;
    }
    work.digests.first().copied().unwrap_or(hash::empty())
}

impl<'a> Work<'a> {
    /// The nodes that have to be hashed, the lowest first, and where each height ends among them. Takes the digests of
    /// those that have not.
    fn by_height(&mut self) -> (Vec<u32>, Vec<usize>) {
        // Zero for what is not hashed. What is below a node follows it, so from the back its height is there first.
        let mut heights = vec![0_u32; self.nodes.len()];
        let mut ends: Vec<usize> = Vec::with_capacity(32);
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let below = |number: usize| heights.get(number).copied().unwrap_or_default();
            let height = match *node {
                Node::Empty => 0,
                Node::Pruned { digest } => {
                    let digest = self.tree.pruned_digest(digest);
                    hash::put(&mut self.digests, number, digest);
                    0
                }
                Node::Leaf { .. } => 1,
                Node::Labeled { .. } => below(number + 1) + 1,
                Node::Fork { right } => below(number + 1).max(below(self.number(right))) + 1,
            };
            if let Some(place) = heights.get_mut(number) {
                *place = height;
            }
            if height > 0 {
                let level = usize_of(height) - 1;
                if ends.len() <= level {
                    ends.resize(level + 1, 0);
                }
                if let Some(count) = ends.get_mut(level) {
                    *count += 1;
                }
            }
        }
        // Counts become starts, and, once all nodes are in place, ends.
        let mut total = 0;
        for place in &mut ends {
            total += std::mem::replace(place, total);
        }
        let mut order = vec![0; total];
        for (number, height) in (0..).zip(heights) {
            let end = height
                .checked_sub(1)
                .and_then(|level| ends.get_mut(usize_of(level)));
            if let Some(end) = end
                && let Some(place) = order.get_mut(*end)
            {
                *place = number;
                *end += 1;
            }
        }
        (order, ends)
    }

    fn number(&self, position: u32) -> usize {
        usize_of(position) - self.start
    }

    fn digest(&self, number: usize) -> &Digest {
        const NONE: &Digest = &hash::empty();
        self.digests.get(number).unwrap_or(NONE)
    }

    fn write(&self, number: usize, slot: &mut Slot) {
        match self.nodes.get(number) {
            Some(Node::Fork { right }) => {
                slot.write(Parts::fork(
                    self.digest(number + 1),
                    self.digest(self.number(*right)),
                ));
            }
            Some(Node::Labeled { label }) => {
                slot.write(Parts::labeled(
                    self.tree.bytes(*label),
                    self.digest(number + 1),
                ));
            }
            Some(Node::Leaf { value }) => slot.write(Parts::leaf(self.tree.bytes(*value))),
            // Not among those that are hashed.
            Some(Node::Empty | Node::Pruned { .. }) | None => {}
        }
    }
}
