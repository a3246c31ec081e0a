//! The words of the lexicon and of the categories, in both languages.

use peony_model::report::Advice;
use peony_model::{BiRads, Side, Word};

use crate::Lang;

/// A breast.
pub fn breast(side: Side, lang: Lang) -> &'static str {
    match side {
        Side::Right => lang.pick("Right breast", "右乳"),
        Side::Left => lang.pick("Left breast", "左乳"),
    }
}

/// A word of the lexicon, as it stands in a sentence.
pub fn lexicon(word: Word, lang: Lang) -> &'static str {
    let (en, zh) = match word {
        Word::Oval => ("oval", "椭圆形"),
        Word::Round => ("round", "圆形"),
        Word::Irregular => ("irregular", "不规则形"),
        Word::Parallel => ("parallel", "平行"),
        Word::NotParallel => ("not parallel", "不平行"),
        Word::Circumscribed => ("circumscribed", "局限（光整）"),
        Word::Indistinct => ("indistinct", "模糊"),
        Word::Angular => ("angular", "成角"),
        Word::Microlobulated => ("microlobulated", "微小分叶"),
        Word::Spiculated => ("spiculated", "毛刺"),
        Word::Anechoic => ("anechoic", "无回声"),
        Word::Hyperechoic => ("hyperechoic", "高回声"),
        Word::Complex => ("complex cystic and solid", "囊实混合性回声"),
        Word::Hypoechoic => ("hypoechoic", "低回声"),
        Word::Isoechoic => ("isoechoic", "等回声"),
        Word::Heterogeneous => ("heterogeneous", "不均匀回声"),
        Word::NoPosterior => ("no posterior features", "后方回声无改变"),
        Word::Enhancement => ("posterior enhancement", "后方回声增强"),
        Word::Shadowing => ("posterior shadowing", "后方声影"),
        Word::Combined => ("combined posterior pattern", "后方回声混合"),
        Word::Halo => ("echogenic halo", "高回声晕"),
        Word::Abrupt => ("abrupt boundary", "边界清晰"),
        Word::NoCalcification => ("no calcifications", "未见钙化"),
        Word::InMass => ("calcifications in the mass", "肿块内钙化"),
        Word::OutsideMass => ("calcifications outside the mass", "肿块外钙化"),
        Word::Intraductal => ("intraductal calcifications", "导管内钙化"),
        Word::NoAssociated => ("no associated features", "未见伴随征象"),
        Word::Distortion => ("architectural distortion", "结构扭曲"),
        Word::DuctEctasia => ("duct ectasia", "导管扩张"),
        Word::DuctChange => ("duct change", "导管改变"),
        Word::SkinThickening => ("skin thickening", "皮肤增厚"),
        Word::SkinRetraction => ("skin retraction", "皮肤回缩"),
        Word::Oedema => ("edema", "水肿"),
        Word::CooperChange => ("Cooper's ligament changes", "库柏韧带改变"),
        Word::NoVascularity => ("no vascularity", "无血流"),
        Word::InternalVascularity => ("internal vascularity", "内部血流"),
        Word::RimVascularity => ("vessels in rim", "边缘血流"),
        Word::DiffuseVascularity => ("diffuse vascularity around it", "周围血流弥漫增多"),
        Word::Soft => ("soft", "质软"),
        Word::Intermediate => ("intermediate", "质中"),
        Word::Hard => ("hard", "质硬"),
        Word::FatTissue => ("homogeneous fat", "均匀脂肪"),
        Word::FibroglandularTissue => ("homogeneous fibroglandular", "均匀纤维腺体"),
        Word::HeterogeneousTissue => ("heterogeneous", "不均匀"),
    };
    lang.pick(en, zh)
}

/// What a category means. Ours are the words of the fifth edition; codes keep the fourth's.
pub fn meaning(category: BiRads, lang: Lang) -> &'static str {
    let (en, zh) = match category {
        BiRads::Cat0 => ("incomplete", "评估不完全"),
        BiRads::Cat1 => ("negative", "阴性"),
        BiRads::Cat2 => ("benign", "良性"),
        BiRads::Cat3 => ("probably benign", "可能良性"),
        BiRads::Cat4 => ("suspicious", "可疑"),
        BiRads::Cat4A => ("low suspicion", "低度可疑"),
        BiRads::Cat4B => ("moderate suspicion", "中度可疑"),
        BiRads::Cat4C => ("high suspicion", "高度可疑"),
        BiRads::Cat5 => ("highly suggestive of malignancy", "高度提示恶性"),
        BiRads::Cat6 => ("known malignancy", "已证实恶性"),
    };
    lang.pick(en, zh)
}

/// `BI-RADS category 4C`, `BI-RADS 4C类`.
pub fn category(category: BiRads, lang: Lang) -> String {
    let label = category.label();
    lang.pick(format!("BI-RADS category\u{a0}{label}"), format!("BI-RADS\u{a0}{label}类"))
}

