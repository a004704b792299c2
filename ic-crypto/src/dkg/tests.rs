//! The published answers of `tests/vectors/nidkg.txt`, made again from their seeds.
//!
//! They pin down every byte: keys and their evolution, both proofs, dealings, transcripts and shares.

use std::collections::BTreeMap;

use ic_types::Digest;
use ic_types::codec::{Reader, Wire, Writer};
use zeroize::Zeroizing;

use super::chunking::{self, Chunks};
use super::dealing::Dealing;
use super::forward_secure::{
    Ciphertexts, DecryptionKey, EncryptionKey, Epoch, Possession, Randomness,
};
use super::opening::Opener;
use super::transcript::{self, combine_polynomials};
use super::verification::Fault;
use super::{oracle, sharing};
use crate::bls::arithmetic::{G1, G1Affine, G2Affine, Scalar};
use crate::key_id::KeyId;
use crate::secret::SecretScalar;
use crate::threshold::ShareIndex;
use crate::threshold::polynomial::{Polynomial, lagrange_at_zero};
use crate::{Generator, Seed};

const VECTORS: &str = include_str!("../../tests/vectors/nidkg.txt");

/// The columns of the rows that begin with this word.
fn rows(kind: &str) -> Vec<Vec<&'static str>> {
    let rows = VECTORS
        .lines()
        .map(|row| row.split(' ').collect::<Vec<_>>());
    let rows: Vec<_> = rows
        .filter(|row| row[0] == kind)
        .map(|row| row[1..].to_vec())
        .collect();
    assert!(!rows.is_empty(), "{kind}");
    rows
}

/// The last column of the row that begins with these two words.
fn value(kind: &str, name: &str) -> &'static str {
    let rows = rows(kind);
    let row = rows.iter().find(|row| row[0] == name);
    row.unwrap_or_else(|| panic!("{kind} {name}"))
        .last()
        .unwrap()
}

fn encoding(name: &str) -> Vec<u8> {
    hex::decode(value("encoding", name)).unwrap()
}

fn draw(generator: &mut Generator) -> Scalar {
    Scalar::random(|bytes| generator.fill(bytes))
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_vec()
}

#[track_caller]
fn assert_hash(bytes: &[u8], name: &str) {
    assert_eq!(
        Digest::of(bytes).to_string(),
        value("stability", name),
        "{name}"
    );
}

#[test]
fn scalars_of_the_oracle() {
    for row in rows("oracle_scalar") {
        let [key, expected] = row[..] else {
            panic!("two columns")
        };
        let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        let scalar = oracle::legacy_scalar(&mut Generator::new(&key));
        assert_eq!(hex::encode(scalar.to_be_bytes()), expected);
    }
}

#[test]
fn hashes_of_values() {
    for row in rows("hash") {
        let hash = match row[..] {
            ["text", text, _] => oracle::text(&text.replace('_', " ")),
            ["integer", number, _] => oracle::integer(number.parse().unwrap()),
            ["bytes", bytes, _] => oracle::bytes(&hex::decode(bytes).unwrap()),
            ["scalar", number, _] => oracle::scalar(&Scalar::from_u64(number.parse().unwrap())),
            ["g1", ..] => oracle::g1(&G1Affine::generator()),
            ["g2", ..] => oracle::g2(&G2Affine::generator()),
            _ => panic!("{row:?}"),
        };
        assert_eq!(hash.to_string(), row[2]);
    }
}

#[test]
fn possession() {
    let mut generator = Generator::new(&[0x4a; 32]);
    let secret = draw(&mut generator);
    let key = EncryptionKey::of_secret(&secret);
    let owner = oracle::low_bytes::<10>(&mut generator);
    let proof = Possession::prove(&key, &secret, &owner, &mut generator);
    let rows = rows("possession");
    let [expected_secret, pop_key, challenge, response] = rows[0][..] else {
        panic!("four columns")
    };
    assert_eq!(hex::encode(secret.to_be_bytes()), expected_secret);
    let encoded = hex::encode(proof.encode());
    assert!(encoded.contains(&format!("5830{pop_key}")));
    assert!(encoded.contains(&format!("5820{challenge}")));
    assert!(encoded.contains(&format!("5820{response}")));
    assert!(proof.is_of(&key, &owner));
    assert!(!proof.is_of(&key, b"somebody else"));
    assert!(!proof.is_of(&EncryptionKey::of_secret(&Scalar::one()), &owner));
}

