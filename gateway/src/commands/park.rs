//! Webhooks that were signed well and not understood. Their bodies are sealed, cut into pieces and kept in a stream of
//! their own; what happened to them is in the journal.

use aggregates::{
    id::{MerchantId, ParkedId},
    parked::{ParkedCommand, ParkedDiscarded, ParkedRetried, SHARDS, WebhookParked},
    points::StaffNote,
    waiting::WaitingFact,
};
use async_nats::jetstream;
use futures::StreamExt;
use journal::{Subject, subject};
use serde::{Deserialize, Serialize};
use vault::{ItemId, ItemPurpose, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{
    gateway::Gateway,
    shopify::{self, Topic},
};

const BODY_TAG: &str = "parked.body";
pub const NOTE_TAG: &str = "parked.note";
/// Bytes of one piece of a sealed body; below the server's message limit.
const CHUNK_BYTES: usize = 512 * 1024;

/// Topic of a fact that waited for its order for too long: the body is the fact itself, as it was understood.
pub const WAITING_FACT: &str = "waiting/fact";

/// Why a parked webhook stays parked.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("still not understood: {0}")]
    NotUnderstood(String),
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// A parked body, open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedBody {
    pub topic: String,
    pub body: Vec<u8>,
}

impl Gateway {
    /// Keeps a webhook for later. `reason` must repeat nothing of the body.
    pub async fn park(
        &self,
        request: &Request,
        topic: &str,
        body: &[u8],
        reason: String,
    ) -> Result<Done, CommandError> {
        let merchant = request.merchant;
        let fingerprint = self.body_fingerprint(merchant, topic, body).await?;
        let subject = Subject::parked(merchant, fingerprint[0] % SHARDS);
        if let Some(position) = self.parked.load_confirmed(subject).await?.state.open_with(fingerprint) {
            return Ok(Done::Duplicate(Some(position)));
        }
        let expires_at = ItemPurpose::Parked.expires_at(self.clock.now());
        let keys = self.vault.new_item(merchant, ItemPurpose::Parked, expires_at).await?;
        let plain = postcard::to_stdvec(&ParkedBody { topic: topic.to_owned(), body: body.to_vec() })
            .map_err(|error| CommandError::Internal(error.to_string()))?;
        let sealed = keys.seal_bytes(BODY_TAG, &plain);
        let id = ParkedId(keys.id().0);
        let chunks = self.store_body(merchant, id, &sealed).await?;
        let parked = WebhookParked { id, topic: topic.to_owned(), reason, at: request.now, fingerprint, chunks };
        let done = self.parked.execute(subject, &request.context(), &ParkedCommand::Park(parked)).await?;
        metrics::counter!("loyalty_webhooks_parked_total").increment(1);
        Ok(Done::of(done.position, done.state.state.open_with(fingerprint)))
    }

    /// Takes a parked body in as if it had just arrived.
    pub async fn retry_parked(&self, request: &Request, parked: &ParkedBody) -> Result<Done, RetryError> {
        if parked.topic == WAITING_FACT {
            let fact = serde_json::from_slice(&parked.body)
                .map_err(|_| RetryError::NotUnderstood("a waiting fact of another version".to_owned()))?;
            return Ok(match fact {
                WaitingFact::Body(body) => self.record_order(request, &body, None).await?,
                WaitingFact::Refund { order_id, refund } => self.record_refund(request, &order_id, &refund).await?,
            });
        }
        let fact = shopify::read(Topic::parse(&parked.topic), &parked.body, request.now)
            .map_err(|unreadable| RetryError::NotUnderstood(unreadable.to_string()))?;
        Ok(self.take_in_fact(request, &fact, None).await?)
    }

