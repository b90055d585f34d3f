//! A shop whose token expires: renewed before it is used, by one worker at a time, and on record before anybody uses it.

use futures::future::join_all;
use serde_json::{Value, json};

use super::kit::{five_off, now, offered, points, stand_in, take, time_passes, with_points};
use crate::support::{Credentials, Installation, Shop, Shopper, TokenFault, on_shared_runtime};

const HOUR: u32 = 3_600;
const REFRESH: &str = "shprt_first";

/// What the shop gives for tokens.
fn credentials() -> Credentials {
    Credentials { client_id: "an-app".to_owned(), client_secret: "hush".to_owned(), refresh_token: REFRESH.to_owned() }
}

async fn connect(shop: &Shop, refresh_token: &str) -> Value {
    let token = format!("shpat_{}", shop.merchant.0.simple());
    stand_in().await.opens_with(&shop.domain, &token);
    stand_in()
        .await
        .renews_with(&shop.domain, Credentials { refresh_token: refresh_token.to_owned(), ..credentials() });
    let access = json!({ "admin_token": token, "expires_in": HOUR, "renewal": {
        "client_id": "an-app", "client_secret": "hush", "refresh_token": refresh_token,
        "refresh_token_expires_in": 90 * 24 * HOUR } });
    shop.api.put("/v1/integrations/shopify", &access).document().await
}

async fn integration(shop: &Shop) -> Value {
    shop.api.get("/v1/integrations/shopify").document().await
}

async fn taken<'a>(shop: &'a Shop, reward: &str) -> (Shopper<'a>, Value) {
    let ada = with_points(shop, 100).await;
    let taken = take(ada, reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    (ada, taken.body)
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_not_earlier() {
    let shop = Shop::open().await;
    let connected = connect(&shop, REFRESH).await;
    assert_eq!((&connected["status"], connected["token_expires_at"].is_string()), (&json!("connected"), true));
    assert!(!connected.to_string().contains("shp"), "no token is shown");
    let reward = offered(&shop, five_off(json!({}))).await;
    let (ada, first) = taken(&shop, &reward).await;
    shop.settle().await;
    assert_eq!(
        (now(ada, &first).await["status"].clone(), stand_in().await.renewals(&shop.domain)),
        (json!("active"), (0, 0))
    );

    shop.advance(std::time::Duration::from_secs(3_500)).await;
    let (bob, second) = taken(&shop, &reward).await;
    time_passes(&shop, 1).await;
    assert_eq!(now(bob, &second).await["status"], "active");
    assert_eq!(stand_in().await.renewals(&shop.domain), (1, 0));
    let (cem, third) = taken(&shop, &reward).await;
    time_passes(&shop, 1).await;
    assert_eq!(
        (now(cem, &third).await["status"].clone(), stand_in().await.renewals(&shop.domain)),
        (json!("active"), (2, 0))
    );
    assert_ne!(integration(&shop).await["token_expires_at"], connected["token_expires_at"]);
}

#[tokio::test]
async fn workers_at_once_renew_once() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    connect_about_to_end(&shop).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    for _ in 0..4 {
        taken(&shop, &reward).await;
    }
    let merchant = shop.merchant;
    let processes = [installation.another_process().await, installation.another_process().await];
    let rush = async move {
        let workers: Vec<_> = processes.iter().cycle().take(4).map(gateway::Gateway::task_worker).collect();
        join_all(workers.iter().map(|worker| worker.run_due(merchant))).await
    };
    for outcome in on_shared_runtime(rush).await {
        outcome.unwrap();
    }
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 4);
    assert_eq!(stand_in().await.renewals(&shop.domain), (1, 0), "one refresh token is used up once");
}

/// So little is left of the token that it is renewed before its first use.
async fn connect_about_to_end(shop: &Shop) {
    stand_in().await.opens_with(&shop.domain, "shpat_ending");
    stand_in().await.renews_with(&shop.domain, credentials());
    let access = json!({ "admin_token": "shpat_ending", "expires_in": 60, "renewal": {
        "client_id": "an-app", "client_secret": "hush", "refresh_token": REFRESH } });
    shop.api.put("/v1/integrations/shopify", &access).document().await;
}

