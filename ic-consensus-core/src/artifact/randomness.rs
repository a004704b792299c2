//! Randomness that no one knows early and no one can choose: the beacon ranks block makers and draws committees,
//! the tape is what execution gets.

use ic_types::{Digest, DigestHasher, Domain, Height, Signable};

use super::codec::{Canonical, MalformedArtifact, Reader};
use super::share::{AtHeight, BlsSignature, GroupSigned, Share};

/// What the beacon of a height signs: the beacon before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BeaconContent {
    /// The height.
    pub height: Height,
    /// The hash of the beacon before it, signature included.
    pub parent: Digest,
}

impl AtHeight for BeaconContent {
    fn height(&self) -> Height {
        self.height
    }
}

impl Signable for BeaconContent {
    const DOMAIN: Domain = Domain::RandomBeaconContent;

    fn write_message(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl Canonical for BeaconContent {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.parent.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            height: Height::read(input)?,
            parent: Digest::read(input)?,
        })
    }
}

/// One node's part of a beacon.
pub type BeaconShare = Share<BeaconContent>;
/// The beacon of a height: a chain of signatures under the subnet's low-threshold key.
pub type Beacon = GroupSigned<BeaconContent>;

impl Beacon {
    /// The beacon that every chain begins with. It is not signed: its randomness is known to all.
    pub fn genesis() -> Self {
        let content = BeaconContent {
            height: Height::GENESIS,
            parent: Digest::new([0; 32]),
        };
        Self {
            content,
            signature: BlsSignature([0; 48]),
        }
    }

    /// The hash over content and signature: the randomness of the next height, and what the next beacon signs.
    pub fn hash(&self) -> Digest {
        let mut hasher = DigestHasher::with_domain(Domain::RandomBeacon);
        hasher.update(&self.canonical());
        hasher.finish()
    }
}

/// What the tape of a height signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TapeContent {
    /// The height.
    pub height: Height,
}

impl AtHeight for TapeContent {
    fn height(&self) -> Height {
        self.height
    }
}

impl Signable for TapeContent {
    const DOMAIN: Domain = Domain::RandomTapeContent;

    fn write_message(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl Canonical for TapeContent {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Height::read(input).map(|height| Self { height })
    }
}

/// One node's part of a tape.
pub type TapeShare = Share<TapeContent>;
/// The randomness for the execution of a height, under the subnet's low-threshold key.
pub type Tape = GroupSigned<TapeContent>;

impl Tape {
    /// The hash over content and signature: the randomness of the batch.
    pub fn hash(&self) -> Digest {
        let mut hasher = DigestHasher::with_domain(Domain::RandomTape);
        hasher.update(&self.canonical());
        hasher.finish()
    }
}
