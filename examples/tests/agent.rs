//! An agent written by others, `ic-agent`, against a running subnet: it verifies every certificate down to the root
//! key and every signature of a node under a query's answer, and is left to do so.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test"
)]

mod common;

use candid::{CandidType, Decode, Encode, Nat, Principal};
use common::{Served, module};
use ic_agent::agent::RejectCode;
use ic_agent::identity::{BasicIdentity, Secp256k1Identity};
use ic_agent::{Agent, AgentError, Identity};
use serde::{Deserialize, Serialize};

/// An agent with certificate and query verification as they come: on.
fn agent(served: &Served, identity: impl Identity + 'static) -> Agent {
    let agent = Agent::builder()
        .with_url(served.url())
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(served.root_key().to_vec());
    agent
}

fn alice() -> BasicIdentity {
    BasicIdentity::from_raw_key(&[1; 32])
}

#[derive(CandidType)]
struct ProvisionalCreate {
    amount: Option<Nat>,
}

#[derive(CandidType, Deserialize)]
struct CanisterRecord {
    canister_id: Principal,
}

#[derive(CandidType, Serialize)]
enum Keep {
    #[serde(rename = "keep")]
    Keep,
}

#[derive(CandidType, Serialize)]
struct Upgrade {
    wasm_memory_persistence: Option<Keep>,
}

#[derive(CandidType, Serialize)]
enum Mode {
    #[serde(rename = "install")]
    Install,
    #[serde(rename = "upgrade")]
    Upgrade(Option<Upgrade>),
}

#[derive(CandidType)]
struct InstallCode {
    mode: Mode,
    canister_id: Principal,
    wasm_module: Vec<u8>,
    arg: Vec<u8>,
}

async fn create(agent: &Agent) -> Principal {
    let reply = agent
        .update(
            &Principal::management_canister(),
            "provisional_create_canister_with_cycles",
        )
        .with_effective_canister_id(Principal::management_canister())
        .with_arg(Encode!(&ProvisionalCreate { amount: None }).unwrap())
        .call_and_wait()
        .await
        .unwrap();
    Decode!(&reply, CanisterRecord).unwrap().canister_id
}

async fn install(agent: &Agent, canister: Principal, mode: Mode, wasm_module: Vec<u8>) {
    let install = InstallCode {
        mode,
        canister_id: canister,
        wasm_module,
        arg: Encode!().unwrap(),
    };
    agent
        .update(&Principal::management_canister(), "install_code")
        .with_effective_canister_id(canister)
        .with_arg(Encode!(&install).unwrap())
        .call_and_wait()
        .await
        .unwrap();
}

async fn update(
    agent: &Agent,
    canister: Principal,
    method: &str,
    argument: Vec<u8>,
) -> Result<Vec<u8>, AgentError> {
    agent
        .update(&canister, method)
        .with_arg(argument)
        .call_and_wait()
        .await
}

async fn query(
    agent: &Agent,
    canister: Principal,
    method: &str,
    argument: Vec<u8>,
) -> Result<Vec<u8>, AgentError> {
    agent
        .query(&canister, method)
        .with_arg(argument)
        .call()
        .await
}

