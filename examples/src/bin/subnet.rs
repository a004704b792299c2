//! A subnet of the Internet Computer in one process.
//!
//! `subnet demo` shows in a few seconds what a subnet is for; `subnet run` serves agents until it is interrupted.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use candid::Decode;
use clap::{Parser, Subcommand};
use examples::client::{Client, ClientError, InstallMode};
use examples::clock::Clock;
use examples::http;
use examples::member::{Listener, Member, Notice};
use examples::subnet::{Setup, Subnet};
use examples::timeline::Timeline;
use ic_certification::paths;
use ic_crypto::{Seed, user_key};
use ic_types::{CanisterId, Digest, Height, NodeId, StateRoot};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A subnet of the Internet Computer in one process", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Four nodes agree, run a canister and certify what it does; a client checks every answer down to the root key
    Demo {
        /// Make the same keys every time: any text
        #[arg(long)]
        seed: Option<String>,
    },
    /// Serve agents over HTTP until interrupted
    Run {
        /// The port on this machine; 0 takes a free one
        #[arg(long)]
        port: u16,
        /// How many nodes: 4 go on when one fails, 7 when two do
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=40))]
        nodes: u32,
        /// Make the same keys every time: any text
        #[arg(long)]
        seed: Option<String>,
    },
}

/// The keys of the subnet, and of the client of the demonstration, come from here.
fn seed(text: Option<String>) -> Result<Seed, getrandom::Error> {
    match text {
        Some(text) => Ok(Seed::from_bytes(text.as_bytes())),
        None => {
            let mut entropy = [0; 32];
            getrandom::fill(&mut entropy)?;
            Ok(Seed::from_bytes(&entropy))
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Demo { seed } => demo(seed).await,
        Command::Run { port, nodes, seed } => run(port, nodes, seed).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", whole(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Serves one node's HTTP interface in the background as soon as it has something certified to serve, and returns where.
async fn serve(port: u16, member: &Arc<Member>) -> Result<SocketAddr, Box<dyn Error>> {
    member.ready().await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let member = Arc::clone(member);
    tokio::spawn(async move { http::serve(listener, member).await });
    Ok(address)
}

async fn run(port: u16, nodes: u32, seed_text: Option<String>) -> Result<(), Box<dyn Error>> {
    let subnet = Subnet::start(Setup::new(nodes, seed(seed_text)?))?;
    let member = subnet.members.first().ok_or("a subnet without nodes")?;
    let address = serve(port, member).await?;
    println!("root key  {}", hex(subnet.root_key.to_der().as_slice()));
    println!("url       http://{address}");
    println!(
        "The nodes made the keys together, all in this process: good for development and tests. Ctrl-C ends it."
    );

    let started = Clock::start();
    let mut every_second = tokio::time::interval(Duration::from_secs(1));
    let mut before: Option<Height> = None;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            _ = every_second.tick() => {
                let height = member.certified_height();
                let certified = height.map_or(0, Height::get);
                let gained = certified.saturating_sub(before.map_or(0, Height::get));
                let running = started.elapsed().as_secs();
                println!("{running:>6} s  certified height {certified:>6}  +{gained}");
                before = height;
            }
        }
    }
    println!("interrupted");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The canister of the demonstration: `examples/canisters/counter`.
const COUNTER: &[u8] = include_bytes!("../../canisters/counter/counter.wasm");
/// Candid for "no arguments".
const NOTHING: &[u8] = b"DIDL\0\0";
/// How long a node may need to catch up with what another has certified.
const LAG: Duration = Duration::from_secs(10);

/// What all nodes have noticed; one node's notices become lines.
struct Observer {
    clock: Clock,
    /// Who is watched, and how it is told; until that is known, notices wait.
    watched: Option<(NodeId, Timeline)>,
    waiting: Vec<(Duration, NodeId, Notice)>,
    roots: BTreeMap<Height, BTreeMap<NodeId, StateRoot>>,
}

type Shared = Arc<Mutex<Observer>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Observer> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer {
    fn new() -> Self {
        Self {
            clock: Clock::start(),
            watched: None,
            waiting: Vec::new(),
            roots: BTreeMap::new(),
        }
    }

    fn listener(shared: &Shared) -> Listener {
        let shared = Arc::clone(shared);
        Arc::new(move |node, notice| {
            let mut observer = lock(&shared);
            let at = observer.clock.elapsed();
            observer.notice(at, node, notice);
        })
    }

    fn notice(&mut self, at: Duration, node: NodeId, notice: Notice) {
        let Some((watched, timeline)) = &mut self.watched else {
            self.waiting.push((at, node, notice));
            return;
        };
        if let Notice::Certified { height, root } = &notice {
            self.roots.entry(*height).or_default().insert(node, *root);
        }
        if node == *watched
            && let Some(line) = timeline.observe(at, &notice)
        {
            println!("{line}");
        }
    }

    fn watch(&mut self, node: NodeId, timeline: Timeline) {
        self.watched = Some((node, timeline));
        for (at, node, notice) in std::mem::take(&mut self.waiting) {
            self.notice(at, node, notice);
        }
    }
}

/// A check of the demonstration that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("this should not be: {0}")]
struct Unexpected(String);

/// Says what was checked, or that it does not hold.
fn check(holds: bool, what: impl Into<String>) -> Result<(), Unexpected> {
    let what = what.into();
    if !holds {
        return Err(Unexpected(format!("it does not hold that {what}")));
    }
    println!("  ok    {what}");
    Ok(())
}

fn say(what: &str) {
    println!("------> {what}");
}

async fn demo(seed_text: Option<String>) -> Result<(), Box<dyn Error>> {
    let seed = seed(seed_text)?;
    let key = user_key::SecretKey::ed25519(seed.derive("client"));
    let shared: Shared = Arc::new(Mutex::new(Observer::new()));
    let mut setup = Setup::new(4, seed);
    setup.listener = Some(Observer::listener(&shared));
    let mut subnet = Subnet::start(setup)?;

    let ids: Vec<NodeId> = subnet.members.iter().map(|member| member.node).collect();
    println!(
        "A subnet of four nodes. They made its key together and no node knows it: each has a share, and three shares sign."
    );
    for (position, node) in ids.iter().enumerate() {
        println!("  node {position}    {node}");
    }
    println!("  subnet    {}", subnet.root_key.subnet());
    println!("  root key  {}", hex(subnet.root_key.to_der().as_slice()));
    println!();
    println!(
        "Node 1 tells what it sees. A line is a height: when its beacon had ranked the makers, whose block won, and"
    );
    println!(
        "how long after the beacon a quorum supported it, made it final, and signed the state that followed."
    );
    println!("{}", Timeline::HEADER);
    let names = ids
        .iter()
        .enumerate()
        .map(|(at, node)| (*node, format!("node {at}")));
    let second = *ids.get(1).ok_or("a subnet without a second node")?;
    lock(&shared).watch(second, Timeline::new(names.collect()));

    let mut addresses = Vec::new();
    for member in &subnet.members {
        addresses.push(serve(0, member).await?);
    }
    let [first, second, rest @ ..] = addresses.as_slice() else {
        return Err("a subnet of fewer than two nodes".into());
    };
    let mut client = Client::new(*first, subnet.root_key.clone(), key);

    say(&format!(
        "a client, {}, at node 0: create a canister",
        client.user()
    ));
    let (canister, _) = client.create_canister().await?;
    println!("  ok    the subnet certifies: {canister} is created");

    say("install the counter, and see that this and nothing else is what runs");
    client
        .install(canister, InstallMode::Install, COUNTER, NOTHING)
        .await?;
    let hash = client.module_hash(canister).await?;
    check(
        hash == Digest::of(COUNTER),
        format!("the certified hash of the module is that of our file, {hash}"),
    )?;

    say("call it");
    for expected in 1..=3 {
        count(&client, canister, expected).await?;
    }

    say("ask each node alone: one node answers a query, and signs what it says");
    for (position, address) in addresses.iter().enumerate() {
        client.turn_to(*address);
        see(&client, canister, 3).await?;
        println!("  ok    node {position} says 3, under its key, which the subnet certifies");
    }
    client.turn_to(*first);

    say("call a method that traps");
    match client.update(canister, "trap", NOTHING.to_vec()).await {
        Err(ClientError::Rejected { code, message }) => {
            println!("  ok    the subnet certifies: rejected, {code}: {message}");
        }
        other => return Err(Unexpected(format!("a trap led to {other:?}")).into()),
    }
    see(&client, canister, 3).await?;
    println!("  ok    the counter is still 3: what the trap did is undone");

    say("forge an answer: change one bit of a certificate");
    forge(&client, canister).await?;

    say("node 0 fails. The client turns to node 1, and three nodes go on");
    subnet.kill(0);
    client.turn_to(*second);
    for expected in 4..=6 {
        count(&client, canister, expected).await?;
    }
    for (position, address) in rest.iter().enumerate() {
        client.turn_to(*address);
        see(&client, canister, 6).await?;
        println!("  ok    node {} says 6", position + 2);
    }

    say("compare what the nodes have computed");
    let roots = std::mem::take(&mut lock(&shared).roots);
    let agreed = roots.values().filter(|by_node| by_node.len() >= 2).count();
    let forks = roots.values().filter(|by_node| {
        by_node
            .values()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            > 1
    });
    check(
        agreed > 0 && forks.count() == 0,
        format!("at all {agreed} heights the nodes have the same state, to the byte"),
    )?;
    println!();
    println!("Every check held.");
    Ok(())
}

/// Increments, and checks the certified reply.
async fn count(client: &Client, canister: CanisterId, expected: u64) -> Result<(), Box<dyn Error>> {
    let started = Clock::start();
    let outcome = client
        .update(canister, "increment", NOTHING.to_vec())
        .await?;
    let found = Decode!(&outcome.reply, u64)?;
    let took = started.elapsed().as_millis();
    check(
        found == expected,
        format!("the subnet certifies: the counter is {expected}  ({took} ms)"),
    )?;
    Ok(())
}

/// Asks one node, which may need a moment to certify what others have.
async fn see(client: &Client, canister: CanisterId, expected: u64) -> Result<(), Box<dyn Error>> {
    let clock = Clock::start();
    loop {
        let reply = client.query(canister, "read", NOTHING.to_vec()).await?;
        let found = Decode!(&reply, u64)?;
        if found == expected {
            return Ok(());
        }
        if clock.elapsed() > LAG {
            return Err(Unexpected(format!("a node says {found} and not {expected}")).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Changes one bit in the middle of a certificate that holds, and sees it refused.
async fn forge(client: &Client, canister: CanisterId) -> Result<(), Box<dyn Error>> {
    let path = paths::canister::module_hash(canister);
    let mut certificate = client.certificate(canister, vec![path]).await?;
    client.verify(canister, &certificate)?;
    let middle = certificate.len() / 2;
    if let Some(byte) = certificate.get_mut(middle) {
        *byte ^= 1;
    }
    match client.verify(canister, &certificate) {
        Ok(_) => Err(Unexpected("a forged certificate is believed".to_owned()).into()),
        Err(refused) => {
            println!("  ok    refused: {}", whole(&refused));
            Ok(())
        }
    }
}
