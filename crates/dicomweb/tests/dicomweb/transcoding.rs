//! Objects and frames that go out in a coding that they are not kept in, without loss: by our own decoder, and by pydicom, CharLS, libjxl and DCMTK.

use std::io::Cursor;
use std::path::Path;

use peony_dicom::pixels::{Lossless, Samples, decode};
use peony_dicom::{Pictures, TransferSyntax, open_bytes};
use peony_store::made_up::{self, Pixels};
use serde_json::Value;
use tokio::process::Command;

use crate::kit::{BASE, STUDY_UID, Server, file, in_syntax, jpeg_cine, place, said, uids};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const JPEG: &str = "1.2.840.10008.1.2.4.50";
const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const JPEG_XL: &str = "1.2.840.10008.1.2.4.110";
const MEDIA: [(&str, &str); 3] = [(RLE, "image/dicom-rle"), (JPEG_LS, "image/jls"), (JPEG_XL, "image/jxl")];

/// A JPEG cine as number 1, an uncompressed one as number 2, and a run-length one, which is the second written anew, as number 3.
async fn filled() -> (Server, [Vec<u8>; 3]) {
    let server = Server::start().await;
    let native = made_up::file(&said(2, &[]), Pixels::Native { frames: 3, size: [20, 30] }, 2);
    server.store("/studies", &[&jpeg_cine(1, 3).0, &native]).await;
    let mut runs = server.get(&place(2), &[&objects(RLE)]).await.parts().remove(0).1;
    for (of, to) in uids(2).iter().zip(uids(3)) {
        while runs.windows(of.len()).any(|bytes| bytes == of.as_bytes()) {
            runs = in_syntax(runs, of, &to);
        }
    }
    assert_eq!(server.store("/studies", &[&runs]).await.status, 200);
    let kept = [jpeg_cine(1, 3).0, native, runs];
    (server, kept)
}

fn objects(transfer_syntax: &str) -> String {
    format!("Accept: multipart/related; type=\"application/dicom\"; transfer-syntax={transfer_syntax}")
}

/// The samples of each frame.
fn samples(file: &[u8]) -> Vec<Samples> {
    let mut on_disk = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut on_disk, file).unwrap();
    let places = peony_dicom::outline(&on_disk).unwrap().frames.unwrap();
    let pictures = Pictures::open(Cursor::new(file)).unwrap();
    let coded = (0..places.count()).map(|index| {
        let range = places.range(index).unwrap();
        places.coded(&file[range.start as usize..range.end as usize]).unwrap()
    });
    coded.map(|coded| pictures.decode(&coded).unwrap().samples).collect()
}

#[tokio::test]
async fn objects_are_written_in_the_coding_that_is_asked_for() {
    let (server, kept) = filled().await;
    for (number, kept) in (1..).zip(&kept) {
        let expect = samples(kept);
        let mut tags = Vec::new();
        for uid in [RLE, JPEG_LS, JPEG_XL] {
            let answer = server.get(&place(number), &[&objects(uid)]).await;
            assert_eq!(answer.status, 200, "{number} {uid}: {}", answer.text());
            let (kind, coded) = answer.parts().remove(0);
            assert_eq!(kind, format!("application/dicom; transfer-syntax={uid}"));
            let cine = open_bytes(coded.clone()).unwrap();
            assert_eq!((cine.transfer_syntax().uid, cine.frame_count()), (uid, 3));
            assert!(samples(&coded) == expect, "{number} {uid}");
            assert_eq!(number == 3 && uid == RLE, coded == *kept, "{number} {uid}: as kept");
            let alone = format!("Accept: application/dicom; transfer-syntax={uid}");
            assert!(server.get(&place(number), &[&alone]).await.body == coded);
            let [study, series, object] = uids(number);
            let by_uri =
                format!("/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={object}");
            let by_uri = format!("{by_uri}&contentType=application/dicom&transferSyntax={uid}");
            let by_uri = server.get(&by_uri, &[]).await;
            assert!(by_uri.body == coded && by_uri.field("content-type") == kind, "{number} {uid}");
            tags.push(answer.field("etag").to_owned());
            let again = format!("If-None-Match: {}", tags.last().unwrap());
            assert_eq!(server.get(&place(number), &[&objects(uid), &again]).await.status, 304);
        }
        tags.push(server.get(&place(number), &[&objects(EXPLICIT)]).await.field("etag").to_owned());
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4, "each form has a tag of its own");
    }
}

