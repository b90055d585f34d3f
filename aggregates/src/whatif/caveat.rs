//! What a comparison takes for granted, and what it leaves out. Said with every answer that it concerns.

use super::{proposal::Proposal, totals::WhatIf};
use crate::{
    campaign::{Action, Effect},
    program::{ProgramSettings, ReferralSettings},
};

/// Something that an answer does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caveat {
    SameBehaviour,
    Simplified,
    UsualBase,
    SegmentsAsKnown,
    SegmentsNotKnown,
    UnrewardedActions,
    Birthdays,
    ReferralConditions,
    BadgeRules,
    RewardConditions,
}

impl Caveat {
    pub const fn as_str(self) -> &'static str {
        match self {
            Caveat::SameBehaviour => "same_behaviour",
            Caveat::Simplified => "no_holds_graces_debts",
            Caveat::UsualBase => "usual_base",
            Caveat::SegmentsAsKnown => "segments_as_known_then",
            Caveat::SegmentsNotKnown => "segments_not_known",
            Caveat::UnrewardedActions => "unrewarded_actions",
            Caveat::Birthdays => "birthdays",
            Caveat::ReferralConditions => "referral_conditions",
            Caveat::BadgeRules => "badge_rules",
            Caveat::RewardConditions => "reward_conditions",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Caveat::SameBehaviour => "Everybody would have bought, acted and redeemed as they did.",
            Caveat::Simplified => "Both sides are counted without holds, graces and debts.",
            Caveat::UsualBase => {
                "Some orders are counted by their usual base: a rule counts goods or charges that no rule of their time did."
            }
            Caveat::SegmentsAsKnown => {
                "Campaigns for segments go by each buyer's segment as it was known at that moment."
            }
            Caveat::SegmentsNotKnown => {
                "Campaigns for segments reach nobody before the shop's first segments were worked out."
            }
            Caveat::UnrewardedActions => "Actions that no campaign rewarded are not on record, and bring nothing here.",
            Caveat::Birthdays => "Birthdays are sealed: only those that a campaign rewarded are counted.",
            Caveat::ReferralConditions => {
                "Referrals are paid the proposed points; who would have qualified under other conditions is not known."
            }
            Caveat::BadgeRules => {
                "Badges that were awarded bring the proposed points; who would have had others is not known."
            }
            Caveat::RewardConditions => {
                "Rewards are taken as often as they were, at the proposed cost; stock, limits, audiences and new rewards are not tried."
            }
        }
    }

    /// Something taken for granted; everything else is left out.
    pub const fn is_assumption(self) -> bool {
        matches!(self, Caveat::SameBehaviour | Caveat::Simplified | Caveat::UsualBase | Caveat::SegmentsAsKnown)
    }
}

impl Proposal {
    /// What the answer to this proposal does not know. `present` are the settings in effect.
    pub fn caveats(&self, present: &ProgramSettings, whatif: &WhatIf) -> Vec<Caveat> {
        let campaigns = || self.campaigns.iter().flatten().map(|defined| &defined.campaign);
        let rewards = |wanted: fn(&Action) -> bool| {
            campaigns().any(|campaign| matches!(&campaign.effect, Effect::Reward { action, .. } if wanted(action)))
        };
        let for_segments = campaigns().any(|campaign| !campaign.audience.segments.is_empty());
        let said = [
            (Caveat::SameBehaviour, true),
            (Caveat::Simplified, true),
            (Caveat::UsualBase, whatif.approximated > 0),
            (Caveat::SegmentsAsKnown, for_segments),
            (Caveat::SegmentsNotKnown, whatif.without_segment > 0),
            (Caveat::UnrewardedActions, rewards(Action::is_told)),
            (Caveat::Birthdays, rewards(|action| *action == Action::Birthday)),
            (Caveat::ReferralConditions, conditions(&self.settings.referrals) != conditions(&present.referrals)),
            (Caveat::BadgeRules, rules(&self.settings) != rules(present)),
            (Caveat::RewardConditions, !self.rewards.is_empty()),
        ];
        said.into_iter().filter(|(_, concerns)| *concerns).map(|(caveat, _)| caveat).collect()
    }
}

/// Everything but the points.
fn conditions(settings: &ReferralSettings) -> ReferralSettings {
    ReferralSettings { advocate_points: 0, friend_points: 0, ..settings.clone() }
}

/// Everything of badges but names and points.
fn rules(settings: &ProgramSettings) -> Vec<crate::badge::BadgeDefinition> {
    let mut badges = settings.badges.badges.clone();
    badges.iter_mut().for_each(|badge| (badge.name, badge.points) = (String::new(), 0));
    badges
}
