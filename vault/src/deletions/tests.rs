//! The deletion journal at the worst moments, and in the wrong hands.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::{RootKeyStore, secret::random_id};

struct Places {
    folder: TempDir,
    both: [PathBuf; 2],
    keys: InstallationKeys,
}

impl Places {
    fn new() -> Places {
        let folder = tempfile::tempdir().unwrap();
        let both = ["one", "two"].map(|name| folder.path().join(name));
        let root = RootKeyStore::open_or_create(&folder.path().join("root.keys")).unwrap();
        let keys = root.current().unwrap().installation().unwrap();
        Places { folder, both, keys }
    }

    fn open(&self) -> Result<DeletionJournal, DeletionJournalError> {
        DeletionJournal::open(&self.both, &self.keys)
    }

    fn read(&self) -> [Vec<u8>; 2] {
        self.both.clone().map(|path| fs::read(path).unwrap_or_default())
    }
}

fn entry(n: u128) -> DeletionEntry {
    DeletionEntry {
        request: GdprRequestId(Uuid::from_u128(n)),
        merchant: MerchantId(Uuid::from_u128(7)),
        subject: DeletionSubject::Person(CustomerId(Uuid::from_u128(n))),
        keys: vec![format!("key {n}")],
        at: Timestamp(1_790_000_000_000_000 + i64::try_from(n).unwrap()),
    }
}

/// A journal of so many entries.
async fn filled(entries: u128) -> (Places, DeletionJournal) {
    let places = Places::new();
    let journal = places.open().unwrap();
    journal.append((1..=entries).map(entry).collect()).await.unwrap();
    (places, journal)
}

