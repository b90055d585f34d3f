//! Mails that a merchant asks for: about how a customer stands now, by the same words and rules as those that are sent of their own
//! accord. What is about one event (points of an order, a reward, an invitation) is sent when that happens, and not by hand.

use aggregates::{
    id::{CustomerId, TaskId},
    mail::MailKind,
    points::PointsRefusal,
    program::{ProgramSettings, TierId},
    task::{TaskKind, TaskPayload, shard_of},
    time::Timestamp,
};
use journal::Subject;
use policies::mail::{MAIL_TASK, MailFacts, MailOrder, Wish};
use projections::{
    queue_tasks::{self, QueueTasks},
    tiers::answers,
    vip_tiers::VipTiers,
};

use super::{adjust::Idempotency, error::CommandError, request::Request};
use crate::gateway::Gateway;

/// A mail that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct MailByHand {
    pub customer: CustomerId,
    pub kind: MailKind,
    /// By the merchant's clock.
    pub not_before: Option<Timestamp>,
}

/// A task that is on the queue, now or since an earlier request under the same key.
#[derive(Debug, Clone, Copy)]
pub struct CreatedByHand {
    pub task: TaskId,
    /// From which on the read model shows it.
    pub position: u64,
    pub repeated: bool,
}

impl Gateway {
    /// Whether tasks of this kind can be asked for.
    ///
    /// # Errors
    /// Why not: nobody does them, or they are part of something else.
    pub fn is_created_by_hand(&self, kind: &TaskKind) -> Result<(), CommandError> {
        match (self.handles(kind), *kind == MAIL_TASK) {
            (true, true) => Ok(()),
            (true, false) => Err(CommandError::TaskNotByHand),
            (false, _) => Err(CommandError::UnknownTaskKind),
        }
    }

    /// Puts a mail to a customer on the queue, once under the client's key.
    pub async fn mail_by_hand(
        &self,
        request: &Request,
        wanted: MailByHand,
        idempotency: &Idempotency,
    ) -> Result<CreatedByHand, CommandError> {
        let (merchant, now) = (request.merchant, request.now);
        self.key_is_about(merchant, wanted.customer, idempotency).await?;
        let keys = self.vault.person(merchant, wanted.customer).await?;
        // Under the customer's own key: a client's key may say anything, also a person's name.
        let (command, _) = idempotency.under(&keys);
        let key = format!("by_hand:{}", command.0.simple());
        let task = self.tasks.id_of(merchant, &MAIL_TASK, &key).await?;
        if self.has_task(merchant, task).await? {
            return self.repeated(request, task, wanted.kind).await;
        }
        let customer = self.survivor(merchant, wanted.customer).await?;
        let lease = self.merchant(merchant).await?;
        let version = lease.program.in_effect_at(now).ok_or(PointsRefusal::NoProgram)?;
        let postmaster = self.postmaster().ok_or(CommandError::UnknownTaskKind)?;
        let order = MailOrder::of(wanted.kind, self.facts_of(request, customer, wanted.kind, &version.settings).await?);
        let not_before = wanted.not_before.unwrap_or(now).max(now);
        let wish = Wish { customer, key: &key, order: &order, not_before };
        let ordered = postmaster.order_as(&request.context(), merchant, &lease.program, &wish).await?;
        let ordered = ordered.ok_or(CommandError::CustomerErased)?;
        Ok(CreatedByHand {
            task: ordered.id,
            position: ordered.position.unwrap_or(0),
            repeated: ordered.position.is_none(),
        })
    }

    /// What the mail will say, as it is now.
    async fn facts_of(
        &self,
        request: &Request,
        customer: CustomerId,
        kind: MailKind,
        settings: &ProgramSettings,
    ) -> Result<MailFacts, CommandError> {
        if !settings.mail.kinds.contains(&kind) {
            return Err(CommandError::MailNotByHand("the merchant has not switched this kind on"));
        }
        match kind {
            MailKind::Welcome => Ok(MailFacts::default()),
            MailKind::PointsExpiring => {
                let account = self.accounts.load_confirmed(Subject::points(request.merchant, customer)).await?;
                let next = account.state.balance_at(request.now).next_expiry;
                let next = next.ok_or(CommandError::MailNotByHand("none of the customer's points expire"))?;
                Ok(MailFacts { points: Some(next.points), expires_at: Some(next.at), ..MailFacts::default() })
            }
            MailKind::TierReached => {
                let member = answers::member(&self.db, request.merchant, customer).await;
                let member =
                    member.map_err(|error| CommandError::Unavailable(format!("{}: {error}", VipTiers::NAME)))?;
                let tier = member.and_then(|member| TierId::parse(&member.tier?).ok());
                let tier = tier.and_then(|id| settings.tiers.tier(&id));
                let tier = tier.ok_or(CommandError::MailNotByHand("the customer is in no tier"))?;
                Ok(MailFacts { tier_name: Some(tier.name.clone()), ..MailFacts::default() })
            }
            MailKind::PointsEarned | MailKind::ReferralInvitation | MailKind::RewardReady => {
                Err(CommandError::MailNotByHand("is sent when its reason comes up, and not by hand"))
            }
        }
    }

    /// The same request again, or another one under the same key.
    async fn repeated(&self, request: &Request, task: TaskId, kind: MailKind) -> Result<CreatedByHand, CommandError> {
        let shard = self.tasks.shards.load(Subject::task(request.merchant, shard_of(task))).await?;
        // What the shard has forgotten, the read model has long known.
        let position = shard.state.created_at_position(task).unwrap_or(0);
        if !self.progress.reached(QueueTasks::NAME, position, self.options.read_patience).await {
            return Err(CommandError::Unavailable("the read model of tasks".to_owned()));
        }
        let row = queue_tasks::find(&self.db, request.merchant, task).await?;
        let order = row.and_then(|row| match row.payload {
            Some(TaskPayload::Open(bytes)) => MailOrder::from_bytes(&bytes),
            _ => None,
        });
        match order {
            Some(order) if order.kind != kind => Err(PointsRefusal::KeyReused.into()),
            _ => Ok(CreatedByHand { task, position, repeated: true }),
        }
    }
}
