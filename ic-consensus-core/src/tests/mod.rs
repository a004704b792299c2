//! One node, and all keys of its peers: each rule is shown what it waits for, and what it must not fall for.

mod catching_up;
mod refusals;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ic_crypto::Seed;
use ic_types::{
    Batch, Call, CanisterId, Digest, Envelope, Height, NodeId, Rank, RegistryVersion, SenderProof,
    StateRoot, Time, UserId,
};

use crate::artifact::{
    Artifact, Beacon, BeaconContent, Block, BlockHash, BlockMetadata, Body, CertifiedState,
    Context, Finalization, FinalizationContent, GroupSigned, Kind, Notarization,
    NotarizationContent, Payload, Proposal, Summary, Tape, TapeContent,
};
use crate::committee::Committee;
use crate::keys::{Combined, Level};
use crate::{
    CatchUpPackage, Config, Engine, Event, Fault, NodeKeys, Output, Parameters, PayloadFault,
    Payloads, ProposalContext, SubnetRecord, Verdict, deal,
};

const START: Time = Time::from_nanos(1_700_000_000_000_000_000);

/// No calls from this node; of others' calls, those for canister 13 are refused and those for 14 put off.
#[derive(Debug, Default)]
struct Judge {
    delivered: Vec<Batch>,
}

impl Payloads for Judge {
    fn build(&mut self, _: &ProposalContext<'_>) -> Payload {
        Payload::default()
    }

    fn validate(
        &self,
        payload: &Payload,
        _: &ProposalContext<'_>,
    ) -> Result<(), Verdict<PayloadFault>> {
        let to = |canister| {
            payload
                .calls
                .iter()
                .any(|call| call.content.canister == CanisterId::from_u64(canister))
        };
        if to(13) {
            return Err(Verdict::Invalid(PayloadFault::Other("thirteen".to_owned())));
        }
        if to(14) {
            Err(Verdict::NotYet(crate::Missing::Context))
        } else {
            Ok(())
        }
    }

    fn delivered(&mut self, batch: &Batch) {
        self.delivered.push(batch.clone());
    }
}

fn call_to(canister: u64) -> Envelope<Call> {
    let content = Call {
        sender: UserId::ANONYMOUS,
        expiry: Time::MAX,
        nonce: None,
        canister: CanisterId::from_u64(canister),
        method: "m".to_owned(),
        argument: Vec::new(),
        sender_info: None,
    };
    Envelope {
        content,
        proof: SenderProof::Anonymous,
    }
}

type Registered = BTreeMap<RegistryVersion, Arc<SubnetRecord>>;

/// One node among `n`, whose peers do what the test says.
struct Fixture {
    engine: Engine<Judge, Registered>,
    record: Arc<SubnetRecord>,
    /// The peers' secrets.
    peers: Vec<NodeKeys>,
    me: NodeId,
    genesis: CatchUpPackage,
    registry: Registered,
    now: Time,
    persisted: Vec<Artifact>,
}

fn parameters() -> Parameters {
    Parameters {
        unit_delay: Duration::from_secs(10),
        interval: 4,
        kept_below_catch_up: 2,
        ..Parameters::default()
    }
}

fn secrets(n: u32, config: &Config) -> (Arc<SubnetRecord>, Vec<NodeKeys>) {
    let (record, keys) = deal(Seed::from_bytes(b"fixture"), n, config.clone()).expect("a subnet");
    (Arc::new(record), keys)
}

impl Fixture {
    /// The node of this rank at height 1, among `n`; one without a rank if nobody has this one.
    fn with_rank(n: u32, rank: u32) -> Self {
        Self::with(n, rank, parameters())
    }

    fn with(n: u32, rank: u32, parameters: Parameters) -> Self {
        let config = Config::new(parameters).expect("consistent");
        let (record, mut peers) = secrets(n, &config);
        let version = RegistryVersion::new(1);
        let registry = BTreeMap::from([(version, record.clone())]);
        let genesis = CatchUpPackage::genesis(version, START, root(0), config.interval);
        let committee = Committee::draw(record.clone(), &genesis.beacon.hash());
        let has = |keys: &NodeKeys, rank| committee.rank(&keys.node()) == rank;
        let place = peers
            .iter()
            .position(|keys| has(keys, Some(Rank::new(rank))));
        let place = place.or_else(|| peers.iter().position(|keys| has(keys, None)));
        let place = place.expect("not all members are makers");
        let keys = peers.remove(place);
        let me = keys.node();
        let engine = Engine::new(keys, genesis.clone(), Judge::default(), registry.clone())
            .expect("coherent");
        Self {
            engine,
            record,
            peers,
            me,
            genesis,
            registry,
            now: START.saturating_add(Duration::from_secs(1)),
            persisted: Vec::new(),
        }
    }

    fn handle(&mut self, event: Event) -> Vec<Output> {
        let step = self.engine.handle(self.now, event);
        self.persisted.extend(step.to_persist().iter().cloned());
        step.persisted().collect()
    }