#[test]
fn sharing_proof() {
    let mut generator = Generator::new(&[0x17; 32]);
    let keys: Vec<EncryptionKey> = (0..28)
        .map(|_| EncryptionKey::of_secret(&draw(&mut generator)))
        .collect();
    let polynomial = Polynomial::random(10, &mut generator);
    let r = draw(&mut generator);
    let shares: Vec<Scalar> = (1..=28)
        .map(|point| *polynomial.evaluate(ShareIndex::new(point).unwrap()))
        .collect();
    let sealed = keys.iter().zip(&shares);
    let sealed: Vec<G1> = sealed
        .map(|(key, share)| *key.point() * r + G1::generator() * *share)
        .collect();
    let coefficients = polynomial.commit();
    let combined_r = (G1::generator() * r).to_affine();
    let instance = sharing::Instance::of_combined(
        &keys,
        &coefficients,
        &combined_r,
        &G1::to_affine_all(&sealed),
    );
    let proof = sharing::Proof::prove_combined(&instance, &r, &shares, &mut generator);
    let rows = rows("sharing");
    let [expected_r, x, f, a, y, z_r, z_a] = rows[0][..] else {
        panic!("seven columns")
    };
    assert_eq!(hex::encode(r.to_be_bytes()), expected_r);
    assert_eq!(hex::encode(instance.x().to_be_bytes()), x);
    let encoded = hex::encode(written(|writer| proof.write(writer)));
    for (field, expected) in [
        ("first_move_f", format!("5830{f}")),
        ("first_move_a", format!("5860{a}")),
        ("first_move_y", format!("5830{y}")),
        ("response_z_r", format!("5820{z_r}")),
        ("response_z_a", format!("5820{z_a}")),
    ] {
        assert!(
            encoded.contains(&(hex::encode(field) + &expected)),
            "{field}"
        );
    }
}

#[test]
fn chunking_proof() {
    let mut generator = Generator::new(&[0x2a; 32]);
    let keys: Vec<EncryptionKey> = (0..28)
        .map(|_| EncryptionKey::of_secret(&draw(&mut generator)))
        .collect();
    let r: [Scalar; 16] = std::array::from_fn(|_| draw(&mut generator));
    let chunks: Vec<Chunks> = (0..28)
        .map(|_| {
            Zeroizing::new(std::array::from_fn(|_| {
                u32::try_from(chunking::below(1 << 16, 17, &mut generator)).unwrap()
            }))
        })
        .collect();
    let seal = |(key, chunks): (&EncryptionKey, &Chunks)| {
        std::array::from_fn(|j| {
            let chunk = G1::generator() * Scalar::from_u64(chunks[j].into());
            (*key.point() * r[j] + chunk).to_affine()
        })
    };
    let ciphertexts = Ciphertexts {
        r: r.map(|r| (G1::generator() * r).to_affine()),
        s: [G1Affine::default(); 16],
        z: [G2Affine::default(); 16],
        chunks: keys.iter().zip(&chunks).map(seal).collect(),
    };
    let shared = ciphertexts.shared();
    let instance = chunking::Instance::new(&keys, &shared);
    let randomness = Randomness(Zeroizing::new(r));
    let proof = chunking::Proof::prove(&instance, &randomness, &chunks, &mut generator);
    let bytes = written(|writer| proof.write(writer));
    let rows = rows("chunking");
    let [hash, length, digest] = rows[0][..] else {
        panic!("three columns")
    };
    assert_eq!(instance.hash().to_string(), hash);
    assert_eq!(bytes.len().to_string(), length);
    assert_eq!(Digest::of(&bytes).to_string(), digest);
}

#[test]
fn keys_evolve() {
    let (public, proof, mut secret) = DecryptionKey::generate_for(
        Seed::from_bytes(b"ic-crypto-kgen-seed"),
        b"ic-crypto-kgen-assoc-data",
    );
    assert_hash(
        &written(|writer| {
            writer.bytes(&public.to_bytes());
        }),
        "public_key",
    );
    assert_hash(&written(|writer| proof.write(writer)), "possession");
    assert_hash(&secret.export(), "secret_key");
    secret
        .advance(
            Epoch::new(2),
            Seed::from_bytes(b"ic-crypto-update-key-seed"),
        )
        .unwrap();
    assert_hash(&secret.export(), "updated_key");
    assert_eq!(secret.epoch(), Some(Epoch::new(2)));
    let again = DecryptionKey::import(&secret.export()).unwrap();
    assert!(*again.export() == *secret.export());
}

/// The four receivers of the stability rows.
fn receivers() -> (Vec<EncryptionKey>, Vec<DecryptionKey>) {
    let generate = |node| {
        let seed = Seed::from_bytes(format!("ic-crypto-kgen-seed-node-{node}").as_bytes());
        let (public, _, secret) = DecryptionKey::generate_for(seed, b"ic-crypto-kgen-assoc-data");
        (public, secret)
    };
    (0..4).map(generate).unzip()
}

