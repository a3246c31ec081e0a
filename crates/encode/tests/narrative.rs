//! The sentences of whole reports, written by hand from the patterns of the clinical reference.
//!
//! `‹…›` rests on an open proposal; `~` stands for a no-break space and `^` for a narrow one.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod samples;

use peony_encode::{Lang, narrative};
use peony_model::report::{
    Advice, Axilla, CalibrationRecord, Change, Field, Hilum, Joined, LymphNode, MachineRecord, NotComparable,
    Report, Said,
};
use peony_model::{BiRads, Side, Word};

fn written(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    for section in narrative(report, lang).sections {
        text += &format!("[{}] {}\n", section.key, section.heading);
        for paragraph in section.paragraphs {
            for run in paragraph.runs {
                text += &if run.proposed { format!("‹{}›", run.text) } else { run.text };
            }
            text.push('\n');
        }
    }
    text.replace('\u{a0}', "~").replace('\u{202f}', "^")
}

fn check(report: &Report, lang: Lang, expected: &str) {
    let written = written(report, lang);
    for (nth, (is, should)) in written.lines().zip(expected.trim_start().lines()).enumerate() {
        assert_eq!(is, should, "line {nth} of\n{written}");
    }
    assert_eq!(written.lines().count(), expected.trim_start().lines().count(), "{written}");
}

const SAFETY_EN: &str = "Research use only. Not a medical device. AI proposals need review and signature by a qualified physician.";
const SAFETY_ZH: &str = "仅供研究使用，非医疗器械。AI建议须由有资质医师审核并签名。";
const SHA: &str = "7f3a52c19be04d6688aa0e5b7d1c93f24610f8e7a2b35c9d00e1f4a6b8c7d2c1";

#[test]
fn what_is_not_the_signed_report_says_so_in_place_of_a_signature() {
    let report = Report { altered: true, ..samples::signed() };
    assert!(written(&report, Lang::En).contains("[notice] Notice\nNot what was signed:"));
    assert!(written(&report, Lang::Zh).contains("\n与签名内容不符："));
    assert!(!written(&samples::signed(), Lang::En).contains("Not what was signed"));
}

#[test]
fn that_a_lesion_may_be_an_earlier_one_again_is_marked_as_open() {
    let mut report = samples::draft();
    let earlier = Joined { lesion: report.lesions[0].lesion, letter: report.lesions[0].letter.clone() };
    let letter = earlier.letter.clone();
    report.lesions[1].may_be = Some(earlier);
    for (lang, expect) in
        [(Lang::En, format!(" ‹May be {letter} again›.")), (Lang::Zh, format!("‹可能即{letter}›。"))]
    {
        let draft = written(&report, lang);
        assert_eq!(draft.matches(&expect).count(), 1, "{draft}");
    }
}

#[test]
fn every_model_that_read_a_part_is_in_the_record() {
    let mut report = samples::draft();
    let further = MachineRecord { version: "0.5.0".to_owned(), ..report.machine.clone().unwrap() };
    assert!(!written(&report, Lang::En).contains("without a model"));
    (report.further_machines, report.partly_unread) = (vec![further], true);
    let record = written(&report, Lang::En);
    for line in
        ["Read by peony-us 0.4.0 on", "Read by peony-us 0.5.0 on", "A part was scanned without a model."]
    {
        assert!(record.lines().any(|written| written.starts_with(line)), "{line}: {record}");
    }
    assert!(written(&report, Lang::Zh).contains("\n部分扫查未使用模型。\n"));
}

