//! Awake and idle.

use aggregates::event::Recorded;
use aggregates::id::CustomerId;
use aggregates::points::{Account, AccountClosed, PointsEvent, Purse};
use aggregates::time::Timestamp;
use uuid::Uuid;

use super::*;

/// Two may be awake.
fn wakefulness() -> Wakefulness<Account> {
    Wakefulness::new(Some(Packing::serialised()), 2)
}

fn owing(debt: i64) -> Versioned<Account> {
    Versioned {
        state: Account { purse: Purse { debt, ..Purse::default() }, ..Account::default() },
        position: 7,
        commits: 3,
    }
}

/// Slots with these debts, each after its turn.
fn slots(wakefulness: &Wakefulness<Account>, debts: impl IntoIterator<Item = i64>) -> Vec<Arc<Slot<Account>>> {
    let slot = |debt| {
        let slot = Slot::empty();
        let turn = slot.turn(wakefulness);
        let _turn = turn.try_lock().expect("nobody else knows the slot");
        slot.put(owing(debt));
        Arc::clone(&slot)
    };
    debts.into_iter().map(slot).collect()
}

fn is_idle(slot: &Slot<Account>) -> bool {
    let hot = slot.hot();
    matches!(hot.state, State::Packed(_)) && hot.turn.is_none() && !hot.awake
}

#[test]
fn those_who_woke_first_go_idle_when_there_are_too_many() {
    let slots = slots(&wakefulness(), 0..5);
    assert_eq!(slots.iter().map(|slot| is_idle(slot)).collect::<Vec<_>>(), [true, true, true, false, false]);
}

#[test]
fn an_idle_one_tells_its_position_and_wakes_up_as_it_was() {
    let wakefulness = wakefulness();
    let slots = slots(&wakefulness, 0..5);
    assert_eq!(slots[1].position(), Some(7));
    assert!(is_idle(&slots[1]), "asking for the position wakes nobody");
    assert_eq!(slots[1].current(&wakefulness).as_deref(), Some(&owing(1)));
    assert_eq!((is_idle(&slots[1]), is_idle(&slots[3])), (false, true), "another one goes idle instead");
}

#[test]
fn one_whose_turn_it_is_stays_awake_and_has_one_turn_only() {
    let wakefulness = wakefulness();
    let busy = Slot::empty();
    let turn = busy.turn(&wakefulness);
    let guard = turn.try_lock().expect("nobody else knows the slot");
    busy.put(owing(1));
    let others = slots(&wakefulness, 0..10);
    assert!(busy.turn(&wakefulness).try_lock().is_err(), "a second turn was made beside the first");
    drop(guard);
    drop(turn);
    slots(&wakefulness, 10..13);
    assert!(is_idle(&busy), "its turn has passed");
    drop(others);
}

#[test]
fn there_are_not_too_many_for_ever_after_all_were_in_use() {
    let wakefulness = wakefulness();
    let slots: Vec<_> = (0..50).map(|_| Slot::empty()).collect();
    let turns: Vec<_> = slots.iter().map(|slot| slot.turn(&wakefulness)).collect();
    assert_eq!(slots.iter().filter(|slot| slot.hot().awake).count(), 50);
    drop(turns);
    for _ in 0..50 {
        Slot::empty().turn(&wakefulness);
    }
    assert_eq!(slots.iter().filter(|slot| slot.hot().awake).count(), 0);
}

#[test]
fn a_commit_on_top_of_a_state_that_was_evicted_meanwhile_leaves_the_slot_empty() {
    let wakefulness = wakefulness();
    let slot = Slot::empty();
    let turn = slot.turn(&wakefulness);
    let _turn = turn.try_lock().expect("nobody else knows the slot");
    let into = CustomerId(Uuid::nil());
    let closed = [PointsEvent::AccountClosed(AccountClosed { into, points: 0 })];
    let recorded = Recorded { position: 8, at: Timestamp(0) };

    let current = slot.put(owing(1));
    let after = slot.take_in(current, &[(&closed, recorded)]);
    assert_eq!((after.position, slot.position()), (8, Some(8)));

    slot.evict();
    let after = slot.take_in(after, &[(&closed, Recorded { position: 9, ..recorded })]);
    assert_eq!((after.position, slot.position()), (9, None));
}

#[test]
fn bytes_that_cannot_be_unpacked_leave_the_slot_empty_so_that_the_log_is_read() {
    let wakefulness = wakefulness();
    let slot = slots(&wakefulness, [1]).remove(0);
    slot.hot().state = State::Packed(Box::from([7, 3].as_slice()));
    assert_eq!(slot.current(&wakefulness), None);
    assert_eq!(slot.position(), None);
}

#[test]
fn a_slot_takes_64_bytes_with_the_two_counters_of_its_arc() {
    assert!(size_of::<Slot<Account>>() + 2 * size_of::<usize>() <= 64, "{}", size_of::<Slot<Account>>());
}