fn stable(kind: &str, constant: Option<&Scalar>) {
    let (keys, secrets) = receivers();
    let epoch = Epoch::new(2);
    let seed = |what: &str, dealer: u32| {
        Seed::from_bytes(format!("ic-crypto-create-dealing-{what}-seed-{dealer}").as_bytes())
    };
    let dealings: Vec<Dealing> = (0..4)
        .map(|dealer| {
            let mut generator = seed("keygen", dealer).into_generator();
            let mut polynomial = Polynomial::random(2, &mut generator);
            if let Some(constant) = constant {
                polynomial = polynomial.with_constant(constant);
            }
            let encryption = seed("encryption", dealer);
            let dealing = Dealing::of_polynomial(&keys, &polynomial, dealer, epoch, encryption);
            dealing.check(&keys, dealer, epoch).unwrap();
            assert_hash(
                &written(|writer| dealing.write(writer)),
                &format!("{kind}_dealing_{dealer}"),
            );
            dealing
        })
        .collect();
    let polynomials: Vec<&[G2Affine]> = dealings
        .iter()
        .map(|dealing| &dealing.coefficients[..])
        .collect();
    let coefficients = combine_polynomials(&[0, 1, 2, 3], &polynomials);
    let sealed: BTreeMap<u32, Ciphertexts> = (0..)
        .zip(dealings.iter().map(|dealing| dealing.ciphertexts.clone()))
        .collect();
    let bytes = written(|writer| transcript::write(writer, &coefficients, &sealed));
    assert_hash(&bytes, &format!("{kind}_transcript"));
    let indices: Vec<ShareIndex> = (1..=4).filter_map(ShareIndex::new).collect();
    let factors = lagrange_at_zero(&indices).unwrap();
    for (receiver, (index, secret)) in indices.iter().zip(&secrets).enumerate() {
        let mut opener = Opener::new(*index, secret, epoch, 4);
        let mut share = Scalar::zero();
        for ((dealer, ciphertexts), factor) in sealed.iter().zip(&factors) {
            share += *opener.open(ciphertexts, *dealer).unwrap() * *factor;
        }
        let bytes = written(|writer| {
            writer.bytes(&share.to_be_bytes());
        });
        assert_hash(&bytes, &format!("{kind}_share_{receiver}"));
    }
}

#[test]
fn fresh_dealings() {
    stable("fresh", None);
}

#[test]
fn resharing_dealings() {
    stable(
        "resharing",
        Some(&Scalar::from_be_bytes(&[0x2a; 32]).unwrap()),
    );
}

#[test]
fn known_encodings() {
    let key = |name| {
        let bytes = encoding(name);
        EncryptionKey::assume_possession(bytes[2..].try_into().unwrap()).unwrap()
    };
    let proof = Possession::read(&mut Reader::new(&encoding("possession"))).unwrap();
    assert!(proof.is_of(&key("public_key"), b"ic-crypto-kgen-assoc-data"));
    let receivers = ["receiver_0", "receiver_1", "receiver_2", "receiver_3"].map(key);
    let dealing = Dealing::read(&mut Reader::new(&encoding("dealing"))).unwrap();
    assert_eq!(dealing.check(&receivers, 0, Epoch::new(5)), Ok(()));
    assert_eq!(written(|writer| dealing.write(writer)), encoding("dealing"));
    let (coefficients, sealed) =
        transcript::read(&mut Reader::new(&encoding("transcript"))).unwrap();
    let bytes = written(|writer| transcript::write(writer, &coefficients, &sealed));
    assert_eq!(bytes, encoding("transcript"));
    let secret = DecryptionKey::import(&encoding("secret_key")).unwrap();
    assert!(*secret.export() == encoding("secret_key"));
}

#[test]
fn keys_of_a_node() {
    for row in rows("node_key") {
        let [node, key, proof, valid] = row[..] else {
            panic!("four columns")
        };
        let node = ic_types::Principal::try_from_slice(&hex::decode(node).unwrap()).unwrap();
        let key = hex::decode(key).unwrap();
        let proof_bytes = hex::decode(proof).unwrap();
        let proof = Possession::decode(&proof_bytes).unwrap();
        assert_eq!(proof.encode(), proof_bytes);
        let key = EncryptionKey::new(
            key[..].try_into().unwrap(),
            &proof,
            &ic_types::NodeId::new(node),
        );
        assert_eq!(key.is_ok(), valid == "yes");
    }
}

