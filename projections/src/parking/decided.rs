//! What is on record about commits that a read model cannot read.

use std::{collections::BTreeSet, sync::Arc};

use aggregates::installation::{AggregateParked, Installation, InstallationCommand, Parking};
use journal::{
    Aggregates, CommandContext, ExecuteError, Journal, Positioned, Subject,
    executor::{Capacity, LoadError},
};

use crate::projection::Unfit;

/// Why nothing could be put on record.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the log: {0}")]
    Load(#[from] LoadError),
    #[error("the log: {0}")]
    Execute(#[from] ExecuteError<std::convert::Infallible>),
    /// See [`PARKED_MAX`](aggregates::installation::PARKED_MAX).
    #[error("position {position}, {cause}: and too much is parked already")]
    TooMuch { position: u64, cause: Unfit },
}

/// What is decided for one read model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// Commits because of which aggregates are parked.
    parked: BTreeSet<u64>,
    /// Commits that were given up.
    discarded: BTreeSet<u64>,
}

impl Decided {
    /// For this read model, from what is on record.
    pub fn of(installation: &Installation, read_model: &str) -> Decided {
        let mut decided = Decided::default();
        let own = |parking: &&Parking| parking.parked.read_model == read_model;
        for parking in installation.parkings.iter().filter(own) {
            let kind = if parking.discarded.is_some() { &mut decided.discarded } else { &mut decided.parked };
            kind.insert(parking.parked.position);
        }
        decided
    }

    pub fn is_parked(&self, position: u64) -> bool {
        self.parked.contains(&position)
    }

    pub fn is_discarded(&self, position: u64) -> bool {
        self.discarded.contains(&position)
    }

    pub fn is_empty(&self) -> bool {
        self.parked.is_empty() && self.discarded.is_empty()
    }
}

/// Makes the context of a command: its ids and its time.
pub type NewContext = Arc<dyn Fn() -> CommandContext + Send + Sync>;

/// The record in the journal.
#[derive(Clone)]
pub struct Register {
    installation: Arc<Aggregates<Installation>>,
    context: NewContext,
}

impl Register {
    pub fn new(journal: Journal, context: NewContext) -> Self {
        Register { installation: Arc::new(Aggregates::new(journal, Capacity(1))), context }
    }

    /// As it is on record at this moment.
    ///
    /// # Errors
    /// [`RegisterError::Load`]
    pub async fn decided(&self, read_model: &str) -> Result<Decided, RegisterError> {
        let installation = self.installation.load_confirmed(Subject::installation()).await?;
        Ok(Decided::of(&installation.state, read_model))
    }

    /// Puts on record that a read model goes on without the aggregate of this commit.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub(crate) async fn park(
        &self,
        read_model: &str,
        commit: &Positioned,
        cause: Unfit,
    ) -> Result<Decided, RegisterError> {
        let (event, version) = cause.event();
        let parked = AggregateParked {
            read_model: read_model.to_owned(),
            position: commit.position,
            merchant: commit.subject.merchant,
            aggregate: commit.subject.to_string(),
            event: event.to_owned(),
            version,
        };
        let command = InstallationCommand::Park(parked);
        let executed = self.installation.execute(Subject::installation(), &(self.context)(), &command).await?;
        let decided = Decided::of(&executed.state.state, read_model);
        if decided.is_parked(commit.position) || decided.is_discarded(commit.position) {
            return Ok(decided);
        }
        Err(RegisterError::TooMuch { position: commit.position, cause })
    }
}
