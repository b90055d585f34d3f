//! Tiers that somebody was given. One word of staff ends all that were given before: what counts is said last.

use super::{Customer, CustomerEvent, Imported, event::ReferralLink};
use crate::{
    tier::{Gift, Giver, TierGiven, TierTakenBack},
    time::Timestamp,
};

/// What somebody brings along from another programme, besides points.
#[derive(Debug, Clone)]
pub struct NoteImport {
    pub imported: Imported,
    /// The tier they had, where the programme has one of that name.
    pub gift: Option<Gift>,
    /// For the link they had to lead somewhere; not used where they have one.
    pub link: Option<ReferralLink>,
}

impl Customer {
    /// Gifts that nobody has ended. Which of them are over by themselves, the programme's settings say.
    pub fn gifts(&self) -> &[Gift] {
        &self.gifts
    }

    /// Whether this is what was noted last of what they brought along, and behind that position.
    pub fn was_noted_behind(&self, position: u64, imported: &Imported) -> bool {
        self.import_noted.is_some_and(|(noted, at)| noted == imported.fingerprint && at > position)
    }

    /// Nothing, where the same tier was given until the same moment.
    pub(super) fn give_tier(&self, given: &TierGiven) -> Vec<CustomerEvent> {
        let same = |gift: &Gift| gift.giver == given.gift.giver && gift.tier == given.gift.tier;
        match self.gifts.as_slice() {
            [gift] if same(gift) && gift.until == given.gift.until => Vec::new(),
            _ => vec![CustomerEvent::TierGiven(given.clone())],
        }
    }

    /// Nothing, where nothing was given.
    pub(super) fn take_tier_back(&self, taken_back: &TierTakenBack) -> Vec<CustomerEvent> {
        match self.gifts.is_empty() {
            true => Vec::new(),
            false => vec![CustomerEvent::TierTakenBack(taken_back.clone())],
        }
    }

    /// What was noted before is not noted again. What staff has given stands, whatever a file says.
    pub(super) fn note_import(&self, note: &NoteImport) -> Vec<CustomerEvent> {
        if self.import_noted.is_some_and(|(noted, _)| noted == note.imported.fingerprint) {
            return Vec::new();
        }
        let by_hand = self.gifts.iter().any(|gift| gift.giver == Giver::Hand);
        let gift = note.gift.clone().filter(|_| !by_hand);
        let given = gift.map(|gift| CustomerEvent::TierGiven(TierGiven { gift, reason: None }));
        let link = note.link.filter(|link| self.live_link(link.at).is_none());
        std::iter::once(CustomerEvent::Imported(note.imported.clone()))
            .chain(given)
            .chain(link.map(CustomerEvent::ReferralLinkIssued))
            .collect()
    }

    /// Of these, the ones that are not over by a date of their own at `now`: for whoever survives a merge.
    pub(super) fn gifts_left(gifts: &[Gift], now: Timestamp) -> Vec<Gift> {
        gifts.iter().filter(|gift| gift.until.is_none_or(|until| now < until)).cloned().collect()
    }
}
