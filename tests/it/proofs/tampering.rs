//! Somebody has been at it. Each is found, and its place named.

use bytes::Bytes;
use loyalnest::commands::log::verify::{Fault, Report};
use serde_json::Value;

use super::{
    forger::{Message, place, rewrite},
    scene::Scene,
};

/// Every place that was found, with its fault.
fn places(report: &Report) -> Vec<(Fault, Option<u64>)> {
    report.findings.iter().map(|finding| (finding.fault, finding.position)).collect()
}

/// Nothing but one thing about the log itself; read models may differ from what it says now.
fn is_the_only_fault_of_the_log(report: &Report, fault: Fault, position: u64) {
    assert!(!report.is_sound());
    let of_the_log: Vec<_> = places(report).into_iter().filter(|(fault, _)| *fault != Fault::ReadModel).collect();
    assert_eq!(of_the_log, [(fault, Some(position))], "{:?}", report.findings);
}

fn altered(message: &Message, change: impl FnOnce(&mut Vec<u8>)) -> Option<Message> {
    let mut bytes = message.payload.to_vec();
    change(&mut bytes);
    Some(Message { payload: Bytes::from(bytes), ..message.clone() })
}

#[tokio::test]
async fn a_byte_of_a_message_was_changed() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| {
        let message = messages[place(victim)].clone().unwrap();
        // The first byte of the commit's id: still a commit that can be read.
        let prefix = message.payload.windows(6).position(|bytes| bytes == b"points").unwrap();
        let at = prefix + usize::from(message.payload[prefix - 1]) + 3;
        messages[place(victim)] = altered(&message, |bytes| bytes[at] ^= 1);
    })
    .await;
    is_the_only_fault_of_the_log(&scene.verify().await, Fault::Changed, victim);
}

#[tokio::test]
async fn a_message_is_not_a_commit_any_more() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| {
        let message = messages[place(victim)].clone().unwrap();
        messages[place(victim)] = altered(&message, |bytes| bytes.truncate(40));
    })
    .await;
    is_the_only_fault_of_the_log(&scene.verify().await, Fault::Unreadable, victim);
}

#[tokio::test]
async fn an_event_was_given_another_type() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| {
        let message = messages[place(victim)].clone().unwrap();
        let retyped = altered(&message, |bytes| {
            let name = b"points.order_assessed";
            let at = bytes.windows(name.len()).position(|found| found == name).expect("an order");
            bytes[at..at + name.len()].copy_from_slice(b"points.order_assesses");
        });
        messages[place(victim)] = retyped;
    })
    .await;
    let report = scene.verify().await;
    assert!(places(&report).contains(&(Fault::Changed, Some(victim))), "{:?}", report.findings);
}

#[tokio::test]
async fn a_commit_was_moved_to_another_customer() {
    let scene = Scene::sealed().await;
    let (ada, ben) = (scene.newest_on_account(scene.ada()).await, scene.newest_on_account(scene.ben()).await);
    let victim = ada.position;
    rewrite(&scene, |messages| {
        let message = messages[place(victim)].as_mut().unwrap();
        message.subject = ben.subject.to_string();
    })
    .await;
    let report = scene.verify().await;
    is_the_only_fault_of_the_log(&report, Fault::Changed, victim);
    let balances = report.findings.iter().filter(|finding| finding.detail.starts_with("balances"));
    assert_eq!(balances.count(), 2, "neither has what the log says now");
}

#[tokio::test]
async fn a_commit_was_removed_and_left_a_hole() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| messages[place(victim)] = None).await;
    is_the_only_fault_of_the_log(&scene.verify().await, Fault::Removed, victim);
}

#[tokio::test]
async fn a_commit_was_removed_and_the_hole_was_closed() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ben()).await.position;
    rewrite(&scene, |messages| drop(messages.remove(place(victim)))).await;
    let report = scene.verify().await;
    assert_eq!(report.findings.iter().find_map(|finding| finding.position), Some(victim), "{:?}", report.findings);
}

#[tokio::test]
async fn two_commits_have_changed_places() {
    let scene = Scene::sealed().await;
    let (one, other) =
        (scene.newest_on_account(scene.ada()).await.position, scene.newest_on_account(scene.ben()).await.position);
    rewrite(&scene, |messages| messages.swap(place(one), place(other))).await;
    let report = scene.verify().await;
    let changed: Vec<_> = places(&report).into_iter().filter(|(fault, _)| *fault == Fault::Changed).collect();
    assert_eq!(changed, [(Fault::Changed, Some(one.min(other))), (Fault::Changed, Some(one.max(other)))]);
}

#[tokio::test]
async fn a_commit_was_slipped_in() {
    let scene = Scene::sealed().await;
    let twice = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| messages.insert(place(twice), messages[place(twice)].clone())).await;
    let report = scene.verify().await;
    assert_eq!(report.findings.first().and_then(|finding| finding.position), Some(twice + 1), "{:?}", report.findings);
}

