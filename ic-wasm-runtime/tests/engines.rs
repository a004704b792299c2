//! One module, two engines: the same results, traps, counts, logs and memories. Run with `--features wasmi`.
#![cfg(all(feature = "wasmtime", feature = "wasmi"))]
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use ic_types::{Cycles, Instructions};
use ic_wasm_runtime::engine::{WasmiEngine, WasmtimeEngine};
use ic_wasm_runtime::system_api::{CallContext, Closure, Entry, Trap};
use support::{Canister, example, instrument, query, update, user, wat};

/// The same canister on both engines.
struct Pair {
    fast: Canister<WasmtimeEngine>,
    portable: Canister<WasmiEngine>,
}

impl Pair {
    fn new(wasm: &[u8]) -> Self {
        Self {
            fast: Canister::new(WasmtimeEngine::new().unwrap(), wasm),
            portable: Canister::new(WasmiEngine::new().unwrap(), wasm),
        }
    }

    /// Runs on both, compares all that comes out, and keeps the new state.
    fn run(&mut self, entry: Entry) -> Result<(), Trap> {
        let name = format!("{entry:?}");
        let fast = self.fast.try_run(entry.clone());
        let portable = self.portable.try_run(entry);
        assert_eq!(fast.log, portable.log, "{name}");
        match (fast.outcome, portable.outcome) {
            (Ok(here), Ok(there)) => {
                assert_eq!(here.effects, there.effects, "{name}");
                assert_eq!(here.state.heap, there.state.heap, "{name}");
                assert_eq!(here.state.stable, there.state.stable, "{name}");
                assert_eq!(here.state.globals, there.state.globals, "{name}");
                assert_eq!(here.dirty_heap_pages, there.dirty_heap_pages, "{name}");
                assert_eq!(fast.instructions, portable.instructions, "{name}");
                (self.fast.state, self.portable.state) = (here.state, there.state);
                Ok(())
            }
            (Err(here), Err(there)) => {
                assert_eq!(here, there, "{name}");
                assert_eq!(fast.instructions, portable.instructions, "{name}");
                Err(here)
            }
            (here, there) => panic!("{name}: {here:?}, {there:?}"),
        }
    }

    fn calls(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            let _: Result<(), Trap> = self.run(entry);
        }
    }

    fn install(&mut self) {
        self.run(Entry::Start).unwrap();
        self.run(Entry::Init {
            caller: user(),
            argument: NOTHING.to_vec(),
        })
        .unwrap();
    }

    fn upgrade(&mut self, wasm: &[u8], keep: bool) {
        self.run(Entry::PreUpgrade { caller: user() }).unwrap();
        let module = instrument(wasm).unwrap();
        self.fast.state = self.fast.state.upgrade(module.clone(), keep);
        self.portable.state = self.portable.state.upgrade(module, keep);
        self.run(Entry::Start).unwrap();
        self.run(Entry::PostUpgrade {
            caller: user(),
            argument: NOTHING.to_vec(),
        })
        .unwrap();
    }
}

/// Candid: nothing.
const NOTHING: &[u8] = b"DIDL\0\0";

fn text(text: &str) -> Vec<u8> {
    [
        b"DIDL\0\x01\x71".as_slice(),
        &[u8::try_from(text.len()).unwrap()],
        text.as_bytes(),
    ]
    .concat()
}

#[test]
fn canisters_of_the_examples() {
    let mut counter = Pair::new(&example("counter/counter.wasm"));
    counter.install();
    counter
        .calls(["increment", "refuse", "trap", "increment"].map(|method| update(method, NOTHING)));
    counter.calls([query("read", NOTHING), query("read_certified", NOTHING)]);

    let mut greeter = Pair::new(&example("rust/greeter.wasm"));
    greeter.install();
    greeter.calls([
        query("greet", &text("World")),
        update("set_greeting", &text("Good day")),
        update("increment", NOTHING),
        update("trap", &text("no")),
        update("refuse", &text("no")),
        update("increment", b"not Candid"),
        query("whoami", NOTHING),
        update("increment_by_calls", NOTHING),
    ]);
    greeter.upgrade(&example("rust/greeter.wasm"), false);
    greeter.calls([query("greet", &text("World")), query("count", NOTHING)]);
}

#[test]
fn motoko_in_both_widths() {
    for (first, second, keep) in [
        (
            "motoko/classical_v1.wasm",
            "motoko/classical_v2.wasm",
            false,
        ),
        ("motoko/enhanced_v1.wasm", "motoko/enhanced_v2.wasm", true),
    ] {
        let mut pair = Pair::new(&example(first));
        pair.install();
        let visit = || {
            [
                update("visit", &text("Ada")),
                update("increment", NOTHING),
                query("visitsOf", &text("Ada")),
            ]
        };
        pair.calls(visit());
        pair.calls([update("trap", NOTHING), update("refuse", NOTHING)]);
        pair.upgrade(&example(second), keep);
        pair.calls(visit());
        pair.calls([
            update("leave", &text("Ada")),
            update("incrementByCalls", NOTHING),
        ]);
    }
}

