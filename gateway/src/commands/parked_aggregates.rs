//! What read models go on without, and what an operator decides about it. The decision goes on record first; workers, and
//! every later rebuild, do as it says.

use aggregates::installation::{
    AdoptionNote, CommitDiscarded, Installation, InstallationCommand, Parking, ParkingRetried,
};
use journal::{Actor, CommandContext, Subject};
use projections::parking::store::look_again;

use super::error::CommandError;
use crate::{clock::new_id, gateway::Gateway};

const NOTE_TAG: &str = "installation.discard_note";

impl Gateway {
    /// Everything on record about commits that read models cannot read.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`]
    pub async fn parkings(&self) -> Result<Vec<Parking>, CommandError> {
        Ok(self.installation_on_record().await?.state.parkings.iter().cloned().collect())
    }

    /// Has what was parked because of this commit tried again. False if nothing was.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`], [`CommandError::Contended`]
    pub async fn retry_parking(&self, read_model: &str, position: u64, actor: Actor) -> Result<bool, CommandError> {
        let is_parked = |state: &Installation| state.parkings.of(read_model, position).is_some();
        if !is_parked(&self.installation_on_record().await?.state) {
            return Ok(false);
        }
        let retried = ParkingRetried { read_model: read_model.to_owned(), position };
        self.decide(InstallationCommand::Retry(retried), actor).await?;
        look_again(&self.db, read_model).await?;
        Ok(true)
    }

    /// Has a read model go on as if this commit were not there. False if nothing is parked because of it.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`], [`CommandError::Contended`]
    pub async fn discard_commit(
        &self,
        read_model: &str,
        position: u64,
        actor: Actor,
        note: &AdoptionNote,
    ) -> Result<bool, CommandError> {
        if self.installation_on_record().await?.state.parkings.of(read_model, position).is_none() {
            return Ok(false);
        }
        let note = self.vault.installation()?.seal(NOTE_TAG, note);
        let discarded = CommitDiscarded { read_model: read_model.to_owned(), position, note };
        self.decide(InstallationCommand::Discard(discarded), actor).await?;
        look_again(&self.db, read_model).await?;
        Ok(true)
    }

    /// Why a commit was given up, and by whom.
    ///
    /// # Errors
    /// [`CommandError::Internal`] if it was sealed under another root key store.
    pub fn open_discard_note(&self, discarded: &CommitDiscarded) -> Result<AdoptionNote, CommandError> {
        let opened = self.vault.installation()?.open(NOTE_TAG, &discarded.note);
        opened.map_err(|error| CommandError::Internal(format!("a note on a discarded commit does not open: {error}")))
    }

    pub(super) async fn decide(&self, command: InstallationCommand, actor: Actor) -> Result<(), CommandError> {
        let context = CommandContext::of(actor, new_id(), self.clock.now());
        self.installation().execute(Subject::installation(), &context, &command).await?;
        Ok(())
    }
}