/// What an advice asks for, given the category it stands beside.
pub fn advice(advice: Advice, category: Option<BiRads>, lang: Lang) -> &'static str {
    let (en, zh) = match (advice, category) {
        (Advice::Routine, _) => ("next screening at the programme's interval", "按筛查间隔复查"),
        (Advice::ShortFollowUp, _) => {
            ("short follow-up by ultrasound, first at 6 months", "短期超声随访（首次6个月）")
        }
        (Advice::Mammography, _) => {
            ("unfinished: mammography, then assess again", "评估未完成：补做乳腺X线检查后再评估")
        }
        (Advice::CoreBiopsy, Some(BiRads::Cat4A)) => (
            "core biopsy; a benign result is expected, to be accepted when concordant",
            "建议穿刺；良性结果需核对一致性",
        ),
        (Advice::CoreBiopsy, Some(BiRads::Cat4B)) => {
            ("core biopsy; check concordance with care", "建议穿刺；仔细核对一致性")
        }
        (Advice::CoreBiopsy, Some(BiRads::Cat4C)) => {
            ("core biopsy; a benign result is discordant until explained", "建议穿刺；良性结果视为不一致")
        }
        (Advice::CoreBiopsy, Some(BiRads::Cat5)) => {
            ("core biopsy now; a benign result means to sample again", "尽快穿刺；良性须重取")
        }
        (Advice::CoreBiopsy, _) => ("core biopsy", "建议穿刺"),
        (Advice::Other, Some(BiRads::Cat6)) => ("under the treating team", "由治疗团队处理"),
        (Advice::Other, _) => ("as the physician arranges", "由医师另行安排"),
    };
    lang.pick(en, zh)
}

/// A fault of the picture; one of a later program says its key.
pub fn fault(code: &str, lang: Lang) -> &str {
    let (en, zh) = match code {
        "contact_lost" => ("contact lost", "失去接触"),
        "gain_low" => ("gain too low", "增益过低"),
        "gain_high" => ("gain too high", "增益过高"),
        "blur" => ("blurred", "模糊"),
        "too_fast" => ("swept too fast", "扫查过快"),
        "jerky" => ("swept unevenly", "扫查不匀"),
        "frozen" => ("frozen", "图像冻结"),
        "lesion_cut" => ("lesion cut at the edge", "病灶被截断"),
        "marks" => ("calipers or text on the picture", "图上有标尺或文字"),
        "colour_box" => ("colour on", "彩色模式"),
        "no_bmode" => ("no B-mode picture", "无灰阶图像"),
        "wrong_domain" => ("not a picture of a breast", "非乳腺图像"),
        "scale_unknown" => ("scale unknown", "比例未知"),
        "source_lost" => ("video lost", "视频中断"),
        "frames_dropped" => ("frames skipped", "丢帧"),
        "too_few_frames" => ("too few frames for the third dimension", "帧数不足"),
        "model_failed" => ("no lesions looked for, as the model failed", "模型故障，未检测病灶"),
        "focus_off" => ("focus not at the lesion", "焦点不在病灶深度"),
        "depth_off" => ("depth not to the chest wall", "深度未至胸壁"),
        "side_unset" => ("side not set", "侧别未设"),
        "coverage_gap" => ("parts not scanned", "有未扫查区域"),
        other => (other, other),
    };
    lang.pick(en, zh)
}

/// The lexicon whose words a report has; `None` for one of a later program.
pub fn edition(key: &str, lang: Lang) -> Option<&'static str> {
    let (en, zh) = match key {
        "birads_us_4" => ("BI-RADS, 4th edition (ultrasound)", "BI-RADS第4版（超声）"),
        "birads_5" => ("BI-RADS, 5th edition", "BI-RADS第5版"),
        "birads_2025" => ("BI-RADS, 2025", "BI-RADS 2025版"),
        _ => return None,
    };
    Some(lang.pick(en, zh))
}

/// Who said how large a pixel is, by the key that a report keeps; `None` for one of a later program.
#[must_use]
pub fn scale_source(key: &str, lang: Lang) -> Option<&'static str> {
    let (en, zh) = match key {
        "phantom" => ("from the phantom", "来自仿体"),
        "entered" => ("entered by hand", "人工输入"),
        "ruler" => ("read from the depth ruler", "读自深度尺"),
        "ultrasound_region" | "pixel_spacing" => ("from the file", "来自文件"),
        "openigtlink" => ("from the device", "来自设备"),
        "published" => ("as published", "来自发表数据"),
        _ => return None,
    };
    Some(lang.pick(en, zh))
}

/// Why it was asked for: the keys of the form, or what was written.
pub fn indication(text: &str, lang: Lang) -> &str {
    match text {
        "screening" => lang.pick("Screening", "筛查"),
        "symptom" => lang.pick("Symptom", "症状"),
        "follow_up" => lang.pick("Follow-up", "随访"),
        other => other,
    }
}