/// The reject of a call, which must have come with a certificate.
fn certified_reject(result: Result<Vec<u8>, AgentError>) -> (RejectCode, String) {
    match result {
        Err(AgentError::CertifiedReject { reject, .. }) => {
            (reject.reject_code, reject.reject_message)
        }
        other => panic!("not a certified reject: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rust_canister_from_creation_to_trap() {
    let served = Served::start(4).await;
    let agent = agent(&served, alice());

    let status = agent.status().await.unwrap();
    assert_eq!(status.root_key.as_deref(), Some(served.root_key()));
    assert_eq!(status.replica_health_status.as_deref(), Some("healthy"));

    let canister = create(&agent).await;
    let wasm = module("rust/greeter.wasm");
    install(&agent, canister, Mode::Install, wasm.clone()).await;

    // Updates and queries see each other.
    let count = update(&agent, canister, "increment", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&count, u64).unwrap(), 1);
    let count = query(&agent, canister, "count", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&count, u64).unwrap(), 1);
    let count = update(&agent, canister, "increment_by_calls", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&count, u64).unwrap(), 3);
    let greeting = query(&agent, canister, "greet", Encode!(&"you").unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&greeting, String).unwrap(), "Hello, you!");
    let me = query(&agent, canister, "whoami", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&me, Principal).unwrap(), alice().sender().unwrap());

    // What the state says of the canister, certified.
    let hash = agent
        .read_state_canister_module_hash(canister)
        .await
        .unwrap();
    assert_eq!(hash, ic_types::Digest::of(&wasm).as_bytes());
    let controllers = agent
        .read_state_canister_controllers(canister)
        .await
        .unwrap();
    assert_eq!(controllers, [alice().sender().unwrap()]);
    let interface = agent
        .read_state_canister_metadata(canister, "candid:service")
        .await
        .unwrap();
    assert!(String::from_utf8(interface).unwrap().contains("increment"));

    // A trap is undone, and the reject that tells of it is certified; so is a reject that the canister chose.
    let (code, text) =
        certified_reject(update(&agent, canister, "trap", Encode!(&"on purpose").unwrap()).await);
    assert_eq!(code, RejectCode::CanisterError);
    assert!(text.contains("on purpose"), "{text}");
    let (code, text) =
        certified_reject(update(&agent, canister, "refuse", Encode!(&"no").unwrap()).await);
    assert_eq!((code, text.as_str()), (RejectCode::CanisterReject, "no"));
    let count = query(&agent, canister, "count", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(
        Decode!(&count, u64).unwrap(),
        4,
        "the trap left no trace, the reject did"
    );

    // A query that is refused is signed too, or the agent would say so.
    match query(&agent, canister, "no_such_method", Encode!().unwrap()).await {
        Err(AgentError::UncertifiedReject { reject, .. }) => {
            assert_eq!(reject.reject_code, RejectCode::CanisterError)
        }
        other => panic!("not a reject: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_motoko_canister_keeps_its_state_over_an_upgrade() {
    let served = Served::start(4).await;
    let agent = agent(&served, alice());

    for (first, second, keep) in [
        ("motoko/enhanced_v1.wasm", "motoko/enhanced_v2.wasm", true),
        (
            "motoko/classical_v1.wasm",
            "motoko/classical_v2.wasm",
            false,
        ),
    ] {
        let canister = create(&agent).await;
        install(&agent, canister, Mode::Install, module(first)).await;
        for expected in 1u32..=3 {
            let count = update(&agent, canister, "increment", Encode!().unwrap())
                .await
                .unwrap();
            assert_eq!(Decode!(&count, Nat).unwrap(), expected);
        }
        update(&agent, canister, "visit", Encode!(&"Ada").unwrap())
            .await
            .unwrap();
        let (code, text) =
            certified_reject(update(&agent, canister, "trap", Encode!().unwrap()).await);
        assert_eq!(code, RejectCode::CanisterError);
        assert!(text.contains("trapped on request"), "{text}");

        let persistence = keep.then_some(Upgrade {
            wasm_memory_persistence: Some(Keep::Keep),
        });
        install(&agent, canister, Mode::Upgrade(persistence), module(second)).await;

        let version = query(&agent, canister, "version", Encode!().unwrap())
            .await
            .unwrap();
        assert_eq!(Decode!(&version, Nat).unwrap(), 2u32);
        let count = query(&agent, canister, "read", Encode!().unwrap())
            .await
            .unwrap();
        assert_eq!(Decode!(&count, Nat).unwrap(), 3u32, "{first} to {second}");
        let visits = query(&agent, canister, "visitsOf", Encode!(&"Ada").unwrap())
            .await
            .unwrap();
        assert_eq!(
            Decode!(&visits, Option<Nat>).unwrap(),
            Some(Nat::from(1u32))
        );
        let count = update(&agent, canister, "incrementByCalls", Encode!().unwrap())
            .await
            .unwrap();
        assert_eq!(Decode!(&count, Nat).unwrap(), 5u32);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_other_users() {
    let served = Served::start(1).await;
    let agent = agent(&served, alice());
    let canister = create(&agent).await;
    install(&agent, canister, Mode::Install, module("rust/greeter.wasm")).await;

    let secret = k256::SecretKey::from_slice(&[7; 32]).unwrap();
    let bob = self::agent(&served, Secp256k1Identity::from_private_key(secret));
    let them = query(&bob, canister, "whoami", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(
        Decode!(&them, Principal).unwrap(),
        bob.get_principal().unwrap()
    );
    let nobody = self::agent(&served, ic_agent::identity::AnonymousIdentity);
    let them = query(&nobody, canister, "whoami", Encode!().unwrap())
        .await
        .unwrap();
    assert_eq!(Decode!(&them, Principal).unwrap(), Principal::anonymous());

    // Not a controller: refused before it is ordered, so by one node and without a certificate.
    let refused = bob
        .update(&Principal::management_canister(), "stop_canister")
        .with_effective_canister_id(canister)
        .with_arg(
            Encode!(&CanisterRecord {
                canister_id: canister
            })
            .unwrap(),
        )
        .call_and_wait()
        .await;
    assert!(
        matches!(refused, Err(AgentError::UncertifiedReject { .. })),
        "{refused:?}"
    );
}
