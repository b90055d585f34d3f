//! Store credit that is not wanted any more. It is money, and may be spent by then: so it is taken from the customer's account
//! first, and the points come back only once it has been. Where it cannot be taken, the redemption stays what it is.
//!
//! Two things outside cannot be one commit. So before anything is taken, a task is there that looks a minute later: credit
//! that was taken by somebody who died before the points were back is completed by it.

use std::time::Duration;

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId},
    money::Currency,
    points::{Delivery, Redemption},
    reward::Benefit,
    task::{Priority, TaskKind, TaskPayload},
    time::Timestamp,
};
use futures::future::BoxFuture;
use journal::{CommandContext, Subject};
use projections::queue_tasks::{self, QueueTasks};
use serde::{Deserialize, Serialize};

use super::{
    Deliveries, DeliveryError, MAKE, NO_TOKEN, TAKE_BACK, Wanted, disable::when_making_ends, give_back::Ending,
};
use crate::{
    shopify_admin::{AdminError, StoreCredit},
    tasks::{Handler, NewPayload, NewTask, Outcome, Task, TaskError},
};

/// How long a cancellation waits for the read model to know what a redemption is for.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(10);

/// The credit that a redemption is for. What the task [`TAKE_BACK`] is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credit {
    pub redemption: RedemptionId,
    /// Whose account it was taken from; a merge may have moved it since.
    pub customer: CustomerId,
    pub amount_minor: i64,
    pub currency: Currency,
}

impl Credit {
    /// `None` if something else is wanted.
    pub fn of(wanted: &Wanted) -> Option<Self> {
        let Wanted { redemption, customer, .. } = *wanted;
        match wanted.benefit {
            Benefit::StoreCredit { amount_minor, currency } => {
                Some(Credit { redemption, customer, amount_minor, currency })
            }
            _ => None,
        }
    }

    /// How the customer's account in the shop knows it.
    pub fn mark(&self) -> String {
        format!("rrd-{}", self.redemption.0.simple())
    }

    pub fn in_shop<'a>(&self, customer: &'a str, mark: &'a str) -> StoreCredit<'a> {
        StoreCredit { customer, minor: self.amount_minor, currency: self.currency, mark }
    }

    /// The task that takes it back after the points: one for each redemption.
    pub fn task(&self, now: Timestamp) -> NewTask {
        self.task_under(self.redemption.to_string(), now)
    }

    fn task_under(&self, key: String, now: Timestamp) -> NewTask {
        NewTask {
            kind: TAKE_BACK,
            key,
            customer: None,
            payload: NewPayload::Ids(postcard::to_stdvec(self).expect("plain values: encoding cannot fail")),
            priority: Priority::High,
            not_before: Some(when_making_ends(now)),
        }
    }
}

/// [`TAKE_BACK`]
pub struct TakeBackCredit(pub Deliveries);

impl Handler for TakeBackCredit {
    fn kind(&self) -> TaskKind {
        TAKE_BACK
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Ok(credit) = postcard::from_bytes(&task.payload) else { return Outcome::dead("not a credit") };
            self.0.settle_credit(task, &credit).await.unwrap_or_else(Outcome::from)
        })
    }
}

impl Deliveries {
    /// Undoes a redemption because somebody wishes it. Gives the position of the last commit; `None` if it was undone before.
    ///
    /// # Errors
    /// [`DeliveryError::Points`] if an order has used it; [`DeliveryError::CreditSpent`] if it is credit and was spent. Any
    /// other error of credit leaves open whether it was taken: if it was, the points are back within minutes.
    pub async fn cancel(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        customer: CustomerId,
        redemption: RedemptionId,
    ) -> Result<Option<u64>, DeliveryError> {
        let owner = self.owner_of(merchant, customer).await?;
        let account = self.0.accounts.load_confirmed(Subject::points(merchant, owner)).await?;
        let open = account.state.redemptions.get(&redemption).filter(|known| !known.cancelled);
        let credit = match open {
            Some(known) => self.credit_of(merchant, redemption, known).await?,
            None => None,
        };
        let Some(credit) = credit else {
            return self.give_back(context, merchant, owner, redemption, Ending::Code).await;
        };
        // Each wish has a task of its own: an earlier one may have found that nothing was taken.
        let wish = format!("{redemption}/{}", (self.0.new_id)());
        self.0.tasks.enqueue(context, merchant, &credit.task_under(wish, context.recorded_at)).await?;
        self.take_back(context, merchant, &credit).await?;
        self.give_back(context, merchant, owner, redemption, Ending::Nothing).await
    }

