//! What nodes do that do not do as they should. An honest node's broadcast goes to all as it is.

use ic_consensus_core::artifact::Artifact;

use crate::world::{Conduct, World};

pub mod equivocator;
pub mod flooder;
pub mod forger;
pub mod twin;
pub mod withholder;

pub fn broadcast(world: &mut World, node: usize, artifact: Artifact) {
    if let (Conduct::Honest, Artifact::Proposal(proposal)) = (world.nodes[node].conduct, &artifact)
    {
        let seed = world.seed;
        world
            .invariants
            .proposed(node, proposal.block.height(), proposal.block.hash(), seed);
    }
    match world.nodes[node].conduct {
        Conduct::Honest | Conduct::Twin | Conduct::StaleClock => to_all(world, node, &artifact),
        Conduct::Flooder => flooder::broadcast(world, node, artifact),
        Conduct::Equivocator => equivocator::broadcast(world, node, artifact),
        Conduct::Forger => forger::broadcast(world, node, artifact),
        Conduct::Withholder => withholder::broadcast(world, node, artifact),
    }
}

pub fn to_all(world: &mut World, node: usize, artifact: &Artifact) {
    for to in (0..world.nodes.len()).filter(|to| *to != node) {
        world.send(node, to, artifact);
    }
}
