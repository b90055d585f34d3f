//! The read models of this installation as values, for those who are told a name.

use std::sync::Arc;

use aggregates::Context;
use futures::future::BoxFuture;
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    audit_logs::AuditLogs,
    badges::Badges,
    balances::Balances,
    books::BooksOfMerchants,
    campaigns::Campaigns,
    customer_imports::CustomerImports,
    customers::Customers,
    daily_totals::DailyTotals,
    email_events::EmailEvents,
    gdpr_requests::GdprRequests,
    generation::bulk::Bulk,
    leaderboards::Leaderboards,
    parked_webhooks::ParkedWebhooks,
    points_transactions::PointsTransactions,
    pos_offline_queue::PosOfflineQueue,
    products::Products,
    program_history::ProgramHistory,
    projection::{Projection, ProjectionError, Tables},
    queue_tasks::QueueTasks,
    referrals::Referrals,
    reward_redemptions::RewardRedemptions,
    rewards::Rewards,
    rfm_orders::RfmOrders,
    rfm_segments::RfmSegments,
    tier_facts::TierFacts,
    transparency::Transparency,
    vip_tiers::VipTiers,
};

/// A [`Projection`], whichever it is.
pub trait ReadModel: Send + Sync {
    fn name(&self) -> &'static str;

    fn contexts(&self) -> &'static [Context];

    fn tables(&self) -> Tables;

    /// See [`Projection::apply`].
    fn take_in<'a>(
        &'a self,
        transaction: &'a mut PgConnection,
        batch: &'a [Arc<Positioned>],
    ) -> BoxFuture<'a, Result<(), ProjectionError>>;

    /// See [`Projection::bulk`].
    fn in_bulk(&self) -> Option<Box<dyn Bulk>>;
}

impl<P: Projection> ReadModel for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn contexts(&self) -> &'static [Context] {
        P::CONTEXTS
    }

    fn tables(&self) -> Tables {
        P::TABLES
    }

    fn take_in<'a>(
        &'a self,
        transaction: &'a mut PgConnection,
        batch: &'a [Arc<Positioned>],
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        Box::pin(self.apply(transaction, batch))
    }

    fn in_bulk(&self) -> Option<Box<dyn Bulk>> {
        self.bulk()
    }
}

/// All of them, by name.
pub fn all() -> Vec<Box<dyn ReadModel>> {
    vec![
        Box::new(AuditLogs),
        Box::new(Badges),
        Box::new(Balances),
        Box::new(BooksOfMerchants),
        Box::new(Campaigns),
        Box::new(CustomerImports),
        Box::new(Customers),
        Box::new(DailyTotals),
        Box::new(EmailEvents),
        Box::new(GdprRequests),
        Box::new(Leaderboards),
        Box::new(ParkedWebhooks),
        Box::new(PointsTransactions),
        Box::new(PosOfflineQueue),
        Box::new(Products),
        Box::new(ProgramHistory),
        Box::new(QueueTasks),
        Box::new(Referrals),
        Box::new(RewardRedemptions),
        Box::new(Rewards),
        Box::new(RfmOrders),
        Box::new(RfmSegments),
        Box::new(TierFacts),
        Box::new(Transparency),
        Box::new(VipTiers),
    ]
}

/// The one of this name.
pub fn named(name: &str) -> Option<Box<dyn ReadModel>> {
    all().into_iter().find(|model| model.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_model_can_be_told_by_name() {
        let names: Vec<&str> = all().iter().map(|model| model.name()).collect();
        assert_eq!(names, crate::NAMES);
    }

    #[test]
    fn no_table_belongs_to_two_read_models() {
        let mut tables: Vec<&str> = all()
            .iter()
            .flat_map(|model| match model.tables() {
                Tables::Own(tables) => tables,
                Tables::Fixed(_) => &[],
            })
            .copied()
            .collect();
        let all = tables.len();
        tables.sort_unstable();
        tables.dedup();
        assert_eq!(tables.len(), all);
    }
}
