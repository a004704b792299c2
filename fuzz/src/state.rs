//! Targets of the state tree: the values of its leaves, and the ranges of subnets.

use ic_certification::certificate::ranges;
use ic_certification::leaves::{self, LeafValue, SubnetMetrics, SubnetType};
use ic_certification::{HashTree, SubTreeLookup};
use ic_types::codec::{Wire, leb128};
use ic_types::response::RejectCode;
use ic_types::{
    CanisterId, CanisterRanges, DerPublicKey, Digest, Principal, RequestId, SubnetId, Time,
};

use crate::memory::bounded;

/// What is read as a value of some type encodes to what means the same; scalars and texts have one form (CERT-120 to
/// CERT-140).
pub fn leaf_values(input: &[u8]) {
    fn of<T: LeafValue + PartialEq + std::fmt::Debug>(input: &[u8], one_form: bool) {
        let Ok(value) = bounded(input, T::decode) else {
            return;
        };
        let encoded = value.encode();
        assert!(!one_form || encoded == input, "{value:?}");
        assert_eq!(T::decode(&encoded), Ok(value));
    }
    of::<Time>(input, true);
    of::<RejectCode>(input, true);
    of::<String>(input, true);
    of::<Digest>(input, true);
    of::<SubnetType>(input, true);
    of::<DerPublicKey>(input, true);
    of::<Vec<u8>>(input, true);
    of::<Vec<Principal>>(input, false);
    of::<CanisterRanges>(input, false);
    of::<SubnetMetrics>(input, false);

    let (mut padded, mut strict) = (input, input);
    let read = (
        leb128::read_unsigned_padded(&mut padded),
        leb128::read_unsigned(&mut strict),
    );
    match read {
        (Ok(number), Ok(same)) => {
            assert_eq!(number, same);
            let length = input.len() - strict.len();
            assert_eq!(leb128::unsigned(number.into()).as_slice(), &input[..length]);
        }
        (Ok(_), Err(_)) | (Err(_), Err(_)) => assert_eq!(strict, input, "nothing is consumed"),
        (Err(_), Ok(number)) => panic!("{number} is strict, but not padded"),
    }
}

/// Whatever a tree shows as the state: typed values and ranges come out of it or a typed error, and a canister is only
/// spoken for within a range that is shown (CERT-081, CERT-083, CERT-120, CERT-121).
pub fn state_tree(input: &[u8]) {
    let Ok(tree) = bounded(input, HashTree::decode) else {
        return;
    };
    let _ = tree.value_at(&leaves::time());
    let request = RequestId::new(Digest::of(b"request"));
    let _ = tree.value_at(&leaves::request_status::reject_code(&request));
    for place in ["canister_ranges", "subnet"] {
        let SubTreeLookup::Found(subnets) = tree.subtree([place]) else {
            continue;
        };
        let names = subnets
            .children()
            .filter_map(|(label, _)| Principal::try_from_slice(label).ok());
        for subnet in names.take(4).map(SubnetId::new) {
            let _ = tree.value_at(&leaves::subnet::public_key(subnet));
            let _ = tree.value_at(&leaves::subnet::metrics(subnet));
            let _ = tree.value_at(&leaves::subnet::kind(subnet));
            let _ = tree.value_at(&leaves::subnet::canister_ranges(subnet));
            let shown = bounded(input, |_| ranges::shown(&tree, subnet));
            let counters = [0, 1, 0x0160_0000, 0x01ff_ffff, u64::MAX].map(CanisterId::from_u64);
            let ends = shown
                .iter()
                .flatten()
                .flat_map(|range| [range.start(), range.end()]);
            let ends: Vec<_> = ends.take(16).map(CanisterId::new).collect();
            for canister in ends.into_iter().chain(counters) {
                let spoken_for = ranges::contains(&tree, subnet, canister);
                if let (Ok(true), Ok(ranges)) = (spoken_for, &shown) {
                    assert!(
                        ranges
                            .iter()
                            .any(|range| range.contains(canister.principal()))
                    );
                }
            }
        }
    }
}
