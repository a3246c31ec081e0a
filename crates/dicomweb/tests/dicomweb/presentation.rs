//! Pictures through presentation states, and their levels and turns beside DCMTK's, which writes those states as well (`dcmpsmk`, `dcmodify`,
//! `dcmp2pgm`, which draws neither shutters nor marks); without it that test says so and passes.

use std::path::Path;
use std::process::Command;

use image::{DynamicImage, GrayImage};
use peony_dicom::{Attribute, Attributes, Encoding, Tag, VR, vr_of, write_data_set};

use crate::kit::Server;

pub const STUDY: &str = "2.25.1";
pub const SERIES: &str = "2.25.2";
pub const IMAGE: &str = "2.25.3";
const SIZE: [u16; 2] = [40, 60];

/// Elements by eight digits of their tags; values with backslashes between.
pub fn set<const N: usize>(elements: [(u32, &str); N]) -> Attributes {
    let read = |(tag, values): (u32, &str)| {
        let tag = Tag((tag >> 16) as u16, tag as u16);
        let values = values.split('\\').map(str::to_owned).collect();
        // Words are not written, which a table may be.
        let vr = if tag == Tag(0x0028, 0x3006) { VR::US } else { vr_of(tag) };
        (tag, Attribute { vr, values, items: Vec::new() })
    };
    elements.map(read).into_iter().collect()
}

pub fn with(mut around: Attributes, sequence: u32, items: Vec<Attributes>) -> Attributes {
    let tag = Tag((sequence >> 16) as u16, sequence as u16);
    around.insert(tag, Attribute { vr: VR::SQ, values: Vec::new(), items });
    around
}

/// A file with raw elements at its end.
fn file(said: &Attributes, end: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0");
    file.extend(write_data_set(said, Encoding::ExplicitLittle).unwrap());
    file.extend(end);
    file
}

