//! The books: what the read model says is what the log says, whatever happened; a closed period is signed and stays.

use aggregates::{books::BooksCommand, time::Timestamp};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use gateway::{clock::new_id, commands::Request};
use journal::{Actor, Subject};
use projections::{
    books::{self, Day},
    replay::{Moment, merchant},
};
use serde_json::{Value, json};

use crate::{
    scenarios::arrival::{Chance, History},
    support::{Answer, Installation, Shop, on_shared_runtime},
};

const PERIODS: &str = "/v1/books/periods";
/// Random histories that are tried; each takes about a second.
const HISTORIES: u64 = 6;

async fn figures(shop: &Shop, query: &[(&str, String)]) -> Value {
    let mut call = shop.api.get("/v1/books").query("min_position", shop.seen());
    for (name, value) in query {
        call = call.query(name, value);
    }
    let books = call.document().await;
    balances(&books["points"]);
    books
}

fn balances(points: &Value) {
    let of = |name: &str| points[name].as_i64().unwrap();
    let closing = of("opening") + of("issued") + of("restored")
        - of("redeemed")
        - of("expired")
        - of("reversed")
        - of("forfeited");
    assert_eq!(closing, of("closing"), "{points}");
}

fn date(instant: Timestamp) -> String {
    Day::of(instant).date().to_string()
}

fn after(instant: Timestamp, days: i64) -> Timestamp {
    Timestamp(instant.0 + days * Timestamp::MICROS_PER_DAY)
}

async fn close(shop: &Shop, until: &str) -> Answer {
    let answer = shop.api.post(PERIODS, &json!({ "until": until })).send().await;
    shop.has_seen(answer.body["position"].as_u64());
    answer
}

#[tokio::test]
async fn every_kind_of_movement_stands_in_its_column() {
    let shop = Shop::open().await;
    let rate = json!({ "points": 100, "amount_minor": 250 });
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 }, "redemption": rate })).await;
    let (ada, bea) = (shop.shopper(), shop.shopper());
    let order = ada.order(100_00);
    assert!(order.deliver().await.is_accepted());
    assert!(order.refund_of_amount(30_00).deliver().await.is_accepted());
    let redemption = ada.redeem(50).await;
    ada.redeem(5).await;
    assert_eq!(ada.cancel(&redemption).await.status, 201);
    assert_eq!(ada.adjust(-3, "a mistake").await.status, 201);
    shop.advance_days(31).await;
    assert!(bea.order(40_00).deliver().await.is_accepted());

    let books = figures(&shop, &[]).await;
    let expected = json!({ "opening": 0, "issued": 140, "restored": 50, "redeemed": 55, "expired": 62, "reversed": 33,
                           "forfeited": 0, "closing": 40 });
    assert_eq!(books["points"], expected);
    assert_eq!((&books["rate"]["amount_minor"], &books["value_minor"]["closing"]), (&json!(250), &json!(100)));
    assert!(books["rate"]["currency"].as_str().is_some_and(|code| code.len() == 3));
}

#[tokio::test]
async fn days_and_months_add_up_to_the_whole() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let start = shop.now();
    for _ in 0..4 {
        assert!(ada.order(10_00).deliver().await.is_accepted());
        shop.advance_days(17).await;
    }
    let whole = figures(&shop, &[]).await;
    assert_eq!(whole["points"]["issued"], 40);
    for by in ["day", "month"] {
        let books = figures(&shop, &[("by", by.to_owned())]).await;
        let entries = books["entries"].as_array().unwrap();
        assert!(entries.len() >= 2, "{books:#}");
        let issued: i64 = entries.iter().map(|entry| entry["points"]["issued"].as_i64().unwrap()).sum();
        assert_eq!(issued, 40);
        for pair in entries.windows(2) {
            assert_eq!(pair[0]["points"]["closing"], pair[1]["points"]["opening"]);
        }
        entries.iter().for_each(|entry| balances(&entry["points"]));
    }
    // What came before a day is in its opening.
    let second = date(after(start, 17));
    let rest = figures(&shop, &[("from", second.clone())]).await;
    assert_eq!((&rest["points"]["opening"], &rest["points"]["issued"]), (&json!(10), &json!(30)));
    let first = figures(&shop, &[("to", second)]).await;
    assert_eq!((&first["points"]["opening"], &first["points"]["closing"]), (&json!(0), &json!(10)));
    for (name, nonsense) in [("from", "2026-13-01"), ("to", "tomorrow"), ("by", "week")] {
        let refused = shop.api.get("/v1/books").query(name, nonsense).send().await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "malformed_request"), "{name}={nonsense}");
    }
}

