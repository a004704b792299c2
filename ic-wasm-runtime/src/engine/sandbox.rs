//! One execution: an instance with the canister's memory, the code, and what has changed.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ic_types::{CanisterId, Digest, Instructions};

use super::{Finished, Function, Instance, WasmEngine};
use crate::memory::{ExecutionState, Memory, PAGE_BYTES, Page, PageMap, WASM_PAGE_BYTES};
use crate::module::{CostTable, Instrumented, Interface, InvalidModule, MethodKind, decode, names};
use crate::sandbox::{ModuleRefused, Sandbox};
use crate::system_api::{
    Completed, Effects, Entry, ExecutionInput, ExecutionOutput, Trap,
    host::{SystemApi, dirty_page_charge},
};

/// Compiled modules that are kept.
const MODULES: usize = 1_000;
/// Instances that are kept, each with the heap of a canister.
const INSTANCES: usize = 100;

/// Runs executions on an engine. Keeps compiled modules and live instances, which nobody can notice but by time.
#[derive(Debug)]
pub struct EngineSandbox<E: WasmEngine> {
    engine: E,
    modules: Mutex<Recent<Digest, E::Module>>,
    instances: Mutex<Recent<CanisterId, Live<E::Instance>>>,
}

/// An instance whose heap has a known content.
struct Live<I> {
    instance: I,
    module: Digest,
    heap: Memory,
}

impl<I> std::fmt::Debug for Live<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

impl<E: WasmEngine> EngineSandbox<E> {
    /// Runs on `engine`.
    pub fn new(engine: E) -> Self {
        Self {
            engine,
            modules: Mutex::new(Recent::new(MODULES)),
            instances: Mutex::new(Recent::new(INSTANCES)),
        }
    }

    fn module(&self, module: &Instrumented) -> Result<E::Module, Trap> {
        if let Some(compiled) = lock(&self.modules).get(module.hash()) {
            return Ok(compiled.clone());
        }
        let compiled = self.engine.compile(module).map_err(|error| Trap::Engine {
            reason: error.reason,
        })?;
        lock(&self.modules).insert(*module.hash(), compiled.clone());
        Ok(compiled)
    }

    /// An instance of the canister's module with the canister's heap.
    fn instance(
        &self,
        canister: CanisterId,
        state: &ExecutionState,
    ) -> Result<Live<E::Instance>, Trap> {
        let kept = lock(&self.instances).remove(&canister);
        let mut live = match kept {
            Some(live)
                if live.module == *state.module.hash()
                    && live.heap.wasm_pages <= state.heap.wasm_pages =>
            {
                live
            }
            Some(_) | None => {
                let instance = self.engine.instantiate(&self.module(&state.module)?)?;
                let heap = Memory {
                    wasm_pages: state.module.heap().minimum,
                    pages: PageMap::default(),
                };
                Live {
                    instance,
                    module: *state.module.hash(),
                    heap,
                }
            }
        };
        if let Some(pages) = state
            .heap
            .wasm_pages
            .checked_sub(live.heap.wasm_pages)
            .filter(|pages| *pages > 0)
        {
            live.instance.grow_heap(pages)?;
        }
        let heap = live.instance.heap();
        live.heap
            .pages
            .for_each_difference(&state.heap.pages, |index, page| put(heap, index, page));
        live.heap = state.heap.clone();
        Ok(live)
    }
}

impl<E: WasmEngine> Sandbox for EngineSandbox<E> {
    fn prepare(&self, module: &[u8]) -> Result<Arc<Instrumented>, ModuleRefused> {
        let refused = |error: InvalidModule| ModuleRefused {
            reason: error.to_string(),
        };
        let module = decode(module)
            .and_then(|wasm| Instrumented::new(&wasm, CostTable::CURRENT))
            .map_err(refused)?;
        // Compiled ahead of the first execution; if the engine cannot, it must not be installed.
        self.module(&module).map_err(|trap| ModuleRefused {
            reason: trap.to_string(),
        })?;
        Ok(Arc::new(module))
    }

    /// Runs one entry point of a canister on its state, which stays as it is: the new one is in the output.
    ///
    /// An entry point that the module does not export does nothing, and `inspect_message` then accepts
    /// (SYS-124, SYS-250); a method that it does not export traps ([`Trap::MethodNotFound`]).
    fn execute(&self, state: &ExecutionState, input: ExecutionInput) -> ExecutionOutput {
        let export = match export(&input.entry, state.module.interface()) {
            Ok(export) => export,
            Err(trap) => return failed(trap),
        };
        let function = match (&export, closure(&input.entry)) {
            (_, Some(closure)) => Function::Closure(closure),
            (Some(name), None) => Function::Export(name),
            (None, None) => return nothing(state, input),
        };
        if let Some(limit) = input
            .limits
            .wasm_memory_limit
            .filter(|limit| state.heap.bytes() > *limit)
        {
            return failed(Trap::WasmMemoryLimit {
                size: state.heap.bytes(),
                limit,
            });
        }
        match self.instance(input.environment.canister, state) {
            Ok(live) => self.run(live, function, state, input),
            Err(trap) => failed(trap),
        }
    }
}

