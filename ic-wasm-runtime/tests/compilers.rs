//! Modules of real compilers under the executor: Motoko with both kinds of persistence, Rust with its CDK, Wasm text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use candid::{Decode, Encode};
use ic_types::CanisterId;
use ic_wasm_runtime::ErrorCode;
use subnet::*;

fn example(path: &str) -> Vec<u8> {
    let path = format!(
        "{}/../examples/canisters/{path}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn installed(subnet: &mut TestSubnet, module: &str) -> CanisterId {
    let canister = subnet.create();
    let argument = Encode!().unwrap();
    subnet
        .install(canister, Mode::install, &example(module), &argument)
        .unwrap_or_else(|refusal| panic!("{module}: {refusal}"));
    canister
}

fn nat(reply: &[u8]) -> u128 {
    Decode!(reply, u128).unwrap()
}

#[test]
fn motoko_keeps_its_state_over_an_upgrade() {
    for (first, second, persistence) in [
        ("motoko/classical_v1.wasm", "motoko/classical_v2.wasm", None),
        (
            "motoko/enhanced_v1.wasm",
            "motoko/enhanced_v2.wasm",
            Some(Persistence::keep),
        ),
    ] {
        let mut subnet = TestSubnet::default();
        let canister = installed(&mut subnet, first);
        let nothing = Encode!().unwrap();
        let ada = Encode!(&"Ada").unwrap();
        for expected in 1..=3 {
            assert_eq!(
                nat(&subnet.request(canister, "increment", &nothing).unwrap()),
                expected
            );
        }
        assert_eq!(nat(&subnet.request(canister, "visit", &ada).unwrap()), 1);
        assert_eq!(nat(&subnet.request(canister, "visit", &ada).unwrap()), 2);
        assert_eq!(
            nat(&subnet
                .request(canister, "incrementByCalls", &nothing)
                .unwrap()),
            5
        );

        let refusal = subnet.request(canister, "trap", &nothing).unwrap_err();
        assert_eq!(refusal.error, ErrorCode::CalledTrap);
        assert!(
            refusal.message.contains("trapped on request"),
            "{}",
            refusal.message
        );
        assert_eq!(nat(&subnet.query(canister, "read", &nothing).unwrap()), 5);
        let refusal = subnet.request(canister, "refuse", &nothing).unwrap_err();
        assert_eq!(refusal.error, ErrorCode::CanisterReject);
        assert_eq!(nat(&subnet.query(canister, "read", &nothing).unwrap()), 6);

        let upgrade = persistence.map(|persistence| Upgrade {
            skip_pre_upgrade: None,
            wasm_memory_persistence: Some(persistence),
        });
        if persistence.is_some() {
            // SYS-244: what is to become of the memory has to be said.
            let refused = subnet.install(canister, Mode::upgrade(None), &example(second), &nothing);
            assert_eq!(refused.unwrap_err().error, ErrorCode::MissingUpgradeOption);
        }
        subnet
            .install(canister, Mode::upgrade(upgrade), &example(second), &nothing)
            .unwrap();
        assert_eq!(
            nat(&subnet.query(canister, "version", &nothing).unwrap()),
            2
        );
        assert_eq!(nat(&subnet.query(canister, "read", &nothing).unwrap()), 6);
        let visits = subnet.query(canister, "visitsOf", &ada).unwrap();
        assert_eq!(Decode!(&visits, Option<u128>).unwrap(), Some(2));
        assert_eq!(
            nat(&subnet.request(canister, "increment", &nothing).unwrap()),
            7
        );
        assert_eq!(nat(&subnet.request(canister, "leave", &ada).unwrap()), 1);

        if persistence.is_some() {
            // SYS-245: a module without the section cannot keep.
            let classical = example("motoko/classical_v2.wasm");
            let refused = subnet.install(canister, Mode::upgrade(upgrade), &classical, &nothing);
            assert_eq!(refused.unwrap_err().error, ErrorCode::InvalidUpgradeOption);
        }
    }
}

#[test]
fn rust_counts_greets_sets_timers_and_draws_randomness() {
    let mut subnet = TestSubnet::default();
    let canister = installed(&mut subnet, "rust/greeter.wasm");
    let nothing = Encode!().unwrap();
    let greeting = subnet
        .query(canister, "greet", &Encode!(&"Ada").unwrap())
        .unwrap();
    assert_eq!(Decode!(&greeting, String).unwrap(), "Hello, Ada!");
    let caller = subnet.query(canister, "whoami", &nothing).unwrap();
    let caller = Decode!(&caller, candid::Principal).unwrap();
    assert_eq!(caller.as_slice(), subnet.sender.as_slice());
    let count = |reply: Vec<u8>| Decode!(&reply, u64).unwrap();
    assert_eq!(
        count(subnet.request(canister, "increment", &nothing).unwrap()),
        1
    );
    assert_eq!(
        count(
            subnet
                .request(canister, "increment_by_calls", &nothing)
                .unwrap()
        ),
        3
    );
    let random = subnet.request(canister, "random", &nothing).unwrap();
    assert_eq!(Decode!(&random, serde_bytes::ByteBuf).unwrap().len(), 32);

    subnet
        .request(canister, "tick_after", &Encode!(&1500u64).unwrap())
        .unwrap();
    assert_eq!(count(subnet.query(canister, "ticks", &nothing).unwrap()), 0);
    for _ in 0..5 {
        subnet.batch(Vec::new());
    }
    assert_eq!(count(subnet.query(canister, "ticks", &nothing).unwrap()), 1);

    let refusal = subnet
        .request(canister, "trap", &Encode!(&"on purpose").unwrap())
        .unwrap_err();
    assert!(
        refusal.message.contains("on purpose"),
        "{}",
        refusal.message
    );
    // The state goes through stable memory.
    subnet
        .install(
            canister,
            Mode::upgrade(None),
            &example("rust/greeter.wasm"),
            &nothing,
        )
        .unwrap();
    assert_eq!(count(subnet.query(canister, "count", &nothing).unwrap()), 3);

    // The certificate is the one that the embedder passes (CERT-112, CERT-113).
    let certified = subnet
        .query_with(
            canister,
            "count_certified",
            &nothing,
            Some(b"a certificate"),
        )
        .unwrap();
    let (_, certificate) = Decode!(&certified, u64, Option<serde_bytes::ByteBuf>).unwrap();
    assert_eq!(certificate.unwrap().as_slice(), b"a certificate");
}

#[test]
fn motoko_calls_wasm_text_and_wasm_text_calls_rust() {
    let mut subnet = TestSubnet::default();
    let motoko = installed(&mut subnet, "motoko/enhanced_v2.wasm");
    let callee = installed(&mut subnet, "calls/callee.wasm");
    let caller = installed(&mut subnet, "calls/caller.wasm");
    // An actor reference travels as a service, whose bytes are those of a principal behind another type.
    let principal = wire(callee);
    for (method, expected) in [
        ("double", (0u32, "")),
        ("refuse", (4, "refused")),
        ("trap", (5, "trapped")),
        ("silent", (5, "reply")),
    ] {
        let argument = Encode!(&principal, &method, &21u64).unwrap();
        let reply = subnet.request(caller, "probe", &argument).unwrap();
        let (code, message) = Decode!(&reply, u32, String).unwrap();
        assert_eq!(code, expected.0, "{method}: {message}");
        assert!(message.contains(expected.1), "{method}: {message}");
    }
    let argument = Encode!(&principal, &"double", &21u64).unwrap();
    assert_eq!(
        Decode!(&subnet.request(caller, "forward", &argument).unwrap(), u64).unwrap(),
        42
    );
    assert!(
        subnet
            .request(caller, "forward_then_trap", &argument)
            .is_err()
    );
    let cleanups = subnet
        .query(caller, "cleanups", &Encode!().unwrap())
        .unwrap();
    assert_eq!(Decode!(&cleanups, u64).unwrap(), 1);
    let nothing = Encode!().unwrap();
    assert_eq!(
        nat(&subnet
            .request(motoko, "incrementByCalls", &nothing)
            .unwrap()),
        2
    );
}