fn long(tag: Tag, bytes: &[u8]) -> Vec<u8> {
    let mut element = [tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat();
    element.extend(b"OW\0\0");
    element.extend((bytes.len() as u32).to_le_bytes());
    element.extend(bytes);
    element
}

fn about() -> Attributes {
    set([
        (0x0008_0020, "20260102"),
        (0x0008_0030, "101500"),
        (0x0008_0060, "OT"),
        (0x0010_0010, "A^B"),
        (0x0010_0020, "P1"),
        (0x0020_000D, STUDY),
        (0x0020_000E, SERIES),
        (0x0020_0010, "1"),
        (0x0020_0011, "1"),
        (0x0020_0013, "1"),
    ])
}

/// A picture of twelve bits with a sign: levels from -1500 on, 50 more each column and 11 more each row.
pub fn image(more: Attributes, overlay: Option<&[u8]>) -> Vec<u8> {
    let mut said = about();
    said.extend(set([
        (0x0008_0016, "1.2.840.10008.5.1.4.1.1.7"),
        (0x0008_0018, IMAGE),
        (0x0028_0002, "1"),
        (0x0028_0004, "MONOCHROME2"),
        (0x0028_0010, "40"),
        (0x0028_0011, "60"),
        (0x0028_0100, "16"),
        (0x0028_0101, "12"),
        (0x0028_0102, "11"),
        (0x0028_0103, "1"),
    ]));
    said.extend(more);
    let levels =
        (0..i32::from(SIZE[0])).flat_map(|y| (0..i32::from(SIZE[1])).map(move |x| 50 * x + 11 * y - 1500));
    let pixels: Vec<u8> = levels.flat_map(|level| (level as i16).to_le_bytes()).collect();
    let mut end = Vec::new();
    if let Some(bits) = overlay {
        end.extend(long(Tag(0x6000, 0x3000), bits));
    }
    end.extend(long(Tag(0x7FE0, 0x0010), &pixels));
    file(&said, &end)
}

/// A state of the image.
fn state(uid: &str, more: Attributes) -> Vec<u8> {
    let picture = set([(0x0008_1150, "1.2.840.10008.5.1.4.1.1.7"), (0x0008_1155, IMAGE)]);
    let series = with(set([(0x0020_000E, SERIES)]), 0x0008_1140, vec![picture]);
    let mut said = with(about(), 0x0008_1115, vec![series]);
    said.extend(set([
        (0x0008_0016, "1.2.840.10008.5.1.4.1.1.11.1"),
        (0x0008_0018, uid),
        (0x0008_0060, "PR"),
        (0x0020_000E, "2.25.9"),
        (0x2050_0020, "IDENTITY"),
    ]));
    said.extend(more);
    file(&said, &[])
}

fn rendered(uid: &str) -> String {
    format!("/studies/{STUDY}/series/2.25.9/instances/{uid}/rendered")
}

pub async fn drawn(server: &Server, path: &str) -> DynamicImage {
    let answer = server.get(path, &["Accept: image/png"]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    image::load_from_memory(&answer.body).unwrap()
}

#[tokio::test]
async fn a_state_is_drawn_as_the_picture_that_it_is_for() {
    let server = Server::start().await;
    let window = |center: &str| {
        let window = set([(0x0028_1050, center), (0x0028_1051, "1")]);
        with(Attributes::new(), 0x0028_3110, vec![window])
    };
    let picture = image(set([(0x0028_1050, "5"), (0x0028_1051, "10")]), None);
    let states = [state("2.25.10", window("0")), state("2.25.11", window("1000"))];
    assert_eq!(server.store("/studies", &[&picture, &states[0], &states[1]]).await.status, 200);
    for (uid, above) in [("2.25.10", 0), ("2.25.11", 1000)] {
        let grey = drawn(&server, &rendered(uid)).await.to_luma8();
        assert_eq!(grey.dimensions(), (60, 40));
        for (x, y, level) in grey.enumerate_pixels() {
            let value = 50 * x as i32 + 11 * y as i32 - 1500;
            assert_eq!(level.0[0] == 255, value >= above, "{uid} {x} {y} {level:?}");
        }
    }
    // By WADO-URI the picture is named, and the state beside it.
    let uri = |rest: &str| {
        format!(
            "/wado?requestType=WADO&contentType=image/png&studyUID={STUDY}&seriesUID={SERIES}&objectUID={IMAGE}{rest}"
        )
    };
    let by_uri = drawn(&server, &uri("&presentationSeriesUID=2.25.9&presentationUID=2.25.11")).await;
    assert_eq!(by_uri, drawn(&server, &rendered("2.25.11")).await);
    assert_ne!(by_uri, drawn(&server, &uri("")).await, "the picture's own window");
    // Another state is another picture for who asks whether anything has changed.
    let tag = |answer: &crate::kit::Answer| format!("If-None-Match: {}", answer.field("etag"));
    let first = server.get(&rendered("2.25.10"), &["Accept: image/png"]).await;
    assert_eq!(server.get(&rendered("2.25.10"), &["Accept: image/png", &tag(&first)]).await.status, 304);
    assert_eq!(server.get(&rendered("2.25.11"), &["Accept: image/png", &tag(&first)]).await.status, 200);
    for (path, status) in [
        (rendered("2.25.10") + "?window=1,2", 400),
        (rendered("2.25.10") + "?viewport=10,10,0,0,5,5", 400),
        (uri("&presentationUID=2.25.11"), 400),
        (uri("&presentationSeriesUID=2.25.9&presentationUID=2.25.11&windowCenter=1&windowWidth=2"), 400),
        (uri("&presentationSeriesUID=2.25.9&presentationUID=2.25.12"), 404),
        (uri(&format!("&presentationSeriesUID={SERIES}&presentationUID={IMAGE}")), 406),
        (format!("/studies/{STUDY}/series/{SERIES}/instances/{IMAGE}/rendered?presentationUID=2.25.11"), 400),
    ] {
        assert_eq!(server.get(&path, &["Accept: image/png"]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_state_without_its_picture_or_for_others_gives_none() {
    let server = Server::start().await;
    let alone = state("2.25.10", Attributes::new());
    assert_eq!(server.store("/studies", &[&alone]).await.status, 200);
    let answer = server.get(&rendered("2.25.10"), &[]).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (404, "there is no such picture of the presentation state")
    );

    let both = ["2.25.3", "2.25.4"].map(|uid| set([(0x0008_1155, uid)]));
    let series = with(set([(0x0020_000E, SERIES)]), 0x0008_1140, both.to_vec());
    let several = state("2.25.11", with(Attributes::new(), 0x0008_1115, vec![series]));
    let other = set([(0x0008_1155, "2.25.99")]);
    let series = with(set([(0x0020_000E, SERIES)]), 0x0008_1140, vec![other]);
    let of_another = state("2.25.12", with(Attributes::new(), 0x0008_1115, vec![series]));
    let masked = with(Attributes::new(), 0x0028_6100, vec![set([(0x0028_6101, "NONE")])]);
    let masked = state("2.25.13", masked);
    let picture = image(Attributes::new(), None);
    assert_eq!(server.store("/studies", &[&several, &of_another, &masked, &picture]).await.status, 200);
    // For two pictures: one of them is asked for by its own place.
    assert_eq!(server.get(&rendered("2.25.11"), &[]).await.status, 406);
    let of_picture = |state: &str| {
        let through = format!("presentationSeriesUID=2.25.9&presentationUID={state}");
        format!("/studies/{STUDY}/series/{SERIES}/instances/{IMAGE}/rendered?{through}")
    };
    let asked = drawn(&server, &of_picture("2.25.11")).await;
    assert_eq!(asked.to_luma8().dimensions(), (60, 40));
    let answer = server.get(&of_picture("2.25.12"), &[]).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (406, "the presentation state is not for this picture or frame")
    );
    let answer = server.get(&rendered("2.25.13"), &[]).await;
    assert_eq!((answer.status, answer.error().contains("mask")), (406, true));
    let uri = format!(
        "/wado?requestType=WADO&contentType=image/png&studyUID={STUDY}&seriesUID={SERIES}&objectUID={IMAGE}&presentationSeriesUID=2.25.9"
    );
    assert_eq!(server.get(&format!("{uri}&presentationUID=2.25.12"), &[]).await.status, 406);
    // One of several is named by WADO-URI.
    assert_eq!(drawn(&server, &format!("{uri}&presentationUID=2.25.11")).await, asked);
}

#[tokio::test]
async fn of_several_pictures_of_a_state_the_one_with_that_frame_is_drawn() {
    let server = Server::start().await;
    let of = |uid: &str, frame: &str| set([(0x0008_1155, uid), (0x0008_1160, frame)]);
    let series = |items: Vec<Attributes>| {
        with(Attributes::new(), 0x0008_1115, vec![with(set([(0x0020_000E, SERIES)]), 0x0008_1140, items)])
    };
    let states = [
        state("2.25.10", series(vec![of("2.25.99", "2"), of(IMAGE, "1")])),
        state("2.25.11", series(vec![of("2.25.99", "1"), of(IMAGE, "1")])),
        // The same picture twice is one.
        state("2.25.12", series(vec![of(IMAGE, "1"), of(IMAGE, "2")])),
    ];
    let picture = image(Attributes::new(), None);
    assert_eq!(server.store("/studies", &[&picture, &states[0], &states[1], &states[2]]).await.status, 200);
    let place =
        |uid: &str, rest: &str| format!("/studies/{STUDY}/series/2.25.9/instances/{uid}{rest}/rendered");
    for (uid, rest, status) in [
        ("2.25.10", "", 406),
        ("2.25.10", "/frames/1", 200),
        ("2.25.10", "/frames/2", 404),
        ("2.25.10", "/frames/3", 406),
        ("2.25.11", "/frames/1", 406),
        ("2.25.12", "", 200),
    ] {
        let answer = server.get(&place(uid, rest), &[]).await;
        assert_eq!(answer.status, status, "{uid}{rest}: {}", answer.text());
    }
}

#[tokio::test]
async fn marks_lie_where_the_picture_came_to_lie() {
    let server = Server::start().await;
    let graphic = |kind: &str, data: &str, units: &str| {
        set([(0x0070_0005, units), (0x0070_0022, data), (0x0070_0023, kind), (0x0070_0024, "Y")])
    };
    let text = set([
        (0x0070_0003, "DISPLAY"),
        (0x0070_0006, "12 mm"),
        (0x0070_0010, "0.5\\0.5"),
        (0x0070_0011, "1\\1"),
    ]);
    let layers = vec![
        set([(0x0070_0002, "G"), (0x0070_0062, "1"), (0x0070_0066, "65535")]),
        // The red of sRGB.
        set([(0x0070_0002, "R"), (0x0070_0062, "2"), (0x0070_0401, "35298\\53485\\49981")]),
    ];
    let on =
        |layer: &str, sequence, item: Attributes| with(set([(0x0070_0002, layer)]), sequence, vec![item]);
    let state_of = |uid: &str, annotations: Vec<Attributes>| {
        let mut more = with(Attributes::new(), 0x0070_0060, layers.clone());
        more = with(more, 0x0070_0001, annotations);
        // Black, so that what is white was drawn; turned a quarter, and the left upper 20 × 30 alone.
        more = with(more, 0x0028_3110, vec![set([(0x0028_1050, "9000"), (0x0028_1051, "1")])]);
        more.extend(set([(0x0070_0042, "90"), (0x0070_0041, "N")]));
        let area = set([
            (0x0070_0052, "1\\30"),
            (0x0070_0053, "20\\1"),
            (0x0070_0100, "SCALE TO FIT"),
            (0x0070_0102, "1\\1"),
        ]);
        state(uid, with(more, 0x0070_005A, vec![area]))
    };
    let square = graphic("POLYLINE", "2\\4\\6\\4\\6\\8\\2\\8\\2\\4", "PIXEL");
    let states = [
        state_of("2.25.10", vec![on("G", 0x0070_0009, square)]),
        state_of(
            "2.25.11",
            vec![on("R", 0x0070_0009, graphic("CIRCLE", "0.25\\0.25\\0.25\\0.3", "DISPLAY"))],
        ),
        state_of("2.25.12", vec![on("G", 0x0070_0008, text)]),
    ];
    let picture = image(Attributes::new(), None);
    assert_eq!(server.store("/studies", &[&picture, &states[0], &states[1], &states[2]]).await.status, 200);

    // Twenty times as large: the area of 20 × 30 comes to lie as 30 × 20.
    let square = drawn(&server, &(rendered("2.25.10") + "?viewport=600,400")).await;
    assert!(matches!(square, DynamicImage::ImageLuma8(_)), "grey stays grey");
    let square = square.to_luma8();
    assert_eq!(square.dimensions(), (600, 400));
    // Column 4, row 6 of the picture is its middle: a quarter clockwise, 30 - 6 from the left, 4 from above.
    let white = |grey: &GrayImage, x: u32, y: u32| grey.get_pixel(x, y).0[0] > 200;
    assert!(white(&square, 24 * 20, 4 * 20));
    for (x, y) in [(24 * 20 - 50, 80), (24 * 20 + 50, 80), (24 * 20, 140), (24 * 20, 20), (80, 120)] {
        assert!(!white(&square, x, y), "{x} {y}");
    }
    let circle = drawn(&server, &(rendered("2.25.11") + "?viewport=600,400")).await.to_rgb8();
    let [red, green, blue] = circle.get_pixel(150, 100).0;
    assert!(red > 200 && green < 60 && blue < 60, "{red} {green} {blue}");
    assert_eq!(circle.get_pixel(300, 200).0, [0; 3]);
    let letters = drawn(&server, &(rendered("2.25.12") + "?viewport=600,400")).await.to_luma8();
    let drawn = |part: [u32; 4]| {
        let [x0, y0, x1, y1] = part;
        (x0..x1).flat_map(|x| (y0..y1).map(move |y| (x, y))).filter(|(x, y)| white(&letters, *x, *y)).count()
    };
    let (within, all) = (drawn([300, 200, 600, 400]), drawn([0, 0, 600, 400]));
    assert!(within > 20 && within == all, "{within} of {all}");
}

/// Marks that cover a large picture a thousand times keep a core from everybody else.
#[tokio::test]
async fn a_state_that_takes_too_long_gives_no_picture_and_its_core_back() {
    let server = Server::start().await;
    let disc = set([
        (0x0070_0005, "PIXEL"),
        (0x0070_0022, "30\\20\\-900\\20"),
        (0x0070_0023, "CIRCLE"),
        (0x0070_0024, "Y"),
    ]);
    let state_of = |uid: &str, discs: usize| {
        let annotation = with(set([(0x0070_0002, "G")]), 0x0070_0009, vec![disc.clone(); discs]);
        state(uid, with(Attributes::new(), 0x0070_0001, vec![annotation]))
    };
    let states = [state_of("2.25.10", 5_000), state_of("2.25.11", 3)];
    let picture = image(Attributes::new(), None);
    assert_eq!(server.store("/studies", &[&picture, &states[0], &states[1]]).await.status, 200);
    let large = |uid: &str| rendered(uid) + "?viewport=4000,4000";
    let began = std::time::Instant::now();
    let cores = std::thread::available_parallelism().unwrap().get();
    let path = large("2.25.10");
    let all = (0..cores).map(|_| server.get(&path, &[]));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (413, "seconds of drawing a presentation state: at most 5")
        );
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(server.get(&large("2.25.11"), &[]).await.status, 200);
}

/// Whether a column and a row, counted from 1, are covered.
type IsCovered = fn(f64, f64) -> bool;

#[tokio::test]
async fn shutters_cover_what_is_outside_and_overlays_are_painted() {
    let server = Server::start().await;
    let window =
        || with(Attributes::new(), 0x0028_3110, vec![set([(0x0028_1050, "9000"), (0x0028_1051, "1")])]);
    let shut = |uid: &str, more: Attributes| {
        let mut said = window();
        said.extend(set([(0x0018_1622, "40092")]));
        said.extend(more);
        state(uid, said)
    };
    let shown = |layer: &str| {
        let layers = vec![set([(0x0070_0002, layer), (0x0070_0062, "1"), (0x0070_0066, "51400")])];
        let mut said = with(window(), 0x0070_0060, layers);
        let layer = Attribute { vr: VR::CS, values: vec![layer.to_owned()], items: Vec::new() };
        said.insert(Tag(0x6000, 0x1001), layer);
        said
    };
    let (overlaid, bits) = overlay();
    let mut own = shown("OWN");
    own.extend(overlaid.clone());
    own.extend(set([(0x0008_0016, "1.2.840.10008.5.1.4.1.1.11.1"), (0x0008_0018, "2.25.14")]));
    let mut bitmap = window();
    bitmap.extend(set([(0x0018_1600, "BITMAP"), (0x0018_1622, "40092"), (0x0018_1623, "24576")]));
    let states = [
        shut(
            "2.25.10",
            set([
                (0x0018_1600, "RECTANGULAR"),
                (0x0018_1602, "5"),
                (0x0018_1604, "50"),
                (0x0018_1606, "3"),
                (0x0018_1608, "30"),
            ]),
        ),
        shut("2.25.11", set([(0x0018_1600, "CIRCULAR"), (0x0018_1610, "20\\30"), (0x0018_1612, "15")])),
        shut("2.25.12", set([(0x0018_1600, "POLYGONAL"), (0x0018_1620, "5\\5\\5\\50\\35\\50\\35\\5")])),
        state("2.25.13", shown("THEIRS")),
        state("2.25.15", bitmap),
    ];
    let own = {
        let plain = state("2.25.14", own);
        [plain, long(Tag(0x6000, 0x3000), &bits)].concat()
    };
    // The overlay of the picture itself has every other bit.
    let other: Vec<u8> = bits.iter().map(|byte| !byte).collect();
    let picture = image(overlaid, Some(&other));
    let objects: Vec<&[u8]> = states.iter().map(Vec::as_slice).chain([own.as_slice(), &picture]).collect();
    assert_eq!(server.store("/studies", &objects).await.status, 200);
    let seen: [(&str, u8, IsCovered); 6] = [
        ("2.25.10", 156, |column, row| !((5.0..=50.0).contains(&column) && (3.0..=30.0).contains(&row))),
        ("2.25.11", 156, |column, row| (column - 30.0).hypot(row - 20.0) > 15.0),
        ("2.25.12", 156, |column, row| !((5.0..50.0).contains(&column) && (5.0..35.0).contains(&row))),
        ("2.25.13", 200, |column, _| (column - 1.0) % 7.0 != 0.0),
        ("2.25.14", 200, |column, _| (column - 1.0) % 7.0 == 0.0),
        ("2.25.15", 156, |column, _| (column - 1.0) % 7.0 != 0.0),
    ];
    for (uid, level, is_covered) in seen {
        let grey = drawn(&server, &rendered(uid)).await.to_luma8();
        let mut wrong = 0;
        for (x, y, found) in grey.enumerate_pixels() {
            let expect = if is_covered(f64::from(x + 1), f64::from(y + 1)) { level } else { 0 };
            wrong += u32::from(found.0[0] != expect);
        }
        // Whether the pixels that its lines go through belong to a polygon is not said.
        let allowed = if uid == "2.25.12" { 160 } else { 0 };
        assert!(wrong <= allowed, "{uid}: {wrong}");
    }
}

/// A state as DCMTK makes it of an image, changed, and the picture that DCMTK makes of both.
fn of_dcmtk(folder: &Path, image: &[u8], changes: &[&str]) -> (Vec<u8>, GrayImage) {
    let path = |name: &str| folder.join(name);
    std::fs::write(path("image.dcm"), image).unwrap();
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let (image, state, picture) = (path("image.dcm"), path("state.dcm"), path("picture.pgm"));
    run("dcmpsmk", &[image.as_os_str(), state.as_os_str()]);
    if !changes.is_empty() {
        let mut arguments: Vec<&std::ffi::OsStr> = vec!["-nb".as_ref()];
        for change in changes {
            arguments.extend(["-i".as_ref(), std::ffi::OsStr::new(*change)]);
        }
        arguments.push(state.as_os_str());
        run("dcmodify", &arguments);
    }
    run("dcmp2pgm", &["-p".as_ref(), state.as_os_str(), image.as_os_str(), picture.as_os_str()]);
    let bytes = std::fs::read(picture).unwrap();
    let head = bytes.splitn(4, |byte| byte.is_ascii_whitespace()).collect::<Vec<_>>();
    let number = |text: &[u8]| std::str::from_utf8(text).unwrap().parse::<u32>().unwrap();
    let (width, height) = (number(head[1]), number(head[2]));
    let pixels = bytes[bytes.len() - (width * height) as usize..].to_vec();
    (std::fs::read(state).unwrap(), GrayImage::from_raw(width, height, pixels).unwrap())
}

/// The overlay of the test: every pixel whose column is a multiple of seven.
fn overlay() -> (Attributes, Vec<u8>) {
    let mut bits = vec![0_u8; usize::from(SIZE[0]) * usize::from(SIZE[1]) / 8];
    for at in (0..bits.len() * 8).filter(|at| at % usize::from(SIZE[1]) % 7 == 0) {
        bits[at / 8] |= 1 << (at % 8);
    }
    let mut said = Attributes::new();
    for (element, vr, values) in [
        (0x0010, VR::US, vec!["40"]),
        (0x0011, VR::US, vec!["60"]),
        (0x0040, VR::CS, vec!["G"]),
        (0x0050, VR::SS, vec!["1", "1"]),
        (0x0100, VR::US, vec!["1"]),
        (0x0102, VR::US, vec!["0"]),
    ] {
        let values = values.into_iter().map(str::to_owned).collect();
        said.insert(Tag(0x6000, element), Attribute { vr, values, items: Vec::new() });
    }
    (said, bits)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dcmtk_makes_the_same_pictures() {
    if Command::new("dcmp2pgm").arg("--version").output().is_err() {
        eprintln!("skipped: dcmtk is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let none = Attributes::new;
    let table = |sequence, described: &str, data: String| {
        let item =
            set([(0x0028_3002, described), (0x0028_3003, "T"), (0x0028_3004, "US"), (0x0028_3006, &data)]);
        with(none(), sequence, vec![item])
    };
    let bent: String = (0..256).map(|at: u32| (at * at).to_string()).collect::<Vec<_>>().join("\\");
    let window = set([(0x0028_1050, "300"), (0x0028_1051, "1900")]);
    let rescaled = set([
        (0x0028_1050, "500"),
        (0x0028_1051, "3000"),
        (0x0028_1052, "-100"),
        (0x0028_1053, "2"),
        (0x0028_1054, "US"),
    ]);
    for (what, image, changes) in [
        ("nothing but levels", image(none(), None), vec![]),
        ("a window", image(window.clone(), None), vec![]),
        ("inverse", image(window.clone(), None), vec!["2050,0020=INVERSE"]),
        ("rescaled", image(rescaled, None), vec![]),
        ("a table of the picture", image(table(0x0028_3010, "256\\0\\16", bent.clone()), None), vec![]),
        ("turned", image(window.clone(), None), vec!["0070,0042=90", "0070,0041=N"]),
        ("turned and flipped", image(window.clone(), None), vec!["0070,0042=270", "0070,0041=Y"]),
        ("flipped", image(window, None), vec!["0070,0042=0", "0070,0041=Y"]),
    ] {
        let (state, expect) = of_dcmtk(folder.path(), &image, &changes);
        let said = peony_dicom::presentation::PresentationState::open(std::io::Cursor::new(&state));
        let said = said.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(said.is_for(IMAGE, 0));
        let server = Server::start().await;
        let stored = server.store("/studies", &[&image, &state]).await;
        assert_eq!(stored.status, 200, "{what}: {}", stored.text());
        let uri = format!(
            "/wado?requestType=WADO&contentType=image/png&studyUID={STUDY}&seriesUID={SERIES}&objectUID={IMAGE}"
        );
        let found = server.get("/instances?Modality=PR&includefield=0020000E", &[]).await.json();
        let [series, instance] =
            ["0020000E", "00080018"].map(|tag| found[0][tag]["Value"][0].as_str().unwrap().to_owned());
        let got =
            drawn(&server, &format!("{uri}&presentationSeriesUID={series}&presentationUID={instance}")).await;
        let got = got.to_luma8();
        assert_eq!(got.dimensions(), expect.dimensions(), "{what}");
        let off = got.iter().zip(expect.iter()).filter(|(a, b)| a.abs_diff(**b) > 1).count();
        assert!(
            off == 0,
            "{what}: {off} of {} differ\n{:?}\n{:?}",
            got.len(),
            &got.as_raw()[..70],
            &expect.as_raw()[..70]
        );
    }
}
