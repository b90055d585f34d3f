//! Whose birthday it is, day by day. Nobody's profile is opened for it: an index of keyed hashes tells.

use std::vec::IntoIter;

use aggregates::{
    customer::celebrated_on,
    id::{CustomerId, MerchantId},
    rfm::Day,
};
use vault::{Vault, VaultError};

/// Days that are looked back when nobody knows how far it was done: a worker may have rested over a weekend.
const LOOK_BACK_DAYS: i32 = 7;
/// Days made up for at most, however long nothing ran: nobody has two birthdays in it.
const MADE_UP_DAYS_MAX: i32 = 365;

/// The first day that has to be looked at, if those up to `done` were.
pub(crate) fn first_due(done: Option<Day>, today: Day) -> Day {
    done.map_or(today.minus(LOOK_BACK_DAYS), Day::next).max(today.minus(MADE_UP_DAYS_MAX))
}

/// Everybody whose birthday is celebrated on a day, some at a time.
pub(crate) struct BornOn<'a> {
    vault: &'a Vault,
    merchant: MerchantId,
    labels: IntoIter<String>,
    /// A birthday, and the last of those who have it that was given out.
    at: Option<(String, Option<CustomerId>)>,
}

impl<'a> BornOn<'a> {
    pub fn day(vault: &'a Vault, merchant: MerchantId, day: Day) -> Self {
        let mut labels = celebrated_on(day).into_iter();
        let at = labels.next().map(|label| (label, None));
        BornOn { vault, merchant, labels, at }
    }

    /// The next of them; none once there are no more.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn next(&mut self) -> Result<Option<Vec<CustomerId>>, VaultError> {
        while let Some((label, after)) = &mut self.at {
            let born = self.vault.born_on(self.merchant, label, *after).await?;
            if let Some(last) = born.last() {
                *after = Some(*last);
                return Ok(Some(born));
            }
            self.at = self.labels.next().map(|label| (label, None));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str) -> Day {
        date.parse().expect("a date")
    }

    #[test]
    fn what_is_not_done_is_made_up_for_within_bounds() {
        let today = day("2027-03-10");
        assert_eq!(first_due(Some(day("2027-03-09")), today), today);
        assert_eq!(first_due(Some(day("2027-03-01")), today), day("2027-03-02"));
        assert_eq!(first_due(None, today), day("2027-03-03"), "nobody knows how far it was done");
        assert_eq!(first_due(Some(day("2020-01-01")), today), day("2026-03-10"));
        assert!(first_due(Some(today), today) > today, "nothing is due");
    }
}
