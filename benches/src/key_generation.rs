//! Non-interactive key generation against the limit: the operations that it cannot do without, done by blst alone.
//!
//! The counts are those of an implementation without tables of multiples: a multiplication for each point that is sent. The
//! limit leaves out hashing, field arithmetic, conversions and the discrete logarithms.

use std::cell::LazyCell;
use std::hint::black_box;
use std::rc::Rc;

use ic_crypto::Seed;
use ic_crypto::dkg::{
    Config, Dealing, DecryptionKey, EncryptionKey, Epoch, Transcript, VerifiedDealing,
};
use ic_crypto::threshold::Threshold;
use ic_types::codec::Wire;
use ic_types::{NodeId, Principal};

use crate::Group;

/// What a key generation among `n` nodes is made of.
pub(crate) struct World {
    config: Config,
    nodes: Vec<(NodeId, EncryptionKey)>,
    secret: DecryptionKey,
    dealing: Dealing,
    bytes: Vec<u8>,
    dealings: Vec<VerifiedDealing>,
    transcript: Transcript,
}

type Shared = Rc<LazyCell<World, Box<dyn FnOnce() -> World>>>;

impl World {
    pub(crate) fn new(n: u8) -> Self {
        let node = |number: u8| {
            let bytes = [number; 29];
            let id = NodeId::new(Principal::try_from_slice(&bytes).expect("29 bytes"));
            let (public, _, secret) = DecryptionKey::generate(Seed::from_bytes(&[number]), &id);
            ((id, public), secret)
        };
        let (nodes, mut secrets): (Vec<_>, Vec<_>) = (0..n).map(node).unzip();
        let dealers = nodes.iter().map(|(id, _)| *id);
        let threshold = Threshold::high(n.into()).expect("nodes");
        let epoch = Epoch::new(1_000);
        let config = Config::fresh(dealers, nodes.clone(), threshold, epoch).expect("a config");
        let needed = usize::try_from(config.dealings_needed()).expect("few");
        let deal = |(id, _): &(NodeId, EncryptionKey)| {
            Dealing::create(&config, id, Seed::from_bytes(id.as_slice())).expect("a dealer")
        };
        let dealings: Vec<Dealing> = nodes.iter().take(needed).map(deal).collect();
        let verify = |(dealing, (id, _)): (&Dealing, &(NodeId, EncryptionKey))| {
            dealing.clone().verify(&config, id).expect("honest")
        };
        let verified: Vec<VerifiedDealing> = dealings.iter().zip(&nodes).map(verify).collect();
        let transcript = Transcript::combine(&config, verified.clone()).expect("enough");
        let dealing = dealings.first().expect("a dealing").clone();
        Self {
            bytes: dealing.encode(),
            dealing,
            dealings: verified,
            transcript,
            config,
            secret: secrets.swap_remove(0),
            nodes,
        }
    }
}

/// All groups.
pub fn groups() -> Vec<Group> {
    let mut groups = vec![keys()];
    for n in [4, 13, 28, 40] {
        let world: Shared = Rc::new(LazyCell::new(Box::new(move || World::new(n))));
        groups.extend([
            deal(n, &world),
            verify(n, &world),
            load(n, &world),
            whole(n, &world),
        ]);
    }
    groups
}

fn named(n: u8, what: &str) -> &'static str {
    Box::leak(format!("nidkg/{n} nodes/{what}").into_boxed_str())
}

fn keys() -> Group {
    let node = NodeId::new(Principal::ANONYMOUS);
    let generate = move || DecryptionKey::generate(Seed::from_bytes(b"seed"), &node).2;
    let key = LazyCell::new(move || generate().export());
    let advanced = LazyCell::new(move || {
        let mut key = generate();
        key.advance(Epoch::new(1_000), Seed::from_bytes(b"other seed"))
            .expect("new key");
        key.export()
    });
    Group::new("nidkg/decryption keys", None)
        .entry("limit of a new key: 290 multiplications in G2", || {
            g2_multiplications(290)
        })
        .entry("ic-crypto new key", generate)
        .entry(
            "ic-crypto import and advance from epoch 0 to 1000",
            move || {
                let mut key = DecryptionKey::import(&key).expect("own encoding");
                key.advance(Epoch::new(1_000), Seed::from_bytes(b"other seed"))
                    .expect("new key");
                key
            },
        )
        .entry("ic-crypto import an advanced key", move || {
            DecryptionKey::import(&advanced).expect("own encoding")
        })
}

