//! The report's words in English and Chinese. Each figure has a sentence that a person without statistics can read.

use crate::cli::Lang;
use crate::evaluate::descriptors::DescriptorGroup;
use crate::evaluate::figures::Subset;

/// A figure: its name, and what it says in one sentence.
pub struct Figure {
    pub name: &'static str,
    pub why: &'static str,
}

/// Every word of the report in one language.
#[allow(missing_docs)] // The names say what is written.
pub struct Words {
    pub tag: &'static str,
    pub title: &'static str,
    pub research_use: &'static str,
    pub program: &'static str,
    pub model: &'static str,
    pub version: &'static str,
    pub weights: &'static str,
    pub engine: &'static str,
    pub precision: &'static str,
    pub split: &'static str,
    pub pictures: &'static str,
    pub patients: &'static str,
    pub no_model: &'static str,
    pub not_read: &'static str,
    pub not_read_why: &'static str,
    pub refused: &'static str,
    pub learned_from: &'static str,

    pub overview: &'static str,
    pub plots: &'static str,
    pub by_group: &'static str,
    pub by_group_why: &'static str,
    pub method: &'static str,
    pub method_lines: &'static [&'static str],

    pub all: &'static str,
    pub other_devices: &'static str,
    pub device_unknown: &'static str,
    pub dataset: &'static str,
    pub device: &'static str,

    pub dice: Figure,
    pub auc: Figure,
    pub sensitivity: Figure,
    pub ap50: Figure,
    pub kappa: Figure,
    pub calibration: Figure,
    pub false_masks: Figure,
    pub missed: Figure,
    pub brier: &'static str,
    pub interval: &'static str,
    pub too_few: &'static str,
    pub delong: &'static str,
    pub graded: &'static str,
    pub outlined: &'static str,
    pub threshold: &'static str,
    pub no_threshold: &'static str,
    pub scale: &'static str,

    pub roc: Figure,
    pub reliability: Figure,
    pub confusion: Figure,
    pub observed: Figure,
    pub histogram: Figure,
    pub precision_recall: Figure,
    pub descriptors: Figure,

    pub axis_sensitivity: &'static str,
    pub axis_false_alarms: &'static str,
    pub axis_said: &'static str,
    pub axis_observed: &'static str,
    pub axis_recall: &'static str,
    pub axis_precision: &'static str,
    pub axis_dice: &'static str,
    pub axis_malignant: &'static str,
    pub given: &'static str,
    pub proposed: &'static str,
    pub expected: &'static str,
    pub without_proposal: &'static str,
    pub mean: &'static str,
    pub chance: &'static str,
    pub perfect: &'static str,
    pub operating_point: &'static str,
    pub specificity: &'static str,

    pub group: &'static str,
    pub lesions: &'static str,
    pub same_words: &'static str,
    pub among_words: &'static str,
    pub commonest: &'static str,
    pub groups: [&'static str; 6],
}

impl Words {
    /// The words of a language.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &EN,
            Lang::Zh => &ZH,
        }
    }

    /// The name of a group of descriptors.
    pub fn descriptor_group(&self, group: DescriptorGroup) -> &'static str {
        self.groups[group as usize]
    }

    /// The name of a set of readings; a data set or a device has its own, which is foreign.
    pub fn subset<'a>(&self, subset: &'a Subset) -> &'a str {
        match subset {
            Subset::All => self.all,
            Subset::Dataset(name) | Subset::Device(name) => name,
            Subset::OtherDevices => self.other_devices,
            Subset::DeviceUnknown => self.device_unknown,
        }
    }
}

