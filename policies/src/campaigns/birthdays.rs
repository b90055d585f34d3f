//! Birthdays: once a year, by the shop's calendar. Nobody's profile is opened for it; whose day it is tells an index of keyed
//! hashes.

use aggregates::{
    campaign::{Act, Action, Effect},
    customer::celebrated_on,
    id::{CustomerId, MerchantId, Token},
    rfm::{Calendar, Day},
    time::Timestamp,
};
use projections::campaigns::desk;

use super::{CampaignError, Rewarder};
use crate::birthdays::{BornOn, first_due};

/// Where in a token the year stands, and what tells it from the token of signing up.
const YEAR_SHIFT: u32 = 64;
const BIRTHDAY_MARK: u128 = 0xb1;

impl Rewarder {
    /// Everybody whose birthday it is or was since it was last looked, while a campaign for it runs. Gives the position of the
    /// last commit, once it is visible.
    pub(super) async fn notice_birthdays(
        &self,
        merchant: MerchantId,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let board = self.board(merchant).await?;
        let is_for_it = |effect: &Effect| matches!(effect, Effect::Reward { action: Action::Birthday, .. });
        let began = board.state.all().filter(|defined| is_for_it(&defined.campaign.effect));
        let Some(from) = began.map(|defined| defined.campaign.from).min() else { return Ok(None) };
        let calendar = self.calendar(merchant, now).await?;
        let today = calendar.day_of(now);
        let done = self.noticed.birthdays_through(merchant, board.position);
        let mut day = first_due(done, today).max(calendar.day_of(from));
        let mut last = None;
        while day <= today {
            last = last.max(self.reward_born_on(merchant, day, &calendar, now).await?);
            self.noticed.note_birthdays(merchant, board.position, day);
            day = day.next();
        }
        Ok(last)
    }

    /// Somebody has just told their birthday, which may be today.
    ///
    /// # Errors
    /// [`CampaignError`]
    pub async fn birthday_told(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        label: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let calendar = self.calendar(merchant, now).await?;
        let today = calendar.day_of(now);
        if !celebrated_on(today).iter().any(|of_day| of_day == label) {
            return Ok(None);
        }
        let act = self.birthday(merchant, customer, today, &calendar, now).await?;
        self.reward_acts(merchant, &[act], now).await
    }

    async fn reward_born_on(
        &self,
        merchant: MerchantId,
        day: Day,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let (mut born_on, mut last) = (BornOn::day(&self.vault, merchant, day), None);
        while let Some(born) = born_on.next().await? {
            let mut acts = Vec::with_capacity(born.len());
            for customer in desk::members_among(&self.db, merchant, &born).await? {
                acts.push(self.birthday(merchant, customer, day, calendar, now).await?);
            }
            last = last.max(self.reward_acts(merchant, &acts, now).await?);
        }
        Ok(last)
    }

    async fn birthday(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        day: Day,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<Act, CampaignError> {
        Ok(Act {
            customer,
            action: Action::Birthday,
            token: token_of(customer, day),
            at: calendar.end_of(day).min(now),
            who: self.who(merchant, customer).await?,
        })
    }
}

/// The birthday of one year: whatever day is told in that year, it is the same one.
fn token_of(customer: CustomerId, day: Day) -> Token {
    let year: u128 = day.to_string().split_once('-').and_then(|(year, _)| year.parse().ok()).unwrap_or(0);
    Token((customer.0.as_u128() ^ (year << YEAR_SHIFT) ^ BIRTHDAY_MARK).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_is_another_in_each_year_and_for_each_customer() {
        let token = |customer: u128, date: &str| {
            token_of(CustomerId(uuid::Uuid::from_u128(customer)), date.parse().expect("a date"))
        };
        assert_eq!(token(7, "2027-02-28"), token(7, "2027-05-17"), "whatever day is told");
        assert_ne!(token(7, "2027-02-28"), token(7, "2028-02-28"));
        assert_ne!(token(7, "2027-02-28"), token(8, "2027-02-28"));
    }
}
