//! What lies inside seals is written for ever as well: the plain values, as the vault encodes them before it encrypts.

use std::fmt::Debug;

use aggregates::{
    customer::{Birthday, Profile, ReferralCode},
    gdpr::StatedRequest,
    installation::AdoptionNote,
    merchant::{AdminToken, KeyName, Renewal, ShopDomain, WebhookSecret},
    money::Currency,
    order::{Item, OrderBody, OrderLine, Refund, RefundLine},
    points::{OrderReference, StaffNote},
    task::TaskContent,
    waiting::WaitingFact,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{lines_of, values::at};

pub const FILES: [&str; 14] = [
    "sealed.profile.hex",
    "sealed.referral_code.hex",
    "sealed.birthday.hex",
    "sealed.order_reference.hex",
    "sealed.order_lines.hex",
    "sealed.staff_note.hex",
    "sealed.webhook_secret.hex",
    "sealed.shop_domain.hex",
    "sealed.stated_request.hex",
    "sealed.waiting_fact.hex",
    "sealed.adoption_note.hex",
    "sealed.admin_token.hex",
    "sealed.task_content.hex",
    "sealed.key_name.hex",
];

fn hold<T: Serialize + DeserializeOwned + PartialEq + Debug>(file: &str, samples: &[T]) {
    assert!(FILES.contains(&file), "{file} is listed");
    let now: Vec<Vec<u8>> = samples.iter().map(|plain| postcard::to_stdvec(plain).expect("a plain value")).collect();
    let lines = lines_of(file, &now);
    for (bytes, plain) in lines.iter().zip(samples) {
        assert_eq!(postcard::from_bytes::<T>(bytes).as_ref(), Ok(plain), "{file} means what it meant");
    }
    assert_eq!(lines, now, "{file} is written as it was");
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn line() -> OrderLine {
    let item = Item {
        product_id: some("632910392"),
        variant_id: some("808950810"),
        sku: some("IPOD-342-N"),
        vendor: some("Other"),
        gift_card: true,
    };
    OrderLine { line_id: "466157049".to_owned(), item, quantity: 2, net_minor: 39_800, tax_minor: 6_354 }
}

fn refund() -> Refund {
    let named = RefundLine {
        line_id: "466157049".to_owned(),
        item: None,
        quantity: 1,
        subtotal_minor: 19_900,
        tax_minor: 3_177,
    };
    let described = RefundLine { item: Some(line().item), ..named.clone() };
    Refund {
        refund_id: "509562969".to_owned(),
        currency: Currency::parse("EUR").ok(),
        at: at(60),
        lines: vec![named, described],
        shipping_minor: 500,
        paid_minor: Some(20_400),
    }
}

fn body() -> OrderBody {
    OrderBody {
        order_id: "9007199254740993".to_owned(),
        name: "#1071".to_owned(),
        currency: Currency::parse("JPY").expect("a currency"),
        processed_at: at(0),
        updated_at: at(1),
        cancelled_at: Some(at(120)),
        voided: false,
        test: true,
        taxes_included: false,
        subtotal_minor: 39_800,
        shipping_minor: 500,
        lines: vec![line()],
        discount_codes: vec!["LN-7KQ2".to_owned()],
        refunds: vec![refund(), Refund { currency: None, paid_minor: None, ..refund() }],
    }
}

#[test]
fn profiles() {
    let profile = Profile {
        external_id: "207119551".to_owned(),
        email: some("bob@example.com"),
        phone: some("+49301234567"),
        first_name: some("Bob"),
        last_name: some("Norman"),
        locale: some("de"),
    };
    hold("sealed.profile.hex", &[profile, Profile::default()]);
    hold("sealed.referral_code.hex", &[ReferralCode { code: "https://refs.example/bob".to_owned() }]);
    hold("sealed.birthday.hex", &[Birthday::of(2, 29).expect("a day")]);
}

#[test]
fn orders_and_notes() {
    let reference = OrderReference { order_id: "9007199254740993".to_owned(), name: "#1071".to_owned() };
    hold("sealed.order_reference.hex", &[reference]);
    hold("sealed.order_lines.hex", &[vec![line(), OrderLine { item: Item::default(), ..line() }], Vec::new()]);
    hold("sealed.staff_note.hex", &[StaffNote { reason: "goodwill".to_owned() }]);
}

#[test]
fn shops() {
    hold("sealed.webhook_secret.hex", &[WebhookSecret { secret: "hush".to_owned() }]);
    let renewal = Renewal {
        client_id: "an app".to_owned(),
        client_secret: "hush".to_owned(),
        refresh_token: "shprt_1".to_owned(),
    };
    let token = |renewal| AdminToken { token: "shpat_1".to_owned(), renewal };
    hold("sealed.admin_token.hex", &[token(None), token(Some(renewal))]);
    hold("sealed.key_name.hex", &[KeyName { name: "Till at the door".to_owned() }]);
    hold("sealed.shop_domain.hex", &[ShopDomain { domain: "demo.myshopify.com".to_owned() }]);
}

#[test]
fn privacy_requests() {
    let stated = StatedRequest {
        external_customer_id: some("207119551"),
        email: some("bob@example.com"),
        phone: None,
        orders: vec!["9007199254740993".to_owned()],
    };
    hold("sealed.stated_request.hex", &[stated]);
}

#[test]
fn waiting_facts() {
    let facts =
        [WaitingFact::Body(body()), WaitingFact::Refund { order_id: "9007199254740993".to_owned(), refund: refund() }];
    hold("sealed.waiting_fact.hex", &facts);
}

#[test]
fn notes_on_the_installation() {
    let note = AdoptionNote { operator: "deploy".to_owned(), reason: "disk failure, restored from backup".to_owned() };
    hold("sealed.adoption_note.hex", &[note]);
}

#[test]
fn contents_of_tasks() {
    hold("sealed.task_content.hex", &[TaskContent { bytes: b"bob@example.com".to_vec() }]);
}
