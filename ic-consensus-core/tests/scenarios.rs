//! Scenarios as stories: what happens to a small subnet, and what one of its nodes then says and sees, line by line.
//!
//! Each file under `scenarios/` has comments (`;`), directives, a line `---`, and the transcript, which this test
//! computes and compares. `UPDATE_SCENARIOS=1` writes the transcripts anew: read the difference before believing it.
//!
//! | directive | means |
//! |---|---|
//! | `nodes N` | the size of the subnet; ranks below are those of height 1, and what comes after them has no rank |
//! | `observe R` | whose transcript it is: the node with place R in the order of ranks |
//! | `down R` | this node is not running from the beginning |
//! | `start R at MS` | it starts, with an empty disk, so many milliseconds after the others |
//! | `interval N` | data blocks in an interval |
//! | `deaf KIND until MS` | the observed node does not get artifacts of this kind until then |
//! | `until WORDS` | the transcript ends with the first line that ends with these words |
#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ic_consensus_core::artifact::{Artifact, Payload};
use ic_consensus_core::{
    CatchUpPackage, Config, Engine, Event, Milestone, Output, Parameters, PayloadFault, Payloads,
    ProposalContext, SubnetRecord, Verdict, deal,
};
use ic_crypto::{Seed, randomness};
use ic_types::{Batch, Digest, Height, NodeId, Randomness, RegistryVersion, StateRoot, Time};

const START: Time = Time::from_nanos(1_700_000_000_000_000_000);
const DELAY: Duration = Duration::from_millis(10);

/// Blocks without calls: the stories are about the order.
#[derive(Debug)]
struct Empty;

impl Payloads for Empty {
    fn build(&mut self, _: &ProposalContext<'_>) -> Payload {
        Payload::default()
    }

    fn validate(&self, _: &Payload, _: &ProposalContext<'_>) -> Result<(), Verdict<PayloadFault>> {
        Ok(())
    }

    fn delivered(&mut self, _: &Batch) {}
}

type Node = Engine<Empty, BTreeMap<RegistryVersion, Arc<SubnetRecord>>>;

#[derive(Debug)]
struct Scenario {
    nodes: u32,
    observe: usize,
    down: BTreeSet<usize>,
    starts: Vec<(u64, usize)>,
    interval: u64,
    deaf: Vec<(String, u64)>,
    until: String,
}

fn parse(text: &str) -> Scenario {
    let mut scenario = Scenario {
        nodes: 4,
        observe: 0,
        down: BTreeSet::new(),
        starts: Vec::new(),
        interval: 100,
        deaf: Vec::new(),
        until: String::new(),
    };
    let number = |word: &str| word.parse::<u64>().expect("a number");
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["nodes", nodes] => scenario.nodes = nodes.parse().expect("a number"),
            ["observe", place] => scenario.observe = number(place) as usize,
            ["down", place] => drop(scenario.down.insert(number(place) as usize)),
            ["start", place, "at", time] => {
                scenario.down.insert(number(place) as usize);
                scenario.starts.push((number(time), number(place) as usize));
            }
            ["interval", interval] => scenario.interval = number(interval),
            ["deaf", kind, "until", time] => scenario.deaf.push((kind.to_owned(), number(time))),
            ["until", ..] => scenario.until = words[1..].join(" "),
            _ => panic!("no such directive: {line}"),
        }
    }
    scenario
}

struct World {
    nodes: Vec<Option<Node>>,
    ids: Vec<NodeId>,
    queue: BTreeMap<(Time, u64), (usize, Event)>,
    sequence: u64,
}

impl World {
    fn later(&mut self, at: Time, to: usize, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), (to, event));
    }
}

/// Places in the order of ranks at height 1, those without a rank after them.
fn by_rank(genesis: &CatchUpPackage, record: &SubnetRecord) -> Vec<NodeId> {
    let seed = Randomness::new(*genesis.beacon.hash().as_bytes());
    randomness::ranking(&seed, record.members().keys().copied())
}

