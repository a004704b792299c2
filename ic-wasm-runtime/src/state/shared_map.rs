//! [`SharedMap`]: an ordered map whose copies share what they have in common.
//!
//! The entries lie in order in pieces of at most [`PIECE`]; a change copies its piece and the list of pieces, if a
//! copy of the map is about, and nothing else. A state with a hundred thousand canisters is cloned for every
//! height, and a batch touches few of them.

use std::sync::Arc;

/// Entries in one piece.
const PIECE: usize = 64;

type Piece<K, V> = Arc<Vec<(K, V)>>;

/// An ordered map that is cheap to clone and to change.
#[derive(Clone, Debug)]
pub(crate) struct SharedMap<K, V> {
    pieces: Arc<Vec<Piece<K, V>>>,
    len: usize,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self {
            pieces: Arc::default(),
            len: 0,
        }
    }
}

impl<K, V> SharedMap<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pieces
            .iter()
            .flat_map(|piece| piece.iter())
            .map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The least key.
    pub(crate) fn first(&self) -> Option<&K> {
        self.pieces.first()?.first().map(|(key, _)| key)
    }
}

impl<K: Ord, V> SharedMap<K, V> {
    /// The piece in which `key` is or would be: the last one that does not begin after it.
    fn piece(&self, key: &K) -> usize {
        let after = self
            .pieces
            .partition_point(|piece| piece.first().is_some_and(|(first, _)| first <= key));
        after.saturating_sub(1)
    }

    /// Where `key` is: in which piece, at which place.
    fn find(&self, key: &K) -> Option<(usize, usize)> {
        let piece = self.piece(key);
        let place = self
            .pieces
            .get(piece)?
            .binary_search_by(|(other, _)| other.cmp(key))
            .ok()?;
        Some((piece, place))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let (piece, place) = self.find(key)?;
        self.pieces.get(piece)?.get(place).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_some()
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The value of `key`, to be changed. Copies nothing if there is no such key.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (piece, place) = self.find(key)?;
        let piece = Arc::make_mut(&mut self.pieces).get_mut(piece)?;
        Arc::make_mut(piece).get_mut(place).map(|(_, value)| value)
    }

    /// Puts `value` under `key`, and says what was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let index = self.piece(&key);
        let pieces = Arc::make_mut(&mut self.pieces);
        let Some(shared) = pieces.get_mut(index) else {
            pieces.push(Arc::new(vec![(key, value)]));
            self.len = self.len.saturating_add(1);
            return None;
        };
        let piece = Arc::make_mut(shared);
        match piece.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(place) => {
                let (_, old) = piece.get_mut(place)?;
                Some(std::mem::replace(old, value))
            }
            Err(place) => {
                piece.insert(place, (key, value));
                // Keys that come in order fill pieces; others leave two halves.
                if piece.len() > PIECE {
                    let at = if place == PIECE { PIECE } else { PIECE / 2 };
                    let rest = piece.split_off(at);
                    pieces.insert(index.saturating_add(1), Arc::new(rest));
                }
                self.len = self.len.saturating_add(1);
                None
            }
        }
    }

    /// Takes away `key`, and says what was there.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (index, place) = self.find(key)?;
        let pieces = Arc::make_mut(&mut self.pieces);
        let piece = Arc::make_mut(pieces.get_mut(index)?);
        let (_, value) = piece.remove(place);
        if piece.is_empty() {
            pieces.remove(index);
        }
        self.len = self.len.saturating_sub(1);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u16, u8),
        Remove(u16),
        Change(u16, u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = 0..600u16;
        prop_oneof![
            4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
            2 => key.clone().prop_map(Step::Remove),
            1 => (key, any::<u8>()).prop_map(|(key, value)| Step::Change(key, value)),
        ]
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map_and_copies_are_apart(steps in prop::collection::vec(step(), 0..1500)) {
            let (mut map, mut model) = (SharedMap::default(), BTreeMap::new());
            let mut copies = Vec::new();
            for (index, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Insert(key, value) => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                    Step::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    Step::Change(key, value) => {
                        let (ours, theirs) = (map.get_mut(&key), model.get_mut(&key));
                        prop_assert_eq!(ours.is_some(), theirs.is_some());
                        if let (Some(ours), Some(theirs)) = (ours, theirs) {
                            *ours = value;
                            *theirs = value;
                        }
                    }
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.first(), model.keys().next());
                if index % 100 == 0 {
                    copies.push((map.clone(), model.clone()));
                }
            }
            copies.push((map, model));
            for (map, model) in copies {
                prop_assert!(map.iter().eq(model.iter()));
                prop_assert!(model.keys().all(|key| map.get(key) == model.get(key)));
                prop_assert_eq!(map.is_empty(), model.is_empty());
            }
        }
    }

    #[test]
    fn keys_in_order_fill_the_pieces() {
        let mut map = SharedMap::default();
        for key in 0..1000u32 {
            map.insert(key, ());
        }
        assert_eq!(map.pieces.len(), 1000usize.div_ceil(PIECE));
    }
}
