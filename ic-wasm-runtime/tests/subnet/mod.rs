//! A subnet in a test: a state, an executor, and one batch after the other.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test; each file uses a part"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use candid::{CandidType, Encode};
use ic_types::{
    Batch, Call, CanisterId, Content, DerPublicKey, Height, NodeId, Nonce, Principal, Query,
    Randomness, RegistryVersion, RequestId, Time, UserId,
};
use ic_wasm_runtime::engine::{EngineSandbox, WasmtimeEngine};
use ic_wasm_runtime::state::RequestStatus;
use ic_wasm_runtime::{BatchReport, ExecutionLimits, Executor, Refusal, ReplicatedState, Subnet};

pub const START: u64 = 1_700_000_000_000_000_000;
pub const UNIVERSAL: &str = include_str!("canister.wat");

pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

pub fn user(number: u8) -> UserId {
    UserId::of_key(&DerPublicKey::new(vec![number]))
}

pub fn genesis() -> Subnet {
    let keys = (1..=4).map(|node| DerPublicKey::new(vec![node; 44]));
    let nodes: BTreeMap<NodeId, DerPublicKey> =
        keys.map(|key| (NodeId::of_key(&key), key)).collect();
    Subnet::root(DerPublicKey::new(vec![7; 133]), nodes)
}

pub fn executor(limits: ExecutionLimits) -> Executor<EngineSandbox<WasmtimeEngine>> {
    let engine = WasmtimeEngine::new().unwrap_or_else(|error| panic!("{error:?}"));
    Executor::new(EngineSandbox::new(engine), limits)
}

pub struct TestSubnet {
    pub executor: Executor<EngineSandbox<WasmtimeEngine>>,
    pub state: ReplicatedState,
    pub batches: Vec<Batch>,
    nonce: u64,
    pub sender: UserId,
    pub step: Duration,
}

/// `canister_id` of a reply.
#[derive(CandidType, candid::Deserialize)]
pub struct Created {
    pub canister_id: candid::Principal,
}

#[derive(CandidType)]
pub struct Settings {
    pub freezing_threshold: Option<u128>,
    pub controllers: Option<Vec<candid::Principal>>,
}

#[derive(CandidType)]
pub struct Install {
    pub mode: Mode,
    pub canister_id: candid::Principal,
    pub wasm_module: serde_bytes::ByteBuf,
    pub arg: serde_bytes::ByteBuf,
    pub sender_canister_version: Option<u64>,
}

#[derive(CandidType, Clone, Copy)]
#[allow(non_camel_case_types, reason = "as on the wire")]
pub enum Persistence {
    keep,
    replace,
}

#[derive(CandidType, Clone, Copy)]
pub struct Upgrade {
    pub skip_pre_upgrade: Option<bool>,
    pub wasm_memory_persistence: Option<Persistence>,
}

#[derive(CandidType, Clone, Copy)]
#[allow(non_camel_case_types, reason = "as on the wire")]
pub enum Mode {
    install,
    reinstall,
    upgrade(Option<Upgrade>),
}

#[derive(CandidType)]
pub struct About {
    pub canister_id: candid::Principal,
}

pub fn wire(canister: CanisterId) -> candid::Principal {
    candid::Principal::from_slice(canister.as_slice())
}

pub fn about(canister: CanisterId) -> Vec<u8> {
    Encode!(&About {
        canister_id: wire(canister)
    })
    .unwrap()
}

impl Default for TestSubnet {
    fn default() -> Self {
        Self::new(ExecutionLimits::default())
    }
}

impl TestSubnet {
    pub fn new(limits: ExecutionLimits) -> Self {
        Self::of(genesis(), limits)
    }

    pub fn of(subnet: Subnet, limits: ExecutionLimits) -> Self {
        Self {
            executor: executor(limits),
            state: ReplicatedState::genesis(subnet, Time::from_nanos(START)),
            batches: Vec::new(),
            nonce: 0,
            sender: user(1),
            step: Duration::from_secs(1),
        }
    }

    pub fn call(&mut self, canister: CanisterId, method: &str, argument: &[u8]) -> Call {
        self.nonce += 1;
        Call {
            sender: self.sender,
            expiry: self.state.time().saturating_add(Duration::from_secs(240)),
            nonce: Nonce::try_from(self.nonce.to_be_bytes().as_slice()).ok(),
            canister,
            method: method.to_owned(),
            argument: argument.to_vec(),
            sender_info: None,
        }
    }

