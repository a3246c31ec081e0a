//! WADO-RS: whole objects, their metadata and bulk data.

use std::time::Duration;

use base64::Engine as _;
use peony_dicom::limits::SEQUENCE_DEPTH;
use peony_dicom::{Elements, Step, Tag, open_bytes};
use peony_dicomweb::Limits;
use peony_store::made_up::{self, Pixels};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::kit::{
    BASE, SERIES_UID, STUDY_UID, Server, encapsulated, even, file, in_syntax, jpeg_cine, place, said, uids,
};

const AS_KEPT: &str = "Accept: multipart/related; type=\"application/dicom\"; transfer-syntax=*";
const PLAIN: &str = "Accept: multipart/related; type=\"application/dicom\"";
const JPEG: &str = "1.2.840.10008.1.2.4.50";

#[tokio::test]
async fn what_was_stored_comes_back_unchanged() {
    let server = Server::start().await;
    let files: Vec<Vec<u8>> = (0..5_u64)
        .map(|number| {
            let series = format!("2.25.6{}", number / 3);
            file(number, &[(STUDY_UID, "2.25.5"), (SERIES_UID, &series)])
        })
        .collect();
    let all: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    for one in &all {
        assert_eq!(server.store("/studies/2.25.5", &[one]).await.status, 200);
    }
    let kind = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1";
    for (path, expect) in [
        ("/studies/2.25.5", &files[..]),
        ("/studies/2.25.5/series/2.25.60", &files[..3]),
        ("/studies/2.25.5/series/2.25.61", &files[3..]),
        (&format!("/studies/2.25.5/series/2.25.60/instances/{}", uids(1)[2]), &files[1..2]),
    ] {
        for accept in [AS_KEPT, PLAIN, "Accept: */*", "X: y"] {
            let answer = server.get(path, &[accept]).await;
            assert_eq!(answer.status, 200, "{path} {accept}");
            // How long it is nobody knows before all parts were begun.
            assert!(answer.whole && answer.field("content-length").is_empty() == (expect.len() > 1));
            let parts = answer.parts();
            assert!(parts.iter().all(|(of, _)| of == kind), "{:?}", parts[0].0);
            let bytes: Vec<Vec<u8>> = parts.into_iter().map(|(_, bytes)| bytes).collect();
            assert!(bytes == expect, "{path} {accept}");
        }
    }
    for missing in ["/studies/2.25.6", "/studies/2.25.5/series/2.25.99", &place(1)] {
        let answer = server.get(missing, &[]).await;
        assert_eq!(answer.status, 404, "{missing}");
        assert!(answer.error().starts_with("there is no such "));
    }
}

