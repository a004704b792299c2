//! The rules of the protocol, one pure function each: a view of the pool in, changes out.
//!
//! The engine asks them one after the other, applies the first changes that it gets, and begins again, until none has
//! anything to say. The order matters: the finalizer is asked before the notary, so that a node that could finalize
//! does not first support another block; the purger is asked right after whatever can raise a height; the validator
//! is asked late, so that what is here is used before more is taken in.

mod aggregator;
mod beacon;
pub(crate) mod block_maker;
mod catch_up;
mod certifier;
mod finalizer;
mod notary;
pub(crate) mod purger;
mod tape;
mod validator;

use crate::pool::{Change, View};

/// A rule.
pub(crate) type Rule = fn(&View<'_>) -> Vec<Change>;

/// All rules but the block maker's, which the engine asks itself because its payload comes from the embedder.
pub(crate) const BEFORE_BLOCK_MAKER: [Rule; 7] = [
    finalizer::finalize,
    catch_up::sign_packages,
    aggregator::aggregate,
    purger::purge,
    notary::notarize,
    beacon::reveal_beacon,
    tape::reveal_tapes,
];

/// The rules that are asked after the block maker.
pub(crate) const AFTER_BLOCK_MAKER: [Rule; 2] = [certifier::certify, validator::validate];
