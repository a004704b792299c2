//! Every input of the corpus, and every input that once was a finding, without libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut inputs: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, target) in fuzz::TARGETS {
        let seeds = inputs(&root.join("corpus").join(name));
        assert!(!seeds.is_empty(), "{name} has no corpus");
        for input in seeds
            .into_iter()
            .chain(inputs(&root.join("regressions").join(name)))
        {
            println!("{}", input.display());
            target(&fs::read(&input).expect("the input can be read"));
        }
    }
}

/// Each seed, cut off and changed at every place: a fuzzer's first steps, made the same way every time.
#[test]
fn damaged_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, target) in fuzz::TARGETS {
        for input in inputs(&root.join("corpus").join(name)) {
            let seed = fs::read(&input).expect("the input can be read");
            for place in 0..seed.len().min(400) {
                target(&seed[..place]);
                for change in [0x01, 0x80, 0xff] {
                    let mut damaged = seed.clone();
                    damaged[place] ^= change;
                    target(&damaged);
                }
            }
        }
    }
}
