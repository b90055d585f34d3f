//! `log replay`: what was the case at any instant, computed from the log and nothing else, by the code that decides.

use aggregates::{
    customer::{Customer, Erasure, Standing},
    id::{CustomerId, MerchantId},
    merchant::Merchant,
    points::{Account, Lot, LotSource, Purse},
    program::Program,
    time::{Clock, Timestamp},
};
use anyhow::{Context, ensure};
use gateway::clock::SystemClock;
use journal::{Journal, Subject};
use projections::replay::{Moment, as_of, merchant};
use serde_json::{Value, json};

use crate::{args::Output, output};

const COLUMNS: [&str; 7] =
    ["id", "standing", "available", "pending", "lifetime_earned", "lifetime_redeemed", "lifetime_expired"];
/// The end of all positions.
const NOW: Moment = Moment::Position(u64::MAX);
/// Commits between two words about how far it is.
const SAY_EVERY: u64 = 100_000;

pub async fn one(
    journal: &Journal,
    merchant: MerchantId,
    customer: CustomerId,
    moment: Option<Moment>,
    output: Output,
) -> anyhow::Result<()> {
    let row = person_row(journal, merchant, customer, moment).await?;
    match output {
        Output::Table => output::list(output, &COLUMNS, &[row]),
        Output::Json | Output::Jsonl => output::one(output, &COLUMNS, &row),
    }
}

/// A person and their points as of a moment; now, if none is asked about.
pub async fn person_row(
    journal: &Journal,
    merchant: MerchantId,
    customer: CustomerId,
    moment: Option<Moment>,
) -> anyhow::Result<Value> {
    let moment = moment.unwrap_or(NOW);
    let person = as_of::<Customer>(journal, Subject::customer(merchant, customer), moment).await?;
    let account = as_of::<Account>(journal, Subject::points(merchant, customer), moment).await?;
    let program = as_of::<Program>(journal, Subject::program(merchant), moment).await?;
    let position = person.position.max(account.position);
    ensure!(position > 0, "{merchant} had no {customer} by then");
    let instant = instant(journal, merchant, moment).await?;
    let mut row = row(customer, &person.state, &account.state.purse, position, instant);
    row["program_version"] = json!(program.state.in_effect_at(instant).map(|version| version.version));
    row["orders"] = json!(account.state.orders.len());
    row["redemptions"] = json!(account.state.redemptions.len());
    Ok(row)
}

pub async fn all(
    journal: &Journal,
    merchant: MerchantId,
    moment: Option<Moment>,
    output: Output,
) -> anyhow::Result<()> {
    let moment = moment.unwrap_or(NOW);
    let instant = instant(journal, merchant, moment).await?;
    let mut commits = 0;
    let past = merchant::as_of(journal, merchant, moment, |commit| {
        commits += 1;
        if commits % SAY_EVERY == 0 {
            eprintln!("{commits} commits, position {}", commit.position);
        }
    })
    .await?;
    ensure!(past.position > 0, "there was no {merchant} by then");
    let rows: Vec<Value> = past
        .people
        .iter()
        .map(|(id, person)| row(*id, &person.customer.state, &person.purse, person.position, instant))
        .collect();
    output::list(output, &COLUMNS, &rows)?;
    let version = past.program.state.in_effect_at(instant).map_or(0, |version| version.version);
    eprintln!(
        "{} customers hold {} points by programme version {version}, as of {} at position {}",
        past.people.len(),
        past.total(),
        instant.to_rfc3339(),
        past.position,
    );
    Ok(())
}

/// The instant of a moment, by the merchant's own clock.
async fn instant(journal: &Journal, merchant: MerchantId, moment: Moment) -> anyhow::Result<Timestamp> {
    let of = as_of::<Merchant>(journal, Subject::merchant(merchant), moment).await?;
    let now = of.state.now(SystemClock.now());
    moment.instant(journal, merchant, now).await?.context("the log has no such position")
}

fn row(id: CustomerId, person: &Customer, purse: &Purse, position: u64, instant: Timestamp) -> Value {
    let balance = purse.balance_at(instant);
    let (standing, merged_into) = standing_words(person);
    let lots: Vec<Value> = purse.lots.iter().map(|lot| lot_row(lot, purse)).collect();
    json!({
        "id": id,
        "standing": standing,
        "merged_into": merged_into,
        "deleted_in_shop": person.deleted_in_shop,
        "available": balance.available,
        "pending": balance.pending,
        "debt": purse.debt,
        "lifetime_earned": balance.lifetime_earned,
        "lifetime_redeemed": balance.lifetime_redeemed,
        "lifetime_expired": balance.lifetime_expired,
        "as_of": instant,
        "position": position,
        "lots": lots,
    })
}

fn standing_words(person: &Customer) -> (&'static str, Option<CustomerId>) {
    match (person.erasure, person.standing) {
        (Erasure::Erased { .. }, _) => ("erased", None),
        (Erasure::Fenced { .. }, _) => ("erasing", None),
        (Erasure::None, Standing::Unknown) => ("unknown", None),
        (Erasure::None, Standing::Member) => ("member", None),
        (Erasure::None, Standing::MergedInto(into)) => ("merged", Some(into)),
    }
}

/// As it is on record: what time has done since is in the balance.
fn lot_row(lot: &Lot, purse: &Purse) -> Value {
    json!({
        "id": lot.id,
        "source": match lot.source {
            LotSource::Order(_) => "order",
            LotSource::Adjustment => "points_adjustment",
            LotSource::Bonus(source) => source.kind.as_str(),
        },
        "granted": lot.granted,
        "remaining": lot.remaining,
        "reversed": lot.reversed,
        "redeemed": lot.redeemed,
        "deducted": lot.deducted,
        "expired": lot.expired,
        "covered": lot.covered,
        "earned_at": lot.earned_at,
        "available_at": lot.available_at,
        "expires_at": lot.expires_at(purse.last_activity),
    })
}
