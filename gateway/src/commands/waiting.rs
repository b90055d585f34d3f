//! Facts that cannot be placed yet. They are durable in the journal, sealed under a key of their own, and found again
//! through the vault by the claim that comes later.

use aggregates::{
    id::{CustomerId, MerchantId},
    points::OrderFact,
    waiting::{FactSetAside, SHARDS, WaitingCommand, WaitingEvent, WaitingFact},
};
use journal::Subject;
use vault::{ItemId, ItemKeys, ItemPurpose, OrderOwner, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::gateway::Gateway;

const FACT_TAG: &str = "waiting.fact";

/// A fact that waits, ready to be taken in.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub item: ItemId,
    pub fact: OrderFact,
}

/// What came of setting a fact aside.
pub enum SetAside {
    Waits(Done),
    /// Somebody claimed the order at the same time.
    Claimed(CustomerId),
    Erased,
}

impl Gateway {
    /// Puts a fact on record for an order that nobody owns.
    pub(super) async fn set_aside(
        &self,
        request: &Request,
        order_id: &str,
        fact: &OrderFact,
    ) -> Result<SetAside, CommandError> {
        let merchant = request.merchant;
        let known = self.waiting_facts(merchant, order_id).await?;
        if let Some(same) = known.iter().find(|waiting| same_content(&waiting.fact, fact)) {
            return Ok(SetAside::Waits(Done::Duplicate(same.fact.position())));
        }
        let keys = self.new_waiting_item(request).await?;
        match self.vault.add_waiting_item(merchant, order_id, keys.id()).await? {
            OrderOwner::Waiting => {}
            OrderOwner::Account { account, .. } => return Ok(SetAside::Claimed(account)),
            OrderOwner::Erased { .. } => return Ok(SetAside::Erased),
        }
        let position = self.publish_waiting(request, order_id, fact, &keys).await?;
        // A claim between the two steps above has seen an item without a position and passed it over.
        match self.vault.order_owner(merchant, order_id).await? {
            Some(OrderOwner::Account { account, .. }) => Ok(SetAside::Claimed(account)),
            Some(OrderOwner::Erased { .. }) => Ok(SetAside::Erased),
            Some(OrderOwner::Waiting) | None => Ok(SetAside::Waits(Done::Accepted(position))),
        }
    }

    /// Puts a fact on record for an order whose owner does not know it, and is not about to: its body was parked, or the
    /// process that claimed it is gone. The order's next body takes it in.
    pub(super) async fn set_aside_for_owner(
        &self,
        request: &Request,
        order_id: &str,
        fact: &OrderFact,
    ) -> Result<Done, CommandError> {
        let known = self.waiting_facts(request.merchant, order_id).await?;
        if let Some(same) = known.iter().find(|waiting| same_content(&waiting.fact, fact)) {
            return Ok(Done::Duplicate(same.fact.position()));
        }
        let keys = self.new_waiting_item(request).await?;
        self.vault.add_waiting_item_of_owned(request.merchant, order_id, keys.id()).await?;
        Ok(Done::Accepted(self.publish_waiting(request, order_id, fact, &keys).await?))
    }

    async fn new_waiting_item(&self, request: &Request) -> Result<ItemKeys, CommandError> {
        let expires_at = ItemPurpose::Waiting.expires_at(request.now);
        Ok(self.vault.new_item(request.merchant, ItemPurpose::Waiting, expires_at).await?)
    }

    async fn publish_waiting(
        &self,
        request: &Request,
        order_id: &str,
        fact: &OrderFact,
        keys: &ItemKeys,
    ) -> Result<Option<u64>, CommandError> {
        let sealed = keys.seal(FACT_TAG, &stated(order_id, fact));
        let subject = Subject::waiting(request.merchant, shard(keys.id()));
        let command = WaitingCommand::SetAside(FactSetAside { item: keys.id().0, fact: sealed });
        let position = self.waiting.execute(subject, &request.context(), &command).await?.position;
        if let Some(position) = position {
            self.vault.set_waiting_position(keys.id(), position).await?;
        }
        Ok(position)
    }

    /// Everything that waits for this order and is durable.
    pub(super) async fn waiting_facts(
        &self,
        merchant: MerchantId,
        order_id: &str,
    ) -> Result<Vec<Waiting>, CommandError> {
        let mut facts = Vec::new();
        for item in self.vault.waiting_items(merchant, order_id).await? {
            let Some(position) = item.position else { continue };
            if let Some(fact) = self.open_waiting(merchant, item.item, position).await? {
                facts.push(Waiting { item: item.item, fact });
            }
        }
        Ok(facts)
    }

    async fn open_waiting(
        &self,
        merchant: MerchantId,
        item: ItemId,
        position: u64,
    ) -> Result<Option<OrderFact>, CommandError> {
        let stated = self.stated_at(merchant, item, position).await?;
        Ok(stated.map(|fact| match fact {
            WaitingFact::Body(body) => OrderFact::Body { body, position: Some(position) },
            WaitingFact::Refund { refund, .. } => OrderFact::Refund { refund, position: Some(position) },
        }))
    }

    /// A waiting fact as it was stated; `None` once its key is gone.
    pub(super) async fn stated_at(
        &self,
        merchant: MerchantId,
        item: ItemId,
        position: u64,
    ) -> Result<Option<WaitingFact>, CommandError> {
        let keys = match self.vault.item(merchant, item).await {
            Err(VaultError::ItemGone) => return Ok(None),
            keys => keys?,
        };
        let commit = self.journal.at(position).await?;
        let commit = commit.ok_or_else(|| CommandError::Internal("a waiting fact is not in the log".to_owned()))?;
        let events = projections::projection::events_of::<WaitingEvent>(&commit)
            .map_err(|error| CommandError::Internal(error.to_string()))?;
        let mut asides = events.into_iter().map(|WaitingEvent::FactSetAside(aside)| aside);
        let Some(aside) = asides.find(|aside| aside.item == item.0) else { return Ok(None) };
        keys.open(FACT_TAG, &aside.fact)
            .map(Some)
            .map_err(|error| CommandError::Internal(format!("a waiting fact does not open: {error}")))
    }

    /// These have been taken in: nothing waits under their keys any more.
    pub(super) async fn drop_waiting(
        &self,
        merchant: MerchantId,
        order_id: &str,
        taken_in: &[Waiting],
    ) -> Result<(), CommandError> {
        let items: Vec<ItemId> = taken_in.iter().map(|waiting| waiting.item).collect();
        self.drop_waiting_items(merchant, order_id, &items).await
    }

    pub(super) async fn drop_waiting_items(
        &self,
        merchant: MerchantId,
        order_id: &str,
        items: &[ItemId],
    ) -> Result<(), CommandError> {
        Ok(self.vault.drop_waiting_items(merchant, order_id, items).await?)
    }
}

fn stated(order_id: &str, fact: &OrderFact) -> WaitingFact {
    match fact {
        OrderFact::Body { body, .. } => WaitingFact::Body(body.clone()),
        OrderFact::Refund { refund, .. } => {
            WaitingFact::Refund { order_id: order_id.to_owned(), refund: refund.clone() }
        }
    }
}

fn same_content(one: &OrderFact, other: &OrderFact) -> bool {
    match (one, other) {
        (OrderFact::Body { body: one, .. }, OrderFact::Body { body: other, .. }) => one == other,
        (OrderFact::Refund { refund: one, .. }, OrderFact::Refund { refund: other, .. }) => one == other,
        _ => false,
    }
}

fn shard(item: ItemId) -> u8 {
    item.0.as_bytes()[0] % SHARDS
}
