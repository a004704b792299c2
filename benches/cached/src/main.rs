//! As the runner of `benches`, for what is here.

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::run(cached::groups())
}