#[test]
fn names_of_shares() {
    for row in rows("key_id") {
        let [coefficient, name] = row[..] else {
            panic!("two columns")
        };
        let coefficient = hex::decode(coefficient).unwrap();
        let coefficient = G2Affine::from_compressed(coefficient[..].try_into().unwrap()).unwrap();
        assert_eq!(
            KeyId::of_coefficients([coefficient.to_compressed()].into_iter()).to_string(),
            name
        );
    }
}

/// A dealer that moves 2¹⁶ from one chunk to the one below, so that the share stays the same but two chunks are none.
fn with_large_chunks(dealer: u32) -> (Dealing, Vec<Scalar>) {
    let (keys, _) = receivers();
    let polynomial = Polynomial::random(2, &mut Generator::new(&[9; 32]));
    let shares: Vec<SecretScalar> = (1..=4)
        .map(|point| polynomial.evaluate(ShareIndex::new(point).unwrap()))
        .collect();
    let chunks: Vec<Chunks> = shares
        .iter()
        .map(|share| {
            let mut chunks = chunking::cut(share);
            chunks[3] -= 1;
            chunks[4] += 1 << 16;
            chunks
        })
        .collect();
    let seed = Seed::from_bytes(b"cheating");
    let epoch = Epoch::new(2);
    let dealing = Dealing::of_chunks(&keys, &polynomial, &shares, &chunks, dealer, epoch, seed);
    (dealing, shares.iter().map(|share| **share).collect())
}

#[test]
fn chunks_of_cheating_dealers_are_found() {
    let (keys, secrets) = receivers();
    let (dealing, shares) = with_large_chunks(3);
    assert_eq!(dealing.check(&keys, 3, Epoch::new(2)), Ok(()));
    for (position, (secret, share)) in secrets.iter().zip(shares).enumerate().take(2) {
        let index = ShareIndex::of_position(u32::try_from(position).unwrap()).unwrap();
        let opened =
            dealing
                .ciphertexts
                .open(position, secret, Epoch::new(2), &3_u32.to_be_bytes());
        let honest = opened
            .unwrap()
            .0
            .iter()
            .map(super::discrete_log::honest)
            .collect::<Vec<_>>();
        assert_eq!(honest[4], None);
        let mut opener = Opener::new(index, secret, Epoch::new(2), 4);
        assert!(*opener.open(&dealing.ciphertexts, 3).unwrap() == share);
    }
}

/// Each part of a dealing taken from another one.
#[test]
fn parts_of_dealings_do_not_mix() {
    let (keys, _) = receivers();
    let epoch = Epoch::new(2);
    let deal = |number: u8| {
        let polynomial = Polynomial::random(2, &mut Generator::new(&[number; 32]));
        let seed = Seed::from_bytes(&[number]);
        Dealing::of_polynomial(&keys, &polynomial, 0, epoch, seed)
    };
    let (one, other) = (deal(1), deal(2));
    let check = |change: &dyn Fn(&mut Dealing)| {
        let mut dealing = one.clone();
        change(&mut dealing);
        dealing.check(&keys, 0, epoch)
    };
    assert_eq!(check(&|_| {}), Ok(()));
    let coefficients = check(&|dealing| dealing.coefficients.clone_from(&other.coefficients));
    assert_eq!(coefficients, Err(Fault::Sharing));
    assert_eq!(
        check(&|dealing| dealing.sharing = other.sharing.clone()),
        Err(Fault::Sharing)
    );
    assert_eq!(
        check(&|dealing| dealing.chunking = other.chunking.clone()),
        Err(Fault::Chunking)
    );
    assert_eq!(
        check(&|dealing| dealing.ciphertexts.s = other.ciphertexts.s),
        Err(Fault::Ciphertexts)
    );
    assert_eq!(
        check(&|dealing| dealing.ciphertexts.z = other.ciphertexts.z),
        Err(Fault::Ciphertexts)
    );
    assert_eq!(
        check(&|dealing| dealing.ciphertexts.chunks.swap(0, 1)),
        Err(Fault::Ciphertexts)
    );
    assert_eq!(
        check(&|dealing| dealing.ciphertexts.chunks.truncate(3)),
        Err(Fault::Receivers { found: 3 })
    );
    assert_eq!(one.check(&keys, 1, epoch), Err(Fault::Ciphertexts));
    assert_eq!(one.check(&keys, 0, Epoch::new(3)), Err(Fault::Ciphertexts));
    let strangers = [keys[1], keys[0], keys[2], keys[3]];
    assert_eq!(one.check(&strangers, 0, epoch), Err(Fault::Chunking));
}
