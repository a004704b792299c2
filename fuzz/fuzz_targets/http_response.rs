#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::http::http_response(input));
