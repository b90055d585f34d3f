//! A history that moves with its keys: in the new place profiles open, shops are recognised, and old orders are refunded. Whoever
//! was forgotten stays so, and nobody else opens the file.

use std::path::PathBuf;

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::scene::{Said, Scene};
use crate::{
    installation::program::loyalnest,
    privacy::kit::{ask_to_forget, completed_at},
    support::{Shop, Shopper},
};

/// A recipient's pair of keys, and an export for them.
struct Moving {
    folder: TempDir,
}

impl Moving {
    async fn of(scene: &Scene) -> Moving {
        let moving = Moving { folder: tempfile::tempdir().unwrap() };
        moving.make_pair("recipient").await;
        let public = moving.path("recipient.pub");
        let said =
            scene.command(&["log", "export", "--to", &moving.file(), "--keys-to", public.to_str().unwrap()]).await;
        assert_eq!((said.code, &said.document()["keys_included"]), (0, &json!(true)), "{}", said.err);
        moving
    }

    /// With the program alone: whoever will receive keys needs nothing else.
    async fn make_pair(&self, name: &str) {
        let mut command = tokio::process::Command::new(loyalnest());
        command.env_clear().args(["log", "recipient"]).arg(self.path(name));
        let said = Said::by(command).await;
        assert_eq!(said.code, 0, "{}", said.err);
        std::fs::write(self.path(&format!("{name}.pub")), said.out).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> String {
        self.path("history.jsonl").to_str().unwrap().to_owned()
    }

    async fn arrives_at(&self, scene: &Scene, key: Option<&str>) -> Said {
        let file = self.file();
        let key = key.map(|name| self.path(name).to_str().unwrap().to_owned());
        let mut arguments = vec!["log", "import", "--from", &file];
        arguments.extend(key.iter().flat_map(|key| ["--keys-from", key.as_str()]));
        scene.command(&arguments).await
    }

    fn rewrite(&self, change: impl FnOnce(&mut Vec<String>)) {
        let text = std::fs::read_to_string(self.file()).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        std::fs::write(self.file(), lines.join("\n") + "\n").unwrap();
    }
}

const PROFILE: &str = "taken-along@example.com";

async fn states_profile(shopper: Shopper<'_>) {
    let profile = CustomerSample {
        email: Some(PROFILE.to_owned()),
        first_name: "Ada".to_owned(),
        updated_at: shopper.shop.now(),
        ..CustomerSample::new(shopper.external_id)
    };
    assert!(shopper.shop.deliver("customers/create", &profile.body()).await.is_accepted());
}

async fn forget(scene: &Scene, shopper: Shopper<'_>) -> String {
    let id = shopper.id().await;
    let asked = ask_to_forget(&scene.shop, &id).await;
    completed_at(&scene.installation, &scene.shop, asked.body["id"].as_str().unwrap()).await;
    id
}

/// The same shop, now at the other installation, with the same secret and the same API key.
async fn moved(there: &Scene, here: &Scene) -> Shop {
    let shop = there.shop.at(&here.installation);
    shop.has_seen_everything_of(&here.installation).await;
    shop
}

#[tokio::test]
async fn profiles_open_and_old_orders_are_refunded_where_the_keys_were_taken_along() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let ada = there.ada();
    states_profile(ada).await;
    assert_eq!(ada.adjust(4, "sorry about the parcel").await.status, 201);
    let (order, redemption) = (ada.order(70_00), ada.redeem(10).await);
    order.deliver().await;
    // A refund that overtook its order waits for it, here and there.
    let late = there.ben().order(11_00);
    late.full_refund().deliver().await;
    let (id, before) = (ada.id().await, ada.available().await);

    let moving = Moving::of(&there).await;
    let said = moving.arrives_at(&here, Some("recipient")).await;
    assert_eq!((said.code, &said.document()["people"]), (0, &json!(2)), "{}{}", said.out, said.err);
    let shop = moved(&there, &here).await;
    let ada = shop.known_as(ada.external_id);
    let profile = ada.find().await;
    assert_eq!(
        (&profile["id"], &profile["email"], &profile["first_name"]),
        (&json!(id), &json!(PROFILE), &json!("Ada"))
    );
    let found = shop.api.post("/v1/customers/search", &json!({ "email": PROFILE })).document().await;
    assert_eq!(found["data"][0]["id"], json!(id));
    let lines = ada.transactions().await;
    assert!(lines.iter().any(|line| line["reason"] == "sorry about the parcel"), "{lines:?}");
    assert!(lines.iter().any(|line| line["reference"]["id"] == *order.id().to_string()), "{lines:?}");
    assert_eq!(ada.available().await, before);

    // What the old place was told is known in the new one; what is new about an old order goes to its owner.
    assert_eq!(shop.deliver("orders/create", &order.sample.body()).await.outcome, "duplicate");
    assert!(shop.deliver("refunds/create", &order.full_refund().sample.body()).await.is_accepted());
    assert_eq!(ada.available().await, before - 70);
    assert_eq!(ada.cancel(&redemption).await.status, 201);
    assert_eq!(ada.available().await, before - 60);
    assert!(shop.deliver("orders/create", &late.sample.body()).await.is_accepted());
    let ben = shop.known_as(there.ben().external_id);
    assert_eq!(ben.ledger().await[..2].iter().map(|(_, points)| points).sum::<i64>(), 0, "the refund had waited");
    ada.books_balance().await;
    ben.books_balance().await;
}

