//! Copies of a canister's code and memory, to go back to (MGMT-170 to MGMT-179).
//!
//! A snapshot shares pages and chunks with the canister that it was taken of, until either changes.

use std::{collections::BTreeMap, sync::Arc};

use ic_types::{CanisterId, Principal, Time};

use super::{canister::LowMemoryHook, chunks::ChunkStore};
use crate::memory::{GlobalValue, Memory, PageMap};

/// Snapshots of one canister (LIM-029, LIM-086).
pub const SNAPSHOTS: usize = 10;

/// The name of a snapshot: its canister, and a number that is not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId {
    /// The canister that it belongs to.
    pub canister: CanisterId,
    /// The number.
    pub number: u64,
}

impl SnapshotId {
    /// As it travels: the bytes of the canister, and eight bytes of the number, the most significant first.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.canister.as_slice().to_vec();
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes
    }

    /// From the bytes; `None` if they are no snapshot's.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (canister, number) = bytes.split_last_chunk::<8>()?;
        let canister = CanisterId::new(Principal::try_from_slice(canister).ok()?);
        Some(Self {
            canister,
            number: u64::from_be_bytes(*number),
        })
    }
}

/// Where a snapshot came from (MGMT-057).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotSource {
    /// It was taken of the canister.
    Taken,
    /// It was uploaded, in parts.
    Uploaded,
}

/// The module of a snapshot.
#[derive(Clone, Debug)]
pub enum SnapshotModule {
    /// As the canister had it.
    Whole(Arc<[u8]>),
    /// As far as it has been uploaded: what is missing is zero, and takes no memory.
    Parts {
        /// The bytes of the whole.
        length: u64,
        /// What has come.
        pages: PageMap,
    },
}

impl SnapshotModule {
    /// The bytes of the whole.
    pub fn length(&self) -> u64 {
        match self {
            Self::Whole(module) => u64::try_from(module.len()).unwrap_or(u64::MAX),
            Self::Parts { length, .. } => *length,
        }
    }

    /// The bytes from `offset` on; `None` if they are not all within.
    pub fn read(&self, offset: u64, size: u64) -> Option<Vec<u8>> {
        let end = offset
            .checked_add(size)
            .filter(|end| *end <= self.length())?;
        match self {
            Self::Whole(module) => {
                let range = usize::try_from(offset).ok()?..usize::try_from(end).ok()?;
                module.get(range).map(<[u8]>::to_vec)
            }
            Self::Parts { pages, .. } => {
                let mut bytes = vec![0; usize::try_from(size).ok()?];
                pages.read(offset, &mut bytes);
                Some(bytes)
            }
        }
    }

    /// Takes in a part. Returns whether it is one: within, and of a module that is being uploaded.
    pub(crate) fn write(&mut self, offset: u64, part: &[u8]) -> bool {
        let end = u64::try_from(part.len())
            .ok()
            .and_then(|size| offset.checked_add(size));
        match self {
            Self::Parts { length, pages } if end.is_some_and(|end| end <= *length) => {
                pages.write(offset, part);
                true
            }
            Self::Parts { .. } | Self::Whole(_) => false,
        }
    }

    /// The whole.
    pub(crate) fn whole(&self) -> Arc<[u8]> {
        match self {
            Self::Whole(module) => Arc::clone(module),
            Self::Parts { length, .. } => self.read(0, *length).unwrap_or_default().into(),
        }
    }
}

/// A copy of a canister's code and memory (MGMT-170).
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken, or its upload began.
    pub taken: Time,
    /// How it came about.
    pub source: SnapshotSource,
    /// The module as it was uploaded.
    pub module: SnapshotModule,
    /// The values of the module's mutable globals.
    pub globals: Arc<[GlobalValue]>,
    /// The Wasm memory.
    pub heap: Memory,
    /// The stable memory.
    pub stable: Memory,
    /// The chunk store.
    pub chunks: ChunkStore,
    /// The certified data.
    pub certified_data: Vec<u8>,
    /// The canister's version when it was taken.
    pub version: u64,
    /// The timer: `None` if it is not known, `Some(None)` if it was off.
    pub global_timer: Option<Option<Time>>,
    /// The state of the low-memory hook, if it is known.
    pub low_memory_hook: Option<LowMemoryHook>,
}

impl Snapshot {
    /// The bytes that it counts for in its canister's memory (MGMT-178).
    pub fn bytes(&self) -> u64 {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        [
            self.module.length(),
            count(self.globals.len()).saturating_mul(8),
            self.heap.bytes().get(),
            self.stable.bytes().get(),
            self.chunks.bytes(),
            count(self.certified_data.len()),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }
}

/// The snapshots of one canister, by number.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    next: u64,
    bytes: u64,
    kept: BTreeMap<u64, Arc<Snapshot>>,
}

impl Snapshots {
    /// Adds a snapshot, in the place of `replaced` if one is named, and says its number.
    pub fn insert(&mut self, snapshot: Snapshot, replaced: Option<u64>) -> u64 {
        if let Some(replaced) = replaced {
            self.remove(replaced);
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.bytes = self.bytes.saturating_add(snapshot.bytes());
        self.kept.insert(number, Arc::new(snapshot));
        number
    }

    /// Removes a snapshot; returns whether it was there.
    pub fn remove(&mut self, number: u64) -> bool {
        let removed = self.kept.remove(&number);
        if let Some(removed) = &removed {
            self.bytes = self.bytes.saturating_sub(removed.bytes());
        }
        removed.is_some()
    }

    /// Removes all of them; numbers go on.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }

    /// A snapshot.
    pub fn get(&self, number: u64) -> Option<&Arc<Snapshot>> {
        self.kept.get(&number)
    }

    /// Changes a snapshot; `None` if there is no such.
    pub(crate) fn change<R>(
        &mut self,
        number: u64,
        change: impl FnOnce(&mut Snapshot) -> R,
    ) -> Option<R> {
        let snapshot = Arc::make_mut(self.kept.get_mut(&number)?);
        let before = snapshot.bytes();
        let result = change(snapshot);
        self.bytes = self
            .bytes
            .saturating_sub(before)
            .saturating_add(snapshot.bytes());
        Some(result)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Snapshot)> {
        self.kept
            .iter()
            .map(|(number, snapshot)| (*number, snapshot.as_ref()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The bytes that they count for.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