    fn tick(&mut self) -> Vec<Output> {
        self.handle(Event::Tick)
    }

    /// Lets time pass in one leap.
    fn wait(&mut self, duration: Duration) -> Vec<Output> {
        self.now = self.now.saturating_add(duration);
        self.tick()
    }

    fn receive(&mut self, from: NodeId, artifact: impl Into<Artifact>) -> Vec<Output> {
        self.handle(Event::Received {
            from,
            artifact: artifact.into(),
        })
    }

    /// From the first peer, who only passes it on.
    fn hear(&mut self, artifact: impl Into<Artifact>) -> Vec<Output> {
        let from = self.peers[0].node();
        self.receive(from, artifact)
    }

    fn executed(&mut self, height: u64, root: StateRoot) -> Vec<Output> {
        self.handle(Event::Executed {
            height: Height::new(height),
            root,
        })
    }

    /// Stops the node and starts it from what it persisted.
    fn restart(&mut self) {
        let config = self.record.config().clone();
        let (_, keys) = secrets(u32::try_from(self.peers.len() + 1).expect("few"), &config);
        let keys = keys
            .into_iter()
            .find(|keys| keys.node() == self.me)
            .expect("a member");
        let mut engine = Engine::new(
            keys,
            self.genesis.clone(),
            Judge::default(),
            self.registry.clone(),
        )
        .expect("coherent");
        engine
            .restore(self.persisted.iter().cloned())
            .expect("in order");
        self.engine = engine;
    }

    fn committee(&self, height: u64) -> Committee {
        let beacon = self
            .engine
            .pool()
            .beacon(Height::new(height - 1))
            .expect("the beacon before")
            .hash();
        Committee::draw(self.record.clone(), &beacon)
    }

    /// The peer with this rank at a height; `None` if it is this node.
    fn maker(&self, height: u64, rank: u32) -> Option<&NodeKeys> {
        let committee = self.committee(height);
        self.peers
            .iter()
            .find(|keys| committee.rank(&keys.node()) == Some(Rank::new(rank)))
    }

    /// The best notarized block below a height.
    fn parent(&self, height: u64) -> Block {
        let below = Height::new(height - 1);
        let mut blocks: Vec<Block> = self
            .engine
            .pool()
            .notarized_blocks(below)
            .cloned()
            .collect();
        blocks.sort_by_key(|block| (block.rank(), block.hash()));
        blocks.remove(0)
    }

    /// The block that a maker of this rank makes now.
    fn block(&self, height: u64, rank: u32, calls: Vec<Envelope<Call>>) -> Block {
        let parent = self.parent(height);
        let gap = self.record.config().initial_notary_delay + Duration::from_nanos(1);
        let context = Context {
            registry: RegistryVersion::new(1),
            certified: parent.context().certified,
            time: self.now.max(parent.context().time.saturating_add(gap)),
        };
        let interval = self.record.config().interval;
        let body = if height.is_multiple_of(interval + 1) {
            Body::Summary(Summary {
                registry: RegistryVersion::new(1),
                interval,
                next_interval: interval,
            })
        } else {
            Body::Data(Payload { calls })
        };
        Block::new(
            parent.hash(),
            Height::new(height),
            Rank::new(rank),
            context,
            body,
        )
    }

    fn sign(&self, keys: &NodeKeys, block: Block) -> Proposal {
        let metadata = BlockMetadata {
            block: block.hash(),
            height: block.height(),
            subnet: self.record.subnet(),
        };
        Proposal {
            block,
            maker: keys.node(),
            signature: keys.sign_block(&metadata),
        }
    }

    /// The proposal of the peer with this rank.
    fn proposal(&self, height: u64, rank: u32) -> Proposal {
        let maker = self
            .maker(height, rank)
            .expect("this node has another rank");
        self.sign(maker, self.block(height, rank, Vec::new()))
    }

    /// A quorum of the peers supports the block.
    fn notarization(&self, block: &Block) -> Notarization {
        let content = NotarizationContent {
            height: block.height(),
            block: block.hash(),
        };
        let committee = self.committee(block.height().get());
        let votes = self
            .peers
            .iter()
            .filter(|keys| committee.is_notary(&keys.node()));
        let votes: Vec<_> = votes
            .filter_map(|keys| keys.vote(&self.record, content))
            .collect();
        let votes: Vec<_> = votes
            .iter()
            .map(|vote| (vote.signer, vote.signature))
            .collect();
        self.record
            .combine_votes(content, &votes, committee.quorum())
            .expect("honest votes")
    }

