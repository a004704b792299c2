//! The maps within CBOR values.

use super::Value;

/// A map of values, in the order of its keys.
///
/// A list of pairs: a tree would take hundreds of bytes for a map of one, and an input of many small maps would take
/// hundreds of times its own length.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueMap(Vec<(Value, Value)>);

impl ValueMap {
    /// The map of these pairs, or a key that comes twice.
    pub(super) fn of(mut pairs: Vec<(Value, Value)>) -> Result<Self, Value> {
        if !pairs.is_sorted_by(|(key, _), (next, _)| key < next) {
            pairs.sort_by(|(key, _), (next, _)| key.cmp(next));
            let mut neighbours = pairs.iter().zip(pairs.iter().skip(1));
            if let Some(((key, _), _)) = neighbours.find(|(one, next)| one.0 == next.0) {
                return Err(key.clone());
            }
        }
        pairs.shrink_to_fit();
        Ok(Self(pairs))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        let (_, value) = self.0.get(self.position(key).ok()?)?;
        Some(value)
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &Value) -> Option<&mut Value> {
        let position = self.position(key).ok()?;
        let (_, value) = self.0.get_mut(position)?;
        Some(value)
    }

    /// Puts a value under a key, and says what was there. Takes time linear in the number of keys, unless the key is the
    /// last: many are better collected.
    pub fn insert(&mut self, key: Value, value: Value) -> Option<Value> {
        if let Some(there) = self.get_mut(&key) {
            return Some(std::mem::replace(there, value));
        }
        let (Ok(position) | Err(position)) = self.position(&key);
        self.0.insert(position, (key, value));
        None
    }

    /// Takes away a key, and says what was under it. Takes time linear in the number of keys.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        let position = self.position(key).ok()?;
        let (_, value) = self.0.remove(position);
        Some(value)
    }

    /// The pairs, in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    fn position(&self, key: &Value) -> Result<usize, usize> {
        self.0.binary_search_by(|(found, _)| found.cmp(key))
    }
}

/// If a key comes twice, the last counts.
impl FromIterator<(Value, Value)> for ValueMap {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(pairs: I) -> Self {
        let sorted: std::collections::BTreeMap<Value, Value> = pairs.into_iter().collect();
        Self(sorted.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_as_one_expects() {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut map = ValueMap::default();
        assert_eq!(map.insert(text("b"), Value::Nat(1)), None);
        assert_eq!(map.insert(text("a"), Value::Nat(2)), None);
        assert_eq!(map.insert(text("b"), Value::Nat(3)), Some(Value::Nat(1)));
        let twice =
            [("b", 0), ("a", 2), ("b", 3)].map(|(name, value)| (text(name), Value::Nat(value)));
        assert_eq!(ValueMap::of(twice.to_vec()), Err(text("b")));
        assert_eq!(map, twice.into_iter().collect());
        assert_eq!(map.iter().next(), Some((&text("a"), &Value::Nat(2))));
        assert_eq!(map.remove(&text("a")), Some(Value::Nat(2)));
        assert_eq!(map.remove(&text("a")), None);
        assert_eq!((map.len(), map.get(&text("a"))), (1, None));
        assert!(ValueMap::of(vec![]).is_ok_and(|map| map.is_empty()));
    }
}
