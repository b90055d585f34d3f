//! Campaigns, and actions that they reward.

use aggregates::{
    Aggregate,
    campaign::{Act, Action, Campaign, CampaignBoard, CampaignCommand, CampaignEvent, CampaignVersion},
    id::{CampaignId, CustomerId, MerchantId},
    time::Timestamp,
};
use journal::Subject;
use policies::campaigns::Taken;

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

/// What tokens of actions are derived under.
const ACTION_KIND: &str = "campaign_action";

impl Gateway {
    /// Defines a campaign: a new one, or the one that is known by an id at a version.
    pub async fn define_campaign(
        &self,
        request: &Request,
        known: Option<(CampaignId, u32)>,
        campaign: Campaign,
    ) -> Result<CampaignVersion, CommandError> {
        let (id, expected) = known.unwrap_or_else(|| (CampaignId(new_id()), 0));
        let command = CampaignCommand::Define { id, expected, campaign: Box::new(campaign), now: request.now };
        let subject = Subject::campaigns(request.merchant);
        let done = self.campaigns.execute(subject, &request.context(), &command).await?;
        self.renew_merchant(request.merchant).await?;
        let defined = done.state.state.find(id).cloned();
        defined.ok_or_else(|| CommandError::Internal("a campaign that was defined is gone".to_owned()))
    }

    /// What an earlier version of a campaign said: from the log, which forgets none.
    pub async fn earlier_campaign(
        &self,
        merchant: MerchantId,
        id: CampaignId,
        version: u32,
    ) -> Result<Option<Campaign>, CommandError> {
        let history = self.history_of::<CampaignEvent>(&Subject::campaigns(merchant)).await?;
        let version = history.into_iter().find_map(|(_, event)| match event {
            CampaignEvent::Defined(defined) if (defined.id, defined.version) == (id, version) => Some(defined.campaign),
            _ => None,
        });
        Ok(version)
    }

    /// Campaigns that were ended by hand, as they were then, and when that was: from the log, which forgets none.
    ///
    /// # Errors
    /// That the log does not answer, or cannot be read.
    pub async fn ended_campaigns(
        &self,
        merchant: MerchantId,
    ) -> Result<Vec<(CampaignVersion, Timestamp)>, CommandError> {
        let mut board = CampaignBoard::default();
        let mut ended = Vec::new();
        for (recorded, event) in self.history_of::<CampaignEvent>(&Subject::campaigns(merchant)).await? {
            if let CampaignEvent::Withdrawn(withdrawn) = &event {
                ended.extend(board.find(withdrawn.id).map(|was| (was.clone(), withdrawn.at)));
            }
            board.apply(&event, &recorded);
        }
        Ok(ended)
    }

    /// Ends a campaign; gives the position.
    pub async fn withdraw_campaign(&self, request: &Request, id: CampaignId) -> Result<u64, CommandError> {
        let command = CampaignCommand::Withdraw { id, now: request.now };
        let subject = Subject::campaigns(request.merchant);
        let done = self.campaigns.execute(subject, &request.context(), &command).await?;
        self.renew_merchant(request.merchant).await?;
        Ok(done.state.position)
    }

    /// Somebody did something: puts it on record with what it earns, and grants that. Its position is that of the points.
    pub async fn take_action(
        &self,
        request: &Request,
        customer: CustomerId,
        action: Action,
        distinct_id: &str,
    ) -> Result<Taken, CommandError> {
        // Whose keys are gone is told so here.
        let (account, state) = self.open_account(request.merchant, customer).await?;
        if state.state.fenced {
            return Err(CommandError::CustomerErased);
        }
        let outside_id = format!("{action}\n{distinct_id}");
        let tokens: Vec<_> = account.links.iter().map(|link| link.token(ACTION_KIND, &outside_id)).collect();
        let rewarder = self.rewarder();
        let who = rewarder.who(request.merchant, account.id).await?;
        let act = Act { customer: account.id, action, token: tokens[0], at: request.now, who };
        let mut taken = rewarder.take(request.merchant, &act, &tokens, request.now).await?;
        // Also for an action that was known: its points may not have been granted yet.
        let granted = rewarder.grant_pending(request.merchant, Some(account.id), request.now).await?;
        taken.position = taken.position.max(granted);
        Ok(taken)
    }
}
