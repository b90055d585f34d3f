//! What a mail is for.

use serde::{Deserialize, Serialize};

/// New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Somebody has become a member.
    Welcome,
    PointsEarned,
    /// Points will expire within some days.
    PointsExpiring,
    /// A tier was reached.
    TierReached,
    /// Somebody invites a friend.
    ReferralInvitation,
    /// What was asked for points is there.
    RewardReady,
}

/// Who may get a mail. Nobody does who has unsubscribed, and nobody's data is used who is restricted or being forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClass {
    /// What a member has to know about their membership.
    Service,
    /// Only those who have consented, and do not object to being profiled.
    Marketing,
    /// Somebody who is no customer, and whom a customer invites: once.
    Invitation,
}

/// What the words of a template can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// Empty for somebody whose name nobody knows.
    FirstName,
    ShopName,
    /// What can be spent now.
    Balance,
    /// What the mail is about: earned, or about to expire.
    Points,
    /// The day on which points expire, such as `2026-11-22`.
    ExpiresOn,
    TierName,
    RewardName,
    RewardCode,
    /// Where a referred friend goes.
    ReferralUrl,
    UnsubscribeUrl,
    /// Who invites; empty where nobody knows their name.
    AdvocateName,
}

impl MailKind {
    pub const ALL: [MailKind; 6] = [
        MailKind::Welcome,
        MailKind::PointsEarned,
        MailKind::PointsExpiring,
        MailKind::TierReached,
        MailKind::ReferralInvitation,
        MailKind::RewardReady,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            MailKind::Welcome => "welcome",
            MailKind::PointsEarned => "points_earned",
            MailKind::PointsExpiring => "points_expiring",
            MailKind::TierReached => "tier_reached",
            MailKind::ReferralInvitation => "referral_invitation",
            MailKind::RewardReady => "reward_ready",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    pub const fn class(self) -> MailClass {
        match self {
            MailKind::Welcome | MailKind::PointsEarned | MailKind::RewardReady => MailClass::Service,
            MailKind::PointsExpiring | MailKind::TierReached => MailClass::Marketing,
            MailKind::ReferralInvitation => MailClass::Invitation,
        }
    }

    /// What its templates can refer to; everything else is unknown to them.
    pub const fn variables(self) -> &'static [Variable] {
        use Variable::{
            AdvocateName, Balance, ExpiresOn, FirstName, Points, ReferralUrl, RewardCode, RewardName, ShopName,
            TierName, UnsubscribeUrl,
        };
        match self {
            MailKind::Welcome => &[FirstName, ShopName, Balance, UnsubscribeUrl],
            MailKind::PointsEarned => &[FirstName, ShopName, Balance, Points, UnsubscribeUrl],
            MailKind::PointsExpiring => &[FirstName, ShopName, Balance, Points, ExpiresOn, UnsubscribeUrl],
            MailKind::TierReached => &[FirstName, ShopName, Balance, TierName, UnsubscribeUrl],
            MailKind::ReferralInvitation => &[AdvocateName, ShopName, ReferralUrl, UnsubscribeUrl],
            MailKind::RewardReady => &[FirstName, ShopName, Balance, RewardName, RewardCode, UnsubscribeUrl],
        }
    }
}

impl Variable {
    pub const fn as_str(self) -> &'static str {
        match self {
            Variable::FirstName => "first_name",
            Variable::ShopName => "shop_name",
            Variable::Balance => "balance",
            Variable::Points => "points",
            Variable::ExpiresOn => "expires_on",
            Variable::TierName => "tier_name",
            Variable::RewardName => "reward_name",
            Variable::RewardCode => "reward_code",
            Variable::ReferralUrl => "referral_url",
            Variable::UnsubscribeUrl => "unsubscribe_url",
            Variable::AdvocateName => "advocate_name",
        }
    }

    /// For previews.
    pub const fn sample(self) -> &'static str {
        match self {
            Variable::FirstName => "Ada",
            Variable::ShopName => "The Shop",
            Variable::Balance => "1250",
            Variable::Points => "100",
            Variable::ExpiresOn => "2030-12-31",
            Variable::TierName => "Gold",
            Variable::RewardName => "10 off",
            Variable::RewardCode => "LN-SAMPLE",
            Variable::ReferralUrl => "https://shop.example/r/sample",
            Variable::UnsubscribeUrl => "https://shop.example/unsubscribe/sample",
            Variable::AdvocateName => "Ada",
        }
    }
}