#[tokio::test]
async fn an_endpoint_that_fails_or_whose_answer_is_lost_costs_a_delay() {
    let shop = Shop::open().await;
    connect_about_to_end(&shop).await;
    let faults = [TokenFault::Down, TokenFault::TooMany, TokenFault::DropsAfter];
    stand_in().await.fails_to_renew(&shop.domain, faults);
    let reward = offered(&shop, five_off(json!({}))).await;
    let (ada, body) = taken(&shop, &reward).await;
    time_passes(&shop, 4).await;
    assert_eq!((now(ada, &body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
    assert_eq!(integration(&shop).await["status"], "connected");
    assert_eq!(stand_in().await.renewals(&shop.domain).1, 0, "the pair that was lost was not needed");
}

#[tokio::test]
async fn a_refused_renewal_is_seen_and_what_is_to_be_made_waits_for_a_connection() {
    let shop = Shop::open().await;
    connect_about_to_end(&shop).await;
    stand_in().await.revokes(&shop.domain);
    let reward = offered(&shop, five_off(json!({}))).await;
    let (ada, body) = taken(&shop, &reward).await;
    shop.settle().await;
    let shown = integration(&shop).await;
    assert_eq!((&shown["status"], &shown["connected"]), (&json!("needs_reconnection"), &json!(false)));
    assert_eq!((now(ada, &body).await["status"].clone(), points(ada).await), (json!("pending"), (100, 0)));
    let open = shop.api.get("/v1/tasks").query("state", "open").query("kind", "reward.make").document().await;
    assert_eq!((open["data"][0]["attempts"].clone(), stand_in().await.renewals(&shop.domain)), (json!(0), (0, 1)));

    connect(&shop, "shprt_anew").await;
    assert_eq!(integration(&shop).await["status"], "connected");
    time_passes(&shop, 1).await;
    assert_eq!((now(ada, &body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
}

#[tokio::test]
async fn a_token_that_the_shop_takes_no_more_before_its_time_is_renewed() {
    let shop = Shop::open().await;
    connect(&shop, REFRESH).await;
    shop.advance(std::time::Duration::from_secs(120)).await;
    stand_in().await.opens_with(&shop.domain, "shpat_of_somebody_else");
    let reward = offered(&shop, five_off(json!({}))).await;
    let (ada, body) = taken(&shop, &reward).await;
    time_passes(&shop, 1).await;
    assert_eq!((now(ada, &body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
}

#[tokio::test]
async fn a_shop_in_which_nothing_is_made_for_months_keeps_its_connection() {
    let shop = Shop::open().await;
    connect(&shop, REFRESH).await;
    for _ in 0..4 {
        shop.advance_days(30).await;
    }
    assert!(stand_in().await.renewals(&shop.domain).0 >= 2, "each before its refresh token was 90 days old");
    let reward = offered(&shop, five_off(json!({}))).await;
    let (ada, body) = taken(&shop, &reward).await;
    time_passes(&shop, 1).await;
    assert_eq!(now(ada, &body).await["status"], "active");
}

#[tokio::test]
async fn half_of_what_renews_a_token_is_refused_with_its_place() {
    let shop = Shop::open().await;
    let renewal = json!({ "client_id": "an-app", "client_secret": "a b", "refresh_token": REFRESH });
    for (access, pointer) in [
        (json!({ "admin_token": "t", "expires_in": 60 }), "/renewal"),
        (json!({ "admin_token": "t", "renewal": renewal }), "/expires_in"),
        (json!({ "admin_token": "t", "expires_in": 60, "renewal": renewal }), "/renewal/client_secret"),
    ] {
        let answer = shop.api.put("/v1/integrations/shopify", &access).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!(pointer)), "{}", answer.body);
    }
}
