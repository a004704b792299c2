//! The portable engine: wasmi, which interprets. Slower in long executions, no machine code, little to trust.

use wasmi::{
    Caller, CompilationMode, Config, Engine, Error, ExternType, F32, F64, FuncType, Global, Linker,
    Memory, Module, Nullable, Ref, Store, Table, TrapCode, TypedFunc, V128, Val, ValType,
};

use super::{CompileError, Finished, Function, Guest, Host, Instance, WasmEngine};
use crate::memory::GlobalValue;
use crate::module::{Instrumented, names};
use crate::system_api::{Closure, Import, Trap, permitted::Kind};

/// Nested calls, and bytes of values in all of them.
const CALL_DEPTH: usize = 20_000;
const STACK_BYTES: usize = 16 << 20;

/// Runs canisters with wasmi.
pub struct WasmiEngine {
    engine: Engine,
    narrow: Linker<Slot>,
    wide: Linker<Slot>,
}

impl std::fmt::Debug for WasmiEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WasmiEngine")
    }
}

impl WasmiEngine {
    /// An engine.
    ///
    /// # Errors
    /// Never on a healthy machine: if a host function cannot be defined.
    pub fn new() -> Result<Self, CompileError> {
        let engine = Engine::new(&config());
        Ok(Self {
            narrow: linker(&engine, false).map_err(failure)?,
            wide: linker(&engine, true).map_err(failure)?,
            engine,
        })
    }
}

