//! People, orders and words that exist nowhere else, and webhooks that are full of them.

use aggregates::time::Timestamp;
use gateway::shopify::sample::{CustomerSample, MergeSample, OrderSample};
use serde_json::{Value, json};

use super::forms::{self, Form};

/// One value that must not be found on any disk.
#[derive(Debug, Clone)]
pub struct Canary {
    pub what: &'static str,
    value: Secret,
}

#[derive(Debug, Clone)]
enum Secret {
    Text(String),
    Number(u64),
}

impl Canary {
    pub fn text(what: &'static str, text: impl Into<String>) -> Canary {
        Canary { what, value: Secret::Text(text.into()) }
    }

    pub const fn number(what: &'static str, number: u64) -> Canary {
        Canary { what, value: Secret::Number(number) }
    }

    pub fn forms(&self) -> Vec<Form> {
        match &self.value {
            Secret::Text(text) => forms::of_text(text),
            Secret::Number(number) => forms::of_number(*number),
        }
    }
}

// Above 2^53, so that their variable-length encodings are long, too.
pub const CUSTOMER: u64 = 712_345_678_901_234_567;
pub const MERGED_AWAY: u64 = 723_456_789_012_345_678;
pub const UNKNOWN_TO_US: u64 = 734_567_890_123_456_789;
pub const PARKED_CUSTOMER: u64 = 745_678_901_234_567_891;
pub const ORDER: u64 = 812_345_678_901_234_561;
pub const GUEST_ORDER: u64 = 823_456_789_012_345_672;
pub const AWAITED_ORDER: u64 = 834_567_890_123_456_783;
pub const PARKED_ORDER: u64 = 845_678_901_234_567_894;
pub const OLD_ORDER: u64 = 856_789_012_345_678_905;
pub const OUTAGE_ORDER: u64 = 867_890_123_456_789_016;
pub const MERGED_ORDER: u64 = 878_901_234_567_890_127;
pub const REFUND: u64 = 912_345_678_901_234_561;
pub const AWAITED_REFUND: u64 = 912_345_678_901_234_562;

