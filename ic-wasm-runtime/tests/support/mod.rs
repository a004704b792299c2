//! One canister on one engine: what the tests of executions share.

use std::sync::Arc;

use ic_types::{ByteCount, CanisterId, Cycles, Instructions, Principal, SubnetId, Time};
use ic_wasm_runtime::engine::{EngineSandbox, WasmEngine};
use ic_wasm_runtime::memory::ExecutionState;
use ic_wasm_runtime::module::{CostTable, Instrumented, InvalidModule, decode};
use ic_wasm_runtime::sandbox::Sandbox;
use ic_wasm_runtime::system_api::{
    CallContext, CallPrice, CanisterStatus, Completed, Entry, Environment, ExecutionInput,
    ExecutionOutput, Funds, KeyScheme, Limits, Response, Tariff,
};

/// Prices that are easy to add up.
#[derive(Debug)]
pub struct Prices;

impl Tariff for Prices {
    fn frozen(&self, memory: ByteCount) -> Cycles {
        Cycles::new(u128::from(memory.get() / 65_536) * 1_000)
    }

    fn call(&self, name: ByteCount, payload: ByteCount) -> CallPrice {
        let bytes = u128::from(name.get()) + u128::from(payload.get());
        CallPrice {
            request: Cycles::new(100 + bytes),
            answer: Cycles::new(2_000),
            callback: Cycles::new(30_000),
        }
    }

    fn create_canister(&self) -> Cycles {
        Cycles::new(500)
    }

    fn http_request(&self, request: ByteCount, response: ByteCount) -> Cycles {
        Cycles::new(u128::from(request.get()) + 2 * u128::from(response.get()))
    }

    fn threshold_key(&self, scheme: KeyScheme, name: &str) -> Option<Cycles> {
        match (scheme, name) {
            (KeyScheme::EcdsaSecp256k1, "key_1") => Some(Cycles::new(26)),
            (KeyScheme::SchnorrEd25519, "key_1") => Some(Cycles::new(27)),
            _ => None,
        }
    }
}

pub fn user() -> Principal {
    Principal::try_from_slice(&[7; 10]).unwrap()
}

pub fn instrument(wasm: &[u8]) -> Result<Arc<Instrumented>, InvalidModule> {
    Instrumented::new(&decode(wasm)?, CostTable::CURRENT).map(Arc::new)
}

pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A module that ships with the examples.
pub fn example(path: &str) -> Vec<u8> {
    let path = format!(
        "{}/../examples/canisters/{path}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A canister: an engine, and the state after what was committed.
pub struct Canister<E: WasmEngine> {
    pub sandbox: EngineSandbox<E>,
    pub state: ExecutionState,
    pub environment: Environment,
    pub balance: Cycles,
    pub limits: Limits,
}

impl<E: WasmEngine> Canister<E> {
    pub fn new(engine: E, wasm: &[u8]) -> Self {
        Self {
            sandbox: EngineSandbox::new(engine),
            state: ExecutionState::new(instrument(wasm).unwrap()),
            environment: environment(),
            balance: Cycles::new(1_000_000_000),
            limits: Limits::update(Instructions::new(5_000_000_000)),
        }
    }

    pub fn wat(engine: E, text: &str) -> Self {
        Self::new(engine, &wat(text))
    }

    pub fn input(&self, entry: Entry) -> ExecutionInput {
        ExecutionInput {
            entry,
            environment: self.environment.clone(),
            funds: Funds {
                balance: self.balance,
                tariff: Arc::new(Prices),
            },
            limits: self.limits,
            room: Arc::default(),
        }
    }

    /// Runs without keeping anything.
    pub fn try_run(&self, entry: Entry) -> ExecutionOutput {
        self.sandbox.execute(&self.state, self.input(entry))
    }

    /// Runs and keeps the new state; panics if it traps.
    pub fn run(&mut self, entry: Entry) -> Completed {
        let output = self.try_run(entry);
        let completed = output
            .outcome
            .unwrap_or_else(|trap| panic!("{trap}, log {:?}", output.log));
        self.state = completed.state.clone();
        completed
    }

    /// Start function and `canister_init`.
    pub fn install(&mut self, argument: &[u8]) {
        self.run(Entry::Start);
        self.run(Entry::Init {
            caller: user(),
            argument: argument.to_vec(),
        });
    }

    pub fn update(&mut self, method: &str, argument: &[u8]) -> Vec<u8> {
        reply(&self.run(update(method, argument)))
    }

    pub fn query(&self, method: &str, argument: &[u8]) -> Vec<u8> {
        let output = self.try_run(query(method, argument));
        reply(&output.outcome.unwrap_or_else(|trap| panic!("{trap}")))
    }
}

pub fn environment() -> Environment {
    Environment {
        canister: CanisterId::from_u64(1),
        subnet: SubnetId::new(Principal::try_from_slice(&[9; 29]).unwrap()),
        subnet_nodes: 4,
        time: Time::from_nanos(1_620_328_630_000_000_001),
        status: CanisterStatus::Running,
        version: 3,
        controllers: Arc::from([user()]),
        variables: Arc::from([
            ("A".to_owned(), "one".to_owned()),
            ("B".to_owned(), "two".to_owned()),
        ]),
        root_key: Arc::from([5; 133]),
        global_timer: None,
        free_bytes: false,
    }
}

pub fn update(method: &str, argument: &[u8]) -> Entry {
    let call = CallContext::from_caller(user());
    Entry::Update {
        method: method.to_owned(),
        argument: argument.to_vec(),
        call,
    }
}

pub fn query(method: &str, argument: &[u8]) -> Entry {
    let call = CallContext::from_caller(user());
    Entry::Query {
        method: method.to_owned(),
        argument: argument.to_vec(),
        call,
        certificate: None,
    }
}

pub fn reply(completed: &Completed) -> Vec<u8> {
    match &completed.effects.response {
        Some(Response::Reply(reply)) => reply.clone(),
        other => panic!("expected a reply, got {other:?}"),
    }
}
