//! Frames, rendered pictures, thumbnails, and WADO-URI.

use image::GenericImageView as _;
use peony_dicom::Tag;
use peony_store::made_up::{self, Pixels};

use crate::kit::{SERIES_UID, STUDY_UID, Server, file, in_syntax, jpeg_cine, picture, place, said, uids};

const JPEG: &str = "1.2.840.10008.1.2.4.50";

/// A cine in JPEG as number 1, an uncompressed one as number 2.
async fn filled() -> (Server, Vec<Vec<u8>>, Vec<u8>) {
    let server = Server::start().await;
    let (cine, coded) = jpeg_cine(1, 4);
    let native = Pixels::Native { frames: 3, size: [20, 30] };
    let bytes = made_up::file(&said(2, &[]), native, 2);
    assert_eq!(server.store("/studies", &[&cine, &bytes]).await.status, 200);
    (server, coded, made_up::body(native, 2)[12..].to_vec())
}

#[tokio::test]
async fn frames_are_what_is_in_the_file() {
    let (server, coded, native) = filled().await;
    for accept in [
        "Accept: multipart/related; type=\"image/jpeg\"",
        "Accept: multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.50",
        "Accept: multipart/related; type=\"image/*\"",
        "Accept: */*",
    ] {
        let answer = server.get(&format!("{}/frames/1,4,2", place(1)), &[accept]).await;
        assert_eq!(answer.status, 200, "{accept}: {}", answer.text());
        let parts = answer.parts();
        let kinds: Vec<&str> = parts.iter().map(|(kind, _)| kind.as_str()).collect();
        let kind = format!("image/jpeg; transfer-syntax={JPEG}");
        assert_eq!(kinds, [kind.as_str(); 3], "{accept}");
        let bytes: Vec<&Vec<u8>> = parts.iter().map(|(_, bytes)| bytes).collect();
        assert!(bytes == [&coded[0], &coded[3], &coded[1]], "{accept}");
    }
    let octets = "Accept: multipart/related; type=application/octet-stream; transfer-syntax=*";
    assert!(server.get(&format!("{}/frames/3", place(1)), &[octets]).await.parts()[0].1 == coded[2]);
    let alone = server.get(&format!("{}/frames/2", place(1)), &["Accept: image/jpeg"]).await;
    assert!(alone.body == coded[1] && alone.field("content-type").starts_with("image/jpeg"));
    let answer = server.get(&format!("{}/frames/2,3", place(2)), &["Accept: */*"]).await;
    for (number, (kind, bytes)) in (1..).zip(answer.parts()) {
        assert_eq!(kind, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1");
        assert!(bytes == native[number * 600..][..600]);
    }
    // The pixel data by the address of the metadata is all of its frames.
    let bulk = server.get(&format!("{}/bulkdata/7FE00010", place(1)), &["Accept: */*"]).await;
    assert!(bulk.parts().iter().map(|(_, bytes)| bytes).eq(&coded));
}

#[tokio::test]
async fn frames_are_decoded_for_whoever_asks() {
    let (server, coded, _) = filled().await;
    for accept in [
        "Accept: multipart/related; type=\"application/octet-stream\"",
        "Accept: multipart/related; type=\"application/octet-stream\"; transfer-syntax=1.2.840.10008.1.2.1",
    ] {
        let answer = server.get(&format!("{}/frames/2,3", place(1)), &[accept]).await;
        let parts = answer.parts();
        assert_eq!(parts.len(), 2);
        for ((kind, bytes), coded) in parts.iter().zip(&coded[1..]) {
            assert_eq!(kind, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1");
            let expect = image::load_from_memory(coded).unwrap().to_luma8();
            let off = bytes.iter().zip(expect.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(bytes.len() == 640 * 480 && off <= 2, "{} bytes, off by {off}", bytes.len());
        }
    }
}

#[tokio::test]
async fn what_is_no_frame_is_one_line() {
    let (server, ..) = filled().await;
    for (list, accept, status) in [
        ("5", "*/*", 404),
        ("1,5", "*/*", 404),
        ("0", "*/*", 400),
        ("1,,2", "*/*", 400),
        ("-1", "*/*", 400),
        ("99999999999999999999", "*/*", 400),
        ("1-3", "*/*", 400),
        ("1", "text/html", 406),
        ("1,2", "image/jpeg", 406),
        ("1", "image/jp2", 406),
        ("1", "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70", 406),
    ] {
        let answer =
            server.get(&format!("{}/frames/{list}", place(1)), &[&format!("Accept: {accept}")]).await;
        assert_eq!(answer.status, status, "{list} {accept}");
        assert!(!answer.error().is_empty());
    }
    let many = (0..20_000).map(|_| "1").collect::<Vec<_>>().join(",");
    let answer = server.get(&format!("{}/frames/{many}", place(2)), &["Accept: */*"]).await;
    assert!(matches!(answer.status, 200 | 413 | 414), "{}", answer.status);

    let video = in_syntax(jpeg_cine(3, 2).0, JPEG, "1.2.840.10008.1.2.4.99");
    server.store("/studies", &[&video]).await;
    let octets = ["Accept: multipart/related; type=\"application/octet-stream\""];
    assert_eq!(server.get(&format!("{}/frames/1", place(3)), &octets).await.status, 406);
    assert_eq!(server.get(&format!("{}/rendered", place(3)), &[]).await.status, 406);
}

#[tokio::test]
async fn a_picture_is_drawn_as_it_is_asked_for() {
    let (server, coded, _) = filled().await;
    let path = |rest: &str| format!("{}{rest}", place(1));
    let answer = server.get(&path("/rendered"), &[]).await;
    assert_eq!((answer.status, answer.field("content-type")), (200, "image/jpeg"));
    let answer = server.get(&path("/frames/2/rendered"), &["Accept: image/png"]).await;
    assert_eq!(answer.field("content-type"), "image/png");
    let (drawn, expect) =
        (image::load_from_memory(&answer.body).unwrap(), image::load_from_memory(&coded[1]).unwrap());
    let off =
        drawn.to_luma8().as_raw().iter().zip(expect.to_luma8().as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(off.unwrap() <= 2);
    let again = server
        .get(
            &path("/frames/2/rendered"),
            &["Accept: image/png", &format!("If-None-Match: {}", answer.field("etag"))],
        )
        .await;
    assert_eq!(again.status, 304);

    // A window of the peer's: half of the levels are black, the other half white.
    let windowed = server.get(&path("/frames/1/rendered?window=128,1&accept=image/png"), &[]).await;
    let windowed = image::load_from_memory(&windowed.body).unwrap().to_luma8();
    assert!(windowed.as_raw().iter().all(|level| matches!(level, 0 | 255)));
    let first = picture(0);
    let wrong = windowed.as_raw().iter().zip(first.as_raw());
    let wrong = wrong
        .filter(|(drawn, level)| (**drawn == 255) != (**level > 127) && level.abs_diff(128) > 12)
        .count();
    assert_eq!(wrong, 0);

    for (query, size) in [
        ("viewport=320,320", (320, 240)),
        ("viewport=1280,1280", (1280, 960)),
        // What is larger shows nothing more.
        ("viewport=8192,8192", (2048, 1536)),
        ("viewport=8192,8192,0,0,30,60", (1024, 2048)),
        ("viewport=100,100,0,0,64,48", (100, 75)),
    ] {
        let answer = server.get(&path(&format!("/rendered?{query}")), &[]).await;
        assert_eq!(image::load_from_memory(&answer.body).unwrap().dimensions(), size, "{query}");
    }
    let annotated = server.get(&path("/rendered?annotation=patient,technique"), &[]).await;
    assert_eq!(annotated.status, 200);
    assert_eq!(
        annotated.field("warning"),
        "299 peony \"The following annotation values are not supported: patient,technique\""
    );
    let [fine, coarse] = [90, 10].map(|quality| path(&format!("/rendered?quality={quality}")));
    assert!(server.get(&fine, &[]).await.body.len() > server.get(&coarse, &[]).await.body.len());
    for (rest, status) in [
        ("/rendered?window=1", 400),
        ("/rendered?viewport=0,0", 400),
        ("/rendered?viewport=100000,100000", 400),
        ("/rendered?viewport=10,10,5000,5000,10,10", 400),
        ("/rendered?quality=0", 400),
        ("/frames/9/rendered", 404),
        ("/frames/1,2/rendered", 406),
        ("/rendered?accept=image/gif", 406),
    ] {
        assert_eq!(server.get(&path(rest), &[]).await.status, status, "{rest}");
    }
}

/// A study and a series are drawn instance by instance.
#[tokio::test]
async fn every_picture_of_a_study_is_a_part() {
    let (server, ..) = filled().await;
    let [study, series, _] = uids(1);
    let places = [format!("/studies/{study}/rendered"), format!("/studies/{study}/series/{series}/rendered")];
    for path in &places {
        let answer = server.get(path, &["Accept: */*"]).await;
        assert_eq!(answer.status, 200, "{path}");
        let parts = answer.parts();
        let [(kind, bytes)] = parts.as_slice() else { panic!("{} parts", parts.len()) };
        assert_eq!(kind, "image/jpeg");
        let alone = server.get(&format!("{}/rendered", place(1)), &[]).await;
        assert!(*bytes == alone.body, "as the instance is drawn by itself");
        let alone = server.get(path, &["Accept: image/png"]).await;
        assert_eq!((alone.status, alone.field("content-type")), (200, "image/png"));
    }
    // Another one in the study, a video, and a report: what is not drawn is no part.
    let more = [(STUDY_UID, study.as_str()), (SERIES_UID, "2.25.78")];
    let video = [(STUDY_UID, study.as_str()), (SERIES_UID, "2.25.77")];
    let mut head = made_up::head(&said(41, &video), Pixels::Coded { frames: 1, frame_bytes: 0 });
    head.extend(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0\x04\0\0\0\0\0\x01\x67\xFE\xFF\xDD\xE0\0\0\0\0");
    let video = in_syntax(head, JPEG, "1.2.840.10008.1.2.4.99");
    assert_eq!(server.store("/studies", &[&file(40, &more), &video]).await.status, 200);
    let png = ["Accept: multipart/related; type=\"image/png\""];
    let answer = server.get(&format!("{}?viewport=32,32", places[0]), &png).await;
    assert_eq!(answer.status, 200);
    let parts = answer.parts();
    assert_eq!(parts.len(), 2);
    for (kind, bytes) in parts {
        let drawn = image::load_from_memory(&bytes).unwrap();
        assert_eq!((kind.as_str(), drawn.width()), ("image/png", 32));
    }
    let tag = format!("If-None-Match: {}", answer.field("etag"));
    assert_eq!(server.get(&format!("{}?viewport=32,32", places[0]), &[png[0], &tag]).await.status, 304);
    assert_eq!(server.get(&places[1], &["Accept: image/jpeg"]).await.status, 200, "the series has one");
    let answer = server.get(&places[0], &["Accept: image/jpeg"]).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (406, "there are 2 pictures: accept multipart/related with image/jpeg or image/png")
    );
    for path in ["/studies/2.25.4/rendered", "/studies/2.25.4/series/2.25.5/rendered"] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.error());
    }
}

/// What is not here, or not so, is said like everything else that is wrong.
#[tokio::test]
async fn every_refusal_says_why_in_one_line() {
    let (server, ..) = filled().await;
    let [study, ..] = uids(1);
    for (method, path, status, code) in [
        ("DELETE", format!("/studies/{study}"), 405, "no_method"),
        ("PUT", "/studies".to_owned(), 405, "no_method"),
        ("POST", format!("{}/rendered", place(1)), 405, "no_method"),
        ("GET", "/nothing".to_owned(), 404, "not_found"),
        ("GET", format!("/studies/{study}/nothing"), 404, "not_found"),
        ("POST", format!("/studies/{study}/series"), 405, "no_method"),
        ("GET", "/studies/2.25.4/metadata".to_owned(), 404, "not_found"),
        ("GET", "/studies?00100010=%00".to_owned(), 400, "bad_value"),
        ("GET", "/series?PatientID=%20".to_owned(), 400, "bad_value"),
        ("POST", "/studies".to_owned(), 415, "unsupported_media"),
    ] {
        let answer = server.ask(method, &path, &["Content-Type: text/plain"], b"x").await;
        assert_eq!(
            (answer.status, answer.field("content-type")),
            (status, "application/json"),
            "{method} {path}"
        );
        assert_eq!(answer.json()["code"], code, "{method} {path}");
        let error = answer.error();
        assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        assert_eq!(status == 405, !answer.field("allow").is_empty(), "{method} {path}");
    }
}

#[tokio::test]
async fn everything_has_a_thumbnail() {
    let (server, ..) = filled().await;
    let [study, series, instance] = uids(1);
    let places = [
        format!("/studies/{study}"),
        format!("/studies/{study}/series/{series}"),
        format!("/studies/{study}/series/{series}/instances/{instance}"),
        format!("/studies/{study}/series/{series}/instances/{instance}/frames/3"),
    ];
    for place in places {
        let answer = server.get(&format!("{place}/thumbnail"), &["Accept: */*"]).await;
        assert_eq!(answer.status, 200, "{place}");
        assert_eq!(image::load_from_memory(&answer.body).unwrap().dimensions(), (128, 96), "{place}");
    }
    assert_eq!(server.get("/studies/2.25.4/thumbnail", &[]).await.status, 404);
}

#[tokio::test]
async fn wado_uri_gives_an_object_or_a_picture() {
    let (server, coded, _) = filled().await;
    let still = file(3, &[(STUDY_UID, "2.25.70"), (SERIES_UID, "2.25.71"), (Tag(0x0010, 0x0020), "P9")]);
    server.store("/studies", &[&still]).await;
    let [study, series, instance] = uids(1);
    let ask = |uids: [&str; 3], rest: &str| {
        let [study, series, object] = uids;
        format!("/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={object}{rest}")
    };
    let cine = |rest: &str| ask([&study, &series, &instance], rest);
    let sent = jpeg_cine(1, 4).0;
    let answer = server.get(&cine("&contentType=application/dicom&transferSyntax=*"), &[]).await;
    assert!(answer.status == 200 && answer.body == sent);
    let answer =
        server.get(&cine(&format!("&contentType=application%2Fdicom&transferSyntax={JPEG}")), &[]).await;
    assert!(answer.body == sent);
    let answer = server.get(&cine(""), &[]).await;
    assert_eq!(answer.field("content-type"), "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
    assert_eq!(peony_dicom::open_bytes(answer.body).unwrap().frame_count(), 4);
    let answer = server.get(&cine("&frameNumber=2&rows=100&columns=200"), &[]).await;
    assert_eq!(answer.field("content-type"), "image/jpeg");
    assert_eq!(image::load_from_memory(&answer.body).unwrap().dimensions(), (133, 100));
    let answer = server.get(&cine("&frameNumber=2&contentType=image/png"), &[]).await;
    let (drawn, expect) =
        (image::load_from_memory(&answer.body).unwrap(), image::load_from_memory(&coded[1]).unwrap());
    assert!(
        drawn.to_luma8().as_raw().iter().zip(expect.to_luma8().as_raw()).all(|(a, b)| a.abs_diff(*b) <= 2)
    );
    let uid = uids(3)[2].clone();
    let answer = server.get(&ask(["2.25.70", "2.25.71", &uid], ""), &[]).await;
    assert_eq!(answer.field("content-type"), "image/jpeg", "a still is a picture");
    for (path, status) in [
        ("/wado".to_owned(), 400),
        ("/wado?requestType=XDS".into(), 400),
        (ask(["1", "2", ""], ""), 400),
        (ask(["1", "2", "../3"], ""), 400),
        (ask(["1", "2", "3"], ""), 404),
        (cine("&anonymize=yes"), 406),
        (cine("&contentType=video/mpeg"), 406),
        (cine("&contentType=application/dicom&transferSyntax=1.2.3"), 406),
        (cine("&frameNumber=0"), 400),
        (cine("&frameNumber=99"), 404),
        (cine("&frameNumber=1&windowCenter=1"), 400),
        (cine("&frameNumber=1&rows=99999"), 400),
    ] {
        assert_eq!(server.get(&path, &[]).await.status, status, "{path}");
    }
}

/// A digital mammogram of 4728 × 5928 pixels of 12 bits: its left half is black, its right half white.
fn mammogram(number: u64) -> Vec<u8> {
    const SIZE: [u16; 2] = [5928, 4728];
    let words = [(0x0100, "\u{10}\0"), (0x0101, "\u{c}\0"), (0x0102, "\u{b}\0")];
    let more = words.map(|(element, word)| (Tag(0x0028, element), word));
    let mut file = made_up::head(&said(number, &more), Pixels::Native { frames: 1, size: SIZE });
    let [rows, columns] = SIZE.map(usize::from);
    file.extend(b"\xE0\x7F\x10\0OW\0\0");
    file.extend(u32::try_from(2 * rows * columns).unwrap().to_le_bytes());
    let row: Vec<u8> =
        (0..columns).flat_map(|x| if x < columns / 2 { [0, 0] } else { 4095_u16.to_le_bytes() }).collect();
    (0..rows).for_each(|_| file.extend(&row));
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mammogram_of_28_million_pixels_is_drawn_also_several_at_a_time() {
    let server = Server::start().await;
    assert_eq!(server.store("/studies", &[&mammogram(1)]).await.status, 200);
    let whole = format!("{}/rendered?window=2048,4096", place(1));
    let fitted = format!("{whole}&viewport=400,400");
    let thumbnail = format!("{}/thumbnail?window=2048,4096", place(1));
    for (path, size) in [(&whole, (4728, 5928)), (&fitted, (319, 400)), (&thumbnail, (102, 128))] {
        let answer = server.get(path, &["Accept: image/jpeg"]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let drawn = image::load_from_memory(&answer.body).unwrap().to_luma8();
        assert_eq!(drawn.dimensions(), size, "{path}");
        let at = |x: u32| drawn.get_pixel(x, size.1 / 2).0[0];
        assert!(at(size.0 / 4) < 5 && at(size.0 / 4 * 3) > 250, "{path}");
    }
    let four =
        futures_util::future::join_all((0..4).map(|_| server.get(&fitted, &["Accept: image/png"]))).await;
    assert!(four.iter().all(|answer| answer.status == 200 && answer.body == four[0].body));
}
