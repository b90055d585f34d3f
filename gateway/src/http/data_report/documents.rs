//! The rows of a report, and the report as a whole, as its description tells programs.

use aggregates::{
    customer::{Birthday, Profile},
    gdpr::StatedRequest,
    id::{CustomerId, RedemptionId},
    order::OrderLine,
    points::{OrderAssessed, OrderReference, Redemption, RefundShare},
    time::Timestamp,
};
use journal::Positioned;
use projections::{
    data_requests::PersonsRequest,
    referrals::{LinkRow, ReferralRow},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    programme::PersonsCard,
    standing::{PersonsAction, PersonsChoices, PersonsScore, PersonsSegment, PersonsTierGift},
};
use crate::http::{
    audit_logs::AuditEntry, badges::CustomerBadge, balance::BalanceDocument, customers::CustomerDocument,
    explanation::LotDocument, mail::events::EmailEvent, tasks::TaskDocument, tiers::history::HistoryDocument,
    transactions::PointsTransaction,
};

/// What this version of the report is called.
pub const SCHEMA: &str = "loyalnest.data_report/1";

/// Everything held on a person. Each section but the first is a list; text that was sealed is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataReport {
    pub about: About,
    /// The customer now, and each profile that was merged into them.
    pub customer: Vec<CustomerDocument>,
    pub profile_history: Vec<StatedProfile>,
    pub brought_along: Vec<BroughtAlong>,
    /// One.
    pub choices: Vec<PersonsChoices>,
    pub loyalty_cards: Vec<PersonsCard>,
    /// One.
    pub balance: Vec<BalanceDocument>,
    pub lots: Vec<LotDocument>,
    pub points_transactions: Vec<PointsTransaction>,
    pub orders: Vec<OrderFacts>,
    pub reward_redemptions: Vec<SpentPoints>,
    pub referral_links: Vec<PersonsLink>,
    pub referrals: Vec<PersonsReferral>,
    pub vip_tier_gifts: Vec<PersonsTierGift>,
    pub vip_tier_history: Vec<HistoryDocument>,
    pub badges: Vec<CustomerBadge>,
    pub campaign_actions: Vec<PersonsAction>,
    pub leaderboard_scores: Vec<PersonsScore>,
    pub rfm_segments: Vec<PersonsSegment>,
    pub email_events: Vec<EmailEvent>,
    pub tasks: Vec<TaskDocument>,
    pub gdpr_requests: Vec<PrivacyRequest>,
    pub audit_log: Vec<AuditEntry>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DataReportAbout)]
pub struct About {
    /// `loyalnest.data_report/1`: under this name a field never changes its meaning.
    pub schema: &'static str,
    pub customer_id: String,
    pub merchant_id: String,
    pub made_at: String,
    /// Until then the report can be asked for again.
    pub expires_at: String,
    /// The person was erased: only numbers are left.
    pub erased: bool,
    /// For people.
    pub note: &'static str,
}

/// A profile as the shop stated it at one time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatedProfile {
    pub recorded_at: String,
    pub position: u64,
    /// `null` once erased.
    #[schema(value_type = Option<Object>)]
    pub profile: Option<Profile>,
    /// The birthday, where that is what was told.
    #[schema(value_type = Option<Object>)]
    pub birthday: Option<Birthday>,
}

impl StatedProfile {
    pub fn new(commit: &Positioned, profile: Option<Profile>, birthday: Option<Birthday>) -> Self {
        let recorded_at = commit.commit.recorded_at.to_rfc3339();
        StatedProfile { recorded_at, position: commit.position, profile, birthday }
    }
}

/// What an import brought along from another programme, besides points.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BroughtAlong {
    pub recorded_at: String,
    pub position: u64,
    pub tier: Option<String>,
    /// `null` once erased.
    pub referral_code: Option<String>,
}

/// Facts about an order that were told together, and what followed from them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderFacts {
    pub recorded_at: String,
    pub position: u64,
    /// The shop's id; `null` once erased.
    pub order_id: Option<String>,
    pub name: Option<String>,
    pub processed_at: Option<String>,
    pub currency: Option<String>,
    /// Merchandise that counted, minor units.
    pub base_minor: Option<i64>,
    /// Why it earned what it earned.
    #[schema(value_type = Option<String>)]
    pub outcome: Option<aggregates::points::Outcome>,
    pub awarded: i64,
    /// Of these, what refunds and cancellation left.
    pub kept: i64,
    pub cancelled_at: Option<String>,
    pub refunds: Vec<RefundFacts>,
    /// What was bought; `null` where nothing was told of it, and once erased.
    #[schema(value_type = Option<Vec<Object>>)]
    pub lines: Option<Vec<OrderLine>>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefundFacts {
    pub at: String,
    pub merchandise_minor: i64,
}

