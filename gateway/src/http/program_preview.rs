//! `POST /v1/program_settings/preview`: what another programme would have made of the real history. Nothing is saved.
//! `loyalnest whatif` tries the same document.

use std::collections::BTreeMap;

use aggregates::{
    campaign::CampaignVersion,
    id::{CampaignId, RewardId},
    program::{ProgramVersion, RedemptionRate},
    reward::{CATALOGUE_MAX, COST_MAX},
    tier::Ladder,
    time::Timestamp,
    whatif::{Caveat, Compared, Offer, Proposal, Side, WhatIf},
};
use axum::{Json, extract::State};
use journal::Journal;
use projections::replay::whatif;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::JsonBody, campaigns::document::CampaignInput, program_settings::SettingsDocument};
use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Campaigns of one proposal.
const CAMPAIGNS_MAX: usize = 500;

/// A programme to be tried. What is left out stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramProposal {
    #[serde(default)]
    pub program_settings: Option<SettingsDocument>,
    /// All campaigns that there would have been. Left out, orders keep the campaigns that they had, and actions their points.
    #[serde(default)]
    pub campaigns: Option<Vec<CampaignInput>>,
    /// Rewards that would have been offered otherwise; those that are left out stay as they were.
    #[serde(default)]
    pub rewards: Option<Vec<RewardOffer>>,
}

/// How a reward of the catalogue would have been offered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardOffer {
    pub reward_id: String,
    /// What it would have cost. Left out, nobody could have taken it.
    #[serde(default)]
    pub cost_points: Option<i64>,
}

/// What happened, beside what would have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhatIfDocument {
    pub customers: u64,
    pub orders: u64,
    /// Orders whose base is not known exactly: a rule counts something that no rule of their time did, and was taken for the
    /// usual one.
    pub approximated_orders: u64,
    /// What the answer takes for granted.
    pub assumptions: Vec<CaveatDocument>,
    /// What the answer leaves out.
    pub not_included: Vec<CaveatDocument>,
    pub happened: SideDocument,
    pub proposed: SideDocument,
    /// Points that the proposal costs more; less, if negative.
    pub extra_points: i64,
    /// Customers who would have been given more, for orders and otherwise.
    pub winners: u64,
    /// Customers who would have been given less.
    pub losers: u64,
    /// Up to twenty, those with the largest difference first.
    pub top_winners: Vec<ComparedDocument>,
    pub top_losers: Vec<ComparedDocument>,
    /// The history was read up to here.
    pub position: u64,
}

/// One side of the comparison. Both are counted in the same way: without holds, graces and debts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SideDocument {
    /// Points of orders, less what went back with them.
    pub points: i64,
    /// Points of campaigns' rewards, referrals and badges.
    pub bonus_points: i64,
    /// What all of these buy at the side's own rate; minor units.
    pub cost_minor: i64,
    /// Points spent, less what came back.
    pub redeemed: i64,
    pub expired: i64,
    /// Points left to be spent.
    pub outstanding: i64,
    /// What these buy; minor units.
    pub liability_minor: i64,
    /// Points that were spent and would not have been there.
    pub unaffordable: i64,
    /// Members of each tier.
    pub tiers: BTreeMap<String, u64>,
}

/// Something that the answer does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaveatDocument {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub says: &'static str,
}

