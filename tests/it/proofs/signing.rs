//! What is signed continues what was signed, or is not signed.

use projections::transparency::{FileError, SignError};
use proofs::Checkpoint;

use super::scene::Scene;

fn published(scene: &Scene) -> String {
    std::fs::read_to_string(scene.installation.config.checkpoint_file.as_ref().unwrap()).unwrap()
}

fn size_of(note: &str) -> u64 {
    Checkpoint::parse(note).expect("a checkpoint").size
}

#[tokio::test]
async fn what_has_grown_is_signed_and_published_and_what_has_not_is_not() {
    let scene = Scene::sealed().await;
    let first = published(&scene);
    assert_eq!(scene.seal().await.unwrap().signed, 0);
    assert_eq!(published(&scene), first);
    scene.ada().order(10_00).deliver().await;
    // By this round, or by the installation's own that came before it.
    scene.seal().await.unwrap();
    assert_eq!(size_of(&published(&scene)), size_of(&first) + 1);
}

#[tokio::test]
async fn signers_at_the_same_time_sign_each_tree_once() {
    let scene = Scene::sealed().await;
    let before = published(&scene);
    scene.ada().order(10_00).deliver().await;
    let rounds = futures::future::join_all((0..8).map(|_| scene.seal())).await;
    assert!(rounds.into_iter().all(|round| round.is_ok()));
    assert_eq!(size_of(&published(&scene)), size_of(&before) + 1);
    assert!(scene.verify().await.is_sound());
}

#[tokio::test]
async fn a_tree_that_does_not_continue_what_was_signed_is_not_signed_again() {
    let scene = Scene::sealed().await;
    // A leaf that lies under the last checkpoint.
    scene
        .sql("update proof.hash set hash = sha256(hash) where level = 0 and number = 3 and position is not null")
        .await;
    scene.ada().order(10_00).deliver().await;
    let before = published(&scene);
    let round = scene.seal().await.unwrap();
    assert_eq!((round.signed, round.refused.len()), (0, 1));
    assert_eq!(size_of(&published(&scene)), size_of(&before));
}

#[tokio::test]
async fn a_tree_that_was_made_smaller_is_not_signed_again() {
    let scene = Scene::sealed().await;
    scene.sql("update proof.tree set size = 1, frontier = substr(frontier, 1, 32) where tree <> 'ffffffff-ffff-ffff-ffff-ffffffffffff'").await;
    let round = scene.seal().await.unwrap();
    assert_eq!((round.signed, round.refused.len()), (0, 1));
}

#[tokio::test]
async fn a_forged_last_checkpoint_does_not_help() {
    let scene = Scene::sealed().await;
    // As if only one commit had been signed: whatever comes after it could be altered.
    let forged = scene
        .sql(
            "update proof.checkpoint set note = regexp_replace(note, E'\\n[0-9]+\\n', E'\\n1\\n')
              where tree <> 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        )
        .await;
    assert!(forged > 0);
    scene.ada().order(10_00).deliver().await;
    assert_eq!(scene.seal().await.unwrap().refused.len(), 1);
}

#[tokio::test]
async fn nor_does_a_forged_last_checkpoint_of_the_top_log() {
    let scene = Scene::sealed().await;
    // As if nothing had been.
    let forged = scene
        .sql(
            "update proof.checkpoint set note = regexp_replace(note, E'\\n[0-9]+\\n', E'\\n0\\n')
              where tree = 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        )
        .await;
    assert!(forged > 0);
    scene.ada().order(10_00).deliver().await;
    assert!(matches!(scene.seal().await, Err(SignError::Inconsistent { .. })));
}

#[tokio::test]
async fn a_database_that_has_forgotten_what_was_signed_is_reminded_by_the_file() {
    let scene = Scene::sealed().await;
    scene.sql("delete from proof.checkpoint").await;
    scene.sql("delete from proof.hash where position is null").await;
    scene.sql("delete from proof.tree where tree = 'ffffffff-ffff-ffff-ffff-ffffffffffff'").await;
    scene.ada().order(10_00).deliver().await;
    assert!(matches!(scene.seal().await, Err(SignError::Inconsistent { .. })));
}

#[tokio::test]
async fn a_file_that_somebody_else_has_put_there_is_not_written_over() {
    let scene = Scene::open().await;
    std::fs::write(scene.installation.config.checkpoint_file.as_ref().unwrap(), "mine\n").unwrap();
    let refused = scene.seal().await;
    assert!(matches!(refused, Err(SignError::File(FileError::NotOurs { .. }))), "{refused:?}");
    assert_eq!(published(&scene), "mine\n");
}
