//! Non-interactive key generation beside the published one, `commonware-cryptography`'s "golden", among 13 nodes.
//!
//! Both make a dealing for 13 receivers and verify it as everybody can. The peer's work is what its own benchmarks measure: one
//! dealer, whose number of receivers is what counts; ours starts from the bytes of a dealing, the peer's from values.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::rc::Rc;

use commonware_cryptography::bls12381::dkg::golden::{
    self, Info, PrivateKey, PublicKey, Setup, SignedDealerLog,
};
use commonware_math::algebra::Random;
use commonware_parallel::Sequential;
use commonware_utils::{N3f1, TryCollect, ordered::Set, test_rng};

use crate::Group;
use crate::key_generation::World;

const NODES: u8 = 13;

/// What the peer's key generation is made of.
struct Peer {
    setup: Setup,
    info: Info,
    dealer: PrivateKey,
}

impl Peer {
    fn new() -> Self {
        let mut rng = test_rng();
        let dealer = PrivateKey::random(&mut rng);
        let dealers: Set<PublicKey> = [dealer.public()].into_iter().try_collect().expect("one");
        let players: Set<PublicKey> = (0..NODES)
            .map(|_| PrivateKey::random(&mut rng).public())
            .try_collect()
            .expect("different ones");
        Self {
            setup: Setup::new(NonZeroU32::from(
                std::num::NonZeroU8::new(NODES).expect("some"),
            )),
            info: Info::new::<N3f1>(b"benchmark", 0, None, dealers, players).expect("nodes"),
            dealer,
        }
    }

    fn deal(&self) -> SignedDealerLog {
        golden::deal(
            &mut test_rng(),
            &self.setup,
            &self.info,
            &self.dealer,
            None,
            &Sequential,
        )
        .expect("a dealer")
    }

    fn verify(&self, dealing: SignedDealerLog) {
        let (dealer, log) = dealing.identify(&self.info).expect("honest");
        let logs = BTreeMap::from([(dealer, log)]);
        golden::observe(&mut test_rng(), &self.setup, &self.info, logs, &Sequential)
            .expect("honest");
    }
}

/// Both groups, a round each: the peer takes many seconds.
pub fn groups() -> Vec<Group> {
    let peer = Rc::new(LazyCell::new(Peer::new));
    let ours = Rc::new(LazyCell::new(|| World::new(NODES)));
    let dealing = LazyCell::new({
        let peer = peer.clone();
        move || peer.deal()
    });
    let create = Group::new("golden/13 nodes/create a dealing", Some(0.02))
        .rounds(1)
        .entry("commonware-cryptography golden", {
            let peer = peer.clone();
            move || peer.deal()
        })
        .entry("ic-crypto", {
            let ours = ours.clone();
            move || ours.create()
        });
    let verify = Group::new("golden/13 nodes/verify a dealing", Some(0.05))
        .rounds(1)
        .entry("commonware-cryptography golden", move || {
            peer.verify(dealing.clone());
        })
        .entry("ic-crypto, decoding", move || ours.verify());
    vec![create, verify]
}
