//! The same groups for criterion: distributions and comparisons with the run before.

fn main() {
    benches::criterion(benches::groups());
}