#[tokio::test]
async fn entries_are_kept_in_order_and_given_back() {
    let (places, journal) = filled(3).await;
    let whole_shop = DeletionEntry { subject: DeletionSubject::Merchant, ..entry(4) };
    assert_eq!(journal.append(vec![whole_shop.clone()]).await.unwrap(), [4]);
    assert_eq!(journal.head().await.unwrap().sequence, 4);

    let again = places.open().unwrap();
    let all = again.entries_after(0, 10).await.unwrap();
    assert_eq!(all.iter().map(|recorded| recorded.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(all.iter().map(|recorded| recorded.entry.clone()).collect::<Vec<_>>(), {
        [entry(1), entry(2), entry(3), whole_shop]
    });
    assert_eq!(again.entries_after(1, 2).await.unwrap(), all[1..3]);
    assert_eq!(again.entries_after(4, 2).await.unwrap(), []);
    assert_eq!(again.verify().await.unwrap(), journal.head().await.unwrap());
    assert_eq!(again.head().await.unwrap().hash, all[3].hash);
}

#[tokio::test]
async fn entries_are_found_from_the_middle_of_a_long_journal() {
    let (places, journal) = filled(2_500).await;
    for journal in [journal, places.open().unwrap()] {
        for after in [0, 1, 999, 1_000, 1_001, 2_000, 2_498, 2_499] {
            let found = journal.entries_after(after, 2).await.unwrap();
            let expected: Vec<_> = (after + 1..=2_500).take(2).map(|n| entry(u128::from(n))).collect();
            assert_eq!(found.into_iter().map(|recorded| recorded.entry).collect::<Vec<_>>(), expected, "after {after}");
        }
        for beyond in [2_500, 2_999, 3_000, 1_000_000] {
            assert_eq!(journal.entries_after(beyond, 2).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn both_places_say_the_same_and_are_their_owners_alone() {
    let (places, _) = filled(3).await;
    let [one, two] = places.read();
    assert_eq!(one, two);
    for place in &places.both {
        assert_eq!(fs::metadata(place).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_request_that_is_written_down_again_has_its_first_entry() {
    let (places, journal) = filled(2).await;
    let before = places.read();
    let other = places.open().unwrap();
    assert_eq!(other.append(vec![entry(2), entry(1)]).await.unwrap(), [2, 1]);
    assert_eq!(places.read(), before);
    assert_eq!(journal.append(vec![entry(3), entry(3), entry(1)]).await.unwrap(), [3, 3, 1]);
}

#[tokio::test]
async fn processes_take_turns_and_see_each_others_entries() {
    let (places, left) = filled(0).await;
    let right = places.open().unwrap();
    let writes = (1..=40).map(|n| {
        let journal = if n % 2 == 0 { left.clone() } else { right.clone() };
        async move { journal.append(vec![entry(n)]).await.unwrap()[0] }
    });
    let mut sequences = futures::future::join_all(writes).await;
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=40).collect::<Vec<u64>>());
    assert_eq!(left.head().await.unwrap(), right.head().await.unwrap());
    assert_eq!(places.open().unwrap().verify().await.unwrap().sequence, 40);
}

/// Killed at any byte of an append, in either place: the entry is there in both, or in neither.
#[tokio::test]
async fn an_append_cut_short_anywhere_is_completed_or_undone() {
    let (places, journal) = filled(2).await;
    let before = places.read()[0].len();
    journal.append(vec![entry(3)]).await.unwrap();
    let whole = places.read()[0].clone();
    for cut in before..=whole.len() {
        // The first place was being written.
        fs::write(&places.both[0], &whole[..cut]).unwrap();
        fs::write(&places.both[1], &whole[..before]).unwrap();
        let sequence = places.open().unwrap().head().await.unwrap().sequence;
        assert_eq!(sequence, if cut == whole.len() { 3 } else { 2 }, "cut at {cut}");
        let [one, two] = places.read();
        assert_eq!((one.len(), &one), (if cut == whole.len() { cut } else { before }, &two));

        // The first was done, the second was being written.
        fs::write(&places.both[0], &whole).unwrap();
        fs::write(&places.both[1], &whole[..cut]).unwrap();
        assert_eq!(places.open().unwrap().head().await.unwrap().sequence, 3, "cut at {cut}");
        assert_eq!(places.read(), [whole.clone(), whole.clone()]);
    }
}

#[tokio::test]
async fn a_journal_killed_while_it_was_made_is_made_again() {
    let (places, _) = filled(0).await;
    let header = places.read()[0].clone();
    for cut in 0..header.len() {
        fs::write(&places.both[0], &header[..cut]).unwrap();
        fs::remove_file(&places.both[1]).unwrap();
        assert_eq!(places.open().unwrap().head().await.unwrap().sequence, 0);
        assert_eq!(places.read(), [header.clone(), header.clone()]);
    }
}

#[tokio::test]
async fn a_place_that_was_lost_is_filled_from_the_other() {
    for lost in 0..2 {
        let (places, journal) = filled(5).await;
        let whole = places.read();
        fs::remove_file(&places.both[lost]).unwrap();
        assert!(matches!(journal.head().await, Err(DeletionJournalError::Shrunk { .. })), "not while it is in use");
        assert_eq!(places.open().unwrap().head().await.unwrap().sequence, 5);
        assert_eq!(places.read(), whole);
    }
}

#[tokio::test]
async fn a_changed_byte_is_found_wherever_it_is() {
    let (places, _) = filled(3).await;
    let whole = places.read()[0].clone();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        // In one place: the two contradict each other, or the one that is genuine is not what the other says.
        fs::write(&places.both[0], &whole).unwrap();
        fs::write(&places.both[1], &changed).unwrap();
        let refused = places.open().expect_err("one place is changed");
        assert!(matches!(refused, DeletionJournalError::Contradiction { .. }), "at {at}: {refused}");
        // In both alike: the signature, or the chain, does not fit.
        fs::write(&places.both[0], &changed).unwrap();
        match places.open() {
            Err(DeletionJournalError::NotGenuine { .. }) => {}
            // The very last byte ends the last line: without it, that line was never finished.
            Ok(_) if at + 1 == whole.len() => {}
            other => panic!("at {at}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn entries_that_were_taken_out_swapped_or_added_are_found() {
    let (places, _) = filled(4).await;
    let text = String::from_utf8(places.read()[0].clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let forged = |order: &[usize]| order.iter().map(|n| format!("{}\n", lines[*n])).collect::<String>();
    for (order, found_at) in [(&[0, 1, 3, 4][..], 2), (&[0, 2, 1, 3, 4], 1), (&[0, 1, 2, 2, 3], 3), (&[1, 2], 0)] {
        places.both.iter().for_each(|place| fs::write(place, forged(order)).unwrap());
        let refused = places.open().expect_err("it is not what was written");
        assert!(
            matches!(&refused, DeletionJournalError::NotGenuine { sequence, .. } if *sequence == found_at),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_journal_of_another_installation_is_refused() {
    let (places, _) = filled(1).await;
    let stranger = Places::new();
    let refused = DeletionJournal::open(&places.both, &stranger.keys).expect_err("not its signature");
    assert!(matches!(refused, DeletionJournalError::NotGenuine { sequence: 0, .. }), "{refused}");
}

#[tokio::test]
async fn a_journal_that_loses_its_end_while_it_is_open_is_refused() {
    let (places, journal) = filled(3).await;
    let whole = places.read()[0].clone();
    for place in &places.both {
        fs::write(place, &whole[..whole.len() - 10]).unwrap();
    }
    assert!(matches!(journal.append(vec![entry(4)]).await, Err(DeletionJournalError::Shrunk { .. })));
}

#[tokio::test]
async fn an_entry_that_could_not_be_read_again_is_not_written() {
    let (places, journal) = filled(1).await;
    let before = places.read();
    let endless = DeletionEntry { keys: vec!["key".repeat(2_000_000)], ..entry(2) };
    let refused = journal.append(vec![entry(3), endless]).await;
    assert!(matches!(refused, Err(DeletionJournalError::TooLong { .. })), "{refused:?}");
    assert_eq!(places.read(), before);
    let long = DeletionEntry { keys: vec!["bucket".repeat(100_000)], ..entry(2) };
    assert_eq!(journal.append(vec![long.clone()]).await.unwrap(), [2]);
    assert_eq!(places.open().unwrap().entries_after(1, 1).await.unwrap()[0].entry, long);
}

#[test]
fn one_place_twice_is_no_journal() {
    let places = Places::new();
    let both = [places.both[0].clone(), places.both[0].clone()];
    let refused = DeletionJournal::open(&both, &places.keys).expect_err("one fault would take both");
    assert!(matches!(refused, DeletionJournalError::OnePlace { .. }));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named_and_nothing_counts() {
    let (places, journal) = filled(1).await;
    let folder = places.folder.path().join("a folder in its place");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    let [one, _] = &places.both;
    let both = [one.clone(), folder.clone()];
    match DeletionJournal::open(&both, &places.keys) {
        Err(DeletionJournalError::Io { path, .. }) => assert_eq!(path, folder),
        other => panic!("{other:?}"),
    }
    assert_eq!(journal.head().await.unwrap().sequence, 1);
}

#[tokio::test]
async fn entries_have_random_ids_and_nothing_else() {
    let places = Places::new();
    let journal = places.open().unwrap();
    let entry = DeletionEntry { request: GdprRequestId(random_id()), ..entry(1) };
    journal.append(vec![entry.clone()]).await.unwrap();
    let text = String::from_utf8(places.read()[0].clone()).unwrap();
    let line: serde_json::Value =
        serde_json::from_str(text.lines().nth(1).unwrap().split('\t').next().unwrap()).unwrap();
    let mut fields: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["at", "keys", "merchant", "person", "previous", "request", "sequence"]);
    assert_eq!(line["request"], entry.request.to_string());
}
