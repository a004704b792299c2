//! The specification's section "Certification" as written, clause by clause, sharing nothing with the crate.

use ic_certification::HashTree;
use ic_types::Digest;

#[derive(Clone, Debug)]
pub(crate) enum Naive {
    Empty,
    Fork(Box<Naive>, Box<Naive>),
    Labeled(Vec<u8>, Box<Naive>),
    Leaf(Vec<u8>),
    Pruned(Digest),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Found(Vec<u8>),
    Absent,
    Unknown,
    Error,
}

impl Naive {
    /// Neighbours are paired, level by level, and an odd last one is carried up.
    pub(crate) fn paired(mut level: Vec<Naive>) -> Naive {
        while level.len() > 1 {
            let mut above = Vec::new();
            let mut rest = level.into_iter();
            while let Some(left) = rest.next() {
                above.push(match rest.next() {
                    Some(right) => Naive::Fork(Box::new(left), Box::new(right)),
                    None => left,
                });
            }
            level = above;
        }
        level.pop().unwrap_or(Naive::Empty)
    }

    pub(crate) fn digest(&self) -> Digest {
        match self {
            Naive::Empty => Digest::of(b"\x11ic-hashtree-empty"),
            Naive::Fork(left, right) => Digest::of_parts(&[
                b"\x10ic-hashtree-fork",
                left.digest().as_bytes(),
                right.digest().as_bytes(),
            ]),
            Naive::Labeled(label, tree) => {
                Digest::of_parts(&[b"\x13ic-hashtree-labeled", label, tree.digest().as_bytes()])
            }
            Naive::Leaf(value) => Digest::of_parts(&[b"\x10ic-hashtree-leaf", value]),
            Naive::Pruned(digest) => *digest,
        }
    }

    pub(crate) fn to_hash_tree(&self) -> HashTree {
        match self {
            Naive::Empty => HashTree::empty(),
            Naive::Fork(left, right) => HashTree::fork(&left.to_hash_tree(), &right.to_hash_tree()),
            Naive::Labeled(label, tree) => HashTree::labeled(label, &tree.to_hash_tree()),
            Naive::Leaf(value) => HashTree::leaf(value),
            Naive::Pruned(digest) => HashTree::pruned(digest),
        }
    }

    fn flatten(&self) -> Vec<&Naive> {
        match self {
            Naive::Empty => vec![],
            Naive::Fork(left, right) => [left.flatten(), right.flatten()].concat(),
            other => vec![other],
        }
    }

    pub(crate) fn well_formed(&self) -> bool {
        if let Naive::Leaf(_) = self {
            return true;
        }
        let list = self.flatten();
        let labels: Vec<&Vec<u8>> = list
            .iter()
            .filter_map(|element| match element {
                Naive::Labeled(label, _) => Some(label),
                _ => None,
            })
            .collect();
        labels.windows(2).all(|pair| pair[0] < pair[1])
            && list.iter().all(|element| match element {
                Naive::Leaf(_) => false,
                Naive::Labeled(_, tree) => tree.well_formed(),
                _ => true,
            })
    }

    pub(crate) fn lookup(&self, path: &[Vec<u8>]) -> Answer {
        let Some((label, rest)) = path.split_first() else {
            return match self {
                Naive::Empty => Answer::Absent,
                Naive::Leaf(value) => Answer::Found(value.clone()),
                Naive::Pruned(_) => Answer::Unknown,
                Naive::Labeled(..) | Naive::Fork(..) => Answer::Error,
            };
        };
        let list = self.flatten();
        for element in &list {
            if let Naive::Labeled(found, tree) = element
                && found == label
            {
                return tree.lookup(rest);
            }
        }
        for pair in list.windows(2) {
            if let [Naive::Labeled(before, _), Naive::Labeled(after, _)] = pair
                && before < label
                && label < after
            {
                return Answer::Absent;
            }
        }
        match list.first() {
            Some(Naive::Labeled(first, _)) if label < first => return Answer::Absent,
            _ => {}
        }
        match list.last() {
            Some(Naive::Labeled(last, _)) if last < label => return Answer::Absent,
            _ => {}
        }
        match list.as_slice() {
            [] | [Naive::Leaf(_)] => Answer::Absent,
            _ => Answer::Unknown,
        }
    }
}