    /// Takes the credit from the customer's account in the shop, once; or keeps it from being put there.
    ///
    /// # Errors
    /// [`DeliveryError::CreditSpent`] if it is not there any more.
    pub(super) async fn take_back(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        credit: &Credit,
    ) -> Result<(), DeliveryError> {
        let owner = self.owner_of(merchant, credit.customer).await?;
        // Whom the shop does not know, it has given nothing.
        let Some(customer) = self.external_id(merchant, owner).await? else { return Ok(()) };
        let (mark, now) = (credit.mark(), context.recorded_at);
        let credit = credit.in_shop(&customer, &mark);
        let access = self.0.tokens.access(context, merchant).await?.ok_or(DeliveryError::NotConnected)?;
        let shop = self.0.admin.shop(&access.domain, &access.token);
        let mut taken = shop.take_back_store_credit(&credit, now).await;
        let is_refused = matches!(taken, Err(AdminError::Unauthorized(NO_TOKEN)));
        if is_refused && self.0.tokens.not_taken(context, merchant, &access).await? {
            let access = self.0.tokens.access(context, merchant).await?.ok_or(DeliveryError::NotConnected)?;
            taken = self.0.admin.shop(&access.domain, &access.token).take_back_store_credit(&credit, now).await;
        }
        taken.map_err(|error| if error.is_spent() { DeliveryError::CreditSpent } else { error.into() })
    }

    /// The task: where the points are back, the credit goes; where it was taken, the points come back. Otherwise both stay as
    /// they are.
    async fn settle_credit(&self, task: &Task, credit: &Credit) -> Result<Outcome, DeliveryError> {
        let context = self.context(task);
        let owner = self.owner_of(task.merchant, credit.customer).await?;
        let account = self.0.accounts.load_confirmed(Subject::points(task.merchant, owner)).await?;
        if account.state.redemptions.get(&credit.redemption).is_some_and(|known| known.cancelled) {
            return match self.take_back(&context, task.merchant, credit).await {
                Ok(()) => Ok(Outcome::done("the credit is not on the account")),
                Err(DeliveryError::CreditSpent) => Ok(Outcome::dead("the credit was spent, and the points are back")),
                Err(error) => Err(error),
            };
        }
        let Some(customer) = self.external_id(task.merchant, owner).await? else {
            return Ok(Outcome::done("the shop has no such customer"));
        };
        let access = self.0.tokens.access(&context, task.merchant).await?.ok_or(DeliveryError::NotConnected)?;
        let (shop, mark) = (self.0.admin.shop(&access.domain, &access.token), credit.mark());
        match shop.is_store_credit_taken_back(&credit.in_shop(&customer, &mark), task.now).await {
            Ok(false) => return Ok(Outcome::done("the credit stays")),
            Ok(true) => {}
            Err(error) => return Ok(self.after(task, &access, error.into()).await),
        }
        match self.give_back(&context, task.merchant, owner, credit.redemption, Ending::Nothing).await {
            // Its owner is being forgotten: there is nobody to give it to.
            Ok(_) | Err(DeliveryError::Points(_)) => Ok(Outcome::done("the points are back")),
            Err(error) => Err(error),
        }
    }

    /// The credit that a redemption is for; `None` if it is for something else.
    async fn credit_of(
        &self,
        merchant: MerchantId,
        redemption: RedemptionId,
        known: &Redemption,
    ) -> Result<Option<Credit>, DeliveryError> {
        if known.reward.is_none() || known.delivery == Delivery::NotNeeded {
            return Ok(None);
        }
        // What it is for stands in the task that makes it.
        if !self.0.tasks.progress.reached(QueueTasks::NAME, known.position, READ_MODEL_PATIENCE).await {
            return Err(TaskError::ReadModelBehind.into());
        }
        let id = self.0.tasks.id_of(merchant, &MAKE, &redemption.to_string()).await?;
        let row = queue_tasks::find(&self.0.db, merchant, id).await?;
        let wanted = match row.and_then(|row| row.payload) {
            Some(TaskPayload::Open(bytes)) => Wanted::from_bytes(&bytes),
            Some(TaskPayload::Sealed(_)) | None => None,
        };
        let wanted =
            wanted.ok_or_else(|| DeliveryError::Refused("what a redemption is for is not on record".into()))?;
        Ok(Credit::of(&wanted))
    }
}
