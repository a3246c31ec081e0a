//! What a connection brings: PDUs, and the parts of messages in them. Their crate brings a store with two databases, which this target is not
//! about: so the sources are compiled in.
#![no_main]

#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/pdu.rs"]
mod pdu;
#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/presentation.rs"]
mod presentation;
#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/sop_class.rs"]
mod sop_class;
#[allow(dead_code, reason = "the node uses the rest")]
#[path = "../../crates/node/src/transfer_syntax.rs"]
mod transfer_syntax;

use bytes::BytesMut;
use pdu::{DataPdu, Pdu, Value};

const DATA_BYTES: u32 = 16 << 10;

// PDUs are taken off the input until it ends or one is damaged. What is needed grows with what came, never with what is claimed beyond the limits.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut buffer = BytesMut::from(input);
    while let Ok(Some(pdu)) = pdu::take(&mut buffer, DATA_BYTES) {
        match pdu {
            Pdu::Data(mut values) => {
                while let Ok(Value { context, is_command, is_last, mut bytes }) = Value::take(&mut values) {
                    let part = bytes.clone();
                    let mut written = DataPdu::new(DATA_BYTES);
                    written.fill(&mut bytes);
                    let mut again = BytesMut::from(written.finish(context, is_command, is_last));
                    let Ok(Some(Pdu::Data(mut again))) = pdu::take(&mut again, DATA_BYTES) else {
                        panic!("what was written is not read");
                    };
                    let again = Value::take(&mut again);
                    assert!(
                        again.is_ok_and(|again| again == Value { context, is_command, is_last, bytes: part })
                    );
                    if values.is_empty() {
                        break;
                    }
                }
            }
            Pdu::AssociateRequest(request) => {
                let answer =
                    presentation::answer(&request.presentation_contexts, &request.user_variables, true);
                if let Ok(answer) = answer {
                    assert_eq!(answer.results.len(), request.presentation_contexts.len());
                    assert!(answer.contexts.len() <= presentation::MOST);
                }
            }
            _ => {}
        }
    }
    if let Ok(needed) = pdu::needed(&buffer, DATA_BYTES) {
        assert!(needed <= (128 << 10) + 6);
    }
});
