//! The question in the query of a search (PS3.18 §8.3.4): read and limited before anything is looked for.

use peony_dicom::{Tag, VR, is_days};

/// Bytes of a query.
const QUERY_BYTES: usize = 16 << 10;
/// Parameters of a query.
const PARAMETERS: usize = 128;
/// Values of a list, of which each is looked for.
const VALUES: usize = 512;
/// The longest answer; whoever wants more asks for the next page.
pub const MOST: u32 = 5000;

/// Why a query is no question. What it holds is not repeated but for a name, cut short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// See [`QUERY_BYTES`], [`PARAMETERS`] and [`VALUES`].
    #[error("{what}: at most {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
    /// A name that is neither a parameter nor an attribute.
    #[error("`{0}` is no attribute and no parameter")]
    Unknown(String),
    /// A name that comes twice.
    #[error("`{0}` is asked for twice")]
    Twice(String),
    /// A parameter that must be a number.
    #[error("{0} is no number")]
    NoNumber(&'static str),
    /// A value that would be cleaned, or another one than is meant.
    #[error("the value of `{0}` has a control character in it")]
    Control(String),
    /// A value of which nothing is left to look for.
    #[error("the value of `{0}` is blank: leave it out, or say what is looked for")]
    Blank(String),
    /// A value that must be a day, or days.
    #[error(
        "the value of `{0}` is no date: YYYYMMDD, or two with a `-` between, of which one may be left out"
    )]
    NoDate(String),
    /// A parameter that must be true or false.
    #[error("fuzzymatching is neither true nor false")]
    NoBool,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Attributes to match; several values have backslashes between.
    pub keys: Vec<(Tag, String)>,
    /// Attributes of sequence items to match, which nothing here can be matched by.
    pub nested: Vec<String>,
    /// Attributes to answer with, besides those that every answer has.
    pub include: Vec<Tag>,
    /// Every attribute that is there.
    pub include_all: bool,
    /// Words of names in any order, and begun only.
    pub fuzzy: bool,
    /// At most so many matches, never more than [`MOST`].
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

impl Question {
    /// Reads a query.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn of(query: &str) -> Result<Self, QuestionError> {
        let within = |what, value: usize, limit: usize| {
            if value <= limit { Ok(()) } else { Err(QuestionError::TooLarge { what, limit: limit as u64 }) }
        };
        within("bytes of a query", query.len(), QUERY_BYTES)?;
        within("parameters of a query", query.split('&').count(), PARAMETERS)?;
        let mut question = Self { limit: MOST, ..Self::default() };
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "includefield" {
                if seen.contains(&name) {
                    return Err(QuestionError::Twice(shown(&name)));
                }
                seen.push(name.clone());
            }
            // It would be left out, and what is found be another answer.
            if value.chars().any(char::is_control) {
                return Err(QuestionError::Control(shown(&name)));
            }
            match &*name {
                "includefield" => question.include(&value)?,
                "fuzzymatching" => {
                    question.fuzzy = match value.to_ascii_lowercase().as_str() {
                        "true" | "1" => true,
                        "false" | "0" | "" => false,
                        _ => return Err(QuestionError::NoBool),
                    }
                }
                "limit" => question.limit = number("limit", &value)?.min(MOST),
                "offset" => question.offset = number("offset", &value)?,
                // Which form the answer has (§8.3.3.1); said elsewhere.
                "accept" => {}
                _ => {
                    let list = question.key(&name, &value)?;
                    within("values of a list", list, VALUES)?;
                }
            }
        }
        Ok(question)
    }

    /// An attribute by its keyword or its tag, and of how many values.
    fn key(&mut self, name: &str, value: &str) -> Result<usize, QuestionError> {
        let mut path = name.split('.').map(peony_dicom::tag_of);
        let unknown = || QuestionError::Unknown(shown(name));
        let tag = path.next().flatten().ok_or_else(unknown)?;
        if name.contains('.') {
            if path.any(|tag| tag.is_none()) {
                return Err(unknown());
            }
            self.nested.push(shown(name));
            return Ok(1);
        }
        if self.keys.iter().any(|(known, _)| *known == tag) {
            return Err(QuestionError::Twice(shown(name)));
        }
        let vr = peony_dicom::vr_of(tag);
        if is_blank(vr, value) {
            return Err(QuestionError::Blank(shown(name)));
        }
        if vr == VR::DA && !value.split('\\').all(is_days) {
            return Err(QuestionError::NoDate(shown(name)));
        }
        // A list of UIDs has commas (§8.3.4.1); in older editions backslashes.
        let value = if vr == VR::UI { value.replace(',', "\\") } else { value.to_owned() };
        let list = value.split('\\').count();
        self.keys.push((tag, value));
        Ok(list)
    }

    fn include(&mut self, value: &str) -> Result<(), QuestionError> {
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                self.include_all = true;
                continue;
            }
            // What lies in an item comes with its sequence.
            let first = name.split('.').next().unwrap_or_default();
            let tag = peony_dicom::tag_of(first).ok_or_else(|| QuestionError::Unknown(shown(name)))?;
            self.include.push(tag);
        }
        Ok(())
    }
}

