//! Prints one table row for each entry of each group whose name contains the first argument (all without one):
//! what, who, median, ratio to the first, bar. Exits with 1 if a bar is missed.

use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let rounds = std::env::args()
        .nth(2)
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(101);
    let mut missed = false;
    println!("| what | who | median | ratio | bar |\n|---|---|---:|---:|---:|");
    for mut group in benches::groups()
        .into_iter()
        .filter(|group| group.name.contains(&wanted))
    {
        let measured = benches::measure(&mut group, rounds);
        for (index, (entry, (time, ratio))) in group.entries.iter().zip(measured).enumerate() {
            let bar = group.bar.filter(|_| index == 1);
            missed |= bar.is_some_and(|bar| ratio > bar);
            let bar = bar.map_or_else(String::new, |bar| format!("{bar:.2}"));
            println!(
                "| {} | {} | {time:.1?} | {ratio:.3} | {bar} |",
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
