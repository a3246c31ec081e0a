//! Orders as a desk has them that registers who comes: a day's list, a new one with a number of this house, and what of one is said otherwise.

use serde::Deserialize;

use crate::Store;
use crate::error::StoreError;
use crate::orders::{COLUMNS, Order, OrderState, Ordered, ordered};

/// What shall be said otherwise of an order; what is `None` stays.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrderChange {
    /// Patient ID.
    pub patient_id: Option<String>,
    /// Patient's Name in DICOM's form.
    pub patient_name: Option<String>,
    /// Patient's Birth Date, `YYYYMMDD`.
    pub birth_date: Option<String>,
    /// Patient's Sex: `F`, `M` or `O`.
    pub sex: Option<String>,
    /// Accession Number.
    pub accession: Option<String>,
    /// Requested Procedure Description, and that of the step where it was the same.
    pub procedure: Option<String>,
    /// Modality.
    pub modality: Option<String>,
    /// Scheduled Station AE Title.
    pub station: Option<String>,
    /// Scheduled Procedure Step Start Date, `YYYYMMDD`.
    pub date: Option<String>,
    /// Scheduled Procedure Step Start Time, `HHMM` or `HHMMSS`.
    pub time: Option<String>,
}

impl OrderChange {
    /// Says it of an order, for [`Store::change_order`].
    pub fn apply(self, order: &mut Order) {
        // A step that was described as its procedure still is.
        if self.procedure.is_some() && order.step == order.procedure {
            order.step.clear();
        }
        for (said, text) in [
            (self.patient_id, &mut order.patient_id),
            (self.patient_name, &mut order.patient_name),
            (self.birth_date, &mut order.birth_date),
            (self.sex, &mut order.sex),
            (self.accession, &mut order.accession),
            (self.procedure, &mut order.procedure),
            (self.modality, &mut order.modality),
            (self.station, &mut order.station),
            (self.date, &mut order.date),
            (self.time, &mut order.time),
        ] {
            if let Some(said) = said {
                *text = said;
            }
        }
    }
}

/// Which orders are listed: all of them by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderList<'a> {
    /// Those that begin that day, `YYYYMMDD`; an empty one is every day.
    pub day: &'a str,
    /// Those that stand so.
    pub state: Option<OrderState>,
    /// Those that come after one of this start and this number ([`Ordered::start`], [`Ordered::id`]).
    pub after: Option<(&'a str, i64)>,
}

impl Store {
    /// As [`Self::add_order`], of a site that is seen (empty: the one that this store's [`Sight`](crate::Sight) is at home in).
    ///
    /// # Errors
    /// As [`Self::add_order`]; a site that is not seen is none, and where there are several one of them must be said.
    pub async fn register_order(&self, order: &Order, site: &str, who: &str) -> Result<Ordered, StoreError> {
        let site = if site.is_empty() { self.sight.home() } else { site };
        if site.is_empty() && self.sites().await?.len() > 1 {
            return Err(StoreError::Unfit("site is missing: there are several".to_owned()));
        }
        if !site.is_empty() && site != self.sight.home() && !self.sight.reaches(site) {
            return Err(StoreError::Missing("site"));
        }
        self.seeing(self.sight.at(site)).add_order(order, who).await
    }

    /// At most so many orders, by their start and then by their number.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn list_orders(&self, which: OrderList<'_>, most: u32) -> Result<Vec<Ordered>, StoreError> {
        let OrderList { day, state, after } = which;
        let last = format!("{day}~");
        let (start, id) = after.unwrap_or(("", 0));
        let of_state = state.map_or_else(String::new, |state| format!("AND state = '{}'", state.word()));
        // The sites that are seen come after the five values before them.
        let mut values = vec![String::new(); 5];
        let seen = self.sight.condition("site", &mut values).unwrap_or_else(|| "TRUE".to_owned());
        let statement = format!(
            "SELECT {COLUMNS} FROM orders WHERE start_at >= $1 AND start_at <= $2 AND (start_at > $3 OR (start_at = $3 AND id > $4))
             AND {seen} {of_state} ORDER BY start_at, id LIMIT $5"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(day)
            .bind(last)
            .bind(start)
            .bind(id)
            .bind(i64::from(most));
        for site in values.into_iter().skip(5) {
            query = query.bind(site);
        }
        let rows = query.fetch_all(self.inner.index.pool()).await?;
        rows.iter().map(ordered).collect()
    }
}
