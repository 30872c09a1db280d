#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bearergate_fuzz::targets::http::check(data));
