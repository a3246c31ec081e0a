//! The PDF, read back by another library.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod samples;

use image::GrayImage;
use lopdf::{Dictionary, Document, Object};
use peony_encode::{Lang, narrative, pdf};
use peony_model::report::{Field, LesionReport, Report};
use proptest::prelude::*;

const SAFETY: [(Lang, &str); 2] = [
    (
        Lang::En,
        "Research use only. Not a medical device. AI proposals need review and signature by a qualified physician.",
    ),
    (Lang::Zh, "仅供研究使用，非医疗器械。AI建议须由有资质医师审核并签名。"),
];
/// No sample report needs more.
const LARGEST: usize = 400_000;

fn picture(plane: u64) -> Option<GrayImage> {
    Some(samples::picture::of(plane))
}

fn no_picture(_: u64) -> Option<GrayImage> {
    None
}

/// Without what a reader of a PDF may put between words or lose there.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

struct Read {
    document: Document,
    /// A page each, without spaces.
    pages: Vec<String>,
}

impl Read {
    fn of(bytes: &[u8]) -> Self {
        let document = Document::load_mem(bytes).unwrap();
        let numbers = document.get_pages();
        let pages = numbers.keys().map(|page| bare(&document.extract_text(&[*page]).unwrap())).collect();
        Self { document, pages }
    }

    fn all(&self) -> String {
        self.pages.concat()
    }

    fn dictionaries(&self, kind: &[u8]) -> Vec<&Dictionary> {
        let dictionaries = self.document.objects.values().filter_map(|object| match object {
            Object::Dictionary(dictionary) => Some(dictionary),
            Object::Stream(stream) => Some(&stream.dict),
            _ => None,
        });
        let named = |key: &[u8], dictionary: &Dictionary| {
            dictionary.get(key).and_then(Object::as_name).ok() == Some(kind)
        };
        dictionaries.filter(|each| named(b"Type", each) || named(b"Subtype", each)).collect()
    }
}

/// The report as a PDF, read back: every sentence of the narrative must be found in it.
fn check(report: &Report, lang: Lang) -> Read {
    let bytes = pdf(report, lang, &picture).unwrap();
    assert!(bytes.len() < LARGEST, "{} bytes", bytes.len());
    let read = Read::of(&bytes);
    let all = read.all();
    for section in narrative(report, lang).sections {
        // Two notices stand in the frame of every page, and the reason of a visit may stand beside the name.
        for paragraph in section.paragraphs.iter().filter(|_| section.key != "indication") {
            let text = bare(&paragraph.text());
            assert!(all.contains(&text), "{}: {text}\nis not in\n{all}", section.key);
        }
    }
    read
}

#[test]
fn every_sentence_of_the_narrative_is_found_in_both_languages() {
    for (lang, safety) in SAFETY {
        for report in [
            samples::draft(),
            samples::signed(),
            samples::empty(),
            samples::unknown_scale(),
            samples::struck_out(),
            samples::compared(),
            samples::described(),
        ] {
            let read = check(&report, lang);
            assert!((1..=2).contains(&read.pages.len()), "{} pages", read.pages.len());
            for page in &read.pages {
                assert!(page.contains(&bare(safety)), "{page}");
            }
        }
    }
}

#[test]
fn what_is_not_the_signed_report_says_so_on_every_page_and_shows_no_signature() {
    let report = Report { altered: true, ..samples::signed() };
    for (lang, word) in [(Lang::En, "INVALID"), (Lang::Zh, "无效")] {
        let read = check(&report, lang);
        for page in &read.pages {
            assert!(page.contains(word), "{page}");
        }
        assert!(!check(&samples::signed(), lang).all().contains(word));
        assert!(!read.all().contains("L-000002"), "the licence of whoever signed");
    }
}

#[test]
fn a_draft_says_so_on_every_page_and_a_signed_report_nowhere() {
    let marks = |lang: Lang| {
        lang.pick(
            ["DRAFT", "DRAFT–notsigned", "AIdraft,notreviewedbyaphysician", "Examiner:name"],
            ["草稿", "草稿–未签名", "AI生成草稿，未经医师审核", "检查医师：姓名"],
        )
    };
    for lang in [Lang::En, Lang::Zh] {
        let draft = check(&samples::draft(), lang);
        let [diagonal, band, line, place] = marks(lang);
        for page in &draft.pages {
            assert!(page.contains(band) && page.contains(line), "{page}");
            assert!(page.matches(diagonal).count() >= 2, "the diagonal word is missing: {page}");
        }
        assert!(draft.all().contains(place));
        let signed = check(&samples::signed(), lang).all();
        for gone in marks(lang) {
            assert!(!signed.contains(gone), "{gone}");
        }
        for stands in ["Physician2", "Examiner7", "L-000002", "SHA-256c0ffee1f2a9d44b7"] {
            assert!(signed.contains(stands), "{stands} is not in {signed}");
        }
    }
}

