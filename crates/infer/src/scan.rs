//! A scan of an ONNX file before any engine reads it: depth, lengths, and what the file claims.
//!
//! Invariant 2 (`docs/ARCHITECTURE.md`): the engines' readers go down into nested graphs and types by recursion,
//! allocate what a tensor's `dims` say, and may follow `external_data` to another file. This scan is iterative,
//! allocates nothing that the file claims, and refuses all three, and windows (pads, strides, kernels) that no
//! picture needs. Field numbers are those of `onnx.proto3`
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>). It does not judge the network itself: one whose
//! operators ask for more memory than there is (`ConstantOfShape`, `Resize`) passes, and ends the program. The
//! guard against that is the card, which names the weights' hash: who writes the card is trusted so far.

/// Ordinary networks reach 4 (model, graph, node, attribute) and 6 with an `If` inside.
const MAX_DEPTH: usize = 32;
/// A network of a few hundred operators has some thousand messages.
const MAX_MESSAGES: usize = 1 << 20;

/// Attributes that make an output larger than its input, and more than any of them needs.
const WINDOWS: [&[u8]; 6] =
    [b"pads", b"strides", b"dilations", b"kernel_shape", b"output_padding", b"output_shape"];
const MAX_WINDOW: i64 = 1 << 13;

/// Why the bytes are not handed to an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// The bytes are not a protobuf message; the offset is where reading stopped.
    #[error("byte {offset} of {len}: {what}")]
    Malformed {
        /// Where.
        offset: usize,
        /// Of how many.
        len: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A message without a graph.
    #[error("it holds no graph")]
    NoGraph,
    /// Nested beyond any network.
    #[error("its messages are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// More messages than any network has.
    #[error("it holds more than {MAX_MESSAGES} messages")]
    TooMany,
    /// A tensor whose values lie in another file.
    #[error("a tensor's values lie outside the file (external_data); export the network as one file")]
    External,
    /// A tensor that claims more values than its bytes can hold.
    #[error("a tensor claims the shape {dims:?}, but holds {bytes} bytes")]
    Claims {
        /// The claimed shape, at most its first eight axes.
        dims: Vec<u64>,
        /// The bytes of the tensor's message.
        bytes: usize,
    },
    /// An operator whose window is larger than any picture.
    #[error("an operator's `{name}` is {value}; at most {MAX_WINDOW} is read")]
    Window {
        /// The attribute's name.
        name: String,
        /// Its largest value.
        value: i64,
    },
}

/// The messages that hold others; every other message is of fixed depth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Training,
    Graph,
    Function,
    Node,
    Attribute,
    Tensor,
    Sparse,
    ValueInfo,
    Type,
    /// `TypeProto.Sequence` and `.Optional`, whose element is field 1.
    TypeOfOne,
    /// `TypeProto.Map`, whose value is field 2.
    TypeOfMap,
}

/// Which message a field of a message holds, if one that holds others.
fn child(kind: Kind, field: u64) -> Option<Kind> {
    Some(match (kind, field) {
        (Kind::Model, 7) | (Kind::Training, 1 | 2) | (Kind::Attribute, 6 | 11) => Kind::Graph,
        (Kind::Model, 20) => Kind::Training,
        (Kind::Model, 25) => Kind::Function,
        (Kind::Graph, 1) | (Kind::Function, 7) => Kind::Node,
        (Kind::Node, 5) | (Kind::Function, 11) => Kind::Attribute,
        (Kind::Graph, 5) | (Kind::Attribute, 5 | 10) | (Kind::Sparse, 1 | 2) => Kind::Tensor,
        (Kind::Graph, 15) | (Kind::Attribute, 22 | 23) => Kind::Sparse,
        (Kind::Graph, 11..=13) | (Kind::Function, 12) => Kind::ValueInfo,
        (Kind::ValueInfo, 2) | (Kind::Attribute, 14 | 15) | (Kind::TypeOfOne, 1) | (Kind::TypeOfMap, 2) => {
            Kind::Type
        }
        (Kind::Type, 4 | 9) => Kind::TypeOfOne,
        (Kind::Type, 5) => Kind::TypeOfMap,
        _ => return None,
    })
}

struct Message {
    kind: Kind,
    start: usize,
    end: usize,
    depth: usize,
}

