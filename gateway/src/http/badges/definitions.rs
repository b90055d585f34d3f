//! The `badges` section of the programme's settings, and its own resource.

use aggregates::{
    badge::{BadgeDefinition, BadgeId, BadgeRule, BadgeSettings, Repeats},
    money::Currency,
    program::{ProgramVersion, SettingsError},
};
use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{body::JsonBody, etag},
    problem::{Code, Problem},
};

/// A badge, as read and as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Badge)]
pub struct BadgeDocument {
    /// Letters from a to z, digits and underscores; never used again for a badge that means something else.
    pub id: String,
    pub name: String,
    pub rule: RuleDocument,
    #[serde(default = "once")]
    #[schema(value_type = String)]
    pub repeats: Repeats,
    /// What was done before this month, such as `2026-01`, does not count.
    #[serde(default)]
    pub counts_from: Option<String>,
    /// That each award brings.
    #[serde(default)]
    pub points: i64,
}

/// What it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = BadgeRule)]
pub enum RuleDocument {
    /// Only staff awards it.
    ByHand,
    /// So many orders that were paid for and kept, at least in part.
    Orders { count: u32 },
    /// Merchandise paid for and kept.
    Spend { amount_minor: i64, currency: String },
    /// So many months one after the other, each with an order.
    Streak { months: u32 },
    /// So many friends brought, for whom both were paid and who kept their order.
    Referrals { count: u32 },
    /// Their birthday, where it is known.
    Birthday,
}

const fn once() -> Repeats {
    Repeats::Once
}

/// All badges. A write replaces them; `version` is ignored in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Badges)]
pub struct BadgesDocument {
    /// Of the programme's settings.
    #[serde(default)]
    pub version: u32,
    pub badges: Vec<BadgeDocument>,
}

impl BadgeDocument {
    pub fn of(badge: &BadgeDefinition) -> Self {
        BadgeDocument {
            id: badge.id.to_string(),
            name: badge.name.clone(),
            rule: match badge.rule {
                BadgeRule::ByHand => RuleDocument::ByHand,
                BadgeRule::Orders { count } => RuleDocument::Orders { count },
                BadgeRule::Spend { amount_minor, currency } => {
                    RuleDocument::Spend { amount_minor, currency: currency.as_str().to_owned() }
                }
                BadgeRule::Streak { months } => RuleDocument::Streak { months },
                BadgeRule::Referrals { count } => RuleDocument::Referrals { count },
                BadgeRule::Birthday => RuleDocument::Birthday,
            },
            repeats: badge.repeats,
            counts_from: badge.counts_from.map(|month| month.to_string()),
            points: badge.points,
        }
    }

    fn read(self, pointer: &str) -> Result<BadgeDefinition, Problem> {
        let at =
            |field: &str, error: &dyn std::fmt::Display| Problem::at(format!("{pointer}/{field}"), error.to_string());
        let counts_from = self.counts_from.map(|text| text.parse()).transpose();
        Ok(BadgeDefinition {
            id: BadgeId::parse(&self.id).map_err(|error| at("id", &error))?,
            name: self.name.trim().to_owned(),
            rule: match self.rule {
                RuleDocument::ByHand => BadgeRule::ByHand,
                RuleDocument::Orders { count } => BadgeRule::Orders { count },
                RuleDocument::Spend { amount_minor, currency } => BadgeRule::Spend {
                    amount_minor,
                    currency: Currency::parse(&currency).map_err(|error| at("rule/currency", &error))?,
                },
                RuleDocument::Streak { months } => BadgeRule::Streak { months },
                RuleDocument::Referrals { count } => BadgeRule::Referrals { count },
                RuleDocument::Birthday => BadgeRule::Birthday,
            },
            repeats: self.repeats,
            counts_from: counts_from.map_err(|error| at("counts_from", &error))?,
            points: self.points,
        })
    }
}

/// The section as documents.
pub fn documents(settings: &BadgeSettings) -> Vec<BadgeDocument> {
    settings.badges.iter().map(BadgeDocument::of).collect()
}

/// The section that these documents state. `pointer` leads to it. What they mean together is checked by
/// [`BadgeSettings::validate`].
pub fn read(documents: Vec<BadgeDocument>, pointer: &str) -> Result<BadgeSettings, Problem> {
    let read = |(index, badge): (usize, BadgeDocument)| badge.read(&format!("{pointer}/{index}"));
    Ok(BadgeSettings { badges: documents.into_iter().enumerate().map(read).collect::<Result<_, _>>()? })
}

fn answer(version: &ProgramVersion) -> (HeaderMap, Json<BadgesDocument>) {
    let document = BadgesDocument { version: version.version, badges: documents(&version.settings.badges) };
    (etag(version.version), Json(document))
}

/// The badges that customers can have.
#[utoipa::path(
    get, path = "/v1/badges", tag = "badges", operation_id = "badges", security(("api_key" = [])),
    responses((status = 200, body = BadgesDocument))
)]
pub async fn get(State(gateway): State<Gateway>, caller: Caller) -> Result<(HeaderMap, Json<BadgesDocument>), Problem> {
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    Ok(answer(lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?))
}

/// Replaces them, as the next version of the programme's settings. What customers have stays theirs; a new badge is also
/// awarded for what was done before, unless it says from when on things count.
#[utoipa::path(
    put, path = "/v1/badges", tag = "badges", operation_id = "define_badges", security(("api_key" = [])),
    params(("If-Match" = String, Header)), request_body = BadgesDocument,
    responses((status = 200, body = BadgesDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: document, .. }: JsonBody<BadgesDocument>,
) -> Result<(HeaderMap, Json<BadgesDocument>), Problem> {
    let (_, current) = gateway.seen_program(&caller, &headers).await?;
    let mut settings = current.settings.clone();
    settings.badges = read(document.badges, "/badges")?;
    settings.validate().map_err(|SettingsError { pointer, problem }| Problem::at(pointer, problem))?;
    let (published, _) = gateway.publish_settings(&caller.request, current.version, settings, None).await?;
    Ok(answer(&published))
}
