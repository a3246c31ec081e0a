//! Whether the rows of an object say what the object itself says.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Arrival, OF_SERIES, OF_STUDY, frame_count, signed, written};
use crate::error::StoreError;

/// What of an instance's row `i` an object says, and what it is read by.
const OF_INSTANCE: &str = "i.id, i.uid, i.digest, i.size, i.blocks, i.origin, i.arrived_at, i.sop_class, i.instance_number, i.content_date, \
    i.attributes, i.transfer_syntax, i.data_set, i.frame_count, i.frames";

/// The columns of the rows above an instance: of series `e` and study `s`, each under a name with that letter before it. What is missing is empty, its
/// number 0.
pub(crate) fn columns_above() -> String {
    let of = |row: &str, columns: &str| {
        let each =
            columns.split(", ").map(|column| format!("COALESCE({row}.{column}, '') AS {row}_{column}"));
        each.collect::<Vec<_>>().join(", ")
    };
    [
        "COALESCE(e.id, 0) AS e_id, COALESCE(s.id, 0) AS s_id".to_owned(),
        of("e", &format!("uid, {OF_SERIES}")),
        of("s", &format!("uid, {OF_STUDY}")),
    ]
    .join(", ")
}

impl Arrival {
    /// Instances behind the one of number `$1` with the rows above them, `$2` at most.
    pub fn with_rows_above() -> String {
        format!(
            "SELECT {OF_INSTANCE}, {}, i.said, COALESCE(d.study, 0) AS d_study, COALESCE(d.attributes, '') AS d_attributes,
                COALESCE(p.id, 0) AS p_id, COALESCE(p.patient_id, '') AS p_patient_id, COALESCE(p.issuer, '') AS p_issuer
             FROM instances i LEFT JOIN series e ON e.id = i.series LEFT JOIN studies s ON s.id = e.study LEFT JOIN said d ON d.id = i.said
             LEFT JOIN patients p ON p.id = d.patient WHERE i.id > $1 ORDER BY i.id LIMIT $2",
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
        Ok(are(row, texts)? && (is_missing(row, "s_id")? || self.is_in_series(row)? && self.is_said(row)?))
    }

    /// Whether an instance has what it says of the patient, as far as somebody has read that and the patient is there.
    fn is_said(&self, row: &AnyRow) -> Result<bool, StoreError> {
        if is_missing(row, "said")? {
            return Ok(true);
        }
        // Of which site the study is, no object says.
        let patient = [("p_patient_id", self.patient_id.as_str()), ("p_issuer", &self.issuer)];
        let is_in_study = row.try_get::<i64, _>("d_study")? == row.try_get::<i64, _>("s_id")?;
        Ok(is_in_study
            && are(row, [("d_attributes", self.attributes[0].as_str())])?
            && (is_missing(row, "p_id")? || are(row, patient)?))
    }

    /// Whether an earlier version did not write down what it says of the patient.
    pub fn is_unread(row: &AnyRow) -> Result<bool, StoreError> {
        is_missing(row, "said")
    }

    fn is_in_series(&self, row: &AnyRow) -> Result<bool, StoreError> {
        are(row, [("e_uid", self.series_uid.as_str()), ("s_uid", &self.study_uid)])
    }

    /// Whether it says what the rows of series and study above it do.
    pub fn says_above(&self, row: &AnyRow) -> Result<[bool; 2], StoreError> {
        if !self.is_in_series(row)? {
            return Ok([false; 2]);
        }
        let series = are(row, named("e_", OF_SERIES).zip(self.of_series()))?;
        let study = self.of_study();
        let study = are(row, named("s_", OF_STUDY).zip(study.iter().map(String::as_str)))?;
        Ok([series, study])
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
