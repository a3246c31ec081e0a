//! Rows of one table, written by few statements: each statement goes to the database's thread or machine and back.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _};

use crate::error::StoreError;

/// Values of one statement. SQLite looks for the name of each (`$1`) among all before it, so that many more would take longer, not less.
pub(crate) const BOUND: usize = 512;

/// Rows of one table.
pub(crate) struct Rows<const N: usize> {
    columns: [&'static str; N],
    cells: Vec<Cell>,
}

/// What a column of a row holds.
pub(crate) enum Cell {
    Text(String),
    Number(i64),
}

impl<const N: usize> Rows<N> {
    pub fn of(columns: [&'static str; N]) -> Self {
        Self { columns, cells: Vec::new() }
    }

    pub fn push(&mut self, row: [Cell; N]) {
        self.cells.extend(row);
    }

    /// Writes them into a table; `after` says what becomes of those that are there. Gives the numbers that the database gave, by a text column, where
    /// that is wanted.
    pub async fn write(
        &self,
        connection: &mut AnyConnection,
        table: &str,
        after: &str,
        by: Option<&str>,
    ) -> Result<HashMap<String, i64>, StoreError> {
        let returning = by.map(|by| format!(" RETURNING id AS given, {by} AS said")).unwrap_or_default();
        let mut numbers = HashMap::new();
        for some in self.cells.chunks(BOUND / N * N) {
            let values = (0..some.len()).step_by(N).map(|row| format!("({})", places(row + 1..=row + N)));
            let text = format!(
                "INSERT INTO {table} ({}) VALUES {}{after}{returning}",
                self.columns.join(", "),
                values.collect::<Vec<_>>().join(", ")
            );
            // Its text is made of the words of this file alone.
            let mut statement = sqlx::query(AssertSqlSafe(text));
            for cell in some {
                statement = cell.bound_to(statement);
            }
            for row in statement.fetch_all(&mut *connection).await? {
                numbers.insert(row.try_get("said")?, row.try_get("given")?);
            }
        }
        Ok(numbers)
    }
}

/// The places of values in a statement, by their numbers.
pub(crate) fn places(numbers: RangeInclusive<usize>) -> String {
    let places: Vec<String> = numbers.map(|number| format!("${number}")).collect();
    places.join(", ")
}

impl Cell {
    /// The statement with this as its next value.
    pub fn bound_to<'q>(&self, statement: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        match self {
            Self::Text(text) => statement.bind(text.as_str()),
            Self::Number(number) => statement.bind(*number),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
