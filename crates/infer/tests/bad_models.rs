//! Models that must not load: each gives one clear error that names what is wrong, and nothing panics.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a check function of a test fails as the test does")]

use std::borrow::Cow;

use peony_infer::{EngineChoice, LoadError, Model, ModelFiles, Options};
use sha2::{Digest, Sha256};

const CARD: &str = include_str!("data/tiny/card.toml");
const WEIGHTS: &[u8] = include_bytes!("data/tiny/model.onnx");
const TWIN: &[u8] = include_bytes!("data/tiny/model.int8.onnx");

fn load(card: &str, weights: &[u8]) -> Result<Model, LoadError> {
    let files = ModelFiles {
        card_toml: Cow::Owned(card.to_owned()),
        weights: Cow::Owned(weights.to_vec()),
        int8: None,
    };
    Model::load(files, &Options { engine: EngineChoice::Rten, threads: 1, library: None })
}

fn must_fail(name: &str, card: &str, weights: &[u8], words: &[&str]) {
    let said = match load(card, weights) {
        Ok(_) => panic!("{name}: it loaded"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(said.contains(word), "{name}: `{word}` is not in `{said}`");
    }
    assert!(!said.contains('\n'), "{name}: `{said}` is more than a line");
}

/// The card, with the hash of other weights: what the hash would stop must be stopped again behind it.
fn card_of(weights: &[u8]) -> String {
    let hash: String = Sha256::digest(weights).iter().map(|byte| format!("{byte:02x}")).collect();
    let line = CARD.lines().find(|line| line.starts_with("sha256")).unwrap();
    CARD.replace(line, &format!("sha256 = \"{hash}\""))
}

#[test]
fn the_model_of_these_tests_loads() {
    let model = load(CARD, WEIGHTS).unwrap();
    assert_eq!(card_of(WEIGHTS), CARD);
    assert!(model.notes().is_empty(), "{:?}", model.notes());
}

#[test]
fn a_wrong_card_names_its_key() {
    let giant = "shape = [4294967296, 4294967296, 4294967296]";
    for (name, from, to, words) in [
        ("not TOML", "format = 1", "format = = 1", &["card.toml cannot be read: line 1: "][..]),
        ("newer format", "format = 1", "format = 2", &["`format` is \"2\"", "must be 1"]),
        ("no name", "name = \"tiny\"", "", &["missing field `name`"]),
        ("a name of many lines", "name = \"tiny\"", "name = \"\"\"a\nb\"\"\"", &["`name`"]),
        (
            "a file elsewhere",
            "file = \"model.onnx\"",
            "file = \"../model.onnx\"",
            &["`file`", "plain file name"],
        ),
        ("a hidden file", "file = \"model.onnx\"", "file = \"..\"", &["`file`"]),
        ("short hash", "sha256 = \"", "sha256 = \"0", &["`sha256`", "64 hexadecimal"]),
        ("a twin elsewhere", "model.int8.onnx", "../model.onnx", &["`int8.file`", "plain file name"]),
        (
            "a twin's short hash",
            "int8.onnx\"\nsha256 = \"",
            "int8.onnx\"\nsha256 = \"0",
            &["`int8.sha256`", "64 hexadecimal"],
        ),
        ("no licence", "MIT OR Apache-2.0", " ", &["`licence`"]),
        ("no limits", "text = [\"Untrained; for tests only.\"]", "text = []", &["`limits.text`"]),
        ("negative work", "gflop = 0", "gflop = -1", &["`gflop`"]),
        ("threshold of 2", "lesion = 0.5", "lesion = 2.0", &["`thresholds.lesion`", "0..=1"]),
        ("an axis of 0", "shape = [1, 1, 8, 8]", "shape = [1, 1, 0, 8]", &["outputs.malignancy_map.shape"]),
        ("a negative axis", "shape = [1, 1, 8, 8]", "shape = [1, 1, -8, 8]", &["card.toml cannot be read"]),
        ("a giant shape", "shape = [1, 1, 8, 8]", giant, &["outputs.malignancy_map.shape", "2^26"]),
        ("other type", "dtype = \"f32\"", "dtype = \"f64\"", &["inputs.luma.dtype", "f64"]),
        ("one name twice", "name = \"mask\"", "name = \"lesion\"", &["outputs.name", "there once"]),
        ("a precision of 7 bits", "\"bf16\"", "\"int7\"", &["`precisions`", "int7"]),
    ] {
        assert!(CARD.contains(from), "{name}");
        must_fail(name, &CARD.replace(from, to), WEIGHTS, words);
    }
    must_fail("empty card", "", WEIGHTS, &["missing field"]);
}

#[test]
fn weights_of_another_card_are_refused_by_hash() {
    let mut damaged = WEIGHTS.to_vec();
    damaged[2000] ^= 1;
    for (name, weights) in [
        ("one bit", &damaged[..]),
        ("truncated", &WEIGHTS[..WEIGHTS.len() / 2]),
        ("empty", &[]),
        ("longer", &[WEIGHTS, &[0]].concat()),
    ] {
        must_fail(name, CARD, weights, &["tiny", "SHA-256", "damaged or belongs to another card"]);
    }
}

#[test]
fn a_twin_of_another_card_is_refused_by_hash_whatever_engine_is_asked_for() {
    let mut damaged = TWIN.to_vec();
    damaged[2000] ^= 1;
    for (name, twin) in
        [("one bit", &damaged[..]), ("truncated", &TWIN[..TWIN.len() / 2]), ("empty", &[]), ("fp32", WEIGHTS)]
    {
        for engine in ["rten", "onnxruntime-int8"] {
            let files =
                ModelFiles { int8: Some(Cow::Owned(twin.to_vec())), ..ModelFiles::embedded(CARD, WEIGHTS) };
            let options = Options { engine: engine.parse().unwrap(), threads: 1, library: None };
            let said = Model::load(files, &options).unwrap_err().to_string();
            for word in ["tiny", "model.int8.onnx", "SHA-256", "damaged or belongs to another card"] {
                assert!(said.contains(word) && !said.contains('\n'), "{name}: `{word}` is not in `{said}`");
            }
        }
    }
}

#[test]
fn a_card_that_does_not_describe_the_network_is_refused() {
    for (name, from, to, words) in [
        (
            "input shape",
            "shape = [1, 1, 64, 64]\ndtype = \"f32\"\nunits = \"grey",
            "shape = [1, 1, 32, 32]\ndtype = \"f32\"\nunits = \"grey",
            &["input `luma`", "[1, 1, 64, 64]", "[1, 1, 32, 32]"][..],
        ),
        ("input name", "name = \"luma\"", "name = \"grey\"", &["input `luma`", "missing on the card"]),
        ("output name", "name = \"mask\"", "name = \"masque\"", &["output `mask`", "missing on the card"]),
        (
            "output shape",
            "shape = [1, 1, 8, 8]",
            "shape = [1, 1, 8, 9]",
            &["output `malignancy_map`", "[1, 1, 8, 9]"],
        ),
        ("rank", "shape = [1, 1, 8, 8]", "shape = [1, 8, 8]", &["output `malignancy_map`"]),
        (
            "more outputs",
            "[thresholds]",
            "[[outputs]]\nname = \"depth\"\nshape = [1]\n[thresholds]",
            &["output `depth`", "missing in the network"],
        ),
    ] {
        assert!(CARD.contains(from), "{name}");
        must_fail(name, &CARD.replace(from, to), WEIGHTS, words);
    }
}

/// A protobuf field that holds bytes.
fn field(number: u64, inside: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(inside.len() as u64), inside.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn hostile_weights_with_a_matching_hash_are_refused_by_the_scan() {
    // A graph in an attribute of a node of a graph, and so on: each level of an engine's reader is a call.
    let deep = (0..20_000).fold(vec![], |inside: Vec<u8>, _| {
        if inside.len() > 400_000 {
            return inside;
        }
        field(1, &field(5, &field(6, &inside)))
    });
    let types = (0..3_000).fold(vec![], |inside: Vec<u8>, _| field(4, &field(1, &inside)));
    let giant = field(
        7,
        &field(5, &[&field(1, &[varint(1 << 40), varint(1 << 40)].concat())[..], &[0x10, 1]].concat()),
    );
    let large = field(7, &field(5, &[&field(1, &varint(1 << 34))[..], &[0x10, 1]].concat()));
    let elsewhere = field(7, &field(5, &[&field(1, &[1])[..], &[0x70, 1]].concat()));
    let by_name = field(7, &field(5, &field(13, b"\x0a\x08location")));
    // An engine would set aside what such a padding asks for, and the program would end.
    let pads = [field(1, b"pads"), field(8, &varint(1 << 31))].concat();
    let padded = field(7, &field(1, &field(5, &pads)));
    for (name, weights, words) in [
        ("empty", vec![], &["empty"][..]),
        ("a text", b"This is not a network.\n".to_vec(), &["not a readable ONNX file"]),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), &["not a readable ONNX file"]),
        ("zeroes", vec![0; 4096], &["not a readable ONNX file"]),
        ("ones", vec![0xff; 4096], &["not a readable ONNX file"]),
        ("no graph", vec![0x08, 9], &["no graph"]),
        ("length of 2^60", [vec![0x3a], varint(1 << 60)].concat(), &["claims more bytes"]),
        ("nested graphs", field(7, &deep), &["nested more than 32 deep"]),
        ("nested types", field(7, &field(11, &field(2, &types))), &["nested more than 32 deep"]),
        ("2^80 values", giant, &["claims the shape"]),
        ("2^34 values", large, &["claims the shape [17179869184]"]),
        ("values in another file", elsewhere, &["outside the file"]),
        ("a file by name", by_name, &["outside the file"]),
        ("padded by 2^31", padded, &["`pads` is 2147483648", "at most 8192"]),
        ("half of it", WEIGHTS[..WEIGHTS.len() / 2].to_vec(), &["not a readable ONNX file"]),
        ("a graph of nothing", field(7, &[]), &["tiny"]),
    ] {
        must_fail(name, &card_of(&weights), &weights, words);
    }
}

