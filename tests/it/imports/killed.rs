//! kill -9 of the process that takes the rows in, in the midst of its pieces and again and again. Whatever it had done by then, the
//! import comes to its end, and every row has had its effect once.

use std::{collections::BTreeMap, time::Duration};

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time;
use uuid::Uuid;

use crate::installation::program::{start, variable};

const PATIENCE: Duration = Duration::from_secs(240);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const KILLS: usize = 5;
/// Rows between two kills, at least.
const STRIDE: i64 = 1_000;

const FIRST_ID: u64 = 7_100_000_000_000;
/// About each of them the file has a row; about every third a second one, a few pieces further on.
const PEOPLE: u64 = 6_000;
/// Of these, those whom the shop had told of before: every twenty-fifth.
const KNOWN: u64 = PEOPLE / 25;
/// Of an order that the known had placed by then.
const ORDERED: i64 = 50;

/// What somebody brings, as the file has it and as it is to be here.
struct Person {
    id: u64,
    points: i64,
    /// In a row of its own.
    more: Option<i64>,
    is_known: bool,
    has_tier: bool,
    word: Option<String>,
}

fn person(n: u64) -> Person {
    let points = |modulus: u64| i64::try_from(1 + n % modulus).unwrap();
    Person {
        id: FIRST_ID + n,
        points: points(7),
        more: n.is_multiple_of(3).then(|| points(11)),
        is_known: n % 25 == 3,
        has_tier: n.is_multiple_of(5),
        word: (n % 9 == 1).then(|| format!("killed-{n}")),
    }
}

fn people() -> impl Iterator<Item = Person> {
    (0..PEOPLE).map(person)
}

/// A file, and what is wrong with which of its lines.
struct File {
    text: String,
    rows: u64,
    wrong: BTreeMap<u64, (&'static str, &'static str)>,
}

impl File {
    fn new() -> File {
        let text = "external_id,lot,points,tier,referral_code\n".to_owned();
        let mut file = File { text, rows: 0, wrong: BTreeMap::new() };
        for person in people() {
            let Person { id, points, has_tier, word, .. } = &person;
            let tier = if *has_tier { "Gold" } else { "" };
            file.put(&format!("{id},balance,{points},{tier},{}", word.as_deref().unwrap_or_default()));
            match id % 40 {
                1 => file.turned_away(&format!("{id},other,many,,"), ("points", "not_a_whole_number")),
                2 => file.turned_away(&format!("{id},balance,{points},{tier},"), ("row", "duplicate_row")),
                // Whose it is was said in a piece before.
                5 if *id > FIRST_ID + 2_000 => {
                    file.turned_away(&format!("{id},other,9,,killed-1"), ("referral_code", "taken"));
                }
                _ => {}
            }
        }
        for person in people() {
            if let Some(more) = person.more {
                file.put(&format!("{},more,{more},,", person.id));
            }
        }
        file
    }

    fn put(&mut self, row: &str) {
        self.text.push_str(row);
        self.text.push('\n');
        self.rows += 1;
    }

    fn turned_away(&mut self, row: &str, why: (&'static str, &'static str)) {
        self.put(row);
        // The header is line 1.
        self.wrong.insert(self.rows + 1, why);
    }
}

/// A shop with a tier called Gold, and the customers it had told of by then.
async fn shop(installation: &Installation) -> Shop {
    let shop = Shop::open(installation, "killed.myshopify.com", "killed-secret").await.unwrap();
    let tiers = json!({ "measure": "orders", "tiers": [{ "id": "gold", "name": "Gold", "entry": 1_000 }] });
    let current = shop.call(Method::GET, "/v1/vip_tiers").send().await.unwrap();
    let tag = current.headers()["etag"].clone();
    let defined = shop.call(Method::PUT, "/v1/vip_tiers").header("if-match", tag).json(&tiers).send().await.unwrap();
    assert!(defined.status().is_success(), "{defined:?}");
    for (order, known) in (1..).zip(people().filter(|person| person.is_known)) {
        let body = OrderSample { customer_id: Some(known.id), ..OrderSample::new(order) }.body();
        assert_eq!(shop.deliver("orders/create", &body).await.unwrap().outcome, "accepted");
    }
    shop
}

