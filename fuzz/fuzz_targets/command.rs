//! Command sets.
#![no_main]

use peony_node::command::Command;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(command) = Command::read(input) {
        assert!(Command::read(&command.write()).is_ok_and(|again| again == command));
    }
});
