//! WADO-RS: metadata and bulk data.

use base64::Engine as _;
use peony_dicom::{Tag, open_bytes};
use peony_store::made_up::{self, Pixels};
use serde_json::json;

use crate::kit::{BASE, PLAIN, STUDY_UID, Server, file, place, said, uids};

/// A document is made when the one before it is gone: of a study with thousands of objects one is in memory.
#[tokio::test]
async fn metadata_in_xml_is_made_as_it_is_taken() {
    let server = Server::start().await;
    let study = uids(1)[0].clone();
    let texts: Vec<String> = (1..=5).map(|number| format!("TEXT OF NUMBER {number}")).collect();
    for (number, text) in (1..).zip(&texts) {
        let more = [(STUDY_UID, study.as_str()), (Tag(0x0008, 0x103E), text)];
        assert_eq!(server.store("/studies", &[&file(number, &more)]).await.status, 200);
    }
    let xml = "Accept: multipart/related; type=\"application/dicom+xml\"";
    let path = format!("/studies/{study}/metadata");
    let answer = server.get(&path, &[xml]).await;
    assert!(answer.whole && answer.field("content-length").is_empty(), "nobody knows how long it is");
    let parts = answer.parts();
    assert_eq!(parts.len(), 5);
    for ((kind, document), text) in parts.iter().zip(&texts) {
        let document = std::str::from_utf8(document).unwrap();
        assert_eq!(kind, "application/dicom+xml; charset=utf-8");
        assert!(document.contains(text.as_str()) && document.ends_with("</NativeDicomModel>"), "{document}");
    }
    let unchanged = format!("If-None-Match: {}", answer.field("etag"));
    assert_eq!(server.get(&path, &[xml, &unchanged]).await.status, 304);
}

#[tokio::test]
async fn metadata_is_everything_and_what_is_long_has_an_address() {
    let server = Server::start().await;
    let sent = with_a_tail(1);
    server.store("/studies", &[&sent]).await;
    let path = format!("{}/metadata", place(1));
    let answer = server.get(&path, &["Accept: application/dicom+json"]).await;
    assert_eq!((answer.status, answer.field("content-type")), (200, "application/dicom+json"));
    let all = answer.json();
    let one = &all[0];
    assert_eq!(one["00080018"], json!({"vr": "UI", "Value": [uids(1)[2]]}));
    assert_eq!(one["00280010"], json!({"vr": "US", "Value": [16]}));
    assert_eq!(one["00280008"], json!({"vr": "IS", "Value": [1]}));
    let expect = said(1, &[])[&Tag(0x0010, 0x0010)].clone();
    let name = &one["00100010"]["Value"][0];
    let joined =
        format!("{}={}", name["Alphabetic"].as_str().unwrap(), name["Ideographic"].as_str().unwrap());
    assert_eq!(joined, expect);
    assert!(one.get("00020010").is_none(), "file meta information is no attribute of the object");
    let bulk = format!("http://{}{BASE}{}/bulkdata", server.addr, place(1));
    assert_eq!(one["7FE00010"], json!({"vr": "OB", "BulkDataURI": format!("{bulk}/7FE00010")}));
    let item = &one["00880200"]["Value"][1];
    assert_eq!(item["00280010"]["Value"][0], 7);
    assert_eq!(item["7FE00010"]["BulkDataURI"], format!("{bulk}/00880200/2/7FE00010"));
    let inline = base64::engine::general_purpose::STANDARD.encode([1, 2, 3, 4]);
    assert_eq!(one["00420011"], json!({"vr": "OB", "InlineBinary": inline}));
    assert_eq!(one["00189305"], json!({"vr": "FD", "Value": [0.25, -2.0]}));

    let octets = "Accept: application/octet-stream";
    let path = |uri: &str| format!("{}/bulkdata/{uri}", place(1));
    let answer = server.get(&path("00880200/2/7FE00010"), &[octets]).await;
    assert_eq!((answer.status, &answer.body[..4]), (200, &[9, 8, 7, 6][..]));
    let answer = server.get(&path("7FE00010"), &[octets]).await;
    assert!(sent.windows(256).any(|window| window == answer.body), "{}", answer.text());
    let related = ["Accept: multipart/related; type=application/octet-stream"];
    let related = server.get(&path("00420011"), &related).await;
    assert_eq!(related.parts()[0].1, [1, 2, 3, 4]);
    let ranged = async |range: &str| {
        let answer =
            server.get(&path("00880200/2/7FE00010"), &[octets, &format!("Range: bytes={range}")]).await;
        (answer.status, answer.field("content-range").to_owned(), answer.body)
    };
    let whole = server.get(&path("00880200/2/7FE00010"), &[octets]).await.body;
    let size = whole.len();
    assert_eq!(ranged("1-2").await, (206, format!("bytes 1-2/{size}"), vec![8, 7]));
    let last = (206, format!("bytes {}-{}/{size}", size - 3, size - 1), whole[size - 3..].to_vec());
    assert_eq!(ranged("-3").await, last);
    assert_eq!(ranged(&format!("{size}-")).await.0, 416);
    assert_eq!(
        ranged("0-0,2-2").await,
        (200, String::new(), whole),
        "several may be answered with everything"
    );
    for (uri, status) in [
        ("00880200/3/7FE00010", 404),
        ("00880200/7FE00010", 400),
        ("..%2F..", 400),
        ("0042", 400),
        ("00420012", 404),
    ] {
        assert_eq!(server.get(&path(uri), &[octets]).await.status, status, "{uri}");
    }
    let xml = "Accept: multipart/related; type=\"application/dicom+xml\"";
    let (_, text) = server.get(&format!("/studies/{}/metadata", uids(1)[0]), &[xml]).await.parts().remove(0);
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&format!("<BulkData uri=\"{bulk}/7FE00010\"/>")), "{text}");
}

