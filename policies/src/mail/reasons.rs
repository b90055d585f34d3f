//! What leads to a mail, and under which key. Each reason leads to one mail at most, for ever.

use aggregates::{
    id::{CustomerId, MerchantId},
    mail::MailKind,
    program::{Program, TierId, TierSettings},
    time::Timestamp,
};
use projections::{
    customers::Customers,
    email_events::{due, milestones},
    points_transactions::PointsTransactions,
    queue_tasks::QueueTasks,
    vip_tiers::VipTiers,
};
use uuid::Uuid;

use super::{
    MailError,
    due::{Postmaster, Seen, calendar, settings},
    order::{MailFacts, MailOrder, RewardMade},
};
use crate::delivery::Wanted;

/// Reasons looked up at once.
const PASS_MAX: i64 = 500;

impl Postmaster {
    pub(super) async fn welcome(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        loop {
            let known = self.progress.of(Customers::NAME).position;
            let members = due::members_since(&self.db, merchant, since, seen.members, PASS_MAX).await?;
            for member in &members {
                if is_on(program, MailKind::Welcome, member.at) {
                    let order = MailOrder::of(MailKind::Welcome, MailFacts::default());
                    let key = format!("welcome:{}", member.customer);
                    self.order(merchant, member.customer, &key, &order, program, now).await?;
                }
            }
            if !reached(&mut seen.members, members.last().map(|member| member.position), members.len(), known) {
                return Ok(());
            }
        }
    }

    pub(super) async fn tell_of_earned(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        loop {
            let known = self.progress.of(PointsTransactions::NAME).position;
            let lines = due::earned_since(&self.db, merchant, since, seen.earned, PASS_MAX).await?;
            for line in &lines {
                if is_on(program, MailKind::PointsEarned, line.at) {
                    let facts = MailFacts { points: Some(line.points), ..MailFacts::default() };
                    let order = MailOrder::of(MailKind::PointsEarned, facts);
                    let key = format!("points_earned:{}", line.id.simple());
                    self.order(merchant, line.customer, &key, &order, program, now).await?;
                }
            }
            if !reached(&mut seen.earned, lines.last().map(|line| line.position), lines.len(), known) {
                return Ok(());
            }
        }
    }

    /// One mail at most for each stretch of as many days as it is told ahead.
    pub(super) async fn warn_of_expiring(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        program: &Program,
    ) -> Result<(), MailError> {
        let Some(settings) = settings(program, now).filter(|_| is_on(program, MailKind::PointsExpiring, now)) else {
            return Ok(());
        };
        let days = settings.mail.expiring_days;
        let (calendar, until) = (calendar(settings), now.plus_days(days));
        let mut after = CustomerId(Uuid::nil());
        loop {
            let accounts = due::expiring_until(&self.db, merchant, now, until, after, PASS_MAX).await?;
            for account in &accounts.expiring {
                let day = calendar.day_of(account.at);
                let stretch = i64::from(day.0).div_euclid(i64::from(days));
                let facts =
                    MailFacts { points: Some(account.points), expires_at: Some(account.at), ..MailFacts::default() };
                let order = MailOrder::of(MailKind::PointsExpiring, facts);
                let key = format!("expiring:{}:{days}:{stretch}", account.customer);
                self.order(merchant, account.customer, &key, &order, program, now).await?;
            }
            let Some(last) = accounts.last else { return Ok(()) };
            after = last;
        }
    }

    /// One mail for each time that somebody comes up into a tier. One commit can be about thousands, so the list is followed
    /// by customer within a position.
    pub(super) async fn congratulate(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        let known = self.progress.of(VipTiers::NAME).position;
        let mut after = (seen.tiers, CustomerId(Uuid::max()));
        loop {
            let moves = milestones::tiers_since(&self.db, merchant, since, after, PASS_MAX).await?;
            for reached in moves.iter().filter(|reached| is_on(program, MailKind::TierReached, reached.at)) {
                let version = program.version(reached.definition_version);
                let tiers = version.map(|version| &version.settings.tiers);
                let name = tiers.and_then(|tiers| climbed_to(tiers, reached.from.as_deref(), &reached.to));
                let Some(name) = name else { continue };
                let facts = MailFacts { tier_name: Some(name.to_owned()), ..MailFacts::default() };
                let order = MailOrder::of(MailKind::TierReached, facts);
                let key = format!("tier_reached:{}:{}:{}", reached.customer, reached.to, reached.since.0);
                self.order(merchant, reached.customer, &key, &order, program, now).await?;
            }
            match moves.last() {
                Some(last) if is_full(moves.len()) => after = (last.position, last.customer),
                last => {
                    seen.tiers = last.map_or(known, |last| last.position.max(known));
                    return Ok(());
                }
            }
        }
    }

