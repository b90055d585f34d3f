//! The file, under several hands and at the worst moments.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use aggregates::{id::MerchantId, time::Timestamp};
use tempfile::TempDir;

use super::*;
use crate::{VaultError, secret::random_id};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.keys");
    (folder, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Makes a merchant; gives its id and what its keys seal.
fn add_merchant(store: &RootKeyStore) -> (MerchantId, Box<[u8]>) {
    let merchant = MerchantId(random_id());
    let keys = store.change(|contents| contents.ensure_merchant(merchant)).unwrap().unwrap();
    (merchant, keys.seal_bytes("test", b"plain"))
}

fn opens(store: &RootKeyStore, merchant: MerchantId, sealed: &[u8]) -> bool {
    let keys = store.current().unwrap().merchant(merchant);
    keys.is_ok_and(|keys| keys.open_bytes("test", sealed).is_ok())
}

#[test]
fn the_file_is_its_owners_alone_and_stays_so() {
    let (_folder, path) = folder();
    let store = RootKeyStore::open_or_create(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    add_merchant(&store);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&beside_lock(&path)), 0o600);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(RootKeyStore::open(&path), Err(RootKeyError::Exposed { mode: 0o640, .. })));
}

fn beside_lock(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.lock", path.display()))
}

#[test]
fn opening_needs_a_store_and_creating_keeps_the_one_there_is() {
    let (_folder, path) = folder();
    assert!(matches!(RootKeyStore::open(&path), Err(RootKeyError::Missing { .. })));
    let (merchant, sealed) = add_merchant(&RootKeyStore::open_or_create(&path).unwrap());
    for store in [RootKeyStore::open(&path).unwrap(), RootKeyStore::open_or_create(&path).unwrap()] {
        assert!(opens(&store, merchant, &sealed));
    }
}

#[test]
fn handles_see_each_others_changes() {
    let (_folder, path) = folder();
    let (left, right) = (RootKeyStore::open_or_create(&path).unwrap(), RootKeyStore::open(&path).unwrap());
    let (ours, our_seal) = add_merchant(&left);
    let (theirs, their_seal) = add_merchant(&right);
    for store in [left, right] {
        assert!(opens(&store, ours, &our_seal) && opens(&store, theirs, &their_seal));
    }
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let (_folder, path) = folder();
    let writer = |_| {
        let store = RootKeyStore::open_or_create(&path).unwrap();
        (0..10).map(|_| add_merchant(&store)).collect::<Vec<_>>()
    };
    let made: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|n| scope.spawn(move || writer(n))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let store = RootKeyStore::open(&path).unwrap();
    assert_eq!(made.len(), 40);
    assert!(made.iter().all(|(merchant, sealed)| opens(&store, *merchant, sealed)));
}

#[test]
fn a_torn_or_changed_file_is_refused() {
    let (_folder, path) = folder();
    add_merchant(&RootKeyStore::open_or_create(&path).unwrap());
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        assert_eq!(image::decode(&whole[..length]).unwrap_err(), image::Unreadable::Damaged, "cut at {length}");
    }
    for at in (0..whole.len()).filter(|at| *at != 4) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert_eq!(image::decode(&changed).unwrap_err(), image::Unreadable::Damaged, "changed at {at}");
    }
    let mut newer = whole;
    newer[4] = 3;
    fs::write(&path, newer).unwrap();
    assert!(matches!(RootKeyStore::open(&path), Err(RootKeyError::UnknownVersion { version: 3, .. })));
}

/// Only the root key lies open in the file: every other key is under it.
#[test]
fn keys_below_the_root_are_wrapped() {
    let (_folder, path) = folder();
    let store = RootKeyStore::open_or_create(&path).unwrap();
    let (merchant, _) = add_merchant(&store);
    let bucket = store.change(move |contents| contents.add_bucket(merchant)).unwrap().unwrap();
    let contents = store.current().unwrap();
    let keys = contents.merchant(merchant).unwrap();
    let bucket = contents.bucket(merchant, bucket).unwrap();
    let file = fs::read(&path).unwrap();
    let lies_open = |secret: &crate::secret::Secret| file.windows(32).any(|window| window == secret.expose());
    assert!(lies_open(&contents.root));
    assert!(!lies_open(&bucket) && !lies_open(keys.current_items().1));
}

