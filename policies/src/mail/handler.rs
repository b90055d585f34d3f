//! One attempt at one mail.
//!
//! Before the mail is handed to the server, that it will be is on record; afterwards, what the server said. Whoever dies in
//! between leaves a mail that may have been sent: the next attempt says so, and does not send it.

use std::{sync::Arc, time::Duration};

use aggregates::{
    customer::Customer,
    id::CustomerId,
    mail::{MailStage, MailTemplates, Outbox, SkipReason},
    points::Account,
    program::{Program, ProgramSettings},
    rfm::Calendar,
    task::TaskKind,
    time::Clock,
};
use futures::future::BoxFuture;
use journal::{Aggregates, Subject};
use projections::{Progress, email_events};
use sqlx::PgPool;
use uuid::Uuid;
use vault::Vault;

use super::{
    MAIL_TASK, MailError, Mailing,
    filling::Chosen,
    message::{Letter, Outgoing},
    order::MailOrder,
    reader::Reader,
    render,
    smtp::Verdict,
    unsubscribe,
};
use crate::tasks::{Handler, Outcome, Task};

/// A mail that must not go now is looked at again after so long.
const LATER: Duration = Duration::from_secs(60);
/// Seconds in which a merchant's limit counts.
const HOUR_SECONDS: i64 = 3_600;

/// Sends mails.
pub struct MailHandler {
    pub mailing: Mailing,
    pub outboxes: Aggregates<Outbox>,
    pub templates: Aggregates<MailTemplates>,
    pub customers: Aggregates<Customer>,
    pub accounts: Aggregates<Account>,
    pub programs: Aggregates<Program>,
    pub vault: Vault,
    pub db: PgPool,
    pub progress: Progress,
    /// What is printed as a mail's date: readers live by this clock, also those of a merchant with a clock of its own.
    pub clock: Arc<dyn Clock>,
    /// Where command ids come from.
    pub new_id: fn() -> Uuid,
}

/// What is being tried, by which settings.
pub(super) struct Attempt<'a> {
    pub task: &'a Task,
    pub customer: CustomerId,
    pub order: MailOrder,
    pub settings: &'a ProgramSettings,
    pub calendar: Calendar,
}

impl Handler for MailHandler {
    fn kind(&self) -> TaskKind {
        MAIL_TASK
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.attempt(task).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::retry(reason(&error)),
            }
        })
    }
}

/// In words that hold nothing of the mail.
fn reason(error: &MailError) -> &'static str {
    match error {
        MailError::Database(_) => "the database does not answer",
        MailError::LogUnavailable | MailError::Queue(_) => "the log does not answer",
        MailError::ReadModelBehind => "the read models do not keep up",
        MailError::Vault(_) => "the vault does not answer",
        MailError::Unreadable(_) | MailError::UnreadableHistory(_) => "something stored cannot be read",
        MailError::Outbox(_) => "the outbox does not take it",
    }
}

impl MailHandler {
    async fn attempt(&self, task: &Task) -> Result<Outcome, MailError> {
        let (Some(order), Some(customer)) = (MailOrder::from_bytes(&task.payload), task.customer) else {
            return Ok(Outcome::dead("the order of a mail cannot be read"));
        };
        let program = self.programs.load_confirmed(Subject::program(task.merchant)).await?;
        let Some(settings) = program.state.in_effect_at(task.now).map(|version| &version.settings) else {
            return Ok(Outcome::dead("the merchant has no programme"));
        };
        let calendar = Calendar::of(&settings.rfm.time_zone).unwrap_or_else(|_| Calendar::utc());
        let at = Attempt { task, customer, order, settings, calendar };
        let outcome = self.try_to_send(&at).await?;
        if matches!(outcome, Outcome::Done(_)) {
            self.let_go(&at).await?;
        }
        Ok(outcome)
    }

    async fn try_to_send(&self, at: &Attempt<'_>) -> Result<Outcome, MailError> {
        if !at.settings.mail.kinds.contains(&at.order.kind) {
            return self.skip(at, SkipReason::SwitchedOff).await;
        }
        if self.must_wait(at).await? {
            return Ok(Outcome::Hold(LATER));
        }
        if !self.is_still_so(at).await? {
            return self.skip(at, SkipReason::Over).await;
        }
        let reader = match &at.order.facts.invitation {
            Some(invitation) => self.invited(at, invitation).await?,
            None => self.reader(at.task.merchant, at.customer, at.order.kind).await?,
        };
        let reader = match reader {
            Ok(reader) => reader,
            Err(reason) => return self.skip(at, reason).await,
        };
        let chosen = self.words(at, reader.language.as_ref()).await?;
        match self.outgoing(at, reader, &chosen).await? {
            Ok(outgoing) => self.send(at, &outgoing, chosen).await,
            Err(reason) => Ok(Outcome::dead(reason)),
        }
    }

    /// Quiet hours, or as many in the last hour as the merchant allows. Workers look at the same read model, which may not know
    /// yet what others are sending: the limit is kept to within what is under way.
    async fn must_wait(&self, at: &Attempt<'_>) -> Result<bool, MailError> {
        let (settings, now) = (&at.settings.mail, at.task.now);
        if settings.earliest(now, &at.calendar) > now {
            return Ok(true);
        }
        let since = now.plus_seconds(-HOUR_SECONDS);
        Ok(email_events::sent_since(&self.db, at.task.merchant, since).await? >= u64::from(settings.per_hour))
    }

    /// The mail, ready to go; or why it never will be.
    async fn outgoing(
        &self,
        at: &Attempt<'_>,
        reader: Reader,
        chosen: &Chosen,
    ) -> Result<Result<Outgoing, &'static str>, MailError> {
        let keys = self.vault.merchant(at.task.merchant).await?;
        let token = unsubscribe::token(&keys, reader.id);
        let unsubscribe_url = format!("{}/unsubscribe/{token}", self.mailing.public_url);
        let values = self.values(at, &keys, &reader.first_name, &unsubscribe_url).await?;
        let Ok(words) = render::render(&chosen.template, &values) else {
            return Ok(Err("the words cannot be filled in"));
        };
        let letter = Letter {
            mail: at.task.id,
            from: &self.mailing.server.from,
            shop_name: &at.settings.mail.shop_name,
            to: reader.address,
            words: &words,
            unsubscribe_url: &unsubscribe_url,
            sent_at: self.clock.now(),
        };
        Ok(letter.outgoing().ok_or("the parts make no message"))
    }

    async fn send(&self, at: &Attempt<'_>, outgoing: &Outgoing, chosen: Chosen) -> Result<Outcome, MailError> {
        let words = Some((chosen.language, chosen.version));
        if let Err(outcome) = self.announce(at, words.clone()).await? {
            return Ok(outcome);
        }
        let (stage, outcome) = match self.mailing.server.hand_over(outgoing).await {
            Verdict::Taken => (MailStage::Sent, Outcome::done(MailStage::Sent.as_str())),
            Verdict::Unknown(reason) => (MailStage::Unknown, Outcome::done(format!("unknown: {reason}"))),
            Verdict::Deferred(reason) => (MailStage::Deferred, Outcome::retry(reason)),
            Verdict::Refused(reason) => (MailStage::Refused, Outcome::dead(reason)),
        };
        let kind = at.order.kind.as_str();
        metrics::counter!("loyalty_mails_total", "kind" => kind, "outcome" => stage.as_str()).increment(1);
        self.note(at, stage, words).await?;
        Ok(outcome)
    }
}
