//! The children of one level, in order, in shared pieces that remember their hashes.
//!
//! A piece holds [`PIECE`] children, a power of two, and only the last piece may hold fewer. So the pieces are
//! whole subtrees of the pairing, and a changed child costs its piece and the levels above the pieces.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use ic_types::{Digest, Label};

use super::LabeledTree;
use crate::hash_tree::hash::{self, Batch, Slot};

/// Children in one piece.
const PIECE: usize = 32;

/// The labels directly below some point of a [`LabeledTree`], in order, each with its tree.
#[derive(Clone, Default)]
pub struct Children(Arc<Parts>);

#[derive(Default)]
struct Parts {
    pieces: Vec<Arc<Piece>>,
    levels: OnceLock<Levels>,
}

struct Piece {
    entries: Vec<Entry>,
    digest: OnceLock<Digest>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) label: Label,
    pub(crate) tree: LabeledTree,
}

/// The hashes of the pieces, of pairs of them, and so on to the one above all; none if there are no children.
struct Levels(Vec<Vec<Digest>>);

/// A copy is made in order to be changed: it remembers no hashes.
impl Clone for Parts {
    fn clone(&self) -> Self {
        Self {
            pieces: self.pieces.clone(),
            levels: OnceLock::new(),
        }
    }
}

impl Clone for Piece {
    fn clone(&self) -> Self {
        Self::new(self.entries.clone())
    }
}

impl Piece {
    fn new(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            digest: OnceLock::new(),
        }
    }

    fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| pair_up(&self.entries))
    }

    fn first(&self) -> Option<&[u8]> {
        self.entries.first().map(|entry| entry.label.as_ref())
    }
}