pub const FIRST_NAME: &str = "Florentíne-Kestrel";
pub const LAST_NAME: &str = "Ibisvogel-Oystercatcher";
pub const EMAIL: &str = "Florentine.Ibis@Plover.example";
pub const OTHER_EMAIL: &str = "second-nest@sandpiper.example";
pub const UNKNOWN_EMAIL: &str = "nobody-knows@whimbrel.example";
pub const PARKED_EMAIL: &str = "unreadable@turnstone.example";
pub const GUEST_EMAIL: &str = "passing-by@dotterel.example";
pub const PHONE: &str = "+4930901820447";
pub const STREET: &str = "Brachvogelgasse 4711b";
pub const ADDRESS_NAME: &str = "Care of Mrs Goshawk-Lapwing";
pub const TOWN: &str = "Kiebitzhausen am Regenpfeifer";
pub const NOTE: &str = "please ring twice, the avocet is asleep";
pub const CODE: &str = "LN-CANARY-WRYNECK-10";
pub const SHOPS_CODE: &str = "BITTERN-WELCOME-77";
pub const ORDER_NAME: &str = "#HOOPOE-90210";
pub const GUEST_ORDER_NAME: &str = "#HOOPOE-90211";
pub const LINE_TITLE: &str = "Engraved: for my nightjar Ottilie";
pub const REASON: &str = "sorry about the broken corncrake figurine";
pub const DISCARD_REASON: &str = "told Mr Fulmar-Petrel on the phone";
pub const KEY: &str = "adjust-for-Mrs-Ibisvogel-on-monday";
pub const REDEEM_KEY: &str = "redeem-for-Mrs-Ibisvogel-on-tuesday";
pub const WRONG_FIELD: &str = "dunnock_and_redstart";
pub const WEBHOOK_SECRET: &str = "shpss_woodcock4f1e0c77";
pub const IMPORTED: u64 = 756_789_012_345_678_912;
pub const IMPORTED_EMAIL: &str = "brought-along@godwit.example";
pub const IMPORTED_NAME: &str = "Rosalinde-Phalarope";
pub const REFERRAL: &str = "https://refs.example/ruddy-turnstone-4711";
pub const REJECTED: &str = "not-an-address-of-Mr-Smew-Goosander";
pub const SALE: &str = "HERON-SALE-470815";
pub const CARD: &str = "CARD-OF-THE-SPOONBILL-77";
pub const UNKNOWN_CARD: &str = "CARD-OF-NOBODY-HOATZIN-12";
pub const ORDERED_BY_FRIEND: u64 = 889_012_345_678_901_238;
pub const FRIEND: u64 = 767_890_123_456_789_123;
pub const INVITED_EMAIL: &str = "invited-friend@pratincole.example";
pub const NAMED_EMAIL: &str = "named-and-nobody-yet@stonechat.example";
pub const DEVICE: &str = "device-mark-of-the-nuthatch";
pub const PAYMENT: &str = "payment-mark-of-the-dipper";
pub const STREET_OF_EVIDENCE: &str = "Sanderlingweg 12c";
pub const ADDRESS_OF_CLICK: &str = "2001:db8:beef:9182:4711:cafe:77:1";
pub const BROWSER_OF_CLICK: &str = "Bluethroat/9.1 (of Mr Wheatear)";
pub const BADGE_REASON: &str = "found our first bug, says Mr Wheatear-Chough";
pub const TIER_REASON: &str = "our neighbour Mrs Linnet-Serin";
pub const UNDONE_TIER_REASON: &str = "it was the other Mrs Linnet-Serin";
pub const REFERRAL_REASON: &str = "Mr Siskin-Twite has met them both";
pub const LIMIT_REASON: &str = "asked by letter of Ottilie Fieldfare";
pub const HOLD_REASON: &str = "lawsuit of Fieldfare against Redwing";
pub const REFUSAL_REASON: &str = "Mrs Fieldfare has thought better of it";
pub const TASK_REASON: &str = "told Mrs Shearwater in person instead";
pub const ACTION: &str = "review-by-Ottilie-of-the-puffin-mug";
pub const KEY_NAME: &str = "the till of Mrs Guillemot-Razorbill";
pub const ADMIN_TOKEN: &str = "shpat_bullfinch77aa01e4";
pub const CLIENT_SECRET: &str = "client-secret-of-the-crossbill";
pub const REFRESH_TOKEN: &str = "shprt_hawfinch55cc02d9";
pub const ADDRESS_OF_BROWSER: &str = "2001:db8:cafe:4711:9182:beef";

