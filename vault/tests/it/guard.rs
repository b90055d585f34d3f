//! The root key store under a key service: old copies of the file open nothing, whoever kept them for however long.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aggregates::time::Timestamp;
use vault::{GuardError, KeyService, RootGuard, RootKeyError, RootKeyStore, Transit, Vault, VaultError};
use zeroize::Zeroizing;

use crate::{
    database::{Home, new_merchant, new_person},
    dump::{Dump, KeyCopy},
    openbao::OpenBao,
};

const AT: Timestamp = Timestamp(1_790_000_000_000_000);

fn guard(service: KeyService) -> Arc<dyn RootGuard> {
    Arc::new(Transit::connect(service).expect("the key service answers"))
}

async fn vault_of(home: &Home, guard: Arc<dyn RootGuard>) -> Vault {
    let root = RootKeyStore::open_or_create_guarded(&home.root_path(), Some(guard)).expect("open the root key store");
    Vault::open(home.pool.clone(), root).await.expect("open the vault")
}

fn refusal(home: &Home, guard: &Arc<dyn RootGuard>) -> RootKeyError {
    RootKeyStore::open_guarded(&home.root_path(), Some(guard.clone())).expect_err("it must not open")
}

#[tokio::test]
async fn an_old_copy_of_the_store_opens_nothing_even_with_an_old_dump() {
    let Some(bao) = OpenBao::start().await else { return };
    let (home, guard) = (Home::new().await, guard(bao.service()));
    let (vault, other) = (vault_of(&home, guard.clone()).await, vault_of(&home, guard.clone()).await);
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let (dump, copy) = (Dump::take(&home, "before").await, KeyCopy::take(&home));
    assert_eq!(vault.survey().await.unwrap().root_kept_by, "key service");
    RootKeyStore::open_guarded(&home.root_path(), Some(guard.clone())).expect("nothing was ever to be forgotten");

    let destroyed = vault.destroy_people(merchant, &[ada], AT).await.unwrap();
    vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
    other.person(merchant, bob).await.expect("other processes read the new file");
    vault_of(&home, guard.clone()).await.person(merchant, bob).await.expect("and so do new ones");

    dump.restore(&home).await;
    copy.restore(&home);
    let refused = refusal(&home, &guard);
    assert!(matches!(refused, RootKeyError::Guard(GuardError::Forgotten { .. })), "{refused}");
    // And without the service it is a closed envelope.
    let refused = RootKeyStore::open(&home.root_path()).expect_err("there is no guard");
    assert!(matches!(refused, RootKeyError::Guarded { .. }), "{refused}");
}

/// Does not forget, as long as it is told not to.
#[derive(Debug)]
struct Forgetful {
    guard: Arc<dyn RootGuard>,
    cut_off: AtomicBool,
}

impl RootGuard for Forgetful {
    fn name(&self) -> &'static str {
        self.guard.name()
    }

    fn close(&self, file_key: &[u8]) -> Result<String, GuardError> {
        self.guard.close(file_key)
    }

    fn open(&self, closed: &str) -> Result<Zeroizing<Vec<u8>>, GuardError> {
        self.guard.open(closed)
    }

    fn turn(&self) -> Result<(), GuardError> {
        self.guard.turn()
    }

    fn forget_before(&self, closed: &str) -> Result<(), GuardError> {
        if self.cut_off.load(Ordering::Relaxed) {
            return Err(GuardError::Unavailable("cut off".to_owned()));
        }
        self.guard.forget_before(closed)
    }
}

