//! The day of the year on which somebody was born. Never the year: nobody needs it here.

use serde::{Deserialize, Serialize};

use crate::rfm::Day;

/// Days of each month, in the years that have most.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A day that is in some year. Exists in memory only; anything stored is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birthday {
    month: u8,
    day: u8,
}

/// Not a day of any year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the year")]
pub struct NotABirthday;

impl Birthday {
    /// # Errors
    /// [`NotABirthday`]
    pub fn of(month: u8, day: u8) -> Result<Self, NotABirthday> {
        let days = month.checked_sub(1).and_then(|place| DAYS.get(usize::from(place))).ok_or(NotABirthday)?;
        if (1..=*days).contains(&day) { Ok(Birthday { month, day }) } else { Err(NotABirthday) }
    }

    pub const fn month(self) -> u8 {
        self.month
    }

    pub const fn day(self) -> u8 {
        self.day
    }

    /// Such as `05-17`: the end of a date.
    pub fn label(self) -> String {
        format!("{:02}-{:02}", self.month, self.day)
    }
}

/// Labels of the birthdays that are celebrated on a day: its own, and on the last of February of most years that of the 29th, too.
pub fn celebrated_on(day: Day) -> Vec<String> {
    let of = |day: Day| day.to_string().split_once('-').map(|(_, label)| label.to_owned()).unwrap_or_default();
    let (own, next) = (of(day), of(day.next()));
    let is_short_february = own == "02-28" && next == "03-01";
    std::iter::once(own).chain(is_short_february.then(|| "02-29".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_born_on_a_leap_day_has_a_birthday_every_year() {
        let on = |date: &str| celebrated_on(date.parse().expect("a date"));
        assert_eq!(on("2027-02-28"), ["02-28", "02-29"]);
        assert_eq!(on("2028-02-28"), ["02-28"]);
        assert_eq!(on("2028-02-29"), ["02-29"]);
        assert_eq!(on("2027-03-01"), ["03-01"]);
    }

    #[test]
    fn a_birthday_is_a_day_of_some_year() {
        assert_eq!(Birthday::of(2, 29).map(Birthday::label), Ok("02-29".to_owned()));
        for (month, day) in [(0, 1), (13, 1), (2, 30), (4, 31), (1, 0), (1, 32)] {
            assert_eq!(Birthday::of(month, day), Err(NotABirthday), "{month}-{day}");
        }
    }
}
