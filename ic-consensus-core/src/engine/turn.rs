//! One turn: the rules in their order, again and again, until none has anything to say.

use std::time::Duration;

use super::Engine;
use crate::artifact::{Block, BlockMetadata, Body, Proposal};
use crate::committee::Committee;
use crate::payload::{Payloads, ProposalContext};
use crate::pool::{Change, after, heights};
use crate::registry::Registry;
use crate::rules::block_maker::{Decision, Plan, decide};
use crate::rules::{AFTER_BLOCK_MAKER, BEFORE_BLOCK_MAKER, Rule};
use crate::step::Step;

/// More rounds of the rules than any event can need; what is left over is done at the next event.
const MOST_ROUNDS: usize = 10_000;

impl<P: Payloads, R: Registry> Engine<P, R> {
    /// Asks the rules until none has anything to say.
    pub(super) fn run(&mut self, step: &mut Step) {
        self.wake = None;
        for _ in 0..MOST_ROUNDS {
            self.draw_committees();
            let progressed = self.deliver(step)
                || BEFORE_BLOCK_MAKER
                    .iter()
                    .any(|rule| self.ask_rule(*rule, step))
                || self.propose(step)
                || AFTER_BLOCK_MAKER
                    .iter()
                    .any(|rule| self.ask_rule(*rule, step));
            if !progressed {
                return;
            }
            // What the rules wait for may have changed.
            self.wake = None;
        }
        self.wake = Some(Duration::ZERO);
    }

    pub(super) fn ask_rule(&mut self, rule: Rule, step: &mut Step) -> bool {
        let mut progressed = false;
        for change in rule(&self.view()) {
            progressed |= self.apply(change, step);
        }
        progressed
    }

    /// Makers and notaries of the heights at which something can still be decided.
    pub(super) fn draw_committees(&mut self) {
        let (first, last) = (
            after(self.pool.finalized_height()),
            after(self.pool.notarized_height()),
        );
        if self
            .committees
            .keys()
            .next()
            .is_some_and(|height| *height < first)
        {
            self.committees = self.committees.split_off(&first);
        }
        for height in heights(first, last) {
            if self.committees.contains_key(&height) {
                continue;
            }
            let beacon = height.previous().and_then(|below| self.pool.beacon(below));
            if let (Some(beacon), Some(record)) = (beacon, self.view().record(height)) {
                self.committees
                    .insert(height, Committee::draw(record, &beacon.hash()));
            }
        }
    }

    pub(super) fn propose(&mut self, step: &mut Step) -> bool {
        match decide(&self.view()) {
            Decision::Nothing => false,
            Decision::Wait(remaining) => {
                self.wake_after(remaining);
                false
            }
            Decision::Propose(plan) => {
                let proposal = self.make(plan);
                self.apply(Change::Add(proposal.into()), step)
            }
        }
    }

    pub(super) fn make(&mut self, plan: Plan) -> Proposal {
        let Plan {
            parent,
            height,
            rank,
            context,
            summary,
        } = plan;
        let body = match summary {
            Some(summary) => Body::Summary(summary),
            None => {
                let undelivered = self
                    .pool
                    .undelivered_calls(&parent, self.execution.delivered);
                let context = ProposalContext {
                    height,
                    context,
                    ancestors: &undelivered,
                    block_calls: self.config.block_calls,
                    block_bytes: self.config.block_bytes,
                    call_bytes: self.config.call_bytes,
                };
                Body::Data(self.payloads.build(&context))
            }
        };
        let block = Block::new(parent.hash(), height, rank, context, body);
        let metadata = BlockMetadata {
            block: block.hash(),
            height,
            subnet: self.subnet,
        };
        let signature = self.keys.sign_block(&metadata);
        Proposal {
            block,
            maker: self.keys.node(),
            signature,
        }
    }
}
