//! The same groups for criterion: distributions and comparisons with the run before.

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for group in benches::groups() {
        let mut measured = criterion.benchmark_group(group.name.replace('/', "-"));
        for mut entry in group.entries {
            measured.bench_function(entry.name, |bencher| bencher.iter(&mut entry.call));
        }
        measured.finish();
    }
    criterion.final_summary();
}