/// One function for each way to trap or to compute something delicate.
fn delicate(wide: bool) -> String {
    let (i, memory) = if wide {
        ("i64", "(memory i64 1 9)")
    } else {
        ("i32", "(memory 1 9)")
    };
    let methods: String = [
        ("unreachable", "unreachable"),
        ("divide", "(drop (i64.div_s (i64.const 1) (i64.const 0)))"),
        ("overflow", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))"),
        ("truncate", "(drop (i32.trunc_f64_u (f64.const -1)))"),
        ("beyond", "(drop (i32.load (I.const 65533)))"),
        ("straddle", "(i64.store (I.const 65532) (i64.const -1))"),
        ("null", "(call_indirect (i32.const 1))"),
        ("type", "(call_indirect (type $t) (i64.const 0) (i32.const 0))"),
        ("table", "(call_indirect (i32.const 5))"),
        ("forever", "(loop $l (br $l))"),
        ("fill", "(memory.fill (I.const 5) (i32.const 7) (I.const 9000))"),
        ("fill_beyond", "(memory.fill (I.const 65000) (i32.const 7) (I.const 9000))"),
        ("fill_all", "(memory.fill (I.const 0) (i32.const 7) (I.const -1))"),
        ("grow", "(I.store (I.const 8) (memory.grow (I.const 2)))"),
        ("grow_too_far", "(I.store (I.const 8) (memory.grow (I.const 100)))"),
        ("nan", "(f64.store (I.const 8) (f64.sqrt (f64.const -1))) (f32.store (I.const 16) (f32.div (f32.const 0) (f32.const 0)))"),
        ("min", "(f64.store (I.const 8) (f64.min (f64.const 0) (f64.const -0))) (f64.store (I.const 16) (f64.max (f64.const nan:0x123) (f64.const 1)))"),
        ("nearest", "(f64.store (I.const 8) (f64.nearest (f64.const 2.5)))"),
        ("saturate", "(i64.store (I.const 8) (i64.trunc_sat_f64_s (f64.const inf)))"),
        ("simd", "(v128.store (I.const 8) (f32x4.mul (v128.const f32x4 1 nan:0x3 inf -0) (v128.const f32x4 2 1 0 3)))"),
        ("simd_integers", "(v128.store (I.const 8) (i16x8.q15mulr_sat_s (v128.const i16x8 -32768 1 2 3 4 5 6 7) (v128.const i16x8 -32768 9 9 9 9 9 9 9)))"),
        ("tail", "(return_call $down (i64.const 100000))"),
        ("recursion", "(call $deep (i32.const 100))"),
        ("segment", "(memory.init $d (I.const 3) (i32.const 1) (i32.const 2)) (data.drop $d)"),
    ]
    .iter()
    .map(|(name, body)| format!("(func (export \"canister_update {name}\") {})\n", body.replace("I.", &format!("{i}."))))
    .collect();
    format!(
        "(module {memory} (type $t (func (param i64))) (table 3 funcref) (elem (i32.const 0) $nothing)
           (data $d \"abcdef\") (data ({i}.const 1000) \"active\")
           (global (mut f64) (f64.const nan)) (func $nothing)
           (func $down (param i64) (if (i64.ne (local.get 0) (i64.const 0))
             (then (return_call $down (i64.sub (local.get 0) (i64.const 1))))))
           (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
           {methods})"
    )
}

#[test]
fn delicate_operators() {
    for wide in [false, true] {
        let wasm = wat(&delicate(wide));
        let mut pair = Pair::new(&wasm);
        for limit in [2_000_000, 20_000, 150] {
            pair.fast.limits.instructions = Instructions::new(limit);
            pair.portable.limits.instructions = Instructions::new(limit);
            let methods: Vec<String> = pair
                .fast
                .state
                .module
                .interface()
                .methods
                .keys()
                .cloned()
                .collect();
            assert_eq!(methods.len(), 24);
            pair.calls(methods.iter().map(|method| update(method, &[])));
        }
    }
}

#[test]
fn recursion_without_end_overflows_on_both() {
    // How deep is the engine's affair: only the trap is the same, so a subnet runs one engine.
    let wasm = wat("(module (func $f (export \"canister_update m\") (call $f)))");
    let pair = Pair::new(&wasm);
    assert_eq!(
        pair.fast.try_run(update("m", &[])).outcome.unwrap_err(),
        Trap::StackOverflow
    );
    assert_eq!(
        pair.portable.try_run(update("m", &[])).outcome.unwrap_err(),
        Trap::StackOverflow
    );
}

#[test]
fn callbacks() {
    let wasm = wat(
        "(module (memory 1) (table 3 funcref) (elem (i32.const 0) $good $bad)
        (func $good (param i32) (i32.store (i32.const 0) (local.get 0))) (func $bad))",
    );
    let mut pair = Pair::new(&wasm);
    for function in [0, 1, 2, 3, u64::MAX] {
        let call = CallContext::from_caller(user());
        let closure = Closure {
            function,
            environment: 7,
        };
        let entry = Entry::Reply {
            composite: false,
            closure,
            argument: vec![],
            refunded: Cycles::ZERO,
            call,
        };
        assert_eq!(pair.run(entry).is_ok(), function == 0);
    }
}