#[test]
fn a_draft_in_english() {
    let expected = format!(
        "
[notice] Notice
AI draft, not reviewed by a physician
Simulated pictures from a virtual transducer: nobody was examined.
{SAFETY_EN}
[indication] Indication
Screening
[technique] Technique and limits
Ultrasound with virtual transducer, 10 MHz linear.
Scanned: right breast 182^s, places named: 12 of 12; left breast 205^s, places named: 11 of 12.
Scale from the phantom.
Sizes marked ≈ are simulated from speckle along the sweep and not measured; ± is their error.
Picture quality: contact lost (3×, 4^s); swept too fast (1×, <1^s). What could not be read is not assessed.
[comparison] Comparison
Ultrasound of 12 May 2023, Town A Health Centre
[findings_right] Right breast
C: Right breast, 9 o'clock, 3^cm from nipple: oval anechoic mass, 7~×~4.2^mm, margin circumscribed; posterior enhancement. BI-RADS category~2.
No other mass seen in the parts examined.
[findings_left] Left breast
A: Left breast, 10:30 o'clock, 4^cm from nipple, 8^mm deep: irregular hypoechoic mass, ‹10~×~9~×~≈10~±~2^mm (third axis simulated)›, parallel, margin indistinct and angular; ‹no posterior features›; no calcifications. ‹Volume ≈0.53^cm³ ± 21^%, simulated›. ‹BI-RADS category~4C (malignant 62^%, 95^% interval 48–75^%)›.
B: Left breast, 1:30 o'clock, 6^cm from nipple: oval isoechoic mass, 6~×~4.9~×~≈6~±~1^mm (third axis simulated), parallel, margin circumscribed. BI-RADS category~3.
No other mass seen in the parts examined.
[impression] Impression
Right breast: C, simple cyst, benign (2). BI-RADS category~2.
Left breast: A, ‹high suspicion (4C)›; B, probably benign (3). ‹BI-RADS category~4C›.
[overall] Overall
‹BI-RADS category~4C›, ‹high suspicion›.
[advice] Advice
C: next screening at the programme's interval.
A: ‹core biopsy; a benign result is discordant until explained›.
B: short follow-up by ultrasound, first at 6 months.
[record] Machine's record
Read by peony-us 0.4.0 on onnxruntime/openvino bf16, weights SHA-256 {SHA}.
Lexicon: BI-RADS, 5th edition.
C: seen in 61 frames.
A: malignant 62^%, 95^% interval 48–75^%; seen in 143 frames.
B: malignant 2^%, 95^% interval <1–3^%; seen in 88 frames; changed by a person: category and advice; category proposed 4A; reason: unchanged for three years.
26 proposals: 20 taken over, 2 changed, 4 open; lesions struck out: 0.
"
    );
    check(&samples::draft(), Lang::En, &expected);
}

#[test]
fn a_draft_in_chinese() {
    let expected = format!(
        "
[notice] 声明
AI生成草稿，未经医师审核
虚拟探头的模拟图像：未检查任何人。
{SAFETY_ZH}
[indication] 检查目的
筛查
[technique] 方法与局限
超声设备：virtual transducer, 10 MHz linear。
扫查：右乳182秒，已标记部位12/12；左乳205秒，已标记部位11/12。
比例：来自仿体。
标≈者沿扫查方向由散斑模拟得出，并非实测；±为其误差。
图像质量：失去接触（3次，4秒）；扫查过快（1次，<1秒）。无法判读的部分未评估。
[comparison] 对比
Ultrasound of 12 May 2023, Town A Health Centre
[findings_right] 右乳
C：右乳9点钟、距乳头3cm处见无回声肿块，大小7×4.2mm，椭圆形，边缘局限（光整），后方回声增强。BI-RADS~2类。
所查部位未见其他肿块。
[findings_left] 左乳
A：左乳10点半、距乳头4cm、深8mm处见低回声肿块，‹大小10×9×≈10±2mm（第三径为模拟值）›，不规则形，平行，边缘模糊、成角，‹后方回声无改变›，未见钙化。‹体积≈0.53cm³±21%（模拟）›。‹BI-RADS~4C类（恶性概率62%，95%区间48–75%）›。
B：左乳1点半、距乳头6cm处见等回声肿块，大小6×4.9×≈6±1mm（第三径为模拟值），椭圆形，平行，边缘局限（光整）。BI-RADS~3类。
所查部位未见其他肿块。
[impression] 超声印象
右乳：C单纯囊肿，良性（2类）。BI-RADS~2类。
左乳：A‹高度可疑（4C类）›；B可能良性（3类）。‹BI-RADS~4C类›。
[overall] 总评
‹BI-RADS~4C类›，‹高度可疑›。
[advice] 建议
C：按筛查间隔复查。
A：‹建议穿刺；良性结果视为不一致›。
B：短期超声随访（首次6个月）。
[record] AI记录
判读：peony-us 0.4.0（onnxruntime/openvino bf16），权重SHA-256 {SHA}。
词表版本：BI-RADS第5版。
C：见于61帧。
A：恶性概率62%，95%区间48–75%；见于143帧。
B：恶性概率2%，95%区间<1–3%；见于88帧；人工更改：分类、建议；建议分类4A类；原因：unchanged for three years。
建议26项：采纳20项，更改2项，未答4项；排除病灶0个。
"
    );
    check(&samples::draft(), Lang::Zh, &expected);
}

