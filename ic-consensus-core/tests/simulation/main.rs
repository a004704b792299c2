//! Seeds, worlds and faults. A failure prints its seed; `SIMULATION_SEEDS` sets how many seeds are tried.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and its world is its own"
)]

mod byzantine;
mod invariants;
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use ic_consensus_core::Fault;
use ic_types::{Height, StateRoot};

use invariants::faults;
use world::{Conduct, World, certified, finalized};

/// How many seeds: a few by default, more for long nights.
fn seeds(few: u64) -> std::ops::Range<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told how long to run"
    )]
    let told = std::env::var("SIMULATION_SEEDS")
        .ok()
        .and_then(|count| count.parse().ok());
    0..told.unwrap_or(few)
}

const MINUTE: Duration = Duration::from_secs(60);

fn reach(world: &mut World, height: u64) {
    let height = Height::new(height);
    world.run_until(5 * MINUTE, &format!("certified {height}"), |world| {
        world.lowest(certified) >= height
    });
}

/// At each height that two nodes certified, they certified the same bytes, and what a replay computes.
fn compare_roots(world: &World) {
    let replayed = world.invariants.replay(world.genesis.root);
    for (index, node) in world.nodes.iter().enumerate() {
        for (height, certification) in &node.certified {
            assert_eq!(
                replayed.get(height),
                Some(&certification.content.root),
                "node {index} at {height}"
            );
            let others = world
                .nodes
                .iter()
                .filter_map(|other| other.certified.get(height));
            others.for_each(|other| {
                assert_eq!(
                    other, certification,
                    "signature and root are the same bytes"
                )
            });
        }
    }
}

#[test]
fn four_honest_nodes_make_progress() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        reach(&mut world, 23);
        compare_roots(&world);
        assert!(
            world.nodes.iter().all(|node| node.faults.is_empty()),
            "honest nodes accuse nobody"
        );
        assert!(
            world
                .nodes
                .iter()
                .all(|node| node.catch_ups.contains(&Height::new(20))),
            "packages at interval starts"
        );
    }
}

#[test]
fn seven_honest_nodes_make_progress() {
    for seed in seeds(1) {
        let mut world = World::new(seed, 7);
        reach(&mut world, 12);
        compare_roots(&world);
    }
}

#[test]
fn one_node_is_a_subnet() {
    let mut world = World::new(1, 1);
    reach(&mut world, 15);
    compare_roots(&world);
}

#[test]
fn the_same_seed_gives_the_same_run_byte_for_byte() {
    let run = |seed| {
        let mut world = World::new(seed, 4);
        world.network.loss = 5;
        world.run_for(Duration::from_secs(5));
        let roots: Vec<(Height, StateRoot)> = world.nodes[0]
            .certified
            .values()
            .map(|known| (known.content.height, known.content.root))
            .collect();
        (world.transcript, roots)
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
}

#[test]
fn f_silent_nodes_do_not_stop_the_subnet() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        world.crash(seed as usize % 4);
        reach(&mut world, 12);
        compare_roots(&world);
    }
}

#[test]
fn more_than_f_silent_nodes_stop_the_subnet_without_a_fork_and_it_resumes_when_they_return() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        assert_eq!(faults(4), 1);
        reach(&mut world, 5);
        world.crash(0);
        world.crash(1);
        world.run_for(Duration::from_secs(5));
        let stopped = world.highest(finalized);
        world.run_for(Duration::from_secs(10));
        assert_eq!(
            world.highest(finalized),
            stopped,
            "two of four decide nothing"
        );
        world.restart(0, seed % 2 == 0);
        world.restart(1, seed % 2 == 1);
        reach(&mut world, stopped.get() + 10);
        compare_roots(&world);
    }
}

#[test]
fn a_divided_subnet_stops_where_no_part_is_a_quorum_and_goes_on_when_it_is_whole() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        reach(&mut world, 4);
        world.network.groups = vec![BTreeSet::from([0, 1]), BTreeSet::from([2, 3])];
        world.run_for(Duration::from_secs(5));
        let stopped = world.highest(finalized);
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.highest(finalized), stopped);
        world.network.groups.clear();
        reach(&mut world, stopped.get() + 8);
        compare_roots(&world);
    }
}

#[test]
fn loss_and_reordering_only_slow_it_down() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        world.network.loss = 15;
        world.network.jitter = Duration::from_millis(300);
        reach(&mut world, 12);
        compare_roots(&world);
    }
}

