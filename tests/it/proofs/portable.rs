//! A history in a file: checked where there is nothing else, and taken over where there is nothing yet.

use std::path::{Path, PathBuf};

use aggregates::id::MerchantId;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;

use super::scene::{Said, Scene};
use crate::installation::program::loyalnest;

struct Export {
    folder: TempDir,
}

impl Export {
    async fn of(scene: &Scene) -> Export {
        let export = Export { folder: tempfile::tempdir().unwrap() };
        let said = scene.command(&["log", "export", "--to", export.path().to_str().unwrap()]).await;
        assert_eq!(said.code, 0, "{}", said.err);
        export
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("history.jsonl")
    }

    fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(self.path()).unwrap().lines().map(str::to_owned).collect()
    }

    fn rewrite(&self, change: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines();
        change(&mut lines);
        std::fs::write(self.path(), lines.join("\n") + "\n").unwrap();
    }

    /// On a machine that has nothing but the file.
    async fn verify(&self, more: &[&str]) -> Said {
        let mut command = tokio::process::Command::new(loyalnest());
        command.env_clear().args(["-o", "json", "log", "verify", "--export"]).arg(self.path()).args(more);
        Said::by(command).await
    }

    /// The number of a commit's line, counted back from the end: 1 is the last.
    fn commit_from_end(&self, back: usize) -> usize {
        self.lines().len() - 1 - back
    }

    /// One thing is wrong, with the commit on this line before it was changed.
    async fn is_found_at(&self, line: &str, fault: &str) {
        let position: Value = serde_json::from_str(line).unwrap();
        let position: u64 = position["position"].as_str().unwrap().parse().unwrap();
        let said = self.verify(&[]).await;
        assert_eq!(said.code, 6, "{}", said.err);
        let finding = &said.document()["findings"][0];
        assert_eq!((&finding["position"], &finding["fault"]), (&position.into(), &fault.into()), "{finding}");
    }
}

#[tokio::test]
async fn an_export_is_verified_without_the_installation() {
    let scene = Scene::sealed().await;
    let export = Export::of(&scene).await;
    let kept = scene.kept();
    let said = export.verify(&["--checkpoint", kept.to_str().unwrap()]).await;
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let commits = scene.journal().await.last_position().await.unwrap();
    assert_eq!(said.document()["commits"], commits);
    let end: Value = serde_json::from_str(export.lines().last().unwrap()).unwrap();
    assert_eq!(end["data"]["commits"], commits);
}

#[tokio::test]
async fn an_export_holds_nothing_in_the_clear() {
    let scene = Scene::sealed().await;
    let text = Export::of(&scene).await.lines().join("\n");
    for canary in [&scene.shop.domain, &scene.ada().external_id.to_string(), &scene.ben().external_id.to_string()] {
        assert!(!text.contains(canary.as_str()), "{canary}");
    }
}

#[tokio::test]
async fn a_changed_export_is_found_out() {
    let scene = Scene::sealed().await;
    let export = Export::of(&scene).await;
    let (original, victim) = (export.lines(), export.commit_from_end(3));
    let line = original[victim].clone();
    let restored = |lines: &mut Vec<String>| *lines = original.clone();

    let (name, at) = ("\"data_base64\":\"", line.find("\"data_base64\":\"").unwrap());
    let mut bytes = line.clone().into_bytes();
    // Somewhere in the middle of the message.
    let byte = at + name.len() + 60;
    bytes[byte] = if bytes[byte] == b'A' { b'B' } else { b'A' };
    export.rewrite(|lines| lines[victim] = String::from_utf8(bytes).unwrap());
    export.is_found_at(&line, "changed").await;

    export.rewrite(restored);
    export.rewrite(|lines| lines[victim] = line.replace("points.", "product."));
    export.is_found_at(&line, "changed").await;

    export.rewrite(restored);
    let next = original[victim + 1].clone();
    export.rewrite(|lines| drop(lines.remove(victim)));
    export.is_found_at(&next, "removed").await;

    export.rewrite(restored);
    export.rewrite(|lines| lines.truncate(victim + 1));
    let said = export.verify(&[]).await;
    assert_eq!((said.code, &said.document()["findings"][0]["fault"]), (6, &Value::from("removed")));
}

#[tokio::test]
async fn an_export_under_another_key_is_not_believed() {
    let (scene, other) = (Scene::sealed().await, Scene::sealed().await);
    let export = Export::of(&scene).await;
    let said = other.command(&["log", "checkpoint"]).await;
    let key = said.document()["key"].as_str().unwrap().to_owned();
    assert_eq!(export.verify(&["--key", &key]).await.code, 6);
}

/// What a merchant's people have: account, lots with amounts and expiry, in the journal's own encoding.
async fn purses(db: &PgPool, merchant: MerchantId) -> Vec<(uuid::Uuid, Vec<u8>)> {
    let purses = "select customer, purse from read.balances where merchant = $1 order by 1";
    sqlx::query_as(purses).bind(merchant.0).fetch_all(db).await.unwrap()
}