#[tokio::test]
async fn the_end_was_cut_off() {
    let scene = Scene::sealed().await;
    let last = scene.journal().await.last_position().await.unwrap();
    rewrite(&scene, |messages| messages.truncate(messages.len() - 2)).await;
    let report = scene.verify().await;
    let removed: Vec<_> = places(&report).into_iter().filter(|(fault, _)| *fault == Fault::Removed).collect();
    assert_eq!(removed, [(Fault::Removed, Some(last - 1)), (Fault::Removed, Some(last))]);
}

#[tokio::test]
async fn everything_was_made_anew_and_signed_but_somebody_has_kept_a_checkpoint() {
    let scene = Scene::sealed().await;
    rewrite(&scene, |messages| messages.truncate(messages.len() - 2)).await;
    // The forger has the database, too, and the published file, and even has the installation sign it all again.
    std::fs::remove_file(scene.installation.config.checkpoint_file.as_ref().unwrap()).unwrap();
    scene.sql("truncate proof.checkpoint, proof.hash, proof.tree, read.checkpoint").await;
    scene.seal().await.unwrap();
    let report = scene.verify().await;
    let kept = scene.kept().display().to_string();
    let of_the_log: Vec<_> = report.findings.iter().filter(|finding| finding.fault != Fault::ReadModel).collect();
    let [contradiction] = &of_the_log[..] else { panic!("{:?}", report.findings) };
    assert!(contradiction.detail.starts_with(&kept), "{}", contradiction.detail);
}

#[tokio::test]
async fn a_commit_was_changed_and_everything_that_is_stored_about_it() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await;
    rewrite(&scene, |messages| {
        let message = messages[place(victim.position)].clone().unwrap();
        messages[place(victim.position)] = altered(&message, |bytes| *bytes.last_mut().unwrap() ^= 1);
    })
    .await;
    // The stored leaf is made to fit. What was signed is beyond the forger's reach.
    let forged = scene.journal().await.at(victim.position).await.unwrap().expect("still a commit");
    let index = scene.leaf_index(victim.position).await;
    scene.set_leaf(victim.position, projections::transparency::leaf_hash(&forged, index)).await;
    let report = scene.verify().await;
    assert!(
        places(&report).iter().all(|(fault, _)| matches!(fault, Fault::Tree | Fault::Checkpoint | Fault::ReadModel))
    );
    let contradicted = report.findings.iter().filter(|finding| finding.fault == Fault::Checkpoint);
    let named = |detail: &str| detail.contains("which end at position");
    assert!(contradicted.into_iter().any(|finding| named(&finding.detail)), "{:?}", report.findings);
}

#[tokio::test]
async fn a_balance_was_edited() {
    let scene = Scene::sealed().await;
    let ada = scene.newest_on_account(scene.ada()).await;
    let edited = scene
        .sql("update read.balances one set purse = other.purse from read.balances other where one.customer <> other.customer")
        .await;
    assert_eq!(edited, 2);
    let report = scene.verify().await;
    assert!(places(&report).contains(&(Fault::ReadModel, Some(ada.position))), "{:?}", report.findings);
    assert_eq!(report.findings.len(), 2);
}

#[tokio::test]
async fn a_line_of_the_ledger_was_edited_and_another_one_removed() {
    let scene = Scene::sealed().await;
    let newest = scene.newest_on_account(scene.ben()).await.position;
    scene
        .sql(
            "update read.points_transactions set points = points + 1000
               where position = (select max(position) from read.points_transactions)",
        )
        .await;
    scene
        .sql("delete from read.points_transactions where position = (select min(position) from read.points_transactions)")
        .await;
    let report = scene.verify().await;
    let [removed, edited] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert!(removed.detail.contains("has no row"), "{}", removed.detail);
    assert_eq!(edited.position, Some(newest));
    assert!(edited.detail.contains("points"), "{}", edited.detail);
}

#[tokio::test]
async fn a_stored_hash_was_edited() {
    let scene = Scene::sealed().await;
    let victim = scene.newest_on_account(scene.ada()).await.position;
    scene
        .sql(
            "update proof.hash set hash = sha256(hash) where position = (
                  select max(position) from read.points_transactions where type = 'reversal')",
        )
        .await;
    let report = scene.verify().await;
    assert!(!report.is_sound());
    let position = report.findings[0].position.unwrap();
    assert_eq!(report.findings[0].fault, Fault::Changed);
    assert!(position < victim);
}

#[tokio::test]
async fn the_program_says_so_by_its_exit_code() {
    let scene = Scene::sealed().await;
    let verified = run(&scene).await;
    assert_eq!((verified.0, &verified.1["verified"]), (0, &Value::Bool(true)), "{}", verified.1);
    let victim = scene.newest_on_account(scene.ada()).await.position;
    rewrite(&scene, |messages| messages[place(victim)] = None).await;
    let (code, report) = run(&scene).await;
    assert_eq!(code, 6, "{report}");
    assert_eq!(report["findings"][0]["position"], victim);
    assert_eq!(report["findings"][0]["fault"], "removed");
}

async fn run(scene: &Scene) -> (i32, Value) {
    let kept = scene.kept();
    let said = scene.command(&["log", "verify", "--checkpoint", kept.to_str().unwrap()]).await;
    (said.code, said.document())
}
