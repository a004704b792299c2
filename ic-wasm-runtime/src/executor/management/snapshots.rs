//! Snapshots: take, load, list, delete, read, upload (MGMT-171 to MGMT-179, ABS-197, ABS-198).

use std::sync::Arc;

use ic_types::{CanisterId, Digest, Instructions};
use serde_bytes::ByteBuf;

use super::{
    ChunkHash, Managed, Method, decode, encode, origin,
    snapshot_interface::{
        DataReply, NamedSnapshot, ReadKind, ReadSnapshotData, SnapshotMetadata, SnapshotReply,
        TakeSnapshot, UploadKind, UploadSnapshotData, UploadSnapshotMetadata, UploadedReply,
        WireGlobal, WireHook, WireSource, WireTimer,
    },
};
use crate::{
    executor::{ErrorCode, Refusal, round::Round},
    memory::{ExecutionState, GlobalValue, Memory, PAGE_BYTES, PageMap, WASM_PAGE_BYTES},
    module::MODULE_BYTES,
    sandbox::Sandbox,
    state::{
        Canister, Change, Code, Details, Request, SNAPSHOTS, Snapshot, SnapshotId, SnapshotModule,
        SnapshotSource, controls,
    },
};

/// What taking, loading and uploading a snapshot is charged for besides compiling.
const BASELINE: Instructions = Instructions::new(2_000_000_000);
/// Bytes that one call reads: as many as an answer holds.
const READ_BYTES: u64 = 2 << 20;