#[test]
fn a_simulated_size_says_which_calibration_it_rests_on() {
    let mut report = samples::signed();
    let record = |probe: &str, preset: &str, made: &str, relative_error| CalibrationRecord {
        probe: probe.to_owned(),
        preset: preset.to_owned(),
        made: made.to_owned(),
        relative_error,
    };
    report.calibrations = vec![record("L12-5", "breast\nfast", "2026-05-28", 0.27)];
    let simulated =
        "Sizes marked ≈ are simulated from speckle along the sweep and not measured; ± is their error.";
    let one = "Calibration: L12-5, breast fast, 2026-05-28, ± 27^%.";
    says(&written(&report, Lang::En), &format!("{simulated} {one}"));
    says(&written(&report, Lang::Zh), "±为其误差。校准：L12-5，breast fast，2026-05-28，±27%。");
    report.calibrations.push(record("virtual transducer", "", "", 0.25));
    says(&written(&report, Lang::En), "2026-05-28, ± 27^%; virtual transducer, ± 25^%.");
    // Where no size is simulated nothing rests on it.
    let flat = Report { calibrations: report.calibrations, ..samples::unknown_scale() };
    assert!(!written(&flat, Lang::En).contains("Calibration"));
}

/// What a person alone can say stands in the sentence of its lesion, and in sections of its own; what was not assessed is left out.
#[test]
fn flow_elasticity_associated_features_background_and_nodes_are_said_where_a_person_said_them() {
    let report = samples::described();
    let text = written(&report, Lang::En);
    says(
        &text,
        "no calcifications; with architectural distortion and skin thickening; internal vascularity and vessels in rim; elasticity hard. ",
    );
    says(&text, "circumscribed; no associated features; no vascularity. BI-RADS category~3.");
    says(&text, "[tissue] Background");
    says(&text, "Right breast: homogeneous fibroglandular. Left breast: heterogeneous.");
    says(&text, "[nodes] Axillary nodes");
    says(&text, "Right axilla: no abnormal node seen.");
    says(&text, "Left axilla: node 18~×~7^mm, cortex 6.2^mm, hilum lost.");
    says(&text, "26 proposals: 20 taken over, 2 changed, 4 open; lesions struck out: 0.");
    let order =
        ["[comparison]", "[tissue]", "[findings_right]", "[findings_left]", "[nodes]", "[impression]"];
    let at = order.map(|key| text.find(key).unwrap());
    assert!(at.is_sorted(), "{order:?} at {at:?}");
    let text = written(&report, Lang::Zh);
    says(&text, "未见钙化，伴结构扭曲、皮肤增厚，内部血流、边缘血流，弹性质硬。");
    says(&text, "边缘局限（光整），未见伴随征象，无血流。BI-RADS~3类。");
    says(&text, "右乳：均匀纤维腺体背景回声。左乳：不均匀背景回声。");
    says(&text, "右侧腋窝未见异常淋巴结。");
    says(&text, "左侧腋窝淋巴结18×7mm，皮质6.2mm，淋巴门消失。");
}

