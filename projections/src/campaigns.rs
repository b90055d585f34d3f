//! `campaigns`: which there are, what they have given, who has done what for them, and what is still to be granted.

pub mod desk;
pub mod query;
mod store;

use std::sync::Arc;

use aggregates::{
    Context,
    campaign::CampaignEvent,
    points::{BonusKind, PointsEvent},
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

pub struct Campaigns;

impl Campaigns {
    pub const NAME: &'static str = "campaigns";
}

const TABLES: [&str; 4] = ["read.campaigns", "read.campaign_orders", "read.campaign_actions", "read.campaign_shards"];

/// Events of accounts that concern campaigns.
const CONCERNED: [&str; 3] = ["points.order_assessed", "points.bonus_granted", "points.account_closed"];

impl Projection for Campaigns {
    const NAME: &'static str = Campaigns::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Campaign, Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            match (commit.subject.context, commit.subject.id) {
                (Context::Campaign, id) => {
                    for event in events_of::<CampaignEvent>(commit)? {
                        match event {
                            CampaignEvent::Defined(defined) => store::define(transaction, commit, &defined).await?,
                            CampaignEvent::Withdrawn(gone) => store::withdraw(transaction, commit, &gone).await?,
                            CampaignEvent::ActionTaken(taken) => store::take(transaction, commit, &taken).await?,
                        }
                    }
                    if let SubjectId::Shard(shard) = id {
                        store::reached(transaction, commit, shard).await?;
                    }
                }
                (Context::Points, SubjectId::Uuid(customer))
                    if commit.commit.events.iter().any(|event| CONCERNED.contains(&event.name.as_ref())) =>
                {
                    for event in events_of::<PointsEvent>(commit)? {
                        match event {
                            PointsEvent::OrderAssessed(event) if event.lot.is_some() => {
                                store::count_order(transaction, commit, &event).await?;
                            }
                            PointsEvent::BonusGranted(event) if event.source.kind == BonusKind::Campaign => {
                                store::granted(transaction, commit, event.bonus).await?;
                            }
                            PointsEvent::AccountClosed(event) => {
                                store::merge(transaction, commit, customer, event.into).await?;
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}
