//! Install, reinstall, upgrade (MGMT-133, MGMT-134; SYS-220 to SYS-250; ABS-193 to ABS-196).
//!
//! All steps run on a draft of the canister. If one fails the draft is dropped: code, memories, certified data and
//! timer are as before, and only the instructions are paid for.

use std::sync::Arc;

use ic_types::{CanisterId, Cycles, Digest, Instructions, Principal};

use super::{
    ErrorCode, Refusal,
    commit::{Aftermath, rejection},
    management::{
        InstallChunkedCode, InstallCode, InstallMode, Managed, Persistence, canister_id, origin,
    },
    round::{Round, World},
};
use crate::{
    cycles,
    memory::ExecutionState,
    module::Instrumented,
    sandbox::Sandbox,
    state::{Canister, Change, Code, Details, Mode, Origin, Request, controls},
    system_api::Entry,
};

/// The private metadata by which Motoko says that its heap survives upgrades (SYS-210).
const ENHANCED_PERSISTENCE: &str = "enhanced-orthogonal-persistence";
/// Chunks that one module may be made of (LIM-084).
const CHUNKS_IN_MODULE: usize = 100;

/// An installation that was asked for.
struct Plan<'a> {
    caller: Principal,
    origin: Origin,
    mode: InstallMode,
    module: &'a [u8],
    argument: Vec<u8>,
}

impl<S: Sandbox> Round<'_, S> {
    pub(super) fn install_code(
        &mut self,
        request: &Arc<Request>,
        argument: InstallCode,
    ) -> Result<Managed, Refusal> {
        let id = canister_id(&argument.canister_id);
        self.install(
            id,
            Plan {
                caller: request.caller,
                origin: origin(request, argument.sender_canister_version),
                mode: argument.mode,
                module: &argument.wasm_module,
                argument: argument.arg.into_vec(),
            },
        )
    }

    pub(super) fn install_chunked_code(
        &mut self,
        request: &Arc<Request>,
        argument: InstallChunkedCode,
    ) -> Result<Managed, Refusal> {
        let id = canister_id(&argument.target_canister);
        let store_id = argument.store_canister.as_ref().map_or(id, canister_id);
        let store = self.existing(&store_id)?;
        if request.caller != store_id.principal() && !controls(&request.caller, store) {
            let message = format!(
                "the caller controls canister {id}, but not canister {store_id} with the chunks"
            );
            return Err(Refusal::new(ErrorCode::NotController, message));
        }
        let module = assemble(store, &argument)?;
        self.install(
            id,
            Plan {
                caller: request.caller,
                origin: origin(request, argument.sender_canister_version),
                mode: argument.mode,
                module: &module,
                argument: argument.arg.into_vec(),
            },
        )
    }

    fn install(&mut self, id: CanisterId, plan: Plan<'_>) -> Result<Managed, Refusal> {
        let world = self.world();
        let done = self.state.change(&id, |canister| {
            let mut after = Aftermath::default();
            let result = install(&world, canister, plan, &mut after);
            (result, after)
        });
        let Some((result, after)) = done else {
            return Err(super::induction::not_found(&id));
        };
        self.settle(after);
        result.map(|()| Managed::nothing())
    }
}

/// Puts the chunks together (MGMT-134).
fn assemble(store: &Canister, argument: &InstallChunkedCode) -> Result<Vec<u8>, Refusal> {
    let refused = |message: String| Refusal::new(ErrorCode::ChunkStore, message);
    let list = &argument.chunk_hashes_list;
    if list.len() > CHUNKS_IN_MODULE {
        return Err(refused(format!(
            "a module has at most {CHUNKS_IN_MODULE} chunks, found {}",
            list.len()
        )));
    }
    let mut module = Vec::new();
    for chunk in list {
        let hash =
            Digest::try_from(chunk.hash.as_slice()).map_err(|error| refused(error.to_string()))?;
        let bytes = store.chunks.chunk(&hash).ok_or_else(|| {
            refused(format!(
                "canister {} does not store the chunk {hash}",
                store.id
            ))
        })?;
        module.extend_from_slice(bytes);
    }
    let found = Digest::of(&module);
    if found.as_ref() != argument.wasm_module_hash.as_slice() {
        return Err(refused(format!(
            "the chunks make a module with the hash {found}, which is not the one expected"
        )));
    }
    Ok(module)
}

