//! The owner of an account is forgotten: what was not spent goes, and the numbers still add up.

use uuid::Uuid;

use super::kit::*;
use crate::{
    id::{GdprRequestId, RedemptionId},
    points::{AccountFenced, Forfeit, PointsCommand, PointsEvent, PointsRefusal},
    program::NegativeBalance,
};

fn request() -> GdprRequestId {
    GdprRequestId(Uuid::from_u128(0x6d))
}

pub fn fence(story: &Story) -> PointsCommand {
    PointsCommand::Fence(AccountFenced { request: request(), at: story.now })
}

pub fn forfeit(story: &Story) -> PointsCommand {
    PointsCommand::Forfeit(Forfeit { request: request(), now: story.now })
}

/// Everything anybody else may ask for.
pub fn others(story: &Story) -> Vec<PointsCommand> {
    let mut commands = vec![
        story.record_order([order("late", 5_000).into()]),
        story.redemption_of(77, 1),
        story.adjustment_of(78, 5),
        PointsCommand::Close { into: Person(8).id(), now: story.now },
    ];
    commands.push(PointsCommand::CancelRedemption {
        redemption: RedemptionId(Uuid::from_u128(1)),
        program: story.program.clone(),
        now: story.now,
    });
    commands
}

#[test]
fn what_was_not_spent_is_forfeited_and_live_codes_are_disabled() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).redeem(1, 20).redeem(2, 10).cancel_redemption(2);
    let (fenced, forfeited) = (fence(&story), forfeit(&story));
    story.when(forfeited.clone()).then_refused(PointsRefusal::NotFenced);
    story.when(fenced).when(forfeited).then_available(0).then_lifetime(50, 20, 0);
    assert_eq!(story.account.purse.lifetime_forfeited, 30);
    assert!(story.redemption(1).cancelled, "a code that nobody has used buys nothing any more");
    let codes: Vec<_> = story.events().iter().filter_map(codes_of).flatten().collect();
    assert_eq!(story.account.disabled_codes(), 1);
    assert_eq!(codes, [&RedemptionId(Uuid::from_u128(1))], "only the one that was live");
}

fn codes_of(event: &PointsEvent) -> Option<&Vec<RedemptionId>> {
    match event {
        PointsEvent::PointsForfeited(event) => Some(&event.codes),
        _ => None,
    }
}

#[test]
fn pending_points_go_too() {
    let mut story = Story::given(crate::program::ProgramSettings { hold_days: 30, ..one_point_per_euro() });
    story.order(order("1", 5_000)).then_pending(50);
    let (fenced, forfeited) = (fence(&story), forfeit(&story));
    story.when(fenced).when(forfeited).then_available(0).then_pending(0);
    assert_eq!(story.account.purse.next_due(), None, "time changes nothing any more");
}

#[test]
fn what_was_owed_is_let_go() {
    let mut story = Story::given(under(NegativeBalance::Allow));
    story.order(order("1", 5_000)).redeem(1, 50).refund("1", goods_back("r", day(0), 5_000)).then_available(-50);
    let (fenced, forfeited) = (fence(&story), forfeit(&story));
    story.when(fenced).when(forfeited).then_available(0);
    assert_eq!(story.account.purse.debt, 0);
}

#[test]
fn behind_the_fence_nothing_else_happens() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).redeem(1, 20);
    let (fenced, forfeited) = (fence(&story), forfeit(&story));
    story.when(fenced);
    for forfeited_yet in [false, true] {
        if forfeited_yet {
            story.when(forfeited.clone());
        }
        for command in others(&story) {
            story.when(command).then_refused(PointsRefusal::Erased);
        }
        story.settle().then_nothing_happened();
    }
}

#[test]
fn the_account_of_a_profile_that_lost_a_merge_is_fenced_and_has_nothing_to_forfeit() {
    let mut winner = Story::given(one_point_per_euro());
    let mut loser = winner.meanwhile(Person(2));
    loser.order(order("a", 5_000));
    winner.absorb(&mut loser);
    let (fenced, forfeited) = (fence(&loser), forfeit(&loser));
    loser.when(fenced).when(forfeited).then_nothing_happened();
    winner.refund("a", goods_back("r", day(0), 5_000)).then_available(0);
}
