//! Windows that were held.

use aggregates::{
    id::MerchantId,
    money::Currency,
    rfm::{CutPoints, Day, MethodUsed, SegmentName, WindowClosed},
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, Row, postgres::PgRow};

use super::answers::Bound;
use crate::{
    projection::ProjectionError,
    rfm_segments::{date, day_of},
    sql::{position, timestamp},
};

const TABLE: &str = "read.rfm_windows";
const BAD: ProjectionError = ProjectionError::BadRow(TABLE);

/// A window as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRow {
    pub closed: WindowClosed,
    pub position: u64,
}

/// The newest window, or the newest of all days up to one.
pub async fn newest(
    db: impl PgExecutor<'_>,
    merchant: MerchantId,
    up_to: Option<Day>,
) -> Result<Option<WindowRow>, ProjectionError> {
    Ok(list(db, merchant, up_to.map(Day::next), 1).await?.into_iter().next())
}

/// The newest window that had been closed by then.
pub async fn newest_at(
    db: impl PgExecutor<'_>,
    merchant: MerchantId,
    bound: Bound,
) -> Result<Option<WindowRow>, ProjectionError> {
    let (highest, latest) = bound.limits();
    let row = sqlx::query(
        "select * from read.rfm_windows where merchant = $1 and position <= $2 and closed_at <= $3
          order by position desc limit 1",
    )
    .bind(merchant.0)
    .bind(highest)
    .bind(latest)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest windows first, at most `limit`, of days before the one given.
pub async fn list(
    db: impl PgExecutor<'_>,
    merchant: MerchantId,
    before: Option<Day>,
    limit: i64,
) -> Result<Vec<WindowRow>, ProjectionError> {
    let rows = sqlx::query(
        "select * from read.rfm_windows where merchant = $1 and ($2::date is null or day < $2)
          order by day desc limit $3",
    )
    .bind(merchant.0)
    .bind(before.map(date))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &PgRow) -> Result<WindowRow, ProjectionError> {
    let currency: Option<&str> = row.try_get("currency")?;
    let version: i64 = row.try_get("definition_version")?;
    let closed = WindowClosed {
        day: day_of(row.try_get::<NaiveDate, _>("day")?),
        definition_version: u32::try_from(version).map_err(|_| BAD)?,
        method: method(row.try_get("method")?)?,
        cut_points: CutPoints {
            recency_days: four(row, "recency_days")?,
            orders: four(row, "orders")?,
            spend_minor: four(row, "spend_minor")?,
        },
        currency: currency.map(Currency::parse).transpose().map_err(|_| BAD)?,
        counts: counts(row)?,
        buyers: position(row.try_get("buyers")?),
        orders_through: position(row.try_get("orders_through")?),
        at: timestamp(row.try_get::<DateTime<Utc>, _>("closed_at")?),
    };
    Ok(WindowRow { closed, position: position(row.try_get("position")?) })
}

fn four<T: TryFrom<i64> + Copy>(row: &PgRow, column: &str) -> Result<[T; 4], ProjectionError> {
    let values: Vec<i64> = row.try_get(column)?;
    let values: Vec<T> = values.into_iter().map(T::try_from).collect::<Result<_, _>>().map_err(|_| BAD)?;
    values.try_into().map_err(|_| BAD)
}

fn counts(row: &PgRow) -> Result<Vec<(SegmentName, u64)>, ProjectionError> {
    let (segments, customers): (Vec<String>, Vec<i64>) = (row.try_get("segments")?, row.try_get("customers")?);
    let count =
        |(segment, customers): (String, i64)| Ok((SegmentName::parse(&segment).map_err(|_| BAD)?, position(customers)));
    segments.into_iter().zip(customers).map(count).collect()
}

fn method(word: &str) -> Result<MethodUsed, ProjectionError> {
    let all = [MethodUsed::ValueBands, MethodUsed::FixedThresholds, MethodUsed::FixedThresholdsForFewBuyers];
    all.into_iter().find(|method| method_word(*method) == word).ok_or(BAD)
}

/// The word that tables and documents use.
pub const fn method_word(method: MethodUsed) -> &'static str {
    crate::rfm_segments::method_word(method)
}
