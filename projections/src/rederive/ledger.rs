//! `points_transactions` once more: both the log and the table tell their lines in one order, so they are compared as they
//! come, and neither is held. References and reasons are sealed, and erasure empties them: they are not compared.

use std::{borrow::Cow, cmp::Ordering, collections::VecDeque};

use aggregates::{id::MerchantId, points::PointsEvent, time::Timestamp};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{Deviation, Difference, cursor::Cursor};
use crate::{
    points_transactions::{LedgerRow, PointsTransactions, lines_of},
    projection::ProjectionError,
    sql::{position, timestamp},
};

/// Lines that come together before they are compared.
const LINES: usize = 4_096;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    position: u64,
    line: i16,
    merchant: Uuid,
    customer: Uuid,
    id: Uuid,
    kind: Cow<'static, str>,
    points: i64,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    available_at: Option<Timestamp>,
    reference_kind: Cow<'static, str>,
    reference_id: Option<Uuid>,
}

pub(super) struct Ledger {
    up_to: u64,
    rows: Cursor,
    derived: VecDeque<Line>,
    there: VecDeque<Line>,
}

impl Ledger {
    pub async fn up_to(up_to: u64, only: Option<MerchantId>, db: &mut PgConnection) -> Result<Self, ProjectionError> {
        let columns = "merchant, customer, recorded_at, position, line, id, type, points, occurred_at, available_at,
                       reference_kind, reference_id from read.points_transactions";
        let rows = Cursor::open(db, "ledger_there", columns, only, "position, line").await?;
        Ok(Ledger { up_to, rows, derived: VecDeque::new(), there: VecDeque::new() })
    }

    pub fn take_in(&mut self, commit: &Positioned, customer: Uuid, events: &[PointsEvent]) {
        if commit.position <= self.up_to {
            let lines = events.iter().flat_map(|event| lines_of(event, commit.commit.recorded_at));
            let lines = lines.enumerate().map(|(index, line)| Line::of(LedgerRow { commit, customer, index, line }));
            self.derived.extend(lines);
        }
    }

    pub async fn settle(
        &mut self,
        db: &mut PgConnection,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), ProjectionError> {
        if self.derived.len() >= LINES { self.compare(db, deviations).await } else { Ok(()) }
    }

    pub async fn finish(
        &mut self,
        db: &mut PgConnection,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), ProjectionError> {
        self.compare(db, deviations).await?;
        while self.fetch(db).await? {
            let invented = self.there.drain(..).map(|line| line.deviates(Difference::Invented));
            deviations.extend(invented);
        }
        Ok(())
    }

    /// Compares everything that was derived with what stands in its place.
    async fn compare(&mut self, db: &mut PgConnection, deviations: &mut Vec<Deviation>) -> Result<(), ProjectionError> {
        while let Some(derived) = self.derived.pop_front() {
            loop {
                self.fetch(db).await?;
                match self.there.front().map_or(Ordering::Greater, |there| there.place().cmp(&derived.place())) {
                    Ordering::Less => {
                        deviations.extend(self.there.pop_front().map(|line| line.deviates(Difference::Invented)));
                        continue;
                    }
                    Ordering::Greater => deviations.push(derived.deviates(Difference::Missing)),
                    Ordering::Equal => {
                        let there = self.there.pop_front();
                        let column = there.and_then(|there| derived.difference(&there));
                        deviations.extend(column.map(|column| derived.deviates(Difference::Differs(column))));
                    }
                }
                break;
            }
        }
        Ok(())
    }

    /// Makes sure that there is a row to look at. False at the end of the table.
    async fn fetch(&mut self, db: &mut PgConnection) -> Result<bool, ProjectionError> {
        if self.there.is_empty() {
            let rows = self.rows.next(db).await?;
            self.there = rows.iter().map(Line::read).collect::<Result<_, _>>()?;
        }
        Ok(!self.there.is_empty())
    }
}

impl Line {
    fn of(row: LedgerRow<'_>) -> Self {
        Line {
            position: row.commit.position,
            line: row.number(),
            merchant: row.commit.subject.merchant.0,
            customer: row.customer,
            id: row.id(),
            kind: row.line.kind.as_str().into(),
            points: row.line.points,
            recorded_at: row.commit.commit.recorded_at,
            occurred_at: row.line.occurred_at,
            available_at: row.line.available_at,
            reference_kind: row.line.reference.kind().into(),
            reference_id: row.line.reference.id(),
        }
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let time = |column: &str| row.try_get::<DateTime<Utc>, _>(column).map(timestamp);
        Ok(Line {
            position: position(row.try_get("position")?),
            line: row.try_get("line")?,
            merchant: row.try_get("merchant")?,
            customer: row.try_get("customer")?,
            id: row.try_get("id")?,
            kind: row.try_get::<String, _>("type")?.into(),
            points: row.try_get("points")?,
            recorded_at: time("recorded_at")?,
            occurred_at: time("occurred_at")?,
            available_at: row.try_get::<Option<DateTime<Utc>>, _>("available_at")?.map(timestamp),
            reference_kind: row.try_get::<String, _>("reference_kind")?.into(),
            reference_id: row.try_get("reference_id")?,
        })
    }

    fn place(&self) -> (u64, i16) {
        (self.position, self.line)
    }

    fn difference(&self, there: &Line) -> Option<&'static str> {
        let differs = [
            ("merchant", self.merchant != there.merchant),
            ("customer", self.customer != there.customer),
            ("points", self.points != there.points),
            ("type", self.kind != there.kind),
            ("id", self.id != there.id),
            ("recorded_at", self.recorded_at != there.recorded_at),
            ("occurred_at", self.occurred_at != there.occurred_at),
            ("available_at", self.available_at != there.available_at),
            ("reference_kind", self.reference_kind != there.reference_kind),
            ("reference_id", self.reference_id != there.reference_id),
        ];
        differs.into_iter().find(|(_, differs)| *differs).map(|(column, _)| column)
    }

    fn deviates(&self, difference: Difference) -> Deviation {
        Deviation {
            read_model: PointsTransactions::NAME,
            merchant: MerchantId(self.merchant),
            customer: self.customer,
            position: self.position,
            difference,
        }
    }
}
