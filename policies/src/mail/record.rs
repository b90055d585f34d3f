//! What is recorded of a mail, step by step.

use aggregates::mail::{EmailEventCreated, Language, MailStage, OutboxCommand, OutboxRefusal, SkipReason, shard_of};
use journal::{
    Actor, CommandContext, ExecuteError, Subject,
    executor::{RandomIds, Retry},
};

use super::{
    MailError,
    handler::{Attempt, MailHandler},
};
use crate::tasks::{Outcome, Task};

/// The language, and the version of the merchant's own template.
pub(super) type Words = Option<(Language, Option<u32>)>;

impl MailHandler {
    /// Puts on record that the mail is about to be handed over.
    ///
    /// # Errors
    /// The outcome of the task, if it must not be; [`MailError`] if nobody can tell.
    pub(super) async fn announce(&self, at: &Attempt<'_>, words: Words) -> Result<Result<(), Outcome>, MailError> {
        let command = OutboxCommand::HandOver(at.step(MailStage::HandingOver, words.clone()));
        let subject = Subject::outbox(at.task.merchant, shard_of(at.task.id));
        match self.outboxes.execute(subject, &self.context(at.task), &command).await {
            Ok(_) => Ok(Ok(())),
            Err(ExecuteError::Refused(OutboxRefusal::Ended(stage))) => Ok(Err(Outcome::done(stage.as_str()))),
            Err(ExecuteError::Refused(OutboxRefusal::CutShort)) => {
                self.note(at, MailStage::Unknown, words).await?;
                Ok(Err(Outcome::done("unknown: an earlier attempt was cut short at the mail server")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tries for a while: without this record a mail that was sent is one of which nobody knows.
    pub(super) async fn note(&self, at: &Attempt<'_>, stage: MailStage, words: Words) -> Result<(), MailError> {
        let mut retry = Retry::new(&RandomIds);
        let subject = Subject::outbox(at.task.merchant, shard_of(at.task.id));
        let command = OutboxCommand::Note(at.step(stage, words));
        loop {
            match self.outboxes.execute(subject, &self.context(at.task), &command).await {
                Ok(_) => return Ok(()),
                Err(ExecuteError::Contended | ExecuteError::Unavailable | ExecuteError::Unknown)
                    if retry.pause().await => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Nobody gets it, unless an earlier attempt has sent it and died before the task knew.
    pub(super) async fn skip(&self, at: &Attempt<'_>, reason: SkipReason) -> Result<Outcome, MailError> {
        let subject = Subject::outbox(at.task.merchant, shard_of(at.task.id));
        let outbox = self.outboxes.load_confirmed(subject).await?;
        if let Some(stage @ (MailStage::Sent | MailStage::Unknown)) = outbox.state.stage_of(at.task.id) {
            return Ok(Outcome::done(stage.as_str()));
        }
        self.note(at, MailStage::Skipped(reason), None).await?;
        Ok(Outcome::done(format!("skipped: {}", reason.as_str())))
    }

    fn context(&self, task: &Task) -> CommandContext {
        let actor = Actor::Policy("mail".to_owned());
        CommandContext { correlation: task.request, ..CommandContext::of(actor, (self.new_id)(), task.now) }
    }
}

impl Attempt<'_> {
    fn step(&self, stage: MailStage, words: Words) -> EmailEventCreated {
        let (mail, customer, kind) = (self.task.id, self.customer, self.order.kind);
        EmailEventCreated { mail, customer, kind, stage, attempt: self.task.attempt, words, at: self.task.now }
    }
}