#[test]
fn a_node_that_was_away_for_a_while_catches_up_block_by_block() {
    let mut world = World::new(3, 4);
    reach(&mut world, 3);
    world.network.groups = vec![BTreeSet::from([0, 1, 2]), BTreeSet::from([3])];
    world.run_for(Duration::from_secs(4));
    world.network.groups.clear();
    let ahead = world.highest(finalized);
    reach(&mut world, ahead.get() + 3);
    compare_roots(&world);
}

#[test]
fn a_node_with_an_empty_disk_starts_from_a_catch_up_package() {
    let mut parameters = world::parameters();
    parameters.kept_below_catch_up = 3;
    parameters.replay_gap = 5;
    let mut world = World::with(5, 4, parameters);
    world.crash(2);
    world.wipe(2);
    reach(&mut world, 25);
    world.restart(2, false);
    reach(&mut world, 33);
    compare_roots(&world);
    let first = *world.nodes[2].batches.keys().next().expect("it executes");
    assert!(
        first > Height::new(10),
        "it did not execute from the beginning: {first}"
    );
}

#[test]
fn a_node_that_crashes_at_any_time_never_votes_twice() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        for _ in 0..12 {
            let pause = world.dice().below(900);
            world.run_for(Duration::from_millis(pause));
            let node = world.dice().below(4) as usize;
            let keep = world.dice().chance(50);
            world.crash(node);
            let pause = world.dice().below(300);
            world.run_for(Duration::from_millis(pause));
            world.restart(node, keep);
        }
        let height = world.highest(finalized);
        reach(&mut world, height.get() + 5);
        compare_roots(&world);
    }
}

#[test]
fn an_equivocator_is_named_and_stops_nobody() {
    for seed in seeds(2) {
        let mut world = World::new(seed, 4);
        world.nodes[1].conduct = Conduct::Equivocator;
        reach(&mut world, 16);
        compare_roots(&world);
        let culprit = world.nodes[1].engine.node();
        let named = world.nodes.iter().flat_map(|node| &node.faults);
        let named: BTreeSet<_> = named
            .filter(|(_, fault)| matches!(fault, Fault::Equivocation { .. }))
            .map(|(peer, _)| *peer)
            .collect();
        assert_eq!(named, BTreeSet::from([culprit]), "seed {seed}");
    }
}

#[test]
fn a_forger_of_shares_is_named_and_stops_nobody() {
    for seed in seeds(1) {
        let mut world = World::new(seed, 4);
        world.nodes[2].conduct = Conduct::Forger;
        reach(&mut world, 12);
        compare_roots(&world);
        let culprit = world.nodes[2].engine.node();
        let named: BTreeSet<_> = world
            .nodes
            .iter()
            .flat_map(|node| &node.faults)
            .map(|(peer, _)| *peer)
            .collect();
        assert_eq!(named, BTreeSet::from([culprit]), "seed {seed}");
    }
}

#[test]
fn a_withholder_stops_nobody() {
    for seed in seeds(1) {
        let mut world = World::new(seed, 4);
        world.nodes[0].conduct = Conduct::Withholder;
        reach(&mut world, 12);
        compare_roots(&world);
    }
}

#[test]
fn a_flooder_stops_nobody_and_fills_nobodys_memory() {
    let mut world = World::new(11, 4);
    world.nodes[3].conduct = Conduct::Flooder;
    reach(&mut world, 10);
    compare_roots(&world);
    for node in &world.nodes {
        let (_, waiting) = node.engine.pool_size();
        assert!(waiting <= 3 * world.config.peer_artifacts, "{waiting} wait");
    }
}

#[test]
fn two_machines_under_one_identity_fork_nothing() {
    for seed in seeds(1) {
        let mut world = World::new(seed, 4);
        byzantine::twin::split(&mut world, 2);
        reach(&mut world, 12);
        compare_roots(&world);
    }
}

#[test]
fn stuck_wall_clocks_do_not_stop_the_subnet() {
    for seed in seeds(1) {
        let mut world = World::new(seed, 4);
        world.nodes[0].conduct = Conduct::StaleClock;
        world.nodes[2].conduct = Conduct::StaleClock;
        reach(&mut world, 10);
        compare_roots(&world);
        let tip = world.invariants.last_time();
        assert!(
            tip > world.genesis.block.context().time,
            "block time goes on"
        );
    }
}