#[test]
fn what_was_not_assessed_of_it_is_left_out_and_never_reads_as_absent() {
    let mut report = samples::described();
    for lesion in &mut report.lesions {
        lesion.associated = samples::said(&lesion.associated, None);
        lesion.vascularity = samples::said(&lesion.vascularity, None);
        lesion.elasticity = samples::said(&lesion.elasticity, None);
    }
    for breast in &mut report.breasts {
        (breast.tissue, breast.axilla) = (samples::said(&breast.tissue, None), Field::default());
    }
    for lang in [Lang::En, Lang::Zh] {
        assert_eq!(written(&report, lang), written(&samples::draft(), lang));
    }
    // One side alone, a node of which only the hilum was looked at, and one background for both.
    let node = LymphNode { hilum: Some(Hilum::Kept), ..LymphNode::default() };
    report.breasts[1].axilla = samples::said(&Field::default(), Some(Axilla { node: Some(node) }));
    for breast in &mut report.breasts {
        breast.tissue = samples::said(&breast.tissue, Some(Word::FatTissue));
    }
    let text = written(&report, Lang::En);
    says(&text, "Left axilla: node, hilum kept.");
    assert!(!text.contains("Right axilla"), "nobody looked there");
    says(&text, "Both breasts: homogeneous fat.");
    let text = written(&report, Lang::Zh);
    says(&text, "左侧腋窝淋巴结，淋巴门存在。");
    says(&text, "双乳：均匀脂肪背景回声。");
}

#[test]
fn signed_reports_have_nothing_open_and_no_draft_line() {
    let english = written(&samples::signed(), Lang::En);
    assert!(english.starts_with(&format!(
        "[notice] Notice\nSimulated pictures from a virtual transducer: nobody was examined.\n{SAFETY_EN}\n"
    )));
    let chinese = written(&samples::signed(), Lang::Zh);
    for text in [&english, &chinese] {
        assert!(!text.contains('‹') && !text.contains("draft") && !text.contains("草稿"), "{text}");
    }
    says(
        &english,
        "A: Left breast, 10:30 o'clock, 4^cm from nipple, 8^mm deep: irregular hypoechoic mass, 10~×~9~×~≈10~±~2^mm (third axis simulated), parallel, margin indistinct and angular; no posterior features; no calcifications. Volume ≈0.53^cm³ ± 21^%, simulated. BI-RADS category~4C.",
    );
    says(&english, "Left breast: A, high suspicion (4C); B, probably benign (3). BI-RADS category~4C.");
    says(&english, "BI-RADS category~4C, high suspicion.");
    says(&english, "26 proposals: 24 taken over, 2 changed, 0 open; lesions struck out: 0.");
    says(
        &chinese,
        "A：左乳10点半、距乳头4cm、深8mm处见低回声肿块，大小10×9×≈10±2mm（第三径为模拟值），不规则形，平行，边缘模糊、成角，后方回声无改变，未见钙化。体积≈0.53cm³±21%（模拟）。BI-RADS~4C类。",
    );
    says(&chinese, "左乳：A高度可疑（4C类）；B可能良性（3类）。BI-RADS~4C类。");
    says(&chinese, "建议26项：采纳24项，更改2项，未答0项；排除病灶0个。");
}

fn says(text: &str, line: &str) {
    assert!(text.lines().any(|is| is.contains(line)), "{line}\nis not in\n{text}");
}