#[test]
fn the_table_has_what_was_before() {
    for (lang, cells) in [
        (Lang::En, ["8mm(+30%)B,28May2026", "6mm(−3%)A,28May2026", "new"]),
        (Lang::Zh, ["8mm（+30%）B，2026年5月28日", "6mm（−3%）A，2026年5月28日", "新发"]),
    ] {
        let all = check(&samples::compared(), lang).all();
        for cell in cells {
            assert!(all.contains(cell), "{cell} is not in {all}");
        }
    }
}

#[test]
fn the_hours_that_were_named_are_no_share_of_a_breast() {
    for (lang, foot, map) in [
        (Lang::En, "PlacesnamedR12/12,L11/12", ["R12/12", "L11/12"]),
        (Lang::Zh, "已标记部位右12/12，左11/12", ["右12/12", "左11/12"]),
    ] {
        let all = check(&samples::signed(), lang).all();
        assert!(all.contains(foot), "{foot} is not in {all}");
        for side in map {
            assert!(all.matches(side).count() >= 2, "{side} is not under its map in {all}");
        }
    }
}

#[test]
fn fonts_are_embedded_and_cut_down_to_what_is_used() {
    let read = check(&samples::draft(), Lang::Zh);
    let fonts = read.dictionaries(b"FontDescriptor");
    assert_eq!(fonts.len(), 4, "Inter and Noto Sans SC, each in two weights");
    for font in fonts {
        let name =
            String::from_utf8_lossy(font.get(b"FontName").and_then(Object::as_name).unwrap()).into_owned();
        let (tag, _) = name.split_once('+').unwrap();
        assert!(tag.len() == 6 && tag.bytes().all(|byte| byte.is_ascii_uppercase()), "{name}");
        let file = font
            .get(b"FontFile2")
            .or_else(|_| font.get(b"FontFile3"))
            .and_then(Object::as_reference)
            .unwrap();
        let file = read.document.get_object(file).and_then(Object::as_stream).unwrap();
        assert!(file.content.len() < 120_000, "{name}: {} bytes", file.content.len());
    }
}