/// Every switch that may change what code does, by name. NaNs are canonical by wasmi's feature `deterministic`;
/// threads, garbage collection and exceptions do not exist.
fn config() -> Config {
    let mut config = Config::default();
    config
        .wasm_mutable_global(true)
        .wasm_sign_extension(true)
        .wasm_saturating_float_to_int(true)
        .wasm_multi_value(true)
        .wasm_bulk_memory(true)
        .wasm_reference_types(true)
        .wasm_tail_call(true)
        .wasm_memory64(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .floats(true)
        // The module counts for itself.
        .consume_fuel(false)
        .set_max_recursion_depth(CALL_DEPTH)
        .set_max_stack_height(STACK_BYTES)
        // Validation has refused what is not valid: translate each function when it is first called.
        .compilation_mode(CompilationMode::LazyTranslation)
        .ignore_custom_sections(true);
    config
}

/// A module translated by wasmi.
#[derive(Clone)]
pub struct WasmiModule {
    module: Module,
    linker: Linker<Slot>,
    globals: usize,
}

/// An instance in wasmi.
pub struct WasmiInstance {
    store: Store<Slot>,
    instance: wasmi::Instance,
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

impl WasmEngine for WasmiEngine {
    type Module = WasmiModule;
    type Instance = WasmiInstance;

    fn compile(&self, module: &Instrumented) -> Result<WasmiModule, CompileError> {
        let translated = Module::new(&self.engine, module.code()).map_err(failure)?;
        let globals = translated.exports().filter(|export| {
            export.name() != names::INSTRUCTIONS && matches!(export.ty(), ExternType::Global(_))
        });
        Ok(WasmiModule {
            globals: globals.count(),
            linker: if module.heap().wide {
                self.wide.clone()
            } else {
                self.narrow.clone()
            },
            module: translated,
        })
    }

    fn instantiate(&self, module: &WasmiModule) -> Result<WasmiInstance, Trap> {
        let mut store = Store::new(&self.engine, Slot::default());
        let instance = module
            .linker
            .instantiate_and_start(&mut store, &module.module)
            .map_err(|error| match error.as_trap_code() {
                None if error.to_string().contains("table") => Trap::TableOutOfBounds,
                _ => trap(&error),
            })?;
        let missing = |name: &str| Trap::Engine {
            reason: format!("no export '{name}'"),
        };
        let heap = instance
            .get_memory(&store, names::HEAP)
            .ok_or_else(|| missing(names::HEAP))?;
        let counter = instance
            .get_global(&store, names::INSTRUCTIONS)
            .ok_or_else(|| missing(names::INSTRUCTIONS))?;
        let mut globals = Vec::with_capacity(module.globals);
        for position in 0..module.globals {
            let name = names::global(position);
            globals.push(
                instance
                    .get_global(&store, &name)
                    .ok_or_else(|| missing(&name))?,
            );
        }
        let table = instance.get_table(&store, names::TABLE);
        store.data_mut().heap = Some(heap);
        store.data_mut().counter = Some(counter);
        Ok(WasmiInstance {
            store,
            instance,
            heap,
            table,
            globals,
            counter,
        })
    }
}

impl Instance for WasmiInstance {
    fn heap(&mut self) -> &mut [u8] {
        self.heap.data_mut(&mut self.store)
    }

    fn grow_heap(&mut self, pages: u64) -> Result<(), Trap> {
        let grown = self.heap.grow(&mut self.store, pages);
        grown.map(|_| ()).map_err(|error| Trap::Engine {
            reason: error.to_string(),
        })
    }

    fn globals(&mut self) -> Vec<GlobalValue> {
        self.globals
            .iter()
            .map(|global| from_val(&global.get(&self.store)))
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
        let instructions = self.counter.get(&self.store).i64().unwrap_or(-1);
        let slot = self.store.data_mut();
        // What the host raised is what happened; the engine's own trap is only how the code was left.
        let outcome = match slot.trap.take() {
            Some(trap) => Err(trap),
            None => outcome,
        };
        Finished::new(slot.host.take(), outcome, instructions)
    }
}

impl WasmiInstance {
    fn call(&mut self, function: Function<'_>) -> Result<(), Trap> {
        match function {
            Function::Export(name) => {
                let function: TypedFunc<(), ()> = self
                    .instance
                    .get_typed_func(&self.store, name)
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
            .and_then(|table| table.get(&self.store, closure.function))
            .ok_or_else(bad)?;
        let Ref::Func(Nullable::Val(function)) = element else {
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

fn failure(error: impl std::fmt::Display) -> CompileError {
    CompileError {
        reason: error.to_string(),
    }
}

fn trap(error: &Error) -> Trap {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Trap::HeapOutOfBounds,
        Some(TrapCode::TableOutOfBounds) => Trap::TableOutOfBounds,
        Some(TrapCode::IntegerDivisionByZero) => Trap::DivisionByZero,
        Some(TrapCode::IntegerOverflow | TrapCode::BadConversionToInteger) => Trap::IntegerOverflow,
        Some(TrapCode::IndirectCallToNull) => Trap::NullReference,
        Some(TrapCode::BadSignature) => Trap::SignatureMismatch,
        Some(TrapCode::StackOverflow) => Trap::StackOverflow,
        Some(
            TrapCode::OutOfFuel | TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory,
        )
        | None => Trap::Engine {
            reason: error.to_string(),
        },
    }
}

fn from_val(value: &Val) -> GlobalValue {
    match value {
        Val::I32(value) => GlobalValue::I32(value.cast_unsigned()),
        Val::I64(value) => GlobalValue::I64(value.cast_unsigned()),
        Val::F32(value) => GlobalValue::F32(value.to_bits()),
        Val::F64(value) => GlobalValue::F64(value.to_bits()),
        Val::V128(value) => GlobalValue::V128(value.as_u128()),
        // Validation lets only numbers through.
        Val::FuncRef(_) | Val::ExternRef(_) => GlobalValue::I32(0),
    }
}

fn to_val(value: GlobalValue) -> Val {
    match value {
        GlobalValue::I32(value) => Val::I32(value.cast_signed()),
        GlobalValue::I64(value) => Val::I64(value.cast_signed()),
        GlobalValue::F32(bits) => Val::F32(F32::from_bits(bits)),
        GlobalValue::F64(bits) => Val::F64(F64::from_bits(bits)),
        GlobalValue::V128(value) => Val::V128(V128::from(value)),
    }
}

/// Calls the host on behalf of the module.
fn enter<T>(
    caller: &mut Caller<'_, Slot>,
    call: impl FnOnce(&mut dyn Host, Guest<'_>) -> Result<T, Trap>,
) -> Result<T, Error> {
    let (Some(heap), Some(counter)) = (caller.data().heap, caller.data().counter) else {
        // While an instance is being made, no code runs.
        return Err(TrapCode::UnreachableCodeReached.into());
    };
    let mut left = counter.get(&*caller).i64().unwrap_or(-1);
    let (bytes, slot) = heap.data_and_store_mut(&mut *caller);
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
    counter
        .set(caller, Val::I64(left))
        .map_err(|error| Error::new(error.to_string()))?;
    outcome.map_err(|()| TrapCode::UnreachableCodeReached.into())
}

fn linker(engine: &Engine, wide: bool) -> Result<Linker<Slot>, wasmi::errors::LinkerError> {
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
fn define(
    linker: &mut Linker<Slot>,
    import: Import,
    wide: bool,
) -> Result<(), wasmi::errors::LinkerError> {
    let value = move |kind: Kind| match kind {
        Kind::P if wide => ValType::I64,
        Kind::P | Kind::W32 => ValType::I32,
        Kind::W64 => ValType::I64,
    };
    let parameters = import.parameters().iter().copied().map(value);
    let ty = FuncType::new(parameters, import.result().map(value));
    linker.func_new(
        "ic0",
        import.name(),
        ty,
        move |mut caller, values, results| {
            let mut arguments = [0; 8];
            for (argument, value) in arguments.iter_mut().zip(values) {
                *argument = bits(value);
            }
            let arguments = arguments.get(..values.len()).unwrap_or(&arguments);
            let result = enter(&mut caller, |host, guest| {
                host.import(import, arguments, guest)
            })?;
            if let [place] = results {
                *place = match import.result().map(value) {
                    Some(ValType::I64) => Val::I64(result.cast_signed()),
                    _ => Val::I32(low(result).cast_signed()),
                };
            }
            Ok(())
        },
    )?;
    Ok(())
}

/// An integer, zero-extended.
fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(_) | Val::F64(_) | Val::V128(_) | Val::FuncRef(_) | Val::ExternRef(_) => 0,
    }
}

/// The low half: all there is of a result that is 32 bits wide.
fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
