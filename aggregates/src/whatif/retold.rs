//! What is not an order, as the proposal would have had it: points of campaigns, referrals, badges and rewards.

use super::{
    past::{Move, Past, What},
    proposal::{Offer, Proposal},
};
use crate::{program::RuleId, referral::Side};

impl Proposal {
    /// Everything but orders, and but actions where the proposal has campaigns of its own: those are judged anew.
    pub(super) fn moves(&self, past: &Past) -> Vec<Move> {
        past.moves.iter().filter_map(|moved| self.retold(moved)).collect()
    }

    fn retold(&self, moved: &Move) -> Option<Move> {
        let points = match &moved.what {
            What::Other => moved.points,
            What::Campaign if self.campaigns.is_some() => return None,
            What::Campaign => moved.points,
            // What was taken back was never given, whoever gives what.
            What::Referral(_) | What::Badge(_) if moved.points == 0 => 0,
            What::Referral(Side::Advocate) => self.settings.referrals.advocate_points,
            What::Referral(Side::Friend) => self.settings.referrals.friend_points,
            What::Badge(badge) => self.points_of_badge(badge),
            What::Redeemed(reward) => match reward.and_then(|reward| self.rewards.get(&reward)) {
                None => moved.points,
                Some(Offer::Costs(points)) => -points,
                Some(Offer::Not) => return None,
            },
            What::Returned { reward, of } => match reward.and_then(|reward| self.rewards.get(&reward)) {
                None => moved.points,
                Some(Offer::Costs(points)) => in_proportion(moved.points, *points, *of),
                Some(Offer::Not) => return None,
            },
        };
        Some(Move { points, ..moved.clone() })
    }

    /// None for a badge that the proposal does not have.
    fn points_of_badge(&self, badge: &RuleId) -> i64 {
        let definition = self.settings.badges.badges.iter().find(|known| known.id.as_str() == badge.0);
        definition.map_or(0, |definition| definition.points)
    }
}

/// Of a redemption that cost `of` points and would have cost `costs`, what would have come back where `returned` did.
fn in_proportion(returned: i64, costs: i64, of: i64) -> i64 {
    let exact = i128::from(returned) * i128::from(costs) / i128::from(of.max(1));
    i64::try_from(exact).unwrap_or(i64::MAX)
}