static EN: Words = Words {
    tag: "en",
    title: "Accuracy on labelled pictures",
    research_use: "Research use only. Not a medical device. AI proposals need review and signature by a qualified \
                   physician.",
    program: "Program",
    model: "Model",
    version: "Version",
    weights: "Weights (SHA-256)",
    engine: "Engine",
    precision: "Precision",
    split: "Split",
    pictures: "Pictures",
    patients: "Patients",
    no_model: "no model",
    not_read: "Not read",
    not_read_why: "These rows of the table take no part in any figure.",
    refused: "Refused as none that the model reads",
    learned_from: "By its name this split is one to learn from. A model that learned from these pictures reads them better than it reads \
                   new ones: its figures on new ones are lower.",

    overview: "All pictures together",
    plots: "In plots",
    by_group: "By data set and device",
    by_group_why: "Small grey figures are 95 % intervals: the fewer the patients, the wider. A device has a row of its \
                   own from 20 pictures on.",
    method: "How the figures are made",
    method_lines: &[
        "The program reads each picture by itself, as <code>peony analyze</code> does; the truth is the table's: mask, pathology, \
         and the category that a person gave.",
        "Intervals hold 95 %. Means and areas: bootstrap of 1,000 resamples over patients, so that several pictures of \
         one patient are not taken for several patients. Shares: Wilson. Calibration error: a test is \
         inverted, as resamples of it lean upwards by their noise alone; the value leans too, and may lie above its interval. \
         Means, areas and calibration of fewer than ten patients have none. DeLong's interval takes every picture for \
         independent.",
        "The probability of a picture is that of its most suspicious finding, or the network's own where nothing was \
         found. Area under the curve, sensitivity and calibration compare malignant with benign lesions; normal \
         pictures take no part.",
        "The threshold of the operating point is taken from these very pictures. Findings meet a lesion where their \
         boxes overlap by half (intersection over union 0.5); average precision is interpolated at all points.",
        "The proposed category of a picture is the highest of its findings. Where a person's 4 has no letter, \
         categories are compared as 2, 3, 4, 5.",
    ],

    all: "all",
    other_devices: "other devices",
    device_unknown: "device unknown",
    dataset: "Data set",
    device: "Device",

    dice: Figure {
        name: "Dice",
        why: "How well the outline covers the lesion: 1 is the very same area, 0 none of it. Mean over pictures with a \
              lesion and its mask.",
    },
    auc: Figure {
        name: "AUC of malignancy",
        why: "How often a malignant lesion is given a higher probability than a benign one: 1 is always, 0.5 is chance.",
    },
    sensitivity: Figure {
        name: "Sensitivity at 90 % specificity",
        why: "The share of malignant lesions that are called so while nine of ten benign ones are not.",
    },
    ap50: Figure {
        name: "AP50",
        why: "How well lesions are found without false marks beside them, over all thresholds: 1 is every lesion and no \
              false mark.",
    },
    kappa: Figure {
        name: "BI-RADS kappa",
        why: "Agreement with the category that a person gave, beyond chance; categories far apart weigh more. 1 is full \
              agreement, 0 chance.",
    },
    calibration: Figure {
        name: "Calibration error",
        why: "How far a stated probability is from what was so, on average: 0.05 is five in a hundred.",
    },
    false_masks: Figure {
        name: "False marks on normals",
        why: "The share of normal pictures on which something was marked.",
    },
    missed: Figure {
        name: "Lesions missed",
        why: "The share of pictures with a lesion on which nothing was marked.",
    },
    brier: "Brier score",
    interval: "95 %:",
    too_few: "too few patients for an interval",
    delong: "DeLong:",
    graded: "with a probability:",
    outlined: "with a mask:",
    threshold: "threshold",
    no_threshold: "no threshold",
    scale: "on the scale",

    roc: Figure {
        name: "Malignant or benign (ROC)",
        why: "Each point is a threshold: how many malignant lesions it finds (up) against how many benign ones it \
              alarms for (right). The nearer to the upper left corner, the better.",
    },
    reliability: Figure {
        name: "Reliability",
        why: "Where the program says a probability (right), how many lesions were malignant (up). On the diagonal it \
              means what it says; the bars below count the pictures.",
    },
    confusion: Figure {
        name: "BI-RADS: given and proposed",
        why: "Each row is a category that a person gave, each column one that the program proposed. On the framed \
              diagonal both agree; a shade is the share of its row.",
    },
    observed: Figure {
        name: "Malignant by proposed category",
        why: "How many pictures of each proposed category were malignant, with the interval; the band is what the \
              lexicon expects. A table that holds more cancers than a clinic sees moves every point up.",
    },
    histogram: Figure {
        name: "Dice by data set",
        why: "How many pictures reach which overlap. The triangle is the mean; the bar at 0 holds the lesions that were missed.",
    },
    precision_recall: Figure {
        name: "Finding lesions (precision and recall)",
        why: "Each point is a threshold on a finding's score: how many lesions are found (right) and how many of the \
              marks are right (up).",
    },
    descriptors: Figure {
        name: "Descriptors",
        why: "How often the program uses the words that the table gives. The last column is what one would reach by \
              always giving the commonest answer.",
    },

    axis_sensitivity: "sensitivity",
    axis_false_alarms: "1 − specificity",
    axis_said: "probability said",
    axis_observed: "share malignant",
    axis_recall: "recall: lesions found",
    axis_precision: "precision: marks that are right",
    axis_dice: "Dice",
    axis_malignant: "share malignant",
    given: "given by a person",
    proposed: "proposed by the program",
    expected: "lexicon",
    without_proposal: "more were given a category and proposed none",
    mean: "mean",
    chance: "chance",
    perfect: "as said",
    operating_point: "operating point",
    specificity: "specificity",

    group: "Group",
    lesions: "Lesions",
    same_words: "The same words",
    among_words: "Every word right",
    commonest: "Commonest answer",
    groups: ["Shape", "Margin", "Echo pattern", "Posterior features", "Echogenic halo", "Calcifications"],
};

