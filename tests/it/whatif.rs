//! What another programme would have made of the real history: through the door, and at the command line.

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{installation::Setting, shop::Shop as DrilledShop};
use serde_json::{Value, json};

use crate::{installation::program::start, support::Shop};

async fn tried(shop: &Shop, proposal: Value) -> Value {
    shop.settle().await;
    shop.api.post("/v1/program_settings/preview", &proposal).document().await
}

/// Two shoppers with orders, a refund, a redemption, an adjustment, tiers and a campaign.
async fn lively() -> Shop {
    let shop = Shop::open().await;
    let tiers = json!({
        "measure": "points_earned",
        "tiers": [{ "id": "silver", "name": "Silver", "entry": 50, "retention": 50, "multiplier": "1.5" }]
    });
    shop.publish(json!({ "vip_tiers": tiers })).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    assert!(ada.order(60_00).deliver().await.is_accepted());
    let multiply = json!({ "name": "more", "multiply": { "factor": "2" } });
    assert!(shop.api.post("/v1/campaigns", &multiply).send().await.status.is_success());
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let refunded = bob.order(40_00);
    assert!(refunded.deliver().await.is_accepted());
    assert!(refunded.refund_of_amount(10_00).deliver().await.is_accepted());
    assert_eq!((ada.available().await, bob.available().await), (90, 60));
    ada.redeem(20).await;
    assert!(bob.adjust(5, "an apology").await.status.is_success());
    shop
}