impl<E: WasmEngine> EngineSandbox<E> {
    /// Calls `function` on an instance that holds the heap of `state`.
    fn run(
        &self,
        mut live: Live<E::Instance>,
        function: Function<'_>,
        state: &ExecutionState,
        input: ExecutionInput,
    ) -> ExecutionOutput {
        let limit = input.limits.instructions;
        let canister = input.environment.canister;
        let keep = keeps_state(&input.entry);
        let page_charge = dirty_page_charge(state, &input.environment);
        live.instance.set_globals(&state.globals);
        let budget = i64::try_from(limit.get()).unwrap_or(i64::MAX);
        let host = Box::new(SystemApi::new(input, state));
        let Finished {
            host,
            outcome,
            instructions,
        } = live.instance.run(function, budget, host);
        let left = u64::try_from(instructions).unwrap_or(0);
        let used = |left: u64| Instructions::new(limit.get().saturating_sub(left));
        let host: Box<dyn Any> = host;
        let Ok(host) = host.downcast::<SystemApi>() else {
            return failed(Trap::Engine {
                reason: "the engine returned another host".to_owned(),
            });
        };
        if let Err(trap) = outcome {
            // The instance is dropped, and with it everything that the code did to it.
            return ExecutionOutput {
                log: host.abandon(&trap),
                outcome: Err(trap),
                instructions: used(left),
            };
        }
        let (effects, stable, dirty_stable_pages, log) = host.finish();
        let mut completed = Completed {
            state: state.clone(),
            effects,
            dirty_heap_pages: 0,
            dirty_stable_pages: 0,
        };
        if keep {
            completed.dirty_heap_pages = capture(&mut live);
            completed.dirty_stable_pages = dirty_stable_pages;
            completed.state.heap = live.heap.clone();
            completed.state.stable = stable;
            completed.state.globals = live.instance.globals().into();
        } else {
            restore(&mut live);
        }
        // Paid afterwards: an execution that has come this far cannot fail for it.
        let left = left.saturating_sub(completed.dirty_heap_pages.saturating_mul(page_charge));
        if state.module.is_reusable() && length(live.instance.heap()) == live.heap.bytes().get() {
            lock(&self.instances).insert(canister, live);
        }
        ExecutionOutput {
            outcome: Ok(completed),
            instructions: used(left),
            log,
        }
    }
}

/// Writes one page into a heap; `None` is zeros.
fn put(heap: &mut [u8], index: u64, page: Option<&Page>) {
    let place = usize::try_from(index)
        .ok()
        .and_then(|index| heap.as_chunks_mut::<PAGE_BYTES>().0.get_mut(index));
    if let Some(place) = place {
        match page {
            Some(page) => place.copy_from_slice(page),
            None => place.fill(0),
        }
    }
}

/// Takes over the pages of the heap whose content has changed, and counts them.
fn capture<I: Instance>(live: &mut Live<I>) -> u64 {
    let mut dirty = 0;
    let heap = live.instance.heap();
    live.heap.wasm_pages = length(heap) / WASM_PAGE_BYTES;
    for (index, content) in (0..).zip(heap.as_chunks::<PAGE_BYTES>().0) {
        if live.heap.pages.page(index) != content {
            dirty += 1;
            if let Some(page) = live.heap.pages.page_mut(index) {
                page.copy_from_slice(content);
            }
        }
    }
    dirty
}

