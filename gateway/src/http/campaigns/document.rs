//! A campaign as read and as written.

use aggregates::{
    campaign::{Action, Audience, Campaign, CampaignVersion, Effect, Limit, Per},
    program::TierId,
    rfm::SegmentName,
    time::Timestamp,
};
use projections::campaigns::query::Given;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{http::program_settings::decimal, problem::Problem};

/// What is written. Exactly one of `multiply` and `reward`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignInput)]
pub struct CampaignInput {
    pub name: String,
    /// RFC 3339; now, if not said.
    #[serde(default)]
    pub from: Option<String>,
    /// The first instant at which it is over; never, if not said.
    #[serde(default)]
    pub until: Option<String>,
    #[serde(default)]
    pub audience: AudienceDocument,
    #[serde(default)]
    pub multiply: Option<MultiplyDocument>,
    #[serde(default)]
    pub reward: Option<RewardDocument>,
}

/// For whom. An empty list is everybody; of two lists, somebody has to be in both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignAudience)]
pub struct AudienceDocument {
    /// Ids of VIP tiers.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// Names of segments.
    #[serde(default)]
    pub segments: Vec<String>,
}

/// Points of orders are multiplied.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignMultiplier)]
pub struct MultiplyDocument {
    /// Exact decimal text, such as `"2"`.
    #[serde(deserialize_with = "decimal")]
    #[schema(value_type = String)]
    pub factor: Decimal,
    /// Of campaigns that do not stack, the one with the highest counts; then the largest factor.
    #[serde(default)]
    pub priority: i32,
    /// Multiplies together with all others, instead of competing with them.
    #[serde(default)]
    pub stacks: bool,
}

/// Points for something that is not an order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignReward)]
pub struct RewardDocument {
    /// `sign_up`, `birthday`, `review`, `social`, or a name of one's own.
    pub action: String,
    pub points: i64,
    #[serde(default)]
    pub limit: Option<LimitDocument>,
}

/// At most so many times in each period of the shop's calendar, for each customer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignLimit)]
pub struct LimitDocument {
    pub times: u32,
    /// `day`, `month`, `year` or `lifetime`.
    #[schema(value_type = String)]
    pub per: Per,
}

/// A campaign, and what it has given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub struct CampaignDocument {
    pub id: String,
    pub version: u32,
    pub name: String,
    pub from: String,
    pub until: Option<String>,
    /// `scheduled`, `running`, `over`, or `ended` by hand.
    pub status: &'static str,
    pub ended_at: Option<String>,
    pub audience: AudienceDocument,
    pub multiply: Option<MultiplyDocument>,
    pub reward: Option<RewardDocument>,
    pub given: GivenDocument,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignGiven)]
pub struct GivenDocument {
    /// Orders that it multiplied.
    pub orders: u64,
    /// What these were awarded in all, not only by it.
    pub order_points: i64,
    pub actions: u64,
    /// Different customers who acted.
    pub customers: u64,
    pub action_points: i64,
}

impl From<Given> for GivenDocument {
    fn from(given: Given) -> Self {
        let Given { orders, order_points, actions, customers, action_points } = given;
        GivenDocument { orders, order_points, actions, customers, action_points }
    }
}

impl CampaignDocument {
    pub fn of(defined: &CampaignVersion, given: Given, now: Timestamp) -> Self {
        let campaign = &defined.campaign;
        let (multiply, reward) = match &campaign.effect {
            Effect::Multiply { factor, priority, stacks } => {
                (Some(MultiplyDocument { factor: *factor, priority: *priority, stacks: *stacks }), None)
            }
            Effect::Reward { action, points, limit } => {
                let limit = limit.map(|limit| LimitDocument { times: limit.times, per: limit.per });
                (None, Some(RewardDocument { action: action.to_string(), points: *points, limit }))
            }
        };
        CampaignDocument {
            id: defined.id.to_string(),
            version: defined.version,
            name: campaign.name.clone(),
            from: campaign.from.to_rfc3339(),
            until: campaign.until.map(Timestamp::to_rfc3339),
            status: match () {
                () if campaign.runs_at(now) => "running",
                () if now < campaign.from => "scheduled",
                () => "over",
            },
            ended_at: None,
            audience: AudienceDocument {
                tiers: campaign.audience.tiers.iter().map(ToString::to_string).collect(),
                segments: campaign.audience.segments.iter().map(ToString::to_string).collect(),
            },
            multiply,
            reward,
            given: given.into(),
        }
    }
}

impl CampaignDocument {
    /// The same of one that was ended by hand.
    pub fn ended(self, at: Timestamp) -> Self {
        CampaignDocument { status: "ended", ended_at: Some(at.to_rfc3339()), ..self }
    }
}

impl CampaignInput {
    /// The campaign that is meant. `starts` is when it begins if that is not said.
    pub fn read(self, starts: Timestamp) -> Result<Campaign, Problem> {
        let time = |field: &str, text: &str| {
            Timestamp::parse(text).map_err(|_| Problem::at(format!("/{field}"), "is not an RFC 3339 time"))
        };
        let effect = match (self.multiply, self.reward) {
            (Some(multiply), None) => {
                Effect::Multiply { factor: multiply.factor, priority: multiply.priority, stacks: multiply.stacks }
            }
            (None, Some(reward)) => reward.read()?,
            _ => return Err(Problem::at("", "give exactly one of `multiply` and `reward`")),
        };
        let campaign = Campaign {
            name: self.name,
            from: self.from.map_or(Ok(starts), |from| time("from", &from))?,
            until: self.until.map(|until| time("until", &until)).transpose()?,
            audience: self.audience.read()?,
            effect,
        };
        campaign.validate().map_err(|(field, problem)| Problem::at(format!("/{field}"), problem))?;
        Ok(campaign)
    }
}

impl RewardDocument {
    fn read(self) -> Result<Effect, Problem> {
        let action = Action::parse(&self.action).map_err(|error| Problem::at("/reward/action", error.to_string()))?;
        let limit = self.limit.map(|limit| Limit { times: limit.times, per: limit.per });
        Ok(Effect::Reward { action, points: self.points, limit })
    }
}

impl AudienceDocument {
    fn read(self) -> Result<Audience, Problem> {
        let tier = |(place, id): (usize, String)| {
            TierId::parse(&id).map_err(|error| Problem::at(format!("/audience/tiers/{place}"), error.to_string()))
        };
        let segment = |(place, name): (usize, String)| {
            SegmentName::parse(&name)
                .map_err(|error| Problem::at(format!("/audience/segments/{place}"), error.to_string()))
        };
        Ok(Audience {
            tiers: self.tiers.into_iter().enumerate().map(tier).collect::<Result<_, _>>()?,
            segments: self.segments.into_iter().enumerate().map(segment).collect::<Result<_, _>>()?,
        })
    }
}
