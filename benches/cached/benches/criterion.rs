//! The same groups for criterion.

fn main() {
    benches::criterion(cached::groups());
}
