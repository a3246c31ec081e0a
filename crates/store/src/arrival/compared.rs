//! Whether the rows of an object say what the object itself says.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Arrival, OF_PATIENT, OF_SERIES, OF_STUDY, frame_count, signed, written};
use crate::error::StoreError;

/// What of an instance's row `i` an object says, and what it is read by.
const OF_INSTANCE: &str = "i.id, i.uid, i.digest, i.size, i.blocks, i.origin, i.arrived_at, i.sop_class, i.instance_number, i.content_date, \
    i.attributes, i.transfer_syntax, i.data_set, i.frame_count, i.frames";

/// The columns of the rows above an instance: of series `e`, study `s` and patient `p`, each under a name with that letter before it. What is missing is
/// empty, its number 0.
pub(crate) fn columns_above() -> String {
    let of = |row: &str, columns: &str| {
        let each =
            columns.split(", ").map(|column| format!("COALESCE({row}.{column}, '') AS {row}_{column}"));
        each.collect::<Vec<_>>().join(", ")
    };
    [
        "COALESCE(e.id, 0) AS e_id, COALESCE(s.id, 0) AS s_id, COALESCE(p.id, 0) AS p_id".to_owned(),
        of("e", &format!("uid, {OF_SERIES}")),
        of("s", &format!("uid, {OF_STUDY}")),
        of("p", &format!("patient_id, issuer, {OF_PATIENT}")),
    ]
    .join(", ")
}

impl Arrival {
    /// Instances behind the one of number `$1` with the rows above them, `$2` at most.
    pub fn with_rows_above() -> String {
        format!(
            "SELECT {OF_INSTANCE}, {} FROM instances i LEFT JOIN series e ON e.id = i.series LEFT JOIN studies s ON s.id = e.study
             LEFT JOIN patients p ON p.id = s.own_patient WHERE i.id > $1 ORDER BY i.id LIMIT $2",
            columns_above()
        )
    }

    /// Whether the row of its instance says what it says, and is in its series and study, as far as these are there.
    pub fn is_said_by_instance(&self, row: &AnyRow) -> Result<bool, StoreError> {
        let texts = [
            ("uid", self.instance_uid.as_str()),
            ("sop_class", self.sop_class_uid()),
            ("instance_number", self.text(0x0020, 0x0013)),
            ("content_date", self.text(0x0008, 0x0023)),
            ("attributes", &self.attributes[3]),
            ("transfer_syntax", &self.outline.transfer_syntax_uid),
            ("frames", &written(self.outline.frames.as_ref())),
        ];
        let numbers = [
            ("data_set", signed(self.outline.data_set)),
            ("frame_count", frame_count(&self.outline, self.object.size)),
        ];
        for (column, said) in numbers {
            if row.try_get::<i64, _>(column)? != said {
                return Ok(false);
            }
        }
        Ok(are(row, texts)? && (is_missing(row, "s_id")? || self.is_in_series(row)?))
    }

    fn is_in_series(&self, row: &AnyRow) -> Result<bool, StoreError> {
        are(row, [("e_uid", self.series_uid.as_str()), ("s_uid", &self.study_uid)])
    }

    /// Whether it says what the rows of series, study and patient above it do.
    pub fn says_above(&self, row: &AnyRow) -> Result<[bool; 3], StoreError> {
        if !self.is_in_series(row)? {
            return Ok([false; 3]);
        }
        let of_patient = are(row, [("p_patient_id", self.patient_id.as_str()), ("p_issuer", &self.issuer)])?;
        let series = are(row, named("e_", OF_SERIES).zip(self.of_series()))?;
        let study = self.of_study();
        let study = of_patient && are(row, named("s_", OF_STUDY).zip(study.iter().map(String::as_str)))?;
        let [name_key, birth_date, sex] = self.said.compared.each_ref().map(String::as_str);
        let patient = [name_key, birth_date, sex, &self.attributes[0]];
        let patient = of_patient && are(row, named("p_", OF_PATIENT).zip(patient))?;
        Ok([series, study, patient])
    }

    /// What a patient of a site is known by: identifier, issuer, and what keeps them apart from others.
    pub fn patient_key<'a>(&'a self, site: &'a str) -> [&'a str; 3] {
        [&self.patient_id, &self.issuer, self.apart(site)]
    }

    /// Whether it says what the row of a patient does, whose identifier it has.
    pub fn says_patient_alone(&self, row: &AnyRow) -> Result<bool, StoreError> {
        let [name_key, birth_date, sex] = self.said.compared.each_ref().map(String::as_str);
        are(row, OF_PATIENT.split(", ").zip([name_key, birth_date, sex, &self.attributes[0]]))
    }
}

fn named(before: &str, columns: &'static str) -> impl Iterator<Item = String> {
    columns.split(", ").map(move |column| format!("{before}{column}"))
}

fn is_missing(row: &AnyRow, column: &str) -> Result<bool, StoreError> {
    Ok(row.try_get::<i64, _>(column)? == 0)
}

/// Whether all these columns have these texts.
fn are<'a>(
    row: &AnyRow,
    said: impl IntoIterator<Item = (impl AsRef<str>, &'a str)>,
) -> Result<bool, StoreError> {
    for (column, said) in said {
        if row.try_get::<&str, _>(column.as_ref())? != said {
            return Ok(false);
        }
    }
    Ok(true)
}