/// Scan a whole file.
pub(crate) fn check(bytes: &[u8]) -> Result<(), ScanError> {
    if bytes.is_empty() {
        return Err(ScanError::Empty);
    }
    let mut waiting = vec![Message { kind: Kind::Model, start: 0, end: bytes.len(), depth: 1 }];
    let (mut seen, mut graph) = (0_usize, false);
    while let Some(message) = waiting.pop() {
        seen += 1;
        graph |= message.kind == Kind::Graph;
        if message.depth > MAX_DEPTH {
            return Err(ScanError::TooDeep);
        }
        if seen + waiting.len() > MAX_MESSAGES {
            return Err(ScanError::TooMany);
        }
        walk(bytes, &message, &mut waiting)?;
    }
    if graph { Ok(()) } else { Err(ScanError::NoGraph) }
}

/// Read the fields of one message, and put the messages inside it on the list.
fn walk(bytes: &[u8], message: &Message, waiting: &mut Vec<Message>) -> Result<(), ScanError> {
    let mut reader = Reader { bytes, at: message.start, end: message.end };
    // The integers that count: TensorProto.dims, AttributeProto.ints.
    let listed = match message.kind {
        Kind::Tensor => Some(1),
        Kind::Attribute => Some(8),
        _ => None,
    };
    let (mut numbers, mut name) = (Vec::new(), &bytes[..0]);
    while reader.at < reader.end {
        let tag = reader.varint()?;
        let (field, wire) = (tag >> 3, tag & 7);
        // TensorProto.external_data, and .data_location where it says EXTERNAL.
        let tensor = message.kind == Kind::Tensor;
        match wire {
            0 => {
                let value = reader.varint()?;
                if listed == Some(field) {
                    numbers.push(value);
                }
                if tensor && field == 14 && value == 1 {
                    return Err(ScanError::External);
                }
            }
            1 => reader.skip(8)?,
            2 => {
                let length = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
                let start = reader.at;
                reader.skip(length)?;
                if tensor && field == 13 {
                    return Err(ScanError::External);
                }
                if message.kind == Kind::Attribute && field == 1 {
                    name = &bytes[start..reader.at];
                }
                if listed == Some(field) {
                    // Packed, as the standard writes repeated integers.
                    let mut packed = Reader { bytes, at: start, end: reader.at };
                    while packed.at < packed.end {
                        numbers.push(packed.varint()?);
                    }
                }
                if let Some(kind) = child(message.kind, field) {
                    waiting.push(Message { kind, start, end: reader.at, depth: message.depth + 1 });
                }
            }
            5 => reader.skip(4)?,
            _ => return Err(reader.malformed("a field of a kind that ONNX does not use")),
        }
        if field == 0 {
            return Err(reader.malformed("a field numbered 0"));
        }
    }
    match message.kind {
        Kind::Tensor => check_claim(numbers, message.end - message.start),
        Kind::Attribute => check_window(name, &numbers),
        _ => Ok(()),
    }
}

/// A tensor's shape against the bytes of its message: the smallest element, four bits, still needs half a byte.
fn check_claim(mut dims: Vec<u64>, bytes: usize) -> Result<(), ScanError> {
    let claimed = dims.iter().try_fold(1_u64, |product, axis| product.checked_mul(*axis));
    if claimed.is_some_and(|count| count <= 2 * bytes as u64) {
        return Ok(());
    }
    dims.truncate(8);
    Err(ScanError::Claims { dims, bytes })
}

fn check_window(name: &[u8], values: &[u64]) -> Result<(), ScanError> {
    // A protobuf int64 is a varint of its two's complement.
    let largest = values.iter().map(|value| *value as i64).max_by_key(|value| value.unsigned_abs());
    match largest {
        Some(value) if WINDOWS.contains(&name) && value.unsigned_abs() > MAX_WINDOW.unsigned_abs() => {
            Err(ScanError::Window { name: String::from_utf8_lossy(name).into_owned(), value })
        }
        _ => Ok(()),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn varint(&mut self) -> Result<u64, ScanError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = match self.bytes.get(self.at) {
                Some(byte) if self.at < self.end => *byte,
                _ => return Err(self.malformed("the file ends inside a number")),
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    fn skip(&mut self, length: usize) -> Result<(), ScanError> {
        match self.at.checked_add(length) {
            Some(next) if next <= self.end => {
                self.at = next;
                Ok(())
            }
            _ => Err(self.malformed("a field that claims more bytes than are there")),
        }
    }

    fn malformed(&self, what: &'static str) -> ScanError {
        ScanError::Malformed { offset: self.at, len: self.bytes.len(), what }
    }
}
