//! The report of made-up readings: what is escaped, left out, and said in which language.

use peony_model::{Precision, Provenance};

use super::html;
use crate::cli::Lang;
use crate::evaluate::cases::NotRead;
use crate::evaluate::categories::Category;
use crate::evaluate::descriptors::{DescriptorGroup, DescriptorRow, words};
use crate::evaluate::figures::groups;
use crate::evaluate::metrics::detection::Detection;
use crate::evaluate::reading::tests::reading;
use crate::evaluate::reading::{Reading, Truth};
use crate::evaluate::summary::Summary;

/// Forty graded lesions of a set, half of them malignant, and nothing that an optional column gives.
fn lesions(dataset: &str) -> Vec<Reading> {
    let lesion = |at: u32| {
        let truth = if at.is_multiple_of(2) { Truth::Malignant } else { Truth::Benign };
        let p = f64::from(at) / 40.0;
        Reading {
            dataset: dataset.into(),
            dice: Some(p),
            malignancy: Some(p),
            detections: vec![Detection { score: p, hit: at > 9 }],
            proposed: Category::parse(if at > 20 { "4B" } else { "3" }),
            ..reading(&at.to_string(), truth)
        }
    };
    (0..40).map(lesion).collect()
}

fn report(readings: &[Reading], lang: Lang) -> String {
    report_of("val", readings, &[], lang)
}

fn report_of(split: &str, readings: &[Reading], not_read: &[NotRead], lang: Lang) -> String {
    let provenance = Provenance {
        model: "peony-us".into(),
        version: "9.9.9".into(),
        sha256: "0123456789abcdef".repeat(4),
        provider: "rten".into(),
        precision: Precision::Fp32,
    };
    let groups = groups(readings);
    html(&Summary { split, provenance: Some(&provenance), groups: &groups, not_read }, lang).unwrap()
}

#[test]
fn nothing_foreign_is_markup_and_nothing_is_loaded() {
    let hostile = r#"</title><script src="https://example.org/x.js">'&"#;
    let mut readings = lesions(hostile);
    for reading in &mut readings {
        reading.device = hostile.into();
    }
    let page = report(&readings, Lang::En);
    assert!(page.contains("&lt;script src=&quot;https://example.org/x.js&quot;&gt;&#39;&amp;"));
    assert!(!page.contains("<script"));
    for loads in ["src=\"", "href=", "url(", "@import", "<img", "<link", "<iframe"] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn the_header_says_who_read_what() {
    let page = report(&lesions("set"), Lang::En);
    for says in ["peony-us", "9.9.9", "0123456789abcdef0123456789abcdef", "rten", "fp32", "val", ">40<"] {
        assert!(page.contains(says), "{says}");
    }
    assert_eq!(page.matches("Research use only. Not a medical device.").count(), 2, "at its head and foot");
}

#[test]
fn how_many_lesions_were_graded_stands_beside_the_area() {
    let mut readings = lesions("set");
    readings[3].malignancy = None;
    readings.extend([reading("normal", Truth::Normal)]);
    for (lang, says) in [(Lang::En, " · with a probability: 39 / 40"), (Lang::Zh, " · 有概率： 39 / 40")]
    {
        assert_eq!(report(&readings, lang).matches(says).count(), 1, "{says}");
    }
}

#[test]
fn what_takes_no_part_is_said_with_its_reason() {
    let mut readings = lesions("set");
    readings[0].refused = true;
    readings[1].lesions = None;
    let not_read = [NotRead { row: "<b>.png".into(), why: "no PNG".into() }];
    let says = [
        (
            Lang::En,
            [
                "<dt>Not read</dt><dd>1</dd>",
                "none that the model reads</dt><dd>1 / 40</dd>",
                "with a mask: 39 / 40",
            ],
        ),
        (Lang::Zh, ["<dt>未读取</dt><dd>1</dd>", "模型不适用而拒读</dt><dd>1 / 40</dd>", "有轮廓： 39 / 40"]),
    ];
    for (lang, says) in says {
        let page = report_of("val", &readings, &not_read, lang);
        for says in says.into_iter().chain(["<li>&lt;b&gt;.png: no PNG</li>"]) {
            assert!(page.contains(says), "{says}");
        }
        let whole = report(&lesions("set"), lang);
        assert!(!whole.contains(says[0]) && !whole.contains(says[1]) && !whole.contains("39 / 40"));
    }
}

#[test]
fn a_split_to_learn_from_is_called_that() {
    let check = |split: &str, lang, says: &str, is_there: bool| {
        assert_eq!(report_of(split, &lesions("set"), &[], lang).contains(says), is_there, "{split}");
    };
    check("train", Lang::En, "By its name this split is one to learn from.", true);
    check("train", Lang::Zh, "此划分用于训练", true);
    check("val", Lang::En, "By its name this split is one to learn from.", false);
}

#[test]
fn one_data_set_has_one_row_and_one_curve() {
    let one = report(&lesions("one"), Lang::En);
    assert!(one.contains("<th>all (one)</th>") && !one.contains("<th>one</th>"));
    let two = report(&[lesions("one"), lesions("two")].concat(), Lang::En);
    assert!(two.contains("<th>all</th>") && two.contains("<th>one</th>"));
    assert!(two.contains("series s1") && !one.contains("series s1"));
}

#[test]
fn what_the_table_lacks_is_left_out() {
    let check = |readings: &[Reading], section: &str, is_there: bool| {
        assert_eq!(report(readings, Lang::En).contains(section), is_there, "{section}");
    };
    let plain = lesions("set");
    check(&plain, "BI-RADS: given and proposed", false);
    check(&plain, ">Device<", false);
    check(&plain, "<h2>Descriptors</h2>", false);
    check(&plain, "Malignant by proposed category", true);
    let mut full = plain;
    for reading in &mut full {
        reading.given = Category::parse("4A");
        reading.device = "probe".into();
        let (truth, said) = (words("oval"), words("round"));
        reading.descriptors = vec![DescriptorRow { group: DescriptorGroup::Shape, truth, said }];
    }
    check(&full, "BI-RADS: given and proposed", true);
    check(&full, ">Device<", true);
    check(&full, "<h2>Descriptors</h2>", true);
}

#[test]
fn both_languages_draw_the_same_plots() {
    let readings = lesions("set");
    let [en, zh] = [Lang::En, Lang::Zh].map(|lang| report(&readings, lang));
    assert!(en.contains("<html lang=\"en\">") && en.contains("Sensitivity at 90 % specificity"));
    assert!(zh.contains("<html lang=\"zh-CN\">") && zh.contains("特异度 90 % 时的敏感度"));
    assert!(zh.contains("仅供研究使用，非医疗器械。AI建议须由有资质医师审核并签名。"));
    let counts = |page: &str| ["<svg", "<figure", "<polyline", "<tr"].map(|mark| page.matches(mark).count());
    assert_eq!(counts(&en), counts(&zh));
    assert_eq!(en.matches("<svg").count(), 5, "no matrix: no category was given");
}

#[test]
fn of_nothing_there_is_a_report_that_says_so() {
    let page = report(&[], Lang::En);
    assert!(page.ends_with("</html>\n") && !page.contains("<figure") && !page.contains("NaN"));
}
