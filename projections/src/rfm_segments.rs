//! `rfm_segments`: how buyers stand, how they stood, and how many moved from where to where. Everything is in the events:
//! this only writes it down where questions look for it.

mod store;
mod tally;

use std::sync::Arc;

use aggregates::{Context, rfm::RfmEvent};
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

pub(crate) use store::{date, day_of, method_word};

pub struct RfmSegments;

impl RfmSegments {
    pub const NAME: &'static str = "rfm_segments";
}

const TABLES: [&str; 6] = [
    "read.rfm_state",
    "read.customer_segments",
    "read.rfm_windows",
    "read.rfm_segment_counts",
    "read.rfm_segment_deltas",
    "read.rfm_score_history",
];

impl Projection for RfmSegments {
    const NAME: &'static str = RfmSegments::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Rfm, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Rfm) {
            for event in events_of::<RfmEvent>(commit)? {
                match event {
                    RfmEvent::Updated(updated) => {
                        store::stand(transaction, commit, &updated).await?;
                        store::remember(transaction, commit, &updated).await?;
                        tally::moved(transaction, commit, &updated).await?;
                        store::reached(transaction, commit, updated.orders_through).await?;
                    }
                    RfmEvent::WindowClosed(closed) => {
                        store::closed(transaction, commit, &closed).await?;
                        tally::counted(transaction, commit, &closed).await?;
                        store::reached(transaction, commit, closed.orders_through).await?;
                    }
                }
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}
