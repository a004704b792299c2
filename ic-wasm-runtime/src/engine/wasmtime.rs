//! The fast engine: wasmtime, which compiles to native code with Cranelift.

use wasmtime::{
    AsContextMut, Caller, Config, Engine, ExternType, Global, InstancePre, Linker, Memory, Module,
    OptLevel, Ref, RegallocAlgorithm, Store, Strategy, Table, TypedFunc, V128, Val,
};

use super::{CompileError, Finished, Function, Guest, Host, Instance, WasmEngine};
use crate::memory::GlobalValue;
use crate::module::{Instrumented, names};
use crate::system_api::{Closure, Import, Trap, permitted::Kind};

/// Native stack for Wasm frames, in bytes. A thread that runs canisters needs as much again for the host.
const STACK_BYTES: usize = 1 << 20;
/// Address space of each heap: more than the largest, so that none ever moves.
const RESERVED_BYTES: u64 = 8 << 30;
/// Address space behind each heap, so that a 32-bit address with its offset needs no check.
const GUARD_BYTES: u64 = 2 << 30;

/// Runs canisters with wasmtime.
pub struct WasmtimeEngine {
    engine: Engine,
    narrow: Linker<Slot>,
    wide: Linker<Slot>,
}

impl std::fmt::Debug for WasmtimeEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WasmtimeEngine")
    }
}

impl WasmtimeEngine {
    /// An engine for this machine.
    ///
    /// # Errors
    /// If wasmtime does not support the machine.
    pub fn new() -> Result<Self, CompileError> {
        let engine = Engine::new(&config()).map_err(failure)?;
        Ok(Self {
            narrow: linker(&engine, false).map_err(failure)?,
            wide: linker(&engine, true).map_err(failure)?,
            engine,
        })
    }
}

/// Every switch that may change what code does, by name. Threads, garbage collection, exceptions, stack switching
/// and components are not compiled in at all.
fn config() -> Config {
    let mut config = Config::new();
    config
        // Protocol: what a module may use, as `module::validate` has it.
        .wasm_tail_call(true)
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_memory64(true)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_branch_hinting(false)
        // Protocol: results do not depend on the machine.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(STACK_BYTES)
        // The module counts for itself.
        .consume_fuel(false)
        .epoch_interruption(false)
        // Speed and size only.
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking)
        .cranelift_debug_verifier(false)
        .generate_address_map(false)
        .debug_info(false)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(cfg!(windows))
        .memory_reservation(RESERVED_BYTES)
        .memory_guard_size(GUARD_BYTES)
        .memory_reservation_for_growth(0)
        .memory_may_move(false)
        .guard_before_linear_memory(true)
        .memory_init_cow(true)
        .table_lazy_init(true)
        .signals_based_traps(true);
    config
}

/// A module compiled by wasmtime.
#[derive(Clone)]
pub struct WasmtimeModule {
    instance: InstancePre<Slot>,
    globals: usize,
}

/// An instance in wasmtime.
pub struct WasmtimeInstance {
    store: Store<Slot>,
    instance: wasmtime::Instance,
    heap: Memory,
    table: Option<Table>,
    globals: Vec<Global>,
    counter: Global,
}

/// What the host functions find in the store.
#[derive(Default)]
struct Slot {
    host: Option<Box<dyn Host>>,
    trap: Option<Trap>,
    heap: Option<Memory>,
    counter: Option<Global>,
}

impl WasmEngine for WasmtimeEngine {
    type Module = WasmtimeModule;
    type Instance = WasmtimeInstance;

    fn compile(&self, module: &Instrumented) -> Result<WasmtimeModule, CompileError> {
        let compiled = Module::new(&self.engine, module.code()).map_err(failure)?;
        let linker = if module.heap().wide {
            &self.wide
        } else {
            &self.narrow
        };
        let globals = compiled.exports().filter(|export| {
            export.name() != names::INSTRUCTIONS && matches!(export.ty(), ExternType::Global(_))
        });
        Ok(WasmtimeModule {
            globals: globals.count(),
            instance: linker.instantiate_pre(&compiled).map_err(failure)?,
        })
    }

