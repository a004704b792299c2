//! Pieces of large modules, uploaded one by one (MGMT-132, MGMT-134).

use std::{collections::BTreeMap, sync::Arc};

use ic_types::Digest;

/// Bytes of one chunk (LIM-030).
pub const CHUNK_BYTES: usize = 1 << 20;
/// Chunks in one store (LIM-083).
pub const CHUNKS: usize = 100;

/// Chunks by their hash. Each counts as [`CHUNK_BYTES`] of memory, however short it is.
#[derive(Clone, Debug, Default)]
pub struct ChunkStore {
    chunks: BTreeMap<Digest, Arc<[u8]>>,
}

/// Why a chunk was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkRefused {
    /// The chunk is over [`CHUNK_BYTES`].
    #[error("the chunk has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The store holds [`CHUNKS`] others.
    #[error("the chunk store holds {limit} chunks already")]
    Full {
        /// The limit.
        limit: usize,
    },
}

impl ChunkStore {
    /// Stores `chunk` under its hash; storing it again changes nothing.
    ///
    /// # Errors
    /// If it is too large, or if the store is full.
    pub fn insert(&mut self, chunk: &[u8]) -> Result<Digest, ChunkRefused> {
        if chunk.len() > CHUNK_BYTES {
            return Err(ChunkRefused::TooLarge {
                found: chunk.len(),
                limit: CHUNK_BYTES,
            });
        }
        let hash = Digest::of(chunk);
        if !self.chunks.contains_key(&hash) {
            if self.chunks.len() >= CHUNKS {
                return Err(ChunkRefused::Full { limit: CHUNKS });
            }
            self.chunks.insert(hash, Arc::from(chunk));
        }
        Ok(hash)
    }

    /// The chunk with this hash.
    pub fn chunk(&self, hash: &Digest) -> Option<&[u8]> {
        self.chunks.get(hash).map(Arc::as_ref)
    }

    /// The hashes of all chunks, in order.
    pub fn hashes(&self) -> impl Iterator<Item = &Digest> {
        self.chunks.keys()
    }

    /// Removes all chunks.
    pub fn clear(&mut self) {
        self.chunks.clear();
    }

    /// The bytes that the store counts for in the canister's memory.
    pub fn bytes(&self) -> u64 {
        let count = u64::try_from(self.chunks.len()).unwrap_or(u64::MAX);
        count.saturating_mul(1 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_bounded_and_storing_twice_is_storing_once() {
        // MGMT-132, LIM-030, LIM-083
        let mut store = ChunkStore::default();
        for index in 0..CHUNKS {
            store.insert(&index.to_be_bytes()).unwrap();
        }
        assert_eq!(
            store.insert(b"one more"),
            Err(ChunkRefused::Full { limit: 100 })
        );
        assert_eq!(
            store.insert(&7usize.to_be_bytes()),
            Ok(Digest::of(&7usize.to_be_bytes()))
        );
        assert_eq!(store.bytes(), 100 << 20);
        store.clear();
        assert!(store.insert(&vec![0; CHUNK_BYTES]).is_ok());
        let found = CHUNK_BYTES + 1;
        assert_eq!(
            store.insert(&vec![0; found]),
            Err(ChunkRefused::TooLarge {
                found,
                limit: CHUNK_BYTES
            })
        );
    }
}
