//! Which artifacts are worth having, by their height: for what has arrived, and for transports that advertise before
//! they send.

use ic_types::Height;

use crate::artifact::{Kind, Position};

/// Whether an artifact is worth having.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// It is of use now, or very soon.
    Wanted,
    /// It may be of use when this node is further; not now.
    Later,
    /// It is of no use any more.
    Unwanted,
}

/// Whether an artifact of this kind and height is worth having for a node that stands at `position`.
///
/// `look_ahead` is how many heights beyond its own a node takes artifacts in: without a bound anyone could fill its
/// memory, with too small a one it would lose what arrives a little early.
pub fn acceptance(position: &Position, kind: Kind, height: Height, look_ahead: u64) -> Acceptance {
    // Above the first, up to and including the second.
    let (above, upto) = match kind {
        Kind::Beacon | Kind::BeaconShare => (position.beacon, position.beacon),
        Kind::NotarizationShare => (position.notarized, position.notarized),
        Kind::Proposal
        | Kind::Notarization
        | Kind::Finalization
        | Kind::FinalizationShare
        | Kind::Equivocation => (position.finalized, position.notarized),
        Kind::Tape | Kind::TapeShare => (position.delivered, position.finalized),
        Kind::Certification | Kind::CertificationShare => (
            position.certified,
            position.finalized.max(position.delivered),
        ),
        Kind::CatchUpShare => (position.catch_up, position.finalized),
        Kind::CatchUp => (position.catch_up, Height::new(u64::MAX)),
        Kind::Position => return Acceptance::Wanted,
    };
    if height <= above {
        Acceptance::Unwanted
    } else if height.since(upto).is_none_or(|ahead| ahead <= look_ahead) {
        Acceptance::Wanted
    } else {
        Acceptance::Later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        let [beacon, notarized, finalized, delivered, certified, catch_up] =
            [21, 20, 18, 17, 16, 10].map(Height::new);
        Position {
            beacon,
            notarized,
            finalized,
            delivered,
            certified,
            catch_up,
        }
    }

    #[test]
    fn windows_begin_where_the_node_stands_and_end_a_little_ahead() {
        use Acceptance::{Later, Unwanted, Wanted};
        // kind, highest unwanted, highest wanted
        let windows = [
            (Kind::Beacon, 21, 31),
            (Kind::BeaconShare, 21, 31),
            (Kind::NotarizationShare, 20, 30),
            (Kind::Notarization, 18, 30),
            (Kind::Proposal, 18, 30),
            (Kind::Finalization, 18, 30),
            (Kind::FinalizationShare, 18, 30),
            (Kind::Equivocation, 18, 30),
            (Kind::Tape, 17, 28),
            (Kind::TapeShare, 17, 28),
            (Kind::Certification, 16, 28),
            (Kind::CertificationShare, 16, 28),
            (Kind::CatchUpShare, 10, 28),
        ];
        for (kind, unwanted, wanted) in windows {
            let judge = |height| acceptance(&position(), kind, Height::new(height), 10);
            let found = [unwanted, unwanted + 1, wanted, wanted + 1].map(judge);
            assert_eq!(found, [Unwanted, Wanted, Wanted, Later], "{kind:?}");
        }
    }

    #[test]
    fn a_catch_up_package_is_wanted_from_however_far_ahead() {
        let judge = |height| acceptance(&position(), Kind::CatchUp, Height::new(height), 10);
        assert_eq!(
            (judge(10), judge(u64::MAX)),
            (Acceptance::Unwanted, Acceptance::Wanted)
        );
    }
}
