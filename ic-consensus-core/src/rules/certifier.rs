//! # Certifier
//!
//! **Safety.** A member signs the root that it computed itself, after a finalized block; `2f + 1` shares make the
//! signature, so that `f + 1` honest members computed it.
//! **Liveness.** Every member signs every root above the newest certified height; honest members compute the same.

use std::ops::Bound;

use crate::artifact::{Artifact, CertifiedState, Kind};
use crate::keys::Level;
use crate::pool::{Change, View};

/// My shares for the roots that are not certified yet.
pub(super) fn certify(view: &View<'_>) -> Vec<Change> {
    let all = &view.pool.validated;
    let uncertified = (Bound::Excluded(view.execution.certified), Bound::Unbounded);
    let roots = view
        .execution
        .roots
        .range(uncertified)
        .map(|(height, root)| (*height, *root));
    roots
        .filter(|(height, _)| !all.certifications.contains_key(height))
        .filter(|(height, _)| all.certification_shares.get(*height, &view.me()).is_none())
        .filter(|(height, root)| {
            let settles = |artifact: &Artifact| matches!(artifact, Artifact::Certification(known) if known.content.root == *root);
            !view.is_settled_by(Kind::Certification, *height, settles)
        })
        .filter_map(|(height, root)| {
            let record = view.record(height)?;
            Some(Change::Add(
                view.keys
                    .share(&record, Level::High, CertifiedState { height, root })?
                    .into(),
            ))
        })
        .collect()
}
