//! Reads rows of text: columns separated by spaces, comments after `;`.

use std::path::PathBuf;

pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(line, row)| (line + 1, row.trim()));
    numbered
        .filter(|(_, row)| !row.is_empty() && !row.starts_with(';'))
        .map(|(line, row)| (line, row.split_whitespace().collect()))
}

pub(crate) fn file(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn text(path: &str) -> String {
    String::from_utf8(file(path)).expect("vectors are text")
}

#[allow(dead_code, reason = "not every test has hexadecimal digits to read")]
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}
