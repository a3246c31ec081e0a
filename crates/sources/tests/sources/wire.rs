//! OpenIGTLink messages written by the standard's tables, with a CRC worked out bit by bit.

use proptest::prelude::*;

/// What stands around a content.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub type_name: &'static [u8],
    pub device_name: &'static [u8],
    /// Seconds in the upper 32 bits.
    pub stamp: u64,
    /// With it the header has version 2.
    pub extended: Option<Extended>,
}

/// What header version 2 adds.
#[derive(Debug, Clone)]
pub struct Extended {
    /// Bytes of the extended header that are not defined yet.
    pub further: usize,
    pub metadata: Vec<(String, String)>,
}

/// The content of an IMAGE message, field by field.
#[derive(Debug, Clone)]
pub struct Content {
    pub version: u16,
    pub components: u8,
    pub scalar: u8,
    pub order: u8,
    pub coordinates: u8,
    pub size: [u16; 3],
    pub matrix: [f32; 12],
    pub from: [u16; 3],
    pub part: [u16; 3],
    pub samples: Vec<u8>,
}

pub const U8: u8 = 3;
pub const BIG: u8 = 1;
pub const LITTLE: u8 = 2;

impl Default for Envelope {
    fn default() -> Self {
        Self { type_name: b"IMAGE", device_name: b"Probe", stamp: 0, extended: None }
    }
}

impl Envelope {
    pub fn message(&self, content: &[u8]) -> Vec<u8> {
        let body = self.extended.as_ref().map_or_else(|| content.to_vec(), |extended| extended.body(content));
        let version = if self.extended.is_some() { 2_u16 } else { 1 };
        let mut bytes = version.to_be_bytes().to_vec();
        bytes.extend(padded::<12>(self.type_name));
        bytes.extend(padded::<20>(self.device_name));
        bytes.extend(self.stamp.to_be_bytes());
        bytes.extend((body.len() as u64).to_be_bytes());
        bytes.extend(crc64(&body).to_be_bytes());
        bytes.extend(body);
        bytes
    }
}

impl Extended {
    fn body(&self, content: &[u8]) -> Vec<u8> {
        let mut index = (self.metadata.len() as u16).to_be_bytes().to_vec();
        let mut values = Vec::new();
        for (key, value) in &self.metadata {
            index.extend((key.len() as u16).to_be_bytes());
            index.extend(3_u16.to_be_bytes()); // US-ASCII
            index.extend((value.len() as u32).to_be_bytes());
            values.extend([key.as_bytes(), value.as_bytes()].concat());
        }
        let mut body = (12 + self.further as u16).to_be_bytes().to_vec();
        body.extend((index.len() as u16).to_be_bytes());
        body.extend((values.len() as u32).to_be_bytes());
        body.extend(7_u32.to_be_bytes()); // the message's number
        body.extend(vec![0xAA; self.further]);
        [body, content.to_vec(), index, values].concat()
    }
}

impl Content {
    /// A grey picture of eight bits without a scale, sample `n` being `n % 251`.
    pub fn grey(width: u16, height: u16) -> Self {
        Self::of([width, height, 1], 1, U8)
    }

    pub fn of(size: [u16; 3], components: u8, scalar: u8) -> Self {
        let samples = size.iter().map(|side| usize::from(*side)).product::<usize>() * usize::from(components);
        let bytes = samples * if scalar < 4 { 1 } else { 2 };
        let mut matrix = [0.0; 12];
        (matrix[0], matrix[4], matrix[8]) = (1.0, 1.0, 1.0);
        Self {
            version: 1,
            components,
            scalar,
            order: LITTLE,
            coordinates: 2,
            size,
            matrix,
            from: [0; 3],
            part: size,
            samples: (0..bytes).map(|index| (index % 251) as u8).collect(),
        }
    }

    /// With a pixel of this size, on a plane that lies askew in space.
    pub fn with_mm_per_px(mut self, x: f32, y: f32) -> Self {
        let across = [0.6 * x, 0.8 * x, 0.0];
        let down = [0.0, 0.0, -y];
        self.matrix[..3].copy_from_slice(&across);
        self.matrix[3..6].copy_from_slice(&down);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.version.to_be_bytes().to_vec();
        bytes.extend([self.components, self.scalar, self.order, self.coordinates]);
        let shorts = |shorts: [u16; 3]| shorts.map(u16::to_be_bytes).concat();
        bytes.extend(shorts(self.size));
        bytes.extend(self.matrix.map(f32::to_be_bytes).concat());
        bytes.extend(shorts(self.from));
        bytes.extend(shorts(self.part));
        bytes.extend(&self.samples);
        bytes
    }

    pub fn message(&self) -> Vec<u8> {
        Envelope::default().message(&self.bytes())
    }
}

fn padded<const N: usize>(name: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    field[..name.len()].copy_from_slice(name);
    field
}

/// CRC-64 of ECMA-182, a bit at a time.
pub fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x42F0_E1EB_A9EA_3693;
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte) << 56, |crc: u64, _| {
            if crc >> 63 == 1 { crc << 1 ^ POLYNOMIAL } else { crc << 1 }
        })
    })
}

/// Any envelope of an image.
pub fn envelopes() -> impl Strategy<Value = Envelope> {
    let names = prop::sample::select(vec![&b""[..], b"Probe", b"a name of twenty byt"]);
    let metadata = prop::collection::vec(("[ -~]{0,12}", "[ -~]{0,40}"), 0..4);
    let extended = (0_usize..9, metadata).prop_map(|(further, metadata)| Extended { further, metadata });
    (names, any::<u64>(), prop::option::of(extended)).prop_map(|(device_name, stamp, extended)| Envelope {
        device_name,
        stamp,
        extended,
        ..Envelope::default()
    })
}

/// Any image that is read.
pub fn contents() -> impl Strategy<Value = Content> {
    let kind = (prop::sample::select(vec![1_u8, 3]), 2_u8..=5, 1_u8..=2, 1_u8..=2);
    let matrix = prop::array::uniform12(-2.0_f32..2.0);
    (kind, [1_u16..20, 1..20, 1..4], matrix, any::<u64>()).prop_map(
        |((components, scalar, order, coordinates), size, matrix, seed)| {
            let mut content = Content::of(size, components, scalar);
            (content.order, content.coordinates, content.matrix) = (order, coordinates, matrix);
            let mut state = seed | 1;
            for sample in &mut content.samples {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *sample = (state >> 56) as u8;
            }
            content
        },
    )
}
