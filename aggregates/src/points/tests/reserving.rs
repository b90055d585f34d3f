//! Points for something that the shop has to make first: set aside until it has, and back if it has not.

use uuid::Uuid;

use super::kit::*;
use crate::{
    id::{RedemptionId, RewardId},
    points::{BoughtReward, PointsCommand, PointsRefusal, Purchase, Redeem},
    program::ProgramSettings,
    reward::CustomerLimit,
    time::Timestamp,
};

fn id(redemption: u128) -> RedemptionId {
    RedemptionId(Uuid::from_u128(redemption))
}

fn bought(story: &Story, redemption: u128, points: i64, limit: Option<CustomerLimit>) -> PointsCommand {
    let PointsCommand::Redeem(redeem) = story.redemption_of(redemption, points) else { unreachable!("it redeems") };
    let reward = BoughtReward { reward: RewardId(Uuid::from_u128(7)), version: 1, value_minor: 500, limit };
    PointsCommand::Redeem(Redeem { purchase: Purchase::Reward(reward), ..redeem })
}

fn deliver(redemption: u128, now: Timestamp) -> PointsCommand {
    PointsCommand::Deliver { redemption: id(redemption), now }
}

fn reserved_and_available(story: &Story) -> (i64, i64) {
    let balance = story.account.balance_at(story.now);
    (balance.reserved, balance.available)
}

fn with_hundred_points() -> Story {
    let mut story = Story::given(ProgramSettings::default_of_a_new_merchant());
    story.adjust(9, 100);
    story
}

#[test]
fn points_are_reserved_until_the_shop_has_made_what_they_are_for() {
    let mut story = with_hundred_points();
    let command = bought(&story, 1, 60, None);
    story.when(command);
    assert_eq!(reserved_and_available(&story), (60, 40));
    let now = story.now;
    story.when(deliver(1, now));
    assert_eq!(reserved_and_available(&story), (0, 40));
    story.when(deliver(1, now)).then_nothing_happened();
    assert_eq!(story.redemption(1).value_minor, 500);
}

#[test]
fn what_the_shop_could_not_make_comes_back_and_is_not_delivered_afterwards() {
    let mut story = with_hundred_points();
    let command = bought(&story, 1, 60, None);
    story.when(command).cancel_redemption(1);
    assert_eq!(reserved_and_available(&story), (0, 100));
    let now = story.now;
    story.when(deliver(1, now)).then_refused(PointsRefusal::RedemptionCancelled);
}

#[test]
fn a_limit_counts_what_was_kept_within_its_period() {
    let limit = Some(CustomerLimit { uses: 1, days: Some(30) });
    let mut story = with_hundred_points();
    let first = bought(&story, 1, 10, limit);
    story.when(first);
    let second = bought(&story, 2, 10, limit);
    story.when(second.clone()).then_refused(PointsRefusal::RewardLimitReached);
    story.cancel_redemption(1);
    story.when(second);
    assert_eq!(reserved_and_available(&story), (10, 90));
    let later = story.now.plus_days(31);
    story.on(later);
    let later = bought(&story, 3, 10, limit);
    story.when(later);
    assert_eq!(reserved_and_available(&story), (20, 80));
}
