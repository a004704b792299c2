//! Where a node stands. It says so when it does not get ahead, and its peers answer with what it lacks.

use ic_types::Height;

use super::codec::{Canonical, MalformedArtifact, Reader};

/// The heights that a node has reached. Not signed: the transport knows whose it is, and a lie costs one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The newest beacon.
    pub beacon: Height,
    /// The newest notarized block.
    pub notarized: Height,
    /// The newest finalized block.
    pub finalized: Height,
    /// The newest batch handed to execution.
    pub delivered: Height,
    /// The newest height of which the certified state is here.
    pub certified: Height,
    /// The newest catch-up package.
    pub catch_up: Height,
}

impl Canonical for Position {
    fn write(&self, out: &mut Vec<u8>) {
        let heights = [
            self.beacon,
            self.notarized,
            self.finalized,
            self.delivered,
            self.certified,
            self.catch_up,
        ];
        heights.iter().for_each(|height| height.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            beacon: Height::read(input)?,
            notarized: Height::read(input)?,
            finalized: Height::read(input)?,
            delivered: Height::read(input)?,
            certified: Height::read(input)?,
            catch_up: Height::read(input)?,
        })
    }
}
