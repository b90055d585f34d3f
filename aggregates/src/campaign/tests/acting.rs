//! What an action earns.

use uuid::Uuid;

use super::{day, rewards, tier};
use crate::{
    campaign::{Act, Action, Audience, CampaignVersion, Deed, Done, Per, Reward, Who, reward},
    id::{CampaignId, CustomerId, Token},
    rfm::Calendar,
    time::Timestamp,
};

fn act(action: &str, on: i64) -> Act {
    Act {
        customer: CustomerId(Uuid::from_u128(0xada)),
        action: Action::parse(action).expect("a name"),
        token: Token([7; 16]),
        at: day(on),
        who: Who::default(),
    }
}

fn earned(campaigns: &[CampaignVersion], act: &Act, done: &Done) -> Result<Vec<i64>, Deed> {
    match reward(campaigns, act, done, &Calendar::utc()) {
        Deed::Taken(taken) => Ok(taken.rewards.iter().map(|reward| reward.points).collect()),
        other => Err(other),
    }
}

fn given(campaign: &CampaignVersion, on: &[i64]) -> Done {
    let at = |on: &i64| (campaign.id, Timestamp(day(*on).0 + 1));
    Done { rewards: on.iter().map(at).collect(), same: false }
}

#[test]
fn every_campaign_for_the_action_rewards_it() {
    let campaigns = [rewards(1, "review", 50, None), rewards(2, "review", 5, None), rewards(3, "social", 9, None)];
    assert_eq!(earned(&campaigns, &act("review", 10), &Done::default()), Ok(vec![50, 5]));
    assert_eq!(earned(&campaigns, &act("wrote_a_poem", 10), &Done::default()), Err(Deed::NoCampaign));
    assert_eq!(earned(&campaigns, &act("review", 40), &Done::default()), Err(Deed::NoCampaign), "it is over");
}

#[test]
fn the_same_action_is_rewarded_once_for_ever() {
    let campaigns = [rewards(1, "review", 50, None)];
    let done = Done { same: true, ..Done::default() };
    assert_eq!(earned(&campaigns, &act("review", 10), &done), Err(Deed::Known));
}

#[test]
fn a_limit_counts_within_its_period() {
    let limited = |per| rewards(1, "review", 50, Some((2, per)));
    for (per, before, expected) in [
        (Per::Day, vec![20, 20], Err(Deed::LimitReached)),
        (Per::Day, vec![19, 20], Ok(vec![50])),
        (Per::Month, vec![12, 19], Err(Deed::LimitReached)),
        (Per::Month, vec![-1, 19], Ok(vec![50])),
        (Per::Year, vec![0, 19], Err(Deed::LimitReached)),
        (Per::Year, vec![-1, 19], Ok(vec![50])),
        (Per::Lifetime, vec![-9_000, 19], Err(Deed::LimitReached)),
        (Per::Lifetime, vec![19], Ok(vec![50])),
    ] {
        let campaign = limited(per);
        let done = given(&campaign, &before);
        assert_eq!(earned(&[campaign], &act("review", 20), &done), expected, "{per:?} {before:?}");
    }
}

#[test]
fn what_another_campaign_gave_does_not_count_against_a_limit() {
    let campaigns = [rewards(1, "review", 50, Some((1, Per::Day))), rewards(2, "review", 5, Some((1, Per::Day)))];
    let done = given(&campaigns[0], &[20]);
    assert_eq!(earned(&campaigns, &act("review", 20), &done), Ok(vec![5]));
}

#[test]
fn whoever_is_not_in_the_audience_gets_nothing() {
    let mut campaign = rewards(1, "review", 50, None);
    campaign.campaign.audience = Audience { tiers: vec![tier("gold")], segments: Vec::new() };
    let mut act = act("review", 20);
    assert_eq!(earned(&[campaign.clone()], &act, &Done::default()), Err(Deed::NoCampaign));
    act.who.tier = Some(tier("gold"));
    assert_eq!(earned(&[campaign], &act, &Done::default()), Ok(vec![50]));
}

#[test]
fn a_bonus_follows_from_campaign_and_action() {
    let reward = |id: u128| Reward { campaign: CampaignId(Uuid::from_u128(id)), version: 1, points: 1 };
    assert_eq!(reward(1).bonus(Token([7; 16])), Reward { version: 2, ..reward(1) }.bonus(Token([7; 16])));
    assert_ne!(reward(1).bonus(Token([7; 16])), reward(2).bonus(Token([7; 16])));
    assert_ne!(reward(1).bonus(Token([7; 16])), reward(1).bonus(Token([8; 16])));
}
