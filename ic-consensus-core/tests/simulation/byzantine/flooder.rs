//! Sends rubbish with everything that it sends: well-formed, of no use, and for all heights that are taken in.

use ic_consensus_core::artifact::{
    Artifact, BlockHash, BlsSignature, FinalizationContent, MultiSigned, NotarizationContent,
    Position, Share,
};
use ic_types::{Digest, Height};

use super::to_all;
use crate::world::World;

/// Pieces of rubbish with each message.
const PIECES: u64 = 5;

pub fn broadcast(world: &mut World, node: usize, artifact: Artifact) {
    to_all(world, node, &artifact);
    let me = world.nodes[node].engine.node();
    for _ in 0..PIECES {
        let at = world.nodes[node].engine.position().notarized;
        let dice = world.dice();
        let height = Height::new(at.get() + dice.below(12));
        let block = BlockHash::new(Digest::of(&dice.roll().to_be_bytes()));
        let signature = BlsSignature([0xc0; 48]);
        let rubbish = match dice.below(4) {
            0 => MultiSigned {
                content: NotarizationContent { height, block },
                signers: vec![me],
                signature,
            }
            .into(),
            1 => MultiSigned {
                content: FinalizationContent { height, block },
                signers: vec![me],
                signature,
            }
            .into(),
            2 => Share {
                content: NotarizationContent { height, block },
                signer: me,
                signature,
            }
            .into(),
            _ => Artifact::from(Position {
                notarized: Height::new(dice.below(20)),
                ..Position::default()
            }),
        };
        to_all(world, node, &rubbish);
    }
}
