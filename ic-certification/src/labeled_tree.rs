//! [`LabeledTree`]: the whole of a state as labels and values, with a hash that costs what changed.
//!
//! Copies share what they have in common, and each part remembers its hash. So a node keeps the tree of the last
//! height, changes a copy, and the next root costs the changed parts and the few hashes above them.
//!
//! The children of a level are hashed in pairs, left to right, level by level, an odd last one carried up: the
//! shape of the public network. A node of another shape would have other roots.

mod children;

use std::fmt;
use std::sync::{Arc, OnceLock};

use ic_types::{Digest, Label, Path, StateRoot};

pub use self::children::Children;
use crate::hash_tree::{HashTree, hash, witness};

/// A value, or labels with a tree under each.
///
/// Cloning is cheap. Two trees are equal if their hashes are.
///
/// Drop and hashing recurse once for each level of labels: the tree is built by the program itself, whose paths
/// have a handful of labels, and never decoded from input.
///
/// ```
/// use ic_certification::{LabeledTree, Lookup};
/// use ic_types::Path;
///
/// let mut state = LabeledTree::empty();
/// state.insert(["canister", "counter"], b"1".as_slice());
/// state.insert(["time"], b"\x05".as_slice());
///
/// let witness = state.witness(&[Path::new(["time"])]);
/// assert_eq!(witness.root(), state.root());
/// assert_eq!(witness.lookup(["time"]), Lookup::Found(b"\x05"));
/// assert_eq!(witness.lookup(["canister", "counter"]), Lookup::Unknown);
/// ```
#[derive(Clone, Debug)]
pub enum LabeledTree {
    /// A value.
    Leaf(Leaf),
    /// Labels, each with a tree. Without labels it is the empty tree.
    SubTree(Children),
}

/// A value that remembers its hash.
#[derive(Clone)]
pub struct Leaf(Arc<LeafParts>);

struct LeafParts {
    value: Box<[u8]>,
    digest: OnceLock<Digest>,
}

impl Leaf {
    /// A leaf with this value.
    pub fn new(value: impl Into<Box<[u8]>>) -> Self {
        Self(Arc::new(LeafParts {
            value: value.into(),
            digest: OnceLock::new(),
        }))
    }

    /// The value.
    pub fn value(&self) -> &[u8] {
        &self.0.value
    }

    /// The hash of the leaf; computed once.
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| hash::leaf(&self.0.value))
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value().escape_ascii())
    }
}

impl Default for LabeledTree {
    fn default() -> Self {
        Self::empty()
    }
}

impl LabeledTree {
    /// The tree without labels.
    pub fn empty() -> Self {
        Self::SubTree(Children::default())
    }

    /// A value.
    pub fn leaf(value: impl Into<Box<[u8]>>) -> Self {
        Self::Leaf(Leaf::new(value))
    }

    /// What is at `path`.
    pub fn get<P>(&self, path: P) -> Option<&Self>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        path.into_iter().try_fold(self, |here, label| match here {
            Self::Leaf(_) => None,
            Self::SubTree(children) => children.get(label.as_ref()),
        })
    }

    /// The value at `path`.
    pub fn value<P>(&self, path: P) -> Option<&[u8]>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        match self.get(path)? {
            Self::Leaf(leaf) => Some(leaf.value()),
            Self::SubTree(_) => None,
        }
    }

    /// Puts a value at `path`, in the place of whatever was there or on the way (a path has either a value or
    /// children, CERT-141).
    pub fn insert<P>(&mut self, path: P, value: impl Into<Box<[u8]>>)
    where
        P: IntoIterator,
        P::Item: Into<Label>,
    {
        self.set(path, Self::leaf(value));
    }

    /// Puts a tree at `path`, in the place of whatever was there or on the way.
    pub fn set<P>(&mut self, path: P, tree: Self)
    where
        P: IntoIterator,
        P::Item: Into<Label>,
    {
        let mut here = self;
        for label in path {
            here = here.children_mut().entry(label.into());
        }
        *here = tree;
    }

    /// Takes away what is at `path`, and says what it was. Labels above that lose their last child stay, with the
    /// empty tree under them.
    pub fn remove<P>(&mut self, path: P) -> Option<Self>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        let labels: Vec<P::Item> = path.into_iter().collect();
        let Some((last, above)) = labels.split_last() else {
            return Some(std::mem::take(self));
        };
        // Looked up first, so that nothing shared is copied in vain.
        self.get(&labels)?;
        let mut here = self;
        for label in above {
            let Self::SubTree(children) = here else {
                return None;
            };
            here = children.get_mut(label.as_ref())?;
        }
        match here {
            Self::Leaf(_) => None,
            Self::SubTree(children) => children.remove(last.as_ref()),
        }
    }

    /// The children, after making this a subtree if it was a value.
    pub fn children_mut(&mut self) -> &mut Children {
        if matches!(self, Self::Leaf(_)) {
            *self = Self::empty();
        }
        match self {
            Self::SubTree(children) => children,
            Self::Leaf(_) => unreachable!("made a subtree above"),
        }
    }

    /// The hash of the tree; parts that have been hashed before are not hashed again.
    ///
    /// Parts may be hashed beforehand on several threads: a part remembers its hash wherever it is shared.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Leaf(leaf) => leaf.digest(),
            Self::SubTree(children) => children.digest(),
        }
    }

    /// The same as [`digest`](Self::digest), in the role in which a subnet signs it.
    pub fn root(&self) -> StateRoot {
        StateRoot::new(self.digest())
    }

    /// The least tree with this root that shows everything at and below each of `paths`, or proves that nothing is
    /// there. Everything else is pruned, which keeps the root (CERT-063).
    ///
    /// To prove that a label is absent, the labels before and after it are shown, without what is under them. A
    /// path that goes on below a value is absent because the value is there: the value is shown.
    pub fn witness(&self, paths: &[Path]) -> HashTree {
        witness::of(self, paths)
    }
}

impl PartialEq for LabeledTree {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for LabeledTree {}

impl FromIterator<(Label, LabeledTree)> for LabeledTree {
    fn from_iter<I: IntoIterator<Item = (Label, Self)>>(children: I) -> Self {
        Self::SubTree(Children::from_iter(children))
    }
}
