//! How links and referrals look.

use std::collections::BTreeMap;

use aggregates::{
    customer::ReferralLink,
    id::CustomerId,
    referral::{ReferralCode, Signal},
    time::Timestamp,
};
use axum::http::{HeaderMap, header};
use projections::referrals::{self as model, LinkRow, ReferralRow, Tally};
use serde::Serialize;
use utoipa::ToSchema;

use super::{share::ShareDocument, shown};
use crate::{
    auth::Caller,
    commands::{
        CommandError,
        referrals::{
            decision::OpenedEvidence,
            link::{LinkDone, code_of},
            stranger::Expected,
        },
    },
    gateway::Gateway,
    problem::Problem,
};

/// Either of the two that an id can name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ReferralOrLink {
    Referral(Box<ReferralDocument>),
    Link(Box<LinkDocument>),
}

/// A link to bring friends by.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReferralLink)]
pub struct LinkDocument {
    pub id: String,
    /// `referral_link`
    pub object: &'static str,
    pub customer_id: String,
    /// The word in the link; also good as a coupon for friends, or as the cart attribute `ref`.
    pub code: String,
    /// `active`, `expired`, or `ended` with its owner.
    pub status: &'static str,
    /// What friends follow: counted, and sent on to the shop with the code.
    pub url: String,
    /// In the language of the shop's mails.
    pub share: ShareDocument,
    /// In every language that there are words in.
    pub share_by_language: BTreeMap<&'static str, ShareDocument>,
    /// How often it was followed.
    pub clicks: i64,
    pub referrals: i64,
    pub completed_referrals: i64,
    /// Points that its owner was paid and still has for it.
    pub points_earned: i64,
    pub created_at: String,
    pub expires_at: Option<String>,
    /// Position of the last commit about it.
    pub position: u64,
}

impl LinkDocument {
    /// Right after it was asked for: the read model need not have seen it.
    pub async fn issued(
        gateway: &Gateway,
        caller: &Caller,
        headers: &HeaderMap,
        done: &LinkDone,
    ) -> Result<Self, Problem> {
        let row = model::find_link(&gateway.db, caller.merchant(), done.link.link).await?;
        let row = row.unwrap_or(LinkRow {
            id: done.link.link,
            customer: done.customer,
            issued_at: done.link.at,
            expires_at: done.link.expires_at,
            ended: false,
            clicks: 0,
            position: done.position,
        });
        let tally = model::tally_of(&gateway.db, caller.merchant(), &row).await?;
        let row = LinkRow { position: done.position.max(row.position), ..row };
        Ok(Self::new(caller, headers, &row, done.code, (tally, &language_of(gateway, caller).await?)))
    }

    pub async fn of(gateway: &Gateway, caller: &Caller, headers: &HeaderMap, row: &LinkRow) -> Result<Self, Problem> {
        let keys = gateway.vault.merchant(caller.merchant()).await.map_err(CommandError::from)?;
        let tally = model::tally_of(&gateway.db, caller.merchant(), row).await?;
        let code = code_of(&keys, caller.merchant(), row.id);
        Ok(Self::new(caller, headers, row, code, (tally, &language_of(gateway, caller).await?)))
    }

    fn new(
        caller: &Caller,
        headers: &HeaderMap,
        row: &LinkRow,
        code: ReferralCode,
        (tally, language): (Tally, &str),
    ) -> Self {
        let url = format!("{}/r/{code}", our_address(headers));
        let link = ReferralLink { link: row.id, at: row.issued_at, expires_at: row.expires_at };
        LinkDocument {
            id: row.id.to_string(),
            object: "referral_link",
            customer_id: shown(row.customer),
            code: code.to_string(),
            status: match (row.ended, link.is_live(caller.request.now)) {
                (true, _) => "ended",
                (false, true) => "active",
                (false, false) => "expired",
            },
            share: ShareDocument::of(&url, language),
            share_by_language: ShareDocument::all(&url),
            url,
            clicks: row.clicks,
            referrals: tally.referrals,
            completed_referrals: tally.completed,
            points_earned: tally.advocate_points,
            created_at: row.issued_at.to_rfc3339(),
            expires_at: row.expires_at.map(Timestamp::to_rfc3339),
            position: row.position,
        }
    }
}

/// The language of the shop's mails.
async fn language_of(gateway: &Gateway, caller: &Caller) -> Result<String, Problem> {
    let lease = gateway.merchant(caller.merchant()).await?;
    let settings = lease.program.current().map(|current| current.settings.mail.language.to_string());
    Ok(settings.unwrap_or_default())
}

