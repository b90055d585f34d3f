//! Everything of one merchant as it was at a moment: one pass over its part of the log, in bounded time per commit and in
//! memory for the customers it has.

use std::collections::BTreeMap;

use aggregates::{
    Context,
    customer::Customer,
    id::{CustomerId, MerchantId},
    merchant::Merchant,
    points::{Account, PointsEvent, Purse},
    program::Program,
};
use futures::StreamExt;
use journal::{Follow, Journal, Positioned, SubjectId};

use super::{Horizon, Moment, Past, ReplayError};
use crate::{books::BookKeeper, projection::events_of};

/// A customer and what they held. Of the account only its lots are kept: orders would take ten times the room.
#[derive(Debug, Default)]
pub struct Person {
    pub customer: Past<Customer>,
    pub purse: Purse,
    /// The last commit about the person or their points.
    pub position: u64,
}

/// A merchant's past.
#[derive(Debug, Default)]
pub struct MerchantPast {
    pub merchant: Past<Merchant>,
    pub program: Past<Program>,
    pub people: BTreeMap<CustomerId, Person>,
    pub books: BookKeeper,
    /// The last commit that was seen.
    pub position: u64,
}

impl MerchantPast {
    fn take_in(&mut self, commit: &Positioned) -> Result<(), ReplayError> {
        self.position = commit.position;
        self.books.take_in(commit)?;
        match (commit.subject.context, commit.subject.id) {
            (Context::Merchant, _) => self.merchant.take_in(commit).map(drop),
            (Context::Program, _) => self.program.take_in(commit).map(drop),
            (Context::Customer, SubjectId::Uuid(id)) => {
                let person = self.people.entry(CustomerId(id)).or_default();
                person.position = commit.position;
                person.customer.take_in(commit).map(drop)
            }
            (Context::Points, SubjectId::Uuid(id)) => {
                let person = self.people.entry(CustomerId(id)).or_default();
                person.position = commit.position;
                for event in events_of::<PointsEvent>(commit)? {
                    Account::apply_to_purse(&mut person.purse, &event, commit.commit.recorded_at);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Points that customers held, less what they owed.
    pub fn total(&self) -> i64 {
        self.people.values().map(|person| person.purse.total()).sum()
    }
}

/// Reads the merchant's part of the log up to where it ended when this was called. `seen` is told of each commit.
///
/// # Errors
/// [`ReplayError`]
pub async fn as_of(
    journal: &Journal,
    merchant: MerchantId,
    moment: Moment,
    mut seen: impl FnMut(&Positioned),
) -> Result<MerchantPast, ReplayError> {
    let filter = Follow::Merchant(merchant);
    let end = journal.last_position_of(filter).await?;
    let mut following = journal.follow(0, filter).await?;
    let mut horizon = Horizon::of(moment);
    let mut past = MerchantPast::default();
    while following.reached() < end {
        let commit = following.next().await.ok_or(ReplayError::Cut)??;
        seen(&commit);
        if horizon.sees(&commit) {
            past.take_in(&commit)?;
        }
    }
    Ok(past)
}
