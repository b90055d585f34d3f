//! Points for something that the shop has to make. The points are reserved, the piece is taken from the stock and the task
//! that makes it is created, in one commit: whatever happens then, somebody sees to it.

use std::sync::Arc;

use aggregates::{
    Aggregate,
    id::{CommandId, CustomerId, Fingerprint, RedemptionId, RewardId},
    points::{BoughtReward, PointsCommand, PointsRefusal, Purchase, Redeem},
    program::Program,
    reward::{Benefit, RewardCommand, RewardRefusal, Standing},
    task::TaskRefusal,
};
use journal::{
    Executed, Subject, Together,
    executor::{RandomIds, Retry},
};
use policies::{delivery::Wanted, tasks::Prepared};
use projections::books;

use super::{account::Reached, error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What the shop will be asked to make, and what is paid for it.
struct Bought {
    points: i64,
    purchase: Purchase,
    wanted: Wanted,
    /// The reward it is taken from, at the version that was looked at.
    reward: Option<(RewardId, u32, Standing)>,
}

/// Under which the request is known.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub command: CommandId,
    pub fingerprint: Fingerprint,
    pub redemption: RedemptionId,
}

impl Gateway {
    /// Spends points on a reward.
    pub(super) async fn redeem_reward(
        &self,
        request: &Request,
        customer: CustomerId,
        asked: Asked,
        reward: RewardId,
    ) -> Result<Reached, CommandError> {
        let mut retry = Retry::new(&RandomIds);
        loop {
            let bought = self.look_at(request, customer, asked, reward).await?;
            match self.reserve(request, customer, asked, bought).await {
                Err(CommandError::Contended) if retry.pause().await => {}
                outcome => return outcome,
            }
        }
    }

    /// Spends points at the programme's rate on a code that the shop makes. `None` where it cannot: it is not connected, its
    /// currency is not known yet, or so few points buy nothing.
    pub(super) async fn redeem_at_rate_in_shop(
        &self,
        request: &Request,
        customer: CustomerId,
        asked: Asked,
        points: i64,
    ) -> Result<Option<Reached>, CommandError> {
        let lease = self.merchant(request.merchant).await?;
        if lease.merchant.shop.is_none() {
            return Ok(None);
        }
        let standing = books::standing(&self.db, request.merchant).await?;
        let Some(currency) = standing.and_then(|standing| standing.currency) else { return Ok(None) };
        let settings = &lease.program.in_effect_at(request.now).ok_or(PointsRefusal::NoProgram)?.settings;
        let amount_minor = settings.redemption.value_minor(points).ok_or(PointsRefusal::AwardTooLarge)?;
        if amount_minor == 0 {
            return Ok(None);
        }
        let mut retry = Retry::new(&RandomIds);
        loop {
            let bought = Bought {
                points,
                purchase: Purchase::AtRate { in_shop: true },
                wanted: Wanted {
                    redemption: asked.redemption,
                    customer,
                    name: format!("{points} points"),
                    benefit: Benefit::AmountOff { amount_minor, currency, minimum_minor: 0 },
                    starts_at: request.now,
                    ends_at: None,
                },
                reward: None,
            };
            match self.reserve(request, customer, asked, bought).await {
                Err(CommandError::Contended) if retry.pause().await => {}
                outcome => return outcome.map(Some),
            }
        }
    }

    /// The reward as it is offered now.
    async fn look_at(
        &self,
        request: &Request,
        customer: CustomerId,
        asked: Asked,
        reward: RewardId,
    ) -> Result<Bought, CommandError> {
        let (state, _) = self.reward(request.merchant, reward).await?;
        // Also of a retired one: who has taken it is answered again, and the others are refused.
        let current = state.current.as_ref().ok_or(RewardRefusal::Unknown)?;
        let definition = &current.definition;
        let survivor = self.survivor(request.merchant, customer).await?;
        let standing = self.standing_for(request.merchant, survivor, definition).await?;
        let bought = BoughtReward {
            reward,
            version: current.version,
            value_minor: definition.benefit.value_minor(),
            limit: definition.per_customer,
        };
        Ok(Bought {
            points: definition.cost_points,
            purchase: Purchase::Reward(bought),
            wanted: Wanted {
                redemption: asked.redemption,
                customer: survivor,
                name: definition.name.clone(),
                benefit: definition.benefit.clone(),
                starts_at: request.now,
                ends_at: definition.code_days.map(|days| request.now.plus_days(days)),
            },
            reward: Some((reward, current.version, standing)),
        })
    }

    /// Decides on everything, at states that nobody else decides on meanwhile, and writes it together.
    async fn reserve(
        &self,
        request: &Request,
        customer: CustomerId,
        asked: Asked,
        bought: Bought,
    ) -> Result<Reached, CommandError> {
        let merchant = request.merchant;
        let lease = self.merchant(merchant).await?;
        let (opened, _) = self.open_account(merchant, customer).await?;
        let account = Subject::points(merchant, opened.id);
        let context = request.context_of(asked.command, Some(asked.fingerprint));
        let task = self.tasks.prepare(merchant, &bought.wanted.task(), request.now).await?;
        // Aggregates are locked in the order of their subjects: points, tasks, rewards.
        let mut together = Together::new(&self.journal, &context);
        let held = together.lock(&self.accounts, account).await?;
        let redeem = redeem(request, asked, &bought, &lease.program);
        let redeemed = match held.state().decide(&redeem) {
            Err(PointsRefusal::Merged { .. } | PointsRefusal::LinksChanged) => return Err(CommandError::Contended),
            decided => decided?,
        };
        if redeemed.is_empty() {
            // Done by an earlier request under the same key.
            let state = Arc::clone(held.versioned());
            return Ok(Reached { account: opened, executed: Executed { state, events: redeemed, position: None } });
        }
        if lease.merchant.shop.is_none() {
            return Err(CommandError::ShopNotConnected);
        }
        together.stage(held, redeemed);
        let Prepared::New { subject, command } = task else {
            // Somebody else has the same request in hand.
            return Err(CommandError::Contended);
        };
        let shard = together.lock(&self.tasks.shards, subject).await?;
        let created = match shard.state().decide(&command) {
            Err(TaskRefusal::LookFurther { .. }) => return Err(CommandError::Contended),
            decided => decided?,
        };
        together.stage(shard, created);
        if let Some((reward, version, standing)) = bought.reward {
            let held = together.lock(&self.rewards, Subject::reward(merchant, reward)).await?;
            if held.state().current.as_ref().is_some_and(|current| current.version != version) {
                return Err(CommandError::Contended);
            }
            let take = RewardCommand::Take { redemption: asked.redemption, standing, now: request.now };
            let taken = held.state().decide(&take)?;
            together.stage(held, taken);
        }
        let position = together.commit().await?.into_iter().max();
        let state = self.accounts.load(account).await?;
        Ok(Reached { account: opened, executed: Executed { state, events: Vec::new(), position } })
    }
}

fn redeem(request: &Request, asked: Asked, bought: &Bought, program: &Arc<Program>) -> PointsCommand {
    PointsCommand::Redeem(Redeem {
        command: asked.command,
        request: asked.fingerprint,
        redemption: asked.redemption,
        points: bought.points,
        purchase: bought.purchase,
        program: Arc::clone(program),
        now: request.now,
    })
}
