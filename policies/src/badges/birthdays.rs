//! Birthdays: once a year at most, by the shop's calendar. Nobody's profile is opened for it; whose day it is tells an index of
//! keyed hashes, as it does for campaigns.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aggregates::{
    badge::Month,
    customer::celebrated_on,
    id::{CustomerId, MerchantId},
    program::Program,
    rfm::{Calendar, Day},
    time::Timestamp,
};
use projections::{badges, customers::Customers};

use super::{Awarder, BadgeError};
use crate::birthdays::{BornOn, first_due};

/// The last day that is done in each shop, by which version of the programme: so that a look costs what is new. Forgotten at
/// the end of the process, which costs a week's look. One entry for each shop with a badge for birthdays.
#[derive(Debug, Clone, Default)]
pub struct Celebrated(Arc<Mutex<HashMap<MerchantId, (u32, Day)>>>);

impl Celebrated {
    fn known(&self) -> MutexGuard<'_, HashMap<MerchantId, (u32, Day)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None by another version.
    fn through(&self, merchant: MerchantId, version: u32) -> Option<Day> {
        self.known().get(&merchant).filter(|known| known.0 == version).map(|known| known.1)
    }

    fn note(&self, merchant: MerchantId, version: u32, day: Day) {
        self.known().insert(merchant, (version, day));
    }
}

impl Awarder {
    /// Everybody whose birthday it is, or was since it was last looked. Gives the position of the last award.
    pub(super) async fn celebrate(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, BadgeError> {
        let program = Arc::new(self.program(merchant).await?.state.clone());
        let Some((version, calendar)) = with_birthdays(&program, now)? else { return Ok(None) };
        let today = calendar.day_of(now);
        let mut day = first_due(self.celebrated.through(merchant, version), today);
        let mut last = None;
        while day <= today {
            last = last.max(self.celebrate_day(merchant, day, &calendar, &program, now).await?);
            self.celebrated.note(merchant, version, day);
            day = day.next();
        }
        Ok(last)
    }

    /// Somebody has just told their birthday, at this position; it may be today.
    ///
    /// # Errors
    /// [`BadgeError`]; telling it again completes it.
    pub async fn birthday_told(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        label: &str,
        position: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, BadgeError> {
        let program = Arc::new(self.program(merchant).await?.state.clone());
        let Some((_, calendar)) = with_birthdays(&program, now)? else { return Ok(None) };
        let today = calendar.day_of(now);
        if !celebrated_on(today).iter().any(|of_day| of_day == label) {
            return Ok(None);
        }
        self.visible(Customers::NAME, position).await?;
        self.award_born(merchant, &[customer], today, &calendar, &program, now).await
    }

    async fn celebrate_day(
        &self,
        merchant: MerchantId,
        day: Day,
        calendar: &Calendar,
        program: &Arc<Program>,
        now: Timestamp,
    ) -> Result<Option<u64>, BadgeError> {
        let (mut born_on, mut last) = (BornOn::day(&self.vault, merchant, day), None);
        while let Some(born) = born_on.next().await? {
            last = last.max(self.award_born(merchant, &born, day, calendar, program, now).await?);
        }
        Ok(last)
    }

    async fn award_born(
        &self,
        merchant: MerchantId,
        born: &[CustomerId],
        day: Day,
        calendar: &Calendar,
        program: &Arc<Program>,
        now: Timestamp,
    ) -> Result<Option<u64>, BadgeError> {
        let mut last = None;
        for (customer, mut candidate) in badges::candidates(&self.db, merchant, born, calendar).await? {
            candidate.achievements.note_birthday(Month::of(day));
            last = last.max(self.award_earned(merchant, customer, &candidate, program, now).await?);
        }
        Ok(last)
    }
}

/// The version in effect and the shop's calendar; none if no badge is for birthdays.
fn with_birthdays(program: &Program, now: Timestamp) -> Result<Option<(u32, Calendar)>, BadgeError> {
    let Some(version) = program.in_effect_at(now).filter(|version| version.settings.badges.has_birthdays()) else {
        return Ok(None);
    };
    let calendar = Calendar::of(&version.settings.rfm.time_zone).map_err(|_| BadgeError::NoProgram)?;
    Ok(Some((version.version, calendar)))
}
