//! When leases end.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn asked_ago(ago: Duration) -> AskedAt {
    AskedAt(Instant::now().checked_sub(ago).expect("the machine has been up for longer"))
}

#[test]
fn a_lease_ends_with_its_time_counted_from_the_question() {
    let leases = Leases::new(10, Duration::from_secs(30));
    leases.put("fresh", 1, AskedAt::now());
    leases.put("old", 2, asked_ago(Duration::from_secs(31)));
    assert_eq!((leases.get(&"fresh"), leases.get(&"old")), (Some(1), None));
}

#[test]
fn no_lease_is_longer_than_the_longest() {
    let leases = Leases::new(10, 100 * MINUTE);
    leases.put("key", 1, asked_ago(MINUTE));
    assert_eq!(leases.get(&"key"), None);
}

#[test]
fn sweeping_lets_go_of_ended_leases_only() {
    let leases = Leases::new(10, MINUTE);
    let value = std::sync::Arc::new(());
    leases.put("fresh", value.clone(), AskedAt::now());
    leases.put("old", value.clone(), asked_ago(MINUTE));
    leases.sweep();
    assert_eq!(std::sync::Arc::strong_count(&value), 2, "the test's and the fresh one");
}

#[test]
fn leases_are_bounded_in_number() {
    let leases = Leases::new(100, MINUTE);
    for n in 0..10_000 {
        leases.put(n, n, AskedAt::now());
    }
    assert!((0..10_000).filter(|n| leases.get(n).is_some()).count() <= 100);
}