    /// A quorum of the peers votes to finalize the block.
    fn finalization(&self, block: &Block) -> Finalization {
        let content = FinalizationContent {
            height: block.height(),
            block: block.hash(),
        };
        let committee = self.committee(block.height().get());
        let votes = self
            .peers
            .iter()
            .filter(|keys| committee.is_notary(&keys.node()));
        let votes: Vec<_> = votes
            .filter_map(|keys| keys.vote(&self.record, content))
            .collect();
        let votes: Vec<_> = votes
            .iter()
            .map(|vote| (vote.signer, vote.signature))
            .collect();
        self.record
            .combine_votes(content, &votes, committee.quorum())
            .expect("honest votes")
    }

    fn group<C: ic_types::Signable + Copy>(&self, level: Level, content: C) -> GroupSigned<C> {
        let shares = self
            .peers
            .iter()
            .filter_map(|keys| keys.share(&self.record, level, content));
        let shares: Vec<_> = shares
            .map(|share| (share.signer, share.signature))
            .collect();
        match self.record.combine_shares(level, &content, &shares) {
            Combined::Signature(signature) => GroupSigned { content, signature },
            other @ (Combined::TooFew | Combined::Culprits(_)) => {
                panic!("honest shares: {other:?}")
            }
        }
    }

    fn beacon(&self, height: u64) -> Beacon {
        let below = Height::new(height - 1);
        let parent = self
            .engine
            .pool()
            .beacon(below)
            .expect("the beacon before")
            .hash();
        self.group(
            Level::Low,
            BeaconContent {
                height: Height::new(height),
                parent,
            },
        )
    }

    fn tape(&self, height: u64) -> Tape {
        self.group(
            Level::Low,
            TapeContent {
                height: Height::new(height),
            },
        )
    }

    /// The peers take the chain to `height` without this node, which learns of each step; it executes what it gets.
    fn advance(&mut self, height: u64) -> Vec<Output> {
        self.advance_with(height, true)
    }

    /// The same, with or without the tapes that execution needs.
    fn advance_with(&mut self, height: u64, tapes: bool) -> Vec<Output> {
        let mut outputs = Vec::new();
        while self.engine.position().notarized < Height::new(height) {
            let next = self.engine.position().notarized.get() + 1;
            let rank = if self.maker(next, 0).is_some() { 0 } else { 1 };
            let proposal = self.proposal(next, rank);
            let block = proposal.block.clone();
            outputs.extend(self.hear(proposal));
            outputs.extend(self.hear(self.notarization(&block)));
            outputs.extend(self.hear(self.beacon_if_new(next)));
            outputs.extend(self.hear(self.finalization(&block)));
            if tapes {
                outputs.extend(self.hear(self.tape(next)));
            }
            self.now = self.now.saturating_add(Duration::from_millis(400));
        }
        outputs
    }

    /// The beacon of a height; the one that is known, if it is.
    fn beacon_if_new(&self, height: u64) -> Beacon {
        self.engine
            .pool()
            .beacon(Height::new(height))
            .copied()
            .unwrap_or_else(|| self.beacon(height))
    }

    /// Executes what was delivered up to a height.
    fn execute_to(&mut self, height: u64) {
        for height in 1..=height {
            self.executed(height, root(height));
        }
    }

    /// Executes all that was delivered, and lets the peers certify it.
    fn certify(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        while self.engine.position().certified < self.engine.position().delivered {
            let height = self.engine.position().certified.get() + 1;
            outputs.extend(self.executed(height, root(height)));
            let state = CertifiedState {
                height: Height::new(height),
                root: root(height),
            };
            outputs.extend(self.hear(self.group(Level::High, state)));
        }
        outputs
    }
}

/// The root of the state after a height, as everybody in these tests computes it.
fn root(height: u64) -> StateRoot {
    StateRoot::new(Digest::of(&height.to_be_bytes()))
}

fn broadcasts(outputs: &[Output]) -> Vec<&Artifact> {
    let mut found = Vec::new();
    for output in outputs {
        if let Output::Broadcast(artifact) = output {
            found.push(artifact);
        }
    }
    found
}

fn kinds(outputs: &[Output]) -> Vec<Kind> {
    let kinds = broadcasts(outputs).into_iter().map(Artifact::kind);
    kinds.filter(|kind| *kind != Kind::Position).collect()
}

fn says(outputs: &[Output], kind: Kind) -> bool {
    kinds(outputs).contains(&kind)
}

fn faults(outputs: &[Output]) -> Vec<(NodeId, &Fault)> {
    let mut found = Vec::new();
    for output in outputs {
        if let Output::Misbehaved { peer, fault } = output {
            found.push((*peer, fault));
        }
    }
    found
}

fn proposals(outputs: &[Output]) -> Vec<&Proposal> {
    let mut found = Vec::new();
    for artifact in broadcasts(outputs) {
        if let Artifact::Proposal(proposal) = artifact {
            found.push(proposal);
        }
    }
    found
}

fn supported(outputs: &[Output]) -> Vec<BlockHash> {
    let mut found = Vec::new();
    for artifact in broadcasts(outputs) {
        if let Artifact::NotarizationShare(share) = artifact {
            found.push(share.content.block);
        }
    }
    found
}
