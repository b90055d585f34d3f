//! Products as the shop states them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aggregates::{
    id::MerchantId,
    points::OrderFact,
    product::{CollectionsStated, OrderedProducts, ProductCommand, ProductDeleted, ProductStated, SHARDS},
};
use journal::Subject;

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::gateway::Gateway;

impl Gateway {
    pub async fn state_product(&self, request: &Request, stated: ProductStated) -> Result<Done, CommandError> {
        let shard = shard(&stated.product_id);
        self.on_shard(request, shard, ProductCommand::State(stated)).await
    }

    pub async fn delete_product(&self, request: &Request, deleted: ProductDeleted) -> Result<Done, CommandError> {
        let shard = shard(&deleted.product_id);
        self.on_shard(request, shard, ProductCommand::Delete(deleted)).await
    }

    /// Which collections a product is in, from a time on.
    pub async fn state_collections(&self, request: &Request, stated: CollectionsStated) -> Result<Done, CommandError> {
        let shard = shard(&stated.product_id);
        self.on_shard(request, shard, ProductCommand::StateCollections(stated)).await
    }

    /// How the products of an order were when it was made, where the merchant's rules ask for that. The log is asked for each
    /// shard's newest facts: what the shop has stated of a product before it sent the order counts.
    pub(super) async fn ordered_products(
        &self,
        merchant: MerchantId,
        facts: &[OrderFact],
    ) -> Result<Option<Arc<OrderedProducts>>, CommandError> {
        let bodies = facts.iter().filter_map(|fact| match fact {
            OrderFact::Body { body, .. } => Some(body),
            OrderFact::Refund { .. } => None,
        });
        let Some(newest) = bodies.max_by_key(|body| body.updated_at) else { return Ok(None) };
        if !self.merchant(merchant).await?.program.looks_at_products() {
            return Ok(None);
        }
        let ids: BTreeSet<&String> = newest.lines.iter().filter_map(|line| line.item.product_id.as_ref()).collect();
        let mut products = Vec::new();
        for (shard, ids) in by_shard(ids) {
            let state = self.products.load_confirmed(Subject::product(merchant, shard)).await?;
            let known = |id: &String| Some((id.clone(), state.state.product_at(id, newest.processed_at)?));
            products.extend(ids.into_iter().filter_map(known));
        }
        Ok(Some(Arc::new(products.into_iter().collect())))
    }

    async fn on_shard(&self, request: &Request, shard: u8, command: ProductCommand) -> Result<Done, CommandError> {
        let subject = Subject::product(request.merchant, shard);
        let done = self.products.execute(subject, &request.context(), &command).await?;
        Ok(Done::of(done.position, done.state.state.position_of(&command)))
    }
}

fn by_shard(ids: BTreeSet<&String>) -> BTreeMap<u8, Vec<&String>> {
    let mut shards = BTreeMap::<u8, Vec<&String>>::new();
    for id in ids {
        shards.entry(shard(id)).or_default().push(id);
    }
    shards
}

/// Any spread will do, as long as a product keeps its shard: a product is not a secret.
fn shard(product_id: &str) -> u8 {
    let sum = product_id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    sum % SHARDS
}
