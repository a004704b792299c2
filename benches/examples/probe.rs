use std::time::Instant; use std::hint::black_box;
use ic_types::codec::Wire; use ic_types::Digest;
use ic_certification::*;
fn time(name:&str, n:u32, mut f: impl FnMut()) { let mut best=f64::MAX; for _ in 0..15 { let s=Instant::now(); for _ in 0..n { f() } best=best.min(s.elapsed().as_secs_f64()/f64::from(n)); } println!("{name}: {:.1} ns", best*1e9); }
fn main(){
 let a=std::fs::read("../ic-certification/tests/vectors/certificates/mainnet_224od_subnet.cbor").unwrap();
 let b=ic_types::ReadStateAnswer::decode(&a).unwrap().certificate;
 let c=Certificate::decode(&b).unwrap();
 println!("{} bytes", b.len());
 time("decode",200,||{black_box(Certificate::decode(black_box(&b)).unwrap());});
 time("digest",200,||{black_box(c.tree.digest());});
 let p: peer_certification::Certificate = serde_cbor::from_slice(&b).unwrap();
 time("peer decode",200,||{black_box(serde_cbor::from_slice::<peer_certification::Certificate>(black_box(&b)).unwrap());});
 time("peer digest",200,||{black_box(p.tree.digest());});
 for len in [17usize+32, 81, 85, 100, 119, 150] { let v=vec![7u8;len]; time(&format!("Digest::of {len}"),5000,||{black_box(Digest::of(black_box(&v)));}); }
 time("clone tree",200,||{black_box(c.tree.clone());});
}