/// Bytes changed here and there, the card's hash made to fit: an error or a model. (A scale of `Resize` that becomes
/// giant is not among these: no scan stops it, `src/scan.rs`.)
#[test]
fn changed_bytes_never_end_the_program() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut weights = WEIGHTS.to_vec();
        for _ in 0..1 + next() % 4 {
            let at = next() % weights.len();
            weights[at] = next() as u8;
        }
        match load(&card_of(&weights), &weights) {
            Ok(_) => loaded += 1,
            Err(LoadError::Hash { .. }) => panic!("the hash was made to fit"),
            Err(_) => refused += 1,
        }
    }
    assert!(loaded > 0 && refused > 0, "{loaded} loaded, {refused} refused");
}

#[test]
fn a_folder_without_a_model_names_the_file() {
    let empty = tempfile::tempdir().unwrap();
    let said = ModelFiles::from_dir(empty.path()).unwrap_err().to_string();
    assert!(said.contains("card.toml"), "{said}");
    std::fs::write(empty.path().join("card.toml"), CARD).unwrap();
    let said = ModelFiles::from_dir(empty.path()).unwrap_err().to_string();
    assert!(said.contains("model.onnx"), "{said}");
    std::fs::write(empty.path().join("model.onnx"), WEIGHTS).unwrap();
    let said = ModelFiles::from_dir(empty.path()).unwrap_err().to_string();
    assert!(said.contains("model.int8.onnx") && !said.contains('\n'), "{said}");
    std::fs::write(empty.path().join("model.int8.onnx"), TWIN).unwrap();
    assert_eq!(ModelFiles::from_dir(empty.path()).unwrap().int8.as_deref(), Some(TWIN));
    std::fs::write(empty.path().join("card.toml"), [0xff, 0xfe]).unwrap();
    let error = ModelFiles::from_dir(empty.path()).unwrap_err();
    let (said, cause) = (error.to_string(), std::error::Error::source(&error).unwrap().to_string());
    assert!(said.contains("card.toml") && cause.contains("utf-8"), "{said}: {cause}");
}