impl<S: Sandbox> Round<'_, S> {
    /// The snapshot methods about a canister that exists and whose snapshots the caller may handle.
    pub(super) fn dispatch_snapshots(
        &mut self,
        method: Method,
        id: CanisterId,
        request: &Arc<Request>,
    ) -> Result<Managed, Refusal> {
        let argument = request.argument.as_slice();
        if method == Method::TakeSnapshot {
            return self.take_snapshot(id, request, &decode(argument)?);
        }
        if method == Method::LoadSnapshot {
            return self.load_snapshot(id, request, &decode(argument)?);
        }
        if method == Method::UploadSnapshotMetadata {
            return self.upload_snapshot_metadata(id, &decode(argument)?);
        }
        if method == Method::UploadSnapshotData {
            return self.upload_snapshot_data(id, &decode(argument)?);
        }
        if method == Method::DeleteSnapshot {
            let number = own(id, &decode::<NamedSnapshot>(argument)?.snapshot_id)?;
            return match self
                .state
                .change(&id, |canister| canister.snapshots.remove(number))
            {
                Some(true) => Ok(Managed::nothing()),
                Some(false) | None => Err(missing(id)),
            };
        }
        let canister = self.existing(&id)?;
        let reply = if method == Method::ListSnapshots {
            let snapshots = canister.snapshots.iter();
            encode(
                snapshots
                    .map(|(number, snapshot)| shown(id, number, snapshot))
                    .collect::<Vec<_>>(),
            )
        } else if method == Method::ReadSnapshotMetadata {
            let number = own(id, &decode::<NamedSnapshot>(argument)?.snapshot_id)?;
            encode(metadata(
                canister.snapshots.get(number).ok_or_else(|| missing(id))?,
            ))
        } else {
            let wanted: ReadSnapshotData = decode(argument)?;
            let number = own(id, &wanted.snapshot_id)?;
            let snapshot = canister.snapshots.get(number).ok_or_else(|| missing(id))?;
            encode(DataReply {
                chunk: read(snapshot, &wanted.kind)?.into(),
            })
        };
        reply.map(Managed::reply)
    }

    fn take_snapshot(
        &mut self,
        id: CanisterId,
        request: &Arc<Request>,
        argument: &TakeSnapshot,
    ) -> Result<Managed, Refusal> {
        let replaced = self.replaced(id, argument.replace_snapshot.as_ref())?;
        let canister = self.existing(&id)?;
        let Some(code) = &canister.code else {
            return Err(refused(id, "there is no code to take a snapshot of"));
        };
        let snapshot = Snapshot {
            taken: self.state.time(),
            source: SnapshotSource::Taken,
            module: SnapshotModule::Whole(Arc::clone(&code.binary)),
            globals: Arc::clone(&code.execution.globals),
            heap: code.execution.heap.clone(),
            stable: code.execution.stable.clone(),
            chunks: canister.chunks.clone(),
            certified_data: canister.certified_data.clone(),
            version: canister.version,
            global_timer: Some(canister.global_timer),
            low_memory_hook: Some(canister.low_memory_hook),
        };
        let uninstall = argument.uninstall_code == Some(true);
        // With uninstallation the memory moves: what counts is the net result (MGMT-171).
        let freed = if uninstall {
            code.execution_bytes().saturating_add(code.binary_bytes())
        } else {
            0
        };
        let number = self.add_snapshot(id, snapshot, replaced, freed)?;
        if uninstall {
            self.uninstall(id, Some(origin(request, argument.sender_canister_version)));
        }
        let canister = self.existing(&id)?;
        let snapshot = canister.snapshots.get(number).ok_or_else(|| missing(id))?;
        encode(shown(id, number, snapshot)).map(Managed::reply)
    }

    /// Adds a snapshot if there is room for it, and the canister can pay for it.
    fn add_snapshot(
        &mut self,
        id: CanisterId,
        snapshot: Snapshot,
        replaced: Option<u64>,
        freed: u64,
    ) -> Result<u64, Refusal> {
        let limits = &self.executor.limits;
        let free = limits
            .subnet_memory
            .saturating_sub(self.state.memory_bytes())
            .saturating_add(freed);
        if snapshot.bytes() > free {
            return Err(Refusal::new(
                ErrorCode::MemoryOversubscribed,
                format!(
                    "the snapshot has {} bytes, {free} are left",
                    snapshot.bytes()
                ),
            ));
        }
        let (prices, fee) = (
            *self.state.prices(),
            self.state.prices().execution(BASELINE, false),
        );
        let added = self.state.change(&id, |canister| {
            let before = canister.clone();
            let number = canister.snapshots.insert(snapshot, replaced);
            // With `freed` memory gone the canister pays for less than it seems to do here.
            let affordable = canister.withdraw(fee, &prices)
                || (freed > 0
                    && before.balance >= crate::cycles::add(fee, before.frozen_part(&prices)));
            if !affordable {
                *canister = before;
                return None;
            }
            canister.balance = before.balance.saturating_sub(fee);
            crate::cycles::count(&mut canister.consumed.instructions, fee);
            Some(number)
        });
        self.spend(BASELINE.get());
        let Some(number) = added.flatten() else {
            return Err(Refusal::new(
                ErrorCode::OutOfCycles,
                format!("canister {id} is out of cycles: it cannot pay for a snapshot"),
            ));
        };
        self.state.burn(fee);
        Ok(number)
    }

    /// The snapshot to be replaced, if one is named; without one there must be room for another (MGMT-171).
    fn replaced(&self, id: CanisterId, name: Option<&ByteBuf>) -> Result<Option<u64>, Refusal> {
        let snapshots = &self.existing(&id)?.snapshots;
        match name {
            Some(name) => {
                let number = own(id, name)?;
                snapshots
                    .get(number)
                    .map(|_| Some(number))
                    .ok_or_else(|| missing(id))
            }
            None if snapshots.len() >= SNAPSHOTS => Err(refused(
                id,
                format!("there are {SNAPSHOTS} snapshots already: replace or delete one"),
            )),
            None => Ok(None),
        }
    }

    fn load_snapshot(
        &mut self,
        id: CanisterId,
        request: &Arc<Request>,
        argument: &NamedSnapshot,
    ) -> Result<Managed, Refusal> {
        let name = SnapshotId::from_bytes(&argument.snapshot_id).ok_or_else(|| missing(id))?;
        let owner = self.existing(&name.canister)?;
        if name.canister != id && !controls(&request.caller, owner) {
            return Err(Refusal::new(
                ErrorCode::NotController,
                format!(
                    "the caller controls canister {id}, but not canister {} of the snapshot",
                    name.canister
                ),
            ));
        }
        let snapshot = Arc::clone(
            owner
                .snapshots
                .get(name.number)
                .ok_or_else(|| missing(name.canister))?,
        );
        let world = self.world();
        let binary = snapshot.module.whole();
        let module = world.prepare(&binary).map_err(|error| {
            Refusal::new(
                ErrorCode::InvalidModule,
                format!("the module of the snapshot is invalid: {error}"),
            )
        })?;
        check_globals(id, &module.initial_globals(), &snapshot.globals)?;
        let (heap, maximum) = (snapshot.heap.bytes().get(), module.maximum_heap().get());
        if heap > maximum {
            return Err(refused(
                id,
                format!("the Wasm memory has {heap} bytes, the module permits {maximum}"),
            ));
        }
        let work = BASELINE.get().saturating_add(module.compile_cost());
        let fee = world
            .prices
            .execution(Instructions::new(work), module.heap().wide);
        let execution = ExecutionState {
            module,
            heap: snapshot.heap.clone(),
            stable: snapshot.stable.clone(),
            globals: Arc::clone(&snapshot.globals),
        };
        let origin = origin(request, argument.sender_canister_version);
        let loaded = self.state.change(&id, |canister| {
            let before = canister.clone();
            load(canister, &snapshot, &binary, execution, world.time);
            if !canister.withdraw(fee, &world.prices) {
                *canister = before;
                return false;
            }
            crate::cycles::count(&mut canister.consumed.instructions, fee);
            let details = Details::LoadSnapshot {
                snapshot: name,
                version: snapshot.version,
                taken: snapshot.taken,
                source: snapshot.source,
            };
            canister.history.record(Change {
                time: world.time,
                version: canister.version,
                origin,
                details,
            });
            true
        });
        self.spend(work);
        if loaded != Some(true) {
            return Err(Refusal::new(
                ErrorCode::OutOfCycles,
                format!("canister {id} is out of cycles: it cannot pay for loading a snapshot"),
            ));
        }
        self.state.burn(fee);
        Ok(Managed::nothing())
    }

    fn upload_snapshot_metadata(
        &mut self,
        id: CanisterId,
        argument: &UploadSnapshotMetadata,
    ) -> Result<Managed, Refusal> {
        let replaced = self.replaced(id, argument.replace_snapshot.as_ref())?;
        let module_bytes = usize::try_from(argument.wasm_module_size).unwrap_or(usize::MAX);
        if module_bytes > MODULE_BYTES {
            return Err(refused(
                id,
                format!("a module has at most {MODULE_BYTES} bytes, found {module_bytes}"),
            ));
        }
        if argument.certified_data.len() > 32 {
            return Err(refused(
                id,
                format!(
                    "certified data has at most 32 bytes, found {}",
                    argument.certified_data.len()
                ),
            ));
        }
        let snapshot = Snapshot {
            taken: self.state.time(),
            source: SnapshotSource::Uploaded,
            module: SnapshotModule::Parts {
                length: argument.wasm_module_size,
                pages: PageMap::default(),
            },
            globals: argument.globals.iter().map(WireGlobal::value).collect(),
            heap: zeroed(id, argument.wasm_memory_size, 6 << 30)?,
            stable: zeroed(id, argument.stable_memory_size, 500 << 30)?,
            chunks: crate::state::ChunkStore::default(),
            certified_data: argument.certified_data.to_vec(),
            version: self.existing(&id)?.version,
            global_timer: argument.global_timer.map(WireTimer::timer),
            low_memory_hook: argument.on_low_wasm_memory_hook_status.map(WireHook::hook),
        };
        let number = self.add_snapshot(id, snapshot, replaced, 0)?;
        let snapshot_id = SnapshotId {
            canister: id,
            number,
        }
        .to_bytes()
        .into();
        encode(UploadedReply { snapshot_id }).map(Managed::reply)
    }

    fn upload_snapshot_data(
        &mut self,
        id: CanisterId,
        argument: &UploadSnapshotData,
    ) -> Result<Managed, Refusal> {
        let number = own(id, &argument.snapshot_id)?;
        let written = self.state.change(&id, |canister| {
            canister
                .snapshots
                .change(number, |snapshot| write(id, snapshot, argument))
        });
        written.flatten().ok_or_else(|| missing(id))??;
        Ok(Managed::nothing())
    }
}