    /// The task that made it is completed once the points are spent on it, so nobody is told of what may still be given back.
    pub(super) async fn tell_of_rewards(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        loop {
            let known = self.progress.of(QueueTasks::NAME).position;
            let made = milestones::rewards_since(&self.db, merchant, since, seen.rewards, PASS_MAX).await?;
            for task in made.iter().filter(|task| is_on(program, MailKind::RewardReady, task.at)) {
                let Some(wanted) = Wanted::from_bytes(&task.payload) else { continue };
                let key = format!("reward_ready:{}", wanted.redemption);
                let has_code = wanted.has_code();
                let reward = RewardMade { redemption: wanted.redemption, name: wanted.name, has_code };
                let facts = MailFacts { reward: Some(reward), ..MailFacts::default() };
                let order = MailOrder::of(MailKind::RewardReady, facts);
                self.order(merchant, wanted.customer, &key, &order, program, now).await?;
            }
            if !reached(&mut seen.rewards, made.last().map(|task| task.position), made.len(), known) {
                return Ok(());
            }
        }
    }
}

/// The name of the tier that somebody has come up into; none if it is not above the one they were in, or nobody can tell
/// because these settings no longer have that one.
fn climbed_to<'a>(tiers: &'a TierSettings, from: Option<&str>, to: &str) -> Option<&'a str> {
    let place = |id: &str| TierId::parse(id).ok().and_then(|id| tiers.tiers.iter().position(|tier| tier.id == id));
    let reached = place(to)?;
    let is_above = match from {
        None => true,
        Some(from) => place(from)? < reached,
    };
    is_above.then(|| tiers.tiers[reached].name.as_str())
}

fn is_full(found: usize) -> bool {
    found >= usize::try_from(PASS_MAX).unwrap_or(usize::MAX)
}

/// Moves the mark behind a pass; says whether there may be more.
fn reached(mark: &mut u64, last: Option<u64>, found: usize, known: u64) -> bool {
    let is_full = is_full(found);
    // One commit can have several lines: a full pass may have cut them apart, so it gets only before its last.
    let through = last.map_or(0, |last| if is_full { last.saturating_sub(1) } else { last });
    *mark = (*mark).max(through).max(if is_full { 0 } else { known });
    is_full
}

/// Whether a kind was on when its reason came up.
fn is_on(program: &Program, kind: MailKind, at: Timestamp) -> bool {
    settings(program, at).is_some_and(|settings| settings.mail.kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use aggregates::program::{Tier, TierSettings};

    use super::*;

    fn tiers(names: &[&str]) -> TierSettings {
        let tier = |(place, name): (i64, &&str)| Tier {
            id: TierId::parse(name).expect("an id"),
            name: name.to_uppercase(),
            entry: place + 1,
            retention: 0,
            multiplier: 1.into(),
            perks: Vec::new(),
        };
        TierSettings { tiers: (0..).zip(names).map(tier).collect(), ..TierSettings::default_of_a_new_merchant() }
    }

    #[test]
    fn only_who_came_up_is_congratulated() {
        let tiers = tiers(&["silver", "gold"]);
        assert_eq!(climbed_to(&tiers, None, "silver"), Some("SILVER"));
        assert_eq!(climbed_to(&tiers, Some("silver"), "gold"), Some("GOLD"));
        assert_eq!(climbed_to(&tiers, Some("gold"), "silver"), None);
        assert_eq!(climbed_to(&tiers, Some("bronze"), "silver"), None, "nobody can tell");
        assert_eq!(climbed_to(&tiers, None, "platinum"), None);
    }
}
