//! Shows its blocks to one other node only, and votes to nobody.

use ic_consensus_core::artifact::Artifact;

use super::to_all;
use crate::world::World;

pub fn broadcast(world: &mut World, node: usize, artifact: Artifact) {
    match &artifact {
        Artifact::Proposal(_) => {
            let to = (node + 1) % world.nodes.len();
            world.send(node, to, &artifact);
        }
        Artifact::NotarizationShare(_) | Artifact::FinalizationShare(_) => {}
        _ => to_all(world, node, &artifact),
    }
}
