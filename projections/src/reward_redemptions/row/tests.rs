//! A redemption follows what its account says about it, and its account's owner.

use aggregates::{
    id::{CommandId, Fingerprint, GdprRequestId, Token},
    points::{AccountClosed, DeliveryDue, PointsForfeited, RedemptionDelivered, RedemptionReturned, RedemptionUsed},
};

use super::*;
use crate::sample;

const ADA: u128 = 1;
const BOB: u128 = 2;
const CAY: u128 = 3;

fn redemption(number: u128) -> RedemptionId {
    RedemptionId(Uuid::from_u128(number))
}

fn account(number: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(number))
}

/// What accounts of one merchant say, one position after the other.
#[derive(Default)]
struct Told {
    rows: Rows,
    position: u64,
}

impl Told {
    fn says(mut self, who: u128, event: PointsEvent) -> Self {
        self.position += 1;
        let mut commit = sample::commit(self.position);
        commit.commit.recorded_at = Timestamp(i64::try_from(self.position).unwrap() * 1_000);
        if let Some(happening) = Happening::of(&commit, Uuid::from_u128(who), &event) {
            self.rows.take_in(&happening);
        }
        self
    }

    fn only(&self) -> RedemptionRow {
        let changed = self.rows.changed();
        assert_eq!(changed.len(), 1);
        changed[0].clone()
    }
}

fn taken(number: u128, delivery: Option<DeliveryDue>) -> PointsEvent {
    PointsEvent::RewardRedeemed(RewardRedeemed {
        command: CommandId(Uuid::from_u128(number)),
        request: Fingerprint(0),
        redemption: redemption(number),
        points: 100,
        value_minor: 500,
        program_version: 1,
        movements: Vec::new(),
        at: Timestamp(7),
        delivery,
    })
}

fn returned(number: u128, points: i64, cancelled: bool) -> PointsEvent {
    PointsEvent::RedemptionReturned(RedemptionReturned {
        redemption: redemption(number),
        points,
        cancelled,
        released: 0,
        movements: Vec::new(),
        graces: Vec::new(),
        recollected: Vec::new(),
    })
}

fn used(number: u128) -> PointsEvent {
    PointsEvent::RedemptionUsed(RedemptionUsed { redemption: redemption(number), order: Token([1; 16]) })
}

fn closed(into: u128) -> PointsEvent {
    PointsEvent::AccountClosed(AccountClosed { into: account(into), points: 0 })
}

#[test]
fn a_code_of_our_own_is_active_at_once_and_used_by_an_order_of_which_some_goes_back() {
    let told = Told::default().says(ADA, taken(1, None));
    let row = told.only();
    assert_eq!((row.state, row.customer, row.reward), (RedemptionState::Active, account(ADA), None));
    assert_eq!((row.created_at, row.created_position), (Timestamp(7), 1));
    let row = told.says(ADA, used(1)).says(ADA, returned(1, 40, false)).only();
    assert_eq!((row.state, row.returned), (RedemptionState::Used, 40));
    assert_eq!((row.used_at, row.returned_at, row.ended_at), (Some(Timestamp(2_000)), Some(Timestamp(3_000)), None));
    assert_eq!((row.created_position, row.position), (1, 3));
}

#[test]
fn what_the_shop_has_to_make_is_pending_until_it_has() {
    let reward = RewardId(Uuid::from_u128(9));
    let told = Told::default().says(ADA, taken(1, Some(DeliveryDue { reward: Some((reward, 3)) })));
    assert_eq!((told.only().state, told.only().reward), (RedemptionState::Pending, Some((reward, 3))));
    let delivered = RedemptionDelivered { redemption: redemption(1), points: 100, at: Timestamp(8) };
    let row = told.says(ADA, PointsEvent::RedemptionDelivered(delivered)).only();
    assert_eq!((row.state, row.delivered_at), (RedemptionState::Active, Some(Timestamp(8))));
}

#[test]
fn undone_it_is_cancelled_and_with_its_owner_forgotten_disabled() {
    let row = Told::default().says(ADA, taken(1, None)).says(ADA, returned(1, 100, true)).only();
    assert_eq!((row.state, row.returned, row.ended_at), (RedemptionState::Cancelled, 100, Some(Timestamp(2_000))));
    let forfeited = PointsForfeited {
        request: GdprRequestId(Uuid::nil()),
        movements: Vec::new(),
        codes: vec![redemption(1)],
        owed: 0,
        at: Timestamp(9),
    };
    let row = Told::default().says(ADA, taken(1, None)).says(ADA, PointsEvent::PointsForfeited(forfeited)).only();
    assert_eq!((row.state, row.returned, row.ended_at), (RedemptionState::Disabled, 0, Some(Timestamp(9))));
}

#[test]
fn merges_take_redemptions_along_however_many_follow_one_another() {
    let told = Told::default().says(ADA, taken(1, None)).says(CAY, taken(2, None));
    let told = told.says(ADA, closed(BOB)).says(BOB, closed(CAY));
    let owners: Vec<_> = told.rows.changed().iter().map(|row| (row.id, row.customer)).collect();
    assert_eq!(owners, [(redemption(1), account(CAY)), (redemption(2), account(CAY))]);
    let told = told.says(CAY, used(1));
    assert_eq!(told.rows.changed()[0].state, RedemptionState::Used);
}

#[test]
fn what_began_in_a_commit_that_is_left_out_is_left_alone() {
    let told = Told::default().says(ADA, used(1)).says(ADA, returned(2, 10, true));
    assert!(told.rows.changed().is_empty());
}

#[test]
fn every_state_is_told_by_its_word() {
    for state in RedemptionState::ALL {
        assert_eq!(RedemptionState::of(state.as_str()), Some(state));
    }
    assert_eq!(RedemptionState::of("open"), None);
}
