//! The live quality codes: what is wrong with the picture while the patient is still there.

use serde::{Serialize, Serializer};

use crate::Code;

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mend it while scanning.
    Warn,
    /// What is seen now cannot be read.
    Stop,
}

/// A fault of the picture or of the scan, with its severity and the one line of advice, as the clinical reference
/// lists them (local codes: DICOM has no ultrasound quality group).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // The table below is the documentation of each.
pub enum QualityCode {
    ContactLost,
    GainLow,
    GainHigh,
    Blur,
    TooFast,
    Jerky,
    Frozen,
    LesionCut,
    FocusOff,
    DepthOff,
    Marks,
    ColourBox,
    NoBmode,
    WrongDomain,
    ScaleUnknown,
    SourceLost,
    FramesDropped,
    TooFewFrames,
}

struct Row {
    key: &'static str,
    value: &'static str,
    severity: Severity,
    en: &'static str,
    zh: &'static str,
}

impl QualityCode {
    /// Every code, in the table's order.
    pub const ALL: [Self; 18] = [
        Self::ContactLost,
        Self::GainLow,
        Self::GainHigh,
        Self::Blur,
        Self::TooFast,
        Self::Jerky,
        Self::Frozen,
        Self::LesionCut,
        Self::FocusOff,
        Self::DepthOff,
        Self::Marks,
        Self::ColourBox,
        Self::NoBmode,
        Self::WrongDomain,
        Self::ScaleUnknown,
        Self::SourceLost,
        Self::FramesDropped,
        Self::TooFewFrames,
    ];

    #[rustfmt::skip] // One fault a line: it is read as a table.
    fn row(self) -> Row {
        use Severity::{Info, Stop, Warn};
        let row = |key, value, severity, en, zh| Row { key, value, severity, en, zh };
        match self {
            Self::ContactLost => row("contact_lost", "PN2001", Stop, "Add gel and press evenly", "加耦合剂，均匀加压"),
            Self::GainLow => row("gain_low", "PN2002", Warn, "Raise gain or TGC", "提高增益或TGC"),
            Self::GainHigh => row("gain_high", "PN2003", Warn, "Lower gain or TGC", "降低增益或TGC"),
            Self::Blur => row("blur", "PN2004", Warn, "Hold still, refocus", "保持稳定，重新聚焦"),
            Self::TooFast => row("too_fast", "PN2005", Warn, "Sweep more slowly", "扫查放慢"),
            Self::Jerky => row("jerky", "PN2006", Warn, "Sweep more evenly", "保持匀速"),
            Self::Frozen => row("frozen", "PN2007", Info, "Frozen on the machine, analysis rests", "图像已冻结，分析暂停"),
            Self::LesionCut => row("lesion_cut", "PN2008", Warn, "Lesion cut at the edge; recentre", "病灶被截断，请居中"),
            Self::FocusOff => row("focus_off", "PN2009", Warn, "Set the focus at the lesion", "焦点移至病灶深度"),
            Self::DepthOff => row("depth_off", "PN2010", Warn, "Set depth to include the chest wall", "调节深度至可见胸壁"),
            Self::Marks => row("marks", "PN2011", Info, "Calipers or text on the picture, analysis may be affected", "图上有标尺或文字，可能影响分析"),
            Self::ColourBox => row("colour_box", "PN2012", Info, "Colour is on, grading uses B-mode only", "彩色模式：分级仅用灰阶"),
            Self::NoBmode => row("no_bmode", "PN2013", Stop, "No breast B-mode picture found", "未找到乳腺灰阶图"),
            Self::WrongDomain => row("wrong_domain", "PN2014", Stop, "Not a picture this model reads", "模型不适用此图像"),
            Self::ScaleUnknown => row("scale_unknown", "PN2015", Warn, "Scale unknown: sizes stay in pixels", "比例未知：仅以像素表示"),
            Self::SourceLost => row("source_lost", "PN2016", Stop, "Video lost, reconnecting", "视频中断，重连中"),
            Self::FramesDropped => row("frames_dropped", "PN2017", Info, "Frames skipped, slow down", "丢帧，请放慢"),
            Self::TooFewFrames => row("too_few_frames", "PN2018", Warn, "Too few frames: no third dimension", "帧数不足：无法三维重建"),
        }
    }

    /// The key used in files and messages, such as `contact_lost`.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// The coded concept.
    #[must_use]
    pub fn code(self) -> Code {
        let Row { key, value, .. } = self.row();
        Code::local(value, key)
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// One line of advice, English.
    #[must_use]
    pub fn advice_en(self) -> &'static str {
        self.row().en
    }

    /// One line of advice, Chinese.
    #[must_use]
    pub fn advice_zh(self) -> &'static str {
        self.row().zh
    }
}

impl Serialize for QualityCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// A fault that holds now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QualityIssue {
    /// Which.
    pub code: QualityCode,
    /// How much it matters.
    pub severity: Severity,
    /// The figure behind it and the limit it passed, where there is one (such as 24 and 15 mm/s).
    pub figure: Option<[f32; 2]>,
}

impl QualityIssue {
    /// The fault at its usual severity, without a figure.
    #[must_use]
    pub fn new(code: QualityCode) -> Self {
        Self { code, severity: code.severity(), figure: None }
    }

    /// The same with the figure that was measured and the limit it passed.
    #[must_use]
    pub fn with_figure(self, measured: f32, limit: f32) -> Self {
        Self { figure: Some([measured, limit]), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_key_and_value_that_dicom_can_hold() {
        let keys: HashSet<_> = QualityCode::ALL.iter().map(|code| code.key()).collect();
        let values: HashSet<_> = QualityCode::ALL.iter().map(|code| code.code().value).collect();
        assert_eq!(keys.len(), QualityCode::ALL.len());
        assert_eq!(values.len(), QualityCode::ALL.len());
        for code in QualityCode::ALL {
            assert!(code.code().value.len() <= 16 && code.key().len() <= 64, "{}", code.key());
            assert!(!code.advice_en().is_empty() && !code.advice_zh().is_ascii(), "{}", code.key());
        }
    }
}
