//! A file at rest: pieces of whole records, each sealed under a key of the upload's own, in the stream of sealed bodies.
//! The key ends with the import, or after thirty days.

use std::time::Duration;

use aggregates::id::{MerchantId, ParkedId};
use async_nats::jetstream::{self, consumer::pull};
use futures::StreamExt;
use journal::subject;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use vault::{ItemId, ItemKeys, VaultError};

use crate::{commands::CommandError, gateway::Gateway, imports::Record};

const PIECE_TAG: &str = "import.piece";
/// Records of a piece at most: what is taken before progress is on record.
pub const PIECE_RECORDS: usize = 500;
/// Bytes of a piece, before it is sealed: with one more record it stays below the server's message limit.
const PIECE_BYTES: usize = 384 * 1024;

/// How long a piece that is known to be there may take.
const PIECE_PATIENCE: Duration = Duration::from_secs(30);

/// Its place is sealed with it: pieces in another order than they were handed in do not pass for the file.
#[derive(Serialize, Deserialize)]
struct Piece {
    number: u32,
    records: Vec<Record>,
}

/// An upload in the making.
pub struct PieceWriter {
    context: jetstream::Context,
    subject: String,
    keys: ItemKeys,
    open: Vec<Record>,
    open_bytes: usize,
    pub pieces: u32,
    pub rows: u64,
}

impl PieceWriter {
    pub fn new(gateway: &Gateway, merchant: MerchantId, keys: ItemKeys) -> Self {
        PieceWriter {
            context: jetstream::new(gateway.journal.client().clone()),
            subject: subject::parked_body(merchant, ParkedId(keys.id().0)),
            keys,
            open: Vec::new(),
            open_bytes: 0,
            pieces: 0,
            rows: 0,
        }
    }

    pub fn upload(&self) -> ItemId {
        self.keys.id()
    }

    pub async fn put(&mut self, record: Record) -> Result<(), CommandError> {
        let fields = record.fields.as_deref().unwrap_or_default();
        self.open_bytes += fields.iter().map(|(_, text)| text.len() + 8).sum::<usize>() + 16;
        self.open.push(record);
        self.rows += 1;
        if self.open.len() >= PIECE_RECORDS || self.open_bytes >= PIECE_BYTES { self.close().await } else { Ok(()) }
    }

    /// Whatever is open is durable after this.
    pub async fn close(&mut self) -> Result<(), CommandError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let piece = Piece { number: self.pieces, records: std::mem::take(&mut self.open) };
        let plain = postcard::to_stdvec(&piece).map_err(|error| CommandError::Internal(error.to_string()))?;
        let sealed = self.keys.seal_bytes(PIECE_TAG, &plain);
        let unavailable = |error: &dyn std::fmt::Display| CommandError::Unavailable(format!("uploads: {error}"));
        let published = self.context.publish(self.subject.clone(), sealed.into_vec().into()).await;
        published.map_err(|error| unavailable(&error))?.await.map_err(|error| unavailable(&error))?;
        self.open_bytes = 0;
        self.pieces += 1;
        Ok(())
    }
}

/// The pieces of an upload, one after the other.
pub struct PieceReader {
    keys: ItemKeys,
    messages: pull::Ordered,
    next: u32,
}

impl PieceReader {
    /// None once the upload's key is gone, or any of its pieces.
    pub async fn open(
        gateway: &Gateway,
        merchant: MerchantId,
        upload: ItemId,
        pieces: u32,
    ) -> Result<Option<PieceReader>, CommandError> {
        let keys = match gateway.vault.item(merchant, upload).await {
            Err(VaultError::ItemGone) => return Ok(None),
            keys => keys?,
        };
        let unavailable = |error: &dyn std::fmt::Display| CommandError::Unavailable(format!("uploads: {error}"));
        let stream = jetstream::new(gateway.journal.client().clone()).get_stream("PARKED").await;
        let config = pull::OrderedConfig {
            filter_subject: subject::parked_body(merchant, ParkedId(upload.0)),
            ..Default::default()
        };
        let stream = stream.map_err(|error| unavailable(&error))?;
        let mut consumer = stream.create_consumer(config).await.map_err(|error| unavailable(&error))?;
        let pending = consumer.info().await.map_err(|error| unavailable(&error))?.num_pending;
        if pending < u64::from(pieces) {
            return Ok(None);
        }
        let messages = consumer.messages().await;
        Ok(Some(PieceReader { keys, messages: messages.map_err(|error| unavailable(&error))?, next: 0 }))
    }

    /// The next piece. Whoever asks knows that there is one.
    pub async fn next(&mut self) -> Result<Vec<Record>, CommandError> {
        loop {
            let message = timeout(PIECE_PATIENCE, self.messages.next()).await;
            let message = message.map_err(|_| CommandError::Unavailable("uploads: a piece is late".to_owned()))?;
            let message =
                message.ok_or_else(|| CommandError::Unavailable("uploads: the stream has ended".to_owned()))?;
            let message = message.map_err(|error| CommandError::Unavailable(format!("uploads: {error}")))?;
            let plain = self.keys.open_bytes(PIECE_TAG, &message.payload);
            let plain = plain.map_err(|error| CommandError::Internal(format!("a piece does not open: {error}")))?;
            let piece: Piece =
                postcard::from_bytes(&plain).map_err(|error| CommandError::Internal(error.to_string()))?;
            // A piece whose acknowledgement was lost may be there twice.
            if piece.number == self.next {
                self.next += 1;
                return Ok(piece.records);
            }
        }
    }
}
