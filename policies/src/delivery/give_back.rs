//! A redemption is undone: its points, the piece of the stock and its code, in one commit.

use aggregates::{
    Aggregate,
    id::{CustomerId, MerchantId, RedemptionId},
    points::{Delivery, PointsCommand, PointsRefusal},
    reward::RewardCommand,
};
use journal::{
    CommandContext, Subject, Together,
    executor::{RandomIds, Retry},
};

use super::{Deliveries, DeliveryError, disable, store_credit::Credit};
use crate::tasks::Prepared;

/// What becomes of what the points were given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// A task ends its code in the shop, where the shop has it or may have it.
    Code,
    /// A task takes it back, if it turns out that it was given.
    Credit(Credit),
    /// It is gone already.
    Nothing,
}

impl Deliveries {
    /// Undoes a redemption, wherever merges have moved it, whether the shop has made what it is for or not. Gives the position
    /// of the last commit; `None` if it was undone before.
    ///
    /// # Errors
    /// [`DeliveryError::Points`] if an order has used it.
    pub(super) async fn give_back(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        customer: CustomerId,
        redemption: RedemptionId,
        ending: Ending,
    ) -> Result<Option<u64>, DeliveryError> {
        let mut retry = Retry::new(&RandomIds);
        loop {
            let owner = self.owner_of(merchant, customer).await?;
            match self.try_give_back(context, merchant, owner, redemption, ending).await {
                Err(DeliveryError::Contended | DeliveryError::Points(PointsRefusal::Merged { .. }))
                    if retry.pause().await => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_give_back(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        owner: CustomerId,
        redemption: RedemptionId,
        ending: Ending,
    ) -> Result<Option<u64>, DeliveryError> {
        let now = context.recorded_at;
        let program = self.0.programs.load_confirmed(Subject::program(merchant)).await?;
        let program = std::sync::Arc::new(program.state.clone());
        // Aggregates are locked in the order of their subjects: points, tasks, rewards.
        let mut together = Together::new(&self.0.journal, context);
        let account = together.lock(&self.0.accounts, Subject::points(merchant, owner)).await?;
        let cancel = PointsCommand::CancelRedemption { redemption, program, now };
        let returned = account.state().decide(&cancel).map_err(DeliveryError::Points)?;
        let known = account.state().redemptions.get(&redemption).cloned();
        let Some(known) = known.filter(|_| !returned.is_empty()) else { return Ok(None) };
        together.stage(account, returned);
        let task = match ending {
            Ending::Code if known.delivery == Delivery::NotNeeded => None,
            Ending::Code => Some(disable::task(redemption, known.delivery == Delivery::Underway, now)),
            Ending::Credit(credit) => Some(credit.task(now)),
            Ending::Nothing => None,
        };
        if let Some(task) = task
            && let Prepared::New { subject, command } = self.0.tasks.prepare(merchant, &task, now).await?
        {
            let shard = together.lock(&self.0.tasks.shards, subject).await?;
            let created = shard.state().decide(&command).map_err(|_| DeliveryError::Contended)?;
            together.stage(shard, created);
        }
        if let Some(reward) = known.reward {
            let held = together.lock(&self.0.rewards, Subject::reward(merchant, reward)).await?;
            let put_back = held.state().decide(&RewardCommand::PutBack { redemption, now });
            together.stage(held, put_back.map_err(|refusal| DeliveryError::Refused(refusal.to_string()))?);
        }
        Ok(together.commit().await?.into_iter().max())
    }
}
