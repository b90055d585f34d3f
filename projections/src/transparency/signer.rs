//! When and what to sign, and when never.
//!
//! A round signs the checkpoint of every tree that has grown, puts those into the top log, and signs that. Rounds of all
//! processes take turns by a lock in the database, and each is one transaction. Nothing is signed that does not continue
//! what was signed last, and the proof of that is made from the stored hashes and checked against both roots: whoever
//! alters the tables cannot have the alteration signed. What was signed last is taken from its own signed note.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aggregates::time::{Clock, Timestamp};
use journal::{Journal, JournalError};
use proofs::{Checkpoint, Hash};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::SigningKey;

use super::{
    Names, Transparency, TreeId,
    file::{self, FileError},
    growth::Growth,
    prove::{self, ProofError},
    signed, store,
};
use crate::{progress::Progress, projection::ProjectionError};

/// A commit is under a signature after so long at the latest, unless said otherwise.
pub const SIGN_EVERY: Duration = Duration::from_secs(60);
/// And sooner, once so many are not.
const SIGN_COMMITS: u64 = 1_000;
/// How often a look is taken whether either is the case.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a round waits for the trees to have seen the end of the log.
const TREES_PATIENCE: Duration = Duration::from_secs(30);
/// Trees signed in one transaction.
const TREES_AT_ONCE: i64 = 500;
/// The lock by which signers take turns; any number that nothing else of ours uses.
const TURN: i64 = 0x6c6e_7072_6f6f_6673;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(transparent)]
    File(#[from] FileError),
    /// Try again later; `projections status` says how far they are.
    #[error("the trees have not seen the end of the log yet")]
    Behind,
    /// What is stored does not continue what was signed. Find out who changed it: `log verify` names the place.
    #[error("{origin} does not continue its last signed checkpoint, of {size} leaves: nothing more is signed for it")]
    Inconsistent { origin: String, size: u64 },
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Checkpoints of merchants' trees that were signed.
    pub signed: u64,
    /// Origins of trees that do not continue what was signed for them. An alarm.
    pub refused: Vec<String>,
}

/// Signs checkpoints. One for each process that works; they take turns.
pub struct CheckpointSigner {
    pub db: PgPool,
    pub journal: Journal,
    pub progress: Progress,
    pub key: SigningKey,
    /// Where the newest checkpoint of the top log is to be had, too.
    pub file: Option<PathBuf>,
    /// A commit is under a signature after so long at the latest.
    pub every: Duration,
}

/// A turn: the transaction that holds the lock, and what everything in it is called.
struct Turn<'a> {
    db: Transaction<'a, Postgres>,
    names: Names,
    signer: Key<'a>,
    at: Timestamp,
}

/// A key of the installation, as notes are signed with it.
pub struct Key<'a>(pub &'a SigningKey);

impl proofs::Signer for Key<'_> {
    fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

impl CheckpointSigner {
    /// Signs when it is time, until `stop`. What fails is tried again when it is time again.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let (mut up_to, mut last) = (0, None::<Instant>);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            let seen = self.progress.of(Transparency::NAME).position;
            let waited = last.is_none_or(|last| last.elapsed() >= self.every);
            if seen > up_to && (waited || seen - up_to >= SIGN_COMMITS) {
                match self.round(clock.now()).await {
                    Ok(round) => tracing::debug!(signed = round.signed, "checkpoints are signed"),
                    Err(error) => tracing::error!(%error, "no checkpoint was signed"),
                }
                (up_to, last) = (seen, Some(Instant::now()));
            }
        }
    }

    /// One round: when it returns, every tree is signed as it was when the round began, but those that are refused.
    ///
    /// # Errors
    /// [`SignError`]; then nothing more was signed than what the file and the database say.
    pub async fn round(&self, now: Timestamp) -> Result<Round, SignError> {
        let signed = self.sign_all(now).await;
        let refused = match &signed {
            Ok(round) => round.refused.len() as u64,
            Err(SignError::Inconsistent { .. } | SignError::File(FileError::NotOurs { .. })) => 1,
            Err(_) => 0,
        };
        metrics::counter!("loyalty_checkpoints_refused_total").increment(refused);
        signed
    }

    async fn sign_all(&self, now: Timestamp) -> Result<Round, SignError> {
        let head = self.journal.last_position().await?;
        if !self.progress.reached(Transparency::NAME, head, TREES_PATIENCE).await {
            return Err(SignError::Behind);
        }
        let mut round = Round::default();
        let mut after = None;
        loop {
            let mut turn = self.turn(now).await?;
            let due = turn.due(after).await?;
            let Some(last) = due.last() else {
                turn.publish(self.file.as_deref()).await?;
                return Ok(round);
            };
            after = Some(*last);
            for tree in due {
                turn.sign_tree(tree, &mut round).await?;
            }
            turn.sign_top(self.file.as_deref()).await?;
            turn.db.commit().await?;
        }
    }

    async fn turn(&self, at: Timestamp) -> Result<Turn<'_>, SignError> {
        let mut db = self.db.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(TURN).execute(&mut *db).await?;
        let names = Names::new(self.key.public(), store::adoptions(&mut *db).await?);
        Ok(Turn { db, names, signer: Key(&self.key), at })
    }
}