/// Puts the heap back to its known content.
fn restore<I: Instance>(live: &mut Live<I>) {
    let heap = live.instance.heap();
    for (index, content) in (0..).zip(heap.as_chunks_mut::<PAGE_BYTES>().0) {
        let page = live.heap.pages.page(index);
        if page != content {
            content.copy_from_slice(page);
        }
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The export to call; `None` if there is nothing to do, or a closure to call instead.
fn export(entry: &Entry, interface: &Interface) -> Result<Option<String>, Trap> {
    let hook = |present: bool, name: &str| Ok(present.then(|| name.to_owned()));
    let method = |kind: MethodKind, prefix: &'static str, method: &str| match interface
        .methods
        .get(method)
    {
        Some(found) if *found == kind => Ok(Some(format!("canister_{prefix} {method}"))),
        Some(_) | None => Err(Trap::MethodNotFound {
            kind: prefix,
            method: method.to_owned(),
        }),
    };
    match entry {
        Entry::Start => hook(interface.start, names::START),
        Entry::Init { .. } => hook(interface.init, "canister_init"),
        Entry::PreUpgrade { .. } => hook(interface.pre_upgrade, "canister_pre_upgrade"),
        Entry::PostUpgrade { .. } => hook(interface.post_upgrade, "canister_post_upgrade"),
        Entry::InspectMessage { .. } => hook(interface.inspect_message, "canister_inspect_message"),
        Entry::Heartbeat => hook(interface.heartbeat, "canister_heartbeat"),
        Entry::GlobalTimer => hook(interface.global_timer, "canister_global_timer"),
        Entry::OnLowWasmMemory => hook(interface.on_low_wasm_memory, "canister_on_low_wasm_memory"),
        Entry::Update { method: name, .. } => method(MethodKind::Update, "update", name),
        Entry::ReplicatedQuery { method: name, .. }
        | Entry::Query { method: name, .. }
        | Entry::Transform { method: name, .. } => method(MethodKind::Query, "query", name),
        Entry::CompositeQuery { method: name, .. } => {
            method(MethodKind::CompositeQuery, "composite_query", name)
        }
        Entry::Reply { .. } | Entry::Reject { .. } | Entry::Cleanup { .. } => Ok(None),
    }
}

fn closure(entry: &Entry) -> Option<crate::system_api::Closure> {
    match entry {
        Entry::Reply { closure, .. }
        | Entry::Reject { closure, .. }
        | Entry::Cleanup { closure, .. } => Some(*closure),
        Entry::Start
        | Entry::Init { .. }
        | Entry::PreUpgrade { .. }
        | Entry::PostUpgrade { .. }
        | Entry::InspectMessage { .. }
        | Entry::Update { .. }
        | Entry::ReplicatedQuery { .. }
        | Entry::Query { .. }
        | Entry::Transform { .. }
        | Entry::CompositeQuery { .. }
        | Entry::Heartbeat
        | Entry::GlobalTimer
        | Entry::OnLowWasmMemory => None,
    }
}

/// Whether the memories that an execution leaves behind are of use. Callbacks of a composite query run on what
/// the query has left behind, so its own are.
fn keeps_state(entry: &Entry) -> bool {
    match entry {
        Entry::InspectMessage { .. }
        | Entry::ReplicatedQuery { .. }
        | Entry::Query { .. }
        | Entry::Transform { .. } => false,
        Entry::Start
        | Entry::Init { .. }
        | Entry::PreUpgrade { .. }
        | Entry::PostUpgrade { .. }
        | Entry::Update { .. }
        | Entry::CompositeQuery { .. }
        | Entry::Reply { .. }
        | Entry::Reject { .. }
        | Entry::Cleanup { .. }
        | Entry::Heartbeat
        | Entry::GlobalTimer
        | Entry::OnLowWasmMemory => true,
    }
}

fn failed(trap: Trap) -> ExecutionOutput {
    ExecutionOutput {
        outcome: Err(trap),
        instructions: Instructions::ZERO,
        log: Vec::new(),
    }
}

/// An entry point that is not there: it returns at once.
fn nothing(state: &ExecutionState, input: ExecutionInput) -> ExecutionOutput {
    let accepted_message = matches!(input.entry, Entry::InspectMessage { .. });
    let (effects, ..) = SystemApi::new(input, state).finish();
    let completed = Completed {
        state: state.clone(),
        effects: Effects {
            accepted_message,
            ..effects
        },
        dirty_heap_pages: 0,
        dirty_stable_pages: 0,
    };
    ExecutionOutput {
        outcome: Ok(completed),
        instructions: Instructions::ZERO,
        log: Vec::new(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole between any two statements that hold the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entries that were used last, up to a number.
#[derive(Debug)]
struct Recent<K, V> {
    capacity: usize,
    clock: u64,
    entries: BTreeMap<K, (u64, V)>,
}

impl<K: Ord + Clone, V> Recent<K, V> {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            clock: 0,
            entries: BTreeMap::new(),
        }
    }

    fn get(&mut self, key: &K) -> Option<&V> {
        self.clock = self.clock.saturating_add(1);
        let (used, value) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(value)
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    fn insert(&mut self, key: K, value: V) {
        self.clock = self.clock.saturating_add(1);
        self.entries.insert(key, (self.clock, value));
        while self.entries.len() > self.capacity {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.entries.remove(&oldest);
        }
    }
}
