//! A bounded map that forgets what was asked for least recently.

use std::collections::BTreeMap;

use ic_types::Digest;

/// At most so many values by their digest.
#[derive(Clone, Debug)]
pub(crate) struct Recent<T> {
    capacity: usize,
    /// Each value with the moment of its last use, which is its key among the moments.
    values: BTreeMap<Digest, (u64, T)>,
    moments: BTreeMap<u64, Digest>,
    now: u64,
}

impl<T> Recent<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            values: BTreeMap::new(),
            moments: BTreeMap::new(),
            now: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value, which is now the one used last.
    pub(crate) fn get(&mut self, digest: &Digest) -> Option<&T> {
        let (moment, value) = self.values.get_mut(digest)?;
        self.now += 1;
        self.moments.remove(moment);
        self.moments.insert(self.now, *digest);
        *moment = self.now;
        Some(value)
    }

    /// Keeps a value, and forgets the one that was used first if there are too many.
    pub(crate) fn insert(&mut self, digest: Digest, value: T) {
        if self.capacity == 0 {
            return;
        }
        self.now += 1;
        if let Some((moment, _)) = self.values.insert(digest, (self.now, value)) {
            self.moments.remove(&moment);
        }
        self.moments.insert(self.now, digest);
        if self.values.len() > self.capacity
            && let Some((_, oldest)) = self.moments.pop_first()
        {
            self.values.remove(&oldest);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.moments.clear();
    }

    /// The values, the one that was used last first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.moments
            .values()
            .rev()
            .filter_map(|digest| self.values.get(digest))
            .map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let moments = &mut self.moments;
        self.values.retain(|_, (moment, value)| {
            let kept = keep(value);
            if !kept {
                moments.remove(moment);
            }
            kept
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let digest = |number: u8| Digest::new([number; 32]);
        let mut recent = Recent::new(2);
        recent.insert(digest(1), "one");
        recent.insert(digest(2), "two");
        assert_eq!(recent.get(&digest(1)), Some(&"one"));
        recent.insert(digest(3), "three");
        assert_eq!(recent.get(&digest(2)), None);
        assert_eq!(recent.iter().copied().collect::<Vec<_>>(), ["three", "one"]);
        recent.insert(digest(1), "again");
        assert_eq!((recent.len(), recent.moments.len()), (2, 2));
        recent.retain(|value| *value != "three");
        assert_eq!((recent.len(), recent.moments.len()), (1, 1));
        assert_eq!(recent.get(&digest(1)), Some(&"again"));
        recent.clear();
        assert_eq!((recent.len(), recent.moments.len()), (0, 0));
    }

    #[test]
    fn room_for_nothing_keeps_nothing() {
        let mut recent = Recent::new(0);
        recent.insert(Digest::new([1; 32]), ());
        assert_eq!(recent.len(), 0);
    }
}
