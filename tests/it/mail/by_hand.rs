//! Mails that the merchant asks for, as tasks.

use serde_json::{Value, json};

use super::kit::{choose, enrolled, header, mails, open, outcome, outcomes, post_office};
use crate::support::{Answer, Shop, Shopper};

async fn ask(shopper: Shopper<'_>, mail: &str, key: &str) -> Answer {
    let task = json!({ "kind": "mail.send", "customer_id": shopper.id().await, "mail": mail });
    let answer = shopper.shop.api.post("/v1/tasks", &task).header("Idempotency-Key", key).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

fn refused_at(answer: &Answer) -> (u16, &Value) {
    (answer.status.as_u16(), &answer.body["pointer"])
}

#[tokio::test]
async fn a_mail_is_sent_once_under_its_key() {
    let shop = open(&["points_expiring"]).await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    choose(ada, true).await;
    assert_eq!(refused_at(&ask(ada, "points_expiring", "k").await), (422, &json!("/mail")), "nothing expires");
    assert!(ada.order(42_00).deliver().await.is_accepted());
    let first = ask(ada, "points_expiring", "k").await;
    assert_eq!((first.status.as_u16(), &first.body["kind"]), (201, &json!("mail.send")), "{}", first.body);
    let again = ask(ada, "points_expiring", "k").await;
    assert_eq!((again.header("idempotent-replayed"), &again.body["id"]), ("true", &first.body["id"]));
    shop.settle().await;
    let received = mails(&address, 1).await;
    let expires = shop.now().plus_days(30).to_rfc3339()[..10].to_owned();
    assert_eq!(header(&received[0], "Subject"), format!("42 of your points expire on {expires}"));
    assert_eq!(outcomes(ada).await, [outcome("points_expiring", "sent", "")]);

    let (bob, _) = enrolled(&shop, "bob", "en").await;
    assert!(bob.order(42_00).deliver().await.is_accepted());
    let anothers = ask(bob, "points_expiring", "k").await;
    assert_eq!((anothers.status.as_u16(), anothers.code()), (422, "idempotency_key_reused"));
    shop.publish(json!({ "mail": { "kinds": ["welcome", "points_expiring"] } })).await;
    let other = ask(ada, "welcome", "k").await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"));
    assert_eq!(ask(bob, "points_expiring", "l").await.status, 201);
    shop.settle().await;
    assert!(outcomes(bob).await.contains(&outcome("points_expiring", "skipped", "no_consent")));
}

#[tokio::test]
async fn what_is_not_done_by_hand_is_refused_with_the_reason() {
    let shop = open(&["welcome", "reward_ready", "tier_reached"]).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    for mail in ["reward_ready", "points_earned", "tier_reached", "newsletter"] {
        assert_eq!(refused_at(&ask(ada, mail, mail).await), (422, &json!("/mail")), "{mail}");
    }
    let customer = ada.id().await;
    for kind in ["reward.make", "reward.disable", "export", "Nonsense!"] {
        let task = json!({ "kind": kind, "customer_id": customer, "mail": "welcome" });
        let answer = shop.api.post_once("/v1/tasks", &task).send().await;
        assert_eq!(refused_at(&answer), (422, &json!("/kind")), "{kind}");
    }
    let later = shop.now().plus_days(3).to_rfc3339();
    let task = json!({ "kind": "mail.send", "customer_id": customer, "mail": "welcome", "not_before": later });
    assert_eq!(shop.api.post_once("/v1/tasks", &task).send().await.status, 201);
    shop.settle().await;
    assert_eq!(mails(&address, 1).await.len(), 1, "the one that is sent of its own accord");
    shop.advance_days(3).await;
    assert_eq!(mails(&address, 2).await.len(), 2);
    assert_eq!(post_office().mail_box.count(&address), 2);
}

#[tokio::test]
async fn where_no_mail_server_is_nobody_sends_mail() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(refused_at(&ask(ada, "welcome", "k").await), (422, &json!("/kind")));
}
