//! Sends shares whose signatures are wrong: well-formed points that sign something else.

use ic_consensus_core::artifact::{Artifact, BlsSignature};
use ic_crypto::{Seed, bls};
use ic_types::{Digest, StateRoot};

use super::{equivocator::forged_vote, to_all};
use crate::world::World;

pub fn broadcast(world: &mut World, node: usize, artifact: Artifact) {
    let stranger = bls::SecretKey::from_seed(Seed::from_bytes(b"a stranger"));
    let wrong = BlsSignature(
        stranger
            .sign(&StateRoot::new(Digest::of(b"something else")))
            .to_bytes(),
    );
    let mut artifact = artifact;
    match &mut artifact {
        Artifact::NotarizationShare(share) => {
            let content = share.content;
            artifact = forged_vote(world, node, content);
        }
        Artifact::BeaconShare(share) => share.signature = wrong,
        Artifact::TapeShare(share) => share.signature = wrong,
        Artifact::FinalizationShare(share) => share.signature = wrong,
        Artifact::CertificationShare(share) => share.signature = wrong,
        Artifact::CatchUpShare(share) => share.signature = wrong,
        _ => {}
    }
    to_all(world, node, &artifact);
}
