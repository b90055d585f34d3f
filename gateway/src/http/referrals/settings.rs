//! The `referrals` section of the programme's settings, as read and as written; and as a resource of its own.

use aggregates::program::{FraudAction, FraudPolicy, ProgramSettings, ProgramVersion, ReferralSettings, VelocityLimit};
use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{body::JsonBody, etag},
    problem::{Code, Problem},
};

/// How friends are brought and paid for. In a write, a part that is left out stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralSettings)]
pub struct ReferralsDocument {
    /// Nobody new is referred while this is off; referrals under way go on.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// For whoever brought the friend.
    #[serde(default)]
    pub advocate_points: Option<i64>,
    #[serde(default)]
    pub friend_points: Option<i64>,
    /// Merchandise that the qualifying order must be worth, less refunds.
    #[serde(default)]
    pub minimum_minor: Option<i64>,
    /// Only somebody without any earlier order counts, and only their first one.
    #[serde(default)]
    pub new_customers_only: Option<bool>,
    /// Days from the order until both are paid: your return window.
    #[serde(default)]
    pub hold_days: Option<u32>,
    /// Days within which the friend has to order.
    #[serde(default)]
    pub order_within_days: Option<u32>,
    #[serde(default)]
    pub link: Option<LinkLifeDocument>,
    #[serde(default)]
    pub velocity: Option<VelocityDocument>,
    #[serde(default)]
    pub fraud: Option<FraudDocument>,
}

/// How long a new link brings friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralLinkLife)]
pub struct LinkLifeDocument {
    /// For ever if `null`.
    pub days: Option<u32>,
}

/// More than `referrals` of one advocate within `days` is the signal `velocity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralVelocity)]
pub struct VelocityDocument {
    pub referrals: u32,
    pub days: u32,
}

/// What each signal leads to: `allow`, `review` (held until you decide) or `refuse`. The gravest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralFraudPolicy)]
pub struct FraudDocument {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email_root: Option<FraudAction>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub address: Option<FraudAction>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub device: Option<FraudAction>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub payment: Option<FraudAction>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub ip_range: Option<FraudAction>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub velocity: Option<FraudAction>,
}

impl ReferralsDocument {
    pub fn of(settings: &ReferralSettings) -> Self {
        let FraudPolicy { email_root, address, device, payment, ip_range, velocity } = settings.fraud;
        ReferralsDocument {
            enabled: Some(settings.enabled),
            advocate_points: Some(settings.advocate_points),
            friend_points: Some(settings.friend_points),
            minimum_minor: Some(settings.minimum_minor),
            new_customers_only: Some(settings.new_customers_only),
            hold_days: Some(settings.hold_days),
            order_within_days: Some(settings.order_within_days),
            link: Some(LinkLifeDocument { days: settings.link_days }),
            velocity: Some(VelocityDocument { referrals: settings.velocity.referrals, days: settings.velocity.days }),
            fraud: Some(FraudDocument {
                email_root: Some(email_root),
                address: Some(address),
                device: Some(device),
                payment: Some(payment),
                ip_range: Some(ip_range),
                velocity: Some(velocity),
            }),
        }
    }

    /// The settings with what is said here in place of what was. What they mean together is checked by
    /// [`ReferralSettings::validate`].
    pub fn on_top_of(self, current: &ReferralSettings) -> ReferralSettings {
        let velocity = self.velocity.map(|limit| VelocityLimit { referrals: limit.referrals, days: limit.days });
        ReferralSettings {
            enabled: self.enabled.unwrap_or(current.enabled),
            advocate_points: self.advocate_points.unwrap_or(current.advocate_points),
            friend_points: self.friend_points.unwrap_or(current.friend_points),
            minimum_minor: self.minimum_minor.unwrap_or(current.minimum_minor),
            new_customers_only: self.new_customers_only.unwrap_or(current.new_customers_only),
            hold_days: self.hold_days.unwrap_or(current.hold_days),
            order_within_days: self.order_within_days.unwrap_or(current.order_within_days),
            link_days: self.link.map_or(current.link_days, |link| link.days),
            velocity: velocity.unwrap_or(current.velocity),
            fraud: self.fraud.map_or(current.fraud, |fraud| fraud.on_top_of(current.fraud)),
        }
    }
}

impl FraudDocument {
    fn on_top_of(self, current: FraudPolicy) -> FraudPolicy {
        FraudPolicy {
            email_root: self.email_root.unwrap_or(current.email_root),
            address: self.address.unwrap_or(current.address),
            device: self.device.unwrap_or(current.device),
            payment: self.payment.unwrap_or(current.payment),
            ip_range: self.ip_range.unwrap_or(current.ip_range),
            velocity: self.velocity.unwrap_or(current.velocity),
        }
    }
}

fn answer(version: &ProgramVersion) -> (HeaderMap, Json<ReferralsDocument>) {
    (etag(version.version), Json(ReferralsDocument::of(&version.settings.referrals)))
}

/// The referral programme as it was published last. Its tag is that of the programme's settings, of which it is a section.
#[utoipa::path(
    get, path = "/v1/referral_settings", tag = "referrals", operation_id = "referral_settings",
    security(("api_key" = [])), responses((status = 200, body = ReferralsDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
) -> Result<(HeaderMap, Json<ReferralsDocument>), Problem> {
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    Ok(answer(lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?))
}

/// Publishes another referral programme, as the next version of the settings. What is left out stays as it was.
#[utoipa::path(
    put, path = "/v1/referral_settings", tag = "referrals", operation_id = "put_referral_settings",
    security(("api_key" = [])), params(("If-Match" = String, Header)), request_body = ReferralsDocument,
    responses((status = 200, body = ReferralsDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: document, .. }: JsonBody<ReferralsDocument>,
) -> Result<(HeaderMap, Json<ReferralsDocument>), Problem> {
    let (_, current) = gateway.seen_program(&caller, &headers).await?;
    let referrals = document.on_top_of(&current.settings.referrals);
    referrals.validate().map_err(|(field, problem)| Problem::at(format!("/{field}"), problem))?;
    let settings = ProgramSettings { referrals, ..current.settings.clone() };
    let (published, _) = gateway.publish_settings(&caller.request, current.version, settings, None).await?;
    Ok(answer(&published))
}
