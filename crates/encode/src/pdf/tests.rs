use super::*;

#[path = "../../tests/samples/mod.rs"]
mod samples;

/// What of a caption's letters reaches below their line, at least, points.
const DESCENT: f32 = 1.5;

/// Everything that is drawn lies on the page, and what is read on it lies between the margins and on no picture.
fn check(report: &Report, lang: Lang) {
    let picture = |plane| Some(samples::picture::of(plane));
    for (nth, page) in pages(report, lang, &TimeZone::UTC, &picture).iter().enumerate() {
        for mark in page {
            match mark {
                Mark::Text { at: [x, y], run, text } => {
                    let (from, to) = (x + run.x, x + run.x + run.width);
                    let inside = from >= page::LEFT - 1.0 && to <= page::RIGHT + 1.0;
                    assert!(inside, "page {nth}: {from} to {to}: {:.40}", text);
                    assert!((page::TOP..page::SIZE[1] - 10.0).contains(y), "page {nth}: {y}: {:.40}", text);
                    let covers = |mark: &Mark| match mark {
                        Mark::Picture { at: [left, top], size: [width, height], .. } => {
                            from < left + width && to > *left && (top - DESCENT..top + height).contains(y)
                        }
                        _ => false,
                    };
                    assert!(!page.iter().any(covers), "page {nth}: under a picture: {:.40}", text);
                }
                Mark::Path { steps, .. } => {
                    for step in steps {
                        let ([x, y], ..) = match *step {
                            ink::Step::Move(to) | ink::Step::Line(to) | ink::Step::Curve(_, _, to) => (to,),
                            ink::Step::Close => continue,
                        };
                        let inside = (0.0..=page::SIZE[0]).contains(&x) && (0.0..=page::SIZE[1]).contains(&y);
                        assert!(inside, "page {nth}: {x}, {y}");
                    }
                }
                Mark::Picture { at: [x, y], size: [width, height], .. } => {
                    assert!(*x >= page::LEFT && x + width <= page::RIGHT + 0.1, "page {nth}: {x}");
                    assert!(*y >= page::TOP && y + height <= page::BOTTOM, "page {nth}: {y}");
                }
                Mark::Diagonal { .. } => {}
            }
        }
    }
}

/// Rows of pictures with captions of several lines, two of them on one page: each is there for every reason.
fn kept_for_every_reason() -> Report {
    use peony_model::report::PlaneReason::{Across, Features, Largest, Suspicious};
    let mut report = samples::draft();
    for lesion in &mut report.lesions {
        let Some(first) = lesion.planes.first().cloned() else { continue };
        let at = |time_ms: f64| [Largest, Across, Features, Suspicious].map(|reason| (reason, time_ms));
        let planes = [100.0, 200.0, 300.0].into_iter().flat_map(at);
        lesion.planes = planes
            .map(|(reason, time_ms)| peony_model::report::Plane { reason, time_ms, ..first.clone() })
            .collect();
    }
    report
}

/// No stroke is thickened: what is bold is of a bold font, and a name that has none is regular throughout.
#[test]
fn what_is_bold_is_of_a_bold_font_or_regular_as_a_whole() {
    for report in [
        samples::draft(),
        samples::signed(),
        samples::described(),
        samples::compared(),
        samples::unknown_scale(),
    ] {
        for page in pages(&report, Lang::Zh, &TimeZone::UTC, &|_| None) {
            for mark in page {
                let Mark::Text { run, text, .. } = mark else { continue };
                assert!(!run.look.bold || [1, 3].contains(&run.face), "face {} of {text:.40}", run.face);
            }
        }
    }
    let faces = |text: &str| {
        let mut set = text::Typesetter::new(Lang::Zh);
        let block = set.plain(text, text::Look::new(9.0).bold(), 500.0, text::Align::Left);
        let mut faces: Vec<usize> =
            block.lines.iter().flat_map(|line| &line.runs).map(|run| run.face).collect();
        faces.sort_unstable();
        faces.dedup();
        faces
    };
    assert_eq!(faces("总评：BI-RADS 4C类"), [1, 3]);
    assert_eq!(faces("结构喆 Anna"), [0, 2], "one of its letters has no bold");
    assert_eq!(faces("Anna"), [1]);
}