#[test]
fn a_comparison_says_when_how_large_and_what_was_not_seen() {
    let english = written(&samples::compared(), Lang::En);
    for line in [
        "Compared with ultrasound of 28 May 2026 (US-26-054410).",
        "Earlier lesion C (Left breast, 6 o'clock, 2^cm from nipple; 7~×~5^mm; category~2): ‹not seen this time: look again›.",
        "Earlier lesion D (Right breast, 3 o'clock, 5^cm from nipple; 4.0~×~5^mm; category~2): ‹not seen, also when its place was scanned again›.",
        "simulated›. ‹Compared with B of 28 May 2026: 8 → 10^mm (+2.4^mm, +30^%) over 180 days, larger, volume doubles in 159 days; a fifth larger or more since category~3: look at the category again; category~3 then›. ‹BI-RADS category~4C",
        "circumscribed. Compared with A of 28 May 2026: 6 → 6^mm (−0.2^mm, −3^%) over 180 days, no significant change; category~3 then. BI-RADS category~3.",
        "posterior enhancement. New since 28 May 2026. BI-RADS category~2.",
    ] {
        says(&english, line);
    }
    let chinese = written(&samples::compared(), Lang::Zh);
    for line in [
        "与2026年5月28日超声检查（US-26-054410）对比。",
        "既往病灶C（左乳6点钟、距乳头2cm，7×5mm，2类）：‹本次未见显示，请再次扫查›。",
        "既往病灶D（右乳3点钟、距乳头5cm，4.0×5mm，2类）：‹该处再次扫查，仍未见显示›。",
        "‹与2026年5月28日病灶B比较：8→10mm（差+2.4mm，+30%，间隔180天），增大，体积倍增时间159天；3类随访中增大≥20%，请重新评估分类；原为3类›。‹BI-RADS~4C类",
        "与2026年5月28日病灶A比较：6→6mm（差−0.2mm，−3%，间隔180天），无明显变化；原为3类。BI-RADS~3类。",
        "与2026年5月28日比较：新发。BI-RADS~2类。",
    ] {
        says(&chinese, line);
    }
    for text in [&english, &chinese] {
        assert!(
            !text.contains("gone") && !text.contains("消失") && !text.contains("No earlier study"),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_compared_says_why_and_another_patient_s_is_not_compared() {
    let mut report = samples::compared();
    let lesion = report.lesions.iter_mut().find(|lesion| lesion.letter == "A").unwrap();
    lesion.candidates[0].change = Change::NotComparable { reason: NotComparable::NoScale };
    let lesion = report.lesions.iter_mut().find(|lesion| lesion.letter == "B").unwrap();
    lesion.before = samples::said(&lesion.before, None);
    let text = written(&report, Lang::En);
    says(&text, "‹Compared with B of 28 May 2026: not comparable (scale unknown); category~3 then›.");
    says(&text, "margin circumscribed. Not compared with 28 May 2026. BI-RADS category~3.");
    let text = written(&report, Lang::Zh);
    says(&text, "‹与2026年5月28日病灶B比较：不可比较（比例未知）；原为3类›。");
    says(&text, "未与2026年5月28日对比。");
    report.comparison.as_mut().unwrap().conflict = true;
    let text = written(&report, Lang::En);
    says(
        &text,
        "Not compared with ultrasound of 28 May 2026 (US-26-054410): under the same identifier it has another name, sex or birth date.",
    );
    for never in ["Compared with", "New since", "look again"] {
        assert!(!text.contains(never), "{never} in\n{text}");
    }
    says(
        &written(&report, Lang::Zh),
        "未与2026年5月28日超声检查（US-26-054410）对比：患者号相同，但姓名、性别或出生日期不同。",
    );
    let other = Said { value: Some(false), by: "Physician 2".to_owned(), at_ms: 0 };
    report.comparison.as_mut().unwrap().same_patient = Some(other);
    says(&written(&report, Lang::En), "No earlier study was available or compared.");
}

#[test]
fn a_size_from_before_the_scale_was_known_stays_in_pixels_and_the_report_says_why() {
    let mut report = samples::unknown_scale();
    let why_en = "Sizes taken while no scale was known (D) stay in pixels: the scanner may have been set to another depth then.";
    let why_zh = "比例未知时所测大小（D）仍以像素表示：当时设备深度可能不同。";
    for (lang, why) in [(Lang::En, why_en), (Lang::Zh, why_zh)] {
        assert!(!written(&report, lang).contains(why), "no scale was ever known");
    }
    report.scale_source = Some("entered".to_owned());
    says(&written(&report, Lang::En), &format!("Scale entered by hand. {why_en}"));
    says(&written(&report, Lang::Zh), &format!("比例：人工输入。{why_zh}"));
    says(&written(&report, Lang::En), "‹174~×~158^px (scale unknown)›");
    report.lesions[0].dismissed = true;
    assert!(!written(&report, Lang::En).contains("no scale was known"), "it is not in the report");
}

#[test]
fn without_a_scale_sizes_are_pixels_and_the_machine_says_neither_normal_nor_category_1() {
    let expected = format!(
        "
[notice] Notice
AI draft, not reviewed by a physician
{SAFETY_EN}
[history] History
Lump felt for 2 weeks.
First child 2011.
[technique] Technique and limits
Scanned: left breast 62^s, places named: 5 of 12. What was not scanned is not assessed.
Scale unknown: sizes are in pixels.
[comparison] Comparison
No earlier study was available or compared.
[findings_right] Right breast
Not confirmed as examined.
[findings_left] Left breast
Not confirmed as examined.
[findings_unplaced] Side not given
D: ‹heterogeneous lesion›, ‹174~×~158^px (scale unknown)›.
[record] Machine's record
Read by peony-us 0.4.0 on onnxruntime/openvino bf16, weights SHA-256 {SHA}.
Lexicon: BI-RADS, 5th edition.
D: malignancy unsure, 95^% interval 21–86^%; seen in 12 frames.
3 proposals: 0 taken over, 0 changed, 3 open; lesions struck out: 0.
"
    );
    check(&samples::unknown_scale(), Lang::En, &expected);
    let expected = format!(
        "
[notice] 声明
AI生成草稿，未经医师审核
{SAFETY_ZH}
[history] 病史
Lump felt for 2 weeks.
First child 2011.
[technique] 方法与局限
扫查：左乳62秒，已标记部位5/12。未扫查区域未评估。
比例未知：大小以像素表示。
[comparison] 对比
无既往检查可供对比。
[findings_right] 右乳
尚未确认已检查。
[findings_left] 左乳
尚未确认已检查。
[findings_unplaced] 侧别未定
D：见‹不均匀回声病灶›，‹大小174×158px（比例未知）›。
[record] AI记录
判读：peony-us 0.4.0（onnxruntime/openvino bf16），权重SHA-256 {SHA}。
词表版本：BI-RADS第5版。
D：恶性概率不确定，95%区间21–86%；见于12帧。
建议3项：采纳0项，更改0项，未答3项；排除病灶0个。
"
    );
    check(&samples::unknown_scale(), Lang::Zh, &expected);
}

#[test]
fn an_empty_report_says_what_a_person_confirmed_and_no_more() {
    let expected = format!(
        "
[notice] Notice
AI draft, not reviewed by a physician
{SAFETY_EN}
[technique] Technique and limits
Scanned: right breast 120^s, places named: 12 of 12; left breast 120^s, places named: 12 of 12.
Scale from the phantom.
[comparison] Comparison
No earlier study was available or compared.
[findings_right] Right breast
No mass seen in the parts examined.
[findings_left] Left breast
No mass seen in the parts examined.
[impression] Impression
Right breast: negative. BI-RADS category~1.
Left breast: negative. BI-RADS category~1.
[overall] Overall
BI-RADS category~1, negative.
[advice] Advice
Next screening at the programme's interval.
[record] Machine's record
No model took part.
"
    );
    check(&samples::empty(), Lang::En, &expected);
    let expected = format!(
        "
[notice] 声明
AI生成草稿，未经医师审核
{SAFETY_ZH}
[technique] 方法与局限
扫查：右乳120秒，已标记部位12/12；左乳120秒，已标记部位12/12。
比例：来自仿体。
[comparison] 对比
无既往检查可供对比。
[findings_right] 右乳
所查部位未见肿块。
[findings_left] 左乳
所查部位未见肿块。
[impression] 超声印象
右乳：阴性。BI-RADS~1类。
左乳：阴性。BI-RADS~1类。
[overall] 总评
BI-RADS~1类，阴性。
[advice] 建议
按筛查间隔复查。
[record] AI记录
未使用模型。
"
    );
    check(&samples::empty(), Lang::Zh, &expected);
}

#[test]
fn a_lesion_that_was_struck_out_is_counted_and_not_printed() {
    for (lang, right, left, counted) in [
        (
            Lang::En,
            "[findings_right] Right breast\nNot confirmed as examined.\n",
            "[findings_left] Left breast\nNot confirmed as examined.\n[record]",
            "0 proposals: 0 taken over, 0 changed, 0 open; lesions struck out: 1.",
        ),
        (
            Lang::Zh,
            "[findings_right] 右乳\n尚未确认已检查。\n",
            "[findings_left] 左乳\n尚未确认已检查。\n[record]",
            "建议0项：采纳0项，更改0项，未答0项；排除病灶1个。",
        ),
    ] {
        let text = written(&samples::struck_out(), lang);
        assert!(text.contains(right) && text.contains(left) && text.contains(counted), "{text}");
        for gone in ["4C", "10:30", "10点半", "irregular", "≈", "A:", "A："] {
            assert!(!text.contains(gone), "{gone} in\n{text}");
        }
    }
}

#[test]
fn why_a_suspicious_lesion_was_struck_out_is_in_the_record() {
    let mut report = samples::struck_out();
    report.lesions[0].downgrade_reason = "a rib, seen\nin both planes".to_owned();
    says(
        &written(&report, Lang::En),
        "A: struck out; category proposed 4C; reason: a rib, seen in both planes.",
    );
    says(&written(&report, Lang::Zh), "A：已排除；建议分类4C类；原因：a rib, seen in both planes。");
}

#[test]
fn one_breast_without_a_person_s_word_keeps_the_whole_from_being_negative() {
    let mut report = samples::empty();
    report.breasts[1].examined = Field::proposed(Some(true));
    let text = written(&report, Lang::En);
    assert!(text.contains("Right breast: negative."), "{text}");
    for never in ["Left breast: negative", "[overall]", "[advice]"] {
        assert!(!text.contains(never), "{never} in\n{text}");
    }
    assert!(text.contains("[findings_left] Left breast\nNot confirmed as examined.\n"), "{text}");
}

#[test]
fn a_size_that_a_person_changed_has_no_machine_s_volume() {
    let mut report = samples::signed();
    let lesion = report.lesions.iter_mut().find(|lesion| lesion.letter == "A").unwrap();
    lesion.size = samples::said(&lesion.size, Some(samples::size(12.0, 9.0, None)));
    let text = written(&report, Lang::En);
    assert!(text.contains("12~×~9^mm, parallel") && !text.contains("Volume"), "{text}");
    assert!(text.contains("changed by a person: size"), "{text}");
}

#[test]
fn no_category_of_a_machine_is_one_that_only_a_person_gives() {
    for category in BiRads::ALL {
        let mut report = samples::draft();
        report.lesions.truncate(1);
        report.lesions[0].category = samples::open(category);
        report.lesions[0].advice = samples::open(Advice::of(category));
        for breast in &mut report.breasts {
            breast.category = (breast.side == Side::Right).then_some(category);
            breast.examined = Field::default();
        }
        report.overall = Some(category);
        let text = written(&report, Lang::En);
        let may = !matches!(category.label(), "0" | "1" | "4" | "6");
        assert_eq!(text.contains(&format!("category~{}", category.label())), may, "{text}");
        // Benign as a whole takes a person's word for the breast too.
        let benign = matches!(category, BiRads::Cat1 | BiRads::Cat2);
        for (section, may) in [("[impression]", may), ("[overall]", may && !benign), ("[advice]", may)] {
            assert_eq!(text.contains(section), may, "{section} of {text}");
        }
        report.lesions[0].category = samples::said(&report.lesions[0].category, Some(category));
        assert_eq!(written(&report, Lang::En).contains("[overall]"), !benign, "{category:?}");
        for breast in &mut report.breasts {
            breast.examined = samples::said(&breast.examined, Some(true));
        }
        let text = written(&report, Lang::En);
        let stands = format!("[overall] Overall\nBI-RADS category~{},", category.label());
        assert!(text.contains(&stands), "{stands} is not in {text}");
    }
}

#[test]
fn a_report_that_lists_no_breast_still_concludes_on_its_lesions() {
    let mut report = samples::signed();
    report.breasts.clear();
    let text = written(&report, Lang::En);
    let stands = "Left breast: A, high suspicion (4C); B, probably benign (3).\n";
    assert!(text.contains(stands) && text.contains("Right breast: C, simple cyst, benign (2).\n"), "{text}");
    report.lesions.clear();
    report.overall = Some(BiRads::Cat1);
    assert!(!written(&report, Lang::En).contains("[overall]"));
}
