//! What a tree says about a path: found, absent, unknown, or that there are labels below.
//!
//! The specification flattens the forks between two labels into a list and asks the list (CERT-020 to CERT-033).
//! The list is made once, when the tree is. Where its labels increase, as in every tree that the
//! system makes, a label is found by bisection.

use std::cmp::Ordering;
use std::ops::Range;

use ic_types::Digest;

use super::{HashTree, Node, Span, builder, digest, usize_of};

/// What a tree says about the value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The value (CERT-021).
    Found(&'a [u8]),
    /// The path ends at labels, not at a value. The specification calls this `Error` (CERT-023).
    SubTree,
    /// The tree proves that nothing is there (CERT-020, CERT-025 to CERT-029).
    Absent,
    /// The tree does not show it: something pruned may hide it (CERT-022, CERT-030). This proves nothing.
    Unknown,
}

impl<'a> Lookup<'a> {
    /// The value, if there is one.
    pub fn found(self) -> Option<&'a [u8]> {
        match self {
            Self::Found(value) => Some(value),
            Self::SubTree | Self::Absent | Self::Unknown => None,
        }
    }
}

/// What a tree says about the subtree at a path.
#[derive(Clone, Copy, Debug)]
pub enum SubTreeLookup<'a> {
    /// What is there: a leaf, labels or a fork. A fork may have nothing but empty or pruned trees below it.
    Found(SubTree<'a>),
    /// The tree proves that nothing is there.
    Absent,
    /// The tree does not show it.
    Unknown,
}

impl<'a> SubTreeLookup<'a> {
    /// The subtree, if there is one.
    pub fn found(self) -> Option<SubTree<'a>> {
        match self {
            Self::Found(subtree) => Some(subtree),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// A part of a tree, from some path downwards.
#[derive(Clone, Copy)]
pub struct SubTree<'a> {
    tree: &'a HashTree,
    level: Level,
}

impl std::fmt::Debug for SubTree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubTree")
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl HashTree {
    /// What the tree says about the value at `path`, a sequence of labels.
    ///
    /// On a tree that is not [well-formed](Self::well_formed) the answer follows the specification's clauses
    /// but means nothing (CERT-042).
    ///
    /// # Cost
    /// Logarithmic in the number of labels at each level.
    pub fn lookup<P>(&self, path: P) -> Lookup<'_>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        self.whole().lookup(path)
    }

    /// What the tree says about the subtree at `path`.
    pub fn subtree<P>(&self, path: P) -> SubTreeLookup<'_>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        self.whole().subtree(path)
    }

    /// The tree as a subtree of itself.
    pub fn whole(&self) -> SubTree<'_> {
        SubTree {
            tree: self,
            level: self.index.root,
        }
    }
}

