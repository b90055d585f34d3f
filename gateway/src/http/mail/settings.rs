//! The `mail` section of the programme's settings.

use std::collections::BTreeSet;

use aggregates::mail::{Language, MailKind, MailSettings, QuietHours};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What is sent to customers. A part that is left out stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailSettings)]
pub struct MailDocument {
    /// `welcome`, `points_earned`, `points_expiring`, `tier_reached`, `referral_invitation`, `reward_ready`; none unless said.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub kinds: Option<BTreeSet<MailKind>>,
    /// For readers whose language is not known, or has no words.
    #[serde(default)]
    pub language: Option<String>,
    /// How the shop calls itself in its mails.
    #[serde(default)]
    pub shop_name: Option<String>,
    /// Points that expire within so many days are told of.
    #[serde(default)]
    pub expiring_days: Option<u32>,
    #[serde(default)]
    pub per_hour: Option<u32>,
    /// Nothing is sent in these hours by the shop's clock; `{"from_hour": 0, "until_hour": 0}` for none.
    #[serde(default)]
    pub quiet: Option<QuietDocument>,
}

/// From the beginning of one hour to the beginning of another, over midnight if that is not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuietHours)]
pub struct QuietDocument {
    pub from_hour: u8,
    pub until_hour: u8,
}

impl MailDocument {
    pub fn of(settings: &MailSettings) -> Self {
        let quiet = settings.quiet.unwrap_or(QuietHours { from_hour: 0, until_hour: 0 });
        MailDocument {
            kinds: Some(settings.kinds.clone()),
            language: Some(settings.language.to_string()),
            shop_name: Some(settings.shop_name.clone()),
            expiring_days: Some(settings.expiring_days),
            per_hour: Some(settings.per_hour),
            quiet: Some(QuietDocument { from_hour: quiet.from_hour, until_hour: quiet.until_hour }),
        }
    }

    /// The settings with what is said here in place of what was. `pointer` leads to this section. What they mean together
    /// is checked by [`MailSettings::validate`].
    pub fn on_top_of(self, current: &MailSettings, pointer: &str) -> Result<MailSettings, Problem> {
        let language = self.language.map(|language| Language::parse(&language)).transpose();
        let language = language.map_err(|error| Problem::at(format!("{pointer}/language"), error.to_string()))?;
        let quiet = |quiet: QuietDocument| match (quiet.from_hour, quiet.until_hour) {
            (0, 0) => None,
            (from_hour, until_hour) => Some(QuietHours { from_hour, until_hour }),
        };
        Ok(MailSettings {
            kinds: self.kinds.unwrap_or_else(|| current.kinds.clone()),
            language: language.unwrap_or_else(|| current.language.clone()),
            shop_name: self.shop_name.map_or_else(|| current.shop_name.clone(), |name| name.trim().to_owned()),
            expiring_days: self.expiring_days.unwrap_or(current.expiring_days),
            per_hour: self.per_hour.unwrap_or(current.per_hour),
            quiet: self.quiet.map_or(current.quiet, quiet),
        })
    }
}