/// However many pictures there are.
#[test]
fn the_first_page_says_what_the_report_comes_to() {
    for (lang, says) in [(Lang::En, "Overall: "), (Lang::Zh, "总评：")] {
        let pages = pages(&kept_for_every_reason(), lang, &TimeZone::UTC, &|_| None);
        let is_said = |mark: &Mark| matches!(mark, Mark::Text { text, .. } if text.starts_with(says));
        assert!(pages.len() > 1 && pages[0].iter().any(is_said), "{} pages", pages.len());
    }
}

#[test]
fn nothing_leaves_the_page() {
    for lang in [Lang::En, Lang::Zh] {
        for report in [
            samples::draft(),
            samples::signed(),
            samples::unknown_scale(),
            samples::empty(),
            samples::compared(),
            samples::described(),
            kept_for_every_reason(),
            Report { altered: true, ..samples::signed() },
        ] {
            check(&report, lang);
        }
        for text in ["W".repeat(400), "肿".repeat(3_000), "a b ".repeat(3_000), "مرحبا ".repeat(90)] {
            let mut report = samples::signed();
            report.patient.name.clone_from(&text);
            report.patient.id.clone_from(&text);
            report.circumstances.institution.clone_from(&text);
            report.circumstances.number.clone_from(&text);
            report.circumstances.indication.clone_from(&text);
            report.circumstances.history.clone_from(&text);
            report.addenda[0].text.clone_from(&text);
            report.signatures[0].name.clone_from(&text);
            report.lesions[1].letter.clone_from(&text);
            report.lesions[2].downgrade_reason.clone_from(&text);
            report.comparison = samples::compared().comparison;
            for (lesion, compared) in report.lesions.iter_mut().zip(samples::compared().lesions) {
                (lesion.before, lesion.candidates) = (compared.before, compared.candidates);
            }
            if let Some(comparison) = &mut report.comparison {
                comparison.earlier.number.clone_from(&text);
                comparison.earlier.lesions.iter_mut().for_each(|then| then.letter.clone_from(&text));
            }
            check(&report, lang);
        }
    }
}

#[test]
fn what_no_font_has_is_a_box_of_the_first() {
    let mut set = Typesetter::new(Lang::En);
    let look = text::Look::new(9.0);
    let block = set.plain("a\u{10fffd}中", look, 100.0, text::Align::Left);
    let runs = &block.lines[0].runs;
    let glyphs: Vec<(usize, u32)> = runs
        .iter()
        .flat_map(|run| run.glyphs.iter().map(|glyph| (run.face, glyph.glyph_id.to_u32())))
        .collect();
    assert_eq!(glyphs.len(), 3, "{glyphs:?}");
    assert!(glyphs[0].1 != 0 && glyphs[1].1 == 0 && glyphs[2].1 != 0 && glyphs[2].0 == 2, "{glyphs:?}");
    assert!(runs.iter().all(|run| run.width > 0.0));
}

#[test]
fn the_name_of_the_categories_never_breaks() {
    let mut set = Typesetter::new(Lang::En);
    let text = "a mass of BI-RADS category\u{a0}4C";
    for width in 40..200 {
        let block = set.plain(text, text::Look::new(9.0), width as f32, text::Align::Left);
        let ends = block.lines.iter().filter_map(|line| line.runs.last()?.glyphs.last());
        for end in ends.map(|glyph| &text[..glyph.text_range.end]) {
            assert!(!end.ends_with("BI-"), "at {width}: {end}");
        }
    }
}