/// Everything that is planted.
pub fn all(api_key: &str) -> Vec<Canary> {
    let mut canaries = vec![
        Canary::text("a first name", FIRST_NAME),
        Canary::text("a last name", LAST_NAME),
        Canary::text("an e-mail address", EMAIL),
        Canary::text("another e-mail address", OTHER_EMAIL),
        Canary::text("the e-mail address of a compliance request", UNKNOWN_EMAIL),
        Canary::text("an e-mail address in a parked body", PARKED_EMAIL),
        Canary::text("a guest's e-mail address", GUEST_EMAIL),
        Canary::text("a phone number", PHONE),
        Canary::text("a phone number without its plus", PHONE.trim_start_matches('+')),
        Canary::text("a street", STREET),
        Canary::text("a name in an address", ADDRESS_NAME),
        Canary::text("a town", TOWN),
        Canary::text("a note", NOTE),
        Canary::text("a discount code that looks like ours", CODE),
        Canary::text("a discount code", SHOPS_CODE),
        Canary::text("the name of an order", ORDER_NAME),
        Canary::text("the name of a guest's order", GUEST_ORDER_NAME),
        Canary::text("what was bought", LINE_TITLE),
        Canary::text("the reason of an adjustment", REASON),
        Canary::text("the reason for giving up a parked webhook", DISCARD_REASON),
        Canary::text("an idempotency key", KEY),
        Canary::text("another idempotency key", REDEEM_KEY),
        Canary::text("a field that does not exist", WRONG_FIELD),
        Canary::text("the address of a browser", ADDRESS_OF_BROWSER),
        Canary::text("an e-mail address in an imported file", IMPORTED_EMAIL),
        Canary::text("a name in an imported file", IMPORTED_NAME),
        Canary::text("a referral link in an imported file", REFERRAL),
        Canary::text("what was wrong in an imported file", REJECTED),
        Canary::text("the id of a sale at a till", SALE),
        Canary::text("the number of a card", CARD),
        Canary::text("the number of a card that nobody has", UNKNOWN_CARD),
        Canary::text("the e-mail address of an invited friend", INVITED_EMAIL),
        Canary::text("the e-mail address of a friend who was named", NAMED_EMAIL),
        Canary::text("the mark of a device", DEVICE),
        Canary::text("the mark of a means of payment", PAYMENT),
        Canary::text("a street in evidence", STREET_OF_EVIDENCE),
        Canary::text("where a click came from", ADDRESS_OF_CLICK),
        Canary::text("the browser of a click", BROWSER_OF_CLICK),
        Canary::text("the reason of a badge", BADGE_REASON),
        Canary::text("the reason of a tier", TIER_REASON),
        Canary::text("the reason for taking a tier back", UNDONE_TIER_REASON),
        Canary::text("the reason of a decision on a referral", REFERRAL_REASON),
        Canary::text("the reason of a restriction", LIMIT_REASON),
        Canary::text("the reason of a legal hold", HOLD_REASON),
        Canary::text("the reason of a refusal", REFUSAL_REASON),
        Canary::text("the reason for giving up a task", TASK_REASON),
        Canary::text("what makes an action the same one", ACTION),
        Canary::text("the name of an API key", KEY_NAME),
        Canary::text("the token of the shop's own API", ADMIN_TOKEN),
        Canary::text("the secret of the shop's app", CLIENT_SECRET),
        Canary::text("what renews the shop's token", REFRESH_TOKEN),
        Canary::text("the webhook secret", WEBHOOK_SECRET),
        Canary::text("the API key", api_key),
    ];
    let numbers = [
        ("a customer's id in the shop", CUSTOMER),
        ("the id of a customer who was merged away", MERGED_AWAY),
        ("the id of a customer nobody knows", UNKNOWN_TO_US),
        ("a customer's id in a parked body", PARKED_CUSTOMER),
        ("a customer's id in an imported file", IMPORTED),
        ("an order's id", ORDER),
        ("a guest order's id", GUEST_ORDER),
        ("the id of an order that a refund waits for", AWAITED_ORDER),
        ("an order's id in a parked body", PARKED_ORDER),
        ("an order's id in a compliance request", OLD_ORDER),
        ("the id of an order sent while nothing answered", OUTAGE_ORDER),
        ("the id of an order that was merged", MERGED_ORDER),
        ("the id of a friend's order", ORDERED_BY_FRIEND),
        ("a friend's id in the shop", FRIEND),
        ("a refund's id", REFUND),
        ("the id of a refund that waits", AWAITED_REFUND),
    ];
    canaries.extend(numbers.map(|(what, number)| Canary::number(what, number)));
    canaries
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T10:00:00Z").expect("a time")
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("a sample is JSON")
}

pub fn customer() -> String {
    let sample = CustomerSample { phone: Some(PHONE.to_owned()), ..named(CUSTOMER, EMAIL) };
    let mut body = parsed(&sample.body());
    body["note"] = NOTE.into();
    body["tags"] = LAST_NAME.into();
    body["default_address"] = address();
    body["addresses"] = json!([address()]);
    body.to_string()
}

pub fn other_customer() -> String {
    named(MERGED_AWAY, OTHER_EMAIL).body()
}

fn named(customer_id: u64, email: &str) -> CustomerSample {
    CustomerSample {
        email: Some(email.to_owned()),
        first_name: FIRST_NAME.to_owned(),
        last_name: LAST_NAME.to_owned(),
        ..CustomerSample::new(customer_id)
    }
}

fn address() -> Value {
    json!({
        "first_name": FIRST_NAME, "last_name": LAST_NAME, "name": ADDRESS_NAME, "company": ADDRESS_NAME,
        "address1": STREET, "address2": ADDRESS_NAME, "city": TOWN, "zip": "00001", "phone": PHONE,
        "country_code": "DE",
    })
}

