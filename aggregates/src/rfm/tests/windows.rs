use super::{NOW, TODAY, buyers, customer, definition, purchases};
use crate::rfm::{
    Before, Buyer, CHANGES_MAX, Cause, Day, Definition, Mapping, Method, MethodUsed, Names, Reference, RfmSettings,
    hold_window, rescore,
};

/// As it stands after what was decided.
fn after(buyers: &[Buyer], updates: &[crate::rfm::RfmUpdated], names: &mut Names) -> Vec<Buyer> {
    let mut after = buyers.to_vec();
    for update in updates {
        for change in &update.changes {
            let buyer = after.iter_mut().find(|buyer| buyer.customer == change.customer).expect("one of them");
            let segment = names.number_of(update.segments[usize::from(change.to)].as_str());
            buyer.before = change.standing.map(|standing| Before { standing, segment });
        }
    }
    after
}

#[test]
fn a_shop_with_few_buyers_is_scored_by_thresholds_and_says_so() {
    let few = buyers((0..49).map(|n| purchases(n, 1, 1_000)));
    let window = hold_window(&definition(), NOW, None, &few, Names::default());
    assert_eq!(window.closed.method, MethodUsed::FixedThresholdsForFewBuyers);
    assert_eq!(window.closed.cut_points.recency_days, [30, 90, 180, 365]);
    let many = buyers((0..50).map(|n| purchases(n, 1, 1_000)));
    let window = hold_window(&definition(), NOW, None, &many, Names::default());
    assert_eq!(window.closed.method, MethodUsed::ValueBands);
    let settings = RfmSettings { method: Method::FixedThresholds, ..RfmSettings::default_of_a_new_merchant() };
    let fixed = Definition::of(2, &settings).expect("it stands");
    let window = hold_window(&fixed, NOW, None, &many, Names::default());
    assert_eq!((window.closed.method, window.closed.definition_version), (MethodUsed::FixedThresholds, 2));
}

#[test]
fn a_window_counts_everybody_and_records_only_who_has_moved() {
    let all = buyers((0..60).map(|n| purchases(n, 1 + n as u32 % 3, 1_000 + i64::from(n))));
    let first = hold_window(&definition(), NOW, None, &all, Names::default());
    assert_eq!(first.closed.buyers, 60);
    assert_eq!(first.closed.counts.iter().map(|(_, count)| count).sum::<u64>(), 60);
    assert_eq!(first.updates.iter().map(|update| update.changes.len()).sum::<usize>(), 60);
    assert!(first.updates[0].changes.iter().all(|change| change.from == Names::PROSPECT));

    let mut names = Names::default();
    let all = after(&all, &first.updates, &mut names);
    let again = hold_window(&definition(), NOW, None, &all, names);
    assert_eq!((again.updates.len(), &again.closed), (0, &first.closed), "held again it has nothing to say");
}

#[test]
fn recency_fades_without_any_event() {
    let all = buyers([purchases(29, 1, 1_000)]);
    let first = hold_window(&definition(), NOW, None, &all, Names::default());
    let scores = |window: &crate::rfm::Window| window.updates[0].changes[0].standing.expect("a buyer").cell.to_string();
    assert_eq!(scores(&first), "511");
    let mut names = Names::default();
    let all = after(&all, &first.updates, &mut names);
    let later = Reference { day: Day(TODAY.0 + 2), ..NOW };
    let second = hold_window(&definition(), later, None, &all, names);
    assert_eq!(scores(&second), "411");
}

#[test]
fn who_has_nothing_left_that_counts_is_a_prospect_again() {
    let all = buyers([purchases(0, 1, 1_000)]);
    let first = hold_window(&definition(), NOW, None, &all, Names::default());
    let mut names = Names::default();
    let mut all = after(&all, &first.updates, &mut names);
    all[0].purchases = None;
    let updates = rescore(&definition(), &first.closed, NOW, &all, names);
    assert_eq!((updates[0].cause, updates[0].as_of), (Cause::Orders, TODAY));
    let change = updates[0].changes[0];
    assert_eq!((change.customer, change.standing, change.to), (customer(0), None, Names::PROSPECT));
    assert_eq!(updates[0].segments[usize::from(change.from)].as_str(), "new");
}

#[test]
fn another_mapping_moves_people_whose_scores_are_the_same() {
    let all = buyers([purchases(400, 1, 1_000)]);
    let first = hold_window(&definition(), NOW, None, &all, Names::default());
    let mut names = Names::default();
    let all = after(&all, &first.updates, &mut names);
    let settings = RfmSettings { mapping: Mapping::ShopifyNamed, ..RfmSettings::default_of_a_new_merchant() };
    let window = hold_window(&Definition::of(2, &settings).expect("it stands"), NOW, None, &all, names);
    let (update, change) = (&window.updates[0], window.updates[0].changes[0]);
    let name = |number: u16| update.segments[usize::from(number)].as_str();
    assert_eq!((name(change.from), name(change.to)), ("lost", "dormant"));
}

#[test]
fn many_changes_are_several_events_that_each_fit_into_a_commit() {
    let all = buyers((0..CHANGES_MAX + 1).map(|n| purchases(0, 1, n as i64)));
    let window = hold_window(&definition(), NOW, None, &all, Names::default());
    let lengths: Vec<usize> = window.updates.iter().map(|update| update.changes.len()).collect();
    assert_eq!(lengths, [CHANGES_MAX, 1]);
    let bytes = postcard::to_stdvec(&window.updates[0]).expect("plain values").len();
    assert!(bytes < 256 * 1024, "{bytes}");
}
