//! Who has to be looked at, and looking at them.

use std::{sync::Arc, time::Duration};

use aggregates::{
    badge::{AwardCause, HeldBadge, earned},
    id::{CustomerId, MerchantId},
    program::Program,
    rfm::Calendar,
    time::{Clock, Timestamp},
};
use journal::{Actor, CommandContext};
use projections::{
    Changed,
    badges::{self, Badges, Candidate},
    customers::Customers,
    referrals::Referrals,
    rfm_orders::RfmOrders,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Awarder, BadgeError,
    award::{Award, Awarded},
};
use crate::pass::Pass;

/// Customers looked at together.
const PASS_MAX: i64 = 500;
/// After an order, others are waited for so long.
const GATHER: Duration = Duration::from_millis(500);
/// How long a quiet log is waited for before a look, which is also how soon new settings are noticed there.
const QUIET_LOOK: Duration = Duration::from_secs(5);
/// Pause after something has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How often it is looked whose birthday it is: a day begins once.
const BIRTHDAY_LOOK: Duration = Duration::from_secs(60);

/// Up to where in the log deeds and settings have been looked at, and when birthdays were.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    deeds: u64,
    settings: u64,
    birthdays_at: Option<Instant>,
}

impl Awarder {
    /// For ever.
    pub(super) async fn follow(&self, clock: &dyn Clock) {
        let (mut seen, mut known) = (Seen::default(), 0);
        loop {
            let before = known;
            known = self.deeds_known();
            if known < before {
                // The log was adopted: positions begin again.
                seen = Seen::default();
            }
            match self.look(&mut seen, known, clock).await {
                Ok(false) => {
                    self.progress.reached(RfmOrders::NAME, known + 1, QUIET_LOOK).await;
                    tokio::time::sleep(GATHER).await;
                }
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!(%error, "badges are not awarded");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// How far both read models of deeds have come.
    fn deeds_known(&self) -> u64 {
        let known = |name| self.progress.of(name).position;
        known(RfmOrders::NAME).min(known(Referrals::NAME))
    }

    /// `known` is how far deeds were known before this. Says whether there may be more at once.
    async fn look(&self, seen: &mut Seen, known: u64, clock: &dyn Clock) -> Result<bool, BadgeError> {
        let settled = self.progress.of(Badges::NAME).position;
        for merchant in badges::redefined_after(&self.db, seen.settings).await? {
            let now = self.now_of(merchant, clock).await?;
            noted(merchant, self.judge_shop(merchant, now).await)?;
        }
        seen.settings = settled;
        if seen.birthdays_at.is_none_or(|looked| looked.elapsed() >= BIRTHDAY_LOOK) {
            for merchant in badges::with_birthdays(&self.db).await? {
                let now = self.now_of(merchant, clock).await?;
                noted(merchant, self.celebrate(merchant, now).await)?;
            }
            seen.birthdays_at = Some(Instant::now());
        }
        // Somebody whose first order this is may not be known as a customer yet.
        self.visible(Customers::NAME, known).await?;
        let changed = badges::changed_after(&self.db, seen.deeds, PASS_MAX).await?;
        for (merchant, customers) in Changed::by_shop(&changed) {
            let now = self.now_of(merchant, clock).await?;
            noted(merchant, self.judge(merchant, &customers, now).await)?;
        }
        let pass = Pass::of(&changed, usize::try_from(PASS_MAX).unwrap_or(usize::MAX), known);
        seen.deeds = pass.through;
        Ok(pass.is_full)
    }

    /// Judges everybody of one shop by what is in the log now, and returns when that is durable and visible: the position of
    /// the last award, if there was any.
    ///
    /// # Errors
    /// [`BadgeError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, BadgeError> {
        if self
            .program(merchant)
            .await?
            .state
            .in_effect_at(now)
            .is_none_or(|version| version.settings.badges.badges.is_empty())
        {
            return Ok(None);
        }
        let head = self.journal.last_position().await.map_err(|_| BadgeError::LogUnavailable)?;
        for read_model in [RfmOrders::NAME, Referrals::NAME, Badges::NAME, Customers::NAME] {
            self.visible(read_model, head).await?;
        }
        let last = self.judge_shop(merchant, now).await?;
        let last = last.max(self.celebrate(merchant, now).await?);
        if let Some(position) = last {
            self.visible(Badges::NAME, position).await?;
        }
        Ok(last)
    }

    async fn judge_shop(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, BadgeError> {
        let (mut after, mut last) = (CustomerId(Uuid::nil()), None);
        loop {
            let customers = badges::achievers_after(&self.db, merchant, after, PASS_MAX).await?;
            let Some(end) = customers.last() else { return Ok(last) };
            after = *end;
            last = last.max(self.judge(merchant, &customers, now).await?);
        }
    }

    async fn judge(
        &self,
        merchant: MerchantId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Option<u64>, BadgeError> {
        let program = Arc::new(self.program(merchant).await?.state.clone());
        let Some(version) = program.in_effect_at(now) else { return Ok(None) };
        let calendar = Calendar::of(&version.settings.rfm.time_zone).map_err(|_| BadgeError::NoProgram)?;
        let candidates = badges::candidates(&self.db, merchant, customers, &calendar).await?;
        let mut last = None;
        for (customer, candidate) in candidates {
            last = last.max(self.award_earned(merchant, customer, &candidate, &program, now).await?);
        }
        Ok(last)
    }

    pub(super) async fn award_earned(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        candidate: &Candidate,
        program: &Arc<Program>,
        now: Timestamp,
    ) -> Result<Option<u64>, BadgeError> {
        let Some(version) = program.in_effect_at(now) else { return Ok(None) };
        let mut last = None;
        for earned in earned(&version.settings.badges, &candidate.achievements) {
            let held = HeldBadge { badge: earned.badge.id.clone(), period: earned.period };
            if candidate.held.contains(&(held.badge.to_string(), held.period.to_string())) {
                continue;
            }
            let award = Award {
                definition: earned.badge,
                held,
                cause: AwardCause::Rule,
                reason: None,
                program: Arc::clone(program),
                program_version: version.version,
                now,
            };
            match self.award(merchant, customer, &award, &self.context(now)).await {
                Ok(Awarded { position, repeated: false }) => last = last.max(Some(position)),
                Ok(Awarded { repeated: true, .. }) => {}
                Err(error) if error.is_about_nobody() => return Ok(last),
                Err(error) => return Err(error),
            }
        }
        Ok(last)
    }

    fn context(&self, now: Timestamp) -> CommandContext {
        CommandContext::of(Actor::Policy("badges".to_owned()), (self.new_id)(), now)
    }
}

/// What goes wrong for one shop for ever must not keep the others waiting.
fn noted<T>(merchant: MerchantId, outcome: Result<T, BadgeError>) -> Result<(), BadgeError> {
    match outcome {
        Err(error) if error.is_lasting() => {
            tracing::error!(merchant = %merchant, %error, "badges of this shop cannot be awarded");
            Ok(())
        }
        outcome => outcome.map(drop),
    }
}