fn sample(order_id: u64, customer_id: Option<u64>) -> OrderSample {
    OrderSample {
        name: ORDER_NAME.to_owned(),
        customer_id,
        email: Some(EMAIL.to_owned()),
        phone: Some(PHONE.to_owned()),
        first_name: FIRST_NAME.to_owned(),
        last_name: LAST_NAME.to_owned(),
        lines: vec![(2_500, 2)],
        discount_codes: vec![CODE.to_owned(), SHOPS_CODE.to_owned()],
        processed_at: now(),
        updated_at: now(),
        ..OrderSample::new(order_id)
    }
}

/// With everything personal a shop can state.
fn told_in_full(order: &OrderSample) -> String {
    let mut body = parsed(&order.body());
    body["note"] = NOTE.into();
    body["browser_ip"] = ADDRESS_OF_BROWSER.into();
    body["note_attributes"] = json!([{ "name": "gift_message", "value": NOTE }]);
    body["billing_address"] = address();
    body["shipping_address"] = address();
    body["line_items"][0]["title"] = LINE_TITLE.into();
    body["line_items"][0]["name"] = LINE_TITLE.into();
    body["line_items"][0]["properties"] = json!([{ "name": "engraving", "value": LINE_TITLE }]);
    body.to_string()
}

pub fn order() -> String {
    told_in_full(&sample(ORDER, Some(CUSTOMER)))
}

pub fn refund() -> String {
    let mut body = parsed(&sample(ORDER, Some(CUSTOMER)).refund_of(REFUND, now(), &[(0, 1)]).body());
    body["note"] = NOTE.into();
    body["refund_line_items"][0]["line_item"]["title"] = LINE_TITLE.into();
    body.to_string()
}

pub fn guest_order() -> String {
    let guest = OrderSample {
        name: GUEST_ORDER_NAME.to_owned(),
        email: Some(GUEST_EMAIL.to_owned()),
        ..sample(GUEST_ORDER, None)
    };
    told_in_full(&guest)
}

pub fn refund_that_waits() -> String {
    let mut body = parsed(&sample(AWAITED_ORDER, None).refund_of(AWAITED_REFUND, now(), &[(0, 1)]).body());
    body["note"] = NOTE.into();
    body.to_string()
}

pub fn order_of_the_merged_away() -> String {
    told_in_full(&sample(MERGED_ORDER, Some(MERGED_AWAY)))
}

pub fn order_in_an_outage() -> String {
    told_in_full(&sample(OUTAGE_ORDER, Some(CUSTOMER)))
}

/// A friend's first order, with the code in the cart and the advocate's own mailbox.
pub fn order_through(code: &str) -> String {
    let mut body = parsed(&told_in_full(&sample(ORDERED_BY_FRIEND, Some(FRIEND))));
    body["note_attributes"] = json!([{ "name": "ref", "value": code }, { "name": "gift_message", "value": NOTE }]);
    body.to_string()
}

pub fn merge() -> String {
    MergeSample::completed(CUSTOMER, MERGED_AWAY).body()
}

/// Well signed, and with a currency that is none.
pub fn order_to_be_parked() -> String {
    let order = OrderSample { email: Some(PARKED_EMAIL.to_owned()), ..sample(PARKED_ORDER, Some(PARKED_CUSTOMER)) };
    let mut body = parsed(&told_in_full(&order));
    body["currency"] = FIRST_NAME.into();
    body["subtotal_price_set"] = json!({ "shop_money": { "amount": NOTE, "currency_code": FIRST_NAME } });
    body["subtotal_price"] = NOTE.into();
    body.to_string()
}

pub fn compliance_request() -> String {
    json!({
        "shop_id": 70_123_456_789_u64, "shop_domain": "canaries.myshopify.com",
        "customer": { "id": UNKNOWN_TO_US, "email": UNKNOWN_EMAIL, "phone": PHONE },
        "orders_requested": [OLD_ORDER], "orders_to_redact": [OLD_ORDER],
        "data_request": { "id": 9_999_001 },
    })
    .to_string()
}