fn install<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    plan: Plan<'_>,
    after: &mut Aftermath,
) -> Result<(), Refusal> {
    check_mode(canister, plan.mode)?;
    let module = world.prepare(plan.module).map_err(|error| {
        Refusal::new(
            ErrorCode::InvalidModule,
            format!("canister {}: the module is invalid: {error}", canister.id),
        )
    })?;
    let keep_heap = check_persistence(canister, plan.mode, &module)?;
    let (limit, wide) = (world.limits.install, module.heap().wide);
    let prepaid = world.prices.execution(limit, wide);
    if !canister.withdraw(prepaid, &world.prices) {
        let message = format!(
            "canister {} is out of cycles: an installation takes {prepaid} in advance",
            canister.id
        );
        return Err(Refusal::new(ErrorCode::OutOfCycles, message));
    }
    let mut draft = Draft {
        world,
        canister: canister.clone(),
        left: limit.saturating_sub(Instructions::new(module.compile_cost())),
        burned: Cycles::ZERO,
        printed: Vec::new(),
    };
    let result = draft.install(&plan, module, keep_heap);
    let Draft {
        canister: changed,
        left,
        burned,
        printed,
        ..
    } = draft;

    let used = limit.saturating_sub(left);
    let cost = world.prices.execution(used, wide).min(prepaid);
    after.instructions = after.instructions.saturating_add(used.get());
    after.burned = cycles::add(after.burned, cost);
    if result.is_ok() {
        *canister = changed;
        after.burned = cycles::add(after.burned, burned);
    }
    canister.deposit(prepaid.saturating_sub(cost));
    cycles::count(&mut canister.consumed.instructions, cost);
    for line in printed {
        canister
            .log
            .push(world.time, line, canister.settings.log_memory_limit);
    }
    result
}

fn check_mode(canister: &Canister, mode: InstallMode) -> Result<(), Refusal> {
    match (mode, &canister.code) {
        (InstallMode::Install, Some(_)) => Err(Refusal::new(
            ErrorCode::CanisterNotEmpty,
            format!(
                "canister {} is not empty: reinstall or upgrade it",
                canister.id
            ),
        )),
        (InstallMode::Upgrade(_), None) => Err(Refusal::new(
            ErrorCode::NoModule,
            format!("canister {} has no code to upgrade", canister.id),
        )),
        (InstallMode::Install, None)
        | (InstallMode::Reinstall, _)
        | (InstallMode::Upgrade(_), Some(_)) => Ok(()),
    }
}

fn is_enhanced(module: &Instrumented) -> bool {
    module
        .metadata()
        .get(ENHANCED_PERSISTENCE)
        .is_some_and(|section| !section.public)
}

/// Whether the heap stays (SYS-242, SYS-244, SYS-245).
fn check_persistence(
    canister: &Canister,
    mode: InstallMode,
    module: &Instrumented,
) -> Result<bool, Refusal> {
    let options = match mode {
        InstallMode::Install | InstallMode::Reinstall => return Ok(false),
        InstallMode::Upgrade(options) => options.unwrap_or_default(),
    };
    let before = canister
        .code
        .as_ref()
        .is_some_and(|code| is_enhanced(&code.execution.module));
    match options.wasm_memory_persistence {
        None if before => Err(Refusal::new(
            ErrorCode::MissingUpgradeOption,
            format!(
                "canister {} has enhanced orthogonal persistence: wasm_memory_persistence has to say whether to keep \
                 or to replace its memory",
                canister.id
            ),
        )),
        Some(Persistence::Keep) if !is_enhanced(module) => Err(Refusal::new(
            ErrorCode::InvalidUpgradeOption,
            format!(
                "canister {}: wasm_memory_persistence = keep needs a module with enhanced orthogonal persistence",
                canister.id
            ),
        )),
        Some(Persistence::Keep) => Ok(true),
        None | Some(Persistence::Replace) => Ok(false),
    }
}

/// A canister that is being installed.
struct Draft<'w, 'a, S> {
    world: &'w World<'a, S>,
    canister: Canister,
    left: Instructions,
    burned: Cycles,
    printed: Vec<Vec<u8>>,
}

