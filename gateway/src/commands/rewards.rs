//! The catalogue of rewards: defined in versions, retired, never deleted.

use aggregates::{
    id::{CustomerId, MerchantId, RewardId},
    reward::{CATALOGUE_MAX, Reward, RewardCommand, RewardDefinition, RewardEvent, RewardRefusal, Standing},
};
use journal::Subject;
use projections::{ProjectionError, rewards, rfm, tiers};

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

impl Gateway {
    /// Puts a reward into the catalogue.
    pub async fn create_reward(
        &self,
        request: &Request,
        definition: RewardDefinition,
    ) -> Result<(RewardId, Reward, u64), CommandError> {
        let there = rewards::count(&self.db, request.merchant).await?;
        if usize::try_from(there).unwrap_or(0) >= CATALOGUE_MAX {
            return Err(CommandError::CatalogueFull);
        }
        let reward = RewardId(new_id());
        let (state, position) = self.define_reward(request, reward, 0, definition).await?;
        Ok((reward, state, position))
    }

    /// Publishes the next version of a reward; `expected` is the one its author has seen. What was taken stays as it was.
    pub async fn define_reward(
        &self,
        request: &Request,
        reward: RewardId,
        expected: u32,
        definition: RewardDefinition,
    ) -> Result<(Reward, u64), CommandError> {
        let command = RewardCommand::Define { expected, definition, now: request.now };
        self.tell_reward(request, reward, &command).await
    }

    /// Nobody can take it any more.
    pub async fn retire_reward(
        &self,
        request: &Request,
        reward: RewardId,
        expected: u32,
    ) -> Result<(Reward, u64), CommandError> {
        self.tell_reward(request, reward, &RewardCommand::Retire { expected, now: request.now }).await
    }

    async fn tell_reward(
        &self,
        request: &Request,
        reward: RewardId,
        command: &RewardCommand,
    ) -> Result<(Reward, u64), CommandError> {
        let subject = Subject::reward(request.merchant, reward);
        let told = self.rewards.execute(subject, &request.context(), command).await?;
        Ok((told.state.state.clone(), told.state.position))
    }

    /// A reward as the log has it, with its position.
    pub async fn reward(&self, merchant: MerchantId, reward: RewardId) -> Result<(Reward, u64), CommandError> {
        let found = self.rewards.load_confirmed(Subject::reward(merchant, reward)).await?;
        if found.state.current.is_none() {
            return Err(RewardRefusal::Unknown.into());
        }
        Ok((found.state.clone(), found.position))
    }

    /// What an earlier version of a reward said: from the log, which forgets none.
    pub async fn earlier_reward(
        &self,
        merchant: MerchantId,
        reward: RewardId,
        version: u32,
    ) -> Result<Option<RewardDefinition>, CommandError> {
        let history = self.history_of::<RewardEvent>(&Subject::reward(merchant, reward)).await?;
        let version = history.into_iter().find_map(|(_, event)| match event {
            RewardEvent::Defined(defined) if defined.version == version => Some(defined.definition),
            _ => None,
        });
        Ok(version)
    }

    /// What is known of a customer that decides about rewards; only what the definition asks for is looked up.
    pub(super) async fn standing_for(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        definition: &RewardDefinition,
    ) -> Result<Standing, CommandError> {
        let unreadable = |error: ProjectionError| CommandError::Unavailable(error.to_string());
        let mut standing = Standing::default();
        if !definition.segments.is_empty() {
            let held = rfm::answers::standing(&self.db, merchant, customer).await.map_err(unreadable)?;
            standing.segment = held.map(|held| held.segment);
        }
        if !definition.tiers.is_empty() {
            let member = tiers::answers::member(&self.db, merchant, customer).await.map_err(unreadable)?;
            standing.tier = member.and_then(|member| member.tier);
        }
        Ok(standing)
    }
}
