//! The bytes of a commit are stored for ever: golden bytes hold both directions.

use proptest::prelude::*;

use super::*;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn event(name: &'static str, version: u8, bytes: &[u8]) -> StoredEvent {
    StoredEvent { name: Cow::Borrowed(name), version, bytes: bytes.to_vec() }
}

/// Every field filled.
fn full() -> Commit {
    Commit {
        commit_id: CommitId(uuid(1)),
        command_id: CommandId(uuid(2)),
        group: Some(Group { id: uuid(3), index: 1, count: 2 }),
        actor: Actor::Shop { topic: "orders/create".to_owned() },
        correlation: uuid(4),
        causation: Some(CommitId(uuid(5))),
        recorded_at: Timestamp(1_790_000_000_000_000),
        occurred_at: Some(Timestamp(-1)),
        request: Some(Fingerprint(0xdead_beef)),
        events: vec![event("points.awarded", 1, &[1, 2, 3]), event("points.activated", 200, &[])],
    }
}

/// Every field that may be empty, empty.
fn bare(actor: Actor) -> Commit {
    Commit {
        group: None,
        causation: None,
        occurred_at: None,
        request: None,
        events: vec![event("x", 1, &[9])],
        actor,
        ..full()
    }
}

type Written = fn() -> Commit;

/// Bytes that stand in logs. They are decoded by every later version, so they are never edited, only added to.
const GOLDEN: [(&str, Written); 7] = [
    (
        "01020e706f696e74732e617761726465640110706f696e74732e616374697661746564c8100000000000000000000000000000000110000000000000000000000000000000020110000000000000000000000000000000030102000d6f72646572732f63726561746510000000000000000000000000000000040110000000000000000000000000000000058080afa2dbffad06010101effdb6f50d020301020300",
        full,
    ),
    (
        "0101017801100000000000000000000000000000000110000000000000000000000000000000020000001000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::Shop { topic: String::new() }),
    ),
    (
        "0101017801100000000000000000000000000000000110000000000000000000000000000000020001ac021000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::ApiKey { id: 300 }),
    ),
    (
        "010101780110000000000000000000000000000000011000000000000000000000000000000002000210000000000000000000000000000000061000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::Staff(uuid(6))),
    ),
    (
        "010101780110000000000000000000000000000000011000000000000000000000000000000002000304726f6f741000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::Operator("root".to_owned())),
    ),
    (
        "01010178011000000000000000000000000000000001100000000000000000000000000000000200040b7061792d667269656e64731000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::Policy("pay-friends".to_owned())),
    ),
    (
        "01010178011000000000000000000000000000000001100000000000000000000000000000000200051000000000000000000000000000000004008080afa2dbffad060000010109",
        || bare(Actor::System),
    ),
];

#[test]
fn golden_bytes_are_written_and_read_as_ever() {
    for (golden, commit) in GOLDEN {
        let commit = commit();
        assert_eq!(hex::encode(commit.encode()), golden, "{:?}", commit.actor);
        let bytes = hex::decode(golden).expect("golden bytes are hex");
        assert_eq!(Commit::decode(&bytes), Ok(commit));
    }
}

#[test]
fn a_commit_cut_short_or_with_something_added_is_malformed() {
    let bytes = full().encode();
    for end in 0..bytes.len() {
        assert!(Commit::decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Commit::decode(&longer), Err(MalformedCommit::Envelope));
}

#[test]
fn what_is_listed_must_be_held() {
    let mut bytes = bare(Actor::System).encode();
    // The list says one event `x` in version 1; a second one is slipped in.
    bytes.splice(1..5, [2, 1, b'x', 1, 1, b'y', 1]);
    assert_eq!(Commit::decode(&bytes), Err(MalformedCommit::Count { listed: 2, held: 1 }));
}

#[test]
fn an_unknown_format_is_named() {
    let mut bytes = full().encode();
    bytes[0] = 9;
    assert_eq!(Commit::decode(&bytes), Err(MalformedCommit::UnknownFormat(9)));
}

#[test]
fn the_hash_of_a_commit_is_sha_256_of_its_bytes() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(commit_hash(b"abc")), abc);
}

proptest! {
    #[test]
    fn every_commit_is_read_back_as_it_was_written(
        ids in any::<[u128; 3]>(),
        times in any::<(i64, Option<i64>)>(),
        request in any::<Option<u64>>(),
        events in proptest::collection::vec(("[a-z_.]{0,40}", any::<u8>(), any::<Vec<u8>>()), 0..8),
    ) {
        let stored = |(name, version, bytes): (String, u8, Vec<u8>)| StoredEvent { name: name.into(), version, bytes };
        let commit = Commit {
            commit_id: CommitId(uuid(ids[0])),
            command_id: CommandId(uuid(ids[1])),
            correlation: uuid(ids[2]),
            recorded_at: Timestamp(times.0),
            occurred_at: times.1.map(Timestamp),
            request: request.map(Fingerprint),
            events: events.into_iter().map(stored).collect(),
            ..full()
        };
        prop_assert_eq!(Commit::decode(&commit.encode()), Ok(commit));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = Commit::decode(&bytes);
        let _ = Commit::decode(&[&[1], bytes.as_slice()].concat());
    }
}