impl<S: Sandbox> Draft<'_, '_, S> {
    fn install(
        &mut self,
        plan: &Plan<'_>,
        module: Arc<Instrumented>,
        keep_heap: bool,
    ) -> Result<(), Refusal> {
        if self.left.is_zero() {
            let message = format!(
                "canister {}: compiling the module takes too many instructions",
                self.canister.id
            );
            return Err(Refusal::new(ErrorCode::InstructionLimit, message));
        }
        let (mode, skip_pre_upgrade) = match plan.mode {
            InstallMode::Install => (Mode::Install, true),
            InstallMode::Reinstall => (Mode::Reinstall, true),
            InstallMode::Upgrade(options) => (
                Mode::Upgrade,
                options
                    .unwrap_or_default()
                    .skip_pre_upgrade
                    .unwrap_or(false),
            ),
        };
        let mut old = self.canister.code.take().map(|code| code.execution);
        if let Some(execution) = old.as_mut()
            && !skip_pre_upgrade
            && execution.module.interface().pre_upgrade
        {
            self.step(
                execution,
                Entry::PreUpgrade {
                    caller: plan.caller,
                },
            )?;
        }
        // The new code sees the new version, and no timer (SYS-141, SYS-151).
        self.canister.bump_version();
        self.canister.global_timer = None;
        let interface = module.interface().clone();
        let (mut execution, last) = match (mode, old) {
            (Mode::Upgrade, Some(old)) => {
                let entry = Entry::PostUpgrade {
                    caller: plan.caller,
                    argument: plan.argument.clone(),
                };
                (
                    old.upgrade(module, keep_heap),
                    interface.post_upgrade.then_some(entry),
                )
            }
            (Mode::Install | Mode::Reinstall | Mode::Upgrade, _) => {
                self.canister.certified_data.clear();
                self.canister.log.clear();
                let entry = Entry::Init {
                    caller: plan.caller,
                    argument: plan.argument.clone(),
                };
                (ExecutionState::new(module), interface.init.then_some(entry))
            }
        };
        if interface.start {
            self.step(&mut execution, Entry::Start)?;
        }
        if let Some(entry) = last {
            self.step(&mut execution, entry)?;
        }
        self.finish(plan, mode, execution)
    }

    /// Runs one step, and keeps what it did in the draft.
    fn step(&mut self, execution: &mut ExecutionState, entry: Entry) -> Result<(), Refusal> {
        let output = self
            .world
            .run_on(&self.canister, execution, entry, self.left);
        self.left = self.left.saturating_sub(output.instructions);
        self.printed.extend(output.log);
        let completed = output
            .outcome
            .map_err(|trap| rejection(self.canister.id, &trap))?;
        let burned = completed.effects.burned.min(self.canister.balance);
        self.canister.balance = self.canister.balance.saturating_sub(burned);
        self.burned = cycles::add(self.burned, burned);
        cycles::count(&mut self.canister.consumed.burned, burned);
        if let Some(data) = completed.effects.certified_data {
            self.canister.certified_data = data;
        }
        if let Some(timer) = completed.effects.global_timer {
            self.canister.global_timer = timer;
        }
        *execution = completed.state;
        Ok(())
    }

    /// The conditions under which the new code may stay (ABS-195), and the traces that it leaves.
    fn finish(
        &mut self,
        plan: &Plan<'_>,
        mode: Mode,
        execution: ExecutionState,
    ) -> Result<(), Refusal> {
        let canister = &mut self.canister;
        let heap = execution.wasm_memory_bytes();
        let limit = canister.settings.wasm_memory_limit;
        if limit > 0 && heap > limit {
            let message = format!(
                "canister {}: Wasm memory of {heap} bytes is over the limit of {limit}",
                canister.id
            );
            return Err(Refusal::new(ErrorCode::WasmMemoryLimit, message));
        }
        let module_hash = Digest::of(plan.module);
        canister.code = Some(Code {
            execution,
            module_hash,
            binary: Arc::from(plan.module),
            installed: self.world.time,
        });
        if canister.is_frozen(&self.world.prices) {
            let message = format!(
                "canister {}: the cycles left do not pay for the memory of the new code",
                canister.id
            );
            return Err(Refusal::new(ErrorCode::OutOfCycles, message));
        }
        let details = Details::CodeDeployment { mode, module_hash };
        let (time, version, origin) = (self.world.time, canister.version, plan.origin);
        canister.history.record(Change {
            time,
            version,
            origin,
            details,
        });
        canister.update_low_memory_hook();
        Ok(())
    }
}