/// A made-up file with an icon of two items, a document, and numbers.
fn with_a_tail(number: u64) -> Vec<u8> {
    let small = Pixels::Native { frames: 1, size: [16, 16] };
    let mut file = made_up::head(&said(number, &[]), small);
    file.extend(b"\x42\x00\x11\x00OB\0\0\x04\0\0\0\x01\x02\x03\x04");
    file.extend(b"\x88\x00\x00\x02SQ\0\0\xFF\xFF\xFF\xFF");
    for rows in [6_u8, 7] {
        file.extend(b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\x28\x00\x10\x00US\x02\x00");
        file.extend([rows, 0]);
        file.extend(b"\xE0\x7F\x10\x00OB\0\0\x04\0\0\0\x09\x08\x07\x06\xFE\xFF\x0D\xE0\0\0\0\0");
    }
    file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    file.extend(made_up::body(small, number));
    // Out of order, as some writers have it: what is read is read.
    file.extend(b"\x18\x00\x05\x93FD\x10\x00");
    file.extend([0.25_f64.to_le_bytes(), (-2.0_f64).to_le_bytes()].concat());
    file
}

/// In implicit and in big endian the same is said as in explicit little endian.
#[tokio::test]
async fn every_encoding_says_the_same() {
    let server = Server::start().await;
    let sent = [(1, implicit(1)), (2, big(2))];
    for (number, sent) in sent {
        assert_eq!(server.store("/studies", &[&sent]).await.status, 200, "{number}");
        let answer = server.get(&place(number), &[PLAIN]).await;
        let (kind, written) = answer.parts().remove(0);
        assert_eq!(kind, "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
        let cine = open_bytes(written.clone()).unwrap();
        assert_eq!(cine.frame(0).unwrap().luma().as_raw()[..4], [0, 1, 2, 3], "{number}");
        let metadata = server.get(&format!("{}/metadata", place(number)), &[]).await.json();
        assert_eq!(metadata[0]["00280010"], json!({"vr": "US", "Value": [2]}), "{number}");
        assert_eq!(metadata[0]["00280106"], json!({"vr": "US", "Value": [7]}), "{number}");
        let frame =
            server.get(&format!("{}/frames/1", place(number)), &["Accept: application/octet-stream"]).await;
        assert_eq!(frame.body, [0, 0, 1, 0, 2, 0, 3, 0], "{number}");
    }
}

/// Two by two samples of 16 bits: 0 to 3.
fn elements(number: u64) -> Vec<(Tag, &'static str, Vec<u16>)> {
    let text = |text: &str| {
        let text = if text.len() % 2 == 1 { format!("{text}\0") } else { text.to_owned() };
        text.as_bytes().chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect::<Vec<u16>>()
    };
    let [study, series, instance] = uids(number);
    vec![
        (Tag(0x0008, 0x0016), "UI", text("1.2.840.10008.5.1.4.1.1.3.1")),
        (Tag(0x0008, 0x0018), "UI", text(&instance)),
        (Tag(0x0020, 0x000D), "UI", text(&study)),
        (Tag(0x0020, 0x000E), "UI", text(&series)),
        (Tag(0x0028, 0x0002), "US", vec![1]),
        (Tag(0x0028, 0x0004), "CS", text("MONOCHROME2 ")),
        (Tag(0x0028, 0x0010), "US", vec![2]),
        (Tag(0x0028, 0x0011), "US", vec![2]),
        (Tag(0x0028, 0x0100), "US", vec![16]),
        (Tag(0x0028, 0x0101), "US", vec![8]),
        (Tag(0x0028, 0x0102), "US", vec![7]),
        (Tag(0x0028, 0x0103), "US", vec![0]),
        (Tag(0x0028, 0x0106), "US", vec![7]),
        (Tag(0x7FE0, 0x0010), "OW", vec![0, 1, 2, 3]),
    ]
}

fn meta(syntax: &str) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\x00\x10\x00UI");
    let syntax = if syntax.len() % 2 == 1 { format!("{syntax}\0") } else { syntax.to_owned() };
    file.extend((syntax.len() as u16).to_le_bytes());
    file.extend(syntax.bytes());
    file
}

fn implicit(number: u64) -> Vec<u8> {
    let mut file = meta("1.2.840.10008.1.2");
    for (tag, _, words) in elements(number) {
        file.extend([tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat());
        file.extend((2 * words.len() as u32).to_le_bytes());
        file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
    file
}

fn big(number: u64) -> Vec<u8> {
    let mut file = meta("1.2.840.10008.1.2.2");
    for (tag, vr, words) in elements(number) {
        file.extend([tag.group().to_be_bytes(), tag.element().to_be_bytes()].concat());
        file.extend(vr.bytes());
        if vr == "OW" {
            file.extend([0, 0]);
            file.extend((2 * words.len() as u32).to_be_bytes());
        } else {
            file.extend((2 * words.len() as u16).to_be_bytes());
        }
        let numbers = matches!(vr, "US" | "OW");
        file.extend(
            words.iter().flat_map(|word| if numbers { word.to_be_bytes() } else { word.to_le_bytes() }),
        );
    }
    file
}
