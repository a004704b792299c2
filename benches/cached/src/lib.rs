//! Measure the crates beside published crates that remember which signatures they have verified.
//!
//! What is left of a verification then is everything but the signature.

use benches::Group;

pub mod http;

/// All groups.
pub fn groups() -> Vec<Group> {
    let mut groups = benches::certification::again();
    groups.extend(http::groups());
    groups
}
