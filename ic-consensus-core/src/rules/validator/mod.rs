//! # Validator
//!
//! **Safety.** Nothing that came from a peer counts before it is found valid. *Invalid* is said only for reasons that
//! are the same on every node whatever it has received; everything else is *not yet*, and is looked at again.
//! **Liveness.** A notarization is proof that a quorum found its block valid, so that a node that is behind takes
//! block and notarization together and needs no state to judge by. A share from its own signer is not checked before
//! shares are combined: see the aggregator.
//!
//! Kinds are asked in a fixed order, the ones that raise heights first, and the first that has something to say is
//! heard alone: what it says may change what the others would.

mod aggregates;
mod proposals;
mod shares;

use super::Rule;
use crate::pool::{Change, Key, View};
use crate::step::Fault;

const KINDS: [Rule; 14] = [
    aggregates::finalizations,
    aggregates::notarizations,
    proposals::proposals,
    aggregates::beacons,
    aggregates::tapes,
    aggregates::catch_up_packages,
    aggregates::certifications,
    shares::finalization_shares,
    shares::notarization_shares,
    shares::beacon_shares,
    shares::tape_shares,
    shares::certification_shares,
    shares::catch_up_shares,
    proposals::equivocations,
];

/// What can be said of the artifacts that wait.
pub(super) fn validate(view: &View<'_>) -> Vec<Change> {
    let mut wakes = Vec::new();
    for kind in KINDS {
        let changes = kind(view);
        if changes
            .iter()
            .any(|change| !matches!(change, Change::WakeAfter(_)))
        {
            return changes;
        }
        wakes.extend(changes);
    }
    wakes
}

fn bad_signature(key: &Key) -> Change {
    Change::Refuse(
        *key,
        Fault::BadSignature {
            kind: key.kind,
            height: key.height,
        },
    )
}

fn contradiction(key: &Key) -> Change {
    Change::Refuse(
        *key,
        Fault::Contradiction {
            kind: key.kind,
            height: key.height,
        },
    )
}

/// What waits of one kind from one height to another, as the type of that kind.
macro_rules! waiting {
    ($view:expr, $kind:ident, $first:expr, $last:expr) => {
        $view
            .pool
            .unvalidated
            .between(Kind::$kind, $first, $last)
            .filter_map(|(key, waiting)| {
                if let Artifact::$kind(content) = &waiting.artifact {
                    Some((key, waiting.from, content))
                } else {
                    None
                }
            })
    };
}
use waiting;
