//! Data sets without a file around them: the identifiers of queries. What was read is written, and read again the same.
#![no_main]

use peony_dicom::{Encoding, read_data_set, write_data_set};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for encoding in [Encoding::ImplicitLittle, Encoding::ExplicitLittle] {
        if let Ok(read) = read_data_set(input, encoding) {
            // Nothing that is read is too long to be written.
            let written = write_data_set(&read, encoding).expect("written");
            assert!(read_data_set(&written, encoding).is_ok());
        }
    }
});
