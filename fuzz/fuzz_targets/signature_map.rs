#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::maps::signature_map(input));
