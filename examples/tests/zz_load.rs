#![allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, reason = "a test")]
mod common;
use std::sync::Arc;
use std::time::{Duration, Instant};
use common::{NOTHING, Served, module};
use examples::client::InstallMode;

fn pct(mut v: Vec<Duration>) -> String {
    v.sort();
    let at = |p: usize| v[(v.len() - 1) * p / 100].as_millis();
    format!("n={} p50={} p90={} p99={} max={} ms", v.len(), at(50), at(90), at(99), at(100))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load() {
    let served = Served::start(4).await;
    let client = Arc::new(served.client("owner"));
    let (canister, _) = client.create_canister().await.unwrap();
    client.install(canister, InstallMode::Install, &module("counter/counter.wasm"), NOTHING).await.unwrap();
    let mut one = Vec::new();
    for _ in 0..20 {
        let t = Instant::now();
        client.update(canister, "increment", NOTHING.to_vec()).await.unwrap();
        one.push(t.elapsed());
    }
    println!("sequential {}", pct(one));
    for n in [50usize, 200, 1000] {
        let t0 = Instant::now();
        let tasks: Vec<_> = (0..n).map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                let t = Instant::now();
                client.update(canister, "increment", NOTHING.to_vec()).await.map(|_| t.elapsed()).map_err(|e| e.to_string())
            })
        }).collect();
        let mut all = Vec::new();
        let mut errors = std::collections::BTreeMap::<String, usize>::new();
        for task in tasks { match task.await.unwrap() { Ok(d) => all.push(d), Err(e) => *errors.entry(e).or_default() += 1 } }
        println!("concurrent {n}: {} total {} ms, errors {errors:?}", pct(all), t0.elapsed().as_millis());
    }
    let t0 = Instant::now();
    let mut q = Vec::new();
    for _ in 0..200 { let t = Instant::now(); client.query(canister, "read", NOTHING.to_vec()).await.unwrap(); q.push(t.elapsed()); }
    println!("query+read_state sequential {} total {} ms", pct(q), t0.elapsed().as_millis());
    for file in ["rust/greeter.wasm", "motoko/enhanced_v1.wasm"] {
        let (canister, _) = client.create_canister().await.unwrap();
        let t = Instant::now();
        client.install(canister, InstallMode::Install, &module(file), NOTHING).await.unwrap();
        println!("install {file} {} ms", t.elapsed().as_millis());
    }
}
