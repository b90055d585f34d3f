//! Laws of the account, tried on shops that nobody thought of.

mod canonical;
mod delivery;
mod expectation;
mod history;
mod moves;
mod spent;

use proptest::prelude::*;

use crate::points::{
    Account, PointsEvent, PointsRefusal, Purse,
    tests::{
        forfeiting::{fence, forfeit, others},
        kit::*,
    },
};

use self::{
    canonical::canonical,
    delivery::{Plan, plan},
    expectation::expected_totals,
    history::{History, history},
    moves::{Move, Twins, moves},
    spent::{Arrival, SpentOrder, spent_order},
};

/// Shops tried per law: enough to find what matters in a second or two; `PROPTEST_CASES` asks for more.
const CASES: u32 = 256;

fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { CASES };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    /// The law of arrival: shuffling, repetition and delay of webhooks change nothing that counts, and what counts is
    /// what anybody can work out from the whole history.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (history, one, other, rest) in (history(), plan(), plan(), 0..200_u32),
    ) {
        arrival_does_not_matter(&history, [&one, &other], rest)?;
    }

    /// The law of arrival within one order also holds when its points are gone and others have to bear what goes back.
    #[test]
    fn the_order_of_arrival_does_not_matter_when_the_points_were_spent((spent, one, other) in spent_order()) {
        arrival_does_not_matter_after_spending(&spent, [&one, &other])?;
    }

    /// Whatever is done to an account: points are conserved, sweeps change nothing, what is foreseen comes true.
    #[test]
    fn points_are_conserved_and_sweeps_only_put_on_record_what_time_has_done(
        moves in moves(), (near, far) in (0..90_u32, 0..90_u32),
    ) {
        sweeps_change_nothing(&moves, near, far)?;
    }

    /// Whatever was done to an account: forgetting its owner leaves nothing to spend and nothing owed, nothing happens to
    /// it afterwards, and what was granted is still accounted for.
    #[test]
    fn the_account_of_somebody_forgotten_adds_up_for_ever(before in moves()) {
        forgetting_conserves_points(&before)?;
    }

    /// However large an account is, it comes over as if it came at once.
    #[test]
    fn in_parts_or_at_once_it_is_the_same_account(moves in moves(), part_bytes in 1..2_000_usize) {
        parts_change_nothing(&moves, part_bytes)?;
    }
}

fn forgetting_conserves_points(before: &[Move]) -> Result<(), TestCaseError> {
    let mut twins = Twins::default();
    before.iter().for_each(|step| twins.both(step));
    let mut story = twins.into_unswept();
    let owned = story.account.balance_at(story.now);
    let (fenced, forfeited) = (fence(&story), forfeit(&story));
    story.when(fenced).when(forfeited).then_done();
    let after = story.account.balance_at(story.now);
    prop_assert_eq!((after.available, after.pending, story.account.purse.debt), (0, 0, 0));
    let gone = after.lifetime_forfeited - (after.lifetime_earned - owned.lifetime_earned);
    prop_assert_eq!(gone, owned.available + owned.pending, "what was held is what was forfeited, less what was let go");
    prop_assert_eq!(
        (after.lifetime_redeemed, after.lifetime_expired),
        (owned.lifetime_redeemed, owned.lifetime_expired)
    );
    let account = story.account.clone();
    for command in others(&story) {
        story.when(command).then_refused(PointsRefusal::Erased);
    }
    prop_assert_eq!(&story.account, &account);
    prop_assert_eq!(story.account.balance_at(story.now.plus_days(1_000)), after, "time changes nothing");
    Ok(())
}

/// In how many parts an account comes over changes nothing but the number of events.
fn parts_change_nothing(moves: &[Move], part_bytes: usize) -> Result<(), TestCaseError> {
    let absorbed_in_parts_of = |bytes: usize| {
        let mut loser = Twins::default();
        moves.iter().for_each(|step| loser.both(step));
        let mut loser = loser.into_unswept();
        let mut winner = loser.meanwhile(Person(9));
        winner.order(order("the winner's", 3_000)).absorb_in_parts_of(bytes, &mut loser);
        (winner, loser)
    };
    let (at_once, _) = absorbed_in_parts_of(usize::MAX);
    let (in_parts, _) = absorbed_in_parts_of(part_bytes);
    prop_assert_eq!(&in_parts.account, &at_once.account);
    prop_assert!(in_parts.events().len() >= at_once.events().len());
    for part in ahead(in_parts.events()) {
        let mut purse = Purse::default();
        Account::apply_to_purse(&mut purse, part, in_parts.now);
        prop_assert!(purse.is_sound(), "{:?}", part);
    }
    Ok(())
}

fn ahead(events: &[PointsEvent]) -> impl Iterator<Item = &PointsEvent> {
    events.iter().filter(|event| matches!(event, PointsEvent::ContentsAbsorbed(_)))
}

/// `rest` is how many days after the last delivery the accounts are compared.
fn arrival_does_not_matter(history: &History, plans: [&Plan; 2], rest: u32) -> Result<(), TestCaseError> {
    let shops = plans.map(|plan| plan.deliver(history));
    let instant = shops.iter().map(|shop| shop.now).max().expect("two shops").plus_days(rest);
    let [one, other] = shops.each_ref().map(|shop| canonical(shop, history, instant));
    prop_assert_eq!(&one, &other);
    if history.has_a_newest_body_for_each_order() {
        for (person, account) in &one {
            prop_assert_eq!(account.totals(), expected_totals(history, *person, instant), "what {:?} holds", person);
        }
    }
    Ok(())
}

fn arrival_does_not_matter_after_spending(spent: &SpentOrder, arrivals: [&Arrival; 2]) -> Result<(), TestCaseError> {
    let [mut one, mut other] = arrivals.map(|arrival| spent.told(arrival));
    prop_assert_eq!(spent.outcome(&one), spent.outcome(&other));
    prop_assert!(spent.is_settled_to_the_point(&one), "{:?}", one.account.purse);
    for story in [&mut one, &mut other] {
        story.cancel_redemption(0);
    }
    prop_assert_eq!(spent.outcome(&one), spent.outcome(&other), "also when what was spent comes back");
    Ok(())
}

fn sweeps_change_nothing(moves: &[Move], near: u32, far: u32) -> Result<(), TestCaseError> {
    let mut twins = Twins::default();
    for step in moves {
        twins.both(step);
        let [swept, unswept] = twins.stories();
        prop_assert_eq!(swept.account.balance_at(swept.now), unswept.account.balance_at(swept.now), "after {:?}", step);
        if !twins.may_owe() {
            let balance = swept.account.balance_at(swept.now);
            prop_assert!(balance.available >= 0 && swept.account.purse.debt == 0, "{:?}", balance);
        }
    }
    let now = twins.stories()[0].now;
    let foreseen = twins.stories()[0].account.balance_at(now.plus_days(near + far));
    twins.settle_at(now.plus_days(near), now.plus_days(near + far));
    let [swept, unswept] = twins.stories();
    prop_assert_eq!(swept.account.balance_at(swept.now), foreseen);
    prop_assert_eq!(&swept.account.purse, &unswept.account.purse);
    Ok(())
}