/// The canister is as it was when the snapshot was taken (MGMT-172, MGMT-173). Open calls stay open.
fn load(
    canister: &mut Canister,
    snapshot: &Snapshot,
    binary: &Arc<[u8]>,
    execution: ExecutionState,
    now: ic_types::Time,
) {
    canister.code = Some(Code {
        execution,
        module_hash: Digest::of(binary),
        binary: Arc::clone(binary),
        installed: now,
    });
    canister.chunks = snapshot.chunks.clone();
    canister.certified_data.clone_from(&snapshot.certified_data);
    if snapshot.source == SnapshotSource::Uploaded {
        if let Some(timer) = snapshot.global_timer {
            canister.global_timer = timer;
        }
        if let Some(hook) = snapshot.low_memory_hook {
            canister.low_memory_hook = hook;
        }
    }
    canister.bump_version();
    canister.update_low_memory_hook();
}

fn missing(id: CanisterId) -> Refusal {
    Refusal::new(
        ErrorCode::SnapshotNotFound,
        format!("canister {id} has no such snapshot"),
    )
}

fn refused(id: CanisterId, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(ErrorCode::SnapshotRefused, format!("canister {id}: {why}"))
}

/// The number of a snapshot that must be one of `id` (ERR-102).
fn own(id: CanisterId, name: &[u8]) -> Result<u64, Refusal> {
    match SnapshotId::from_bytes(name) {
        Some(name) if name.canister == id => Ok(name.number),
        Some(_) | None => Err(missing(id)),
    }
}

