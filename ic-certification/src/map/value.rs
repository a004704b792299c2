//! What may stand in an authenticated map.

use ic_types::Digest;

use super::AuthenticatedMap;
use crate::HashTree;
use crate::hash_tree::hash;

/// Something that has a hash tree: a value as a leaf, or a map as labels.
pub trait Authenticated {
    /// The digest of [`tree`](Self::tree).
    fn digest(&self) -> Digest;

    /// The tree, whole.
    fn tree(&self) -> HashTree;

    /// The bytes of the tree, if it is one leaf: then a witness needs no tree of its own for it.
    fn as_leaf(&self) -> Option<&[u8]> {
        None
    }

    /// The bytes that [`digest`](Self::digest) would hash as one leaf, if that is what it does: then several values are
    /// hashed together, in less time.
    fn unhashed_leaf(&self) -> Option<&[u8]> {
        None
    }
}

macro_rules! leaves {
    ($($(#[$doc:meta])* $type:ty { $($generics:tt)* })*) => {$(
        $(#[$doc])*
        impl $($generics)* Authenticated for $type {
            fn digest(&self) -> Digest {
                hash::leaf(AsRef::<[u8]>::as_ref(self))
            }

            fn tree(&self) -> HashTree {
                HashTree::leaf(AsRef::<[u8]>::as_ref(self))
            }

            fn as_leaf(&self) -> Option<&[u8]> {
                Some(AsRef::<[u8]>::as_ref(self))
            }

            fn unhashed_leaf(&self) -> Option<&[u8]> {
                self.as_leaf()
            }
        }
    )*};
}

leaves! {
    /// A leaf.
    Vec<u8> {}
    /// A leaf.
    Box<[u8]> {}
    /// A leaf.
    String {}
    /// A leaf.
    &'static str {}
    /// A leaf.
    [u8; N] { <const N: usize> }
    /// A leaf with the 32 bytes of the hash.
    Digest {}
}

/// A leaf without bytes: the map is a set.
impl Authenticated for () {
    fn digest(&self) -> Digest {
        hash::leaf(&[])
    }

    fn tree(&self) -> HashTree {
        HashTree::leaf(&[])
    }
}

/// A map within a map.
impl<K: AsRef<[u8]> + Clone, V: Authenticated> Authenticated for AuthenticatedMap<K, V> {
    fn digest(&self) -> Digest {
        AuthenticatedMap::digest(self)
    }

    fn tree(&self) -> HashTree {
        self.witness_prefix([], super::Show::Values)
    }
}

/// A value that is hashed once, when it is made. For long values: without it, they are hashed again whenever one of
/// their neighbours changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed<V> {
    value: V,
    digest: Digest,
}

impl<V: Authenticated> Hashed<V> {
    /// Hashes the value.
    pub fn new(value: V) -> Self {
        let digest = value.digest();
        Self { value, digest }
    }

    /// The value.
    pub fn get(&self) -> &V {
        &self.value
    }

    /// The value, without its hash.
    pub fn into_inner(self) -> V {
        self.value
    }
}

impl<V: Authenticated> Authenticated for Hashed<V> {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn tree(&self) -> HashTree {
        self.value.tree()
    }

    fn as_leaf(&self) -> Option<&[u8]> {
        self.value.as_leaf()
    }
}
