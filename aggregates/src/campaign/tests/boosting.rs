//! Which campaigns multiply an order.

use super::{day, multiplies, tier};
use crate::{
    campaign::{Audience, CampaignVersion, Who, boosts_at},
    program::{BoostSource, factor_of},
    rfm::SegmentName,
};

fn factor(campaigns: &[CampaignVersion], on: i64) -> String {
    factor_of(&boosts_at(campaigns, day(on), &Who::default())).expect("small factors").to_string()
}

#[test]
fn a_campaign_counts_from_its_first_instant_to_before_its_last() {
    let campaigns = [multiplies(1, 2, 0, false)];
    assert_eq!([9, 10, 39, 40].map(|on| factor(&campaigns, on)), ["1", "2", "2", "1"]);
}

#[test]
fn of_those_that_do_not_stack_the_first_by_priority_counts_and_then_the_largest() {
    let campaigns = [multiplies(1, 5, 0, false), multiplies(2, 2, 9, false), multiplies(3, 3, 9, false)];
    let boosts = boosts_at(&campaigns, day(10), &Who::default());
    assert_eq!(boosts.iter().map(|boost| &boost.source).collect::<Vec<_>>(), [&BoostSource::Campaign(campaigns[2].id)]);
}

#[test]
fn those_that_stack_all_count_with_the_one_that_does_not() {
    let campaigns = [multiplies(1, 5, 0, true), multiplies(2, 2, 9, false), multiplies(3, 3, 0, true)];
    assert_eq!(factor(&campaigns, 10), "30");
}

#[test]
fn the_order_in_which_campaigns_stand_does_not_matter() {
    let mut campaigns = vec![multiplies(7, 2, 1, false), multiplies(5, 2, 1, false), multiplies(6, 2, 1, false)];
    let first = boosts_at(&campaigns, day(10), &Who::default());
    campaigns.reverse();
    assert_eq!(boosts_at(&campaigns, day(10), &Who::default()), first);
}

#[test]
fn an_audience_is_everybody_or_whoever_is_in_both_lists() {
    let segment = |name: &str| SegmentName::parse(name).expect("a name");
    let audience = Audience { tiers: vec![tier("gold")], segments: vec![segment("loyal"), segment("new")] };
    let who = |tier_id: &str, segment_name: &str| Who {
        tier: crate::program::tiers::TierId::parse(tier_id).ok(),
        segment: SegmentName::parse(segment_name).ok(),
    };
    assert!(Audience::default().includes(&Who::default()));
    assert!(audience.includes(&who("gold", "new")));
    for outside in [who("silver", "new"), who("gold", "lost"), who("", "new"), who("gold", ""), Who::default()] {
        assert!(!audience.includes(&outside), "{outside:?}");
    }
}
