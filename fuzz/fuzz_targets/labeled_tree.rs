#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::maps::labeled_tree(input));
