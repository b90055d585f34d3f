//! Loads and what follows from them.

use super::*;

const QUIET: usize = SINGLES_WINDOW;
const BUSY: usize = SINGLES_WINDOW + 1;

fn singles(ready: usize, peak: usize) -> Load {
    Load { singles_ready: ready, peak, ..Load::default() }
}

/// The same, after gathering for as long as anything may.
fn lingered(ready: usize, peak: usize) -> Load {
    Load { lingered: true, ..singles(ready, peak) }
}

#[test]
fn nothing_ready_is_nothing_to_do() {
    assert_eq!(lingered(0, BUSY).step(), Step::Wait);
    assert!(!singles(0, BUSY).lingers());
}

#[test]
fn a_lone_commit_goes_at_once_and_soon_after_a_storm() {
    assert_eq!(singles(1, QUIET).step(), Step::Single);
    assert_eq!(singles(1, 10_000).step(), Step::Wait);
    assert!(singles(1, 10_000).lingers());
    assert_eq!(lingered(1, 10_000).step(), Step::Single);
}

#[test]
fn in_quiet_times_commits_do_not_wait_for_one_another() {
    let load = Load { singles_in_flight: SINGLES_WINDOW - 1, ..singles(1, QUIET) };
    assert_eq!(load.step(), Step::Single);
    let beside_a_pair = Load { batches_in_flight: 1, ..singles(1, QUIET) };
    assert_eq!(beside_a_pair.step(), Step::Single);
    let full = Load { singles_in_flight: SINGLES_WINDOW, ..singles(1, QUIET) };
    assert_eq!(full.step(), Step::Wait);
}

#[test]
fn under_load_commits_gather_until_half_of_all_commands_have_theirs_ready() {
    let of = |commands, ready| Load { commands, ..singles(ready, BUSY) };
    assert_eq!(of(1_000, 499).step(), Step::Wait);
    assert_eq!(of(1_000, 500).step(), Step::Everything);
    assert_eq!(of(10_000, MAX_BATCH_MESSAGES).step(), Step::Everything, "more do not fit");
    assert_eq!(of(0, GROUP_MIN - 1).step(), Step::Wait);
    assert_eq!(of(0, GROUP_MIN).step(), Step::Everything, "they need not have been announced");
}

#[test]
fn nobody_is_waited_for_longer_than_a_moment() {
    let late = |ready| Load { commands: 10_000, ..lingered(ready, BUSY) };
    assert_eq!(late(GROUP_MIN).step(), Step::Everything);
    assert_eq!(late(GROUP_MIN - 1).step(), Step::Single);
}

#[test]
fn what_is_on_its_way_is_waited_for() {
    let beside = Load { batches_in_flight: MAX_BATCHES_IN_FLIGHT, ..lingered(10_000, BUSY) };
    assert_eq!(beside.step(), Step::Wait);
    let singles_first = Load { singles_in_flight: 3, ..lingered(GROUP_MIN - 1, BUSY) };
    assert_eq!(singles_first.step(), Step::Wait);
    assert!(!beside.lingers() && !singles_first.lingers(), "an answer will let them go");
}

#[test]
fn pairs_need_a_batch_even_when_it_is_quiet() {
    let pair = Load { groups_ready: 1, peak: 2, ..Load::default() };
    assert_eq!(pair.step(), Step::Groups);
    let pairs_and_others = Load { groups_ready: GROUP_MIN / 2, ..singles(GROUP_MIN / 2, BUSY) };
    assert_eq!(pairs_and_others.step(), Step::Everything);
}

#[test]
fn those_that_travel_alone_go_first_and_within_the_window() {
    let alone = Load { alone_ready: 1, ..singles(10_000, BUSY) };
    assert_eq!(alone.step(), Step::Alone);
    assert_eq!(Load { singles_in_flight: SINGLES_WINDOW, ..alone }.step(), Step::Wait);
}

#[test]
fn whatever_is_ready_goes_once_nothing_is_in_flight() {
    for peak in [1, QUIET, BUSY, 10_000] {
        for ready in 1..2 * MAX_BATCH_MESSAGES {
            assert_ne!(lingered(ready, peak).step(), Step::Wait, "{ready} ready, peak {peak}");
            let at_first = singles(ready, peak);
            assert!(at_first.step() != Step::Wait || at_first.lingers(), "{ready} ready, peak {peak}");
        }
    }
}

#[test]
fn the_peak_is_forgotten_after_the_storm() {
    let mut peak = Peak::default();
    peak.note(5_000);
    let mut answers = 0;
    while peak.commits() > SINGLES_WINDOW {
        peak.forget_a_little();
        answers += 1;
    }
    assert!(answers < 100, "{answers} answers");
    (0..200).for_each(|_| peak.forget_a_little());
    assert_eq!(peak.commits(), 0);
}
