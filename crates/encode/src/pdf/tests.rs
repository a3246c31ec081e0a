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
    for report in [samples::draft(), samples::described(), samples::compared(), samples::unknown_scale()] {
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
