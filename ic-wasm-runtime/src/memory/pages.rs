//! A sparse array of pages that shares what is equal by construction: a radix tree of reference counts.
//!
//! Cloning copies one pointer. Writing copies the path to the page, a few nodes of 64 pointers, unless nobody
//! else holds them. Two trees that come from one another differ in few nodes, so comparing them costs what has
//! changed ([`PageMap::for_each_difference`]), not what there is.

use std::sync::Arc;

/// Bytes of one page: what operating systems protect and what the protocol counts as dirty.
pub const PAGE_BYTES: usize = 4096;

/// The content of one page.
pub type Page = [u8; PAGE_BYTES];

/// Children of a node: 2^6.
const FAN_OUT: usize = 64;
const FAN_OUT_BITS: u32 = 6;
/// Levels of nodes above the pages: 2^30 pages, 4 TiB, more than any memory may have (LIM-024).
const LEVELS: u32 = 5;

/// A sparse array of pages. Pages that were never written are zero.
#[derive(Clone, Debug, Default)]
pub struct PageMap {
    root: Node,
}

#[derive(Clone, Debug, Default)]
enum Node {
    #[default]
    Empty,
    Inner(Arc<Children>),
    Leaf(Arc<Page>),
}

type Children = [Node; FAN_OUT];

static ZERO: Page = [0; PAGE_BYTES];

impl PageMap {
    /// The number of pages that can be told apart.
    pub const CAPACITY: u64 = 1 << (FAN_OUT_BITS * LEVELS);

    /// The page, or `None` if it was never written and is therefore zero.
    pub fn get(&self, index: u64) -> Option<&Page> {
        let mut node = &self.root;
        let mut level = LEVELS;
        loop {
            match node {
                Node::Empty => return None,
                Node::Leaf(page) => return Some(page),
                Node::Inner(children) => {
                    level = level.checked_sub(1)?;
                    node = children.get(slot(index, level)?)?;
                }
            }
        }
    }

    /// The page, zero if it was never written.
    pub fn page(&self, index: u64) -> &Page {
        self.get(index).unwrap_or(&ZERO)
    }

    /// The page, to be written. Copies it if another map shares it; `None` beyond [`Self::CAPACITY`].
    pub fn page_mut(&mut self, index: u64) -> Option<&mut Page> {
        if index >= Self::CAPACITY {
            return None;
        }
        let mut node = &mut self.root;
        for level in (0..LEVELS).rev() {
            if let Node::Empty = node {
                *node = Node::Inner(Arc::new([const { Node::Empty }; FAN_OUT]));
            }
            match node {
                Node::Inner(children) => {
                    node = Arc::make_mut(children).get_mut(slot(index, level)?)?
                }
                // Pages hang below the last level only.
                Node::Empty | Node::Leaf(_) => return None,
            }
        }
        if let Node::Empty = node {
            *node = Node::Leaf(Arc::new(ZERO));
        }
        match node {
            Node::Leaf(page) => Some(Arc::make_mut(page)),
            Node::Empty | Node::Inner(_) => None,
        }
    }

    /// Calls `visit` with each page that was ever written, in order.
    pub fn for_each(&self, mut visit: impl FnMut(u64, &Page)) {
        Self::default()
            .for_each_difference(self, |index, page| visit(index, page.unwrap_or(&ZERO)));
    }

    /// Calls `visit`, in order, with each page of `newer` that may differ from the same page of `self`.
    ///
    /// Pages that both share are skipped; `None` stands for a page of zeros.
    pub fn for_each_difference(&self, newer: &Self, mut visit: impl FnMut(u64, Option<&Page>)) {
        difference(&self.root, &newer.root, 0, LEVELS, &mut visit);
    }

    /// Whether both are the same value, without looking at any page: no for two equal copies.
    pub fn is_same(&self, other: &Self) -> bool {
        same(&self.root, &other.root)
    }

    /// The number of pages that take up memory.
    pub fn resident(&self) -> u64 {
        let mut count = 0;
        self.for_each(|_, _| count += 1);
        count
    }

    /// Copies `out.len()` bytes from `offset` on.
    pub fn read(&self, offset: u64, out: &mut [u8]) {
        let (mut page, mut within) = split(offset);
        let mut rest = out;
        while !rest.is_empty() {
            let (part, tail) = rest.split_at_mut(rest.len().min(PAGE_BYTES - within));
            if let Some(bytes) = self.page(page).get(within..within + part.len()) {
                part.copy_from_slice(bytes);
            }
            (page, within, rest) = (page + 1, 0, tail);
        }
    }