    /// Executes one batch, and checks what must hold after each.
    pub fn batch(&mut self, messages: Vec<Call>) -> BatchReport {
        let report = self.timed(messages);
        let ledger = self.state.ledger();
        assert!(
            ledger.balances(),
            "{ledger:?} after batch {}",
            self.height()
        );
        report
    }

    /// Executes one batch.
    pub fn timed(&mut self, messages: Vec<Call>) -> BatchReport {
        let height = self.state.height().next().unwrap();
        let batch = Batch {
            height,
            time: self.state.time().saturating_add(self.step),
            randomness: Randomness::new([u8::try_from(height.get() % 251).unwrap(); 32]),
            registry: RegistryVersion::new(1),
            messages,
            checkpoint: false,
        };
        let report = self.executor.execute(&mut self.state, &batch).unwrap();
        self.batches.push(batch);
        report
    }

    pub fn status(&self, id: &RequestId) -> Option<RequestStatus> {
        self.state.request(id).map(|record| record.status.clone())
    }

    /// Calls, and executes batches until there is an outcome.
    pub fn request(
        &mut self,
        canister: CanisterId,
        method: &str,
        argument: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let call = self.call(canister, method, argument);
        let id = call.id();
        self.batch(vec![call]);
        self.wait(&id)
    }

    pub fn wait(&mut self, id: &RequestId) -> Result<Vec<u8>, Refusal> {
        for _ in 0..100 {
            match self.status(id) {
                Some(RequestStatus::Replied(reply)) => return Ok(reply.to_vec()),
                Some(RequestStatus::Rejected(refusal)) => return Err(refusal),
                Some(RequestStatus::Received | RequestStatus::Processing) => {
                    self.batch(Vec::new());
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("no answer after 100 batches")
    }

    pub fn manage(&mut self, method: &str, argument: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.request(CanisterId::MANAGEMENT, method, argument)
    }

    pub fn create(&mut self) -> CanisterId {
        #[derive(CandidType)]
        struct Provisional {
            amount: Option<u128>,
        }
        let argument = Encode!(&Provisional { amount: None }).unwrap();
        let reply = self
            .manage("provisional_create_canister_with_cycles", &argument)
            .unwrap();
        let created: Created = candid::decode_one(&reply).unwrap();
        CanisterId::new(Principal::try_from_slice(created.canister_id.as_slice()).unwrap())
    }

    pub fn install(
        &mut self,
        canister: CanisterId,
        mode: Mode,
        module: &[u8],
        argument: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let argument = Encode!(&Install {
            mode,
            canister_id: wire(canister),
            wasm_module: module.to_vec().into(),
            arg: argument.to_vec().into(),
            sender_canister_version: None,
        })
        .unwrap();
        self.manage("install_code", &argument)
    }

    /// A new canister with the module of `canister.wat`.
    pub fn universal(&mut self) -> CanisterId {
        let canister = self.create();
        self.install(canister, Mode::install, &wat(UNIVERSAL), b"")
            .unwrap();
        canister
    }

    pub fn query(
        &self,
        canister: CanisterId,
        method: &str,
        argument: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        self.query_with(canister, method, argument, None)
    }

    pub fn query_with(
        &self,
        canister: CanisterId,
        method: &str,
        argument: &[u8],
        certificate: Option<&[u8]>,
    ) -> Result<Vec<u8>, Refusal> {
        let query = Query {
            sender: self.sender,
            expiry: self.state.time(),
            nonce: None,
            canister,
            method: method.to_owned(),
            argument: argument.to_vec(),
            sender_info: None,
        };
        self.executor.query(&self.state, &query, certificate)
    }

    pub fn counter(&self, canister: CanisterId) -> u64 {
        number(&self.query(canister, "get", b"").unwrap())
    }

    pub fn balance(&self, canister: CanisterId) -> u128 {
        self.state.canister(&canister).unwrap().balance.get()
    }

    pub fn height(&self) -> Height {
        self.state.height()
    }
}

pub fn number(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(number)
}

/// The argument of `forward`.
pub fn forward(callee: CanisterId, method: &str, mode: u8, cycles: u64, payload: &[u8]) -> Vec<u8> {
    let mut argument = vec![u8::try_from(callee.as_slice().len()).unwrap()];
    argument.extend_from_slice(callee.as_slice());
    argument.push(u8::try_from(method.len()).unwrap());
    argument.extend_from_slice(method.as_bytes());
    argument.push(mode);
    argument.extend_from_slice(&cycles.to_le_bytes());
    argument.extend_from_slice(payload);
    argument
}
