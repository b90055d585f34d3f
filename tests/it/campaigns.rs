//! Campaigns, through the doors and by the merchant's own clock.

mod acting;
mod birthdays;
mod kit;
mod managing;
mod multiplying;