/// 16n ciphertexts, 32 randomizers, 64 masks and their 32 second parts, n + 1 blinders twice, the sharing proof; the public
/// coefficients, 16 double multiplications for Z.
fn deal(n: u8, world: &Shared) -> Group {
    let world = world.clone();
    let count = usize::from(n);
    let coefficients = usize::from(n) - usize::from(n - 1) / 3;
    Group::new(named(n, "create a dealing"), Some(1.5))
        .entry("limit", move || {
            g1_multiplications(16 * count + 32 + 96 + 2 * (count + 1) + 3);
            g2_multiplications(coefficients + 32 + 1)
        })
        .entry("ic-crypto", move || world.create())
}

impl World {
    /// A dealing of the first node.
    pub(crate) fn create(&self) -> Dealing {
        let dealer = self.dealing_of_first();
        Dealing::create(&self.config, dealer, Seed::from_bytes(b"seed")).expect("a dealer")
    }

    /// The dealing of the first node, decoded and verified.
    pub(crate) fn verify(&self) -> VerifiedDealing {
        let dealing = Dealing::decode(&self.bytes).expect("own encoding");
        dealing
            .verify(&self.config, self.dealing_of_first())
            .expect("honest")
    }

    fn dealing_of_first(&self) -> &NodeId {
        self.config.dealers().next().expect("a dealer")
    }
}

/// Decoding with subgroup checks; two sums of 17n points and one of 16n with short factors, in G2 one of the coefficients,
/// 18 pairings.
fn verify(n: u8, world: &Shared) -> Group {
    let [own, own_decode] = [world.clone(), world.clone()];
    let limit = world.clone();
    let count = usize::from(n);
    let coefficients = usize::from(n) - usize::from(n - 1) / 3;
    let (in_g1, in_g2) = (g1_points(17 * count), g2_points(coefficients));
    let factors = factors(17 * count);
    Group::new(named(n, "decode and verify a dealing"), Some(1.5))
        .entry("limit", move || {
            black_box(&limit.bytes);
            g1_decodings(16 * count + 16 + 16 + 64 + count + 1 + 4);
            g2_decodings(16 + coefficients + 1);
            g1_sum(&in_g1, &factors, 255);
            g1_sum(&in_g1, &factors, 255);
            g1_sum(&in_g1[..16 * count], &factors, 128);
            g2_sum(&in_g2, &factors, 255);
            pairings(18)
        })
        .entry("ic-crypto", move || own.verify())
        .entry("ic-crypto, of which verifying", move || {
            let dealing = own_decode.dealing.clone();
            dealing
                .verify(&own_decode.config, own_decode.dealing_of_first())
                .expect("honest")
        })
}

/// 16 products of four pairings for each dealing.
fn load(n: u8, world: &Shared) -> Group {
    let [own, limit] = [world.clone(), world.clone()];
    Group::new(named(n, "open the share of a transcript"), Some(1.5))
        .entry("limit", move || {
            for _ in 0..16 * limit.dealings.len() {
                pairings(4);
            }
        })
        .entry("ic-crypto", move || {
            let (node, _) = own.nodes.first().expect("a node");
            own.transcript.load(node, &own.secret).expect("a receiver")
        })
}

/// What a node does: deal, check as many dealings as are needed, combine them, open its share.
fn whole(n: u8, world: &Shared) -> Group {
    let own = world.clone();
    Group::new(named(n, "all that one node does"), None).entry("ic-crypto", move || {
        let (node, _) = own.nodes.first().expect("a node");
        let dealer = own.dealing_of_first();
        let dealt = Dealing::create(&own.config, dealer, Seed::from_bytes(b"seed"));
        black_box(dealt.expect("a dealer"));
        let verified: Vec<VerifiedDealing> = own
            .dealings
            .iter()
            .map(|dealing| {
                let received = Dealing::decode(&dealing.dealing().encode()).expect("own encoding");
                received
                    .verify(&own.config, dealing.dealer())
                    .expect("honest")
            })
            .collect();
        let transcript = Transcript::combine(&own.config, verified).expect("enough");
        transcript.load(node, &own.secret).expect("a receiver")
    })
}

fn scalar() -> blst::blst_scalar {
    let mut scalar = blst::blst_scalar::default();
    // SAFETY: 32 bytes are read, one local is written.
    unsafe { blst::blst_scalar_from_bendian(&mut scalar, [0x5a; 32].as_ptr()) };
    scalar
}

fn g1_multiplications(count: usize) {
    let scalar = scalar();
    // SAFETY: all pointers are to locals or constants.
    unsafe {
        let mut point = *blst::blst_p1_generator();
        for _ in 0..count {
            let base = point;
            blst::blst_sign_pk_in_g2(&mut point, &base, &scalar);
        }
        black_box(point);
    }
}

fn g2_multiplications(count: usize) {
    let scalar = scalar();
    // SAFETY: all pointers are to locals or constants.
    unsafe {
        let mut point = *blst::blst_p2_generator();
        for _ in 0..count {
            let base = point;
            blst::blst_sign_pk_in_g1(&mut point, &base, &scalar);
        }
        black_box(point);
    }
}

