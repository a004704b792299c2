//! Crash at every step, restore, and never a second vote: whatever the disk held, and whatever the node is shown next.
#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ic_consensus_core::artifact::{
    Artifact, Block, BlockHash, BlockMetadata, Body, CatchUpPackage, NodeSignature, Payload,
    Proposal,
};
use ic_consensus_core::{
    Config, Engine, Event, NodeKeys, Output, Parameters, PayloadFault, Payloads, ProposalContext,
    SubnetRecord, Verdict, deal,
};
use ic_crypto::Seed;
use ic_types::{
    Batch, Call, CanisterId, Digest, Envelope, Height, NodeId, RegistryVersion, SenderProof,
    StateRoot, Time, UserId,
};

/// Puts the same call into every block, so that a life with another one would make other blocks.
struct Mark(u64);

impl Payloads for Mark {
    fn build(&mut self, _: &ProposalContext<'_>) -> Payload {
        Payload {
            calls: vec![marked(self.0)],
        }
    }

    fn validate(&self, _: &Payload, _: &ProposalContext<'_>) -> Result<(), Verdict<PayloadFault>> {
        Ok(())
    }

    fn delivered(&mut self, _: &Batch) {}
}

fn marked(number: u64) -> Envelope<Call> {
    let content = Call {
        sender: UserId::ANONYMOUS,
        expiry: Time::MAX,
        nonce: None,
        canister: CanisterId::from_u64(number),
        method: "mark".to_owned(),
        argument: Vec::new(),
        sender_info: None,
    };
    Envelope {
        content,
        proof: SenderProof::Anonymous,
    }
}

type Registry = BTreeMap<RegistryVersion, Arc<SubnetRecord>>;
type Node = Engine<Mark, Registry>;

const START: Time = Time::from_nanos(1_700_000_000_000_000_000);

struct Subnet {
    registry: Registry,
    genesis: CatchUpPackage,
    config: Config,
}

impl Subnet {
    fn new() -> Self {
        let mut parameters = Parameters::default();
        parameters.unit_delay = Duration::from_millis(200);
        parameters.initial_notary_delay = Duration::from_millis(20);
        parameters.interval = 3;
        parameters.kept_below_catch_up = 2;
        let config = Config::new(parameters).expect("consistent");
        let version = RegistryVersion::new(1);
        let (record, _) =
            deal(Seed::from_bytes(b"restart"), 4, config.clone()).expect("four can be a subnet");
        let genesis = CatchUpPackage::genesis(
            version,
            START,
            StateRoot::new(Digest::of(b"")),
            config.interval,
        );
        Self {
            registry: BTreeMap::from([(version, Arc::new(record))]),
            genesis,
            config,
        }
    }

    fn keys(&self) -> Vec<NodeKeys> {
        deal(Seed::from_bytes(b"restart"), 4, self.config.clone())
            .expect("four can be a subnet")
            .1
    }

    fn node(&self, keys: NodeKeys, mark: u64) -> Node {
        Engine::new(
            keys,
            self.genesis.clone(),
            Mark(mark),
            self.registry.clone(),
        )
        .expect("genesis is coherent")
    }
}

fn root_at(height: Height) -> StateRoot {
    StateRoot::new(Digest::of(&height.get().to_be_bytes()))
}

/// What one node went through: each event, what it persisted then, and what it sent after.
struct Life {
    events: Vec<(Time, Event)>,
    persisted: Vec<Vec<Artifact>>,
    sent: Vec<Vec<Artifact>>,
}

