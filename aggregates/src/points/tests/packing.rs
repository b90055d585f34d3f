//! An account is written down in few bytes, and read back to the last field.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::kit::*;
use crate::{
    id::{LotId, Token},
    points::{Account, Lot, LotExpiry, LotSource, OrderRecord},
    program::{Boost, BoostSource, TierId},
    time::Timestamp,
};

const ORDERS: u32 = 10;
/// What an account of ten plain orders may take in a gateway's memory while nobody uses it.
const BYTES_MAX: usize = 512;

/// A shopper with an order every few days, nothing of which ever went back.
fn regular() -> Account {
    let mut story = Story::given(expiring_after(365));
    for order in 0..ORDERS {
        let on = day(order * 3);
        story.on(on).order(order_on(on, &format!("order {order}"), 5_000));
    }
    story.account
}

fn written_and_read(account: &Account) -> Account {
    let bytes = postcard::to_stdvec(account).expect("an account is a plain value");
    postcard::from_bytes(&bytes).expect("what was written can be read")
}

#[test]
fn ten_plain_orders_take_half_a_kibibyte() {
    let bytes = postcard::to_stdvec(&regular()).expect("an account is a plain value");
    assert!(bytes.len() <= BYTES_MAX, "{} bytes", bytes.len());
}

type Change = fn(&mut OrderRecord, &mut Lot);

/// Changes of one order or its lot, each of which nothing else in the account tells.
const ODDITIES: &[(&str, Change)] = &[
    ("another version", |order, _| order.program_version += 1),
    ("no lot", |order, _| order.lot = None),
    ("another's lot", |order, _| order.lot = Some(LotId(Uuid::nil()))),
    ("a lot id that does not follow from the order", |order, lot| {
        lot.id = LotId(Uuid::nil());
        order.lot = Some(lot.id);
    }),
    ("other times", |order, _| order.processed_at = Timestamp(i64::MIN)),
    ("times as far apart as they can be", |order, lot| {
        (order.processed_at, order.updated_at) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        (lot.earned_at, lot.available_at) = (order.processed_at, Timestamp(i64::MAX));
    }),
    ("cancelled", |order, _| order.cancelled_at = Some(order.processed_at)),
    ("no currency", |order, _| order.currency = None),
    ("voided", |order, _| order.voided = true),
    ("a test", |order, _| order.test = true),
    ("taxes on top", |order, _| order.taxes_included = !order.taxes_included),
    ("another base than the rule's", |order, _| order.base_minor += 1),
    ("two rules", |order, _| order.rules = order.rules.repeat(2).into()),
    ("multiplied", |order, _| {
        let source = BoostSource::Tier(TierId::parse("gold").expect("an id"));
        order.boosts = Box::new([Boost { source, factor: Decimal::TWO }]);
    }),
    ("no rules", |order, _| order.rules = Box::default()),
    ("awarded more than the rules say", |order, _| order.awarded += 1),
    ("kept less", |order, _| order.kept -= 1),
    ("something due", |order, _| order.due = 1),
    ("no facts", |order, _| order.facts.clear()),
    ("a fact from long ago and one from the end of time", |order, _| {
        let fingerprint = order.facts[0].0;
        order.facts = vec![(fingerprint, u64::MAX), (fingerprint, 0)];
    }),
    ("points of something else", |_, lot| lot.source = LotSource::Adjustment),
    ("points of an order that is not here", |_, lot| lot.source = LotSource::Order(Token([7; 16]))),
    ("activated or not", |_, lot| lot.activated = !lot.activated),
    ("no expiry", |_, lot| lot.expiry = LotExpiry::Never),
    ("expiry of its own", |_, lot| lot.expiry = LotExpiry::At(Timestamp(1))),
    ("expiry by idleness", |_, lot| lot.expiry = LotExpiry::Inactivity { days: 30 }),
    ("granted more", |_, lot| lot.granted += 1),
    ("books that do not balance", |_, lot| lot.remaining -= 1),
    ("each part gone", |_, lot| {
        lot.remaining -= 15;
        (lot.reversed, lot.redeemed, lot.deducted, lot.expired, lot.covered) = (1, 2, 3, 4, 5);
    }),
];

#[test]
fn whatever_is_odd_about_an_order_or_its_lot_is_read_back() {
    for (name, oddity) in ODDITIES {
        let mut account = regular();
        let lot = &mut account.purse.lots[4];
        let LotSource::Order(token) = lot.source else { panic!("every lot here is an order's") };
        oddity(account.orders.get_mut(&token).expect("the order is known"), lot);
        assert_eq!(written_and_read(&account), account, "{name}");
    }
}

#[test]
fn two_lots_of_one_order_are_read_back_in_their_places() {
    let mut account = regular();
    let lot = account.purse.lots[2].clone();
    account.purse.lots.insert(7, lot);
    assert_eq!(written_and_read(&account), account);
}

#[test]
fn bytes_that_were_cut_short_are_not_read() {
    let bytes = postcard::to_stdvec(&regular()).expect("an account is a plain value");
    for length in 0..bytes.len() {
        assert!(postcard::from_bytes::<Account>(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}
