//! Products as the shop states them.

use aggregates::product::{ProductCommand, ProductDeleted, ProductStated, SHARDS};
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

    async fn on_shard(&self, request: &Request, shard: u8, command: ProductCommand) -> Result<Done, CommandError> {
        let subject = Subject::product(request.merchant, shard);
        let done = self.products.execute(subject, &request.context(), &command).await?;
        Ok(Done::of(done.position, done.state.state.position_of(&command)))
    }
}

/// Any spread will do, as long as a product keeps its shard: a product is not a secret.
fn shard(product_id: &str) -> u8 {
    let sum = product_id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    sum % SHARDS
}
