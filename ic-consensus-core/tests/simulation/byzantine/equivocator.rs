//! Makes two blocks where it may make one, shows each to one half of the subnet, and supports both.

use ic_consensus_core::artifact::{
    Artifact, Block, BlockMetadata, BlsSignature, Body, NodeSignature, NotarizationContent,
    Payload, Proposal, Share,
};
use ic_crypto::{Seed, multisig};

use super::to_all;
use crate::world::{World, call};

pub fn broadcast(world: &mut World, node: usize, artifact: Artifact) {
    let Artifact::Proposal(proposal) = &artifact else {
        return to_all(world, node, &artifact);
    };
    let Some(twin) = twin(world, node, proposal) else {
        return to_all(world, node, &artifact);
    };
    let others = (0..world.nodes.len())
        .filter(|to| *to != node)
        .collect::<Vec<_>>();
    for (place, to) in others.into_iter().enumerate() {
        let shown = if place % 2 == 0 { &artifact } else { &twin };
        world.send(node, to, shown);
    }
}

/// Another block at the same place, as well signed.
pub fn twin(world: &World, node: usize, proposal: &Proposal) -> Option<Artifact> {
    let (block, engine) = (&proposal.block, &world.nodes[node].engine);
    if block.summary().is_some() {
        return None;
    }
    let body = Body::Data(Payload {
        calls: vec![call(1_000_000 + block.height().get())],
    });
    let other = Block::new(
        block.parent(),
        block.height(),
        block.rank(),
        *block.context(),
        body,
    );
    let metadata = BlockMetadata {
        block: other.hash(),
        height: other.height(),
        subnet: world.record.subnet(),
    };
    let signature = NodeSignature(engine.keys().signing().sign(&metadata).to_bytes());
    Some(Artifact::Proposal(Proposal {
        block: other,
        maker: engine.node(),
        signature,
    }))
}

/// A vote under a key that is not the node's: as good as rubbish, but well formed.
pub fn forged_vote(world: &World, node: usize, content: NotarizationContent) -> Artifact {
    let stranger = multisig::SecretKey::from_seed(Seed::from_bytes(b"a stranger"));
    let signature = BlsSignature(stranger.sign(&content).to_bytes());
    Artifact::NotarizationShare(Share {
        content,
        signer: world.nodes[node].engine.node(),
        signature,
    })
}