async fn hand_in(shop: &Shop, file: &File) -> Value {
    let call = shop.call(Method::POST, "/v1/imports").timeout(PATIENCE).body(file.text.clone());
    let import: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(import["rows"].as_u64(), Some(file.rows), "{import}");
    import
}

/// Looks until what is looked for is there.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        let mut clock = time::interval(LOOK_EVERY);
        loop {
            clock.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what}: in vain"))
}

/// The installation's read models, which outlive its gateway.
struct Rows {
    db: PgPool,
    merchant: Uuid,
}

impl Rows {
    async fn of(installation: &Installation, shop: &Shop) -> Rows {
        let db = PgPool::connect(&variable(installation, "LOYALNEST_DATABASE_URL")).await.unwrap();
        let merchant: aggregates::id::MerchantId = shop.merchant_id.parse().unwrap();
        Rows { db, merchant: merchant.0 }
    }

    async fn counted(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).bind(self.merchant).fetch_one(&self.db).await.unwrap()
    }

    /// Rows on record, once there are so many and lots of a piece that is not on record are there as well.
    async fn in_the_midst(&self, after: i64) -> i64 {
        let statement = "select created + updated + unchanged + rejected from read.customer_import_logs
            where merchant = $1 and finished_at is null and lots < (
                select count(*) from read.points_transactions where merchant = $1 and type = 'import')";
        until("the midst of a piece", async || {
            let done = sqlx::query_scalar(statement).bind(self.merchant).fetch_optional(&self.db).await.unwrap();
            done.filter(|done: &i64| *done >= after)
        })
        .await
    }
}

async fn finished(shop: &Shop, import: &Value) -> Value {
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    until("the end of the import", async || {
        let import = shop.get(&path).await.unwrap();
        (import["state"] != "open").then_some(import)
    })
    .await
}

#[tokio::test]
async fn whoever_takes_rows_in_may_be_killed_in_their_midst_and_each_has_its_effect_once() {
    let mut installation = start(Setting::default()).await;
    let shop = shop(&installation).await;
    let rows = Rows::of(&installation, &shop).await;
    let file = File::new();
    let import = hand_in(&shop, &file).await;
    let mut after = 0;
    for _ in 0..KILLS {
        after = rows.in_the_midst(after).await + STRIDE;
        installation.kill_gateway().await.unwrap();
        installation.start_again().await.unwrap();
    }
    let import = finished(&shop, &import).await;
    counts_are_those_of_the_file(&import, &file);
    assert_eq!(rejections(&shop, &import).await, file.wrong);
    everybody_has_what_the_file_says(&shop, &rows).await;
    everybody_has_one_tier_and_one_link(&rows).await;
    old_words_lead_to_links(&installation).await;
    for name in ["balances", "points_transactions", "customer_imports", "referrals"] {
        let verified = installation.command(&["projections", "verify", name, "--share", "100"]).await.unwrap();
        assert!(verified.status.success(), "{name}: {verified:?}");
    }
}

/// As of an import that nobody disturbed.
fn counts_are_those_of_the_file(import: &Value, file: &File) {
    let number = |name: &str| import[name].as_u64().unwrap();
    let more = people().filter(|person| person.more.is_some()).count() as u64;
    let wrong = file.wrong.len() as u64;
    let expected = [PEOPLE - KNOWN, KNOWN + more, 0, wrong, PEOPLE + more];
    assert_eq!(["created", "updated", "unchanged", "rejected", "lots"].map(number), expected, "{import}");
    let points: i64 = people().map(|person| person.points + person.more.unwrap_or(0)).sum();
    assert_eq!((import["state"].as_str(), import["points"].as_i64()), (Some("finished"), Some(points)));
}