impl Turn<'_> {
    /// Trees, after this one, that are not as they were last signed.
    async fn due(&mut self, after: Option<Uuid>) -> Result<Vec<Uuid>, SignError> {
        let origin = self.names.origin(TreeId(Uuid::nil()));
        let due = sqlx::query_scalar(
            "select tree from proof.tree due
              where tree <> $1 and ($2::uuid is null or tree > $2)
                and size <> coalesce((select max(size) from proof.checkpoint signed
                                       where signed.tree = due.tree
                                         and signed.origin = replace($3, $4, replace(due.tree::text, '-', ''))), 0)
              order by tree limit $5",
        )
        .bind(TreeId::TOP.0)
        .bind(after)
        .bind(origin)
        .bind(Uuid::nil().simple().to_string())
        .bind(TREES_AT_ONCE)
        .fetch_all(&mut *self.db)
        .await?;
        Ok(due)
    }

    /// Signs a tree as it is, and puts that into the top log.
    async fn sign_tree(&mut self, tree: Uuid, round: &mut Round) -> Result<(), SignError> {
        let trees = store::load(&mut *self.db, &[tree, TreeId::TOP.0]).await?;
        let Some(frontier) = trees.get(&tree).map(|tree| tree.frontier.clone()) else { return Ok(()) };
        let origin = self.names.origin(TreeId(tree));
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        if let Err(refusal) = self.continues(TreeId(tree), &checkpoint).await? {
            tracing::error!(error = %refusal, "a tree is not what it was when it was signed");
            round.refused.push(checkpoint.origin);
            return Ok(());
        }
        let mut growth = Growth::of(trees.into_iter().filter(|(name, _)| *name == TreeId::TOP.0).collect());
        let entry = growth.trees.get(&TreeId::TOP.0).map_or(0, |top| top.frontier.size());
        growth.push(TreeId::TOP.0, Hash::of_leaf(&[checkpoint.text().as_bytes()]), None);
        store::save(&mut self.db, &growth).await?;
        let note = checkpoint.sign(&self.signer).to_string();
        signed::insert(&mut *self.db, TreeId(tree), &checkpoint, &note, Some(entry), self.at).await?;
        metrics::counter!("loyalty_checkpoints_signed_total").increment(1);
        round.signed += 1;
        Ok(())
    }

    /// Signs the top log, if it has grown.
    async fn sign_top(&mut self, file: Option<&Path>) -> Result<(), SignError> {
        let trees = store::load(&mut *self.db, &[TreeId::TOP.0]).await?;
        let Some(frontier) = trees.get(&TreeId::TOP.0).map(|top| &top.frontier) else { return Ok(()) };
        let origin = self.names.origin(TreeId::TOP);
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        if let Some(published) = self.published(file)? {
            continues_from(&mut self.db, TreeId::TOP, &published, &checkpoint).await??;
        }
        self.continues(TreeId::TOP, &checkpoint).await??;
        let last = signed::latest(&mut *self.db, TreeId::TOP, &checkpoint.origin).await?;
        if last.is_none_or(|last| last.size != checkpoint.size) {
            let note = checkpoint.sign(&self.signer).to_string();
            signed::insert(&mut *self.db, TreeId::TOP, &checkpoint, &note, None, self.at).await?;
        }
        Ok(())
    }

    /// Brings the file up to what is signed for good. In a turn, so that no older checkpoint replaces a newer one; and in
    /// every round, so that a crash before it is made up for.
    async fn publish(&mut self, file: Option<&Path>) -> Result<(), SignError> {
        let Some(path) = file else { return Ok(()) };
        let published = self.published(file)?;
        let newest = signed::latest(&mut *self.db, TreeId::TOP, &self.names.origin(TreeId::TOP)).await?;
        match newest {
            Some(newest) if published.is_none_or(|published| published.size < newest.size) => {
                Ok(file::replace(path, &newest.note)?)
            }
            _ => Ok(()),
        }
    }

    fn published(&self, file: Option<&Path>) -> Result<Option<Checkpoint>, FileError> {
        Ok(file.map(|path| file::read(path, &self.names.key())).transpose()?.flatten())
    }

    /// Whether a tree as it is now continues what was signed last for it. The inner error is the refusal.
    async fn continues(&mut self, tree: TreeId, now: &Checkpoint) -> Result<Result<(), SignError>, SignError> {
        let Some(last) = signed::latest(&mut *self.db, tree, &now.origin).await? else { return Ok(Ok(())) };
        match Checkpoint::open(&last.note, &self.names.key()) {
            Ok(before) if before.origin == now.origin => continues_from(&mut self.db, tree, &before, now).await,
            // The row is not what was signed.
            _ => Ok(Err(SignError::Inconsistent { origin: now.origin.clone(), size: last.size })),
        }
    }
}

async fn continues_from(
    db: &mut PgConnection,
    tree: TreeId,
    before: &Checkpoint,
    now: &Checkpoint,
) -> Result<Result<(), SignError>, SignError> {
    let refusal = || SignError::Inconsistent { origin: now.origin.clone(), size: before.size };
    let proof = match prove::consistency(&mut *db, tree, before.size, now.size).await {
        Ok(proof) => proof,
        Err(ProofError::Beyond | ProofError::Missing(_)) => return Ok(Err(refusal())),
        Err(ProofError::Store(error)) => return Err(error.into()),
    };
    let proven = proofs::consistency((before.size, before.root), (now.size, now.root), &proof);
    Ok(proven.map_err(|_| refusal()))
}
