//! The wire form of a tree: arrays that begin with the number of their kind (CERT-001 to CERT-005).
//!
//! Each tree has one form: the shortest. So what was decoded is encoded to the same bytes.

use ic_types::codec::{DecodeError, Reader, Wire, Writer};

use super::builder::Builder;
use super::{HashTree, Node, Span};

/// How many nodes may be one below the other (CERT-013).
///
/// Ours: the specification names no limit. Trees of the network are some 25 levels of forks for a million labels, a
/// few times over; other decoders stop at 128 levels.
pub const DEPTH: usize = 512;

impl HashTree {
    /// Reads a tree that is a part of something else: without a tag before it (CERT-012).
    ///
    /// # Errors
    /// Another number of elements, kind or length, anything not in its shortest form, or deeper than [`DEPTH`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let input = reader.remaining();
        let start = reader.position();
        // A longer tree would not fit the spans.
        let limit = u32::MAX >> 1;
        let found = input.len();
        if u32::try_from(found).is_ok_and(|found| found > limit) || u32::try_from(found).is_err() {
            return Err(DecodeError::OverLimit {
                what: "bytes of a tree",
                limit: super::usize_of(limit),
                found,
            });
        }
        let mut builder = Builder::with_room_for(found);
        while !builder.is_complete() {
            let position = reader.position();
            if builder.depth() > DEPTH {
                return Err(DecodeError::TooDeep {
                    position,
                    limit: DEPTH,
                });
            }
            let arity = reader.array()?;
            let kind_position = reader.position();
            match (reader.int()?, arity) {
                (0, 1) => builder.empty(),
                (1, 3) => builder.fork(),
                (2, 3) => builder.labeled_at(span(start, reader)?),
                (3, 2) => {
                    let value = span(start, reader)?;
                    builder.terminal(Node::Leaf { value });
                }
                (4, 2) => {
                    let position = reader.position();
                    let digest = span(start, reader)?;
                    if digest.len != 32 {
                        return Err(DecodeError::Length {
                            position,
                            what: "the hash of a pruned tree",
                            expected: 32,
                            found: super::usize_of(digest.len),
                        });
                    }
                    builder.terminal(Node::Pruned { digest });
                }
                (kind @ 0..=4, found) => {
                    return Err(DecodeError::Length {
                        position,
                        what: match kind {
                            0 => "an empty tree",
                            1 => "a fork",
                            2 => "a labeled tree",
                            3 => "a leaf",
                            _ => "a pruned tree",
                        },
                        expected: match kind {
                            0 => 1,
                            1 | 2 => 3,
                            _ => 2,
                        },
                        found,
                    });
                }
                (kind, _) => {
                    return Err(DecodeError::UnexpectedNumber {
                        position: kind_position,
                        expected: "the number of a kind of tree, 0 to 4",
                        found: u64::try_from(kind).unwrap_or(u64::MAX),
                    });
                }
            }
        }
        let used = reader.position() - start;
        Ok(builder.finish_over(input.get(..used).unwrap_or_default().to_vec()))
    }

    /// Writes the tree as a part of something else: without a tag before it (CERT-012).
    pub fn write(&self, writer: &mut Writer) {
        for node in &self.nodes {
            match *node {
                Node::Empty => writer.array(1).nat(0),
                Node::Fork { .. } => writer.array(3).nat(1),
                Node::Labeled { label } => writer.array(3).nat(2).bytes(self.bytes(label)),
                Node::Leaf { value } => writer.array(2).nat(3).bytes(self.bytes(value)),
                Node::Pruned { digest } => writer.array(2).nat(4).bytes(self.bytes(digest)),
            };
        }
    }
}

/// Reads bytes and says where they are, counted from `start`.
#[inline]
fn span(start: usize, reader: &mut Reader<'_>) -> Result<Span, DecodeError> {
    const PROOF: &str = "the input is shorter than 2 GiB: checked before";
    let bytes = reader.bytes()?;
    let begin = reader.position() - bytes.len() - start;
    Ok(Span {
        start: u32::try_from(begin).expect(PROOF),
        len: u32::try_from(bytes.len()).expect(PROOF),
    })
}

/// A tree alone, with or without the tag 55799 before it; it is written with the tag, as in the header of a gateway
/// (CERT-012).
impl Wire for HashTree {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(self.data.len() + 4 * self.nodes.len() + 3);
        self.write(&mut writer);
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.self_described()?;
        let tree = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(tree)
    }
}
