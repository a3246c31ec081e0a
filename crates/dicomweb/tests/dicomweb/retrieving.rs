//! WADO-RS: whole objects, and which of their forms a peer gets.

use std::time::Duration;

use peony_dicom::limits::SEQUENCE_DEPTH;
use peony_dicom::{Elements, Step, Tag, open_bytes};
use peony_dicomweb::Limits;
use peony_store::made_up::{self, Pixels};
use tokio::io::AsyncWriteExt as _;

use crate::kit::{
    AS_KEPT, BASE, PLAIN, SERIES_UID, STUDY_UID, Server, encapsulated, even, file, in_syntax, jpeg_cine,
    place, said, uids,
};

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
    // Also where it is the form that nobody asks for by name that would go out.
    for refused in ["multipart/related;type=\"image/jpeg\";q=0", "image/jpeg;q=0"] {
        let plain = server.get(&frame, &[&format!("Accept: {refused}, */*")]).await;
        assert_eq!(plain.status, 200, "{refused}");
        let (head, _) = plain.parts().remove(0);
        assert!(head.contains("application/octet-stream"), "{refused}: {head}");
    }
    let both = "Accept: image/jpeg;q=0, application/octet-stream;q=0, image/dicom-rle;q=0, image/jxl;q=0, image/jls;q=0, */*";
    assert_eq!(server.get(&frame, &[both]).await.status, 406);
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
