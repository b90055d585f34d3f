//! Arithmetic of earning, tried on amounts that nobody thought of.

use proptest::{collection::vec, prelude::*, sample::select};
use rust_decimal::Decimal;

use super::{goods, line, order, points, refund};
use crate::{
    money::MINOR_UNITS_MAX,
    order::{Item, OrderBody, RefundLine},
    program::{
        AWARD_MAX, Inclusions, Multiplier, ProgramSettings, Rounding, TaxBase, award, kept_of, merchandise_base,
        refunded_share,
    },
    time::Timestamp,
};

const EXACT: [Rounding; 3] = [Rounding::Down, Rounding::Nearest, Rounding::Up];

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![0..20_000_i64, 0..MINOR_UNITS_MAX]
}

fn item() -> impl Strategy<Value = Item> {
    (any::<bool>(), select(vec![None, Some("other".to_owned())])).prop_map(|(gift_card, vendor)| Item {
        gift_card,
        vendor,
        ..Item::default()
    })
}

/// A rule in all its ways of counting.
fn settings() -> impl Strategy<Value = ProgramSettings> {
    let tax = select(vec![TaxBase::AsPriced, TaxBase::Always, TaxBase::Never]);
    (tax, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(tax, shipping, gift_cards, leaves_out)| {
        let mut settings = ProgramSettings::default_of_a_new_merchant();
        let rule = &mut settings.earning_rules[0];
        rule.include = Inclusions { tax, shipping };
        rule.exclude.gift_cards = gift_cards;
        if leaves_out {
            rule.exclude.vendors.insert("other".to_owned());
        }
        settings
    })
}

/// An order as shops make them: tax is a fifth of each line, inside its price or on top.
fn body() -> impl Strategy<Value = OrderBody> {
    (vec((0..20_000_i64, item()), 1..5), any::<bool>(), 0..1_000_i64).prop_map(
        |(lines, taxes_included, shipping_minor)| {
            let lines = lines.into_iter().enumerate();
            let lines = lines.map(|(n, (net, item))| line(&n.to_string(), net, net / 5, item)).collect();
            OrderBody { taxes_included, shipping_minor, ..order(lines) }
        },
    )
}

/// The line's whole price, in the refund's words.
fn all_of(body: &OrderBody, index: usize) -> RefundLine {
    let line = &body.lines[index];
    RefundLine { line_id: line.line_id.clone(), ..goods(line.net_minor, line.tax_minor, line.item.clone()) }
}