#[tokio::test]
async fn one_object_comes_alone_in_ranges_and_only_where_it_is_new() {
    let server = Server::start().await;
    let sent = file(1, &[]);
    server.store("/studies", &[&sent]).await;
    let path = place(1);
    let accept = "Accept: application/dicom";
    let answer = server.get(&path, &[accept]).await;
    assert_eq!(answer.field("content-type"), "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
    assert!(answer.body == sent);
    assert_eq!(answer.field("accept-ranges"), "bytes");
    let tag = answer.field("etag").to_owned();
    let size = sent.len();
    for (range, status, expect, place) in [
        ("bytes=0-9", 206, &sent[..10], format!("bytes 0-9/{size}")),
        ("bytes=100-", 206, &sent[100..], format!("bytes 100-{}/{size}", size - 1)),
        ("bytes=-4", 206, &sent[size - 4..], format!("bytes {}-{}/{size}", size - 4, size - 1)),
        ("bytes=0-1,4-5", 200, &sent[..], String::new()),
        ("lines=0-1", 200, &sent[..], String::new()),
    ] {
        let answer = server.get(&path, &[accept, &format!("Range: {range}")]).await;
        assert_eq!((answer.status, answer.field("content-range")), (status, place.as_str()), "{range}");
        assert!(answer.body == expect, "{range}");
    }
    let answer = server.get(&path, &[accept, "Range: bytes=99999999-"]).await;
    assert_eq!((answer.status, answer.field("content-range")), (416, format!("bytes */{size}").as_str()));
    for (if_range, status) in [(tag.as_str(), 206), ("\"another\"", 200)] {
        let fields = [accept, "Range: bytes=0-9", &format!("If-Range: {if_range}")];
        assert_eq!(server.get(&path, &fields).await.status, status, "{if_range}");
    }
    for (known, status) in
        [(tag.clone(), 304), (format!("\"x\", W/{tag}"), 304), ("*".into(), 304), ("\"x\"".into(), 200)]
    {
        let answer = server.get(&path, &[accept, &format!("If-None-Match: {known}")]).await;
        assert_eq!((answer.status, answer.field("etag")), (status, tag.as_str()), "{known}");
        assert!(status == 200 || answer.body.is_empty());
    }
    let head = server.ask("HEAD", &path, &[accept], b"").await;
    assert_eq!((head.status, head.field("content-length")), (200, size.to_string().as_str()));
    assert!(head.body.is_empty());
    let study = format!("/studies/{}", uids(1)[0]);
    assert_eq!(server.get(&study, &[accept]).await.status, 406, "a study has parts");
}

/// Explicit little endian by whoever asks for it, and the same pictures in it.
#[tokio::test]
async fn a_compressed_object_is_written_anew_for_whoever_asks() {
    let server = Server::start().await;
    let (sent, _) = jpeg_cine(1, 3);
    server.store("/studies", &[&sent]).await;
    let answer = server.get(&place(1), &[PLAIN]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (kind, written) = answer.parts().remove(0);
    assert_eq!(kind, "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
    let (before, after) = (open_bytes(sent.clone()).unwrap(), open_bytes(written.clone()).unwrap());
    assert_eq!((after.frame_count(), after.size_px()), (3, [640, 480]));
    assert_eq!(after.transfer_syntax().uid, "1.2.840.10008.1.2.1");
    for frame in 0..3 {
        assert!(before.frame(frame).unwrap().luma() == after.frame(frame).unwrap().luma(), "{frame}");
    }
    let texts = |file: &[u8]| {
        let data_set = Elements::open(std::io::Cursor::new(file)).unwrap();
        let mut texts = Vec::new();
        let told = data_set.walk(|step| {
            if let Step::Element { tag, value, .. } = step
                && tag.group() < 0x0028
            {
                texts.push((tag, data_set.bytes(value, 1000).unwrap().into_owned()));
            }
            Ok(())
        });
        told.unwrap();
        texts
    };
    assert_eq!(texts(&sent), texts(&written));
    assert!(server.get(&place(1), &[AS_KEPT]).await.parts()[0].1 == sent);
    let alone = server.get(&place(1), &["Accept: application/dicom"]).await;
    assert!(alone.body == written);
    let kept = server.get(&place(1), &[AS_KEPT]).await;
    assert_ne!(kept.field("etag"), answer.field("etag"));
}

/// Whoever asks for much and takes nothing has a thread, of which there are few, until it is let go; nobody else waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_takers_hold_nobody_up() {
    let limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    let server = Server::within(limits).await;
    let (sent, _) = jpeg_cine(1, 60);
    server.store("/studies", &[&sent]).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = server.connect().await;
        let head = format!("GET {BASE}{} HTTP/1.1\r\nHost: x\r\n{PLAIN}\r\n\r\n", place(1));
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let answered = async {
        assert_eq!(server.get("/studies", &[]).await.status, 200);
        assert!(server.get(&place(1), &[AS_KEPT]).await.parts()[0].1 == sent);
    };
    tokio::time::timeout(Duration::from_secs(10), answered).await.expect("held up");
    // More of them than there are threads: the last ones have theirs when the first are let go.
    let answer = server.get(&place(1), &[PLAIN]).await;
    assert!(answer.status == 200 && answer.whole);
    assert_eq!(slow.len(), 40);
}

/// JPEG keeps colours as luma and chroma; uncompressed they are red, green and blue, and the object says so.
#[tokio::test]
async fn a_colour_picture_is_red_green_and_blue_uncompressed() {
    let server = Server::start().await;
    let picture = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([(x / 3) as u8, (y / 2) as u8, 90]));
    let mut coded = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut coded, image::ImageFormat::Jpeg).unwrap();
    let sent = encapsulated(1, &[even(coded.into_inner())]);
    let sent = in_syntax(sent, "MONOCHROME2 ", "YBR_FULL_422");
    let sent = in_syntax(sent, "\x28\0\x02\0US\x02\0\x01\0", "\x28\0\x02\0US\x02\0\x03\0");
    server.store("/studies", &[&sent]).await;
    let (_, written) = server.get(&place(1), &[PLAIN]).await.parts().remove(0);
    let metadata = [&sent, &written].map(|file| open_bytes(file.clone()).unwrap());
    let [before, after] = metadata.map(|cine| cine.frame(0).unwrap().luma().into_owned());
    assert!(before == after);
    assert!(written.windows(12).any(|bytes| bytes == b"\x28\0\x04\0CS\x04\0RGB "));
    let end = picture.as_raw().len();
    let pixels = &written[written.len() - end..];
    let off = pixels.iter().zip(picture.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(off <= 16, "{off}");
}

#[tokio::test]
async fn what_nothing_here_decodes_goes_out_as_it_is_or_not_at_all() {
    let server = Server::start().await;
    let video = in_syntax(jpeg_cine(1, 1).0, JPEG, "1.2.840.10008.1.2.4.99");
    server.store("/studies", &[&video]).await;
    let answer = server.get(&place(1), &[PLAIN]).await;
    assert_eq!(answer.status, 406);
    assert!(
        answer.error().starts_with("kept in transfer syntax 1.2.840.10008.1.2.4.99"),
        "{}",
        answer.error()
    );
    assert!(answer.error().contains("accept multipart/related"), "{}", answer.error());
    let alone = server.get(&place(1), &["Accept: application/dicom"]).await;
    assert_eq!(alone.status, 406);
    assert!(alone.error().ends_with(": accept application/dicom; transfer-syntax=*"), "{}", alone.error());
    assert!(server.get(&place(1), &["Accept: */*"]).await.parts()[0].1 == video);
    let fields = ["Accept: multipart/related; type=\"application/dicom\", multipart/related; \
        type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.99; q=0.1"];
    assert!(server.get(&place(1), &fields).await.parts()[0].1 == video);
}

/// A damaged frame is found when the answer has begun: then the connection breaks off, and nobody takes half for all.
#[tokio::test]
async fn an_answer_that_fails_on_its_way_is_seen_to_fail() {
    let server = Server::start().await;
    let (mut sent, coded) = jpeg_cine(1, 3);
    let at = sent.len() - coded[2].len() / 2;
    sent[at - 5000..at].fill(0xFF);
    server.store("/studies", &[&sent]).await;
    let answer = server.get(&place(1), &[PLAIN]).await;
    assert!(answer.status != 200 || !answer.whole, "half was taken for all");

    // Damaged on the disk: nothing of it is handed out.
    let server = Server::start().await;
    let study = uids(1)[0].clone();
    server.store("/studies", &[&file(2, &[(STUDY_UID, &study)])]).await;
    server.store("/studies", &[&file(1, &[])]).await;
    damage(&server, &uids(1)[2]);
    let metadata = format!("{}/metadata", place(1));
    for (path, accept) in
        [(&place(1), AS_KEPT), (&place(1), "Accept: application/dicom"), (&metadata, "Accept: */*")]
    {
        let answer = server.get(path, &[accept]).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, "the object cannot be read"), "{path}");
    }
    assert_eq!(left_out(&server, &format!("/studies/{study}"), AS_KEPT).await, (206, 1, 2));
}

