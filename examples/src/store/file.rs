//! A journal: artifacts one after the other in a file, each behind its length.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use ic_consensus_core::Artifact;

use super::Store;

/// The bytes before each artifact: its length, big-endian.
const LENGTH: usize = 4;

/// An append-only file of artifacts.
#[derive(Debug)]
pub struct File(std::fs::File);

impl File {
    /// Opens or creates the journal, and returns what it holds. An artifact that a crash cut off was never relied
    /// upon, so it is dropped.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something that is no artifact.
    pub fn open(path: &Path) -> std::io::Result<(Self, Vec<Artifact>)> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut artifacts = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((artifact, tail)) = split(rest) {
            let artifact = Artifact::decode(artifact)
                .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
            artifacts.push(artifact);
            rest = tail;
        }
        let whole = bytes.len().saturating_sub(rest.len());
        file.set_len(whole.try_into().map_err(Error::other)?)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self(file), artifacts))
    }
}

/// The first artifact's bytes and what follows it, if it is there to its end.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

impl Store for File {
    fn append(&mut self, artifacts: &[Artifact]) -> std::io::Result<()> {
        if artifacts.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for artifact in artifacts {
            let encoded = artifact.encode();
            bytes.extend(
                u32::try_from(encoded.len())
                    .map_err(Error::other)?
                    .to_be_bytes(),
            );
            bytes.extend(encoded);
        }
        self.0.write_all(&bytes)?;
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use ic_consensus_core::CatchUpPackage;
    use ic_types::{Digest, RegistryVersion, StateRoot, Time};

    use super::*;

    fn artifact(seconds: u64) -> Artifact {
        let root = StateRoot::new(Digest::of(&seconds.to_be_bytes()));
        let time = Time::from_nanos(seconds * 1_000_000_000);
        Artifact::CatchUp(CatchUpPackage::genesis(
            RegistryVersion::FIRST,
            time,
            root,
            10,
        ))
    }

    #[test]
    fn what_was_appended_is_there_again_whole_or_not_at_all() {
        let path = std::env::temp_dir().join(format!("journal-{}", std::process::id()));
        let _none_yet = std::fs::remove_file(&path);
        let all = [artifact(1), artifact(2), artifact(3)];

        let (mut journal, empty) = File::open(&path).unwrap();
        assert!(empty.is_empty());
        journal.append(&all[..1]).unwrap();
        journal.append(&[]).unwrap();
        journal.append(&all[1..]).unwrap();
        assert_eq!(File::open(&path).unwrap().1, all);

        // The machine stops in the middle of the last write: that artifact is gone, the others are not, and the next
        // one follows them.
        let length = std::fs::metadata(&path).unwrap().len();
        std::fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length - 1)
            .unwrap();
        let (mut journal, kept) = File::open(&path).unwrap();
        assert_eq!(kept, all[..2]);
        journal.append(&all[2..]).unwrap();
        assert_eq!(File::open(&path).unwrap().1, all);

        // What is no artifact is reported, not skipped.
        std::fs::write(&path, [0, 0, 0, 2, 0xff, 0xff]).unwrap();
        assert_eq!(
            File::open(&path).unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        std::fs::remove_file(&path).unwrap();
    }
}