/// The moment between the new file and the service's forgetting how to open the old one.
#[tokio::test]
async fn a_service_that_is_cut_off_before_it_forgets_is_asked_again() {
    let Some(bao) = OpenBao::start().await else { return };
    let (home, guard) = (Home::new().await, guard(bao.service()));
    let forgetful = Arc::new(Forgetful { guard: guard.clone(), cut_off: AtomicBool::new(false) });
    let vault = vault_of(&home, forgetful.clone()).await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let copy = KeyCopy::take(&home);
    let destroyed = vault.destroy_people(merchant, &[ada], AT).await.unwrap();

    forgetful.cut_off.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let cut_off = vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap_err();
        assert!(matches!(cut_off, VaultError::Root(RootKeyError::Guard(GuardError::Unavailable(_)))), "{cut_off}");
        assert_eq!(vault.pending_rotations().await.unwrap().len(), 1, "it does not count as done");
    }
    forgetful.cut_off.store(false, Ordering::Relaxed);
    vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
    assert_eq!(vault.pending_rotations().await.unwrap(), []);
    vault_of(&home, guard.clone()).await.person(merchant, bob).await.unwrap();
    copy.restore(&home);
    assert!(matches!(refusal(&home, &guard), RootKeyError::Guard(GuardError::Forgotten { .. })));
}

#[tokio::test]
async fn a_store_that_lay_open_is_closed_by_rotating_the_root() {
    let Some(bao) = OpenBao::start().await else { return };
    let home = Home::new().await;
    let merchant = new_merchant(&home.vault().await).await;
    let vault = vault_of(&home, guard(bao.service())).await;
    vault.merchant(merchant).await.expect("it is read as it is");
    RootKeyStore::open(&home.root_path()).expect("and still lies open");
    assert_eq!(vault.survey().await.unwrap().root_kept_by, "file");
    vault.rotate_root(AT).await.unwrap();
    assert_eq!(vault.survey().await.unwrap().root_kept_by, "key service");
    assert!(matches!(RootKeyStore::open(&home.root_path()), Err(RootKeyError::Guarded { .. })));
    vault_of(&home, guard(bao.service())).await.merchant(merchant).await.unwrap();
}

#[tokio::test]
async fn without_its_service_a_running_vault_goes_on_and_a_new_one_does_not_start() {
    let Some(mut bao) = OpenBao::start().await else { return };
    let (home, guard) = (Home::new().await, guard(bao.service()));
    let vault = vault_of(&home, guard.clone()).await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    bao.stop();
    vault.person(merchant, ada).await.expect("its keys are at hand");
    new_person(&vault, merchant).await;
    assert!(matches!(refusal(&home, &guard), RootKeyError::Guard(GuardError::Unavailable(_))));
    let refused = vault.rotate_root(AT).await.unwrap_err();
    assert!(matches!(refused, VaultError::Root(RootKeyError::Guard(GuardError::Unavailable(_)))), "{refused}");
    vault.person(merchant, ada).await.expect("and nothing was changed");
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_key_are_told_apart() {
    let Some(bao) = OpenBao::start().await else { return };
    let refused = Transit::connect(KeyService { key: "another".to_owned(), ..bao.service() }).err();
    assert_eq!(refused, Some(GuardError::NoSuchKey { name: "another".to_owned() }));
    std::fs::write(bao.service().token_file, "not a token").unwrap();
    let refused = Transit::connect(bao.service()).err();
    assert!(matches!(refused, Some(GuardError::NotAllowed { .. })), "{refused:?}");
    std::fs::remove_file(bao.service().token_file).unwrap();
    let refused = Transit::connect(bao.service()).err();
    assert!(matches!(refused, Some(GuardError::Misconfigured(_))), "{refused:?}");
}

/// A server that gives everybody this answer.
fn answering(answer: &'static str) -> (KeyService, tempfile::TempDir) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while request.by_ref().read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            // Whoever asked may have gone away.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "any").unwrap();
    (KeyService { url, token_file, key: "loyalnest".to_owned() }, folder)
}

#[test]
fn answers_that_are_none_are_not_taken_for_one() {
    let sealed = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (service, _folder) = answering(sealed);
    assert!(matches!(Transit::connect(service), Err(GuardError::Unavailable(_))));
    for body in ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}", "HTTP/1.1 200 OK\r\n\r\n<html>"]
    {
        let (service, _folder) = answering(body);
        assert!(matches!(Transit::connect(service), Err(GuardError::NotUnderstood)), "{body}");
    }
    let (service, _folder) = answering("");
    assert!(matches!(Transit::connect(service), Err(GuardError::Unavailable(_))));
}
