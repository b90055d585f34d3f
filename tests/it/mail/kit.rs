//! What the tests of mail say often.

use std::sync::LazyLock;

use gateway::shopify::sample::CustomerSample;
use loyalnest::composition::Config;
use policies::{Mailing, mail::MailServer};
use serde_json::{Value, json};

use super::server::{MailBox, Received};
use crate::support::{Installation, Shop, Shopper};

/// Where readers would reach the installation.
pub const PUBLIC_URL: &str = "https://loyalty.example";

/// An installation that sends mail, and the server that takes it.
pub struct PostOffice {
    pub installation: Installation,
    pub mail_box: MailBox,
}

static POST_OFFICE: LazyLock<PostOffice> = LazyLock::new(|| {
    let mail_box = MailBox::start();
    let url = format!("smtp://127.0.0.1:{}", mail_box.open_port);
    let server = MailServer::parse(&url, "Rewards <rewards@loyalty.example>").expect("an address");
    let mailing = Some(Mailing { server, public_url: PUBLIC_URL.to_owned() });
    let installation = Installation::own_with(move |config| Config { mailing, ..config });
    PostOffice { installation, mail_box }
});

pub fn post_office() -> &'static PostOffice {
    &POST_OFFICE
}

/// A shop that sends mails of these kinds.
pub async fn open(kinds: &[&str]) -> Shop {
    let shop = Shop::open_at(&post_office().installation).await;
    shop.publish(json!({ "mail": { "kinds": kinds, "shop_name": "The Shop" } })).await;
    shop
}

/// Somebody whose address begins with a mood of the server, by a `customers/create` in this language.
pub async fn enrolled<'a>(shop: &'a Shop, mood: &str, locale: &str) -> (Shopper<'a>, String) {
    let shopper = shop.shopper();
    let address = format!("{mood}-{}@example.com", gateway::clock::new_id().simple());
    let sample = CustomerSample {
        email: Some(address.clone()),
        first_name: "Ada <b>".to_owned(),
        updated_at: shop.now(),
        ..CustomerSample::new(shopper.external_id)
    };
    let mut body: Value = serde_json::from_str(&sample.body()).unwrap();
    body["locale"] = locale.into();
    assert!(shop.deliver("customers/create", &body.to_string()).await.is_accepted());
    (shopper, address)
}

/// Everything that this reader has got, as soon as it is so many.
pub async fn mails(address: &str, messages: usize) -> Vec<Received> {
    post_office().mail_box.of(address, messages).await
}

/// The events of one customer's mails as `(kind, outcome, reason)`, the newest first.
pub async fn outcomes(shopper: Shopper<'_>) -> Vec<(String, String, String)> {
    shopper.shop.has_seen_everything_of(&post_office().installation).await;
    let call = shopper.shop.api.get("/v1/email_events").query("customer_id", shopper.id().await);
    let page = call.query("min_position", shopper.shop.seen()).document().await;
    let word = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let outcome = |event: &Value| (word(event, "kind"), word(event, "outcome"), word(event, "reason"));
    page["data"].as_array().unwrap().iter().map(outcome).collect()
}

pub fn outcome(kind: &str, outcome: &str, reason: &str) -> (String, String, String) {
    (kind.to_owned(), outcome.to_owned(), reason.to_owned())
}

/// The value of a header, unfolded.
pub fn header(mail: &Received, name: &str) -> String {
    let head = mail.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    let start = format!("{}:", name.to_ascii_lowercase());
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&start));
    line.map(|line| line[start.len()..].trim().to_owned()).unwrap_or_default()
}

/// The path behind the public address of a mail's unsubscribe link.
pub fn unsubscribe_path(mail: &Received) -> String {
    let link = header(mail, "List-Unsubscribe");
    let link = link.trim_start_matches('<').trim_end_matches('>');
    link.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{link} leads elsewhere")).to_owned()
}

/// Tells that a customer wants mail, or none.
pub async fn choose(shopper: Shopper<'_>, subscribed: bool) {
    let path = shopper.path("mail").await;
    let answer = shopper.shop.api.put(&path, &json!({ "subscribed": subscribed })).document().await;
    shopper.shop.has_seen(answer["position"].as_u64());
}