fn g1_decodings(count: usize) {
    let mut bytes = [0; 48];
    let mut point = blst::blst_p1_affine::default();
    // SAFETY: 48 bytes are written and read, one local is written.
    unsafe {
        blst::blst_p1_affine_compress(bytes.as_mut_ptr(), blst::blst_p1_affine_generator());
        for _ in 0..count {
            blst::blst_p1_uncompress(&mut point, bytes.as_ptr());
            black_box(blst::blst_p1_affine_in_g1(&point));
        }
    }
}

fn g2_decodings(count: usize) {
    let mut bytes = [0; 96];
    let mut point = blst::blst_p2_affine::default();
    // SAFETY: 96 bytes are written and read, one local is written.
    unsafe {
        blst::blst_p2_affine_compress(bytes.as_mut_ptr(), blst::blst_p2_affine_generator());
        for _ in 0..count {
            blst::blst_p2_uncompress(&mut point, bytes.as_ptr());
            black_box(blst::blst_p2_affine_in_g2(&point));
        }
    }
}

/// Different points, as a sum of equal ones would take a shortcut.
fn g1_points(count: usize) -> Vec<blst::blst_p1_affine> {
    let mut affine = vec![blst::blst_p1_affine::default(); count];
    // SAFETY: all pointers are to locals or constants.
    unsafe {
        let mut point = *blst::blst_p1_generator();
        for out in &mut affine {
            blst::blst_p1_to_affine(out, &point);
            let base = point;
            blst::blst_p1_add_or_double(&mut point, &base, blst::blst_p1_generator());
        }
    }
    affine
}

/// The same in G2.
fn g2_points(count: usize) -> Vec<blst::blst_p2_affine> {
    let mut affine = vec![blst::blst_p2_affine::default(); count];
    // SAFETY: all pointers are to locals or constants.
    unsafe {
        let mut point = *blst::blst_p2_generator();
        for out in &mut affine {
            blst::blst_p2_to_affine(out, &point);
            let base = point;
            blst::blst_p2_add_or_double(&mut point, &base, blst::blst_p2_generator());
        }
    }
    affine
}

fn factors(count: usize) -> Vec<[u8; 32]> {
    (0..count)
        .map(|index| std::array::from_fn(|byte| ((32 * index + byte) * 151 % 115) as u8))
        .collect()
}

/// In one thread, as ours.
fn g1_sum(points: &[blst::blst_p1_affine], factors: &[[u8; 32]], bits: usize) {
    let mut sum = blst::blst_p1::default();
    let factors: Vec<*const u8> = factors.iter().map(|factor| factor.as_ptr()).collect();
    let list = [points.as_ptr(), std::ptr::null()];
    // SAFETY: there are as many points and factors as is said, and as much scratch space as is asked for.
    unsafe {
        let size = blst::blst_p1s_mult_pippenger_scratch_sizeof(points.len());
        let mut scratch = vec![0_u64; size.div_ceil(8)];
        blst::blst_p1s_mult_pippenger(
            &mut sum,
            list.as_ptr(),
            points.len(),
            factors.as_ptr(),
            bits,
            scratch.as_mut_ptr(),
        );
    }
    black_box(sum);
}

/// The same in G2.
fn g2_sum(points: &[blst::blst_p2_affine], factors: &[[u8; 32]], bits: usize) {
    let mut sum = blst::blst_p2::default();
    let factors: Vec<*const u8> = factors.iter().map(|factor| factor.as_ptr()).collect();
    let list = [points.as_ptr(), std::ptr::null()];
    // SAFETY: there are as many points and factors as is said, and as much scratch space as is asked for.
    unsafe {
        let size = blst::blst_p2s_mult_pippenger_scratch_sizeof(points.len());
        let mut scratch = vec![0_u64; size.div_ceil(8)];
        blst::blst_p2s_mult_pippenger(
            &mut sum,
            list.as_ptr(),
            points.len(),
            factors.as_ptr(),
            bits,
            scratch.as_mut_ptr(),
        );
    }
    black_box(sum);
}

fn pairings(count: usize) {
    // SAFETY: the lists of pointers are to constants, as many as are said, and the results are locals.
    unsafe {
        let p = vec![blst::blst_p1_affine_generator(); count];
        let q = vec![blst::blst_p2_affine_generator(); count];
        let mut product = blst::blst_fp12::default();
        blst::blst_miller_loop_n(&mut product, q.as_ptr(), p.as_ptr(), count);
        let mut out = blst::blst_fp12::default();
        blst::blst_final_exp(&mut out, &product);
        black_box(out);
    }
}