/// How many instances of how many an answer says that it lacks, and its status; it is whole, and has all the others.
async fn left_out(server: &Server, path: &str, accept: &str) -> (u16, usize, usize) {
    let answer = server.get(path, &[accept]).await;
    assert!(answer.whole, "{path} {accept}: broken off");
    let said = answer.field("warning").strip_prefix("299 peony \"");
    let mut words = said.map_or_else(Vec::new, |said| said.split(' ').collect::<Vec<_>>()).into_iter();
    let mut number = |skip: usize| words.nth(skip).map_or(0, |word| word.parse().unwrap());
    let (left, of) = (number(0), number(1));
    let come = if answer.field("content-type").starts_with("multipart/related") {
        answer.parts().len()
    } else {
        answer.json().as_array().unwrap().len()
    };
    (
        answer.status,
        left,
        if of == 0 {
            come
        } else {
            assert_eq!(come, of - left, "{path}");
            of
        },
    )
}

const METADATA: [&str; 2] =
    ["Accept: application/dicom+json", "Accept: multipart/related; type=\"application/dicom+xml\""];

/// What is not decoded is left out, and what is behind it comes; from the second time on it is said before the first part.
#[tokio::test]
async fn what_is_not_decoded_is_left_out_and_the_rest_comes() {
    let server = Server::start().await;
    let [study, other] = [1, 5].map(|number| uids(number)[0].clone());
    let of_study = |number: u64, file: Vec<u8>| in_syntax(file, &uids(number)[0], &study);
    for number in 1..=3 {
        server.store("/studies", &[&file(number, &[(STUDY_UID, &study)])]).await;
    }
    // JPEG-LS in colour: the transfer syntax is decoded, these samples are not.
    let colour = in_syntax(of_study(4, jpeg_cine(4, 1).0), JPEG, "1.2.840.10008.1.2.4.80");
    let colour = in_syntax(colour, "MONOCHROME2 ", "YBR_FULL_422");
    let colour = in_syntax(colour, "\x28\0\x02\0US\x02\0\x01\0", "\x28\0\x02\0US\x02\0\x03\0");
    let (jpeg, _) = jpeg_cine(5, 1);
    for file in [&colour, &of_study(5, jpeg.clone())] {
        assert_eq!(server.store("/studies", &[file]).await.status, 200);
    }
    let path = format!("/studies/{study}");
    assert_eq!(left_out(&server, &path, PLAIN).await, (200, 0, 4));
    let first = server.get(&path, &[PLAIN]).await;
    assert_eq!((first.status, first.field("vary")), (206, "accept"));
    assert!(first.field("warning").contains("1 of 5 instances are left out"), "{}", first.field("warning"));
    assert!(open_bytes(first.parts().remove(3).1).unwrap().size_px() == [640, 480], "the JPEG behind it");
    assert_eq!(left_out(&server, &path, AS_KEPT).await, (200, 0, 5));
    let [_, series, instance] = uids(4);
    let alone = format!("{path}/series/{series}/instances/{instance}");
    for _ in 0..2 {
        let answer = server.get(&alone, &[PLAIN]).await;
        let why = "not all its frames are decoded here, or written so: accept transfer-syntax=*";
        assert_eq!((answer.status, answer.error().as_str()), (406, why));
    }
    // A transfer syntax that is not decoded at all is known before.
    let video = in_syntax(of_study(6, jpeg_cine(6, 1).0), JPEG, "1.2.840.10008.1.2.4.99");
    server.store("/studies", &[&video]).await;
    assert_eq!(left_out(&server, &path, PLAIN).await, (206, 2, 6));
    let jpegs = format!("{AS_KEPT}\r\nX: y").replace("syntax=*", "syntax=1.2.840.10008.1.2.4.50");
    assert_eq!(left_out(&server, &path, &jpegs).await, (206, 5, 6));

    // A frame that turns out to be damaged when the first ones are gone breaks the answer off once.
    let (_, mut coded) = jpeg_cine(7, 3);
    let length = coded[2].len();
    coded[2][200..length].fill(0);
    let cine = encapsulated(7, &coded);
    server.store("/studies", &[&in_syntax(cine, &uids(7)[0], &other)]).await;
    server.store("/studies", &[&file(8, &[(STUDY_UID, &other)])]).await;
    let path = format!("/studies/{other}");
    let answer = server.get(&path, &[PLAIN]).await;
    assert_eq!((answer.status, answer.whole), (200, false), "half was taken for all");
    assert_eq!(left_out(&server, &path, PLAIN).await, (206, 1, 2));
}

