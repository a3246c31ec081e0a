//! Orders as workitems (Unified Procedure Step, PS3.4 Annex CC): whoever shall do one claims it by a transaction of their own, and ends it by that.

use crate::error::StoreError;
use crate::index::now_ms;
use crate::orders::{COLUMNS, OrderState, Ordered, ordered};
use crate::performed::stands_now;
use crate::{Store, audit, events};

/// The answer to who wants to claim a workitem or to end it (PS3.4 Table CC.1.1-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkitemAnswer {
    /// It is written down.
    Taken,
    /// There is no such workitem.
    Unknown,
    /// Nobody has claimed it: it cannot be ended.
    NotBegun,
    /// It is claimed already.
    Begun,
    /// It was claimed by another transaction, or a modality performs it.
    Anothers,
    /// It is completed or cancelled, and stays so.
    Final,
}

/// What is wanted of a workitem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// IN PROGRESS.
    Begun,
    /// COMPLETED.
    Completed,
    /// CANCELED.
    Cancelled,
}

#[rustfmt::skip] // Read as a table.
const fn answer(now: OrderState, wanted: Claimed, is_theirs: bool) -> WorkitemAnswer {
    use OrderState::{Scheduled, Started};
    match (now, wanted, is_theirs) {
        (Scheduled, Claimed::Begun, _) => WorkitemAnswer::Taken,
        (Scheduled, _, _)              => WorkitemAnswer::NotBegun,
        (Started, Claimed::Begun, _)   => WorkitemAnswer::Begun,
        (Started, _, true)             => WorkitemAnswer::Taken,
        (Started, _, false)            => WorkitemAnswer::Anothers,
        _                              => WorkitemAnswer::Final,
    }
}

impl Store {
    /// Orders in any state that begin within `days` (`YYYYMMDD`, both included; an empty one is no end), after the one of number `after`, in the order of
    /// their numbers.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn orders(&self, days: [&str; 2], after: i64) -> Result<Vec<Ordered>, StoreError> {
        self.orders_in("TRUE", days, after).await
    }

    /// The order that is this workitem.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn workitem(&self, workitem_uid: &str) -> Result<Option<Ordered>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM orders WHERE workitem_uid = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(workitem_uid);
        let found = row.fetch_optional(self.inner.index.pool()).await?.as_ref().map(ordered).transpose()?;
        Ok(found.filter(|order| self.sight.reaches(&order.site)))
    }

    /// Claims a workitem by a transaction, or ends it by the one that claimed it.
    ///
    /// # Errors
    /// [`StoreError`] of the index; nothing is written down then.
    pub async fn claim(
        &self,
        workitem_uid: &str,
        wanted: Claimed,
        transaction_uid: &str,
        who: &str,
    ) -> Result<WorkitemAnswer, StoreError> {
        let mut writing = self.inner.index.write().await?;
        // Holds the row until the end.
        let statement = format!(
            "UPDATE orders SET workitem_uid = workitem_uid WHERE workitem_uid = $1 RETURNING {COLUMNS}, transaction_uid, own_state"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(workitem_uid);
        let Some(row) = row.fetch_optional(&mut *writing).await? else { return Ok(WorkitemAnswer::Unknown) };
        let kept = ordered(&row)?;
        if !self.sight.reaches(&kept.site) {
            return Ok(WorkitemAnswer::Unknown);
        }
        let [by, own]: [String; 2] =
            [sqlx::Row::try_get(&row, "transaction_uid")?, sqlx::Row::try_get(&row, "own_state")?];
        // What was claimed is ended by whoever claimed it, whatever a modality performs of it besides.
        let now = if by.is_empty() { Some(kept.state) } else { OrderState::of(&own) };
        let now = now.ok_or(StoreError::Missing("state of an order"))?;
        let answer = answer(now, wanted, !by.is_empty() && by == transaction_uid);
        if answer != WorkitemAnswer::Taken {
            return Ok(answer);
        }
        let (own, event) = match wanted {
            Claimed::Begun => (OrderState::Started, "step-begun"),
            Claimed::Completed => (OrderState::Completed, "step-completed"),
            Claimed::Cancelled => (OrderState::Discontinued, "step-discontinued"),
        };
        let state = stands_now(&mut writing, kept.id, own).await?;
        sqlx::query("UPDATE orders SET state = $2, own_state = $3, transaction_uid = $4 WHERE id = $1")
            .bind(kept.id)
            .bind(state.word())
            .bind(own.word())
            .bind(transaction_uid)
            .execute(&mut *writing)
            .await?;
        events::put(&mut writing, now_ms(), event, &kept.study_uid, "", "").await?;
        audit::put(&mut writing, who, "claim-workitem", &format!("order {}: {}", kept.id, own.word()))
            .await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_claimed_a_workitem_ends_it_and_once() {
        let ends = [Claimed::Completed, Claimed::Cancelled];
        for wanted in ends {
            assert_eq!(answer(OrderState::Scheduled, wanted, true), WorkitemAnswer::NotBegun);
            assert_eq!(answer(OrderState::Started, wanted, true), WorkitemAnswer::Taken);
            assert_eq!(answer(OrderState::Started, wanted, false), WorkitemAnswer::Anothers);
        }
        for wanted in ends.into_iter().chain([Claimed::Begun]) {
            for last in [OrderState::Completed, OrderState::Discontinued, OrderState::Cancelled] {
                assert_eq!(answer(last, wanted, true), WorkitemAnswer::Final);
            }
        }
    }
}