impl Children {
    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.pieces.last().map_or(0, |last| {
            (self.0.pieces.len() - 1) * PIECE + last.entries.len()
        })
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.pieces.is_empty()
    }

    /// What is under `label`.
    pub fn get(&self, label: &[u8]) -> Option<&LabeledTree> {
        let position = self.position(label).ok()?;
        self.entry_at(position).map(|entry| &entry.tree)
    }

    /// What is under `label`, to be changed.
    pub fn get_mut(&mut self, label: &[u8]) -> Option<&mut LabeledTree> {
        let position = self.position(label).ok()?;
        self.tree_at_mut(position)
    }

    /// What is under `label`, to be changed; the empty tree is put there if there is nothing.
    ///
    /// # Panics
    /// Never: what was put there is there.
    pub fn entry(&mut self, label: Label) -> &mut LabeledTree {
        let position = match self.position(label.as_ref()) {
            Ok(position) => position,
            Err(position) => {
                self.insert_at(
                    position,
                    Entry {
                        label,
                        tree: LabeledTree::empty(),
                    },
                );
                position
            }
        };
        self.tree_at_mut(position)
            .expect("a label that was found or put here")
    }

    /// Puts `tree` under `label`, and says what was there.
    ///
    /// # Cost
    /// A label that is there, or comes last, costs its piece. Any other moves all labels after it; to add many,
    /// use [`apply`](Self::apply).
    pub fn insert(&mut self, label: Label, tree: LabeledTree) -> Option<LabeledTree> {
        match self.position(label.as_ref()) {
            Ok(position) => self
                .tree_at_mut(position)
                .map(|place| std::mem::replace(place, tree)),
            Err(position) => {
                self.insert_at(position, Entry { label, tree });
                None
            }
        }
    }

    /// Takes away `label`, and says what was under it.
    ///
    /// # Cost
    /// Moves all labels after it; to take away many, use [`apply`](Self::apply).
    pub fn remove(&mut self, label: &[u8]) -> Option<LabeledTree> {
        let position = self.position(label).ok()?;
        let parts = self.parts_mut();
        let mut rest = parts.pieces.iter_mut().skip(position / PIECE);
        let piece = piece_mut(rest.next()?);
        let removed = piece.entries.remove(position % PIECE);
        let mut before = piece;
        for piece in rest {
            let piece = piece_mut(piece);
            before.entries.push(piece.entries.remove(0));
            before = piece;
        }
        parts.pieces.pop_if(|last| last.entries.is_empty());
        Some(removed.tree)
    }

    /// Makes many changes at once: under each label the new tree, or nothing.
    ///
    /// # Cost
    /// If no label comes or goes, the pieces of the changed ones; otherwise one pass over the labels from the first
    /// that does.
    pub fn apply(&mut self, changes: BTreeMap<Label, Option<LabeledTree>>) {
        let mut changes = changes.into_iter();
        for (label, change) in changes.by_ref() {
            match (self.position(label.as_ref()), change) {
                (Ok(position), Some(tree)) => {
                    if let Some(place) = self.tree_at_mut(position) {
                        *place = tree;
                    }
                }
                (Err(_), None) => {}
                (Ok(position) | Err(position), change) => {
                    let first = std::iter::once((label, change));
                    self.merge(position / PIECE, first.chain(changes));
                    return;
                }
            }
        }
    }

    /// Rebuilds the pieces from `from` on.
    fn merge(&mut self, from: usize, changes: impl Iterator<Item = (Label, Option<LabeledTree>)>) {
        let parts = self.parts_mut();
        let from = from.min(parts.pieces.len());
        let old = parts.pieces.split_off(from);
        let mut entries = old
            .into_iter()
            .flat_map(|piece| match Arc::try_unwrap(piece) {
                Ok(piece) => piece.entries,
                Err(shared) => shared.entries.clone(),
            });
        let mut waiting = entries.next();
        let mut merged = Vec::with_capacity(PIECE);
        let pieces = &mut parts.pieces;
        let mut push = |entry: Entry| {
            merged.push(entry);
            if merged.len() == PIECE {
                let full = std::mem::replace(&mut merged, Vec::with_capacity(PIECE));
                pieces.push(Arc::new(Piece::new(full)));
            }
        };
        for (label, change) in changes {
            while let Some(entry) = waiting.take_if(|entry| entry.label < label) {
                push(entry);
                waiting = entries.next();
            }
            if waiting.take_if(|entry| entry.label == label).is_some() {
                waiting = entries.next();
            }
            if let Some(tree) = change {
                push(Entry { label, tree });
            }
        }
        waiting.into_iter().chain(entries).for_each(push);
        if !merged.is_empty() {
            parts.pieces.push(Arc::new(Piece::new(merged)));
        }
    }

    /// The labels in order, each with its tree.
    pub fn iter(&self) -> impl Iterator<Item = (&Label, &LabeledTree)> {
        self.entries().map(|entry| (&entry.label, &entry.tree))
    }

    /// The hash of the level; computed once, as are the hashes of what is below.
    pub fn digest(&self) -> Digest {
        let levels = self.levels();
        levels
            .0
            .last()
            .and_then(|top| top.first())
            .copied()
            .unwrap_or(hash::empty())
    }

    /// The hash of the fork above the children from `from` to before `to`, which must be a fork of the shape.
    pub(crate) fn digest_between(&self, from: usize, to: usize) -> Digest {
        let piece = from / PIECE;
        let within = self
            .0
            .pieces
            .get(piece)
            .map(|piece| piece.entries.as_slice())
            .unwrap_or_default();
        if to - from < PIECE && to - from < within.len() {
            return pair_up(
                within
                    .get(from % PIECE..from % PIECE + (to - from))
                    .unwrap_or_default(),
            );
        }
        let (mut level, mut span) = (0, PIECE);
        while span < to - from {
            level += 1;
            span *= 2;
        }
        let digest = self
            .levels()
            .0
            .get(level)
            .and_then(|level| level.get(from / span));
        digest.copied().unwrap_or(hash::empty())
    }

    /// Where `label` is, or where it would be.
    pub(crate) fn position(&self, label: &[u8]) -> Result<usize, usize> {
        let after = self
            .0
            .pieces
            .partition_point(|piece| piece.first().is_some_and(|first| first <= label));
        let Some(piece) = after.checked_sub(1) else {
            return Err(0);
        };
        let entries = self
            .0
            .pieces
            .get(piece)
            .map(|piece| piece.entries.as_slice())
            .unwrap_or_default();
        let base = piece * PIECE;
        match entries.binary_search_by(|entry| entry.label.as_ref().cmp(label)) {
            Ok(within) => Ok(base + within),
            Err(within) => Err(base + within),
        }
    }

    pub(crate) fn entry_at(&self, position: usize) -> Option<&Entry> {
        self.0
            .pieces
            .get(position / PIECE)?
            .entries
            .get(position % PIECE)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.pieces.iter().flat_map(|piece| &piece.entries)
    }

    /// The child at `position`, after forgetting the hashes above it.
    fn tree_at_mut(&mut self, position: usize) -> Option<&mut LabeledTree> {
        let piece = self.parts_mut().pieces.get_mut(position / PIECE)?;
        piece_mut(piece)
            .entries
            .get_mut(position % PIECE)
            .map(|entry| &mut entry.tree)
    }

    fn insert_at(&mut self, position: usize, entry: Entry) {
        let parts = self.parts_mut();
        let mut carried = entry;
        let mut place = position % PIECE;
        for piece in parts.pieces.iter_mut().skip(position / PIECE) {
            let entries = &mut piece_mut(piece).entries;
            entries.insert(place, carried);
            let overfull = entries.len() > PIECE;
            let Some(last) = entries.pop_if(|_| overfull) else {
                return;
            };
            carried = last;
            place = 0;
        }
        parts.pieces.push(Arc::new(Piece::new(vec![carried])));
    }

    fn parts_mut(&mut self) -> &mut Parts {
        let parts = Arc::make_mut(&mut self.0);
        parts.levels = OnceLock::new();
        parts
    }

    fn levels(&self) -> &Levels {
        self.0.levels.get_or_init(|| {
            let mut levels = Vec::new();
            let mut level: Vec<Digest> = self.0.pieces.iter().map(|piece| piece.digest()).collect();
            let mut batch = Batch::new();
            while level.len() > 1 {
                let above = hash::forks(&mut batch, &level);
                levels.push(std::mem::replace(&mut level, above));
            }
            levels.push(level);
            Levels(levels)
        })
    }
}