#[tokio::test]
async fn frames_are_coded_as_the_dearest_range_has_it() {
    let (server, kept) = filled().await;
    let header = *Pictures::open(Cursor::new(&kept[1])).unwrap().image();
    let expect = samples(&kept[1]);
    let frames = format!("{}/frames/3,1", place(2));
    for (uid, media) in MEDIA {
        let kind = format!("{media}; transfer-syntax={uid}");
        let codec = TransferSyntax::of(uid.as_bytes()).unwrap().codec;
        for accept in [
            format!("multipart/related; type=\"{media}\""),
            format!("multipart/related; type=\"{media}\"; transfer-syntax={uid}"),
            format!("multipart/related; type={media}; transfer-syntax=*"),
            format!("multipart/related; type=\"application/octet-stream\"; transfer-syntax={uid}"),
            format!(
                "multipart/related; type=\"image/jp2\", */*;q=0.1, multipart/related; type=\"{media}\";q=0.9"
            ),
        ] {
            let answer = server.get(&frames, &[&format!("Accept: {accept}")]).await;
            assert_eq!(answer.status, 200, "{accept}: {}", answer.text());
            for ((of, coded), expect) in answer.parts().into_iter().zip([&expect[2], &expect[0]]) {
                assert_eq!(of, kind, "{accept}");
                let decoded = decode(codec, &coded, &header).unwrap();
                assert!(decoded.samples == *expect, "{accept}");
            }
        }
        let alone = server.get(&format!("{}/frames/2", place(2)), &[&format!("Accept: {media}")]).await;
        assert_eq!(alone.field("content-type"), kind);
        assert!(decode(codec, &alone.body, &header).unwrap().samples == expect[1]);
    }
    // What is kept in a coding goes out as it is kept before anything is coded.
    let kept = [(1, "image/jpeg"), (2, "application/octet-stream"), (3, "image/dicom-rle")];
    for (number, media) in kept {
        let answer = server.get(&format!("{}/frames/1", place(number)), &["Accept: */*"]).await;
        assert!(answer.parts()[0].0.starts_with(media), "{number}");
        let octets = "Accept: multipart/related; type=\"application/octet-stream\"; transfer-syntax=*";
        let answer = server.get(&format!("{}/frames/1", place(number)), &[octets]).await;
        assert!(answer.parts()[0].0.starts_with(media), "{number}");
    }
    let mut tags: Vec<String> = Vec::new();
    for accept in ["image/dicom-rle", "image/jls", "image/jxl", "application/octet-stream"] {
        let accept = format!("Accept: multipart/related; type=\"{accept}\"");
        tags.push(server.get(&frames, &[&accept]).await.field("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "each form has a tag of its own");
}

/// Colour, and what has no frames: refused by itself, left out of many, and known from then on without a word against what is kept.
#[tokio::test]
async fn what_is_not_written_so_is_refused_or_left_out() {
    let server = Server::start().await;
    let study = uids(1)[0].clone();
    let grey = file(1, &[]);
    let colour =
        made_up::file(&said(2, &[(STUDY_UID, &study)]), Pixels::Native { frames: 1, size: [6, 9] }, 2);
    let colour = in_syntax(colour, "MONOCHROME2 ", "RGB         ");
    let colour = in_syntax(colour, "\x28\0\x02\0US\x02\0\x01\0", "\x28\0\x02\0US\x02\0\x03\0");
    let colour = in_syntax(colour, "\x28\0\x11\0US\x02\0\x09\0", "\x28\0\x11\0US\x02\0\x03\0");
    let video = in_syntax(jpeg_cine(4, 1).0, JPEG, "1.2.840.10008.1.2.4.99");
    let video = in_syntax(video, &uids(4)[0], &study);
    for file in [&grey, &colour, &video] {
        assert_eq!(server.store("/studies", &[file]).await.status, 200);
    }
    let [_, series, instance] = uids(2);
    let alone = format!("/studies/{study}/series/{series}/instances/{instance}");
    let frame = format!("{alone}/frames/1");
    let first = server.get(&alone, &[&objects(JPEG_LS)]).await;
    assert_eq!((first.status, first.error().as_str()), (406, "colour is not written in JPEG-LS"));
    let again = server.get(&alone, &[&objects(JPEG_LS)]).await;
    let known = "not all its frames are decoded here, or written so: accept transfer-syntax=*";
    assert_eq!((again.status, again.error().as_str()), (406, known));
    assert_eq!(server.get(&frame, &["Accept: image/jls"]).await.status, 406);
    for (uid, media) in [(RLE, "image/dicom-rle"), (JPEG_XL, "image/jxl"), (EXPLICIT, "*/*")] {
        assert_eq!(server.get(&alone, &[&objects(uid)]).await.status, 200, "{uid}");
        assert_eq!(server.get(&frame, &[&format!("Accept: {media}")]).await.status, 200, "{uid}");
    }
    // Of a study, what comes so.
    for (uid, comes) in [(RLE, 2), (JPEG_LS, 1), (JPEG_XL, 2), (EXPLICIT, 2)] {
        let answer = server.get(&format!("/studies/{study}"), &[&objects(uid)]).await;
        assert_eq!((answer.status, answer.parts().len()), (206, comes), "{uid}: {}", answer.field("warning"));
    }
    // The refusal says what is answered; a lossy coding is never.
    let near = server.get(&alone, &[&objects("1.2.840.10008.1.2.4.81")]).await;
    let said = format!("kept in transfer syntax {EXPLICIT}, written in {JPEG_XL}, {JPEG_LS}, {RLE}: accept");
    assert!(near.status == 406 && near.error().starts_with(&said), "{}", near.error());
    for lossy in ["image/jpeg", "image/jp2", "image/jls; transfer-syntax=1.2.840.10008.1.2.4.81"] {
        let refused = server.get(&frame, &[&format!("Accept: {lossy}")]).await;
        let known = "accept one of application/octet-stream, image/dicom-rle, image/jls, image/jxl";
        assert!(refused.status == 406 && refused.error().ends_with(known), "{}", refused.error());
    }
}

/// Every kind of picture by pydicom in every coding: decoded by pydicom, CharLS, libjxl and, where it is there, DCMTK, each sample is what it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_decoders_find_the_same_samples() {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = "import imagecodecs, jpeg_ls, numpy, pydicom, requests";
    let found = std::process::Command::new(&python).args(["-c", imports]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/dicomweb/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return;
    }
    let server = Server::start().await;
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicomweb_coded.py"));
    command.arg(format!("http://{}{BASE}", server.addr)).kill_on_drop(true);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{said}");
    let same = |coding: &str| said[coding].as_u64().unwrap_or_default();
    // Of 16 pictures, grey ones alone are in JPEG-LS, and no signed ones, no palette, no luma and chroma in JPEG XL.
    assert_eq!([same("rle"), same("jls"), same("jxl")], [16, 12, 9], "{said}");
    if said["dcmtk"].is_null() {
        eprintln!("skipped: dcmdrle and dcmdjpls of DCMTK are not there");
    } else {
        assert_eq!(same("dcmtk"), 28, "{said}");
    }
}

/// One of each is named in the table of frames.
#[test]
fn what_is_written_is_what_is_said_to_be() {
    let written: Vec<&str> = Lossless::ALL.into_iter().map(Lossless::uid).collect();
    assert_eq!(written, [RLE, JPEG_LS, JPEG_XL]);
}