/// A subnet of four in lockstep; the life of its first node until it certified `height`.
fn live(subnet: &Subnet, height: Height) -> Life {
    let mut nodes: BTreeMap<NodeId, Node> = subnet
        .keys()
        .into_iter()
        .map(|keys| (keys.node(), subnet.node(keys, 1)))
        .collect();
    let first = *nodes.keys().next().expect("four");
    let mut life = Life {
        events: Vec::new(),
        persisted: Vec::new(),
        sent: Vec::new(),
    };
    let (mut now, mut queue) = (START, VecDeque::new());
    while nodes[&first].position().certified < height {
        let Some((to, event)): Option<(NodeId, Event)> = queue.pop_front() else {
            now = now.saturating_add(Duration::from_millis(7));
            queue.extend(nodes.keys().map(|node| (*node, Event::Tick)));
            continue;
        };
        let step = nodes
            .get_mut(&to)
            .expect("a member")
            .handle(now, event.clone());
        let persisted = step.to_persist().to_vec();
        let mut sent = Vec::new();
        for output in step.persisted() {
            match output {
                Output::Broadcast(artifact) => {
                    sent.push(artifact.clone());
                    queue.extend(nodes.keys().filter(|node| **node != to).map(|node| {
                        (
                            *node,
                            Event::Received {
                                from: to,
                                artifact: artifact.clone(),
                            },
                        )
                    }));
                }
                Output::Send { to: peer, artifact } => {
                    sent.push(artifact.clone());
                    queue.push_back((peer, Event::Received { from: to, artifact }));
                }
                Output::Deliver(batch) => {
                    let root = root_at(batch.height);
                    queue.push_back((
                        to,
                        Event::Executed {
                            height: batch.height,
                            root,
                        },
                    ));
                }
                _ => {}
            }
        }
        if to == first {
            life.events.push((now, event));
            life.persisted.push(persisted);
            life.sent.push(sent);
        }
    }
    life
}

/// All that one node ever said, over all its lives.
#[derive(Default)]
struct Words {
    proposed: BTreeMap<Height, BTreeSet<BlockHash>>,
    supported: BTreeMap<Height, BTreeSet<BlockHash>>,
    finalized: BTreeMap<Height, BTreeSet<BlockHash>>,
}

impl Words {
    fn hear(&mut self, me: NodeId, artifacts: &[Artifact]) {
        for artifact in artifacts {
            match artifact {
                Artifact::Proposal(proposal) if proposal.maker == me => {
                    self.proposed
                        .entry(proposal.block.height())
                        .or_default()
                        .insert(proposal.block.hash());
                }
                Artifact::NotarizationShare(share) if share.signer == me => {
                    self.supported
                        .entry(share.content.height)
                        .or_default()
                        .insert(share.content.block);
                }
                Artifact::FinalizationShare(share) if share.signer == me => {
                    self.finalized
                        .entry(share.content.height)
                        .or_default()
                        .insert(share.content.block);
                }
                _ => {}
            }
        }
    }

    fn check(&self, what: &str) {
        for (height, blocks) in &self.proposed {
            assert_eq!(blocks.len(), 1, "{what}: two blocks at {height}");
        }
        for (height, finalized) in &self.finalized {
            assert_eq!(
                finalized.len(),
                1,
                "{what}: two votes to finalize at {height}"
            );
            let supported = self.supported.get(height).cloned().unwrap_or_default();
            assert!(
                supported.is_subset(finalized),
                "{what}: finalizes at {height} beside what it supported"
            );
        }
    }
}

/// Another block in the place of one that was received, as its maker could have made it.
fn twin(subnet: &Subnet, keys: &[NodeKeys], event: &Event) -> Option<Event> {
    let Event::Received {
        from,
        artifact: Artifact::Proposal(proposal),
    } = event
    else {
        return None;
    };
    let maker = keys.iter().find(|keys| keys.node() == proposal.maker)?;
    let block = &proposal.block;
    block.summary().is_none().then(|| {
        let body = Body::Data(Payload {
            calls: vec![marked(99)],
        });
        let block = Block::new(
            block.parent(),
            block.height(),
            block.rank(),
            *block.context(),
            body,
        );
        let subnet = subnet
            .registry
            .values()
            .next()
            .expect("one version")
            .subnet();
        let metadata = BlockMetadata {
            block: block.hash(),
            height: block.height(),
            subnet,
        };
        let signature = NodeSignature(maker.signing().sign(&metadata).to_bytes());
        let artifact = Artifact::Proposal(Proposal {
            block,
            maker: proposal.maker,
            signature,
        });
        Event::Received {
            from: *from,
            artifact,
        }
    })
}

