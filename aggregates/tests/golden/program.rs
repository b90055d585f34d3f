//! Samples of published settings; every variant of every setting occurs.

use aggregates::{
    badge::{BadgeDefinition, BadgeId, BadgeRule, BadgeSettings, Repeats},
    mail::{Language, MailKind, MailSettings, QuietHours},
    money::Currency,
    program::{
        Downgrade, EarningRule, Exclusions, Expiry, FraudAction, FraudPolicy, Inclusions, Measure, Multiplier,
        NegativeBalance, Perk, ProgramEvent, ProgramSettings, ProgramVersion, RedemptionRate, ReferralSettings,
        Rounding, RuleId, Selection, TaxBase, Tier, TierId, TierSettings, TierWindow, VelocityLimit,
    },
    rfm::{Cell, CustomSegment, Mapping, Method, RfmSettings, SegmentName, TimeZoneName},
};
use rust_decimal::Decimal;

use crate::values::at;

pub fn samples() -> Vec<ProgramEvent> {
    vec![
        published(1, ProgramSettings::default_of_a_new_merchant()),
        published(2, everything_set()),
        published(
            3,
            ProgramSettings {
                earning_rules: Vec::new(),
                expiry: Expiry::AfterEarning { days: 365 },
                negative_balance: NegativeBalance::PendingOnly,
                rfm: RfmSettings { mapping: own_mapping(), ..RfmSettings::default_of_a_new_merchant() },
                tiers: tiers(Measure::Orders, TierWindow::RollingMonths(12)),
                ..everything_set()
            },
        ),
        published(
            4,
            ProgramSettings {
                rfm: RfmSettings { mapping: Mapping::ShopifyNamed, ..RfmSettings::default_of_a_new_merchant() },
                tiers: tiers(Measure::PointsEarned, TierWindow::RollingDays(365)),
                ..everything_set()
            },
        ),
    ]
}

fn own_mapping() -> Mapping {
    let (good, rest): (Vec<Cell>, Vec<Cell>) = Cell::all().partition(|cell| cell.recency() > 3);
    let segment = |name, cells| CustomSegment { name: SegmentName::parse(name).expect("a name"), cells };
    Mapping::Custom(vec![segment("good", good), segment("rest", rest)])
}

fn published(version: u32, settings: ProgramSettings) -> ProgramEvent {
    ProgramEvent::SettingsPublished(ProgramVersion { version, effective_from: at(i64::from(version)), settings })
}

fn everything_set() -> ProgramSettings {
    ProgramSettings {
        earning_rules: vec![
            rule("rounded up", Rounding::Up, TaxBase::Always),
            rule("rounded", Rounding::Nearest, TaxBase::Never),
        ],
        hold_days: 14,
        expiry: Expiry::Inactivity { days: 90 },
        negative_balance: NegativeBalance::Clamp,
        redemption: RedemptionRate { points: 100, amount_minor: 250 },
        redact_grace_hours: 48,
        return_grace_days: 7,
        rfm: RfmSettings {
            time_zone: TimeZoneName("Europe/Berlin".to_owned()),
            method: Method::FixedThresholds,
            mapping: Mapping::RfGrid,
            ..RfmSettings::default_of_a_new_merchant()
        },
        tiers: tiers(Measure::Spend, TierWindow::CalendarYear),
        referrals: ReferralSettings {
            enabled: false,
            advocate_points: 750,
            friend_points: 250,
            minimum_minor: 20_00,
            new_customers_only: false,
            hold_days: 30,
            order_within_days: 60,
            link_days: Some(365),
            velocity: VelocityLimit { referrals: 5, days: 7 },
            fraud: FraudPolicy {
                email_root: FraudAction::Review,
                address: FraudAction::Refuse,
                device: FraudAction::Allow,
                payment: FraudAction::Refuse,
                ip_range: FraudAction::Review,
                velocity: FraudAction::Allow,
            },
        },
        badges: BadgeSettings {
            badges: vec![
                badge("by_hand", BadgeRule::ByHand, Repeats::Once),
                badge("three_friends", BadgeRule::Referrals { count: 3 }, Repeats::Once),
                badge("birthday", BadgeRule::Birthday, Repeats::Yearly),
                badge("ten_orders", BadgeRule::Orders { count: 10 }, Repeats::Once),
                badge("big_month", BadgeRule::Spend { amount_minor: 50_000, currency: euro() }, Repeats::Monthly),
                BadgeDefinition {
                    counts_from: "2026-01".parse().ok(),
                    ..badge("faithful", BadgeRule::Streak { months: 6 }, Repeats::Yearly)
                },
            ],
        },
        mail: MailSettings {
            kinds: MailKind::ALL.into(),
            language: Language::parse("de").expect("a language"),
            shop_name: "The Shop".to_owned(),
            expiring_days: 14,
            per_hour: 500,
            quiet: Some(QuietHours { from_hour: 21, until_hour: 8 }),
        },
    }
}

fn tiers(measure: Measure, window: TierWindow) -> TierSettings {
    let perk = Perk { name: "Early access".to_owned(), description: "A day before everybody else".to_owned() };
    let tier = |id: &str, entry, perks| Tier {
        id: TierId::parse(id).expect("an id"),
        name: id.to_uppercase(),
        entry,
        retention: entry / 2,
        multiplier: Decimal::new(1_25, 2),
        perks,
    };
    let tiers = vec![tier("silver", 1_000, Vec::new()), tier("gold", 5_000, vec![perk])];
    TierSettings { measure, window, downgrade: Downgrade::AtPeriodEnd, grace_days: 30, tiers }
}

fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn badge(id: &str, rule: BadgeRule, repeats: Repeats) -> BadgeDefinition {
    let id = BadgeId::parse(id).expect("an id");
    BadgeDefinition { id, name: "A badge".to_owned(), rule, repeats, counts_from: None, points: 50 }
}

fn rule(id: &str, rounding: Rounding, tax: TaxBase) -> EarningRule {
    let ids = |id: &str| std::iter::once(id.to_owned()).collect();
    EarningRule {
        id: RuleId(id.to_owned()),
        points_per_unit: Decimal::new(1_05, 2),
        minimum_minor: 1_000,
        rounding,
        include: Inclusions { tax, shipping: true },
        exclude: Exclusions {
            product_ids: ids("632910392"),
            variant_ids: ids("808950810"),
            skus: ids("IPOD-342-N"),
            vendors: ids("Other"),
            gift_cards: false,
            tags: ids("sale"),
            product_types: ids("Service"),
            collections: ids("841564295"),
        },
        only: Some(Selection { tags: ids("new"), ..Selection::default() }),
        multiplier: Some(Multiplier { factor: Decimal::new(2_50, 2), from: at(0), until: at(3_600) }),
    }
}
