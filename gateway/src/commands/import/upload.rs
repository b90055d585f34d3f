//! Handing a file in.

use std::io;

use aggregates::{
    id::{ImportId, MerchantId},
    import::{Existing, ImportCommand, ImportOpened, ImportProgress, SHARDS, Source},
};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use journal::Subject;
use vault::ItemPurpose;

use super::pieces::PieceWriter;
use crate::{
    clock::new_id,
    commands::{CommandError, Request},
    gateway::Gateway,
    imports::{DateOrder, FileError, FileReader, TextEncoding},
};

/// Bytes of a file at most: a million customers with everything about them have about two hundred megabytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Rows of a file at most. What tells rows apart that a file has twice grows with them, and nothing else does.
const ROWS_MAX: u64 = 10_000_000;

/// How a file is to be read, and what it is to do.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    pub source: Source,
    pub encoding: TextEncoding,
    pub date_order: DateOrder,
    pub existing: Existing,
    pub dry_run: bool,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the file has more than a gigabyte")]
    TooLarge,
    #[error("the file has more than ten million rows")]
    TooManyRows,
    #[error("the file broke off")]
    BrokenOff,
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// A file that is here in full.
pub struct HandedIn {
    pub import: ImportProgress,
    /// It was handed in before; this is what has become of it.
    pub repeated: bool,
}

impl Gateway {
    /// Takes a file in as it arrives. It is durable and sealed when this returns; carrying it out is another matter. The
    /// same file with the same options is the same import, unless `again` says that it is another one.
    pub async fn hand_in(
        &self,
        request: &Request,
        options: ImportOptions,
        again: &str,
        file: impl Stream<Item = io::Result<Bytes>>,
    ) -> Result<HandedIn, UploadError> {
        let merchant = request.merchant;
        let expires_at = ItemPurpose::Upload.expires_at(self.clock.now());
        let keys = self.vault.new_item(merchant, ItemPurpose::Upload, expires_at).await.map_err(CommandError::from)?;
        let mut pieces = PieceWriter::new(self, merchant, keys);
        let stored = store(options, &mut pieces, file).await;
        let digest = match stored {
            Ok(digest) => digest,
            Err(error) => {
                self.vault.drop_item(merchant, pieces.upload()).await.map_err(CommandError::from)?;
                return Err(error);
            }
        };
        let opened = ImportOpened {
            import: ImportId(new_id()),
            upload: pieces.upload().0,
            source: options.source,
            dry_run: options.dry_run,
            existing: options.existing,
            date_order: options.date_order,
            content: self.content_of(request, options, again, &digest).await?,
            rows: pieces.rows,
            pieces: pieces.pieces,
            at: request.now,
        };
        let handed_in = self.open_import(request, opened).await?;
        if handed_in.repeated {
            self.vault.drop_item(merchant, pieces.upload()).await.map_err(CommandError::from)?;
        }
        Ok(handed_in)
    }

    /// Carries out what was tried: the same file, and this time it counts. None if there was no such trial, or its file is
    /// gone.
    pub async fn carry_out_for_real(
        &self,
        request: &Request,
        shard: u8,
        trial: ImportId,
    ) -> Result<Option<HandedIn>, CommandError> {
        let state = self.imports.load_confirmed(Subject::import(request.merchant, shard)).await?;
        let Some(tried) = state.state.import(trial).filter(|import| import.opened.dry_run) else { return Ok(None) };
        let opened =
            ImportOpened { import: ImportId(new_id()), dry_run: false, at: request.now, ..tried.opened.clone() };
        Ok(Some(self.open_import(request, opened).await?))
    }

    async fn open_import(&self, request: &Request, opened: ImportOpened) -> Result<HandedIn, CommandError> {
        let subject = subject_of(request.merchant, &opened);
        let (content, dry_run) = (opened.content, opened.dry_run);
        let done = self.imports.execute(subject, &request.context(), &ImportCommand::Open(opened)).await?;
        let import = done.state.state.same_as(content, dry_run).cloned();
        let import =
            import.ok_or_else(|| CommandError::Internal("an import was opened and is not there".to_owned()))?;
        Ok(HandedIn { import, repeated: done.position.is_none() })
    }

    /// A file's keyed hash, with all that decides what it does.
    async fn content_of(
        &self,
        request: &Request,
        options: ImportOptions,
        again: &str,
        digest: &str,
    ) -> Result<[u8; 16], CommandError> {
        let ImportOptions { source, encoding, date_order, existing, .. } = options;
        let how = format!("{source:?} {encoding:?} {date_order:?} {existing:?}\n{again}\n{digest}");
        let hash = self.vault.merchant(request.merchant).await?.lookup_hash("import", &how);
        let mut content = [0; 16];
        content.copy_from_slice(&hash[..16]);
        Ok(content)
    }
}

/// Where an import's story is told: the same file is always on the same shard, so that it is recognised.
pub fn subject_of(merchant: MerchantId, opened: &ImportOpened) -> Subject {
    Subject::import(merchant, opened.content[0] % SHARDS)
}

/// Gives the hash of the file.
async fn store(
    options: ImportOptions,
    pieces: &mut PieceWriter,
    file: impl Stream<Item = io::Result<Bytes>>,
) -> Result<String, UploadError> {
    let mut file = std::pin::pin!(file);
    let mut reader = FileReader::new(options.source, options.encoding);
    let (mut digest, mut length) = (Digest::new(&SHA256), 0_u64);
    while let Some(bytes) = file.next().await {
        let bytes = bytes.map_err(|_| UploadError::BrokenOff)?;
        length += bytes.len() as u64;
        if length > FILE_BYTES_MAX {
            return Err(UploadError::TooLarge);
        }
        digest.update(&bytes);
        for record in reader.push(&bytes)? {
            pieces.put(record).await?;
        }
        if pieces.rows > ROWS_MAX {
            return Err(UploadError::TooManyRows);
        }
    }
    for record in reader.finish()? {
        pieces.put(record).await?;
    }
    pieces.close().await?;
    Ok(hex::encode(digest.finish()))
}