/// What is damaged on the disk is left out of objects and of metadata, until it is whole again.
#[tokio::test]
async fn what_is_damaged_is_left_out_and_the_rest_comes() {
    let study = uids(1)[0].clone();
    let path = format!("/studies/{study}");
    let metadata = format!("{path}/metadata");
    let asked = [(&path, AS_KEPT), (&path, PLAIN), (&metadata, METADATA[0]), (&metadata, METADATA[1])];
    for (path, accept) in asked {
        let server = Server::start().await;
        let mut files = Vec::new();
        for number in 1..=6 {
            files.push(file(number, &[(STUDY_UID, &study)]));
            assert_eq!(server.store("/studies", &[&files[number as usize - 1]]).await.status, 200);
        }
        let tag = server.get(path, &[accept]).await.field("etag").to_owned();
        damage(&server, &uids(4)[2]);
        assert_eq!(left_out(&server, path, accept).await, (200, 0, 5), "{path} {accept}");
        assert_eq!(left_out(&server, path, accept).await, (206, 1, 6), "{path} {accept}");
        let known = format!("If-None-Match: {tag}");
        assert_eq!(server.get(path, &[accept, &known]).await.status, 206, "it is not what it was");
        // The first ones are tried before anything is said.
        damage(&server, &uids(1)[2]);
        damage(&server, &uids(2)[2]);
        let begun = server.get(path, &[accept]).await;
        assert_eq!((begun.status, begun.field("etag")), (206, ""), "a name that says of more than came");
        assert_eq!(left_out(&server, path, accept).await, (206, 3, 6), "{path} {accept}");
        for number in [1, 2, 4] {
            damage(&server, &uids(number)[2]);
        }
        assert_eq!(left_out(&server, path, accept).await, (200, 0, 6), "{path} {accept}");
        let whole = server.get(path, &[accept, &known]).await;
        assert_eq!(whole.status, 200, "under that name an answer went out without one of them");
        let known = format!("If-None-Match: {}", whole.field("etag"));
        assert_eq!(server.get(path, &[accept, &known]).await.status, 304);
        for number in 1..=6 {
            damage(&server, &uids(number)[2]);
        }
        let answer = server.get(path, &[accept]).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, "the object cannot be read"), "{path}");
    }
}

