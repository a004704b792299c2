//! Reads the text files under `tests/vectors`: one row a line, columns between spaces, `;` starts a comment.

/// The rows of a file with their line numbers.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(line, row)| (line + 1, row.trim()));
    let rows = numbered.filter(|(_, row)| !row.is_empty() && !row.starts_with(';'));
    rows.map(|(line, row)| (line, row.split_whitespace().collect()))
}

/// Bytes in hex, `-` for none.
pub(crate) fn bytes(column: &str) -> Vec<u8> {
    if column == "-" {
        Vec::new()
    } else {
        hex::decode(column).expect("hex")
    }
}

/// As many bytes as are wanted.
pub(crate) fn array<const N: usize>(column: &str) -> [u8; N] {
    bytes(column).try_into().expect("another number of bytes")
}