    /// Writes `bytes` from `offset` on. What would lie beyond [`Self::CAPACITY`] pages is not kept.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        let (mut page, mut within) = split(offset);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (part, tail) = rest.split_at(rest.len().min(PAGE_BYTES - within));
            let Some(target) = self.page_mut(page) else {
                return;
            };
            if let Some(place) = target.get_mut(within..within + part.len()) {
                place.copy_from_slice(part);
            }
            (page, within, rest) = (page + 1, 0, tail);
        }
    }
}

impl PartialEq for PageMap {
    /// Equal content; shared pages are not looked at.
    fn eq(&self, other: &Self) -> bool {
        let mut equal = true;
        self.for_each_difference(other, |index, page| {
            equal &= self.page(index) == page.unwrap_or(&ZERO)
        });
        equal
    }
}

impl Eq for PageMap {}

fn same(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Empty, Node::Empty) => true,
        (Node::Inner(a), Node::Inner(b)) => Arc::ptr_eq(a, b),
        (Node::Leaf(a), Node::Leaf(b)) => Arc::ptr_eq(a, b),
        (Node::Empty | Node::Inner(_) | Node::Leaf(_), _) => false,
    }
}

fn difference(
    old: &Node,
    new: &Node,
    first: u64,
    level: u32,
    visit: &mut impl FnMut(u64, Option<&Page>),
) {
    if same(old, new) {
        return;
    }
    let Some(below) = level.checked_sub(1) else {
        return match new {
            Node::Leaf(page) => visit(first, Some(page)),
            Node::Empty | Node::Inner(_) => visit(first, None),
        };
    };
    for (position, index) in (0..FAN_OUT).zip(0_u64..) {
        let first = first | index << (FAN_OUT_BITS * below);
        difference(
            child(old, position),
            child(new, position),
            first,
            below,
            visit,
        );
    }
}

fn child(node: &Node, position: usize) -> &Node {
    match node {
        Node::Inner(children) => children.get(position).unwrap_or(&Node::Empty),
        Node::Empty | Node::Leaf(_) => &Node::Empty,
    }
}

/// Which child of a node at `level` leads to page `index`.
fn slot(index: u64, level: u32) -> Option<usize> {
    usize::try_from(index >> (FAN_OUT_BITS * level) & 63).ok()
}

/// The page of a byte, and its place there.
fn split(offset: u64) -> (u64, usize) {
    // The remainder is below 4096.
    (offset / 4096, usize::try_from(offset % 4096).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clones_do_not_see_later_writes() {
        let mut old = PageMap::default();
        old.write(5000, b"before");
        let mut new = old.clone();
        assert!(new.is_same(&old));
        new.write(5000, b"after!");
        new.write(1 << 38, b"far");
        let mut bytes = [0; 6];
        old.read(5000, &mut bytes);
        assert_eq!(&bytes, b"before");
        let mut changed = Vec::new();
        old.for_each_difference(&new, |index, page| changed.push((index, page.is_some())));
        assert_eq!(changed, [(1, true), (1 << 26, true)]);
        assert!(old != new);
        assert_eq!(new.resident(), 2);
    }

    #[test]
    fn the_end_of_the_map_is_refused() {
        let mut map = PageMap::default();
        assert!(map.page_mut(PageMap::CAPACITY - 1).is_some());
        assert!(map.page_mut(PageMap::CAPACITY).is_none());
        assert!(map.get(PageMap::CAPACITY - 1).is_some());
    }

    proptest! {
        #[test]
        fn behaves_like_one_array(writes in prop::collection::vec((0usize..60_000, prop::collection::vec(any::<u8>(), 1..9000)), 1..8)) {
            let mut map = PageMap::default();
            let mut model = vec![0; 70_000];
            let mut versions = Vec::new();
            for (offset, bytes) in &writes {
                map.write(u64::try_from(*offset).unwrap(), bytes);
                model[*offset..*offset + bytes.len()].copy_from_slice(bytes);
                versions.push((map.clone(), model.clone()));
            }
            for (map, model) in versions {
                let mut bytes = vec![0; 70_000];
                map.read(0, &mut bytes);
                prop_assert!(bytes == model);
            }
        }
    }
}