impl From<Caveat> for CaveatDocument {
    fn from(caveat: Caveat) -> Self {
        CaveatDocument { code: caveat.as_str(), says: caveat.words() }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ComparedDocument {
    pub customer_id: String,
    pub happened: i64,
    pub proposed: i64,
}

impl SideDocument {
    fn of(side: Side, rate: RedemptionRate) -> Self {
        SideDocument {
            points: side.kept,
            bonus_points: side.bonuses,
            cost_minor: rate.value_of(side.kept.saturating_add(side.bonuses)),
            redeemed: side.redeemed,
            expired: side.expired,
            outstanding: side.outstanding,
            liability_minor: rate.value_of(side.outstanding),
            unaffordable: side.unaffordable,
            tiers: side.members,
        }
    }
}

impl From<Compared> for ComparedDocument {
    fn from(Compared { customer, happened, proposed }: Compared) -> Self {
        ComparedDocument { customer_id: customer.to_string(), happened, proposed }
    }
}

/// What another programme would have made of everything that was bought.
#[utoipa::path(
    post, path = "/v1/program_settings/preview", tag = "program", operation_id = "program_settings_preview",
    security(("api_key" = [])), request_body = ProgramProposal,
    responses((status = 200, body = WhatIfDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: proposal, .. }: JsonBody<ProgramProposal>,
) -> Result<Json<WhatIfDocument>, Problem> {
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    let current = lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?;
    let tried = proposal.read(current, caller.request.now)?;
    let _turn = gateway.previews.acquire().await.map_err(|_| Problem::of(Code::Unavailable))?;
    // Boxed: a whole history is read, and no other request needs the room for it.
    let trying = Box::pin(tried.over(&gateway.journal, caller.merchant(), |_| {}));
    Ok(Json(trying.await?))
}

/// A proposal that can stand.
pub struct Tried {
    settings: aggregates::program::ProgramSettings,
    campaigns: Option<Vec<CampaignVersion>>,
    rewards: BTreeMap<RewardId, Offer>,
    now: Timestamp,
}

impl ProgramProposal {
    /// The proposal on top of the settings as they are.
    ///
    /// # Errors
    /// A problem with the place of what cannot stand.
    pub fn read(self, current: &ProgramVersion, now: Timestamp) -> Result<Tried, Problem> {
        let settings = match self.program_settings {
            None => current.settings.clone(),
            Some(document) => {
                document.on_top_of(&current.settings).map_err(|problem| problem.below("/program_settings"))?
            }
        };
        let campaigns = self.campaigns.map(|campaigns| read_campaigns(campaigns, now)).transpose()?;
        let rewards = read_offers(self.rewards.unwrap_or_default())?;
        Ok(Tried { settings, campaigns, rewards, now })
    }
}

fn read_offers(offers: Vec<RewardOffer>) -> Result<BTreeMap<RewardId, Offer>, Problem> {
    if offers.len() > CATALOGUE_MAX {
        return Err(Problem::at("/rewards", "more rewards than a catalogue has"));
    }
    let read = |(place, offer): (usize, RewardOffer)| {
        let id =
            offer.reward_id.parse().map_err(|_| Problem::at(format!("/rewards/{place}/reward_id"), "is no reward"))?;
        match offer.cost_points {
            None => Ok((id, Offer::Not)),
            Some(cost) if (1..=COST_MAX).contains(&cost) => Ok((id, Offer::Costs(cost))),
            Some(_) => Err(Problem::at(format!("/rewards/{place}/cost_points"), "must be from 1 to 1000000000")),
        }
    };
    offers.into_iter().enumerate().map(read).collect()
}

fn read_campaigns(campaigns: Vec<CampaignInput>, now: Timestamp) -> Result<Vec<CampaignVersion>, Problem> {
    if campaigns.len() > CAMPAIGNS_MAX {
        return Err(Problem::at("/campaigns", "more than 500 campaigns"));
    }
    let read = |(place, input): (usize, CampaignInput)| {
        let campaign = input.read(now).map_err(|problem| problem.below(&format!("/campaigns/{place}")))?;
        let id = CampaignId(uuid::Uuid::from_u128(place as u128));
        Ok(CampaignVersion { id, version: 0, campaign })
    };
    campaigns.into_iter().enumerate().map(read).collect()
}

impl Tried {
    /// Over a merchant's whole history. `seen` is told of each commit.
    ///
    /// # Errors
    /// The log's.
    pub async fn over(
        self,
        journal: &Journal,
        merchant: aggregates::id::MerchantId,
        seen: impl FnMut(&journal::Positioned),
    ) -> Result<WhatIfDocument, Problem> {
        let history = whatif::read(journal, merchant, seen).await?;
        let rate = self.settings.redemption;
        let present = history.program.state.in_effect_at(self.now);
        let present = present.ok_or_else(|| CommandError::Internal("a merchant without a programme".to_owned()))?;
        let zone = |error: aggregates::rfm::calendar::UnknownTimeZone| CommandError::Internal(error.to_string());
        let ladder = Ladder::of(&present.settings.tiers, &present.settings.rfm.time_zone).map_err(zone)?;
        let proposal = Proposal::new(self.settings, self.campaigns, self.rewards, history.currency()).map_err(zone)?;
        let present_settings = present.settings.clone();
        let (now, position) = (self.now, history.position);
        // The comparison takes as long as there are orders: not on a thread that others wait for.
        let comparing = tokio::task::spawn_blocking(move || {
            let compared = history.compare(&proposal, &ladder, now);
            let caveats = proposal.caveats(&present_settings, &compared);
            document(compared, caveats, (present_settings.redemption, rate), position)
        });
        Ok(comparing.await.map_err(|_| CommandError::Unavailable("the comparison was cut short".to_owned()))?)
    }
}

fn document(
    compared: WhatIf,
    caveats: Vec<Caveat>,
    (present, proposed): (RedemptionRate, RedemptionRate),
    position: u64,
) -> WhatIfDocument {
    let (assumptions, not_included): (Vec<Caveat>, Vec<Caveat>) =
        caveats.into_iter().partition(|caveat| caveat.is_assumption());
    let given = |side: &Side| side.kept + side.bonuses;
    WhatIfDocument {
        assumptions: assumptions.into_iter().map(CaveatDocument::from).collect(),
        not_included: not_included.into_iter().map(CaveatDocument::from).collect(),
        customers: compared.customers,
        orders: compared.orders,
        approximated_orders: compared.approximated,
        extra_points: given(&compared.proposed) - given(&compared.happened),
        happened: SideDocument::of(compared.happened, present),
        proposed: SideDocument::of(compared.proposed, proposed),
        winners: compared.winners,
        losers: compared.losers,
        top_winners: compared.top_winners.into_iter().map(ComparedDocument::from).collect(),
        top_losers: compared.top_losers.into_iter().map(ComparedDocument::from).collect(),
        position,
    }
}