/// One object as several things: each has a tag of its own, and a cache is told that what is accepted decides.
#[tokio::test]
async fn each_form_of_an_object_has_a_tag_of_its_own() {
    let server = Server::start().await;
    server.store("/studies", &[&jpeg_cine(1, 1).0]).await;
    let accepts = [
        AS_KEPT,
        PLAIN,
        "Accept: application/dicom",
        "Accept: application/dicom; transfer-syntax=1.2.840.10008.1.2.4.50",
    ];
    let mut tags = Vec::new();
    for accept in accepts {
        let answer = server.get(&place(1), &[accept]).await;
        assert_eq!((answer.status, answer.field("vary")), (200, "accept"), "{accept}");
        tags.push(answer.field("etag").to_owned());
    }
    for (number, accept) in accepts.iter().enumerate() {
        for (other, tag) in tags.iter().enumerate() {
            let answer = server.get(&place(1), &[accept, &format!("If-None-Match: {tag}")]).await;
            let expect = if number == other { 304 } else { 200 };
            assert_eq!((answer.status, answer.field("vary")), (expect, "accept"), "{accept} {other}");
        }
    }
    let refused = server.get(&place(1), &["Accept: text/html"]).await;
    assert_eq!((refused.status, refused.field("vary")), (406, "accept"));
    assert_eq!(server.get("/studies", &["Accept: application/json"]).await.field("vary"), "accept");
}

