//! What the shop makes of somebody: what they have chosen, their tiers, segments, scores, and what they did for points.

use aggregates::{
    customer::{MailChoice, PROFILE_TAG, Profile},
    tier::Given,
    time::Timestamp,
};
use journal::Subject;
use projections::{
    campaigns::query::{self as campaigns, ActionRow},
    customers, leaderboards,
    rfm::{self, Held},
    tiers,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    sections::{Part, ROWS_AT_ONCE, Report, Stopped, gone},
    writer::Writer,
};
use crate::{
    commands::CommandError,
    http::{rfm::customer::ScoresDocument, tiers::history::HistoryDocument},
};

/// What they have chosen. What is not done with their data because they, or the law, say so stands with the customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsChoices {
    /// `unsaid`, `subscribed` or `unsubscribed`.
    #[schema(value_type = String)]
    pub mail: MailChoice,
    /// Whoever has their address wants no invitations by friends.
    pub no_invitations: bool,
    pub off_leaderboards: bool,
}

/// A tier that they were given, by staff or by an import. Why, the audit log says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsTierGift {
    pub tier_id: String,
    /// `hand` or `import`.
    pub by: &'static str,
    pub given_at: String,
    /// `null`: for as long as one that was bought then.
    pub until: Option<String>,
    /// When it was taken back, or another one took its place.
    pub ended_at: Option<String>,
}

impl From<Given> for PersonsTierGift {
    fn from(Given { gift, ended_at }: Given) -> Self {
        PersonsTierGift {
            tier_id: gift.tier.to_string(),
            by: gift.giver.as_str(),
            given_at: gift.at.to_rfc3339(),
            until: gift.until.map(Timestamp::to_rfc3339),
            ended_at: ended_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// In which segment of buyers they were put, and by what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsSegment {
    pub segment: String,
    /// `null` for a prospect.
    pub scores: Option<ScoresDocument>,
    pub last_order_day: Option<String>,
    pub orders: Option<u32>,
    /// Minor units.
    pub spend_minor: Option<i64>,
    /// The day as of which it was worked out.
    pub as_of: String,
    pub recorded_at: String,
}

impl From<Held> for PersonsSegment {
    fn from(held: Held) -> Self {
        let purchases = held.standing.map(|standing| standing.purchases);
        PersonsSegment {
            segment: held.segment,
            scores: held.standing.map(|standing| ScoresDocument::of(standing.cell)),
            last_order_day: purchases.map(|purchases| purchases.last_order_day.to_string()),
            orders: purchases.map(|purchases| purchases.orders),
            spend_minor: purchases.map(|purchases| purchases.spend_minor),
            as_of: held.as_of.to_string(),
            recorded_at: held.recorded_at.to_rfc3339(),
        }
    }
}

/// Something they did that a campaign rewards.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsAction {
    pub campaign_id: String,
    pub action: String,
    pub points: i64,
    pub taken_at: String,
    /// The points are theirs by now.
    pub granted: bool,
}

impl From<ActionRow> for PersonsAction {
    fn from(row: ActionRow) -> Self {
        PersonsAction {
            campaign_id: row.campaign.to_string(),
            action: row.action,
            points: row.points,
            taken_at: row.taken_at.to_rfc3339(),
            granted: row.granted,
        }
    }
}

/// Their score by points in a week, a month or altogether, whether or not anybody is shown it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsScore {
    /// `2026-W47`, `2026-11` or `all_time`.
    pub period: String,
    pub points: i64,
}

impl Report {
    pub(super) async fn choices(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer.section("choices", "What you have chosen").await.map_err(gone)?;
        let subject = Subject::customer(self.caller.merchant(), self.customer);
        let choices = self.gateway.customers.load(subject).await.map_err(CommandError::from)?.state.choices;
        let row = PersonsChoices {
            mail: choices.mail,
            no_invitations: self.refuses_invitations(parts).await?,
            off_leaderboards: choices.off_leaderboards,
        };
        writer.row(&row).await.map_err(gone)?;
        writer.end_section().await.map_err(gone)
    }

    /// Of an address of theirs somebody has said so, by the link in an invitation.
    async fn refuses_invitations(&self, parts: &[Part]) -> Result<bool, Stopped> {
        let (vault, merchant) = (&self.gateway.vault, self.caller.merchant());
        let hashes = vault.merchant(merchant).await.map_err(CommandError::from)?;
        for part in parts {
            let row = customers::find(&self.gateway.db, merchant, part.id).await?;
            let (Some(keys), Some(sealed)) = (&part.keys, row.and_then(|row| row.profile)) else { continue };
            let profile: Option<Profile> = keys.open(PROFILE_TAG, &sealed).ok();
            let Some(address) = profile.and_then(|profile| profile.email) else { continue };
            let refuses = vault.refuses_mail(merchant, hashes.address_hash(&address)).await;
            if refuses.map_err(CommandError::from)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn tiers(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let (db, merchant) = (&self.gateway.db, self.caller.merchant());
        writer.section("vip_tier_gifts", "Tiers you were given").await.map_err(gone)?;
        for part in parts {
            let mut gifts = tiers::gifts::of(db, merchant, part.id).await?;
            gifts.sort_by_key(|given| given.gift.at);
            for given in gifts {
                writer.row(&PersonsTierGift::from(given)).await.map_err(gone)?;
            }
        }
        writer.end_section().await.map_err(gone)?;
        writer.section("vip_tier_history", "Tiers you came into and left").await.map_err(gone)?;
        for part in parts {
            let mut before = None;
            loop {
                let rows = tiers::answers::history(db, merchant, part.id, before, ROWS_AT_ONCE).await?;
                let Some(last) = rows.last() else { break };
                before = Some((last.to.recorded_at, last.to.position));
                for row in rows {
                    writer.row(&HistoryDocument::from(row)).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    /// What they are now is the first row, also where what they were is not kept that long.
    pub(super) async fn segments(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let (db, merchant) = (&self.gateway.db, self.caller.merchant());
        writer.section("rfm_segments", "What your orders say of you as a buyer").await.map_err(gone)?;
        for part in parts {
            let now = rfm::answers::standing(db, merchant, part.id).await?;
            let is_now = now.as_ref().map(|now| now.position);
            if let Some(now) = now {
                writer.row(&PersonsSegment::from(now)).await.map_err(gone)?;
            }
            let mut before = None;
            loop {
                let rows = rfm::answers::history(db, merchant, part.id, before, ROWS_AT_ONCE).await?;
                let Some(last) = rows.last() else { break };
                before = Some((last.recorded_at, last.position));
                for row in rows.into_iter().filter(|row| Some(row.position) != is_now) {
                    writer.row(&PersonsSegment::from(row)).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn actions(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let (db, merchant) = (&self.gateway.db, self.caller.merchant());
        writer.section("campaign_actions", "What you did that campaigns reward").await.map_err(gone)?;
        for part in parts {
            let mut before = None;
            loop {
                let rows = campaigns::actions_of(db, merchant, part.id, before, ROWS_AT_ONCE).await?;
                let Some(last) = rows.last() else { break };
                before = Some((last.position, last.campaign));
                for row in rows {
                    writer.row(&PersonsAction::from(row)).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn scores(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer.section("leaderboard_scores", "Points by which leaderboards rank you").await.map_err(gone)?;
        for part in parts {
            let scores = leaderboards::scores_of(&self.gateway.db, self.caller.merchant(), part.id).await?;
            for (period, points) in scores {
                writer.row(&PersonsScore { period, points }).await.map_err(gone)?;
            }
        }
        writer.end_section().await.map_err(gone)
    }
}
