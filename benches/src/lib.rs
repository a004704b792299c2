//! Measure the crates beside the published crates that do the same work, in the same run and on the same input.
//!
//! Each module makes [`Group`]s: the same work, done by us and by others. `cargo bench` gives them to criterion;
//! `cargo run --release` measures the entries of a group in turns and prints ratios, which hold on a busy machine too.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::Criterion;

pub mod certification;
pub mod crypto;
pub mod golden;
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
    /// Makes what so many calls will use up. Not measured.
    pub prepare: Box<dyn FnMut(u32)>,
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
    pub fn entry<T>(self, name: &'static str, work: impl FnMut() -> T + 'static) -> Self {
        self.entry_with(name, |_| {}, work)
    }

    /// The same for a crate whose functions use up what they are given: `prepare` makes it for so many calls of `work`,
    /// before the clock starts.
    #[must_use]
    pub fn entry_with<T>(
        mut self,
        name: &'static str,
        prepare: impl FnMut(u32) + 'static,
        mut work: impl FnMut() -> T + 'static,
    ) -> Self {
        let prepare = Box::new(prepare);
        let call = Box::new(move || {
            black_box(work());
        });
        self.entries.push(Entry {
            name,
            prepare,
            call,
        });
        self
    }
}

/// All groups.
pub fn groups() -> Vec<Group> {
    let mut groups = types::groups();
    groups.extend(certification::groups());
    groups.extend(crypto::groups());
    groups.extend(key_generation::groups());
    groups.extend(golden::groups());
    groups
}

/// Measures the groups whose name contains the first argument of the program (all without one), in so many rounds as
/// the second says, and prints a table row for each entry: what, who, median, ratio to the first, bar. Fails if a bar
/// is missed.
pub fn run(groups: Vec<Group>) -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let rounds = std::env::args()
        .nth(2)
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(101);
    let mut missed = false;
    println!("| what | who | median | ratio | bar |\n|---|---|---:|---:|---:|");
    for mut group in groups
        .into_iter()
        .filter(|group| group.name.contains(&wanted))
    {
        let measured = measure(&mut group, rounds);
        for (index, (entry, (time, ratio))) in group.entries.iter().zip(measured).enumerate() {
            let bar = group.bar.filter(|_| index == 1);
            missed |= bar.is_some_and(|bar| ratio > bar);
            let bar = bar.map_or_else(String::new, |bar| bar.to_string());
            let digits = if ratio < 0.1 { 5 } else { 3 };
            println!(
                "| {} | {} | {time:.1?} | {ratio:.digits$} | {bar} |",
                group.name, entry.name
            );
        }
    }
    if missed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Gives the groups to criterion. It is told the time of the thread too.
pub fn criterion(groups: Vec<Group>) {
    /// For how many calls at most to prepare at once, whatever criterion asks for.
    const PREPARED: u64 = 256;
    let mut criterion = Criterion::default().configure_from_args();
    // What takes many seconds is left to the program.
    for group in groups.into_iter().filter(|group| group.rounds > 1) {
        let mut measured = criterion.benchmark_group(group.name.replace('/', "-"));
        for mut entry in group.entries {
            measured.bench_function(entry.name, |bencher| {
                bencher.iter_custom(|calls| {
                    let mut time = Duration::ZERO;
                    let mut left = calls;
                    while left > 0 {
                        let now = left.min(PREPARED);
                        (entry.prepare)(u32::try_from(now).unwrap_or(u32::MAX));
                        let start = ThreadTime::now();
                        for _ in 0..now {
                            (entry.call)();
                        }
                        time += start.elapsed();
                        left -= now;
                    }
                    time
                });
            });
        }
        measured.finish();
    }
    criterion.final_summary();
}

/// The time of one call of each entry, and its ratio to the first: medians over `rounds` in which the entries take
/// turns, so that what else the machine does hits all of them alike.
pub fn measure(group: &mut Group, rounds: usize) -> Vec<(Duration, f64)> {
    let calls: Vec<u32> = group.entries.iter_mut().map(calls_per_sample).collect();
    let mut samples = vec![Vec::with_capacity(rounds); calls.len()];
    for _ in 0..rounds.min(group.rounds) {
        for ((entry, calls), samples) in group.entries.iter_mut().zip(&calls).zip(&mut samples) {
            samples.push(sample(entry, *calls));
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
fn calls_per_sample(entry: &mut Entry) -> u32 {
    // The first call may set up what the others work on.
    sample(entry, 1);
    let mut calls = 1;
    loop {
        let seconds = sample(entry, calls) * f64::from(calls);
        if seconds > 0.002 || calls > 1 << 24 {
            return calls;
        }
        calls *= 2;
    }
}

/// Seconds for one call.
fn sample(entry: &mut Entry, calls: u32) -> f64 {
    (entry.prepare)(calls);
    // The thread's own time: what else the machine does takes longer, but does not count.
    let start = ThreadTime::now();
    for _ in 0..calls {
        (entry.call)();
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
