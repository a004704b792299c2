//! Measures all groups: see [`benches::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::run(benches::groups())
}
