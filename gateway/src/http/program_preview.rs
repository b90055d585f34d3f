//! `POST /v1/program_settings/preview`: what another programme would have made of the real history. Nothing is saved.
//! `loyalnest whatif` tries the same document.

use std::collections::BTreeMap;

use aggregates::{
    campaign::CampaignVersion,
    id::CampaignId,
    program::{ProgramVersion, RedemptionRate},
    tier::Ladder,
    time::Timestamp,
    whatif::{Compared, Proposal, Side, WhatIf},
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
    /// All campaigns that there would have been; those that multiply orders count. Left out, orders keep the campaigns that
    /// they had.
    #[serde(default)]
    pub campaigns: Option<Vec<CampaignInput>>,
}

/// What happened, beside what would have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhatIfDocument {
    pub customers: u64,
    pub orders: u64,
    /// Orders whose base is not known exactly: a rule counts something that no rule of their time did, and was taken for the
    /// usual one.
    pub approximated_orders: u64,
    pub happened: SideDocument,
    pub proposed: SideDocument,
    /// Points that the proposal costs more; less, if negative.
    pub extra_points: i64,
    /// Customers who would have got more for their orders.
    pub winners: u64,
    /// Customers who would have got less.
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
    /// What these buy at the side's own rate; minor units.
    pub cost_minor: i64,
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
            cost_minor: rate.value_of(side.kept),
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
        Ok(Tried { settings, campaigns, now })
    }
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
        let proposal = Proposal::new(self.settings, self.campaigns, history.currency()).map_err(zone)?;
        let present_rate = present.settings.redemption;
        let (now, position) = (self.now, history.position);
        // The comparison takes as long as there are orders: not on a thread that others wait for.
        let comparing = tokio::task::spawn_blocking(move || history.compare(&proposal, &ladder, now));
        let compared =
            comparing.await.map_err(|_| CommandError::Unavailable("the comparison was cut short".to_owned()))?;
        Ok(document(compared, present_rate, rate, position))
    }
}

fn document(compared: WhatIf, present: RedemptionRate, proposed: RedemptionRate, position: u64) -> WhatIfDocument {
    WhatIfDocument {
        customers: compared.customers,
        orders: compared.orders,
        approximated_orders: compared.approximated,
        extra_points: compared.proposed.kept - compared.happened.kept,
        happened: SideDocument::of(compared.happened, present),
        proposed: SideDocument::of(compared.proposed, proposed),
        winners: compared.winners,
        losers: compared.losers,
        top_winners: compared.top_winners.into_iter().map(ComparedDocument::from).collect(),
        top_losers: compared.top_losers.into_iter().map(ComparedDocument::from).collect(),
        position,
    }
}
