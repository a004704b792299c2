//! Engines: what compiles and runs a rewritten module. The embedder may bring another.
//!
//! An engine knows nothing of the Internet Computer. It gives a module its memory, calls functions, and turns
//! each call of an import into a call of [`Host::import`]. It does not count: the module does ([`crate::module`]).

mod guest;
mod sandbox;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use std::any::Any;
use std::sync::Arc;

pub use self::guest::Guest;
pub use self::sandbox::EngineSandbox;
#[cfg(feature = "wasmi")]
pub use self::wasmi::{WasmiEngine, WasmiInstance, WasmiModule};
#[cfg(feature = "wasmtime")]
pub use self::wasmtime::{WasmtimeEngine, WasmtimeInstance, WasmtimeModule};
use crate::memory::GlobalValue;
use crate::module::Instrumented;
use crate::system_api::{Closure, Import, Trap};

/// Compiles and runs modules.
///
/// # Determinism
/// Two engines, or two versions of one, must give the same memories, globals, traps and counts for the same
/// module and host. Three things are theirs to get right: NaNs are canonical, threads and relaxed SIMD are off,
/// and a call stack that is too deep traps. How deep that is differs between engines, so the nodes of one
/// subnet must run the same one.
pub trait WasmEngine: Send + Sync {
    /// A compiled module: cheap to clone.
    type Module: Clone + Send + Sync;
    /// A module with memory, globals and table.
    type Instance: Instance;

    /// Compiles a module.
    ///
    /// # Errors
    /// If the engine cannot: never for a module that validation let through, on a healthy machine.
    fn compile(&self, module: &Instrumented) -> Result<Self::Module, CompileError>;

    /// Makes an instance: memory of the declared size and all zero, globals and table as declared.
    ///
    /// # Errors
    /// If an element segment does not fit the table ([`Trap::TableOutOfBounds`]), or the machine has no memory.
    fn instantiate(&self, module: &Self::Module) -> Result<Self::Instance, Trap>;
}

/// One engine for several sandboxes.
impl<E: WasmEngine> WasmEngine for Arc<E> {
    type Module = E::Module;
    type Instance = E::Instance;

    fn compile(&self, module: &Instrumented) -> Result<Self::Module, CompileError> {
        self.as_ref().compile(module)
    }

    fn instantiate(&self, module: &Self::Module) -> Result<Self::Instance, Trap> {
        self.as_ref().instantiate(module)
    }
}

/// A module that can run.
pub trait Instance: Send {
    /// The heap.
    fn heap(&mut self) -> &mut [u8];

    /// Makes the heap larger by `pages` of 64 KiB, all zero.
    ///
    /// # Errors
    /// If the machine has no memory, or the module's maximum forbids it.
    fn grow_heap(&mut self, pages: u64) -> Result<(), Trap>;

    /// The values of the mutable globals, in the order of their declaration.
    fn globals(&mut self) -> Vec<GlobalValue>;

    /// Sets the mutable globals. What does not fit the declaration is ignored.
    fn set_globals(&mut self, values: &[GlobalValue]);

    /// Calls a function with `instructions` left to spend.
    fn run(&mut self, function: Function<'_>, instructions: i64, host: Box<dyn Host>) -> Finished;
}

/// What to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function<'a> {
    /// An export without parameters and results.
    Export(&'a str),
    /// An element of the table, with its parameter.
    Closure(Closure),
}

/// How a call ended.
#[non_exhaustive]
pub struct Finished {
    /// The host that was lent.
    pub host: Box<dyn Host>,
    /// Whether the function returned. A trap that the host raised is given back as it was.
    pub outcome: Result<(), Trap>,
    /// The counter, below zero if the instructions did not last.
    pub instructions: i64,
}

impl Finished {
    /// The end of a call, with the host as the engine gives it back.
    pub fn new(host: Option<Box<dyn Host>>, outcome: Result<(), Trap>, instructions: i64) -> Self {
        match host {
            Some(host) => Self {
                host,
                outcome,
                instructions,
            },
            // The engine lent the host to nobody else, so it is there; and if not, nobody is harmed.
            None => Self {
                host: Box::new(Nobody),
                outcome: Err(nobody()),
                instructions,
            },
        }
    }
}

/// Stands in for a host that is gone.
struct Nobody;

impl Host for Nobody {
    fn import(&mut self, _: Import, _: &[u64], _: Guest<'_>) -> Result<u64, Trap> {
        Err(nobody())
    }

    fn grow(&mut self, _: u64, _: Guest<'_>) -> Result<bool, Trap> {
        Err(nobody())
    }

    fn out_of_instructions(&mut self, _: i64) -> Result<i64, Trap> {
        Err(nobody())
    }
}

fn nobody() -> Trap {
    Trap::Engine {
        reason: "the host is gone".to_owned(),
    }
}

/// What a module's imports call.
pub trait Host: Any + Send {
    /// One call of an import. Arguments and result are zero-extended; the result is 0 if there is none.
    ///
    /// # Errors
    /// The trap that ends the execution.
    fn import(&mut self, import: Import, arguments: &[u64], guest: Guest<'_>) -> Result<u64, Trap>;

    /// Whether the heap may grow by `pages`; the module is told -1 if not.
    ///
    /// # Errors
    /// The trap that ends the execution.
    fn grow(&mut self, pages: u64, guest: Guest<'_>) -> Result<bool, Trap>;

    /// The counter is below zero. Gives what to go on with.
    ///
    /// # Errors
    /// The trap that ends the execution.
    fn out_of_instructions(&mut self, left: i64) -> Result<i64, Trap>;
}

/// The engine could not compile a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine cannot compile the module: {reason}")]
pub struct CompileError {
    /// What the engine says.
    pub reason: String,
}