impl<'a> SubTree<'a> {
    /// As [`HashTree::lookup`], from here.
    pub fn lookup<P>(self, path: P) -> Lookup<'a>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        match self.descend(path) {
            Step::Into(subtree) => match subtree.tree.node(subtree.level.node) {
                Node::Empty => Lookup::Absent,
                Node::Leaf { value } => Lookup::Found(subtree.tree.bytes(value)),
                Node::Pruned { .. } => Lookup::Unknown,
                Node::Labeled { .. } | Node::Fork { .. } => Lookup::SubTree,
            },
            Step::Absent => Lookup::Absent,
            Step::Unknown => Lookup::Unknown,
        }
    }

    /// As [`HashTree::subtree`], from here.
    pub fn subtree<P>(self, path: P) -> SubTreeLookup<'a>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        match self.descend(path) {
            Step::Into(subtree) => match subtree.tree.node(subtree.level.node) {
                Node::Empty => SubTreeLookup::Absent,
                Node::Pruned { .. } => SubTreeLookup::Unknown,
                Node::Leaf { .. } | Node::Labeled { .. } | Node::Fork { .. } => {
                    SubTreeLookup::Found(subtree)
                }
            },
            Step::Absent => SubTreeLookup::Absent,
            Step::Unknown => SubTreeLookup::Unknown,
        }
    }

    /// The value, if this is a leaf.
    pub fn value(self) -> Option<&'a [u8]> {
        match self.tree.node(self.level.node) {
            Node::Leaf { value } => Some(self.tree.bytes(value)),
            Node::Empty | Node::Pruned { .. } | Node::Labeled { .. } | Node::Fork { .. } => None,
        }
    }

    /// Whether this is nothing but a hash.
    pub fn is_pruned(self) -> bool {
        matches!(self.tree.node(self.level.node), Node::Pruned { .. })
    }

    /// Whether every label directly below is shown: nothing between, before or after them is pruned.
    pub fn is_complete(self) -> bool {
        let gap_before = self
            .tree
            .index
            .entries_of(self.level)
            .iter()
            .any(|entry| entry.gap_before);
        !gap_before && !self.level.gap_at_end && matches!(self.level.rest, Rest::Nothing)
    }

    /// The labels that are shown directly below, in order, each with what is under it.
    pub fn children(self) -> impl ExactSizeIterator<Item = (&'a [u8], SubTree<'a>)> + use<'a> {
        let Self { tree, level } = self;
        tree.index.entries_of(level).iter().map(move |entry| {
            (
                tree.bytes(entry.label),
                SubTree {
                    tree,
                    level: entry.level,
                },
            )
        })
    }

    /// The child with the greatest label up to `label`, among those that are shown, if labels increase.
    pub fn child_up_to(self, label: &[u8]) -> Option<(&'a [u8], SubTree<'a>)> {
        let Self { tree, level } = self;
        let entries = tree.index.entries_of(level);
        let after = entries.partition_point(|entry| tree.bytes(entry.label) <= label);
        let entry = entries.get(after.checked_sub(1)?)?;
        Some((
            tree.bytes(entry.label),
            SubTree {
                tree,
                level: entry.level,
            },
        ))
    }

    /// Whether a label up to `label` may be hidden that is greater than all of these that are shown.
    pub fn hides_up_to(self, label: &[u8]) -> bool {
        let Self { tree, level } = self;
        let entries = tree.index.entries_of(level);
        let after = entries.partition_point(|entry| tree.bytes(entry.label) <= label);
        let nearest = after.checked_sub(1).and_then(|at| entries.get(at));
        let gap = entries
            .get(after)
            .map_or(level.gap_at_end, |next| next.gap_before);
        gap && nearest.is_none_or(|nearest| tree.bytes(nearest.label) != label)
    }

    /// Every value that is shown here or below, in order, with its path from here.
    ///
    /// The path is lent, not given: all paths together may be far larger than the tree.
    pub fn for_each_value(self, mut then: impl FnMut(&[&'a [u8]], &'a [u8])) {
        let mut path: Vec<&'a [u8]> = Vec::new();
        if let Some(value) = self.value() {
            then(&path, value);
        }
        let mut open = vec![self.children()];
        while let Some(children) = open.last_mut() {
            let Some((label, child)) = children.next() else {
                open.pop();
                path.pop();
                continue;
            };
            path.push(label);
            if let Some(value) = child.value() {
                then(&path, value);
            }
            open.push(child.children());
        }
    }

    /// The hash of this part.
    pub fn digest(self) -> Digest {
        digest::of(self.tree, self.level.node)
    }

    /// A tree of its own that holds just this part. Copies it.
    pub fn to_tree(self) -> HashTree {
        let mut builder = builder::Builder::new();
        builder.tree(self.tree, self.level.node);
        builder.finish()
    }

    fn descend<P>(self, path: P) -> Step<'a>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        let mut here = self;
        for label in path {
            match here.find(label.as_ref()) {
                Step::Into(subtree) => here = subtree,
                step @ (Step::Absent | Step::Unknown) => return step,
            }
        }
        Step::Into(here)
    }

    /// The specification's `find_label` on the flattened list, first clause that fits.
    fn find(self, label: &[u8]) -> Step<'a> {
        let (tree, level) = (self.tree, self.level);
        let entries = tree.index.entries_of(level);
        if entries.is_empty() {
            return match level.rest {
                // CERT-028, CERT-029
                Rest::Nothing | Rest::OneLeaf => Step::Absent,
                Rest::Other => Step::Unknown,
            };
        }
        let compare = |entry: &Entry| tree.bytes(entry.label).cmp(label);
        let into = |entry: &Entry| {
            Step::Into(SubTree {
                tree,
                level: entry.level,
            })
        };
        if !level.increasing {
            return self.find_in_disorder(label);
        }
        match entries.binary_search_by(compare) {
            // CERT-024
            Ok(position) => entries.get(position).map_or(Step::Unknown, into),
            // CERT-025, CERT-026, CERT-027: absent if nothing hides just where the label would be, CERT-031.
            Err(position) => {
                let gap = entries
                    .get(position)
                    .map_or(level.gap_at_end, |next| next.gap_before);
                if gap { Step::Unknown } else { Step::Absent }
            }
        }
    }

    /// The clauses one by one, for labels that do not increase.
    fn find_in_disorder(self, label: &[u8]) -> Step<'a> {
        let (tree, level) = (self.tree, self.level);
        let entries = tree.index.entries_of(level);
        let order = |entry: &Entry| tree.bytes(entry.label).cmp(label);
        if let Some(entry) = entries.iter().find(|entry| order(entry) == Ordering::Equal) {
            return Step::Into(SubTree {
                tree,
                level: entry.level,
            });
        }
        let between = entries.windows(2).any(|pair| match pair {
            [before, after] => {
                !after.gap_before
                    && order(before) == Ordering::Less
                    && order(after) == Ordering::Greater
            }
            _ => false,
        });
        let before_all = entries
            .first()
            .is_some_and(|first| !first.gap_before && order(first) == Ordering::Greater);
        let after_all = entries
            .last()
            .is_some_and(|last| !level.gap_at_end && order(last) == Ordering::Less);
        if between || before_all || after_all {
            Step::Absent
        } else {
            Step::Unknown
        }
    }
}