fn tell(scenario: &Scenario) -> String {
    let mut parameters = Parameters::default();
    parameters.unit_delay = Duration::from_millis(500);
    parameters.initial_notary_delay = Duration::from_millis(100);
    parameters.interval = scenario.interval;
    let config = Config::new(parameters).expect("consistent");
    let dealt = || {
        deal(
            Seed::from_bytes(b"scenarios"),
            scenario.nodes,
            config.clone(),
        )
        .expect("a subnet")
    };
    let record = Arc::new(dealt().0);
    let version = RegistryVersion::new(1);
    let registry = BTreeMap::from([(version, record.clone())]);
    let genesis = CatchUpPackage::genesis(
        version,
        START,
        StateRoot::new(Digest::of(b"")),
        config.interval,
    );
    let ids = by_rank(&genesis, &record);
    let new = |place: usize| {
        let keys = dealt()
            .1
            .into_iter()
            .find(|keys| keys.node() == ids[place])
            .expect("a member");
        Engine::new(keys, genesis.clone(), Empty, registry.clone()).expect("genesis is coherent")
    };
    let nodes = (0..ids.len())
        .map(|place| (!scenario.down.contains(&place)).then(|| new(place)))
        .collect();
    let mut world = World {
        nodes,
        ids: ids.clone(),
        queue: BTreeMap::new(),
        sequence: 0,
    };
    (0..ids.len()).for_each(|place| world.later(START, place, Event::Tick));
    let mut starts = scenario.starts.clone();
    for (time, place) in &starts {
        world.later(
            START.saturating_add(Duration::from_millis(*time)),
            *place,
            Event::Tick,
        );
    }

    let mut transcript = Transcript {
        lines: Vec::new(),
        ranks: BTreeMap::new(),
    };
    while let Some(((now, _), (to, event))) = world.queue.pop_first() {
        let millis = now.since(START).expect("after the start").as_millis() as u64;
        assert!(
            millis < 60_000,
            "the story does not end:\n{}",
            transcript.lines.join("\n")
        );
        starts.retain(|(time, place)| {
            let due = *time <= millis;
            if due {
                world.nodes[*place] = Some(new(*place));
            }
            !due
        });
        let Some(node) = &mut world.nodes[to] else {
            continue;
        };
        if let Event::Received { artifact, .. } = &event {
            let kind = format!("{:?}", artifact.kind());
            if to == scenario.observe
                && scenario
                    .deaf
                    .iter()
                    .any(|(deaf, until)| *deaf == kind && millis < *until)
            {
                continue;
            }
        }
        let outputs: Vec<Output> = node.handle(now, event).persisted().collect();
        let deadline = node.next_deadline();
        for output in outputs {
            if to == scenario.observe {
                transcript.note(millis, &output);
                if transcript
                    .lines
                    .last()
                    .is_some_and(|line| line.ends_with(&scenario.until))
                {
                    return transcript.lines.join("\n") + "\n";
                }
            }
            let from = world.ids[to];
            let arrival = now.saturating_add(DELAY);
            match output {
                Output::Broadcast(artifact) => {
                    for other in (0..world.ids.len()).filter(|other| *other != to) {
                        let artifact = artifact.clone();
                        world.later(arrival, other, Event::Received { from, artifact });
                    }
                }
                Output::Send { to: peer, artifact } => {
                    let other = world
                        .ids
                        .iter()
                        .position(|id| *id == peer)
                        .expect("a member");
                    world.later(arrival, other, Event::Received { from, artifact });
                }
                Output::Deliver(batch) => {
                    let root = StateRoot::new(Digest::of(&batch.height.get().to_be_bytes()));
                    let done = now.saturating_add(Duration::from_millis(1));
                    world.later(
                        done,
                        to,
                        Event::Executed {
                            height: batch.height,
                            root,
                        },
                    );
                }
                Output::FetchState { height, root } => {
                    let done = now.saturating_add(Duration::from_millis(100));
                    world.later(done, to, Event::Executed { height, root });
                }
                _ => {}
            }
        }
        if let Some(deadline) = deadline {
            world.later(
                deadline.max(now.saturating_add(Duration::from_millis(1))),
                to,
                Event::Tick,
            );
        }
    }
    unreachable!("somebody always has a deadline");
}