#[test]
fn a_category_and_the_word_behind_it_are_one() {
    let mut set = Typesetter::new(Lang::Zh);
    let text = "左乳肿块，BI-RADS\u{a0}4C类。既往3类，建议分类4A类";
    for width in 60..260 {
        let block = set.plain(text, text::Look::new(9.0), width as f32, text::Align::Left);
        let lasts = block.lines.iter().filter_map(|line| line.runs.last()?.glyphs.last());
        for (line, rest) in lasts.map(|glyph| text.split_at(glyph.text_range.end)) {
            let inside = line.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '\u{a0}');
            let torn =
                inside && (rest.starts_with('类') || rest.starts_with("4C") || rest.starts_with("A类"));
            assert!(!torn, "at {width}: {line} | {rest}");
        }
    }
}

/// The signature covers what stands above it.
#[test]
fn what_was_added_stands_below_the_signatures_and_the_head_says_that_there_is_some() {
    for (lang, names, head) in [
        (Lang::En, ["Examined and signed", "Addenda"], "An addendum follows the signatures."),
        (Lang::Zh, ["检查医师签名", "补充"], "签名后有补充1条。"),
    ] {
        let report = samples::signed();
        let pages = pages(&report, lang, &TimeZone::UTC, &|_| None);
        let place = |what: &str| {
            let of = |mark: &Mark| match mark {
                Mark::Text { at: [_, y], text, .. } if **text == *what => Some(*y),
                _ => None,
            };
            let found =
                pages.iter().enumerate().find_map(|(nth, page)| Some((nth, page.iter().find_map(of)?)));
            found.unwrap_or_else(|| panic!("{what} is not printed"))
        };
        let [signed, added] = names.map(place);
        assert!(signed < added, "{signed:?} {added:?}");
        assert!(place(&report.addenda[0].text) > added);
        assert_eq!(place(head).0, 0);
        let none = Report { addenda: Vec::new(), ..report };
        let pages = super::pages(&none, lang, &TimeZone::UTC, &|_| None);
        assert!(!pages.iter().any(|page| written(page).contains(head)));
    }
}

/// Rare letters of names, and scripts that the fonts do not have.
#[test]
fn a_letter_that_is_printed_as_a_box_is_told_at_the_head() {
    let plain = samples::signed();
    for lang in [Lang::En, Lang::Zh] {
        let text = written(&pages(&plain, lang, &TimeZone::UTC, &|_| None)[0]);
        assert!(!text.contains("U+"), "{text}");
    }
    for (name, codes) in [
        ("王㛃", "U+36C3"),
        ("李䶮", "U+4DAE"),
        ("张𬱖", "U+2CC56"),
        ("㐱𠮷㐱", "U+3431, U+20BB7"),
        ("བསྟན", "U+0F56, U+0F66, U+0F9F, U+0F53"),
        ("ئابلىز", "U+0626, U+0627, U+0628, U+0644, U+0649, U+0632"),
    ] {
        let mut report = plain.clone();
        report.patient.name = name.into();
        let says = |lang| written(&pages(&report, lang, &TimeZone::UTC, &|_| None)[0]);
        let english = format!("Printed as a box, as no font here has it: {codes} in the patient's name.");
        assert!(says(Lang::En).contains(&english), "{name}: {}", says(Lang::En));
        let of_head = crate::narrative::printed_as_boxes(&report, Lang::Zh).unwrap_or_default();
        let mut set = Typesetter::new(Lang::Zh);
        let head = set.plain(&of_head, text::Look::new(8.6).bold(), 500.0, text::Align::Left);
        let mut runs = head.lines.iter().flat_map(|line| &line.runs);
        assert!(runs.all(|run| [1, 3].contains(&run.face)), "{of_head} is bold");
        let chinese = format!("以下字符无字形，显示为方块：姓名中{}。", codes.replace(", ", "、"));
        assert!(says(Lang::Zh).contains(&chinese), "{name}: {}", says(Lang::Zh));
        let narrative = crate::narrative::narrative(&report, Lang::En);
        let mut notice = narrative.sections[0].paragraphs.iter().map(crate::narrative::Paragraph::text);
        assert_eq!(
            (narrative.sections[0].key, notice.next_back()),
            ("notice", Some(english)),
            "before it is signed"
        );
    }
}

