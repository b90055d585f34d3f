mod laws;

use super::*;
use crate::{
    money::Currency,
    order::{Item, OrderBody, OrderLine, Refund, RefundLine},
};

fn line(id: &str, net_minor: i64, tax_minor: i64, item: Item) -> OrderLine {
    OrderLine { line_id: id.to_owned(), item, quantity: 1, net_minor, tax_minor }
}

fn order(lines: Vec<OrderLine>) -> OrderBody {
    OrderBody {
        order_id: "1".to_owned(),
        name: "#1".to_owned(),
        currency: Currency::parse("EUR").expect("a currency"),
        processed_at: Timestamp(0),
        updated_at: Timestamp(0),
        cancelled_at: None,
        voided: false,
        test: false,
        taxes_included: true,
        subtotal_minor: lines.iter().map(|line| line.net_minor).sum(),
        shipping_minor: 500,
        lines,
        discount_codes: Vec::new(),
        refunds: Vec::new(),
    }
}

fn points(settings: &ProgramSettings, order: &OrderBody) -> i64 {
    award(settings, &[], order).expect("small amounts").iter().map(|award| award.points).sum()
}

fn refund(lines: Vec<RefundLine>, shipping_minor: i64, paid_minor: Option<i64>) -> Refund {
    let currency = Currency::parse("EUR").ok();
    Refund { refund_id: "r".to_owned(), currency, at: Timestamp(0), lines, shipping_minor, paid_minor }
}

fn goods(subtotal_minor: i64, tax_minor: i64, item: Item) -> RefundLine {
    RefundLine { line_id: "a".to_owned(), item: Some(item), quantity: 1, subtotal_minor, tax_minor }
}

fn gift_card() -> Item {
    Item { gift_card: true, ..Item::default() }
}

#[test]
fn one_point_per_whole_unit_rounded_down_per_order() {
    let settings = ProgramSettings::default_of_a_new_merchant();
    let order = order(vec![line("a", 1_999, 0, Item::default()), line("b", 1_999, 0, Item::default())]);
    assert_eq!(points(&settings, &order), 39);
}

#[test]
fn gift_cards_and_excluded_products_stay_out_of_the_base() {
    let mut settings = ProgramSettings::default_of_a_new_merchant();
    settings.earning_rules[0].exclude.skus.insert("SALE".to_owned());
    let sale = Item { sku: Some("SALE".to_owned()), ..Item::default() };
    let order =
        order(vec![line("a", 5_000, 0, Item::default()), line("b", 2_000, 0, gift_card()), line("c", 700, 0, sale)]);
    assert_eq!(points(&settings, &order), 50);
}

#[test]
fn tax_and_shipping_count_as_the_rule_says() {
    let mut settings = ProgramSettings::default_of_a_new_merchant();
    let mut with_tax_on_top = order(vec![line("a", 5_000, 1_000, Item::default())]);
    with_tax_on_top.taxes_included = false;
    assert_eq!(points(&settings, &with_tax_on_top), 50);
    settings.earning_rules[0].include = Inclusions { tax: TaxBase::Always, shipping: true };
    assert_eq!(points(&settings, &with_tax_on_top), 65);
    settings.earning_rules[0].include = Inclusions { tax: TaxBase::Never, shipping: false };
    with_tax_on_top.taxes_included = true;
    assert_eq!(points(&settings, &with_tax_on_top), 40);
}

#[test]
fn a_refund_counts_the_larger_of_goods_and_money_without_shipping_and_without_tax_on_top() {
    let settings = ProgramSettings::default_of_a_new_merchant();
    let share = |taxes_included, refund: &Refund| refunded_share(&settings, taxes_included, refund, &|_| None).1[0];

    assert_eq!(share(true, &refund(vec![], 0, Some(1_500))), 1_500, "a manual amount");
    assert_eq!(
        share(true, &refund(vec![goods(2_000, 0, Item::default())], 500, Some(2_500))),
        2_000,
        "shipping is not goods"
    );
    assert_eq!(share(true, &refund(vec![goods(2_000, 0, Item::default())], 0, None)), 2_000, "no money yet");
    assert_eq!(
        share(false, &refund(vec![goods(2_000, 200, Item::default())], 0, Some(2_200))),
        2_000,
        "tax on top is not goods"
    );
    assert_eq!(share(true, &refund(vec![goods(2_000, 0, gift_card())], 0, Some(2_000))), 0, "a gift card never earned");
}

#[test]
fn what_is_kept_is_the_floor_of_the_share_and_never_negative() {
    assert_eq!(kept_of(50, 5_000, 1_000), 40);
    assert_eq!(kept_of(50, 5_000, 1_001), 39);
    assert_eq!(kept_of(50, 5_000, 9_999), 0);
    assert_eq!(kept_of(7, 0, 100), 7, "a bonus without a base is not reduced by money");
}

#[test]
fn the_first_version_covers_everything_before_it_and_the_newest_in_effect_counts() {
    let mut program = Program::default();
    let at = |seconds| Timestamp(0).plus_seconds(seconds);
    for (version, effective_from) in [(1, at(100)), (2, at(300)), (3, at(200))] {
        program.apply(
            &ProgramEvent::SettingsPublished(ProgramVersion {
                version,
                effective_from,
                settings: ProgramSettings::default_of_a_new_merchant(),
            }),
            &Recorded { position: u64::from(version), at: at(0) },
        );
    }
    let version_at = |seconds| program.in_effect_at(at(seconds)).expect("never empty").version;
    assert_eq!([version_at(0), version_at(150), version_at(250), version_at(400)], [1, 1, 3, 3]);
}
