//! # Random beacon
//!
//! **Safety.** The beacon of a height signs the beacon before it under the subnet's low-threshold key: there is one
//! chain of beacons whatever anyone does, and no one knows a link before `f + 1` members reveal their shares.
//! **Liveness.** A member reveals its share of the next beacon as soon as some block is notarized at this height, and
//! `f + 1` honest members are enough.

use crate::artifact::BeaconContent;
use crate::keys::Level;
use crate::pool::{Change, View, after};

/// My share of the beacon after the notarized height.
pub(super) fn reveal_beacon(view: &View<'_>) -> Vec<Change> {
    let below = view.pool.notarized_height();
    let height = after(below);
    let all = &view.pool.validated;
    let known =
        view.pool.beacon(height).is_some() || all.beacon_shares.get(height, &view.me()).is_some();
    let (false, Some(beacon), Some(record)) = (known, view.pool.beacon(below), view.record(height))
    else {
        return Vec::new();
    };
    let content = BeaconContent {
        height,
        parent: beacon.hash(),
    };
    view.keys
        .share(&record, Level::Low, content)
        .map(|share| Change::Add(share.into()))
        .into_iter()
        .collect()
}