static ZH: Words = Words {
    tag: "zh-CN",
    title: "标注图像上的准确度",
    research_use: "仅供研究使用，非医疗器械。AI建议须由有资质医师审核并签名。",
    program: "程序",
    model: "模型",
    version: "版本",
    weights: "权重 (SHA-256)",
    engine: "推理引擎",
    precision: "数值精度",
    split: "数据划分",
    pictures: "图像",
    patients: "患者",
    no_model: "无模型",
    not_read: "未读取",
    not_read_why: "病例表中的以下各行未计入任何数值。",
    refused: "模型不适用而拒读",
    learned_from: "按名称，此划分用于训练。模型若由这些图像训练而成，读这些图像会优于读新图像：在新图像上的数值会更低。",

    overview: "全部图像",
    plots: "图示",
    by_group: "按数据集与设备",
    by_group_why: "灰色小字为 95 % 置信区间：患者越少，区间越宽。设备满 20 幅图像时单独成行。",
    method: "各项数值的计算方法",
    method_lines: &[
        "程序逐幅判读图像，与 <code>peony analyze</code> 相同；真值取自病例表：病灶轮廓、病理及医师给出的分类。",
        "区间均为 95 %。均值与曲线下面积：按患者重抽样 1000 次（自助法），同一患者的多幅图像不会被当作多名患者。比例：Wilson 法。校准误差：由检验反推得出，因为重抽样本身的噪声会使误差偏高；数值同样偏高，可能高于其区间。患者不足十名时，均值、曲线下面积与校准误差不给区间。\
         DeLong 区间将每幅图像视为独立。",
        "一幅图像的概率取其最可疑的发现；未发现病灶时取网络对整幅图像的概率。曲线下面积、敏感度与校准只比较恶性与良性病灶，正常图像不参与。",
        "工作点的阈值即取自这些图像。发现与病灶的外框交并比达到 0.5 视为命中；平均精度按全部点插值。",
        "一幅图像的建议分类取各发现中最高者。医师给出的 4 类未分 A、B、C 时，按 2、3、4、5 类比较。",
    ],

    all: "全部",
    other_devices: "其他设备",
    device_unknown: "设备未知",
    dataset: "数据集",
    device: "设备",

    dice: Figure {
        name: "Dice 系数",
        why: "轮廓与病灶重合的程度：1 为完全相同，0 为毫无重合。为含病灶且有轮廓的图像的均值。",
    },
    auc: Figure {
        name: "恶性判别 AUC",
        why: "恶性病灶所得概率高于良性病灶的机会：1 为总是如此，0.5 等于碰运气。",
    },
    sensitivity: Figure {
        name: "特异度 90 % 时的敏感度",
        why: "十个良性病灶中有九个不误报时，恶性病灶被判为恶性的比例。",
    },
    ap50: Figure {
        name: "AP50", why: "在各种阈值下找到病灶而不误标的能力：1 为全部找到且无误标。"
    },
    kappa: Figure {
        name: "BI-RADS kappa",
        why: "与医师所给分类的一致程度（扣除偶然）；相差越远扣分越多。1 为完全一致，0 等于偶然。",
    },
    calibration: Figure {
        name: "校准误差", why: "所报概率与实际情况平均相差多少：0.05 即百分之五。"
    },
    false_masks: Figure { name: "正常图像误标", why: "正常图像中被标出病灶的比例。" },
    missed: Figure { name: "漏检病灶", why: "含病灶的图像中未作任何标记的比例。" },
    brier: "Brier 分数",
    interval: "95 %：",
    too_few: "患者过少，不给区间",
    delong: "DeLong：",
    graded: "有概率：",
    outlined: "有轮廓：",
    threshold: "阈值",
    no_threshold: "无可用阈值",
    scale: "分类",

    roc: Figure {
        name: "良恶性判别 (ROC)",
        why: "每一点为一个阈值：找到多少恶性病灶（向上），同时误报多少良性病灶（向右）。越靠近左上角越好。",
    },
    reliability: Figure {
        name: "可靠性",
        why: "程序给出某一概率时（横轴），实际有多少为恶性（纵轴）。落在对角线上即名副其实；下方柱条为图像数。",
    },
    confusion: Figure {
        name: "BI-RADS：医师与程序",
        why: "行为医师所给分类，列为程序建议分类。带框的对角线上两者一致；颜色深浅为占该行的比例。",
    },
    observed: Figure {
        name: "各建议分类的恶性比例",
        why: "每一建议分类中实际为恶性的比例及其区间；色带为词典的预期范围。病例表中的癌若多于临床实际，各点会偏高。",
    },
    histogram: Figure {
        name: "各数据集的 Dice",
        why: "各重合程度的图像有多少。三角为均值；0 处的柱条包括漏检的病灶。",
    },
    precision_recall: Figure {
        name: "病灶检出（精确率与召回率）",
        why: "每一点为发现得分的一个阈值：找到多少病灶（向右），标记中有多少正确（向上）。",
    },
    descriptors: Figure {
        name: "描述词",
        why: "程序用词与病例表一致的比例。末列为总是给出最常见答案所能达到的比例。",
    },

    axis_sensitivity: "敏感度",
    axis_false_alarms: "1 − 特异度",
    axis_said: "所报概率",
    axis_observed: "恶性比例",
    axis_recall: "召回率：找到的病灶",
    axis_precision: "精确率：正确的标记",
    axis_dice: "Dice",
    axis_malignant: "恶性比例",
    given: "医师所给",
    proposed: "程序建议",
    expected: "词典",
    without_proposal: "幅图像另有医师分类而无程序建议",
    mean: "均值",
    chance: "偶然",
    perfect: "名副其实",
    operating_point: "工作点",
    specificity: "特异度",

    group: "类别",
    lesions: "病灶",
    same_words: "用词相同",
    among_words: "所用词均正确",
    commonest: "最常见答案",
    groups: ["形状", "边缘", "回声类型", "后方回声", "高回声晕", "钙化"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_descriptors_has_its_name() {
        for words in [&EN, &ZH] {
            assert_eq!(words.descriptor_group(DescriptorGroup::Shape), words.groups[0]);
            assert_eq!(words.descriptor_group(DescriptorGroup::Calcifications), words.groups[5]);
        }
    }
}
