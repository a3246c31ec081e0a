//! What the rows of series and studies say, against what their objects say.
//!
//! Such a row says what its first object said. Which one that was is not in the index where a person has decided for another object since, so a row is
//! right where any of its objects says the same, one that lies aside as well. What is remembered is two bits a row, however many objects there are.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::arrival::{Arrival, columns_above};
use crate::error::StoreError;
use crate::index::Index;

/// Rows that are read at a time.
const PAGE: i64 = 500;

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Above {
    Series,
    Study,
}

impl Above {
    pub const ALL: [Self; 2] = [Self::Series, Self::Study];

    /// Its number in a row of [`columns_above`].
    fn column(self) -> &'static str {
        match self {
            Self::Series => "e_id",
            Self::Study => "s_id",
        }
    }

    fn last(self) -> &'static str {
        match self {
            Self::Series => "SELECT COALESCE(MAX(id), 0) FROM series",
            Self::Study => "SELECT COALESCE(MAX(id), 0) FROM studies",
        }
    }

    /// Rows of which an object is there: their numbers and what they are called, behind the number `$1` and up to `$2`.
    fn with_objects(self) -> &'static str {
        match self {
            Self::Series => {
                "SELECT e.id, e.uid AS at FROM series e WHERE e.id > $1 AND e.id <= $2
                    AND EXISTS (SELECT 1 FROM instances i WHERE i.series = e.id) ORDER BY e.id LIMIT $3"
            }
            Self::Study => {
                "SELECT s.id, s.uid AS at FROM studies s WHERE s.id > $1 AND s.id <= $2
                    AND EXISTS (SELECT 1 FROM series e JOIN instances i ON i.series = e.id WHERE e.study = s.id) ORDER BY s.id LIMIT $3"
            }
        }
    }
}

/// Numbers of rows, a bit each.
#[derive(Default)]
struct Numbers(HashMap<i64, u64>);

impl Numbers {
    fn insert(&mut self, number: i64) {
        *self.0.entry(number >> 6).or_default() |= 1 << (number & 63);
    }

    fn has(&self, number: i64) -> bool {
        self.0.get(&(number >> 6)).is_some_and(|bits| bits >> (number & 63) & 1 == 1)
    }
}

/// Which rows an object was heard to agree with.
pub(crate) struct Heard {
    /// An object says what they do, or one of theirs cannot be read: then nobody knows.
    agreed: [Numbers; 2],
    /// The highest numbers at the beginning. What came later was written by this program a moment ago.
    last: [i64; 2],
}

impl Heard {
    /// Nothing yet.
    pub async fn nothing(index: &Index) -> Result<Self, StoreError> {
        let mut last = [0; 2];
        for (last, above) in last.iter_mut().zip(Above::ALL) {
            *last = sqlx::query_scalar(above.last()).fetch_one(index.pool()).await?;
        }
        Ok(Self { agreed: Default::default(), last })
    }

    /// What an object says of the rows above it; `None` of one that cannot be read.
    pub fn hear(&mut self, row: &AnyRow, arrival: Option<&Arrival>) -> Result<(), StoreError> {
        let agrees = arrival.map_or(Ok([true; 2]), |arrival| arrival.says_above(row))?;
        for ((above, agreed), agrees) in Above::ALL.into_iter().zip(&mut self.agreed).zip(agrees) {
            if agrees {
                agreed.insert(row.try_get(above.column())?);
            }
        }
        Ok(())
    }

    /// The same of an object that lies aside, under what it says itself or, where it cannot be read, under what its row does.
    pub async fn hear_aside(
        &mut self,
        index: &Index,
        (study_uid, series_uid): (&str, &str),
        arrival: Option<&Arrival>,
    ) -> Result<(), StoreError> {
        let text = format!(
            "SELECT {} FROM studies s LEFT JOIN series e ON e.study = s.id AND e.uid = $2 WHERE s.uid = $1",
            columns_above()
        );
        // Its text is made of the words of this crate alone.
        let row = sqlx::query(AssertSqlSafe(text)).bind(study_uid).bind(series_uid);
        if let Some(row) = row.fetch_optional(index.pool()).await? {
            self.hear(&row, arrival)?;
        }
        Ok(())
    }

    /// Rows that none of their objects agrees with, a page of them behind the number `after`, and the number to go on behind.
    pub async fn disagreed(
        &self,
        index: &Index,
        above: Above,
        after: i64,
    ) -> Result<(Vec<(i64, String)>, Option<i64>), StoreError> {
        let rows = sqlx::query(above.with_objects()).bind(after).bind(self.last[above as usize]).bind(PAGE);
        let rows = rows.fetch_all(index.pool()).await?;
        let (mut disagreed, mut next) = (Vec::new(), None);
        for row in rows {
            let number: i64 = row.try_get("id")?;
            next = Some(number);
            if !self.agreed[above as usize].has(number) {
                disagreed.push((number, row.try_get("at")?));
            }
        }
        Ok((disagreed, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_there_once_it_was_put_there() {
        let mut numbers = Numbers::default();
        let some = [0, 1, 63, 64, 1 << 40, i64::MAX, -1];
        assert!(some.iter().all(|number| !numbers.has(*number)));
        for (at, number) in some.iter().enumerate() {
            numbers.insert(*number);
            let there: Vec<bool> = some.iter().map(|number| numbers.has(*number)).collect();
            assert!(there.iter().enumerate().all(|(of, there)| *there == (of <= at)), "{there:?}");
        }
    }
}
