//! A greeter that also counts: enough to see updates, queries, calls, timers, certified data and upgrades.
//!
//! The state lives on the heap and is written to stable memory around an upgrade.

use std::cell::RefCell;
use std::time::Duration;

use candid::{CandidType, Principal};
use ic_cdk::api;
use ic_cdk::call::{Call, CallFailed};
use serde::Deserialize;
use serde_bytes::ByteBuf;

#[derive(CandidType, Deserialize)]
struct State {
    greeting: String,
    count: u64,
    ticks: u64,
}

#[derive(CandidType, Deserialize)]
struct Rejected {
    code: u32,
    message: String,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State { greeting: String::new(), count: 0, ticks: 0 })
    };
}

fn read<T>(look: impl FnOnce(&State) -> T) -> T {
    STATE.with_borrow(look)
}

fn change<T>(act: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(act)
}

/// Certifies the count, as eight bytes little-endian.
fn certify() {
    api::certified_data_set(read(|state| state.count).to_le_bytes());
}

#[ic_cdk::init]
fn init() {
    change(|state| state.greeting = "Hello".to_owned());
    certify();
}

#[ic_cdk::pre_upgrade]
fn pre_upgrade() {
    read(|state| ic_cdk::storage::stable_save((state,)))
        .expect("the state is written to stable memory");
}

#[ic_cdk::post_upgrade]
fn post_upgrade() {
    let (state,) = ic_cdk::storage::stable_restore().expect("the state is read from stable memory");
    STATE.set(state);
    certify();
}

#[ic_cdk::query]
fn greet(name: String) -> String {
    read(|state| format!("{}, {name}!", state.greeting))
}

#[ic_cdk::update]
fn set_greeting(greeting: String) {
    change(|state| state.greeting = greeting);
}

#[ic_cdk::query]
fn whoami() -> Principal {
    api::msg_caller()
}

#[ic_cdk::update]
fn increment() -> u64 {
    let count = change(|state| {
        state.count += 1;
        state.count
    });
    certify();
    count
}

#[ic_cdk::query]
fn count() -> u64 {
    read(|state| state.count)
}

/// The count, and in a query the subnet's certificate of it.
#[ic_cdk::query]
fn count_certified() -> (u64, Option<ByteBuf>) {
    (count(), api::data_certificate().map(ByteBuf::from))
}

/// Counts, then traps: the count stays as it was.
#[ic_cdk::update]
fn trap(message: String) {
    increment();
    api::trap(message)
}

/// Counts, then rejects: the count has changed.
#[ic_cdk::update(manual_reply = true)]
fn refuse(message: String) {
    increment();
    api::msg_reject(message);
}

/// Counts twice, each time by a call to itself.
#[ic_cdk::update]
async fn increment_by_calls() -> u64 {
    let mut count = 0;
    for _ in 0..2 {
        let answer = Call::unbounded_wait(api::canister_self(), "increment").await;
        count = answer
            .expect("we answer ourselves")
            .candid()
            .expect("a nat64");
    }
    count
}

/// Calls a method of another canister with bytes already encoded, and tells how it went.
#[ic_cdk::update]
async fn forward(
    canister: Principal,
    method: String,
    argument: ByteBuf,
) -> Result<ByteBuf, Rejected> {
    match Call::unbounded_wait(canister, &method)
        .with_raw_args(&argument)
        .await
    {
        Ok(answer) => Ok(ByteBuf::from(answer.into_bytes())),
        Err(CallFailed::CallRejected(rejected)) => Err(Rejected {
            code: rejected.raw_reject_code(),
            message: rejected.reject_message().to_owned(),
        }),
        Err(not_made) => Err(Rejected {
            code: 0,
            message: not_made.to_string(),
        }),
    }
}

/// Thirty-two bytes that nobody could foresee.
#[ic_cdk::update]
async fn random() -> ByteBuf {
    let answer = Call::unbounded_wait(Principal::management_canister(), "raw_rand").await;
    answer.expect("raw_rand answers").candid().expect("a blob")
}

/// Ticks once, so many milliseconds from now.
#[ic_cdk::update]
fn tick_after(milliseconds: u64) {
    ic_cdk_timers::set_timer(Duration::from_millis(milliseconds), async {
        change(|state| state.ticks += 1);
    });
}

#[ic_cdk::query]
fn ticks() -> u64 {
    read(|state| state.ticks)
}

ic_cdk::export_candid!();