/// Where one label leads.
#[derive(Clone, Copy)]
enum Step<'a> {
    Into(SubTree<'a>),
    Absent,
    Unknown,
}

/// The flattened lists of a tree, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    root: Level,
    entries: Vec<Entry>,
}

/// The flattened list of one subtree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Where the subtree begins among the nodes.
    node: u32,
    /// Its labels among the index's entries.
    first: u32,
    count: u32,
    /// Whether something that is no label comes after the last label.
    gap_at_end: bool,
    /// Whether the labels strictly increase.
    pub(crate) increasing: bool,
    rest: Rest,
    /// Whether there is a leaf among others: one that is not the whole subtree.
    pub(crate) stray_leaf: bool,
}

/// What a flattened list holds besides labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// One leaf, and no label either.
    OneLeaf,
    Other,
}

/// One label of a flattened list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) label: Span,
    /// Whether something that is no label stands between this label and the one before it.
    gap_before: bool,
    /// What is under the label.
    pub(crate) level: Level,
}

/// A level that is being read.
struct Frame {
    /// The label it is under; the root is under none.
    label: Option<Span>,
    node: u32,
    /// Where its entries begin among the waiting ones.
    waiting: usize,
    /// Subtrees of forks that are still to come.
    pending: usize,
    gap: bool,
    increasing: bool,
    leaves: u32,
    pruned: u32,
}

impl Frame {
    fn new(label: Option<Span>, node: u32, waiting: usize) -> Self {
        Self {
            label,
            node,
            waiting,
            pending: 1,
            gap: false,
            increasing: true,
            leaves: 0,
            pruned: 0,
        }
    }
}

impl Index {
    pub(crate) fn build(data: &[u8], nodes: &[Node]) -> Self {
        let labels = nodes
            .iter()
            .filter(|node| matches!(node, Node::Labeled { .. }))
            .count();
        let mut entries: Vec<Entry> = Vec::with_capacity(labels);
        // Entries of levels that are not complete, the innermost level's last.
        let mut waiting: Vec<Entry> = Vec::new();
        let mut outer: Vec<Frame> = Vec::new();
        let mut frame = Frame::new(None, 0, 0);
        for (position, node) in (1u32..).zip(nodes) {
            match *node {
                Node::Fork { .. } => frame.pending += 1,
                Node::Labeled { label } => {
                    frame.pending -= 1;
                    outer.push(std::mem::replace(
                        &mut frame,
                        Frame::new(Some(label), position, waiting.len()),
                    ));
                }
                Node::Empty => frame.pending -= 1,
                Node::Leaf { .. } => {
                    frame.pending -= 1;
                    frame.leaves += 1;
                    frame.gap = true;
                }
                Node::Pruned { .. } => {
                    frame.pending -= 1;
                    frame.pruned += 1;
                    frame.gap = true;
                }
            }
            while frame.pending == 0 {
                let level = complete(&frame, nodes, &mut waiting, &mut entries);
                let (Some(label), Some(parent)) = (frame.label, outer.pop()) else {
                    return Self {
                        root: level,
                        entries,
                    };
                };
                frame = parent;
                if let Some(before) = waiting.get(frame.waiting..).and_then(<[Entry]>::last) {
                    frame.increasing &=
                        builder::bytes(data, before.label) < builder::bytes(data, label);
                }
                waiting.push(Entry {
                    label,
                    gap_before: std::mem::take(&mut frame.gap),
                    level,
                });
            }
        }
        // Not reached by a complete tree; of an incomplete one, nothing is known.
        let root = complete(&frame, nodes, &mut waiting, &mut entries);
        Self { root, entries }
    }

    pub(crate) fn entries_of(&self, level: Level) -> &[Entry] {
        let first = usize_of(level.first);
        let range: Range<usize> = first..first + usize_of(level.count);
        self.entries.get(range).unwrap_or_default()
    }

    /// Every level of the tree, each once.
    pub(crate) fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        std::iter::once(self.root).chain(self.entries.iter().map(|entry| entry.level))
    }
}

/// Moves the frame's entries to their final place.
fn complete(
    frame: &Frame,
    nodes: &[Node],
    waiting: &mut Vec<Entry>,
    entries: &mut Vec<Entry>,
) -> Level {
    const PROOF: &str = "a tree has at most 2^32 nodes";
    let first = u32::try_from(entries.len()).expect(PROOF);
    entries.extend(waiting.drain(frame.waiting..));
    let count = u32::try_from(entries.len()).expect(PROOF) - first;
    let rest = match (count, frame.leaves, frame.pruned) {
        (_, 0, 0) => Rest::Nothing,
        (0, 1, 0) => Rest::OneLeaf,
        _ => Rest::Other,
    };
    Level {
        node: frame.node,
        first,
        count,
        gap_at_end: frame.gap,
        increasing: frame.increasing,
        rest,
        stray_leaf: frame.leaves > 0
            && !matches!(nodes.get(usize_of(frame.node)), Some(Node::Leaf { .. })),
    }
}