/// The address by which the caller has reached us: behind a proxy, what it says.
fn our_address(headers: &HeaderMap) -> String {
    let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let host = named("x-forwarded-host").or_else(|| named(header::HOST.as_str())).unwrap_or("localhost");
    let scheme = named("x-forwarded-proto").unwrap_or("http");
    format!("{scheme}://{host}")
}

/// A friend who was brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Referral)]
pub struct ReferralDocument {
    pub id: String,
    /// `referral`
    pub object: &'static str,
    /// `waiting` (for the friend's order), `pending` (its return window is open), `in_review` (for your decision),
    /// `completed` (both are paid), `cancelled` (the order went back before), `clawed_back` (it went back afterwards, and
    /// so did the points), `rejected` or `expired` (no order in time).
    pub status: String,
    /// Why it ended or did not pay: `order_back`, `below_minimum`, `not_new`, `same_person`, `forgotten`, `fraud`, `merchant`
    /// or `brought_before`.
    pub cause: Option<String>,
    pub advocate_id: String,
    pub friend_id: String,
    pub link_id: String,
    /// How the friend was known: `api` or `order`.
    pub source: String,
    /// Traces in which the two meet: `email_root`, `address`, `device`, `payment`, `ip_range`; and `velocity`.
    pub signals: Vec<String>,
    /// The version of the programme's settings it is judged by.
    pub program_version: i64,
    pub referred_at: String,
    /// Until when the friend's order counts.
    pub order_by: String,
    pub ordered_at: Option<String>,
    /// The end of the return window.
    pub hold_until: Option<String>,
    pub completed_at: Option<String>,
    /// What each side was paid and still has.
    pub advocate_points: i64,
    pub friend_points: i64,
    /// Every look that was taken at both; only when one referral is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<EvidenceLook>>,
    pub position: u64,
}

/// A friend who was named by an address that is nobody's yet.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NamedFriend)]
pub struct NamedFriendDocument {
    /// `named_friend`
    pub object: &'static str,
    /// `named`: becomes a referral once somebody of that address orders.
    pub status: &'static str,
    pub advocate_id: String,
    pub link_id: String,
    pub referred_at: String,
    /// Until when the address is remembered.
    pub order_by: String,
}

impl NamedFriendDocument {
    pub fn of(expected: &Expected) -> Self {
        NamedFriendDocument {
            object: "named_friend",
            status: "named",
            advocate_id: shown(expected.advocate),
            link_id: expected.named.link.to_string(),
            referred_at: expected.named.named_at.to_rfc3339(),
            order_by: expected.named.expires_at.to_rfc3339(),
        }
    }
}

/// One look at two people's traces. The traces themselves are keyed hashes and are never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReferralEvidence)]
pub struct EvidenceLook {
    pub at: String,
    pub matched: Vec<&'static str>,
    /// How many of the friend's traces were compared; `null` once the friend was forgotten.
    pub friend_traces: Option<usize>,
    /// How many of the advocate's met; `null` if none did, and once the advocate was forgotten.
    pub advocate_traces: Option<usize>,
}

impl ReferralDocument {
    pub fn of(row: ReferralRow) -> Self {
        let person = |customer: CustomerId| shown(customer);
        ReferralDocument {
            id: row.id.to_string(),
            object: "referral",
            status: row.status,
            cause: row.cause,
            advocate_id: person(row.advocate),
            friend_id: person(row.friend),
            link_id: row.link.to_string(),
            source: row.source,
            signals: row.signals,
            program_version: row.program_version,
            referred_at: row.identified_at.to_rfc3339(),
            order_by: row.order_by.to_rfc3339(),
            ordered_at: row.ordered_at.map(Timestamp::to_rfc3339),
            hold_until: row.hold_until.map(Timestamp::to_rfc3339),
            completed_at: row.paid_at.map(Timestamp::to_rfc3339),
            advocate_points: row.advocate_points,
            friend_points: row.friend_points,
            evidence: None,
            position: row.position,
        }
    }

    pub fn with_evidence(self, looks: Vec<OpenedEvidence>) -> Self {
        let look = |look: OpenedEvidence| EvidenceLook {
            at: look.at.to_rfc3339(),
            matched: look.matched.into_iter().map(Signal::as_str).collect(),
            friend_traces: look.friend_traces,
            advocate_traces: look.advocate_traces,
        };
        ReferralDocument { evidence: Some(looks.into_iter().map(look).collect()), ..self }
    }
}
