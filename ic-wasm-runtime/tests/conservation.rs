//! Cycles before are cycles after, and every call is answered once, whatever traps: random traffic from a seed.
//!
//! `TestSubnet::batch` checks the ledger after every batch.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use ic_types::{CanisterId, Content, Instructions, RequestId};
use ic_wasm_runtime::ExecutionLimits;
use ic_wasm_runtime::state::RequestStatus;
use subnet::*;

/// A world in which a seed decides everything, so that a failing seed is a bug report.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.roll(u64::try_from(from.len()).unwrap())).unwrap()]
    }
}

const METHODS: &[&str] = &[
    "inc",
    "get",
    "trap",
    "unreachable",
    "silent",
    "refuse",
    "take",
    "burn",
    "missing",
    "alarm",
    "echo",
    "spin",
];
const MANAGEMENT: &[&str] = &[
    "start_canister",
    "stop_canister",
    "uninstall_code",
    "canister_status",
    "deposit_cycles",
    "raw_rand",
    "no_such",
];

fn world(seed: u64) {
    let mut dice = Dice(seed);
    let limits = ExecutionLimits {
        update: Instructions::new(3_000_000),
        round: Instructions::new(40_000_000),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let canisters: Vec<CanisterId> = (0..3).map(|_| subnet.universal()).collect();
    let mut ids: Vec<RequestId> = Vec::new();
    for _ in 0..40 {
        let mut calls = Vec::new();
        for _ in 0..dice.roll(12) {
            let (a, b) = (*dice.pick(&canisters), *dice.pick(&canisters));
            let amount = [0, 7, 1_000_000_000, u64::MAX][usize::try_from(dice.roll(4)).unwrap()];
            let cycles = [0, 5, 2_000_000_000][usize::try_from(dice.roll(3)).unwrap()];
            let mode = u8::try_from(dice.roll(2)).unwrap();
            let method = *dice.pick(METHODS);
            let call = match dice.roll(10) {
                0 => subnet.call(
                    CanisterId::MANAGEMENT,
                    dice.pick::<&str>(MANAGEMENT),
                    &about(a),
                ),
                1 => {
                    let managed = forward(
                        CanisterId::MANAGEMENT,
                        dice.pick::<&str>(MANAGEMENT),
                        mode,
                        cycles,
                        &about(a),
                    );
                    subnet.call(b, "forward", &managed)
                }
                2 => subnet.call(a, "flood", b.as_slice()),
                3 => subnet.call(
                    a,
                    "forward_briefly",
                    &forward(b, method, mode, cycles, &amount.to_le_bytes()),
                ),
                4 => subnet.call(a, method, &amount.to_le_bytes()),
                5 => {
                    // A call that makes a call.
                    let inner = forward(a, method, mode, cycles, &amount.to_le_bytes());
                    subnet.call(a, "forward", &forward(b, "forward", 0, cycles, &inner))
                }
                _ => subnet.call(
                    a,
                    "forward",
                    &forward(b, method, mode, cycles, &amount.to_le_bytes()),
                ),
            };
            ids.push(call.id());
            calls.push(call);
        }
        // Long enough now and then for deadlines to pass.
        subnet.step = std::time::Duration::from_secs(1 + 10 * dice.roll(2));
        subnet.batch(calls);
    }
    // Whatever was uninstalled or stopped, everything comes to an end.
    for canister in &canisters {
        let start = subnet.call(CanisterId::MANAGEMENT, "start_canister", &about(*canister));
        subnet.batch(vec![start]);
    }
    subnet.step = std::time::Duration::from_millis(10);
    for _ in 0..600 {
        subnet.batch(Vec::new());
    }
    for id in &ids {
        let status = subnet.status(id);
        let open = matches!(
            status,
            Some(RequestStatus::Received | RequestStatus::Processing)
        );
        assert!(!open, "seed {seed}: {id} is {status:?}");
    }
    for canister in &canisters {
        let canister = subnet.state.canister(canister).unwrap();
        assert!(
            canister.calls.is_empty(),
            "seed {seed}: {:?}",
            canister.calls
        );
        assert!(
            canister.queues.is_empty(),
            "seed {seed}: {:?}",
            canister.queues
        );
    }
}

#[test]
fn random_traffic_conserves_cycles_and_answers_every_call() {
    for seed in 0..12 {
        world(seed);
    }
}
