//! What `streams.toml` promises.

use super::*;

#[test]
fn the_declarations_that_come_with_this_version_can_be_read() {
    let streams = Streams::declared();
    let on: Vec<&str> = streams.0.iter().filter(|(_, stream)| stream.enabled).map(|(name, _)| name.as_str()).collect();
    assert_eq!(on, [crate::STREAM, "PARKED", crate::executor::SNAPSHOTS]);
}

#[test]
fn the_journal_can_only_grow() {
    let streams = Streams::declared();
    let journal = &streams.0[crate::STREAM];
    assert!(journal.deny_delete && journal.deny_purge && journal.allow_atomic_publish);
    assert_eq!(journal.discard, Discard::New, "a full log refuses; it does not forget");
    assert_eq!((journal.max_age_days, journal.max_messages_per_subject), (None, None));
}

#[test]
fn replicas_follow_the_cluster_unless_they_are_fixed() {
    let journal = Streams::declared().0.remove(crate::STREAM).expect("it is declared");
    assert_eq!([journal.replicas.on(false), journal.replicas.on(true)], [1, 3]);
    assert_eq!([Replicas::Fixed(5).on(false), Replicas::Fixed(5).on(true)], [5, 5]);
}

#[test]
fn parts_for_readers_outside_copy_the_journal_and_are_off() {
    for name in ["POINTS", "REFERRALS", "CUSTOMERS", "GDPR"] {
        let stream = &Streams::declared().0[name];
        let source = stream.source.as_ref().expect("it has a source");
        assert!(!stream.enabled && source.stream == crate::STREAM && source.filter.starts_with("ln.*.*."), "{name}");
    }
}
