//! What each event does to the rows.

use aggregates::{
    customer::{CustomerEvent, ReferralLink},
    referral::{ClicksCounted, FriendIdentified, ReferralEvent, Signal, Status},
    time::Timestamp,
};
use journal::{Positioned, SubjectId};
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgArguments, query::Query};
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, timestamptz},
};

type Change = Query<'static, sqlx::Postgres, PgArguments>;

/// The friend's order counts up to and with this moment: it is too late right after it.
const fn right_after(moment: Timestamp) -> Timestamp {
    Timestamp(moment.0.saturating_add(1))
}

pub(super) async fn referral(
    transaction: &mut PgConnection,
    commit: &Positioned,
    event: &ReferralEvent,
) -> Result<(), ProjectionError> {
    if let ReferralEvent::ClicksCounted(counted) = event {
        return clicks(transaction, commit, counted).await;
    }
    let SubjectId::Uuid(referral) = commit.subject.id else { return Ok(()) };
    let change = match event {
        ReferralEvent::FriendIdentified(event) => identified(commit, referral, event),
        event => follow_up(commit, referral, event),
    };
    change.execute(transaction).await?;
    Ok(())
}

fn identified(commit: &Positioned, referral: Uuid, event: &FriendIdentified) -> Change {
    sqlx::query(
        "insert into referrals
            (merchant, referral, customer, advocate, link, source, status, signals, program_version, identified_at,
             order_by, due_at, touched, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
    )
    .bind(commit.subject.merchant.0)
    .bind(referral)
    .bind(event.friend.0)
    .bind(event.advocate.0)
    .bind(event.link.0)
    .bind(event.source.as_str())
    .bind(Status::Waiting.as_str())
    .bind(words(&event.evidence.matched))
    .bind(i64::from(event.program_version))
    .bind(timestamptz(event.at))
    .bind(timestamptz(event.order_by))
    .bind(timestamptz(right_after(event.order_by)))
    .bind(bigint(commit.position))
}

/// Everything after the first event. `$4` is how far the log was looked at; values of the columns follow.
fn follow_up(commit: &Positioned, referral: Uuid, event: &ReferralEvent) -> Change {
    let set = |columns: &str| changed(commit, referral, columns).bind(bigint(event.through()));
    const SIGNALS: &str = "array(select distinct unnest(signals || $5::text[]) order by 1)";
    match event {
        ReferralEvent::EvidenceAdded(event) => {
            set(&format!("signals = {SIGNALS}, touched = $3")).bind(words(&event.evidence.matched))
        }
        ReferralEvent::Qualified(event) => {
            set("status = $5, cause = null, order_token = $6, order_processed_at = $7, hold_until = $8, due_at = $8")
                .bind(Status::Pending.as_str())
                .bind(event.order.0.to_vec())
                .bind(timestamptz(event.processed_at))
                .bind(timestamptz(event.hold_until))
        }
        ReferralEvent::HeldForReview(event) => set(&format!("status = $6, signals = {SIGNALS}, due_at = null"))
            .bind(words(&event.signals))
            .bind(Status::InReview.as_str()),
        ReferralEvent::Approved(_) => set(
            "status = case when order_token is null then $5 else $6 end, cause = null, closed = false, touched = $3,
             due_at = coalesce(hold_until, order_by + interval '1 microsecond')",
        )
        .bind(Status::Waiting.as_str())
        .bind(Status::Pending.as_str()),
        ReferralEvent::Completed(event) => {
            set("status = $5, advocate_points = $6, friend_points = $7, paid_at = $8, due_at = null")
                .bind(Status::Completed.as_str())
                .bind(event.advocate.points)
                .bind(event.friend.points)
                .bind(timestamptz(event.at))
        }
        ReferralEvent::ClawedBack(event) => {
            set("status = $5, cause = $6, closed = $7, advocate_points = 0, friend_points = 0, paid_at = null,
             order_token = null, order_processed_at = null, hold_until = null, due_at = null")
            .bind(Status::ClawedBack.as_str())
            .bind(event.cause.as_str())
            .bind(event.cause.is_final())
        }
        ReferralEvent::Cancelled(event) => {
            set("status = $5, cause = $6, order_token = null, order_processed_at = null, hold_until = null,
             due_at = order_by + interval '1 microsecond'")
            .bind(Status::Cancelled.as_str())
            .bind(event.cause.as_str())
        }
        ReferralEvent::Rejected(event) => {
            set(&format!("status = $6, cause = $7, closed = true, signals = {SIGNALS}, due_at = null"))
                .bind(words(&event.signals))
                .bind(Status::Rejected.as_str())
                .bind(event.cause.as_str())
        }
        ReferralEvent::Expired(_) => set("status = $5, due_at = null").bind(Status::Expired.as_str()),
        ReferralEvent::Considered(_) | ReferralEvent::FriendIdentified(_) | ReferralEvent::ClicksCounted(_) => {
            set("referral = referral")
        }
    }
}

fn changed(commit: &Positioned, referral: Uuid, columns: &str) -> Change {
    let statement = format!(
        "update referrals set position = $3, considered = greatest(considered, $4), {columns}
          where merchant = $1 and referral = $2"
    );
    sqlx::query(AssertSqlSafe(statement)).bind(commit.subject.merchant.0).bind(referral).bind(bigint(commit.position))
}

fn words(signals: &[Signal]) -> Vec<String> {
    signals.iter().map(|signal| signal.as_str().to_owned()).collect()
}

async fn clicks(
    transaction: &mut PgConnection,
    commit: &Positioned,
    counted: &ClicksCounted,
) -> Result<(), ProjectionError> {
    let (links, times): (Vec<Uuid>, Vec<i64>) =
        counted.clicks.iter().map(|(link, times)| (link.0, i64::from(*times))).unzip();
    sqlx::query(
        "update referral_links l set clicks = l.clicks + c.times, position = $4
           from (select link, sum(times)::bigint as times from unnest($2::uuid[], $3::bigint[]) as c (link, times)
                  group by link) c
          where l.merchant = $1 and l.link = c.link",
    )
    .bind(commit.subject.merchant.0)
    .bind(links)
    .bind(times)
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Links, and what merges and fences change about both sides of a referral.
pub(super) async fn customer(
    transaction: &mut PgConnection,
    commit: &Positioned,
    event: &CustomerEvent,
) -> Result<(), ProjectionError> {
    let SubjectId::Uuid(customer) = commit.subject.id else { return Ok(()) };
    let changes: Vec<Change> = match event {
        CustomerEvent::ReferralLinkIssued(link) => vec![issued(commit, customer, link)],
        CustomerEvent::MergedInto(event) => [
            // The survivor's own as well: which of two came first decides about both.
            "update referrals set customer = $4, touched = $3 where merchant = $1 and customer in ($2, $4)",
            "update referrals set advocate = $4, touched = $3 where merchant = $1 and advocate = $2",
            "update referral_links set customer = $4, position = $3 where merchant = $1 and customer = $2",
        ]
        .map(|statement| about(commit, customer, statement).bind(event.winner.0))
        .into(),
        CustomerEvent::Fenced(_) => [
            "update referrals set touched = $3
              where merchant = $1 and (customer = $2 or advocate = $2) and not closed",
            "update referral_links set ended = true, position = $3 where merchant = $1 and customer = $2",
        ]
        .map(|statement| about(commit, customer, statement))
        .into(),
        _ => Vec::new(),
    };
    for change in changes {
        change.execute(&mut *transaction).await?;
    }
    Ok(())
}

fn about(commit: &Positioned, customer: Uuid, statement: &'static str) -> Change {
    sqlx::query(statement).bind(commit.subject.merchant.0).bind(customer).bind(bigint(commit.position))
}

fn issued(commit: &Positioned, customer: Uuid, link: &ReferralLink) -> Change {
    sqlx::query(
        "insert into referral_links (merchant, customer, position, link, issued_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(commit.subject.merchant.0)
    .bind(customer)
    .bind(bigint(commit.position))
    .bind(link.link.0)
    .bind(timestamptz(link.at))
    .bind(link.expires_at.map(timestamptz))
}