#[tokio::test]
async fn the_programme_in_force_makes_of_the_past_what_it_was() {
    let shop = lively().await;
    let answer = tried(&shop, json!({})).await;
    assert_eq!(answer["happened"], answer["proposed"], "{answer:#}");
    assert_eq!((&answer["winners"], &answer["losers"], &answer["extra_points"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(
        (&answer["customers"], &answer["orders"], &answer["approximated_orders"]),
        (&json!(2), &json!(3), &json!(0))
    );
    assert_eq!((&answer["happened"]["points"], &answer["happened"]["outstanding"]), (&json!(150), &json!(135)));
    assert_eq!(answer["happened"]["tiers"], json!({ "silver": 2 }));
}

#[tokio::test]
async fn another_programme_has_winners_losers_costs_and_other_tiers() {
    let shop = lively().await;
    let rule = json!({ "id": "orders", "points_per_unit": "1" });
    let flat =
        json!({ "program_settings": { "vip_tiers": { "tiers": [] }, "earning_rules": [rule] }, "campaigns": [] });
    let answer = tried(&shop, flat).await;
    // Ada loses the tier and the campaign on her second order, Bob the campaign.
    assert_eq!((&answer["proposed"]["points"], &answer["extra_points"]), (&json!(100), &json!(-50)), "{answer:#}");
    assert_eq!(
        (&answer["winners"], &answer["losers"], &answer["proposed"]["tiers"]),
        (&json!(0), &json!(2), &json!({}))
    );
    assert_eq!(answer["top_losers"].as_array().unwrap().len(), 2);

    let expiring = json!({ "program_settings": { "expiry": { "kind": "after_earning", "days": 30 } } });
    shop.advance_days(31).await;
    let answer = tried(&shop, expiring).await;
    assert_eq!(
        (&answer["proposed"]["outstanding"], &answer["proposed"]["expired"]),
        (&json!(0), &json!(135)),
        "{answer:#}"
    );
    assert_eq!(answer["happened"]["liability_minor"], json!(135));
    let settings = shop.api.get("/v1/program_settings").document().await;
    assert_eq!((&settings["version"], &settings["expiry"]["kind"]), (&json!(2), &json!("none")), "nothing was saved");
}

#[tokio::test]
async fn what_cannot_stand_is_refused_with_its_place() {
    let shop = Shop::open().await;
    for (proposal, pointer) in [
        (json!({ "program_settings": { "hold": { "days": 9_999 } } }), "/program_settings/hold/days"),
        (json!({ "campaigns": [{ "name": "", "multiply": { "factor": "2" } }] }), "/campaigns/0/name"),
    ] {
        let answer = shop.api.post("/v1/program_settings/preview", &proposal).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!(pointer)), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_operator_tries_a_programme_from_a_file() {
    let installation = start(Setting::default()).await;
    let shop = DrilledShop::open(&installation, "tried.myshopify.com", "tried-secret").await.unwrap();
    let order = OrderSample { customer_id: Some(7_200_000_000_001), lines: vec![(50_00, 1)], ..OrderSample::new(1) };
    let told = shop.deliver("orders/create", &order.body()).await.unwrap();
    let position = told.position.expect("it was recorded");
    shop.get(&format!("/v1/customers?min_position={position}")).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.toml");
    let programme = "[[program_settings.earning_rules]]\nid = \"orders\"\npoints_per_unit = \"3\"\n\n\
                     [[campaigns]]\nname = \"Once\"\nfrom = \"2020-01-01T00:00:00Z\"\nmultiply = { factor = \"2\" }\n";
    std::fs::write(&file, programme).unwrap();
    let file = file.to_str().unwrap();
    let printed = installation.command(&["-o", "json", "whatif", file]).await.unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let answer: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!((&answer["happened"]["points"], &answer["proposed"]["points"]), (&json!(50), &json!(300)), "{answer:#}");
    assert_eq!(answer["winners"], 1);
    let table = installation.command(&["whatif", file, "--merchant", &shop.merchant_id]).await.unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("proposed") && table.contains("1 customers, 1 orders"), "{table}");

    std::fs::write(file, "[program_settings.hold]\ndays = 9999\n").unwrap();
    let refused = installation.command(&["whatif", file]).await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("/program_settings/hold/days"));
}

#[tokio::test]
async fn segments_and_actions_are_tried_as_they_were_and_what_is_not_known_is_said() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_000).deliver().await.is_accepted());
    shop.advance_days(2).await;
    let standing = shop.api.get(&ada.path("rfm").await).query("min_position", shop.seen()).document().await;
    let segment = standing["segment"].as_str().unwrap();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let review = |points: i64| json!({ "name": "reviews", "from": "2020-01-01T00:00:00Z", "reward": { "action": "review", "points": points } });
    assert!(shop.api.post("/v1/campaigns", &review(50)).send().await.status.is_success());
    let told = json!({ "action": "review", "distinct_id": "one" });
    assert_eq!(shop.api.post(&ada.path("actions").await, &told).send().await.status, 201);

    let double = json!({ "name": "for some", "from": "2020-01-01T00:00:00Z", "audience": { "segments": [segment] },
        "multiply": { "factor": "2" } });
    let joined =
        json!({ "name": "hello", "from": "2020-01-01T00:00:00Z", "reward": { "action": "sign_up", "points": 5 } });
    let answer = tried(&shop, json!({ "campaigns": [double, review(10), joined] })).await;
    let points = |side: &str| (answer[side]["points"].clone(), answer[side]["bonus_points"].clone());
    assert_eq!(points("happened"), (json!(150), json!(50)), "{answer:#}");
    assert_eq!(points("proposed"), (json!(100 + 2 * 50), json!(10 + 5)), "{answer:#}");
    assert_eq!(answer["extra_points"], json!(215 - 200));
    let codes = |part: &str| -> Vec<String> {
        answer[part].as_array().unwrap().iter().map(|caveat| caveat["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("assumptions"), ["same_behaviour", "no_holds_graces_debts", "segments_as_known_then"]);
    assert_eq!(codes("not_included"), ["segments_not_known", "unrewarded_actions"]);

    let plain = tried(&shop, json!({})).await;
    assert_eq!((plain["happened"].clone(), &plain["not_included"]), (plain["proposed"].clone(), &json!([])));
}

#[tokio::test]
async fn another_price_of_a_reward_is_tried_on_everybody_who_took_it() {
    let shop = crate::rewards::kit::connected(Shop::open().await).await;
    let ada = crate::rewards::kit::with_points(&shop, 300).await;
    let reward = crate::rewards::kit::offered(&shop, crate::rewards::kit::five_off(json!({}))).await;
    assert_eq!(crate::rewards::kit::take(ada, &reward).await.status, 201);
    let asked = |cost: Value| json!({ "rewards": [{ "reward_id": reward, "cost_points": cost }] });
    let cheaper = tried(&shop, asked(json!(40))).await;
    assert_eq!((&cheaper["happened"]["redeemed"], &cheaper["proposed"]["redeemed"]), (&json!(100), &json!(40)));
    assert_eq!(cheaper["proposed"]["outstanding"], json!(260), "{cheaper:#}");
    assert_eq!(cheaper["not_included"][0]["code"], "reward_conditions");
    let never = tried(&shop, asked(Value::Null)).await;
    assert_eq!((&never["proposed"]["redeemed"], &never["proposed"]["outstanding"]), (&json!(0), &json!(300)));
    let nonsense = shop.api.post("/v1/program_settings/preview", &asked(json!(0))).send().await;
    assert_eq!((nonsense.status.as_u16(), &nonsense.body["pointer"]), (422, &json!("/rewards/0/cost_points")));
}