#[tokio::test]
async fn whoever_was_forgotten_is_not_taken_along_and_does_not_come_back() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let ada = there.ada();
    states_profile(ada).await;
    let old = ada.order(33_00);
    old.deliver().await;
    let id = forget(&there, ada).await;
    there.seal().await.unwrap();

    let moving = Moving::of(&there).await;
    let said = moving.arrives_at(&here, Some("recipient")).await;
    assert_eq!((said.code, &said.document()["people"]), (0, &json!(1)), "{}{}", said.out, said.err);
    let shop = moved(&there, &here).await;
    let gone = shop.api.get(&format!("/v1/customers/{id}")).document().await;
    assert_eq!((&gone["state"], &gone["email"]), (&json!("erased"), &Value::Null));
    let refunded = shop.deliver("refunds/create", &old.full_refund().sample.body()).await;
    assert_eq!(refunded.outcome, "ignored", "the tombstone was taken along");
    assert!(shop.known_as(ada.external_id).find().await.is_null());
    // It starts again: an erasure that was done elsewhere is none that this deletion journal has lost.
    assert_eq!(here.command(&["log", "checkpoint"]).await.code, 0);
    // Whoever lives there by now can be forgotten here.
    let ben = shop.known_as(there.ben().external_id);
    let asked = ask_to_forget(&shop, &ben.id().await).await;
    completed_at(&here.installation, &shop, asked.body["id"].as_str().unwrap()).await;
    assert_eq!(here.command(&["log", "checkpoint"]).await.code, 0);
}

#[tokio::test]
async fn a_history_with_somebody_forgotten_is_taken_over_without_keys_too() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    forget(&there, there.ada()).await;
    there.seal().await.unwrap();
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("history.jsonl");
    assert_eq!(there.command(&["log", "export", "--to", file.to_str().unwrap()]).await.code, 0);
    let said = here.command(&["log", "import", "--from", file.to_str().unwrap()]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let again = here.command(&["log", "checkpoint"]).await;
    assert_eq!(again.code, 0, "{}", again.err);
}

#[tokio::test]
async fn the_keys_open_for_their_recipient_alone_and_are_those_that_were_signed() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let moving = Moving::of(&there).await;
    moving.make_pair("somebody-else").await;
    let said = moving.arrives_at(&here, Some("somebody-else")).await;
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("does not open with this key"), "{}", said.err);

    // A parcel that somebody else closed for the recipient, in the place of the merchant's.
    let (other, original) = (Moving::of(&Scene::sealed().await).await, std::fs::read_to_string(moving.file()).unwrap());
    let foreign = std::fs::read_to_string(other.file()).unwrap();
    let data = |text: &str| {
        let line: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!(line["type"], "loyalnest.keys.v1");
        line["data_base64"].as_str().unwrap().to_owned()
    };
    let (own, foreign) = (data(&original), data(&foreign));
    moving.rewrite(|lines| lines[1] = lines[1].replace(&own, &foreign));
    let found = moving.arrives_at(&here, Some("recipient")).await;
    assert_eq!(found.code, 6, "{}", found.out);
    assert!(found.out.contains("the keys are not those that were signed"), "{}", found.out);

    moving.rewrite(|lines| drop(lines.remove(1)));
    assert_eq!(moving.arrives_at(&here, Some("recipient")).await.code, 6);
}

#[tokio::test]
async fn keys_that_are_not_asked_for_stay_in_the_file() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let moving = Moving::of(&there).await;
    let said = moving.arrives_at(&here, None).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("--keys-from"), "{}", said.err);
    let shop = there.shop.at(&here.installation);
    assert_eq!(shop.api.get("/v1/customers").send().await.code(), "not_found", "its own keys are not here");
}

#[tokio::test]
async fn what_was_cut_short_goes_on_and_the_merchant_can_read_who_took_the_keys() {
    let (there, here) = (Scene::sealed().await, Scene::open().await);
    let moving = Moving::of(&there).await;
    assert_eq!(moving.arrives_at(&here, Some("recipient")).await.code, 0);
    let again = moving.arrives_at(&here, Some("recipient")).await;
    assert_eq!(again.code, 0, "{}", again.err);
    let row = again.document();
    assert_eq!((&row["commits"], &row["people"], &row["passed_over"]), (&json!(0), &json!(0), &json!(2)));
    let shop = moved(&there, &here).await;
    let entries = shop.api.get("/v1/audit_logs").query("min_position", shop.seen());
    let entries = entries.query("action", "merchant.keys_exported").document().await;
    assert_eq!(entries["data"][0]["actor"]["kind"], "operator", "{entries}");
    // In the new place new keys seal: the second generation is its own.
    let status = here.command(&["keys", "status"]).await.document();
    let mut buckets = status["buckets"].as_array().unwrap().iter();
    let own = buckets.find(|row| row["merchant"] == there.shop.merchant.to_string()).unwrap();
    assert_eq!(own["generation"], 2, "{own}");
}
