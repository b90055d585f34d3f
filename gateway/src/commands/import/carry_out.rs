//! Carrying an import out, piece by piece. Everything a row does has a business key, so that a piece taken twice leaves what
//! one taken once leaves; what became of it goes on record once, by whoever gets to it first.
//!
//! | file | its idea |
//! |---|---|
//! | [`judge`] | what can be said of rows by looking at them alone |
//! | [`prepare`] | a piece's people are looked up all at once, and made where they are new |
//! | [`begin`] | what new people bring: the first commits about them, a whole piece in one batch of the log |
//! | [`known`] | what the rows about people who were there before do, a piece at a time |
//! | [`rows`] | the same of one of them |
//! | [`bring_along`] | what they bring besides points: a tier, a referral link |
//!
//! While one piece is written, the next is prepared: vault and log work at the same time. Nothing is written of a piece
//! before all of the one before it is on record.

mod begin;
mod bring_along;
mod judge;
mod known;
mod prepare;
mod rows;

use aggregates::{
    id::{ImportId, MerchantId},
    import::{Counts, ImportCommand, ImportFinished, ImportProgress, ImportRefusal, PieceTaken, Rejection},
};
use futures::future;
use journal::{Actor, ExecuteError, Subject};
use vault::ItemId;

pub use self::bring_along::REFERRAL_TAG;
use self::prepare::{Preparation, Prepared};
use super::pieces::PieceReader;
use crate::{
    commands::{CommandError, Request},
    gateway::Gateway,
};

/// Who wants to know how far it is.
pub type Watch<'a> = &'a (dyn Fn(&ImportProgress) + Send + Sync);

/// What became of some rows.
type Outcome = (Counts, Vec<Rejection>);

/// An import that was carried out to its end.
#[derive(Debug, Clone)]
pub struct CarriedOut {
    pub import: ImportProgress,
}

/// One import, and how its rows are to be taken.
pub(super) struct Work<'a> {
    gateway: &'a Gateway,
    import: ImportProgress,
    request: Request,
}

impl Gateway {
    /// Carries an import out from wherever it is. None if there is no such import, or its file is gone. Two processes may do so
    /// at once: rows are done once all the same, only for twice the work.
    pub async fn carry_out_import(
        &self,
        merchant: MerchantId,
        shard: u8,
        import: ImportId,
        watch: Watch<'_>,
    ) -> Result<Option<CarriedOut>, CommandError> {
        let subject = Subject::import(merchant, shard);
        let state = self.imports.load_confirmed(subject).await?;
        let Some(progress) = state.state.import(import).cloned() else { return Ok(None) };
        if progress.finished {
            return Ok(Some(CarriedOut { import: progress }));
        }
        let upload = ItemId(progress.opened.upload);
        let Some(pieces) = PieceReader::open(self, merchant, upload, progress.opened.pieces).await? else {
            return Ok(None);
        };
        let request = self.import_request(merchant, import).await?;
        let mut preparation = Preparation::new(self, merchant, &progress, pieces);
        let mut work = Work { gateway: self, request, import: progress };
        let mut prepared = preparation.next().await?;
        while let Some(piece) = prepared {
            let (done, next) = future::try_join(work.carry_out(subject, piece), preparation.next()).await?;
            prepared = next;
            work.import = done;
            work.request.now = self.now_of(merchant).await?;
            watch(&work.import);
        }
        if !work.import.opened.dry_run {
            self.vault.drop_item(merchant, upload).await?;
        }
        Ok(Some(CarriedOut { import: work.import }))
    }

    /// Nothing more will come of an import whose file is gone.
    pub(crate) async fn abandon_import(
        &self,
        merchant: MerchantId,
        shard: u8,
        import: ImportId,
    ) -> Result<(), CommandError> {
        let request = self.import_request(merchant, import).await?;
        let command = ImportCommand::Abandon(ImportFinished { import, at: request.now });
        match self.imports.execute(Subject::import(merchant, shard), &request.context(), &command).await {
            Ok(_) | Err(ExecuteError::Refused(ImportRefusal::NotOpen)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn import_request(&self, merchant: MerchantId, import: ImportId) -> Result<Request, CommandError> {
        Ok(Request {
            merchant,
            now: self.now_of(merchant).await?,
            actor: Actor::Policy("import".to_owned()),
            correlation: import.0,
            traceparent: None,
        })
    }
}

impl Work<'_> {
    async fn carry_out(&self, subject: Subject, piece: Prepared) -> Result<ImportProgress, CommandError> {
        let number = piece.number;
        let (counts, rejections) = self.take(piece).await?;
        self.record(subject, number, counts, rejections).await
    }

    /// Does what the rows of a piece say, or only finds out what they would do.
    async fn take(&self, piece: Prepared) -> Result<Outcome, CommandError> {
        let Prepared { fresh, known, judged: (mut counts, mut rejections), .. } = piece;
        let mut outcomes = self.begin_all(fresh).await?;
        outcomes.extend(self.take_known(known).await?);
        for (of_group, turned_away) in outcomes {
            counts += of_group;
            rejections.extend(turned_away);
        }
        rejections.sort_unstable_by_key(|rejection| rejection.line);
        Ok((counts, rejections))
    }

    /// Puts on record what became of a piece. If somebody else has done so meanwhile, theirs stands.
    async fn record(
        &self,
        subject: Subject,
        piece: u32,
        counts: Counts,
        rejections: Vec<Rejection>,
    ) -> Result<ImportProgress, CommandError> {
        let import = self.import.opened.import;
        let taken = PieceTaken { import, piece, counts, rejections, at: self.request.now };
        let imports = &self.gateway.imports;
        let state = match imports.execute(subject, &self.request.context(), &ImportCommand::TakePiece(taken)).await {
            Ok(done) => done.state,
            Err(ExecuteError::Refused(ImportRefusal::NotItsTurn { .. } | ImportRefusal::NotOpen)) => {
                imports.load_confirmed(subject).await?
            }
            Err(error) => return Err(error.into()),
        };
        let progress = state.state.import(import).cloned();
        progress.ok_or_else(|| CommandError::Internal("an import is gone while it is carried out".to_owned()))
    }
}

impl From<ImportRefusal> for CommandError {
    fn from(refusal: ImportRefusal) -> Self {
        CommandError::Internal(refusal.to_string())
    }
}