/// What the shop pays back for these lines: their price, and the tax where that is on top.
fn paid_for(body: &OrderBody, lines: &[RefundLine]) -> i64 {
    let on_top = |line: &RefundLine| if body.taxes_included { 0 } else { line.tax_minor };
    lines.iter().map(|line| line.subtotal_minor + on_top(line)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_between_nothing_and_the_award_and_falls_as_refunds_grow(
        points in 0..=AWARD_MAX, base in 0..MINOR_UNITS_MAX, refunded in amount(), more in amount(),
    ) {
        let kept = kept_of(points, base, refunded);
        prop_assert!((0..=points).contains(&kept));
        prop_assert!(kept_of(points, base, refunded + more) <= kept);
        prop_assert_eq!(kept_of(points, base, 0), points);
        prop_assert_eq!(kept_of(points, base, -more), points, "a refund never gives");
        if base > 0 {
            prop_assert_eq!(kept_of(points, base, base), 0);
        }
    }

    /// Floor of the exact share: never more than it, and less than one point below it.
    #[test]
    fn what_is_kept_is_the_floor_of_the_share(
        points in 0..=AWARD_MAX, base in 1..MINOR_UNITS_MAX, refunded in amount(),
    ) {
        let left = i128::from(base - refunded.min(base));
        let exact_times_base = i128::from(points) * left;
        let kept = i128::from(kept_of(points, base, refunded)) * i128::from(base);
        prop_assert!(kept <= exact_times_base && exact_times_base < kept + i128::from(base));
    }

    /// Reversals are computed from the sum, so partial ones end where one large one would.
    #[test]
    fn partial_reversals_add_up_to_the_whole(
        points in 0..=AWARD_MAX, base in 1..1_000_000_i64, parts in vec(0..200_000_i64, 1..8),
    ) {
        let (mut refunded, mut reversed) = (0, 0);
        for part in &parts {
            refunded += part;
            let due = points - kept_of(points, base, refunded) - reversed;
            prop_assert!(due >= 0, "no partial refund ever gives points");
            reversed += due;
        }
        prop_assert_eq!(reversed, points - kept_of(points, base, parts.iter().sum()));
    }

    #[test]
    fn an_award_grows_with_the_order_and_roundings_differ_by_less_than_a_point(
        base in 0..100_000_000_i64, more in 0..1_000_000_i64, rate in 0..1_000_000_i64,
    ) {
        let paid = |rounding, net_minor| {
            let mut settings = ProgramSettings::default_of_a_new_merchant();
            settings.earning_rules[0].points_per_unit = Decimal::new(rate, 3);
            settings.earning_rules[0].rounding = rounding;
            points(&settings, &order(vec![line("a", net_minor, 0, Item::default())]))
        };
        let [down, nearest, up] = EXACT.map(|rounding| paid(rounding, base));
        prop_assert!(down <= nearest && nearest <= up && up - down <= 1);
        let exact = Decimal::new(base, 2) * Decimal::new(rate, 3);
        prop_assert_eq!(Decimal::from(down), exact.floor());
        prop_assert_eq!(Decimal::from(up), exact.ceil());
        for rounding in EXACT {
            prop_assert!(paid(rounding, base + more) >= paid(rounding, base));
        }
    }

    #[test]
    fn no_order_that_can_be_stated_makes_an_award_panic_or_exceed_its_limit(
        nets in vec(-MINOR_UNITS_MAX..=MINOR_UNITS_MAX, 0..4), item in item(), settings in settings(),
        rate in 0..=100_000_i64, subtotal_minor in -MINOR_UNITS_MAX..=MINOR_UNITS_MAX,
    ) {
        let mut settings = settings;
        settings.earning_rules[0].points_per_unit = Decimal::from(rate);
        settings.earning_rules[0].multiplier =
            Some(Multiplier { factor: Decimal::from(1_000), from: Timestamp(0), until: Timestamp(1) });
        let lines = nets.iter().map(|net| line("a", *net, net / 5, item.clone())).collect();
        let body = OrderBody { subtotal_minor, ..order(lines) };
        if let Ok(awards) = award(&settings, &[], &body) {
            prop_assert!(awards.iter().all(|award| (0..=AWARD_MAX).contains(&award.points) && award.base_minor >= 0));
        }
    }

    /// However the goods come back, line by line or at once, with or without the money, nothing of the base is left.
    #[test]
    fn a_refund_of_everything_takes_the_whole_base_of_every_rule(
        body in body(), settings in settings(), line_by_line in any::<bool>(), with_money in any::<bool>(),
    ) {
        let lines: Vec<RefundLine> = (0..body.lines.len()).map(|index| all_of(&body, index)).collect();
        let pieces: Vec<Vec<RefundLine>> =
            if line_by_line { lines.into_iter().map(|line| vec![line]).collect() } else { vec![lines] };
        let (mut merchandise, mut by_rule) = (0, 0);
        for (n, lines) in pieces.into_iter().enumerate() {
            let shipping = if n == 0 { body.shipping_minor } else { 0 };
            let paid = with_money.then(|| paid_for(&body, &lines) + shipping);
            let share = refunded_share(&settings, body.taxes_included, &refund(lines, shipping, paid), &|_| None);
            merchandise += share.0;
            by_rule += share.1[0];
        }
        let base = award(&settings, &[], &body).expect("a small order")[0].base_minor;
        prop_assert_eq!(by_rule, base);
        prop_assert_eq!(merchandise, merchandise_base(&body));
    }

    #[test]
    fn a_refund_never_gives_and_more_of_it_never_takes_less(
        body in body(), settings in settings(), index in 0..5_usize, tax_minor in 0..30_000_i64,
        (paid, more) in (prop::option::of(0..50_000_i64), 0..5_000_i64),
    ) {
        // Also a tax that no such goods can have: bodies are what they are.
        let line = RefundLine { tax_minor, ..all_of(&body, index % body.lines.len()) };
        let share = |line: &RefundLine, paid| {
            refunded_share(&settings, body.taxes_included, &refund(vec![line.clone()], 0, paid), &|_| None)
        };
        let (merchandise, by_rule) = share(&line, paid);
        prop_assert!(merchandise >= 0 && by_rule[0] >= 0);
        let more_money = share(&line, paid.map(|paid| paid + more));
        prop_assert!(more_money.0 >= merchandise && more_money.1[0] >= by_rule[0]);
    }
}