#[tokio::test]
async fn a_closed_period_is_signed_and_what_comes_late_counts_for_the_open_one() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let (order, late) = (ada.order(50_00), ada.order(20_00));
    assert!(order.deliver().await.is_accepted());
    let start = shop.now();
    shop.advance_days(2).await;
    // Made in the first period, and told in the second.
    assert!(late.deliver().await.is_accepted());
    let until = date(after(start, 1));
    let closed = close(&shop, &until).await;
    assert_eq!(closed.status, 201, "{}", closed.body);
    let period = &closed.body;
    assert_eq!((&period["period"], &period["from"]), (&json!(1), &Value::Null));
    assert_eq!((&period["points"]["issued"], &period["points"]["closing"]), (&json!(50), &json!(50)));
    is_signed(period, &shop.merchant.to_string());

    // Also the refund of an order that was made and told in the closed period.
    assert!(order.full_refund().deliver().await.is_accepted());
    let again = close(&shop, &until).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, period), "nothing is restated");
    let open = figures(&shop, &[("from", until.clone())]).await;
    let expected = json!({ "opening": 50, "issued": 20, "restored": 0, "redeemed": 0, "expired": 0, "reversed": 50,
                           "forfeited": 0, "closing": 20 });
    assert_eq!(open["points"], expected);

    shop.advance_days(3).await;
    let next = date(after(start, 4));
    let second = close(&shop, &next).await.body;
    assert_eq!((&second["period"], &second["points"]), (&json!(2), &expected));
    assert_eq!(second["from"], period["until"]);
    let listed = shop.api.get(PERIODS).query("min_position", shop.seen()).document().await;
    assert_eq!(listed["data"], json!([second, period]));
    let older = shop.api.get(PERIODS).query("limit", 1).document().await;
    let older = shop.api.get(PERIODS).query("cursor", older["next_cursor"].as_str().unwrap()).document().await;
    assert_eq!(older["data"], json!([period]));
}

/// With nothing but what the answer says.
fn is_signed(period: &Value, merchant: &str) {
    let bytes = |name: &str| hex::decode(period[name].as_str().unwrap()).unwrap();
    let statement = period["statement"].as_str().unwrap();
    let key = UnparsedPublicKey::new(&ED25519, bytes("public_key"));
    assert!(key.verify(statement.as_bytes(), &bytes("signature")).is_ok());
    let altered = statement.replace("closing 50", "closing 51");
    assert!(altered != statement && key.verify(altered.as_bytes(), &bytes("signature")).is_err());
    assert!(statement.contains(&format!("merchant {merchant}\n")), "{statement}");
    assert!(statement.contains(&format!("line {}\n", period["line_position"])), "{statement}");
}

