//! `rfm_orders`: what each order is worth to a shop's segments. One row per order, so that an event touches one row; what
//! a buyer has bought is summed when it is asked for.
//!
//! An order counts by the merchandise that was paid for and kept. Gift cards are not in it: what is bought with them will
//! be. Nothing is left of an order that is cancelled, voided or a test, that was free, or that went back as a whole.

mod row;
mod store;

use std::{collections::BTreeMap, sync::Arc};

use aggregates::{
    Context,
    points::{OrderAssessed, PointsEvent},
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

use row::OrderRow;
use store::{Key, Merge};

pub struct RfmOrders;

impl RfmOrders {
    pub const NAME: &'static str = "rfm_orders";
}

const TABLES: [&str; 3] = ["read.rfm_orders", "read.rfm_closed_accounts", "read.rfm_shops"];

/// Events that concern orders. Most commits hold nothing else, and those that do are not decoded.
const CONCERNED: [&str; 2] = ["points.order_assessed", "points.account_closed"];

impl Projection for RfmOrders {
    const NAME: &'static str = RfmOrders::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut facts = Facts::default();
        for commit in batch {
            let (Context::Points, SubjectId::Uuid(customer)) = (commit.subject.context, commit.subject.id) else {
                continue;
            };
            if !commit.commit.events.iter().any(|event| CONCERNED.contains(&event.name.as_ref())) {
                continue;
            }
            for event in events_of::<PointsEvent>(commit)? {
                match event {
                    PointsEvent::OrderAssessed(event) => facts.assessed(commit, customer, event),
                    // A merge moves all rows that are there, so those of before it must be there.
                    PointsEvent::AccountClosed(event) => {
                        facts.write(transaction).await?;
                        store::merge(transaction, Merge { commit, loser: customer, winner: event.into.0 }).await?;
                    }
                    _ => {}
                }
            }
        }
        facts.write(transaction).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

/// Facts of a batch, by order, in journal order.
#[derive(Default)]
struct Facts<'a> {
    by_order: BTreeMap<Key, Vec<row::Fact<'a>>>,
}

impl<'a> Facts<'a> {
    fn assessed(&mut self, commit: &'a Positioned, customer: Uuid, event: OrderAssessed) {
        let key = (commit.subject.merchant.0, event.order.0);
        self.by_order.entry(key).or_default().push(row::Fact { commit, customer, event });
    }

    async fn write(&mut self, transaction: &mut PgConnection) -> Result<(), ProjectionError> {
        let facts = std::mem::take(&mut self.by_order);
        if facts.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = facts.keys().copied().collect();
        let mut known = store::load(transaction, &keys).await?;
        let mut rows: Vec<(Key, OrderRow)> = Vec::with_capacity(keys.len());
        for (key, facts) in facts {
            let mut row = known.remove(&key).unwrap_or_default();
            facts.iter().for_each(|fact| row.take_in(fact));
            rows.push((key, row));
        }
        store::save(transaction, &rows).await
    }
}
