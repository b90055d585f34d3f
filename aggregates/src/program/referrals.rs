//! What a merchant can set of its referral programme. A part of the programme's settings, and versioned with them: a
//! referral is judged by the version that was in effect when its friend was identified.

use serde::{Deserialize, Serialize};

use crate::referral::Signal;

/// Points of one reward.
pub const REWARD_POINTS_MAX: i64 = 1_000_000_000;
/// Days a hold or a link can last: as holds and expiry of points.
const DAYS_MAX: u32 = super::settings::DAYS_MAX;
/// Referrals of one advocate that a velocity limit can let pass.
const VELOCITY_REFERRALS_MAX: u32 = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralSettings {
    /// Nobody new is referred while this is off; referrals under way go on.
    pub enabled: bool,
    /// For whoever brought the friend.
    pub advocate_points: i64,
    /// For the friend.
    pub friend_points: i64,
    /// Merchandise that the qualifying order must be worth, less refunds; minor units of the shop's currency.
    pub minimum_minor: i64,
    /// Only somebody without any earlier order counts, and only their first one.
    pub new_customers_only: bool,
    /// Days from the order until both are paid: the shop's return window.
    pub hold_days: u32,
    /// Days within which the friend has to order.
    pub order_within_days: u32,
    /// Days a link brings friends; for ever if none.
    pub link_days: Option<u32>,
    pub velocity: VelocityLimit,
    pub fraud: FraudPolicy,
}

/// More than `referrals` of one advocate within `days` is [`Signal::Velocity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VelocityLimit {
    pub referrals: u32,
    pub days: u32,
}

/// What a signal leads to. The gravest of those found counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FraudAction {
    /// Noted, and nothing else.
    Allow,
    /// Held until the merchant decides.
    Review,
    /// Rejected; the merchant may decide otherwise.
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FraudPolicy {
    pub email_root: FraudAction,
    pub address: FraudAction,
    pub device: FraudAction,
    pub payment: FraudAction,
    pub ip_range: FraudAction,
    pub velocity: FraudAction,
}

impl FraudPolicy {
    pub const fn action(&self, signal: Signal) -> FraudAction {
        match signal {
            Signal::EmailRoot => self.email_root,
            Signal::Address => self.address,
            Signal::Device => self.device,
            Signal::Payment => self.payment,
            Signal::IpRange => self.ip_range,
            Signal::Velocity => self.velocity,
        }
    }

    /// The gravest action that any of these leads to.
    pub fn judge(&self, signals: impl IntoIterator<Item = Signal>) -> FraudAction {
        signals.into_iter().map(|signal| self.action(signal)).max().unwrap_or(FraudAction::Allow)
    }
}

impl ReferralSettings {
    /// Costs nothing until links are handed out. Two weeks are the return window that most shops grant; a shared household
    /// looks like fraud and often is none, so a person looks at it.
    pub fn default_of_a_new_merchant() -> Self {
        ReferralSettings {
            enabled: true,
            advocate_points: 500,
            friend_points: 500,
            minimum_minor: 0,
            new_customers_only: true,
            hold_days: 14,
            order_within_days: 90,
            link_days: None,
            velocity: VelocityLimit { referrals: 20, days: 30 },
            fraud: FraudPolicy {
                email_root: FraudAction::Refuse,
                address: FraudAction::Review,
                device: FraudAction::Review,
                payment: FraudAction::Review,
                ip_range: FraudAction::Allow,
                velocity: FraudAction::Review,
            },
        }
    }

    /// # Errors
    /// Where in this section something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        for (field, points) in [("advocate_points", self.advocate_points), ("friend_points", self.friend_points)] {
            if !(0..=REWARD_POINTS_MAX).contains(&points) {
                return Err((field, "must be from 0 to 1000000000"));
            }
        }
        if self.minimum_minor < 0 {
            return Err(("minimum_minor", "must not be negative"));
        }
        if self.hold_days > DAYS_MAX {
            return Err(("hold_days", "must be from 0 to 3650"));
        }
        if !(1..=DAYS_MAX).contains(&self.order_within_days) {
            return Err(("order_within_days", "must be from 1 to 3650"));
        }
        if !(1..=DAYS_MAX).contains(&self.link_days.unwrap_or(1)) {
            return Err(("link_days", "must be from 1 to 3650"));
        }
        if !(1..=VELOCITY_REFERRALS_MAX).contains(&self.velocity.referrals) {
            return Err(("velocity/referrals", "must be from 1 to 100000"));
        }
        if !(1..=DAYS_MAX).contains(&self.velocity.days) {
            return Err(("velocity/days", "must be from 1 to 3650"));
        }
        Ok(())
    }
}