    fn instantiate(&self, module: &WasmtimeModule) -> Result<WasmtimeInstance, Trap> {
        let mut store = Store::new(&self.engine, Slot::default());
        let instance = module
            .instance
            .instantiate(&mut store)
            .map_err(|error| trap(&error))?;
        let missing = |name: &str| Trap::Engine {
            reason: format!("no export '{name}'"),
        };
        let heap = instance
            .get_memory(&mut store, names::HEAP)
            .ok_or_else(|| missing(names::HEAP))?;
        let counter = instance
            .get_global(&mut store, names::INSTRUCTIONS)
            .ok_or_else(|| missing(names::INSTRUCTIONS))?;
        let mut globals = Vec::with_capacity(module.globals);
        for position in 0..module.globals {
            let name = names::global(position);
            globals.push(
                instance
                    .get_global(&mut store, &name)
                    .ok_or_else(|| missing(&name))?,
            );
        }
        let table = instance.get_table(&mut store, names::TABLE);
        store.data_mut().heap = Some(heap);
        store.data_mut().counter = Some(counter);
        Ok(WasmtimeInstance {
            store,
            instance,
            heap,
            table,
            globals,
            counter,
        })
    }
}

impl Instance for WasmtimeInstance {
    fn heap(&mut self) -> &mut [u8] {
        self.heap.data_mut(&mut self.store)
    }

    fn grow_heap(&mut self, pages: u64) -> Result<(), Trap> {
        self.heap
            .grow(&mut self.store, pages)
            .map(|_| ())
            .map_err(|error| Trap::Engine {
                reason: error.to_string(),
            })
    }

    fn globals(&mut self) -> Vec<GlobalValue> {
        let store = &mut self.store;
        self.globals
            .iter()
            .map(|global| from_val(&global.get(&mut *store)))
            .collect()
    }

    fn set_globals(&mut self, values: &[GlobalValue]) {
        for (global, value) in self.globals.iter().zip(values) {
            // Refused only if the type differs, which the contract says is ignored.
            let _ = global.set(&mut self.store, to_val(*value));
        }
    }

    fn run(&mut self, function: Function<'_>, instructions: i64, host: Box<dyn Host>) -> Finished {
        self.store.data_mut().trap = None;
        self.store.data_mut().host = Some(host);
        let outcome = self
            .counter
            .set(&mut self.store, Val::I64(instructions))
            .map_err(|error| Trap::Engine {
                reason: error.to_string(),
            })
            .and_then(|()| self.call(function));
        let instructions = self.counter.get(&mut self.store).i64().unwrap_or(-1);
        let slot = self.store.data_mut();
        // What the host raised is what happened; the engine's own trap is only how the code was left.
        let outcome = match slot.trap.take() {
            Some(trap) => Err(trap),
            None => outcome,
        };
        Finished::new(slot.host.take(), outcome, instructions)
    }
}

impl WasmtimeInstance {
    fn call(&mut self, function: Function<'_>) -> Result<(), Trap> {
        match function {
            Function::Export(name) => {
                let function: TypedFunc<(), ()> = self
                    .instance
                    .get_typed_func(&mut self.store, name)
                    .map_err(|error| Trap::Engine {
                        reason: error.to_string(),
                    })?;
                function
                    .call(&mut self.store, ())
                    .map_err(|error| trap(&error))
            }
            Function::Closure(closure) => self.call_closure(closure),
        }
    }

