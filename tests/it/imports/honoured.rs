//! Tiers and referral links that people bring along, honoured here.

use reqwest::{Client, Method, redirect::Policy};
use serde_json::json;

use super::kit::{finished, import, outcome, rejections};
use crate::{
    support::{Installation, Shop, Shopper},
    tiers::kit::{moved, moves, shop_with, silver_and_gold, stands, tier_of},
};

/// Where a browser that follows this word is sent; none for words that lead nowhere.
async fn leads_to(word: &str) -> Option<String> {
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let answer = browser.get(format!("{}/r/{word}", Installation::shared().url)).send().await.unwrap();
    answer.headers().get("location").map(|target| target.to_str().unwrap().to_owned())
}

/// A word that is in no other shop's file.
fn word(shop: &Shop, of: Shopper<'_>) -> String {
    let name = shop.domain.split('.').next().unwrap();
    format!("{name}-{}", of.external_id)
}

#[tokio::test]
async fn a_tier_is_kept_until_its_date_or_as_long_as_one_bought_now() {
    let shop = shop_with(silver_and_gold()).await;
    let [ada, bob, cay] = [(); 3].map(|()| shop.shopper());
    assert!(bob.order(10_00).deliver().await.is_accepted());
    let file = format!(
        "external_id,points,tier,tier_until\n{},10,GOLD,2040-01-01\n{},10,Silver,\n{},10,Platinum,\n",
        ada.external_id, bob.external_id, cay.external_id
    );
    let done = import(&shop, "", &file).await;
    assert_eq!(outcome(&done), [2, 1, 0, 0]);
    assert_eq!(
        (stands(ada).await, stands(bob).await, stands(cay).await),
        ("gold".into(), "silver".into(), "none".into())
    );
    assert_eq!(moves(ada).await, [moved("none", "gold", "import")]);
    let gold = tier_of(ada).await;
    assert_eq!(
        (&gold["given"]["by"], &gold["safe_until"]),
        (&json!("import"), &json!("2040-01-01T00:00:00Z")),
        "{gold:#}"
    );
    shop.advance_days(366).await;
    assert_eq!((stands(ada).await, stands(bob).await), ("gold".into(), "none".into()));
    assert_eq!(moves(bob).await, [moved("none", "silver", "import"), moved("silver", "none", "time")]);

    // Brought again it is the same gift.
    let again = import(&shop, "", &(file + "\n")).await;
    assert_eq!(outcome(&again), [0, 0, 3, 0]);
}

#[tokio::test]
async fn an_old_link_leads_to_a_link_of_its_owner() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    assert!(bob.order(10_00).deliver().await.is_accepted());
    let [adas, bobs] = [ada, bob].map(|shopper| word(&shop, shopper));
    let file = format!(
        "external_id,points,referral_code\n{},10,https://refs.example/{adas}?smile_ref=eyJ\n{},10,{bobs}\n",
        ada.external_id, bob.external_id
    );
    assert_eq!(outcome(&import(&shop, "", &file).await), [1, 1, 0, 0]);
    for (shopper, word) in [(ada, &adas), (bob, &bobs)] {
        let asked = json!({ "customer_id": shopper.id().await });
        let link = shop.api.post_once("/v1/referrals", &asked).send().await;
        assert_eq!(link.header("idempotent-replayed"), "true", "they have one: {}", link.body);
        let code = link.body["code"].as_str().unwrap();
        assert_eq!(leads_to(word).await, Some(format!("https://{}/?ref={code}", shop.domain)));
    }
    assert_eq!(leads_to(&adas.to_uppercase()).await, None, "words of others count as they are written");

    // A friend comes through it, as the storefront tells.
    let friend = json!({ "external_id": shop.fresh_id().to_string() });
    let named = shop.api.post_once(&format!("/v1/referrals/{adas}/friends"), &friend).send().await;
    assert_eq!((named.status.as_u16(), &named.body["advocate_id"]), (201, &json!(ada.id().await)), "{}", named.body);
}