#[test]
fn what_is_seen_without_opening_holds_nothing_of_a_patient() {
    for (lang, title, tag) in
        [(Lang::En, "Breast ultrasound – draft", "en"), (Lang::Zh, "乳腺超声 – 草稿", "zh-CN")]
    {
        let read = check(&samples::draft(), lang);
        let information = read.document.trailer.get(b"Info").and_then(Object::as_reference).unwrap();
        let information = read.document.get_dictionary(information).unwrap();
        let text = |dictionary: &Dictionary, key: &[u8]| {
            lopdf::decode_text_string(dictionary.get(key).unwrap()).unwrap()
        };
        assert_eq!(text(information, b"Title"), title);
        assert_eq!(text(read.document.catalog().unwrap(), b"Lang"), tag);
        let mut seen = format!("{information:?}");
        for metadata in read.document.objects.values().filter_map(|object| object.as_stream().ok()) {
            if metadata.dict.get(b"Type").and_then(Object::as_name).ok() == Some(b"Metadata".as_slice()) {
                let bytes = metadata.decompressed_content().unwrap_or_else(|_| metadata.content.clone());
                seen += &String::from_utf8_lossy(&bytes);
            }
        }
        assert!(seen.contains("Peony"), "{seen}");
        for never in ["Demo", "2041873", "118204", "1979"] {
            assert!(!seen.contains(never), "{never} in {seen}");
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let once = || pdf(&samples::draft(), Lang::Zh, &picture).unwrap();
    assert!(once() == once());
}

#[test]
fn a_missing_picture_leaves_a_frame_that_says_so() {
    let report = samples::draft();
    let all = Read::of(&pdf(&report, Lang::En, &picture).unwrap());
    assert_eq!(all.dictionaries(b"Image").len(), 6);
    assert!(!all.all().contains("Picturenotavailable"));
    let none = Read::of(&pdf(&report, Lang::En, &no_picture).unwrap());
    assert_eq!(none.dictionaries(b"Image").len(), 0);
    assert_eq!(none.all().matches("Picturenotavailable").count(), 6);
    let odd = |plane: u64| Some(GrayImage::new((plane % 3) as u32, (plane % 2) as u32 * 4_000));
    assert!(pdf(&report, Lang::Zh, &odd).is_ok());
}

/// A report with this text in every place that takes one.
#[test]
fn one_picture_that_is_largest_and_most_suspicious_is_shown_once() {
    let mut report = samples::draft();
    let frames = |report: &Report| {
        Read::of(&pdf(report, Lang::En, &no_picture).unwrap()).all().matches("Picturenotavailable").count()
    };
    let before = frames(&report);
    let planes =
        report.lesions.iter_mut().map(|lesion| &mut lesion.planes).find(|planes| planes.len() > 1).unwrap();
    planes[1].time_ms = planes[0].time_ms;
    assert_eq!(frames(&report), before - 1);
    let all = Read::of(&pdf(&report, Lang::En, &no_picture).unwrap()).all();
    assert!(all.contains("largest,across"), "{all}");
}

fn full_of(text: &str) -> Report {
    let mut report = samples::signed();
    let patient = &mut report.patient;
    let circumstances = &mut report.circumstances;
    let (signature, addendum) = (&mut report.signatures[0], &mut report.addenda[0]);
    let [first, _, last] = report.lesions.as_mut_slice() else {
        unreachable!("the sample has three lesions")
    };
    for place in [
        &mut patient.id,
        &mut patient.name,
        &mut patient.sex,
        &mut patient.birth_date,
        &mut circumstances.institution,
        &mut circumstances.number,
        &mut circumstances.indication,
        &mut circumstances.history,
        &mut circumstances.device,
        &mut circumstances.comparison,
        &mut report.lexicon_edition,
        &mut report.quality[0].code,
        &mut signature.name,
        &mut signature.role,
        &mut signature.licence,
        &mut signature.sha256,
        &mut addendum.text,
        &mut addendum.by,
        &mut first.letter,
        &mut last.downgrade_reason,
    ] {
        text.clone_into(place);
    }
    report.scale_source = Some(text.to_owned());
    if let Some(machine) = &mut report.machine {
        for place in [&mut machine.model, &mut machine.version, &mut machine.sha256, &mut machine.engine] {
            text.clone_into(place);
        }
    }
    report
}

#[test]
fn hostile_texts_are_set_and_none_of_them_is_lost() {
    let long = "W".repeat(10_000);
    let no_space = "肿块".repeat(3_000);
    for text in [
        long.as_str(),
        no_space.as_str(),
        "\u{202e}gnihton \u{2066}םולש مرحبا\u{2069}",
        "\0\u{1}\u{7f}\u{85}\t\r\n\u{feff}\u{fffe}",
        "👩‍⚕️🏥🇨🇳 \u{1f3fd}",
        "𠮷野家 𪚥 ꙮ ᚠ \u{10fffd} \u{e000}",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "<script>&amp;%s{0}\\(\\)[/Page]",
        "",
    ] {
        for lang in [Lang::En, Lang::Zh] {
            let bytes = pdf(&full_of(text), lang, &no_picture).unwrap();
            assert!(bytes.len() < 2_000_000, "{} bytes", bytes.len());
            let pages = Read::of(&bytes).pages.len();
            assert!(pages < 120, "{pages} pages");
        }
    }
    let mut report = samples::draft();
    report.circumstances.history = format!("{} end of it", "many words ".repeat(900));
    let all = Read::of(&pdf(&report, Lang::En, &no_picture).unwrap());
    assert_eq!(all.all().matches("manywords").count(), 900);
    assert!(all.all().contains("endofit"));
}

#[test]
fn two_hundred_lesions_and_numbers_that_are_none_take_pages_and_do_no_harm() {
    let mut report = samples::draft();
    let worst = |lesion: &LesionReport, value: f32| {
        let mut lesion = lesion.clone();
        if let Some(place) = &mut lesion.place.proposed {
            place.from_nipple_mm = Some(value);
        }
        lesion.place.said = None;
        lesion.depth_mm = Field::proposed(Some(value));
        lesion.size = Field::proposed(Some(samples::size(value, value, Some((value, value)))));
        lesion.volume_cm3 = Some([value, value]);
        for plane in &mut lesion.planes {
            plane.picture_px = [0, u32::MAX];
            plane.contour_px = vec![[value, -value], [1.0, value], [f32::INFINITY, 3.0], [9.0, 7.0]];
        }
        lesion
    };
    let values = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, -1.0, 0.0];
    report.lesions = (0..200).map(|nth| worst(&report.lesions[nth % 3], values[nth % 6])).collect();
    for breast in &mut report.breasts {
        breast.coverage = Some(f32::NAN);
        breast.scanned_s = f32::MAX;
    }
    let tiny = |_| Some(GrayImage::new(8, 6));
    let read = Read::of(&pdf(&report, Lang::En, &tiny).unwrap());
    assert!(read.pages.len() > 10 && read.pages.len() < 60, "{} pages", read.pages.len());
    assert!(!read.all().contains("NaN") && !read.all().contains("inf"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_pdf_of_bounded_size(text in "\\PC{0,200}|.{0,400}|[\\p{Arabic}\\p{Han}\\p{Thai} ]{0,300}", chinese: bool) {
        let lang = if chinese { Lang::Zh } else { Lang::En };
        let bytes = pdf(&full_of(&text), lang, &no_picture).unwrap();
        prop_assert!(bytes.len() < 600_000, "{} bytes", bytes.len());
        prop_assert!(Document::load_mem(&bytes).is_ok());
    }
}
