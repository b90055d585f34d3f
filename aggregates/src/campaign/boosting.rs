//! Which campaigns multiply an order.

use std::cmp::Reverse;

use super::{
    board::CampaignVersion,
    definition::{Effect, Who},
};
use crate::{
    program::{Boost, BoostSource},
    time::Timestamp,
};

/// The multipliers for an order made at `instant` by `who`. All that stack count; of the others only the one with the highest
/// priority, then the largest factor, then the smallest id.
pub fn boosts_at<'a>(
    campaigns: impl IntoIterator<Item = &'a CampaignVersion>,
    instant: Timestamp,
    who: &Who,
) -> Vec<Boost> {
    let (mut stacking, mut alone) = (Vec::new(), None);
    for defined in campaigns {
        let Effect::Multiply { factor, priority, stacks } = defined.campaign.effect else { continue };
        if !defined.campaign.runs_at(instant) || !defined.campaign.audience.includes(who) {
            continue;
        }
        let boost = Boost { source: BoostSource::Campaign(defined.id), factor };
        if stacks {
            stacking.push(boost);
        } else {
            let rank = (priority, factor, Reverse(defined.id));
            if alone.as_ref().is_none_or(|(highest, _)| rank > *highest) {
                alone = Some((rank, boost));
            }
        }
    }
    alone.map(|(_, boost)| boost).into_iter().chain(stacking).collect()
}
