//! Ledger lines as they come, copied into a table that has no indexes yet. Whoever is forgotten meanwhile is noted beside
//! it, and loses what was sealed for them when the rows can be found.

use aggregates::{Context, points::PointsEvent};
use futures::{FutureExt, future::BoxFuture};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{LedgerRow, TABLE, lines_of};
use crate::{
    copy::Copy,
    erasure,
    generation::bulk::Bulk,
    projection::{ProjectionError, events_of},
};

/// Bytes of rows that wait to be copied.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

const COLUMNS: &str =
    "points_transactions (merchant, customer, recorded_at, position, line, id, type, points, occurred_at,
     available_at, reference_kind, reference_id, reference, reason)";

#[derive(Default)]
pub(super) struct Lines {
    copy: Copy,
    /// People behind whose fence the log has come; no person means a whole shop.
    forgotten: Vec<(Uuid, Option<Uuid>)>,
}

impl Lines {
    fn add(&mut self, row: &LedgerRow<'_>) {
        let line = &row.line;
        self.copy
            .row(14)
            .uuid(row.commit.subject.merchant.0)
            .uuid(row.customer)
            .timestamp(row.commit.commit.recorded_at)
            .position(row.commit.position)
            .smallint(row.number())
            .uuid(row.id())
            .text(line.kind.as_str())
            .bigint(line.points)
            .timestamp(line.occurred_at)
            .maybe(line.available_at, Copy::timestamp)
            .text(line.reference.kind())
            .maybe(line.reference.id(), Copy::uuid)
            .maybe(line.reference.sealed(), Copy::bytes)
            .maybe(line.reason.as_ref().map(|reason| reason.ciphertext()), Copy::bytes);
    }

    async fn note_forgotten(&mut self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.forgotten.is_empty() {
            return Ok(());
        }
        let (merchants, people): (Vec<Uuid>, Vec<Option<Uuid>>) =
            std::mem::take(&mut self.forgotten).into_iter().unzip();
        sqlx::query("create table if not exists forgotten (merchant uuid not null, person uuid)")
            .execute(&mut *db)
            .await?;
        sqlx::query("insert into forgotten select * from unnest($1::uuid[], $2::uuid[])")
            .bind(merchants)
            .bind(people)
            .execute(db)
            .await
            .map(drop)
    }
}

impl Bulk for Lines {
    fn resume<'a>(&'a mut self, _: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError> {
        if let Some(merchant) = erasure::merchant_erased_by(commit)? {
            self.forgotten.push((merchant.0, None));
        }
        let (Context::Points, SubjectId::Uuid(customer)) = (commit.subject.context, commit.subject.id) else {
            return Ok(());
        };
        let events: Vec<PointsEvent> = events_of(commit)?;
        if events.iter().any(|event| matches!(event, PointsEvent::AccountFenced(_))) {
            self.forgotten.push((commit.subject.merchant.0, Some(customer)));
        }
        let lines = events.iter().flat_map(|event| lines_of(event, commit.commit.recorded_at));
        for (index, line) in lines.enumerate() {
            self.add(&LedgerRow { commit, customer, index, line });
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.copy.weight() >= WAITING_BYTES_MAX
    }

    fn has_outgrown(&self) -> bool {
        false
    }

    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            self.copy.send(db, COLUMNS).await?;
            Ok(self.note_forgotten(db).await?)
        }
        .boxed()
    }

    fn finish<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let any: bool =
                sqlx::query_scalar("select to_regclass('forgotten') is not null").fetch_one(&mut *db).await?;
            if any {
                forget(db).await?;
                sqlx::query("drop table forgotten").execute(db).await?;
            }
            Ok(())
        }
        .boxed()
    }
}

async fn forget(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let forgotten: Vec<(Uuid, Option<Uuid>)> =
        sqlx::query_as("select distinct merchant, person from forgotten").fetch_all(&mut *db).await?;
    for (merchant, person) in forgotten {
        match person {
            Some(person) => erasure::scrub_own(db, TABLE, merchant, &[person]).await?,
            None => erasure::forget_own(db, TABLE, &[merchant]).await?,
        };
    }
    Ok(())
}
