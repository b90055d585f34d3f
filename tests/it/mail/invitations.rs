//! Friends who are nobody here and are invited by those who are.

use serde_json::{Value, json};

use super::kit::{PUBLIC_URL, enrolled, header, mails, open, post_office, unsubscribe_path};
use crate::{
    generations::kit::rows,
    referrals::kit::{code, link_of},
    support::{Answer, Shop, Shopper},
};

/// An address that nobody has.
fn friend() -> String {
    format!("grace-{}@example.com", gateway::clock::new_id().simple())
}

async fn advocate(shop: &Shop) -> (Shopper<'_>, Value) {
    let advocate = shop.shopper();
    let stated = json!({ "external_id": advocate.external_id.to_string(), "first_name": "Ada" });
    let made = shop.api.post("/v1/customers", &stated).document().await;
    shop.has_seen(made["position"].as_u64());
    (advocate, link_of(advocate).await)
}

/// As often as the gateway says that others were faster.
async fn invite(shop: &Shop, link: &Value, email: &str) -> Answer {
    let path = format!("/v1/referrals/{}/invitations", code(link));
    loop {
        let answer = shop.api.post_once(&path, &json!({ "email": email })).send().await;
        shop.has_seen(answer.body["position"].as_u64());
        if answer.status != 503 {
            return answer;
        }
    }
}

/// What became of an advocate's invitations as `(outcome, reason)`, the newest first.
async fn outcomes(advocate: Shopper<'_>) -> Vec<(String, String)> {
    let all = super::kit::outcomes(advocate).await;
    all.into_iter().filter(|mail| mail.0 == "referral_invitation").map(|mail| (mail.1, mail.2)).collect()
}

fn told(outcome: &str, reason: &str) -> (String, String) {
    (outcome.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_friend_is_invited_once_in_the_advocates_name_and_let_go_of() {
    let shop = open(&["referral_invitation"]).await;
    let (ada, link) = advocate(&shop).await;
    let friend = friend();
    let first = invite(&shop, &link, &friend).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""), "{}", first.body);
    assert_eq!(
        (&first.body["referral_link_id"], first.body["advocate_id"].as_str()),
        (&link["id"], Some(&*ada.id().await))
    );
    let again = invite(&shop, &link, &friend.to_uppercase()).await;
    assert_eq!((&again.body["id"], again.header("idempotent-replayed")), (&first.body["id"], "true"));
    for _ in 0..2 {
        shop.settle().await;
    }
    let received = mails(&friend, 1).await;
    assert_eq!(received.len(), 1);
    assert_eq!(header(&received[0], "Subject"), "Ada recommends The Shop");
    let url = format!("{PUBLIC_URL}/r/{}", code(&link));
    assert!(received[0].data.replace("=\r\n", "").contains(&url), "{}", received[0].data);
    assert_eq!(outcomes(ada).await, [told("sent", "")]);

    assert_eq!(invite(&shop, &link, &friend).await.body["id"], first.body["id"], "also when it is done");
    shop.settle().await;
    assert_eq!(post_office().mail_box.count(&friend), 1);
    let installation = &post_office().installation;
    let merchant = shop.merchant.0.to_string();
    let keys = rows(installation, "vault.item_keys").await;
    assert!(!keys.iter().any(|key| key.contains(&merchant)), "nobody can read the address any more");
    let hex: String = friend.bytes().map(|byte| format!("{byte:02x}")).collect();
    for table in ["read.queue_tasks", "read.email_events", "vault.invitations"] {
        let rows = rows(installation, table).await.concat();
        assert!(!rows.contains(&friend) && !rows.contains(&hex), "{table}");
    }
}

#[tokio::test]
async fn who_wants_no_invitations_gets_none_of_anybody() {
    let shop = open(&["referral_invitation"]).await;
    let ((_, link), (bob, bobs)) = (advocate(&shop).await, advocate(&shop).await);
    let friend = friend();
    assert_eq!(invite(&shop, &link, &friend).await.status, 201);
    shop.settle().await;
    let path = unsubscribe_path(&mails(&friend, 1).await[0]);
    let last = if path.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    let press = |path: String| shop.api.keyless(reqwest::Method::POST, &path).text("List-Unsubscribe=One-Click").send();
    assert_eq!(press(forged).await.status, 200);
    for _ in 0..2 {
        assert_eq!(press(path.clone()).await.status, 200);
    }
    assert_eq!(invite(&shop, &bobs, &friend).await.status, 201, "no answer tells who that is");
    shop.settle().await;
    assert_eq!(outcomes(bob).await, [told("skipped", "unsubscribed")]);
    assert_eq!(post_office().mail_box.count(&friend), 1);
}

#[tokio::test]
async fn customers_are_not_invited_and_who_is_restricted_invites_nobody() {
    let shop = open(&["referral_invitation"]).await;
    let (ada, link) = advocate(&shop).await;
    let (_, known) = enrolled(&shop, "bob", "en").await;
    assert_eq!(invite(&shop, &link, &known).await.status, 201);
    shop.settle().await;
    assert_eq!(outcomes(ada).await, [told("skipped", "already_customer")]);
    let why = json!({ "reason": "asked by letter" });
    shop.api.post(&ada.path("restriction").await, &why).document().await;
    let friend = friend();
    assert_eq!(invite(&shop, &link, &friend).await.status, 201);
    shop.settle().await;
    assert_eq!(outcomes(ada).await[0], told("skipped", "restricted"));
    assert_eq!((post_office().mail_box.count(&known), post_office().mail_box.count(&friend)), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let shop = open(&["welcome"]).await;
    let (_, link) = advocate(&shop).await;
    let off = invite(&shop, &link, &friend()).await;
    assert_eq!((off.status.as_u16(), off.code()), (409, "invitations_off"));
    shop.publish(json!({ "mail": { "kinds": ["referral_invitation"] } })).await;
    shop.settle().await;
    let wrong = invite(&shop, &link, "no address").await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["pointer"]), (422, &json!("/email")));
    let path = format!("/v1/referrals/{}/invitations", code(&link));
    let keyless = shop.api.post(&path, &json!({ "email": friend() })).send().await;
    assert_eq!((keyless.status.as_u16(), keyless.code()), (400, "missing_idempotency_key"));
    let nowhere = shop.api.post_once("/v1/referrals/SUMMER20/invitations", &json!({ "email": friend() })).send().await;
    assert_eq!(nowhere.status, 404);
    let answers = futures::future::join_all((0..25).map(|_| async { invite(&shop, &link, &friend()).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 20);
    let turned_away = answers.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!((turned_away.status.as_u16(), turned_away.code()), (429, "too_many_invitations"));
}