/// Whoever wrote it, wherever it stands.
#[test]
fn no_box_is_printed_without_a_word() {
    let mut report = samples::signed();
    report.comparison = samples::compared().comparison;
    let mut letters = ('\u{3400}'..).map(String::from);
    let mut next = || letters.next().unwrap_or_default();
    report.patient.name = next();
    report.patient.id = next();
    let about = &mut report.circumstances;
    for text in [&mut about.institution, &mut about.number, &mut about.indication, &mut about.history] {
        *text = next();
    }
    (about.device, about.comparison) = (next(), next());
    report.lesions.iter_mut().for_each(|lesion| lesion.downgrade_reason = next());
    report.addenda.iter_mut().for_each(|addendum| (addendum.text, addendum.by) = (next(), next()));
    report.signatures.iter_mut().for_each(|at| (at.name, at.licence) = (next(), next()));
    if let Some(comparison) = &mut report.comparison {
        comparison.earlier.number = next();
    }
    let pages = pages(&report, Lang::En, &TimeZone::UTC, &|_| None);
    let boxes = pages.iter().flatten().filter_map(|mark| match mark {
        Mark::Text { run, text, .. } => Some((run, text)),
        _ => None,
    });
    let boxes = boxes.flat_map(|(run, text)| {
        let boxes = run.glyphs.iter().filter(|glyph| glyph.glyph_id.to_u32() == 0);
        boxes.map(|glyph| text[glyph.text_range.clone()].to_owned()).collect::<Vec<_>>()
    });
    let boxes: std::collections::BTreeSet<String> = boxes.collect();
    assert!(boxes.len() > 10, "{boxes:?}");
    let told = written(&pages[0]);
    let told = told.lines().find(|line| line.starts_with("Printed as a box")).unwrap_or_default();
    let untold = |letter: &&String| {
        let code = format!("U+{:04X}", letter.chars().next().map_or(0, u32::from));
        !told.contains(&code)
    };
    assert_eq!(boxes.iter().find(untold), None, "{told}");
}

/// What is written on a page, run after run.
fn written(page: &[Mark]) -> String {
    let texts = page.iter().filter_map(|mark| match mark {
        Mark::Text { text, .. } => Some(text.as_ref()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_longest_names_stand_whole_on_every_page() {
    for (name, lang) in [
        ("X".repeat(64), Lang::En),
        ("Anna-Maria ".repeat(5) + "van der Berg", Lang::En),
        ("欧".repeat(64), Lang::Zh),
    ] {
        let mut report = kept_for_every_reason();
        report.patient.name.clone_from(&name);
        report.patient.id = "P".repeat(64);
        check(&report, lang);
        let picture = |plane| Some(samples::picture::of(plane));
        let pages = pages(&report, lang, &TimeZone::UTC, &picture);
        assert!(pages.len() > 1);
        for page in &pages {
            assert!(written(page).contains(&name), "{name}");
        }
        // The head is over what follows: its last line lies above the rule, and the content below it.
        let lines = |page: &[Mark]| {
            let of_head = page.iter().filter_map(|mark| match mark {
                Mark::Text { at: [_, y], text, .. } if text.contains(&name) => Some(*y),
                _ => None,
            });
            let mut ys: Vec<i32> = of_head.map(|y| (y * 10.0) as i32).collect();
            ys.dedup();
            ys.len()
        };
        assert!(lines(&pages[1]) >= 2, "it is broken, not cut: {}", lines(&pages[1]));
    }
}