fn shown(id: CanisterId, number: u64, snapshot: &Snapshot) -> SnapshotReply {
    SnapshotReply {
        id: SnapshotId {
            canister: id,
            number,
        }
        .to_bytes()
        .into(),
        taken_at_timestamp: snapshot.taken.as_nanos(),
        total_size: snapshot.bytes(),
    }
}

fn metadata(snapshot: &Snapshot) -> SnapshotMetadata {
    SnapshotMetadata {
        source: WireSource::of(snapshot.source),
        taken_at_timestamp: snapshot.taken.as_nanos(),
        wasm_module_size: snapshot.module.length(),
        globals: snapshot.globals.iter().map(WireGlobal::of).collect(),
        wasm_memory_size: snapshot.heap.bytes().get(),
        stable_memory_size: snapshot.stable.bytes().get(),
        wasm_chunk_store: snapshot
            .chunks
            .hashes()
            .map(|hash| ChunkHash {
                hash: hash.as_bytes().to_vec().into(),
            })
            .collect(),
        canister_version: snapshot.version,
        certified_data: snapshot.certified_data.clone().into(),
        global_timer: snapshot.global_timer.map(WireTimer::of),
        on_low_wasm_memory_hook_status: snapshot.low_memory_hook.map(WireHook::of),
    }
}

fn beyond(what: &str, offset: u64, size: u64, limit: u64) -> Refusal {
    Refusal::new(
        ErrorCode::SnapshotRefused,
        format!("{size} bytes from {offset} on are not all in the {what} of {limit} bytes"),
    )
}