/// Something that is nothing without what only separates, so that everything would be an answer to it; nothing at all asks for that.
fn is_blank(vr: VR, value: &str) -> bool {
    let separates = match vr {
        VR::UI => ",",
        VR::PN => "^=",
        VR::DA | VR::TM | VR::DT => "-",
        _ => "",
    };
    let blank = |letter: char| letter.is_whitespace() || letter == '\\' || separates.contains(letter);
    !value.is_empty() && value.chars().all(blank)
}

fn number(what: &'static str, value: &str) -> Result<u32, QuestionError> {
    value.parse().map_err(|_| QuestionError::NoNumber(what))
}

/// Foreign text in an answer is short and plain.
fn shown(text: &str) -> String {
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let shown: String = text.chars().take(64).filter(fits).collect();
    if shown.is_empty() { "(other signs)".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Tag = Tag(0x0010, 0x0010);
    const STUDY_UID: Tag = Tag(0x0020, 0x000D);

    #[test]
    fn keywords_and_tags_are_attributes() {
        let question =
            Question::of("PatientName=WANG%5E*&0020000D=1.2,1.3&includefield=StudyDescription,00081010\
                &includefield=all&fuzzymatching=true&limit=7&offset=3&00400275.00400009=X&StudyDate=&accept=x")
            .unwrap();
        let keys = [(NAME, "WANG^*"), (STUDY_UID, "1.2\\1.3"), (Tag(0x0008, 0x0020), "")]
            .map(|(t, v)| (t, v.into()));
        assert_eq!(question.keys, keys);
        assert_eq!(question.include, [Tag(0x0008, 0x1030), Tag(0x0008, 0x1010)]);
        assert!(question.include_all && question.fuzzy);
        assert_eq!((question.limit, question.offset), (7, 3));
        assert_eq!(question.nested, ["00400275.00400009"]);
        assert_eq!(Question::of("").unwrap(), Question { limit: MOST, ..Question::default() });
        for days in ["20240229", "20241231-", "-00010101", "20250101-20250228", "*"] {
            assert!(Question::of(&format!("StudyDate={days}")).is_ok(), "{days}");
        }
        assert_eq!(Question::of("limit=4000000000").unwrap().limit, MOST);
    }

    #[test]
    fn what_is_no_question_is_refused() {
        let many: String = (0..5000).map(|number| format!("0010{number:04X}=x&")).collect();
        let uids = format!("StudyInstanceUID={}", "1,".repeat(600));
        for (query, expect) in [
            ("PatientNames=x", "`PatientNames` is no attribute and no parameter"),
            ("%3Cscript%3E=x", "`script` is no attribute and no parameter"),
            ("_=1", "`_` is no attribute and no parameter"),
            ("%E5%90%8D=1", "`(other signs)` is no attribute and no parameter"),
            ("PatientID.x=1", "`PatientID.x` is no attribute and no parameter"),
            ("includefield=Nothing", "`Nothing` is no attribute and no parameter"),
            ("PatientID=1&PatientID=2", "`PatientID` is asked for twice"),
            ("PatientID=1&00100020=2", "`00100020` is asked for twice"),
            ("limit=1&limit=2", "`limit` is asked for twice"),
            ("limit=-1", "limit is no number"),
            ("offset=99999999999", "offset is no number"),
            ("00100010=%00", "the value of `00100010` has a control character in it"),
            ("PatientID=P%0A", "the value of `PatientID` has a control character in it"),
            ("PatientName=%C2%85", "the value of `PatientName` has a control character in it"),
            (
                "PatientID=%20%20",
                "the value of `PatientID` is blank: leave it out, or say what is looked for",
            ),
            (
                "PatientName=%5E%5E=",
                "the value of `PatientName` is blank: leave it out, or say what is looked for",
            ),
            ("StudyDate=-", "the value of `StudyDate` is blank: leave it out, or say what is looked for"),
            (
                "StudyDate=2025-01-01",
                "the value of `StudyDate` is no date: YYYYMMDD, or two with a `-` between, of which one may be left out",
            ),
            (
                "StudyDate=20251345",
                "the value of `StudyDate` is no date: YYYYMMDD, or two with a `-` between, of which one may be left out",
            ),
            (
                "StudyDate=20250101-20250229",
                "the value of `StudyDate` is no date: YYYYMMDD, or two with a `-` between, of which one may be left out",
            ),
            ("0020000D=,", "the value of `0020000D` is blank: leave it out, or say what is looked for"),
            ("limit=%001", "the value of `limit` has a control character in it"),
            ("fuzzymatching=maybe", "fuzzymatching is neither true nor false"),
            (&many, "bytes of a query: at most 16384"),
            (&"a&".repeat(1000), "parameters of a query: at most 128"),
            (&uids, "values of a list: at most 512"),
        ] {
            assert_eq!(Question::of(query).unwrap_err().to_string(), expect);
        }
    }
}