#[tokio::test]
async fn an_order_with_an_old_word_is_of_a_friend_of_its_owner() {
    let shop = Shop::open().await;
    let (ada, other) = (shop.shopper(), Shop::open().await);
    let adas = word(&shop, ada);
    import(&shop, "", &format!("external_id,points,referral_code\n{},10,{adas}\n", ada.external_id)).await;
    let elsewhere = format!("{}-elsewhere", word(&other, other.shopper()));
    import(&other, "", &format!("external_id,points,referral_code\n1,10,{elsewhere}\n")).await;
    let [landed, carted, couponed, stranger, misled] = [(); 5].map(|()| shop.shopper());
    let landing = Some(format!("/?utm_source=x&sref_id={adas}"));
    let attribute = vec![("referral_code".to_owned(), adas.clone())];
    let codes = |codes: [&str; 2]| codes.map(str::to_owned).to_vec();
    let orders = [
        landed.order(50_00).with(|order| order.landing_site = landing),
        carted.order(50_00).with(|order| order.note_attributes = attribute),
        couponed.order(50_00).with(|order| order.discount_codes = codes(["SUMMER20", &adas])),
        stranger.order(50_00).with(|order| order.discount_codes = codes(["SUMMER20", &adas.to_uppercase()])),
        misled.order(50_00).with_code(&elsewhere),
        // Nobody brings themselves.
        ada.order(50_00).with_code(&adas),
    ];
    for order in orders {
        assert!(order.deliver().await.is_accepted());
    }
    shop.settle().await;
    let (advocate, mut brought) = (ada.id().await, Vec::new());
    let listed = shop.api.get("/v1/referrals").query("min_position", shop.seen()).document().await;
    for referral in listed["data"].as_array().unwrap() {
        assert_eq!((&referral["advocate_id"], &referral["status"]), (&json!(advocate), &json!("pending")));
        brought.push(referral["friend_id"].as_str().unwrap().to_owned());
    }
    let mut friends = vec![landed.id().await, carted.id().await, couponed.id().await];
    brought.sort();
    friends.sort();
    assert_eq!(brought, friends);
}

#[tokio::test]
async fn a_word_has_one_owner_and_whoever_comes_later_is_told() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let [ada, bob, cay] = [(); 3].map(|()| shop.shopper());
    let word = word(&shop, ada);
    let file = format!(
        "external_id,points,referral_code\n{0},10,{word}\n{1},10,{word}\n{2},10,ab\n{0},5,{word}\n",
        ada.external_id, bob.external_id, cay.external_id
    )
    .replace("points,", "points,lot,")
    .replace(",10,", ",10,a,")
    .replace(",5,", ",5,b,");
    let tried = import(&shop, "?dry_run=true", &file).await;
    let path = format!("/v1/imports/{}/carry_out", tried["id"].as_str().unwrap());
    let real = shop.api.call(Method::POST, &path).document().await;
    let done = finished(&shop, real["id"].as_str().unwrap()).await;
    assert_eq!((outcome(&tried), outcome(&done)), ([2, 0, 0, 2], [2, 0, 0, 2]));
    let row = |line, reason: &str| (line, "referral_code".to_owned(), reason.to_owned());
    assert_eq!(rejections(&shop, &done).await, [row(3, "taken"), row(4, "not_a_code")]);
    assert_eq!(rejections(&shop, &tried).await, rejections(&shop, &done).await);
    assert_eq!(ada.available().await, 15);

    let dee = shop.shopper();
    let later = import(&shop, "", &format!("external_id,points,referral_code\n{},10,{word}\n", dee.external_id)).await;
    assert_eq!(rejections(&shop, &later).await, [row(2, "taken")]);
    let elsewhere = format!("external_id,points,referral_code\n{},10,{word}\n", ada.external_id);
    let elsewhere = import(&other, "", &elsewhere).await;
    assert_eq!(rejections(&other, &elsewhere).await, [row(2, "taken")]);
    assert!(leads_to(&word).await.unwrap().contains(&shop.domain));
}
