//! Measure the crates beside the published crates that do the same work, in the same run and on the same input.
//!
//! Each module makes [`Group`]s: the same work, done by us and by others. `cargo bench` gives them to criterion;
//! `cargo run --release` measures the entries of a group in turns and prints ratios, which hold on a busy machine too.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

pub mod certification;
pub mod crypto;
pub mod key_generation;
pub mod types;

/// The same work, done by several crates.
pub struct Group {
    /// What is done, and on what.
    pub name: &'static str,
    /// What the ratio of the second entry to the first may be at most, if a bar was set.
    pub bar: Option<f64>,
    /// How many rounds to measure at most: few for what takes long.
    pub rounds: usize,
    /// The crates, ours second: what the ratio is to comes first.
    pub entries: Vec<Entry>,
}

/// What one crate does.
pub struct Entry {
    /// Which crate, and which of its functions.
    pub name: &'static str,
    /// One call.
    pub call: Box<dyn FnMut()>,
}

impl Group {
    /// A group without entries.
    pub fn new(name: &'static str, bar: Option<f64>) -> Self {
        Self {
            name,
            bar,
            rounds: usize::MAX,
            entries: Vec::new(),
        }
    }

    /// The same, measured in no more than `rounds` rounds.
    #[must_use]
    pub fn rounds(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    /// Adds what one crate does. The result of `work` is kept from being optimised away.
    #[must_use]
    pub fn entry<T>(mut self, name: &'static str, mut work: impl FnMut() -> T + 'static) -> Self {
        let call = Box::new(move || {
            black_box(work());
        });
        self.entries.push(Entry { name, call });
        self
    }
}

/// All groups.
pub fn groups() -> Vec<Group> {
    let mut groups = types::groups();
    groups.extend(certification::groups());
    groups.extend(crypto::groups());
    groups.extend(key_generation::groups());
    groups
}

/// The time of one call of each entry, and its ratio to the first: medians over `rounds` in which the entries take
/// turns, so that what else the machine does hits all of them alike.
pub fn measure(group: &mut Group, rounds: usize) -> Vec<(Duration, f64)> {
    let calls: Vec<u32> = group
        .entries
        .iter_mut()
        .map(|entry| calls_per_sample(&mut entry.call))
        .collect();
    let mut samples = vec![Vec::with_capacity(rounds); calls.len()];
    for _ in 0..rounds.min(group.rounds) {
        for ((entry, calls), samples) in group.entries.iter_mut().zip(&calls).zip(&mut samples) {
            samples.push(sample(&mut entry.call, *calls));
        }
    }
    let first = samples.first().cloned().unwrap_or_default();
    let of_entry = |samples: Vec<f64>| {
        let ratios = samples
            .iter()
            .zip(&first)
            .map(|(time, first)| time / first)
            .collect();
        (Duration::from_secs_f64(median(samples)), median(ratios))
    };
    samples.into_iter().map(of_entry).collect()
}

/// As many calls as take about two milliseconds.
fn calls_per_sample(call: &mut dyn FnMut()) -> u32 {
    // The first call may set up what the others work on.
    call();
    let mut calls = 1;
    loop {
        let seconds = sample(call, calls) * f64::from(calls);
        if seconds > 0.002 || calls > 1 << 24 {
            return calls;
        }
        calls *= 2;
    }
}

/// Seconds for one call.
fn sample(call: &mut dyn FnMut(), calls: u32) -> f64 {
    // The thread's own time: what else the machine does takes longer, but does not count.
    let start = ThreadTime::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