#[test]
fn a_bucket_opens_for_its_merchant_only() {
    let (_folder, path) = folder();
    let store = RootKeyStore::open_or_create(&path).unwrap();
    let ((ours, _), (theirs, _)) = (add_merchant(&store), add_merchant(&store));
    let bucket = store.change(|contents| contents.add_bucket(ours)).unwrap().unwrap();
    let contents = store.current().unwrap();
    contents.bucket(ours, bucket).unwrap();
    let refused = contents.bucket(theirs, bucket);
    assert!(matches!(refused, Err(VaultError::Root(RootKeyError::NoSuchKey { .. }))));
    assert_eq!((contents.buckets_of(ours), contents.buckets_of(theirs)), (vec![bucket], vec![]));
}

#[test]
fn a_destroyed_merchant_never_gets_a_key_again() {
    let (_folder, path) = folder();
    let store = RootKeyStore::open_or_create(&path).unwrap();
    let (merchant, _) = add_merchant(&store);
    store.change(|contents| contents.destroy_merchant(merchant, Timestamp(7))).unwrap();
    let again = store.change(|contents| contents.ensure_merchant(merchant)).unwrap();
    assert!(matches!(again, Err(VaultError::Destroyed { at: Timestamp(7) })));
    let reopened = RootKeyStore::open(&path).unwrap().current().unwrap().merchant(merchant);
    assert!(matches!(reopened, Err(VaultError::Destroyed { at: Timestamp(7) })));
}

#[test]
fn a_writer_killed_before_renaming_changes_nothing_and_leaves_no_keys_behind() {
    let (_folder, path) = folder();
    let (merchant, sealed) = add_merchant(&RootKeyStore::open_or_create(&path).unwrap());
    fs::write(disk::unfinished(&path), b"LNRK\x01 half of a").unwrap();
    let store = RootKeyStore::open(&path).unwrap();
    assert!(opens(&store, merchant, &sealed));
    assert!(!disk::unfinished(&path).exists());

    fs::write(disk::unfinished(&path), b"LNRK\x01 half of a").unwrap();
    let (second, second_sealed) = add_merchant(&store);
    assert!(opens(&store, second, &second_sealed) && opens(&store, merchant, &sealed));
    assert!(!disk::unfinished(&path).exists());
}

const WRITER_PATH: &str = "VAULT_TEST_WRITER_PATH";

/// Kills a process that does nothing but change the file, at whatever point it has reached.
#[test]
fn what_a_killed_writer_had_finished_is_there() {
    for _ in 0..10 {
        let (_folder, path) = folder();
        RootKeyStore::open_or_create(&path).unwrap();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "root::tests::writer", "--nocapture"])
            .env(WRITER_PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut finished = lines.filter_map(|line| Some(MerchantId(line.strip_prefix("made ")?.parse().ok()?)));
        let mut made: Vec<_> = finished.by_ref().take(20).collect();
        writer.kill().unwrap();
        writer.wait().unwrap();
        made.extend(finished);

        let contents = RootKeyStore::open(&path).unwrap().current().unwrap();
        assert!(made.len() >= 20);
        assert!(made.iter().all(|merchant| contents.merchant(*merchant).is_ok()));
    }
}

/// The process of the test above; does nothing in a run of its own.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(WRITER_PATH) else { return };
    let store = RootKeyStore::open(Path::new(&path)).unwrap();
    // On a line of its own, whatever the harness has printed before.
    println!();
    loop {
        println!("made {}", add_merchant(&store).0.0);
    }
}