async fn rejections(shop: &Shop, import: &Value) -> BTreeMap<u64, (&'static str, &'static str)> {
    let reasons = [("points", "not_a_whole_number"), ("row", "duplicate_row"), ("referral_code", "taken")];
    let (mut rejections, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let id = import["id"].as_str().unwrap();
        let page = shop.get(&format!("/v1/imports/{id}/rejections?limit=250{cursor}")).await.unwrap();
        for row in page["data"].as_array().unwrap() {
            let reason = reasons.iter().find(|(column, why)| row["column"] == *column && row["reason"] == *why);
            let again = rejections.insert(row["line"].as_u64().unwrap(), *reason.unwrap_or_else(|| panic!("{row}")));
            assert_eq!(again, None, "a line is turned away once: {row}");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rejections,
        }
    }
}

/// By the export of everything: somebody's lots in it, whoever they are to us.
async fn everybody_has_what_the_file_says(shop: &Shop, rows: &Rows) {
    let export = shop.call(Method::GET, "/v1/exports/customers?format=jsonl").timeout(PATIENCE).send().await.unwrap();
    let export = export.text().await.unwrap();
    let mut held: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    for line in export.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let id = row["external_id"].as_str().unwrap().trim_start_matches("shopify:").parse().unwrap();
        let points = row["points"].as_str().map_or_else(|| row["points"].as_i64(), |points| points.parse().ok());
        held.entry(id).or_default().push(points.unwrap());
    }
    for person in people() {
        let ordered = person.is_known.then_some(ORDERED);
        let mut expected: Vec<i64> = [Some(person.points), person.more, ordered].into_iter().flatten().collect();
        let mut lots = held.remove(&person.id).unwrap_or_else(|| panic!("{} is nobody", person.id));
        expected.sort_unstable();
        lots.sort_unstable();
        assert_eq!(lots, expected, "{}", person.id);
    }
    assert!(held.is_empty(), "nobody else is there: {held:?}");
    let lines = "select count(*) from read.points_transactions where merchant = $1 and type = 'import'";
    let more = people().filter(|person| person.more.is_some()).count() as u64;
    assert_eq!(rows.counted(lines).await, i64::try_from(PEOPLE + more).unwrap());
}

async fn everybody_has_one_tier_and_one_link(rows: &Rows) {
    let with_tiers = i64::try_from(people().filter(|person| person.has_tier).count()).unwrap();
    let with_words = i64::try_from(people().filter(|person| person.word.is_some()).count()).unwrap();
    let with_either = people().filter(|person| person.has_tier || person.word.is_some()).count();
    let gifts = "select count(*) from read.tier_gifts where merchant = $1 and ended_at is null";
    assert_eq!(rows.counted(gifts).await, with_tiers);
    assert_eq!(
        rows.counted("select count(distinct customer) from read.tier_gifts where merchant = $1").await,
        with_tiers
    );
    assert_eq!(rows.counted("select count(*) from read.referral_links where merchant = $1").await, with_words);
    let links = "select count(distinct customer) from read.referral_links where merchant = $1";
    assert_eq!(rows.counted(links).await, with_words);
    let noted = "select count(*) from read.audit_logs where merchant = $1 and action = 'customer.imported'";
    assert_eq!(rows.counted(noted).await, i64::try_from(with_either).unwrap());
    until("everybody in their tier", async || {
        let members =
            rows.counted("select count(*) from read.tier_members where merchant = $1 and tier = 'gold'").await;
        (members == with_tiers).then_some(())
    })
    .await;
}

async fn old_words_lead_to_links(installation: &Installation) {
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut targets = Vec::new();
    for word in people().filter_map(|person| person.word).step_by(50) {
        let answer = browser.get(format!("{}/r/{word}", installation.url())).send().await.unwrap();
        let target = answer.headers().get("location").unwrap_or_else(|| panic!("{word} leads nowhere"));
        targets.push(target.to_str().unwrap().to_owned());
    }
    let many = targets.len();
    targets.sort();
    targets.dedup();
    assert_eq!((targets.len(), many > 5), (many, true), "each leads to a link of its own");
}
