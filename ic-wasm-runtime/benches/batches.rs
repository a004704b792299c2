//! What batches and queries cost: `cargo bench -p ic-wasm-runtime --bench batches`.
//!
//! Prints one line for each case: the median over repetitions, for one message or one batch.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock"
)]

#[path = "../tests/subnet/mod.rs"]
mod subnet;

use std::time::{Duration, Instant};

use ic_types::{CanisterId, Instructions};
use ic_wasm_runtime::ExecutionLimits;
use subnet::*;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(what: &str, per: u32, times: Vec<Duration>) {
    println!("{what:<60} {:>12.2?}", median(times) / per);
}

fn limits() -> ExecutionLimits {
    ExecutionLimits {
        round: Instructions::new(1 << 50),
        ..ExecutionLimits::default()
    }
}

/// Times batches of `count` calls.
fn batches(
    subnet: &mut TestSubnet,
    what: &str,
    count: u32,
    mut call: impl FnMut(&mut TestSubnet, u32) -> ic_types::Call,
) {
    let mut times = Vec::new();
    for _ in 0..11 {
        let calls: Vec<_> = (0..count).map(|number| call(subnet, number)).collect();
        // A node keeps the state before: the cost of copying on write is part of the batch.
        let before = subnet.state.clone();
        let start = Instant::now();
        subnet.timed(calls);
        times.push(start.elapsed());
        drop(before);
    }
    report(what, count.max(1), times);
}

fn main() {
    let mut subnet = TestSubnet::new(limits());
    let one = subnet.universal();
    batches(
        &mut subnet,
        "update, 1000 to one canister, each",
        1000,
        |subnet, _| subnet.call(one, "inc", b""),
    );
    let many: Vec<CanisterId> = (0..100).map(|_| subnet.universal()).collect();
    batches(
        &mut subnet,
        "update, 1000 to 100 canisters, each",
        1000,
        |subnet, number| subnet.call(many[usize::try_from(number).unwrap() % 100], "inc", b""),
    );
    let (a, b) = (many[0], many[1]);
    batches(
        &mut subnet,
        "call to another canister and back, 1000, each",
        1000,
        |subnet, _| subnet.call(a, "forward", &forward(b, "inc", 0, 0, b"")),
    );
    batches(
        &mut subnet,
        "update with 1 MiB in and out, 10, each",
        10,
        |subnet, _| subnet.call(one, "echo", &vec![1; 200_000]),
    );
    batches(&mut subnet, "empty batch", 0, |subnet, _| {
        subnet.call(one, "inc", b"")
    });
    let mut times = Vec::new();
    for _ in 0..11 {
        let start = Instant::now();
        for _ in 0..1000 {
            subnet.query(one, "get", b"").unwrap();
        }
        times.push(start.elapsed());
    }
    report("query, each", 1000, times);
    let mut times = Vec::new();
    for _ in 0..11 {
        let start = Instant::now();
        std::hint::black_box(subnet.state.clone());
        times.push(start.elapsed());
    }
    report("clone of the state", 1, times);
    // More canisters, empty ones.
    for _ in 0..20 {
        let calls: Vec<_> = (0..1000)
            .map(|_| {
                let argument = b"DIDL\x01\x6c\0\x01\0";
                subnet.call(
                    CanisterId::MANAGEMENT,
                    "provisional_create_canister_with_cycles",
                    argument,
                )
            })
            .collect();
        subnet.timed(calls);
    }
    println!(
        "with {} canisters and {} requests:",
        subnet.state.canister_count(),
        20_000 + 55_000
    );
    batches(
        &mut subnet,
        "update, 1000 to 100 canisters, each",
        1000,
        |subnet, number| subnet.call(many[usize::try_from(number).unwrap() % 100], "inc", b""),
    );
    batches(&mut subnet, "update, 1, each", 1, |subnet, _| {
        subnet.call(one, "inc", b"")
    });
    batches(&mut subnet, "empty batch", 0, |subnet, _| {
        subnet.call(one, "inc", b"")
    });
}
