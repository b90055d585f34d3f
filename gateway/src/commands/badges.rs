//! Badges by hand. Those that are earned are awarded by a policy; both go the same way.

use std::sync::Arc;

use aggregates::{
    badge::{AwardCause, BadgeId, HeldBadge, Month, Period, Repeats},
    customer::CustomerRefusal,
    id::CustomerId,
    points::StaffNote,
    rfm::Calendar,
};
use journal::Subject;
use policies::{
    BadgeError,
    badges::{Award, Awarded},
};

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What the reason for a badge is bound to.
pub const REASON_TAG: &str = "badge.reason";

/// How often an award follows merges that happen while it is being carried out.
const REDIRECTS_MAX: usize = 8;

impl Gateway {
    /// Awards a badge for the stretch of time that now belongs to. Doing it again changes nothing.
    pub async fn award_badge(
        &self,
        request: &Request,
        customer: CustomerId,
        badge: &BadgeId,
        reason: &str,
    ) -> Result<(HeldBadge, Awarded), CommandError> {
        let program = Arc::clone(&self.renew_merchant(request.merchant).await?.program);
        let version = program.in_effect_at(request.now).ok_or(CommandError::UnknownBadge)?;
        let definition = version.settings.badges.badge(badge).ok_or(CommandError::UnknownBadge)?;
        let calendar = Calendar::of(&version.settings.rfm.time_zone)
            .map_err(|error| CommandError::Internal(format!("the shop's time zone: {error}")))?;
        let month = Month::of(calendar.day_of(request.now));
        let period = match definition.repeats {
            Repeats::Once => Period::Ever,
            Repeats::Monthly => Period::Month(month),
            Repeats::Yearly => Period::Year(month.year()),
        };
        let held = HeldBadge { badge: badge.clone(), period };
        let mut addressed = customer;
        for _ in 0..REDIRECTS_MAX {
            addressed = self.survivor(request.merchant, addressed).await?;
            let keys = self.vault.person(request.merchant, addressed).await?;
            let award = Award {
                definition,
                held: held.clone(),
                cause: AwardCause::Hand,
                reason: Some(keys.seal(REASON_TAG, &StaffNote { reason: reason.to_owned() })),
                program: Arc::clone(&program),
                program_version: version.version,
                now: request.now,
            };
            match self.awarder().award(request.merchant, addressed, &award, &request.context()).await {
                Err(BadgeError::Customer(CustomerRefusal::Merged { into })) => {
                    self.customers.load_confirmed(Subject::customer(request.merchant, addressed)).await?;
                    addressed = into;
                }
                outcome => return Ok((held, outcome?)),
            }
        }
        Err(CommandError::Contended)
    }
}