async fn lines(db: &PgPool, merchant: MerchantId) -> Vec<(uuid::Uuid, String, i64)> {
    let lines = "select id, type, points from read.points_transactions where merchant = $1 order by position, line";
    sqlx::query_as(lines).bind(merchant.0).fetch_all(db).await.unwrap()
}

/// Size and edge of a merchant's tree.
async fn tree(db: &PgPool, merchant: MerchantId) -> (i64, Vec<u8>) {
    let tree = "select size, frontier from proof.tree where tree = $1";
    sqlx::query_as(tree).bind(merchant.0).fetch_one(db).await.unwrap()
}

async fn import(scene: &Scene, file: &Path) -> Said {
    scene.command(&["log", "import", "--from", file.to_str().unwrap()]).await
}

async fn has_the_same_history(there: &Scene, here: &Scene) {
    here.seal().await.unwrap();
    let (before, after, merchant) = (here.database().await, there.database().await, there.shop.merchant);
    for read_model in projections::NAMES {
        let end = here.journal().await.last_position().await.unwrap();
        let reached = here.installation.gateway.progress.reached(read_model, end, std::time::Duration::from_secs(30));
        assert!(reached.await, "{read_model}");
    }
    assert_eq!(purses(&before, merchant).await, purses(&after, merchant).await);
    assert_eq!(lines(&before, merchant).await, lines(&after, merchant).await);
    assert_eq!(tree(&before, merchant).await, tree(&after, merchant).await);
    let report = here.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[tokio::test]
async fn an_import_gives_the_same_balances_lots_and_proofs() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let export = Export::of(&there).await;
    let said = import(&here, &export.path()).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("keys were not in the file"));
    has_the_same_history(&there, &here).await;
    // Starting once more finds a vault that has heard of everybody.
    assert_eq!(here.command(&["log", "checkpoint"]).await.code, 0);
}

#[tokio::test]
async fn an_import_that_was_cut_short_goes_on_and_one_that_is_complete_changes_nothing() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let export = Export::of(&there).await;
    begin_by_hand(&there, &here, 5).await;
    let said = import(&here, &export.path()).await;
    assert_eq!(said.code, 0, "{}", said.err);
    has_the_same_history(&there, &here).await;
    let again = import(&here, &export.path()).await;
    assert_eq!((again.code, &again.document()["commits"]), (0, &Value::from(0)), "{}", again.err);
}

/// The first commits of the merchant, as an import writes them that is then cut short.
async fn begin_by_hand(there: &Scene, here: &Scene, commits: usize) {
    use futures::StreamExt;
    let (from, to) = (there.journal().await, here.journal().await);
    let follow = journal::Follow::Merchant(there.shop.merchant);
    let mut history = from.follow(0, follow).await.unwrap().take(commits);
    let mut last = std::collections::HashMap::new();
    while let Some(commit) = history.next().await {
        let commit = commit.unwrap();
        if let journal::SubjectId::Uuid(person) = commit.subject.id {
            let people = [aggregates::id::CustomerId(person)];
            let vault = &here.installation.gateway.vault;
            vault.register_without_keys(commit.subject.merchant, &people, here.shop.now()).await.unwrap();
        }
        let expected = last.get(&commit.subject).copied().unwrap_or(0);
        let append = journal::Append { subject: commit.subject, expected, commit: commit.commit, traceparent: None };
        let position = to.append_as_written(vec![append]).await.unwrap()[0];
        last.insert(commit.subject, position);
    }
}

#[tokio::test]
async fn a_merchant_with_another_history_is_not_overwritten() {
    let scene = Scene::sealed().await;
    let export = Export::of(&scene).await;
    scene.ada().order(10_00).deliver().await;
    let said = import(&scene, &export.path()).await;
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("goes on otherwise"), "{}", said.err);
}

#[tokio::test]
async fn a_changed_export_is_not_imported() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let export = Export::of(&there).await;
    let before = here.journal().await.last_position().await.unwrap();
    let victim = export.commit_from_end(1);
    export.rewrite(|lines| drop(lines.remove(victim)));
    assert_eq!(import(&here, &export.path()).await.code, 6);
    assert_eq!(here.journal().await.last_position().await.unwrap(), before);
}

#[tokio::test]
async fn one_merchant_is_exported_alone() {
    let scene = Scene::sealed().await;
    let other = crate::support::Shop::open_at(&scene.installation).await;
    let order = other.shopper().order(10_00);
    order.deliver().await;
    let export = Export { folder: tempfile::tempdir().unwrap() };
    let merchant = scene.shop.merchant.to_string();
    let path = export.path();
    let said = scene.command(&["log", "export", "--merchant", &merchant, "--to", path.to_str().unwrap()]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(export.verify(&[]).await.code, 0);
    let theirs = other.merchant.0.simple().to_string();
    assert!(export.lines().iter().all(|line| !line.contains(&theirs)));
}