struct Transcript {
    lines: Vec<String>,
    ranks: BTreeMap<Height, u32>,
}

impl Transcript {
    fn note(&mut self, millis: u64, output: &Output) {
        let words = match output {
            Output::Broadcast(artifact) => match artifact {
                Artifact::BeaconShare(share) => {
                    format!("reveals its share of beacon {}", share.content.height)
                }
                Artifact::TapeShare(share) => {
                    format!("reveals its share of tape {}", share.content.height)
                }
                Artifact::Proposal(proposal) => {
                    let kind = if proposal.block.summary().is_some() {
                        "a summary"
                    } else {
                        "a block"
                    };
                    format!(
                        "proposes {kind} at {}, rank {}",
                        proposal.block.height(),
                        proposal.block.rank()
                    )
                }
                Artifact::NotarizationShare(share) => {
                    format!("supports a block at {}", share.content.height)
                }
                Artifact::FinalizationShare(share) => {
                    format!("votes to finalize {}", share.content.height)
                }
                Artifact::CertificationShare(share) => {
                    format!("signs the state after {}", share.content.height)
                }
                Artifact::CatchUpShare(share) => {
                    format!("signs a catch-up package at {}", share.content.height)
                }
                Artifact::Position(position) => {
                    format!("says that it stands at {}", position.notarized)
                }
                // What was put together from shares shows below, as progress.
                _ => return,
            },
            Output::Send {
                artifact: Artifact::Position(position),
                ..
            } => {
                format!("asks for more from {}", position.notarized)
            }
            // Answers to others are another node's story.
            Output::Send { .. } => return,
            Output::Deliver(batch) => {
                format!(
                    "delivers batch {}{}",
                    batch.height,
                    if batch.checkpoint {
                        ", a checkpoint"
                    } else {
                        ""
                    }
                )
            }
            Output::Certified(certification) => {
                format!("certified {}", certification.content.height)
            }
            Output::FetchState { height, .. } => format!("wants the state after {height}"),
            Output::Progress(milestone) => match milestone {
                Milestone::Beacon { height } => format!("beacon {height}"),
                Milestone::Proposed { height, rank, .. } => {
                    self.ranks.insert(*height, rank.get());
                    format!("finds a block at {height} valid, rank {rank}")
                }
                Milestone::Notarized { height, rank, .. } => {
                    format!("notarized {height}, rank {rank}")
                }
                Milestone::Finalized { height, .. } => format!("finalized {height}"),
                Milestone::CatchUp { height, .. } => format!("catch-up package {height}"),
                other => panic!("unknown milestone {other:?}"),
            },
            Output::Purged { below } => format!("forgets what is below {below}"),
            other => panic!("not in any of these stories: {other:?}"),
        };
        self.lines.push(format!("{millis:6} ms  {words}"));
    }
}

#[test]
fn transcripts_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    #[expect(
        clippy::disallowed_methods,
        reason = "whether to write is for whoever runs the test to say"
    )]
    let update = std::env::var("UPDATE_SCENARIOS").is_ok();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a scenario");
        let (head, expected) = text
            .split_once("---\n")
            .expect("a line between directives and transcript");
        let told = tell(&parse(head));
        if update {
            std::fs::write(&file, format!("{head}---\n{told}")).expect("written");
            continue;
        }
        for (number, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
            assert_eq!(
                told,
                expected,
                "{}: line {} of the transcript",
                file.display(),
                number + 1
            );
        }
        assert_eq!(
            told.lines().count(),
            expected.lines().count(),
            "{}",
            file.display()
        );
    }
}
