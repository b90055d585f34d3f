//! The parts of the settings, by their names in documents: what an earlier version said of one of them can be brought back
//! without the others.

use super::ProgramSettings;

/// A part of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    EarningRules,
    Hold,
    Expiry,
    NegativeBalance,
    Redemption,
    RedactGraceHours,
    ReturnGraceDays,
    Rfm,
    VipTiers,
    Referrals,
    Badges,
    Mail,
}

impl Section {
    pub const ALL: [Section; 12] = [
        Section::EarningRules,
        Section::Hold,
        Section::Expiry,
        Section::NegativeBalance,
        Section::Redemption,
        Section::RedactGraceHours,
        Section::ReturnGraceDays,
        Section::Rfm,
        Section::VipTiers,
        Section::Referrals,
        Section::Badges,
        Section::Mail,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Section::EarningRules => "earning_rules",
            Section::Hold => "hold",
            Section::Expiry => "expiry",
            Section::NegativeBalance => "negative_balance",
            Section::Redemption => "redemption",
            Section::RedactGraceHours => "redact_grace_hours",
            Section::ReturnGraceDays => "return_grace_days",
            Section::Rfm => "rfm",
            Section::VipTiers => "vip_tiers",
            Section::Referrals => "referrals",
            Section::Badges => "badges",
            Section::Mail => "mail",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == word)
    }

    /// Makes this part of `settings` what it is in `earlier`.
    pub fn restore(self, settings: &mut ProgramSettings, earlier: &ProgramSettings) {
        match self {
            Section::EarningRules => settings.earning_rules.clone_from(&earlier.earning_rules),
            Section::Hold => settings.hold_days = earlier.hold_days,
            Section::Expiry => settings.expiry = earlier.expiry,
            Section::NegativeBalance => settings.negative_balance = earlier.negative_balance,
            Section::Redemption => settings.redemption = earlier.redemption,
            Section::RedactGraceHours => settings.redact_grace_hours = earlier.redact_grace_hours,
            Section::ReturnGraceDays => settings.return_grace_days = earlier.return_grace_days,
            Section::Rfm => settings.rfm = earlier.rfm.clone(),
            Section::VipTiers => settings.tiers = earlier.tiers.clone(),
            Section::Referrals => settings.referrals = earlier.referrals.clone(),
            Section::Badges => settings.badges = earlier.badges.clone(),
            Section::Mail => settings.mail = earlier.mail.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Expiry, NegativeBalance, RedemptionRate};

    /// Everything is otherwise than in a new shop.
    fn other() -> ProgramSettings {
        let mut settings = ProgramSettings::default_of_a_new_merchant();
        settings.earning_rules.clear();
        settings.hold_days = 7;
        settings.expiry = Expiry::AfterEarning { days: 9 };
        settings.negative_balance = NegativeBalance::Clamp;
        settings.redemption = RedemptionRate { points: 3, amount_minor: 1 };
        (settings.redact_grace_hours, settings.return_grace_days) = (1, 2);
        settings.rfm.time_zone = crate::rfm::TimeZoneName("Europe/Berlin".to_owned());
        settings.tiers.grace_days += 1;
        settings.referrals.enabled = !settings.referrals.enabled;
        settings.badges.badges = vec![crate::badge::BadgeDefinition {
            id: crate::badge::BadgeId::parse("one").expect("an id"),
            name: "One".to_owned(),
            rule: crate::badge::BadgeRule::ByHand,
            repeats: crate::badge::Repeats::Once,
            counts_from: None,
            points: 1,
        }];
        settings.mail.language = crate::mail::Language::parse("de").expect("a language");
        settings
    }

    #[test]
    fn all_sections_together_are_the_settings_and_each_is_a_part_of_its_own() {
        let (new, other) = (ProgramSettings::default_of_a_new_merchant(), other());
        let mut settings = new.clone();
        for section in Section::ALL {
            let before = settings.clone();
            section.restore(&mut settings, &other);
            assert_ne!(settings, before, "{}", section.as_str());
            assert_eq!(Section::parse(section.as_str()), Some(section));
        }
        assert_eq!(settings, other);
        assert_eq!(Section::parse("everything"), None);
    }
}
