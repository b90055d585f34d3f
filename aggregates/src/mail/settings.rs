//! What a merchant can set of mail. A part of the programme's settings, and versioned with them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{kind::MailKind, language::Language};
use crate::{
    rfm::{Calendar, Day},
    time::Timestamp,
};

/// Characters of the shop's name.
pub const SHOP_NAME_MAX: usize = 80;
/// Mails that one merchant can send in an hour.
pub const PER_HOUR_MAX: u32 = 100_000;
/// Days before an expiry.
pub const EXPIRING_DAYS_MAX: u32 = 90;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// Kinds that are sent. A new merchant sends none.
    pub kinds: BTreeSet<MailKind>,
    /// For readers whose language is not known, or has no words.
    pub language: Language,
    /// How the shop calls itself in its mails.
    pub shop_name: String,
    /// Points that expire within so many days are told of.
    pub expiring_days: u32,
    pub per_hour: u32,
    /// By the shop's clock.
    pub quiet: Option<QuietHours>,
}

/// From the beginning of one hour to the beginning of another, from 0 to 23; over midnight if the second is not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    pub from_hour: u8,
    pub until_hour: u8,
}

impl MailSettings {
    pub fn default_of_a_new_merchant() -> Self {
        MailSettings {
            kinds: BTreeSet::new(),
            language: Language::english(),
            shop_name: String::new(),
            expiring_days: 7,
            per_hour: 1_000,
            quiet: None,
        }
    }

    /// # Errors
    /// Where in this section something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        let name = self.shop_name.trim().chars().count();
        if name > SHOP_NAME_MAX || self.shop_name.chars().any(char::is_control) {
            return Err(("shop_name", "must have at most 80 characters, on one line"));
        }
        if !self.kinds.is_empty() && name == 0 {
            return Err(("shop_name", "is needed before anything is sent: readers want to know from whom it is"));
        }
        if !(1..=EXPIRING_DAYS_MAX).contains(&self.expiring_days) {
            return Err(("expiring_days", "must be from 1 to 90"));
        }
        if !(1..=PER_HOUR_MAX).contains(&self.per_hour) {
            return Err(("per_hour", "must be from 1 to 100000"));
        }
        match self.quiet {
            Some(quiet) if quiet.from_hour > 23 || quiet.until_hour > 23 => Err(("quiet", "hours are from 0 to 23")),
            Some(quiet) if quiet.from_hour == quiet.until_hour => Err(("quiet", "no hour would be left")),
            _ => Ok(()),
        }
    }

    /// When a mail may go that is ready at `now`: then, or at the end of the quiet hours.
    pub fn earliest(&self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        match self.quiet {
            Some(quiet) if quiet.covers(hour_of(now, calendar)) => {
                let today = calendar.day_of(now);
                let ends = |day: Day| calendar.at_hour(day, quiet.until_hour);
                let end = ends(today);
                if end > now { end } else { ends(today.next()) }
            }
            _ => now,
        }
    }
}

impl QuietHours {
    const fn covers(self, hour: u8) -> bool {
        if self.from_hour < self.until_hour {
            self.from_hour <= hour && hour < self.until_hour
        } else {
            self.from_hour <= hour || hour < self.until_hour
        }
    }
}

/// The hour of the shop's day.
fn hour_of(now: Timestamp, calendar: &Calendar) -> u8 {
    let today = calendar.day_of(now);
    let last_begun = (0..24).rev().find(|hour| calendar.at_hour(today, *hour) <= now);
    last_begun.unwrap_or(0)
}
