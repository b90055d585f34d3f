//! The read models of this installation as values, for those who are told a name.

use std::sync::Arc;

use aggregates::Context;
use futures::future::BoxFuture;
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    generation::bulk::Bulk,
    projection::{Projection, ProjectionError, Tables},
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

/// Whoever does something with each of them in its own type, such as running it.
pub trait WithEach {
    fn with<P: Projection>(&mut self, projection: P);
}

/// Makes everything that goes through all read models of one list.
macro_rules! read_models {
    ($($module:ident::$read_model:ident,)*) => {
        /// The read models of this installation, by the names that operators use.
        pub const NAMES: [&str; [$(crate::$module::$read_model::NAME),*].len()] =
            [$(crate::$module::$read_model::NAME),*];

        /// All of them, by name.
        pub fn all() -> Vec<Box<dyn ReadModel>> {
            vec![$(Box::new(crate::$module::$read_model)),*]
        }

        /// Hands over one after the other, by name.
        pub fn each(taker: &mut impl WithEach) {
            $(taker.with(crate::$module::$read_model);)*
        }
    };
}

// The one list: what is here is run, rebuilt, verified and watched. By the alphabet of their names.
read_models! {
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
    leaderboards::Leaderboards,
    parked_webhooks::ParkedWebhooks,
    points_transactions::PointsTransactions,
    pos_offline_queue::PosOfflineQueue,
    products::Products,
    program_history::ProgramHistory,
    queue_tasks::QueueTasks,
    referrals::Referrals,
    reward_redemptions::RewardRedemptions,
    rewards::Rewards,
    rfm_orders::RfmOrders,
    rfm_segments::RfmSegments,
    tier_facts::TierFacts,
    transparency::Transparency,
    vip_tiers::VipTiers,
}

/// The one of this name.
pub fn named(name: &str) -> Option<Box<dyn ReadModel>> {
    all().into_iter().find(|model| model.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_model_can_be_told_by_its_own_name() {
        assert!(NAMES.windows(2).all(|pair| pair[0] < pair[1]), "by the alphabet, and none twice: {NAMES:?}");
        for name in NAMES {
            assert_eq!(named(name).map(|model| model.name()), Some(name));
        }
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