    async fn body_fingerprint(&self, merchant: MerchantId, topic: &str, body: &[u8]) -> Result<[u8; 16], CommandError> {
        let digest = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body));
        let hash = self.vault.merchant(merchant).await?.lookup_hash("parked", &format!("{topic}\n{digest}"));
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&hash[..16]);
        Ok(fingerprint)
    }

    async fn store_body(&self, merchant: MerchantId, id: ParkedId, sealed: &[u8]) -> Result<u16, CommandError> {
        let context = jetstream::new(self.journal.client().clone());
        let mut chunks = 0;
        for chunk in sealed.chunks(CHUNK_BYTES) {
            let stored = context.publish(subject::parked_body(merchant, id), chunk.to_vec().into()).await;
            let stored = match stored {
                Ok(acknowledgement) => acknowledgement.await.map(|_| ()),
                Err(error) => Err(error),
            };
            stored.map_err(|error| CommandError::Unavailable(format!("the stream of parked bodies: {error}")))?;
            chunks += 1;
        }
        Ok(chunks)
    }

    /// Opens a parked body; `None` once its time to live is over.
    pub async fn open_parked(
        &self,
        merchant: MerchantId,
        id: ParkedId,
        chunks: u16,
    ) -> Result<Option<ParkedBody>, CommandError> {
        let keys = match self.vault.item(merchant, ItemId(id.0)).await {
            Err(VaultError::ItemGone) => return Ok(None),
            keys => keys?,
        };
        let Some(sealed) = self.fetch_body(merchant, id, chunks).await? else { return Ok(None) };
        let plain = keys.open_bytes(BODY_TAG, &sealed);
        let plain = plain.map_err(|error| CommandError::Internal(format!("a parked body does not open: {error}")))?;
        postcard::from_bytes(&plain).map(Some).map_err(|error| CommandError::Internal(error.to_string()))
    }

    async fn fetch_body(
        &self,
        merchant: MerchantId,
        id: ParkedId,
        chunks: u16,
    ) -> Result<Option<Vec<u8>>, CommandError> {
        let unavailable = |error: &dyn std::fmt::Display| CommandError::Unavailable(error.to_string());
        let stream = jetstream::new(self.journal.client().clone());
        let stream = stream.get_stream("PARKED").await.map_err(|error| unavailable(&error))?;
        let config = jetstream::consumer::pull::OrderedConfig {
            filter_subject: subject::parked_body(merchant, id),
            ..Default::default()
        };
        let mut consumer = stream.create_consumer(config).await.map_err(|error| unavailable(&error))?;
        let pending = consumer.info().await.map_err(|error| unavailable(&error))?.num_pending;
        if pending < u64::from(chunks) {
            return Ok(None);
        }
        let mut messages = consumer.messages().await.map_err(|error| unavailable(&error))?;
        let mut sealed = Vec::new();
        for _ in 0..chunks {
            match messages.next().await {
                Some(Ok(message)) => sealed.extend_from_slice(&message.payload),
                Some(Err(error)) => return Err(unavailable(&error)),
                None => return Ok(None),
            }
        }
        Ok(Some(sealed))
    }

    /// Notes that a later attempt succeeded.
    pub async fn mark_retried(
        &self,
        request: &Request,
        parked: ParkedId,
        shard: u8,
        position: Option<u64>,
    ) -> Result<(), CommandError> {
        let command = ParkedCommand::MarkRetried(ParkedRetried { id: parked, position });
        self.parked.execute(Subject::parked(request.merchant, shard), &request.context(), &command).await?;
        Ok(())
    }

    /// Gives a parked webhook up, with a reason.
    pub async fn discard_parked(
        &self,
        request: &Request,
        parked: ParkedId,
        shard: u8,
        reason: &str,
    ) -> Result<(), CommandError> {
        let note = StaffNote { reason: reason.to_owned() };
        let reason = self.vault.merchant(request.merchant).await?.seal(NOTE_TAG, &note);
        let command = ParkedCommand::Discard(ParkedDiscarded { id: parked, reason });
        self.parked.execute(Subject::parked(request.merchant, shard), &request.context(), &command).await?;
        Ok(())
    }
}
