//! What is on record and not granted yet becomes points.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, LotId, MerchantId},
    points::{BonusKind, BonusSource, Grant, PointsCommand, PointsRefusal},
    program::{Program, RuleId},
    time::Timestamp,
};
use journal::{Actor, CommandContext, ExecuteError, Subject};
use projections::campaigns::{
    Campaigns,
    desk::{self, Pending},
};

use super::{CampaignError, Rewarder};
use crate::on_top;

/// Rewards granted in one go, before their rows are waited for.
const PASS_MAX: i64 = 500;
/// How often a grant follows merges.
const REDIRECTS_MAX: usize = 8;

impl Rewarder {
    /// Grants what is to be granted in one shop; to one customer only, if one is named. Gives the position of the last
    /// commit, once it is visible.
    ///
    /// # Errors
    /// [`CampaignError`]
    pub async fn grant_pending(
        &self,
        merchant: MerchantId,
        only: Option<CustomerId>,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let mut last = None;
        loop {
            let pending = desk::pending(&self.db, merchant, only, PASS_MAX).await?;
            if pending.is_empty() {
                return Ok(last);
            }
            let program = self.program(merchant).await?;
            let mut written = None;
            for reward in &pending {
                written = written.max(self.grant(merchant, reward, &program, now).await?);
            }
            // Nothing of it could be granted: whoever it was for is being forgotten, and the rows will show it.
            let Some(position) = written else { return Ok(last) };
            on_top::visible(&self.progress, Campaigns::NAME, position).await?;
            last = last.max(written);
        }
    }

    /// Grants one reward, wherever merges have moved its customer. Gives where it is granted, now or before.
    async fn grant(
        &self,
        merchant: MerchantId,
        reward: &Pending,
        program: &Arc<Program>,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let command = PointsCommand::Grant(Grant {
            bonus: reward.bonus,
            source: BonusSource { kind: BonusKind::Campaign, id: reward.campaign.0 },
            points: reward.points,
            rule: RuleId(reward.campaign.to_string()),
            rule_version: reward.version,
            earned_at: reward.taken_at,
            available_at: reward.taken_at,
            fresh_lot: LotId((self.new_id)()),
            program: Arc::clone(program),
            now,
        });
        let mut customer = reward.customer;
        for _ in 0..REDIRECTS_MAX {
            let subject = Subject::points(merchant, customer);
            match self.accounts.execute(subject, &self.context(now), &command).await {
                Ok(executed) => {
                    let record = executed.state.state.bonuses.get(&reward.bonus);
                    return Ok(executed.position.or(record.map(|record| record.position)));
                }
                Err(ExecuteError::Refused(PointsRefusal::Merged { into })) => customer = into,
                Err(ExecuteError::Refused(PointsRefusal::Erased)) => return Ok(None),
                Err(ExecuteError::Unavailable | ExecuteError::Unknown) => return Err(CampaignError::LogUnavailable),
                Err(ExecuteError::Contended) => return Err(CampaignError::Contended),
                Err(error) => return Err(CampaignError::Account(error)),
            }
        }
        Err(CampaignError::Contended)
    }

    fn context(&self, now: Timestamp) -> CommandContext {
        CommandContext::of(Actor::Policy("campaigns".to_owned()), (self.new_id)(), now)
    }
}