/// One more life from what is on disk, through the events after the crash; each block comes after its twin.
fn live_again(subnet: &Subnet, disk: &[Artifact], events: &[(Time, Event)], words: &mut Words) {
    let mut keys = subnet.keys();
    let mine = keys.remove(0);
    let me = mine.node();
    let mut node = subnet.node(mine, 2);
    node.restore(disk.iter().cloned())
        .expect("the disk is in order");
    let Some((start, _)) = events.first() else {
        return;
    };
    let mut states: VecDeque<Event> = VecDeque::new();
    for (now, event) in std::iter::once(&(*start, Event::Tick)).chain(events) {
        // The state is computed again from the batches of this life.
        let event = if matches!(event, Event::Executed { .. }) {
            Event::Tick
        } else {
            event.clone()
        };
        let mut todo: VecDeque<Event> = twin(subnet, &keys, &event)
            .into_iter()
            .chain([event])
            .collect();
        todo.append(&mut states);
        while let Some(event) = todo.pop_front() {
            let step = node.handle(now.saturating_add(Duration::from_millis(3)), event);
            for output in step.persisted() {
                match output {
                    Output::Broadcast(artifact) | Output::Send { artifact, .. } => {
                        words.hear(me, &[artifact])
                    }
                    Output::Deliver(batch) => {
                        states.push_back(Event::Executed {
                            height: batch.height,
                            root: root_at(batch.height),
                        });
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_crash_at_any_step_leads_to_no_second_vote() {
    let subnet = Subnet::new();
    let life = live(&subnet, Height::new(5));
    let me = subnet.keys()[0].node();
    assert!(
        life.events.len() > 60,
        "a life worth ending early: {}",
        life.events.len()
    );
    let mut voted = 0;
    for crash in 0..life.events.len() {
        // The step's artifacts are durable, and all of it was sent, or nothing of it.
        for sent in [crash, crash + 1] {
            let mut words = Words::default();
            life.sent[..sent]
                .iter()
                .for_each(|sent| words.hear(me, sent));
            let disk: Vec<Artifact> = life.persisted[..=crash].iter().flatten().cloned().collect();
            let next = &life.events[crash + 1..life.events.len().min(crash + 26)];
            live_again(&subnet, &disk, next, &mut words);
            words.check(&format!("crash after event {crash}, {sent} sent"));
            voted += words.finalized.len();
        }
    }
    assert!(voted > 100, "the lives did vote: {voted}");
}

#[test]
fn a_store_may_be_replaced_by_what_the_engine_gives() {
    let subnet = Subnet::new();
    let life = live(&subnet, Height::new(11));
    let mut keys = subnet.keys();
    let mut node = subnet.node(keys.remove(0), 1);
    for (now, event) in &life.events {
        let _sent = node.handle(*now, event.clone()).persisted().count();
        let mut again = subnet.node(subnet.keys().remove(0), 1);
        // What comes out goes in again, and means the same.
        let disk = node.artifacts();
        assert_eq!(again.restore(disk.iter().cloned()), Ok(()));
        let (before, after) = (node.position(), again.position());
        assert_eq!(
            (
                before.beacon,
                before.notarized,
                before.finalized,
                before.catch_up
            ),
            (
                after.beacon,
                after.notarized,
                after.finalized,
                after.catch_up
            )
        );
        // The second life begins at genesis, which the first may have forgotten.
        let ids =
            |artifacts: &[Artifact]| artifacts.iter().map(Artifact::id).collect::<BTreeSet<_>>();
        let genesis = [
            Artifact::from(subnet.genesis.clone()),
            Artifact::from(subnet.genesis.beacon),
        ];
        let expected: BTreeSet<_> = ids(&disk).union(&ids(&genesis)).copied().collect();
        assert_eq!(ids(&again.artifacts()), expected);
    }
    assert!(
        node.position().catch_up >= Height::new(8),
        "it went past catch-up packages"
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let subnet = Subnet::new();
    let life = live(&subnet, Height::new(4));
    let log: Vec<Artifact> = life.persisted.iter().flatten().cloned().collect();
    let without_blocks = log
        .iter()
        .filter(|artifact| !matches!(artifact, Artifact::Proposal(_)))
        .cloned();
    let error = subnet
        .node(subnet.keys().remove(0), 1)
        .restore(without_blocks)
        .expect_err("votes for no blocks");
    assert_eq!(error.kind, ic_consensus_core::artifact::Kind::Notarization);
    let without_support = log
        .iter()
        .filter(|artifact| !matches!(artifact, Artifact::Notarization(_)))
        .cloned();
    // A finalization is a quorum's word for a block and all before it: it stands by itself.
    assert_eq!(
        subnet
            .node(subnet.keys().remove(0), 1)
            .restore(without_support),
        Ok(())
    );
}
