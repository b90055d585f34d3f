//! `leaderboards`: what customers have earned, net of what went back, by week, by month and altogether.
//!
//! It is the ledger, added up: lines of what was earned and of what went back, each in the week and month in which that
//! happened by the shop's own calendar. Where the shop changes its time zone, lines stay where they are.

mod board;
mod query;
mod scores;

use std::{collections::HashMap, sync::Arc};

use aggregates::{
    Context,
    customer::CustomerEvent,
    id::MerchantId,
    points::PointsEvent,
    program::ProgramEvent,
    rfm::{Calendar, TimeZoneName},
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    points_transactions::{LineKind, lines_of},
    projection::{Projection, ProjectionError, Tables, events_of},
};

pub use board::{Board, NotABoard};
pub use query::{Metric, Place, best, place_of, scores_of};

use scores::Scores;

pub struct Leaderboards;

const TABLES: [&str; 3] = ["read.leaderboard_scores", "read.leaderboard_shops", "read.leaderboard_apart"];

impl Leaderboards {
    pub const NAME: &'static str = "leaderboards";
}

impl Projection for Leaderboards {
    const NAME: &'static str = Leaderboards::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Customer, Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut calendars = Calendars::of_shops_in(transaction, batch).await?;
        let mut scores = Scores::default();
        for commit in batch {
            match (commit.subject.context, commit.subject.id) {
                (Context::Points, SubjectId::Uuid(customer)) => {
                    for event in events_of::<PointsEvent>(commit)? {
                        if let PointsEvent::AccountAbsorbed(absorbed) = &event {
                            // A merge moves all rows that are there, so those of before it must be there.
                            scores.write(transaction).await?;
                            scores::merge(transaction, commit, absorbed.from.0, customer).await?;
                        }
                        let lines = lines_of(&event, commit.commit.recorded_at);
                        let counts = |kind| matches!(kind, LineKind::Earn | LineKind::Reversal);
                        for line in lines.iter().filter(|line| counts(line.kind)) {
                            let day = calendars.of(commit.subject.merchant).day_of(line.occurred_at);
                            scores.add(commit, customer, day, line.points);
                        }
                    }
                }
                (Context::Customer, SubjectId::Uuid(customer)) => {
                    for event in events_of::<CustomerEvent>(commit)? {
                        set_apart(transaction, commit.subject.merchant, customer, &event).await?;
                    }
                }
                (Context::Program, _) => {
                    for event in events_of::<ProgramEvent>(commit)? {
                        let ProgramEvent::SettingsPublished(version) = event;
                        calendars.change(transaction, commit.subject.merchant, &version.settings.rfm.time_zone).await?;
                    }
                }
                _ => {}
            }
        }
        scores.write(transaction).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

/// The calendars of the shops that a batch is about.
struct Calendars(HashMap<MerchantId, Calendar>);

impl Calendars {
    async fn of_shops_in(transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<Self, ProjectionError> {
        let mut shops: Vec<Uuid> = batch.iter().map(|commit| commit.subject.merchant.0).collect();
        shops.sort_unstable();
        shops.dedup();
        let zones: Vec<(Uuid, String)> =
            sqlx::query_as("select merchant, time_zone from leaderboard_shops where merchant = any($1)")
                .bind(shops)
                .fetch_all(transaction)
                .await?;
        let calendar = |(merchant, zone)| (MerchantId(merchant), calendar(&TimeZoneName(zone)));
        Ok(Calendars(zones.into_iter().map(calendar).collect()))
    }

    fn of(&mut self, merchant: MerchantId) -> &Calendar {
        self.0.entry(merchant).or_insert_with(Calendar::utc)
    }

    async fn change(
        &mut self,
        transaction: &mut PgConnection,
        merchant: MerchantId,
        zone: &TimeZoneName,
    ) -> Result<(), sqlx::Error> {
        self.0.insert(merchant, calendar(zone));
        sqlx::query(
            "insert into leaderboard_shops (merchant, time_zone) values ($1, $2)
             on conflict (merchant) do update set time_zone = excluded.time_zone",
        )
        .bind(merchant.0)
        .bind(&zone.0)
        .execute(transaction)
        .await
        .map(drop)
    }
}

/// Settings accept only zones that are known; one that a later release no longer knows is read as UTC.
fn calendar(zone: &TimeZoneName) -> Calendar {
    Calendar::of(zone).unwrap_or_else(|_| Calendar::utc())
}

/// Who is not shown any more, or again.
async fn set_apart(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    customer: Uuid,
    event: &CustomerEvent,
) -> Result<(), sqlx::Error> {
    let (column, value) = match event {
        CustomerEvent::LeaderboardChosen(chosen) => ("opted_out", chosen.opt_out),
        CustomerEvent::Restricted(_) => ("restricted", true),
        CustomerEvent::RestrictionLifted(_) => ("restricted", false),
        CustomerEvent::Fenced(_) | CustomerEvent::MergedInto(_) => ("gone", true),
        _ => return Ok(()),
    };
    let statement = format!(
        "insert into leaderboard_apart (merchant, customer, {column}) values ($1, $2, $3)
         on conflict (merchant, customer) do update set {column} = excluded.{column}"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(customer)
        .bind(value)
        .execute(transaction)
        .await
        .map(drop)
}
