//! Notes and checkpoints: as others write them, and never otherwise.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use proofs::{Checkpoint, Hash, NotACheckpoint, Note, NoteError, Signer, VerifierKey};

/// Key, text and note from the documentation of Go's `golang.org/x/mod/sumdb/note`, where the format comes from.
const PUBLISHED_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PUBLISHED_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PUBLISHED_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PUBLISHED_SIGNATURE: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

struct TestKey(Ed25519KeyPair);

impl TestKey {
    fn of(seed: &[u8]) -> TestKey {
        TestKey(Ed25519KeyPair::from_seed_unchecked(seed).unwrap())
    }
}

impl Signer for TestKey {
    fn public(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().unwrap()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).as_ref().try_into().unwrap()
    }
}

fn published() -> String {
    format!("{PUBLISHED_TEXT}\n{PUBLISHED_SIGNATURE}\n")
}

fn key(name: &str, signer: &TestKey) -> VerifierKey {
    VerifierKey { name: name.to_owned(), public: signer.public() }
}

#[test]
fn a_published_note_is_signed_with_the_same_bytes_and_checked() {
    let seed = STANDARD.decode(PUBLISHED_SEED).unwrap();
    let signer = TestKey::of(&seed[1..]);
    let note = Note::sign(PUBLISHED_TEXT.to_owned(), "PeterNeumann", &signer);
    assert_eq!(note.to_string(), published());
    let key: VerifierKey = PUBLISHED_KEY.parse().unwrap();
    assert_eq!(key.to_string(), PUBLISHED_KEY);
    assert_eq!(key.public, signer.public());
    assert_eq!(published().parse::<Note>().unwrap().verified_by(&key), Ok(PUBLISHED_TEXT));
}

#[test]
fn a_note_with_another_text_is_forged_and_one_by_another_key_is_not_ours() {
    let key: VerifierKey = PUBLISHED_KEY.parse().unwrap();
    let other: Note = published().replace("cryptography", "bureaucracy").parse().unwrap();
    assert_eq!(other.verified_by(&key), Err(NoteError::Forged));
    let note: Note = published().parse().unwrap();
    assert_eq!(note.verified_by(&key.named("PaulNeumann")), Err(NoteError::NotSigned));
}

#[test]
fn signatures_of_others_may_stand_beside_ours() {
    let note: Note = (published() + "— witness AAAAAAAAAA==\n").parse().unwrap();
    assert_eq!(note.verified_by(&PUBLISHED_KEY.parse().unwrap()), Ok(PUBLISHED_TEXT));
}

#[test]
fn what_is_not_quite_a_note_is_none() {
    let note = published();
    for broken in [
        String::new(),
        PUBLISHED_TEXT.to_owned(),
        note.trim_end().to_owned(),
        note.replace("\n\n", "\n"),
        note.replace('—', "-"),
        note.replace("you think", "you\tthink"),
        format!("{PUBLISHED_TEXT}\n"),
    ] {
        assert_eq!(broken.parse::<Note>(), Err(NoteError::Malformed), "{broken:?}");
    }
}

#[test]
fn a_verifier_key_has_the_id_of_its_name_and_bytes() {
    for broken in [PUBLISHED_KEY.replace("c74f", "c74e"), PUBLISHED_KEY.replace("Peter", "Paul"), "a+b".to_owned()] {
        assert!(broken.parse::<VerifierKey>().is_err(), "{broken}");
    }
}

#[test]
fn a_checkpoint_is_golden_and_read_back() {
    let signer = TestKey::of(&[7; 32]);
    let checkpoint = Checkpoint { origin: "loyalnest/test".to_owned(), size: 31, root: Hash([5; 32]) };
    let note = checkpoint.sign(&signer).to_string();
    assert_eq!(note, include_str!("../golden/checkpoint-1.txt"));
    assert_eq!(Checkpoint::open(&note, &key("any name", &signer)), Ok(checkpoint));
}

#[test]
fn a_checkpoint_of_another_key_or_size_is_refused() {
    let signer = TestKey::of(&[7; 32]);
    let checkpoint = Checkpoint { origin: "loyalnest/test".to_owned(), size: 31, root: Hash([5; 32]) };
    let note = checkpoint.sign(&signer).to_string();
    let stranger = key("loyalnest/test", &TestKey::of(&[8; 32]));
    assert_eq!(Checkpoint::open(&note, &stranger), Err(NotACheckpoint::Note(NoteError::NotSigned)));
    let larger = note.replace("\n31\n", "\n32\n");
    assert_eq!(Checkpoint::open(&larger, &key("", &signer)), Err(NotACheckpoint::Note(NoteError::Forged)));
    for text in ["", "origin\n", "origin\n031\nBQU=\n", "origin\n31\nBQU=\n", "\n31\nBQU=\n"] {
        assert_eq!(Checkpoint::parse(text), None, "{text:?}");
    }
}