    fn call_closure(&mut self, closure: Closure) -> Result<(), Trap> {
        let bad = || Trap::BadCallback {
            function: closure.function,
        };
        let element = self
            .table
            .and_then(|table| table.get(&mut self.store, closure.function))
            .ok_or_else(bad)?;
        let Ref::Func(Some(function)) = element else {
            return Err(bad());
        };
        if self.heap.ty(&self.store).is_64() {
            let function = function.typed::<u64, ()>(&self.store).map_err(|_| bad())?;
            function
                .call(&mut self.store, closure.environment)
                .map_err(|error| trap(&error))
        } else {
            let function = function.typed::<u32, ()>(&self.store).map_err(|_| bad())?;
            let environment = u32::try_from(closure.environment).map_err(|_| bad())?;
            function
                .call(&mut self.store, environment)
                .map_err(|error| trap(&error))
        }
    }
}

fn failure(error: wasmtime::Error) -> CompileError {
    CompileError {
        reason: format!("{error:#}"),
    }
}

fn trap(error: &wasmtime::Error) -> Trap {
    use wasmtime::Trap as T;
    match error.downcast_ref::<T>() {
        Some(T::UnreachableCodeReached) => Trap::Unreachable,
        Some(T::MemoryOutOfBounds) => Trap::HeapOutOfBounds,
        Some(T::TableOutOfBounds) => Trap::TableOutOfBounds,
        Some(T::IntegerDivisionByZero) => Trap::DivisionByZero,
        Some(T::IntegerOverflow | T::BadConversionToInteger) => Trap::IntegerOverflow,
        Some(T::IndirectCallToNull | T::NullReference) => Trap::NullReference,
        Some(T::BadSignature) => Trap::SignatureMismatch,
        Some(T::StackOverflow) => Trap::StackOverflow,
        Some(_) | None => Trap::Engine {
            reason: format!("{error:#}"),
        },
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "validation lets only numbers through"
)]
fn from_val(value: &Val) -> GlobalValue {
    match value {
        Val::I32(value) => GlobalValue::I32(value.cast_unsigned()),
        Val::I64(value) => GlobalValue::I64(value.cast_unsigned()),
        Val::F32(bits) => GlobalValue::F32(*bits),
        Val::F64(bits) => GlobalValue::F64(*bits),
        Val::V128(value) => GlobalValue::V128(value.as_u128()),
        _ => GlobalValue::I32(0),
    }
}

fn to_val(value: GlobalValue) -> Val {
    match value {
        GlobalValue::I32(value) => Val::I32(value.cast_signed()),
        GlobalValue::I64(value) => Val::I64(value.cast_signed()),
        GlobalValue::F32(bits) => Val::F32(bits),
        GlobalValue::F64(bits) => Val::F64(bits),
        GlobalValue::V128(value) => Val::V128(V128::from(value)),
    }
}

/// Calls the host on behalf of the module.
fn enter<T>(
    caller: &mut Caller<'_, Slot>,
    call: impl FnOnce(&mut dyn Host, Guest<'_>) -> Result<T, Trap>,
) -> wasmtime::Result<T> {
    let (Some(heap), Some(counter)) = (caller.data().heap, caller.data().counter) else {
        // While an instance is being made, no code runs.
        return Err(wasmtime::Trap::UnreachableCodeReached.into());
    };
    let mut left = counter.get(&mut *caller).i64().unwrap_or(-1);
    let (bytes, slot) = heap.data_and_store_mut(caller.as_context_mut());
    let outcome = match slot.host.as_mut() {
        Some(host) => call(
            host.as_mut(),
            Guest {
                heap: bytes,
                instructions: &mut left,
            },
        ),
        None => Err(Trap::Engine {
            reason: "no host".to_owned(),
        }),
    };
    let outcome = outcome.map_err(|trap| slot.trap = Some(trap));
    counter.set(caller, Val::I64(left))?;
    outcome.map_err(|()| wasmtime::Trap::UnreachableCodeReached.into())
}

fn linker(engine: &Engine, wide: bool) -> wasmtime::Result<Linker<Slot>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        names::PLATFORM,
        names::OUT_OF_INSTRUCTIONS,
        |mut caller: Caller<'_, Slot>| {
            enter(&mut caller, |host, guest| {
                *guest.instructions = host.out_of_instructions(*guest.instructions)?;
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        names::PLATFORM,
        names::GROW,
        |mut caller: Caller<'_, Slot>, pages: u64| {
            enter(&mut caller, |host, guest| {
                host.grow(pages, guest).map(u32::from)
            })
        },
    )?;
    for import in Import::ALL
        .iter()
        .copied()
        .filter(|import| !(wide && import.only_narrow()))
    {
        define(&mut linker, import, wide)?;
    }
    Ok(linker)
}

