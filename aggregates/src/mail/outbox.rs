//! How far each mail has come. Before a mail is handed to the server, that it will be is on record; afterwards, what the server
//! said. A mail of which only the first is known may have been sent: it is not sent again of its own accord.
//!
//! A shard remembers mails that are being handed over, and the last ones that were not: a task that is done is not asked about
//! again, so more is not needed.

use std::collections::{HashMap, VecDeque};

use super::event::{EmailEventCreated, MailEvent, MailStage};
use crate::{Aggregate, Context, event::Recorded, id::TaskId};

/// Mails are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;
/// Mails of one shard that are remembered after their last step. Between a mail's last step and its task's record lie
/// milliseconds, unless a worker dies just then.
pub const REMEMBERED: usize = 1_024;

/// The shard of a mail. Ids of tasks are keyed hashes, so any byte spreads them.
pub fn shard_of(mail: TaskId) -> u8 {
    mail.0.as_bytes()[1] % SHARDS
}

#[derive(Debug, Clone)]
pub enum OutboxCommand {
    /// It is about to be handed over.
    HandOver(EmailEventCreated),
    /// What came of it, or why it is not handed over at all.
    Note(EmailEventCreated),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboxRefusal {
    /// It has ended like this; nothing more is to be done.
    #[error("the mail has ended")]
    Ended(MailStage),
    /// An earlier attempt did not come back from the mail server, and nobody knows how far it came.
    #[error("an earlier attempt was cut short at the mail server")]
    CutShort,
}

/// The mails of a shard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    known: HashMap<TaskId, (MailStage, u16)>,
    /// Those that are not being handed over; the newest is at the back.
    resting: VecDeque<TaskId>,
}

impl Outbox {
    pub fn stage_of(&self, mail: TaskId) -> Option<MailStage> {
        self.known.get(&mail).map(|(stage, _)| *stage)
    }

    /// One that the server did not take can be handed over again, also when it said never: somebody may have seen to that.
    fn may_hand_over(&self, mail: TaskId) -> Result<(), OutboxRefusal> {
        match self.stage_of(mail) {
            None | Some(MailStage::Deferred | MailStage::Refused) => Ok(()),
            Some(MailStage::HandingOver) => Err(OutboxRefusal::CutShort),
            Some(stage @ (MailStage::Sent | MailStage::Skipped(_) | MailStage::Unknown)) => {
                Err(OutboxRefusal::Ended(stage))
            }
        }
    }
}

impl Aggregate for Outbox {
    const CONTEXT: Context = Context::Mail;
    type Event = MailEvent;
    type Command = OutboxCommand;
    type Refusal = OutboxRefusal;

    fn decide(&self, command: &OutboxCommand) -> Result<Vec<MailEvent>, OutboxRefusal> {
        match command {
            OutboxCommand::HandOver(step) => {
                self.may_hand_over(step.mail)?;
                Ok(vec![MailEvent::Created(EmailEventCreated { stage: MailStage::HandingOver, ..step.clone() })])
            }
            OutboxCommand::Note(step) => match self.known.get(&step.mail) {
                Some((stage, attempt)) if (*stage, *attempt) == (step.stage, step.attempt) => Ok(Vec::new()),
                _ => Ok(vec![MailEvent::Created(step.clone())]),
            },
        }
    }

    fn apply(&mut self, event: &MailEvent, _: &Recorded) {
        let MailEvent::Created(step) = event else { return };
        self.resting.retain(|mail| *mail != step.mail);
        self.known.insert(step.mail, (step.stage, step.attempt));
        if step.stage == MailStage::HandingOver {
            return;
        }
        self.resting.push_back(step.mail);
        if self.resting.len() > REMEMBERED
            && let Some(oldest) = self.resting.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