fn piece_mut(piece: &mut Arc<Piece>) -> &mut Piece {
    let piece = Arc::make_mut(piece);
    piece.digest = OnceLock::new();
    piece
}

/// The hash above the entries of one piece, or of a fork within it.
fn pair_up(entries: &[Entry]) -> Digest {
    let mut level = [hash::empty(); PIECE];
    for (place, entry) in level.iter_mut().zip(entries) {
        *place = entry.tree.digest();
    }
    let len = entries.len().min(PIECE);
    let mut batch = Batch::new();
    let write = |level: &[Digest], number: usize, slot: &mut Slot| {
        if let (Some(entry), Some(below)) = (entries.get(number), level.get(number)) {
            slot.write(hash::Parts::labeled(entry.label.as_ref(), below));
        }
    };
    batch.hash(level.as_mut_slice(), 0..len, write, hash::put);
    hash::fork_all(&mut batch, level.get_mut(..len).unwrap_or_default())
}

impl FromIterator<(Label, LabeledTree)> for Children {
    /// If a label comes twice, the last counts.
    fn from_iter<I: IntoIterator<Item = (Label, LabeledTree)>>(children: I) -> Self {
        let sorted: BTreeMap<_, _> = children.into_iter().collect();
        let mut result = Self::default();
        result.merge(
            0,
            sorted.into_iter().map(|(label, tree)| (label, Some(tree))),
        );
        result
    }
}

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
