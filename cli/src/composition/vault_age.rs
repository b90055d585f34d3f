//! Is the vault as new as the log? People's keys are written before their first event. If the log names somebody whom the
//! vault has never heard of, the vault was restored from before: serving would make new keys, and a second identity, for
//! people who have some.

use std::collections::{HashMap, HashSet};

use aggregates::{
    Context as Room,
    id::{CustomerId, MerchantId},
};
use anyhow::{Context, bail};
use futures::StreamExt;
use journal::{Follow, Journal, JournalError, Subject, SubjectId};
use projections::customers::{self, Customers};
use sqlx::PgPool;
use vault::Vault;

/// Newest commits that are looked at whatever the read model of customers has seen: it may have been restored, too.
const NEWEST_COMMITS_CHECKED: u64 = 256;
/// People asked for at once.
const PEOPLE_AT_ONCE: usize = 10_000;

type People = HashMap<MerchantId, HashSet<CustomerId>>;

/// Everybody in the read model of customers, and everybody in what that has not seen yet.
///
/// # Errors
/// Says that the vault is older than the log, or who did not answer.
pub async fn is_as_new_as_the_log(vault: &Vault, journal: &Journal, db: &PgPool) -> anyhow::Result<()> {
    if let Some(customer) = customers::without_keys(db).await? {
        bail!(older(&customer));
    }
    let head = journal.last_position().await?;
    let seen = projections::list(db).await?.into_iter().find(|checkpoint| checkpoint.projection == Customers::NAME);
    let seen = seen.map_or(0, |checkpoint| checkpoint.position);
    knows_everybody_after(vault, journal, seen.min(head.saturating_sub(NEWEST_COMMITS_CHECKED))).await
}

/// Everybody whom the log names after a position, up to where it ends now.
///
/// # Errors
/// As [`is_as_new_as_the_log`].
pub async fn knows_everybody_after(vault: &Vault, journal: &Journal, after: u64) -> anyhow::Result<()> {
    let head = journal.last_position().await?;
    let mut commits = journal.follow(after, Follow::Everything).await?;
    let mut people = People::new();
    let mut count = 0;
    while commits.reached() < head {
        match commits.next().await.context("the log ended early")? {
            Ok(commit) => count += usize::from(add(&mut people, &commit.subject)),
            // Who cannot be read names nobody; the read models will say so.
            Err(JournalError::Poison(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if count >= PEOPLE_AT_ONCE {
            all_are_known(vault, std::mem::take(&mut people)).await?;
            count = 0;
        }
    }
    all_are_known(vault, people).await
}

/// Whether that was somebody new.
fn add(people: &mut People, subject: &Subject) -> bool {
    match (subject.context, subject.id) {
        (Room::Customer | Room::Points, SubjectId::Uuid(person)) => {
            people.entry(subject.merchant).or_default().insert(CustomerId(person))
        }
        _ => false,
    }
}

async fn all_are_known(vault: &Vault, people: People) -> anyhow::Result<()> {
    for (merchant, people) in people {
        let people: Vec<CustomerId> = people.into_iter().collect();
        if let Some(unheard_of) = vault.unheard_of(merchant, &people).await?.first() {
            bail!(older(unheard_of));
        }
    }
    Ok(())
}

fn older(customer: &CustomerId) -> String {
    format!(
        "the vault is older than the log, which names {customer}, of whom it has never heard; \
         restore the vault's newest backup"
    )
}
