//! What somebody may like: what others like them have bought. Lines of orders are sealed under their buyer's key, and stay so:
//! they are opened in memory while one question is answered, counted, and forgotten. Nobody's purchases can be read off the
//! answer, as nothing is recommended that fewer than two others have bought.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::{
    id::{CustomerId, MerchantId},
    points::PointsEvent,
};
use futures::{StreamExt, TryStreamExt, stream};
use journal::Subject;
use projections::{projection::events_of, rfm_segments};
use vault::VaultError;

use super::{error::CommandError, order::LINES_TAG};
use crate::gateway::Gateway;

/// Others whose purchases are looked at.
const NEIGHBOURS_MAX: i64 = 60;
/// Of them at the same time.
const NEIGHBOURS_AT_ONCE: usize = 8;
/// How many others must have bought what is recommended.
const BUYERS_MIN: u64 = 2;
/// Commits of one account that are looked at, the newest.
const COMMITS_MAX: usize = 200;

/// Why there is nothing, or what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recommended {
    /// They must not be profiled, or nobody knows how they buy.
    NotProfiled,
    /// The best first.
    Products(Vec<RecommendedProduct>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecommendedProduct {
    pub product_id: String,
    /// How many of those who buy alike have bought it.
    pub buyers: u64,
}

type Bought = BTreeSet<String>;

impl Gateway {
    /// Products that people who buy like this customer have bought, and this customer has not.
    pub async fn recommend(&self, merchant: MerchantId, customer: CustomerId) -> Result<Recommended, CommandError> {
        let customer = self.survivor(merchant, customer).await?;
        // The log is asked, and not a table: what somebody has ruled out is ruled out from that moment on.
        let person = self.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
        if person.state.limits.objects_to_profiling || person.state.limits.restricted {
            return Ok(Recommended::NotProfiled);
        }
        let neighbours = rfm_segments::neighbours(&self.db, merchant, customer, NEIGHBOURS_MAX).await?;
        if neighbours.is_empty() {
            return Ok(Recommended::NotProfiled);
        }
        let own = self.bought(merchant, customer).await?;
        let theirs: Vec<Bought> = stream::iter(neighbours)
            .map(|neighbour| self.bought(merchant, neighbour))
            .buffer_unordered(NEIGHBOURS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Recommended::Products(rank(&own, &theirs)))
    }

    /// Ids of the products of somebody's orders; none of somebody whose keys are gone.
    async fn bought(&self, merchant: MerchantId, customer: CustomerId) -> Result<Bought, CommandError> {
        let keys = match self.vault.person(merchant, customer).await {
            Err(VaultError::Destroyed { .. }) => return Ok(Bought::new()),
            keys => keys?,
        };
        let commits = self.journal.read(&Subject::points(merchant, customer), 0).await?;
        let mut bought = Bought::new();
        for commit in commits.iter().rev().take(COMMITS_MAX) {
            let events: Vec<PointsEvent> =
                events_of(commit).map_err(|error| CommandError::Internal(error.to_string()))?;
            for event in events {
                let PointsEvent::OrderAssessed(event) = event else { continue };
                // Of an account that was merged into this one, lines do not open with this one's key: they are left out.
                let lines = event.lines.and_then(|lines| keys.open(LINES_TAG, &lines).ok()).unwrap_or_default();
                bought.extend(lines.into_iter().filter_map(|line| line.item.product_id));
            }
        }
        Ok(bought)
    }
}

/// Whoever shares more purchases with somebody says more about what they may like.
fn rank(own: &Bought, theirs: &[Bought]) -> Vec<RecommendedProduct> {
    let mut products: BTreeMap<&String, (u64, u64)> = BTreeMap::new();
    for bought in theirs {
        let weight = 1 + bought.intersection(own).count() as u64;
        for product in bought.difference(own) {
            let (score, buyers) = products.entry(product).or_default();
            *score += weight;
            *buyers += 1;
        }
    }
    let mut ranked: Vec<_> = products.into_iter().filter(|(_, (_, buyers))| *buyers >= BUYERS_MIN).collect();
    ranked.sort_by_key(|(product, (score, _))| (std::cmp::Reverse(*score), *product));
    let product =
        |(product, (_, buyers)): (&String, (u64, u64))| RecommendedProduct { product_id: product.clone(), buyers };
    ranked.into_iter().map(product).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bought(products: &[&str]) -> Bought {
        products.iter().map(|product| (*product).to_owned()).collect()
    }

    #[test]
    fn those_who_buy_alike_count_for_more_and_one_buyer_alone_for_nothing() {
        let own = bought(&["tea", "cup"]);
        let theirs = [
            bought(&["tea", "cup", "kettle"]),
            bought(&["tea", "kettle"]),
            bought(&["sugar", "milk"]),
            bought(&["sugar"]),
            bought(&["secret", "tea"]),
        ];
        let ranked: Vec<(String, u64)> =
            rank(&own, &theirs).into_iter().map(|product| (product.product_id, product.buyers)).collect();
        assert_eq!(ranked, [("kettle".to_owned(), 2), ("sugar".to_owned(), 2)]);
    }
}
