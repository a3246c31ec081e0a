//! Command sets. As in `pdu`, the sources are compiled in.
#![no_main]

#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/command.rs"]
mod command;
#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/status.rs"]
mod status;

use command::Command;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(command) = Command::read(input) {
        assert!(Command::read(&command.write()).is_ok_and(|again| again == command));
    }
});