/// The content of a structured report is a tree (PS3.3 §C.17.3), and may be deep.
#[tokio::test]
async fn a_report_nested_deep_is_kept_found_and_handed_out_whole() {
    let (from, to) = (Server::start().await, Server::start().await);
    let report = |number: u64, depth: usize| {
        let mut said = said(number, &[]);
        said.insert(Tag(0x0008, 0x0016), "1.2.840.10008.5.1.4.1.1.88.33".into());
        said.insert(Tag(0x0008, 0x0060), "SR".into());
        [made_up::head(&said, Pixels::Native { frames: 1, size: [1, 1] }), made_up::content_tree(depth)]
            .concat()
    };
    for (number, depth) in [(1, 40), (2, SEQUENCE_DEPTH)] {
        let sent = report(number, depth);
        assert_eq!(from.store("/studies", &[&sent]).await.status, 200, "{depth}");
        let path = place(number);
        let found = from.get(&format!("/instances?SOPInstanceUID={}", uids(number)[2]), &[]).await.json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{depth}");
        for accept in [AS_KEPT, PLAIN] {
            assert!(from.get(&path, &[accept]).await.parts()[0].1 == sent, "{depth} {accept}");
        }
        let answer = from.get(&format!("{path}/metadata"), &["Accept: application/dicom+json"]).await;
        let text = answer.text();
        // A reader of JSON of this program's own refuses what is as deep as an object may be.
        let innermost = r#""0040A160":{"Value":["no mass"],"vr":"UT"}"#;
        assert_eq!((text.matches(r#""0040A730":"#).count(), text.matches(innermost).count()), (depth, 1));
        let as_xml = "Accept: multipart/related; type=\"application/dicom+xml\"";
        let xml = from.get(&format!("{path}/metadata"), &[as_xml]).await;
        let (_, xml) = xml.parts().remove(0);
        let xml = String::from_utf8(xml).unwrap();
        assert_eq!((xml.matches("ContentSequence").count(), xml.matches(">no mass<").count()), (depth, 1));
        // And the same object comes of that again.
        for (server, kind, part) in
            [(&to, "application/dicom+json", text), (&Server::start().await, "application/dicom+xml", xml)]
        {
            let body = [
                format!("--of\r\nContent-Type: {kind}\r\n\r\n").as_bytes(),
                part.as_bytes(),
                b"\r\n--of--\r\n",
            ]
            .concat();
            let field = format!("Content-Type: multipart/related; type=\"{kind}\"; boundary=of");
            let stored = server.ask("POST", "/studies", &[&field], &body).await;
            assert_eq!(stored.status, 200, "{depth} {kind} {}", stored.text());
            let again = server.get(&path, &[AS_KEPT]).await.parts().remove(0).1;
            assert!(again.ends_with(&made_up::content_tree(depth)), "{depth} {kind}");
        }
    }
    let deeper = from.store("/studies", &[&report(3, SEQUENCE_DEPTH + 1)]).await;
    assert_eq!(deeper.status, 409);
    assert_eq!(from.store("/studies", &[&report(3, 100_000)]).await.status, 409);
}

/// A weight of nothing refuses (RFC 9110 §12.5.1), also what a wider range takes in.
#[tokio::test]
async fn what_a_peer_refuses_it_does_not_get() {
    let server = Server::start().await;
    server.store("/studies", &[&jpeg_cine(1, 1).0]).await;
    let (instance, frame) = (place(1), format!("{}/frames/1", place(1)));
    let of = |path: &str, kind: &str| (path.to_owned(), kind.to_owned());
    for (path, kind) in [
        of("/studies", "application/dicom+json"),
        of(&format!("{instance}/metadata"), "application/dicom+json"),
        of(&instance, "multipart/related"),
        of(&format!("{instance}/rendered"), "image/jpeg"),
        of(&frame, "multipart/related"),
    ] {
        let answer = server.get(&path, &["Accept: */*"]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.field("content-type").starts_with(&kind), "{path} {}", answer.field("content-type"));
        assert_eq!(server.get(&path, &["Accept: */*;q=0"]).await.status, 406, "{path}");
        let other = server.get(&path, &[&format!("Accept: */*, {kind};q=0")]).await;
        let said = other.field("content-type");
        assert!(other.status == 406 || !said.starts_with(&kind), "{path} {said}");
    }
    let alone = server.get(&frame, &["Accept: image/jpeg"]).await;
    assert!(alone.field("content-type").starts_with("image/jpeg"), "{}", alone.field("content-type"));
    let refused = "multipart/related;type=\"image/jpeg\";q=0";
    let plain = server.get(&frame, &[&format!("Accept: */*, {refused}")]).await;
    assert_eq!(plain.status, 200);
    let (head, _) = plain.parts().remove(0);
    assert!(head.contains("application/octet-stream"), "{head}");
}

/// Who opens a study is a line of the audit, however many requests that takes; a search and what is not there are none.
#[tokio::test]
async fn who_reads_a_study_is_written_down_once() {
    let server = Server::start().await;
    for number in [1, 2] {
        assert_eq!(server.store("/studies", &[&file(number, &[])]).await.status, 200);
    }
    let [study, other] = [1, 2].map(|number| uids(number)[0].clone());
    let searches =
        ["/studies".to_owned(), format!("/studies/{study}/series"), format!("/studies/{study}/instances")];
    for path in searches.iter().chain([&"/studies/1.2.3".to_owned(), &"/studies/1.2.3/metadata".to_owned()]) {
        server.get(path, &["Accept: */*"]).await;
    }
    for path in ["metadata", "series", "metadata", "thumbnail"] {
        assert_eq!(
            server.get(&format!("/studies/{study}/{path}"), &["Accept: */*"]).await.status,
            200,
            "{path}"
        );
    }
    let [_, series, object] = uids(2);
    let wado = format!("/wado?requestType=WADO&studyUID={other}&seriesUID={series}&objectUID={object}");
    assert_eq!(server.get(&wado, &["Accept: */*"]).await.status, 200);
    let lines = server.store.audit_after(0, 100).await.unwrap();
    let read: Vec<[&str; 2]> = lines
        .iter()
        .filter(|line| line.act == "read")
        .map(|line| [line.who.as_str(), line.what.as_str()])
        .collect();
    assert_eq!(read, [["DICOMweb", &format!("study {study}")], ["DICOMweb", &format!("study {other}")]]);
    let brought = lines.iter().filter(|line| line.act == "receive").count();
    let searched: Vec<&str> =
        lines.iter().filter(|line| line.act == "search").map(|line| line.what.as_str()).collect();
    assert_eq!(searched, ["study", "series", "image"]);
    assert_eq!((brought, lines.len()), (2, 7));
}

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

/// Changes a byte of the file that holds a text.
fn damage(server: &Server, text: &str) {
    let mut waiting = vec![server.folder.path().join("store/objects")];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                bytes[200] ^= 1;
                std::fs::write(&path, bytes).unwrap();
            }
        }
    }
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