#[tokio::test]
async fn what_cannot_be_closed_is_refused() {
    let shop = Shop::open().await;
    let start = shop.now();
    let code = async |until: &str| {
        let answer = close(&shop, until).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(code(&date(after(start, 1))).await, (409, "period_not_over".to_owned()));
    assert_eq!(code("yesterday").await, (422, "invalid".to_owned()));
    assert_eq!(code(&date(start)).await.0, 201, "also a period in which nothing happened");
    assert_eq!(code(&date(after(start, -1))).await, (409, "period_closed".to_owned()));
}

#[tokio::test]
async fn two_who_close_the_same_period_close_it_once() {
    let shop = Shop::open().await;
    assert!(shop.shopper().order(10_00).deliver().await.is_accepted());
    let start = shop.now();
    shop.advance_days(1).await;
    let until = date(after(start, 1));
    let both = futures::future::join_all([close(&shop, &until), close(&shop, &until)]).await;
    assert_eq!((both[0].status.as_u16(), &both[0].body), (201, &both[1].body));
    assert_eq!(both[0].body["points"]["closing"], 10);
}

/// As a crash leaves it: the line is in the log, and no figures follow.
async fn a_line_is_drawn(shop: &Shop, until: Timestamp) {
    let gateway = Installation::shared().gateway.clone();
    let (merchant, now) = (shop.merchant, shop.now());
    let drawn = on_shared_runtime(async move {
        let request = Request {
            merchant,
            now,
            actor: Actor::Operator("test".to_owned()),
            correlation: new_id(),
            traceparent: None,
        };
        let draw = BooksCommand::DrawLine { until, now };
        gateway.books.execute(Subject::books(merchant), &request.context(), &draw).await
    });
    shop.has_seen(drawn.await.unwrap().position);
}

#[tokio::test]
async fn what_a_crash_left_half_closed_is_completed_by_closing_it_again() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let start = shop.now();
    shop.advance_days(2).await;
    let until = Day::of(after(start, 1)).start();
    a_line_is_drawn(&shop, until).await;
    assert!(ada.order(20_00).deliver().await.is_accepted());

    let another = close(&shop, &date(after(start, 2))).await;
    assert_eq!((another.status.as_u16(), another.code()), (409, "period_closing"));
    let closed = close(&shop, &date(until)).await.body;
    assert_eq!((&closed["points"]["issued"], &closed["points"]["closing"]), (&json!(50), &json!(50)));
    assert!(closed["line_position"].as_u64() < closed["position"].as_u64());
    assert_eq!(close(&shop, &date(after(start, 2))).await.body["points"]["opening"], 50);
}

#[tokio::test]
async fn the_books_are_what_the_log_says_whatever_happened() {
    for seed in 1..=HISTORIES {
        let shop = Shop::open().await;
        let mut chance = Chance::of(seed);
        let policy = ["allow", "clamp", "pending_only"][chance.below(3)];
        shop.publish(json!({ "negative_balance": policy, "expiry": { "kind": "after_earning", "days": 5 },
                             "hold": { "days": chance.below(3) } }))
            .await;
        let history = History::made_by(&mut chance, shop.now());
        for (number, (topic, body)) in history.webhooks_as_they_arrive(&mut chance).into_iter().enumerate() {
            let delivery = shop.deliver(topic, &body).await;
            assert!(delivery.status.is_success(), "{topic}: {delivery:?}");
            something_else(&shop, &history, &mut chance, number).await;
        }
        shop.has_seen_everything_of(Installation::shared()).await;
        agrees_with_the_log(&shop, seed).await;
    }
}

/// Spending, giving back, time.
async fn something_else(shop: &Shop, history: &History, chance: &mut Chance, number: usize) {
    let shopper = shop.known_as(history.survivors[chance.below(history.survivors.len())]);
    match (number % 4, shopper.find().await.is_null()) {
        (0, false) if shopper.available().await > 9 => {
            let redemption = shopper.redeem(1 + chance.below(9) as i64).await;
            if chance.below(2) == 0 {
                assert_eq!(shopper.cancel(&redemption).await.status, 201);
            }
        }
        (1, false) => {
            let points = chance.below(30) as i64 - 15;
            shopper.adjust(points, "by hand").await;
        }
        (2, _) => shop.advance_days(1).await,
        _ => {}
    }
}

/// Read model and log day by day; and the sum of all days is what all lots hold, less all debt.
async fn agrees_with_the_log(shop: &Shop, seed: u64) {
    figures(shop, &[]).await;
    let (gateway, of) = (Installation::shared().gateway.clone(), shop.merchant);
    let (past, days, total) = on_shared_runtime(async move {
        let past = merchant::as_of(&gateway.journal, of, Moment::Position(u64::MAX), |_| {}).await.unwrap();
        let days = books::days(&gateway.db, of, Day(0), Day(100_000)).await.unwrap();
        let total = books::until(&gateway.db, of, Day(100_000)).await.unwrap();
        (past, days, total)
    })
    .await;
    let read: Vec<_> = days.iter().map(|entry| (entry.day, entry.flow)).collect();
    let replayed: Vec<_> = past.books.days().iter().map(|(day, flow)| (*day, *flow)).collect();
    assert_eq!(read, replayed, "seed {seed}");
    assert!(read.len() > 1, "seed {seed}: several days");
    assert_eq!(total.net(), past.total(), "seed {seed}: the sum of all lots");
}
