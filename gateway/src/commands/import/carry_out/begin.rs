//! What new people bring. Nobody asks the log for somebody who was made a moment ago: their first commits are guarded by there
//! being none, customer and account stand or fall together, and those of a whole piece share a batch of the log.

use std::sync::Arc;

use aggregates::{
    Aggregate,
    customer::{Customer, CustomerCommand, CustomerEvent},
    event::Recorded,
    points::{Account, PointsCommand, PointsEvent},
    program::Program,
};
use futures::future;
use journal::{AppendError, Beginning, ExecuteError, Subject, committer::UnderWay};

use super::{Outcome, Work, known::Word, prepare::Fresh, rows::as_new};
use crate::commands::{CommandError, customer::seal_profile, error::Never};

impl Work<'_> {
    /// All of them at once.
    pub(super) async fn begin_all(&self, fresh: Vec<Fresh>) -> Result<Vec<Outcome>, CommandError> {
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let program = &self.gateway.merchant(self.request.merchant).await?.program;
        // Announced together, so that the log waits for the most of them and writes few large batches.
        let announced: Vec<(Fresh, UnderWay)> =
            fresh.into_iter().map(|fresh| (fresh, self.gateway.journal.command_begins())).collect();
        future::try_join_all(announced.into_iter().map(|(fresh, under_way)| self.begin(fresh, program, under_way)))
            .await
    }

    async fn begin(&self, fresh: Fresh, program: &Arc<Program>, _: UnderWay) -> Result<Outcome, CommandError> {
        let person = fresh.keys.id();
        let context = self.request.context();
        let mut beginning = Beginning::new(&self.gateway.journal, &context);
        let merchant = self.request.merchant;
        beginning.stage::<Customer>(Subject::customer(merchant, person), &self.first_of_customer(&fresh, program)?);
        beginning.stage::<Account>(Subject::points(merchant, person), &self.first_of_account(&fresh, program)?);
        match beginning.commit().await {
            Ok(_) => Ok(as_new(&fresh.rows)),
            // Somebody else goes on with them already: whatever is missing is added.
            Err(AppendError::Conflict) => self.bring(person, &fresh.rows, true, Word::Theirs(fresh.link)).await,
            Err(error) => Err(ExecuteError::<Never>::from(error).into()),
        }
    }

    fn first_of_customer(&self, fresh: &Fresh, program: &Program) -> Result<Vec<CustomerEvent>, CommandError> {
        let seen = seal_profile(&fresh.keys, &fresh.rows[0].profile, None)?;
        let enrol = CustomerCommand::Enrol { seen, now: self.request.now };
        let note = self.note_of(&fresh.keys, &fresh.rows, program, fresh.link)?.map(CustomerCommand::NoteImport);
        let (mut customer, mut events) = (Customer::default(), Vec::new());
        for command in std::iter::once(enrol).chain(note) {
            let decided = customer.decide(&command)?;
            let recorded = Recorded { position: 0, at: self.request.now };
            decided.iter().for_each(|event| customer.apply(event, &recorded));
            events.extend(decided);
        }
        Ok(events)
    }

    fn first_of_account(&self, fresh: &Fresh, program: &Arc<Program>) -> Result<Vec<PointsEvent>, CommandError> {
        if fresh.rows.iter().all(|row| row.lot.is_none()) {
            return Ok(Vec::new());
        }
        let lots = self.lots_of(&fresh.rows, &[fresh.keys.link_key()], program);
        Ok(Account::default().decide(&PointsCommand::ImportLots(lots))?)
    }
}
