//! The least tree that shows the wanted paths of a [`LabeledTree`] and nothing else.

use ic_types::{Label, Path};

use super::builder::Builder;
use super::{HashTree, left_side};
use crate::labeled_tree::{Children, LabeledTree};

/// What is wanted of one child.
struct Wanted<'a> {
    position: usize,
    /// The paths from the child on; none if only its label is wanted, as a neighbour of what is absent.
    paths: Vec<&'a [Label]>,
}

pub(crate) fn of(tree: &LabeledTree, paths: &[Path]) -> HashTree {
    let mut sorted: Vec<&[Label]> = paths.iter().map(Path::labels).collect();
    sorted.sort_unstable();
    let mut builder = Builder::new();
    write(tree, &sorted, &mut builder);
    builder.finish()
}

/// Writes what `paths`, sorted, want of `tree`. Recurses once for each level of labels.
fn write(tree: &LabeledTree, paths: &[&[Label]], out: &mut Builder) {
    match (paths.first(), tree) {
        (None, _) => out.pruned(&tree.digest()),
        (Some(_), LabeledTree::Leaf(leaf)) => out.leaf(leaf.value()),
        (Some(_), LabeledTree::SubTree(children)) if children.is_empty() => out.empty(),
        // The empty path sorts first.
        (Some([]), LabeledTree::SubTree(children)) => write_all(children, 0, children.len(), out),
        (Some(_), LabeledTree::SubTree(children)) => {
            write_some(children, 0, children.len(), &wanted(children, paths), out);
        }
    }
}

/// What `paths`, sorted and none of them empty, want of `children`, in their order.
fn wanted<'a>(children: &Children, paths: &[&'a [Label]]) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    let mut want = |position: usize, path: Option<&'a [Label]>| match wanted.last_mut() {
        Some(last) if last.position == position => last.paths.extend(path),
        // The label before two absent ones, of which the second is asked for now.
        Some(last) if last.position > position => {}
        Some(_) | None => wanted.push(Wanted {
            position,
            paths: path.into_iter().collect(),
        }),
    };
    for path in paths {
        let Some((label, rest)) = path.split_first() else {
            continue;
        };
        match children.position(label.as_ref()) {
            Ok(position) => want(position, Some(rest)),
            Err(position) => {
                if let Some(before) = position.checked_sub(1) {
                    want(before, None);
                }
                if position < children.len() {
                    want(position, None);
                }
            }
        }
    }
    wanted
}

/// Writes the fork over the children from `from` to before `to`. Recurses once for each level of forks.
fn write_some(
    children: &Children,
    from: usize,
    to: usize,
    wanted: &[Wanted<'_>],
    out: &mut Builder,
) {
    if wanted.is_empty() {
        out.pruned(&children.digest_between(from, to));
    } else if to - from > 1 {
        let middle = from + left_side(to - from);
        let (left, right) =
            wanted.split_at(wanted.partition_point(|child| child.position < middle));
        out.fork();
        write_some(children, from, middle, left, out);
        write_some(children, middle, to, right, out);
    } else if let (Some(entry), Some(child)) = (children.entry_at(from), wanted.first()) {
        out.labeled(entry.label.as_ref());
        write(&entry.tree, &child.paths, out);
    }
}

fn write_all(children: &Children, from: usize, to: usize, out: &mut Builder) {
    if to - from > 1 {
        let middle = from + left_side(to - from);
        out.fork();
        write_all(children, from, middle, out);
        write_all(children, middle, to, out);
    } else if let Some(entry) = children.entry_at(from) {
        out.labeled(entry.label.as_ref());
        match &entry.tree {
            LabeledTree::Leaf(leaf) => out.leaf(leaf.value()),
            LabeledTree::SubTree(children) if children.is_empty() => out.empty(),
            LabeledTree::SubTree(children) => write_all(children, 0, children.len(), out),
        }
    }
}