/// One host function with the parameters and result of `import`.
fn define(linker: &mut Linker<Slot>, import: Import, wide: bool) -> wasmtime::Result<()> {
    let is_long = |kind: Kind| match kind {
        Kind::W32 => false,
        Kind::W64 => true,
        Kind::P => wide,
    };
    let parameters: Vec<bool> = import.parameters().iter().copied().map(is_long).collect();
    let result = import.result().map(is_long);

    macro_rules! wrap {
        ($($argument:ident: $ty:ty),*) => {
            match result {
                None => linker.func_wrap("ic0", import.name(), move |mut caller: Caller<'_, Slot>, $($argument: $ty),*| {
                    enter(&mut caller, |host, guest| host.import(import, &[$(u64::from($argument)),*], guest).map(|_| ()))
                }),
                Some(false) => linker.func_wrap("ic0", import.name(), move |mut caller: Caller<'_, Slot>, $($argument: $ty),*| {
                    enter(&mut caller, |host, guest| host.import(import, &[$(u64::from($argument)),*], guest).map(low))
                }),
                Some(true) => linker.func_wrap("ic0", import.name(), move |mut caller: Caller<'_, Slot>, $($argument: $ty),*| {
                    enter(&mut caller, |host, guest| host.import(import, &[$(u64::from($argument)),*], guest))
                }),
            }
        };
    }
    let (i, l) = (false, true);
    match parameters.as_slice() {
        [] => wrap!(),
        [a] if *a == i => wrap!(a: u32),
        [_] => wrap!(a: u64),
        [a, b] if [*a, *b] == [i, i] => wrap!(a: u32, b: u32),
        [a, b] if [*a, *b] == [l, l] => wrap!(a: u64, b: u64),
        [a, b, c] if [*a, *b, *c] == [i, i, i] => wrap!(a: u32, b: u32, c: u32),
        [a, b, c] if [*a, *b, *c] == [l, l, i] => wrap!(a: u64, b: u64, c: u32),
        [a, b, c] if [*a, *b, *c] == [l, l, l] => wrap!(a: u64, b: u64, c: u64),
        [a, b, c, d] if [*a, *b, *c, *d] == [i, i, i, i] => wrap!(a: u32, b: u32, c: u32, d: u32),
        [a, b, c, d] if [*a, *b, *c, *d] == [l, l, l, l] => wrap!(a: u64, b: u64, c: u64, d: u64),
        [a, b, c, d] if [*a, *b, *c, *d] == [l, l, i, l] => wrap!(a: u64, b: u64, c: u32, d: u64),
        [i1, _, _, _, _] if *i1 == i => wrap!(a: u32, b: u32, c: u32, d: u32, e: u32),
        [_, _, _, _, _] => wrap!(a: u64, b: u64, c: u64, d: u64, e: u64),
        [i1, _, _, _, _, _, _, _] if *i1 == i => {
            wrap!(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32)
        }
        [_, _, _, _, _, _, _, _] => {
            wrap!(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64)
        }
        _ => {
            return Err(wasmtime::Error::msg(format!(
                "no host function of the shape of {import}"
            )));
        }
    }?;
    Ok(())
}

/// The low half: all there is of a result that is 32 bits wide.
fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