impl OrderFacts {
    pub fn new(
        commit: &Positioned,
        order: &OrderAssessed,
        reference: Option<OrderReference>,
        lines: Option<Vec<OrderLine>>,
    ) -> Self {
        let body = order.body.as_ref();
        let refund = |refund: &RefundShare| RefundFacts {
            at: refund.at.to_rfc3339(),
            merchandise_minor: refund.merchandise_minor,
        };
        let (order_id, name) = reference.map(|reference| (reference.order_id, reference.name)).unzip();
        OrderFacts {
            recorded_at: commit.commit.recorded_at.to_rfc3339(),
            position: commit.position,
            order_id,
            name,
            processed_at: body.map(|body| body.processed_at.to_rfc3339()),
            currency: body.map(|body| body.currency.as_str().to_owned()),
            base_minor: body.map(|body| body.base_minor),
            outcome: body.map(|body| body.outcome),
            awarded: order.awarded,
            kept: order.kept,
            cancelled_at: order.cancelled_at.map(Timestamp::to_rfc3339),
            refunds: order.refunds.iter().map(refund).collect(),
            lines,
        }
    }
}

/// Points that were spent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpentPoints {
    pub id: String,
    pub code: String,
    /// Of the catalogue; `null` at the programme's rate.
    pub reward_id: Option<String>,
    pub points: i64,
    pub returned_points: i64,
    pub value_minor: i64,
    pub created_at: String,
    pub used: bool,
    pub cancelled: bool,
}

impl SpentPoints {
    pub fn new(id: RedemptionId, redemption: &Redemption, code: String) -> Self {
        SpentPoints {
            id: id.to_string(),
            code,
            reward_id: redemption.reward.map(|reward| reward.to_string()),
            points: redemption.points,
            returned_points: redemption.returned(),
            value_minor: redemption.value_minor,
            created_at: redemption.at.to_rfc3339(),
            used: redemption.used_by.is_some(),
            cancelled: redemption.cancelled,
        }
    }
}

/// A link of theirs to bring friends by.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsLink {
    pub id: String,
    pub code: String,
    pub clicks: i64,
    pub created_at: String,
    pub expires_at: Option<String>,
}

impl PersonsLink {
    pub fn new(link: &LinkRow, code: String) -> Self {
        PersonsLink {
            id: link.id.to_string(),
            code,
            clicks: link.clicks,
            created_at: link.issued_at.to_rfc3339(),
            expires_at: link.expires_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// A referral they have part in. Who the other is, is the other's.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsReferral {
    pub id: String,
    /// `advocate` or `friend`
    pub part: &'static str,
    pub status: String,
    pub cause: Option<String>,
    /// In what the two were found to meet.
    pub signals: Vec<String>,
    /// What this person was paid and still has.
    pub points: i64,
    pub referred_at: String,
    pub completed_at: Option<String>,
}

impl PersonsReferral {
    pub fn new(referral: ReferralRow, person: CustomerId) -> Self {
        let (part, points) = match referral.friend == person {
            true => ("friend", referral.friend_points),
            false => ("advocate", referral.advocate_points),
        };
        PersonsReferral {
            id: referral.id.to_string(),
            part,
            status: referral.status,
            cause: referral.cause,
            signals: referral.signals,
            points,
            referred_at: referral.identified_at.to_rfc3339(),
            completed_at: referral.paid_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// A request about the person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrivacyRequest {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub state: String,
    pub received_at: String,
    /// Whom and what it named; `null` once erased.
    #[schema(value_type = Option<Object>)]
    pub stated: Option<StatedRequest>,
}

impl PrivacyRequest {
    pub fn new(request: PersonsRequest, stated: Option<StatedRequest>) -> Self {
        PrivacyRequest {
            id: request.id.to_string(),
            kind: request.kind,
            state: request.state,
            received_at: request.received_at.to_rfc3339(),
            stated,
        }
    }
}
