#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aon_fuzz::read_lesion(bytes));
