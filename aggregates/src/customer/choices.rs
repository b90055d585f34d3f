//! What a person has chosen for themselves: whether to be mailed, and whether to be seen among others.

use serde::{Deserialize, Serialize};

use super::event::{CustomerEvent, LeaderboardChosen, MailChosen};
use crate::time::Timestamp;

/// Whether somebody wants mail. Who has said nothing gets what a member needs to know, and no marketing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailChoice {
    #[default]
    Unsaid,
    /// Has consented to marketing.
    Subscribed,
    /// Wants none at all.
    Unsubscribed,
}

/// Through whom a choice reached us. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// The link in a mail.
    Link,
    Merchant,
    /// A profile that was merged into this one.
    Merge,
}

/// All choices of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    pub mail: MailChoice,
    /// Stays out of leaderboards.
    pub off_leaderboards: bool,
}

impl Choices {
    /// What the survivor of a merge takes over: of each choice the more private one. They are one person.
    pub(super) fn missing_in(self, others: Choices, at: Timestamp) -> impl Iterator<Item = CustomerEvent> {
        let leaves = self.off_leaderboards && !others.off_leaderboards;
        let unsubscribes = self.mail == MailChoice::Unsubscribed && others.mail != MailChoice::Unsubscribed;
        let by = ChosenBy::Merge;
        let left = leaves.then_some(CustomerEvent::LeaderboardChosen(LeaderboardChosen { opt_out: true, by, at }));
        let choice = MailChoice::Unsubscribed;
        left.into_iter().chain(unsubscribes.then_some(CustomerEvent::MailChosen(MailChosen { choice, by, at })))
    }
}