/// Part of a snapshot (MGMT-176).
fn read(snapshot: &Snapshot, kind: &ReadKind) -> Result<Vec<u8>, Refusal> {
    let of_memory = |what, memory: &Memory, offset: u64, size: u64| {
        let limit = memory.bytes().get();
        if size > READ_BYTES || offset.checked_add(size).is_none_or(|end| end > limit) {
            return Err(beyond(what, offset, size, limit));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        memory.pages.read(offset, &mut bytes);
        Ok(bytes)
    };
    match kind {
        ReadKind::WasmModule { offset, size } => (*size <= READ_BYTES)
            .then(|| snapshot.module.read(*offset, *size))
            .flatten()
            .ok_or_else(|| beyond("module", *offset, *size, snapshot.module.length())),
        ReadKind::WasmMemory { offset, size } => {
            of_memory("Wasm memory", &snapshot.heap, *offset, *size)
        }
        ReadKind::StableMemory { offset, size } => {
            of_memory("stable memory", &snapshot.stable, *offset, *size)
        }
        ReadKind::WasmChunk { hash } => Digest::try_from(hash.as_slice())
            .ok()
            .and_then(|hash| snapshot.chunks.chunk(&hash))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Refusal::new(ErrorCode::ChunkStore, "the snapshot has no such chunk")),
    }
}

/// Part of a snapshot that is being uploaded (MGMT-175).
fn write(
    id: CanisterId,
    snapshot: &mut Snapshot,
    argument: &UploadSnapshotData,
) -> Result<(), Refusal> {
    if snapshot.source != SnapshotSource::Uploaded {
        return Err(refused(
            id,
            "what was taken of a canister cannot be written to",
        ));
    }
    let chunk = argument.chunk.as_slice();
    let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
    let to_memory = |what, memory: &mut Memory, offset: u64| {
        let limit = memory.bytes().get();
        if offset.checked_add(size).is_none_or(|end| end > limit) {
            return Err(beyond(what, offset, size, limit));
        }
        memory.pages.write(offset, chunk);
        Ok(())
    };
    match &argument.kind {
        UploadKind::WasmModule { offset } => {
            if snapshot.module.write(*offset, chunk) {
                return Ok(());
            }
            Err(beyond("module", *offset, size, snapshot.module.length()))
        }
        UploadKind::WasmMemory { offset } => to_memory("Wasm memory", &mut snapshot.heap, *offset),
        UploadKind::StableMemory { offset } => {
            to_memory("stable memory", &mut snapshot.stable, *offset)
        }
        UploadKind::WasmChunk => snapshot
            .chunks
            .insert(chunk)
            .map(|_| ())
            .map_err(|error| Refusal::new(ErrorCode::ChunkStore, error.to_string())),
    }
}

/// A memory of zeros, in whole Wasm pages.
fn zeroed(id: CanisterId, bytes: u64, limit: u64) -> Result<Memory, Refusal> {
    if !bytes.is_multiple_of(WASM_PAGE_BYTES) || bytes > limit {
        return Err(refused(
            id,
            format!(
                "a memory has whole pages of {WASM_PAGE_BYTES} bytes and at most {limit}, found {bytes}"
            ),
        ));
    }
    debug_assert_eq!(WASM_PAGE_BYTES % u64::try_from(PAGE_BYTES).unwrap_or(1), 0);
    Ok(Memory {
        wasm_pages: bytes / WASM_PAGE_BYTES,
        ..Memory::default()
    })
}

/// The globals of a snapshot must be those of the module, in number and type (MGMT-172).
fn check_globals(
    id: CanisterId,
    wanted: &[GlobalValue],
    found: &[GlobalValue],
) -> Result<(), Refusal> {
    let alike = |(wanted, found): (&GlobalValue, &GlobalValue)| {
        std::mem::discriminant(wanted) == std::mem::discriminant(found)
    };
    if wanted.len() == found.len() && wanted.iter().zip(found).all(alike) {
        return Ok(());
    }
    Err(refused(
        id,
        format!(
            "the module has {} globals, the snapshot {} or others",
            wanted.len(),
            found.len()
        ),
    ))
}
