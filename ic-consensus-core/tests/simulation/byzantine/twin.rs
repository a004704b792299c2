//! Two machines under one identity: each is honest by itself, neither knows of the other, and so they vote twice.

use crate::world::{Conduct, World};

/// Gives a node a twin. Both count as dishonest from here on.
pub fn split(world: &mut World, node: usize) {
    let twin = world.copy(node);
    world.nodes[node].conduct = Conduct::Twin;
    world.nodes[twin].conduct = Conduct::Twin;
}
