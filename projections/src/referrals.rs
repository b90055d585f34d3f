//! `referrals`: who brought whom, where each stands, and what is due. And links, with how often they were followed.
//!
//! It is a work list too. Whatever concerns a referral (an order of the friend, a merge, a fence, a decision) is noted as
//! `touched`; every event of a referral says up to where the log was looked at, as `considered`. What was touched after that
//! is due. So a rebuild does nothing of its own accord, and nothing that came while nobody worked is forgotten.

mod orders;
mod query;
mod write;

use std::sync::Arc;

use aggregates::{Context, customer::CustomerEvent, points::PointsEvent, referral::ReferralEvent};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

use orders::Touches;

pub use query::{
    Due, Filter, LinkRow, ReferralRow, Tally, due, due_of, find, find_link, links_of, links_of_merchant, list, recent,
    tally_of,
};

pub struct Referrals;

impl Referrals {
    pub const NAME: &'static str = "referrals";
}

const TABLES: [&str; 2] = ["read.referrals", "read.referral_links"];

/// Events of accounts that concern a referral. Most commits hold others as well, and those without one are not decoded.
const CONCERNED: &str = "points.order_assessed";
/// Events of customers that concern links and referrals.
const CONCERNED_CUSTOMER: [&str; 3] = ["customer.referral_link_issued", "customer.merged_into", "customer.fenced"];

impl Projection for Referrals {
    const NAME: &'static str = Referrals::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Referral, Context::Customer, Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut touches = Touches::default();
        for commit in batch {
            match commit.subject.context {
                Context::Points => note_orders(&mut touches, commit)?,
                // Whether an order concerns a referral is judged by how that stood when the order came.
                Context::Referral => {
                    std::mem::take(&mut touches).write(transaction).await?;
                    for event in events_of::<ReferralEvent>(commit)? {
                        write::referral(transaction, commit, &event).await?;
                    }
                }
                Context::Customer if is_about(commit, &CONCERNED_CUSTOMER) => {
                    std::mem::take(&mut touches).write(transaction).await?;
                    for event in events_of::<CustomerEvent>(commit)? {
                        write::customer(transaction, commit, &event).await?;
                    }
                }
                _ => {}
            }
        }
        touches.write(transaction).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

fn note_orders(touches: &mut Touches, commit: &Positioned) -> Result<(), ProjectionError> {
    let SubjectId::Uuid(customer) = commit.subject.id else { return Ok(()) };
    if !is_about(commit, &[CONCERNED]) {
        return Ok(());
    }
    for event in events_of::<PointsEvent>(commit)? {
        if let PointsEvent::OrderAssessed(order) = event {
            touches.order(commit, customer, &order);
        }
    }
    Ok(())
}

fn is_about(commit: &Positioned, names: &[&str]) -> bool {
    commit.commit.events.iter().any(|event| names.contains(&event.name.as_ref()))
}
