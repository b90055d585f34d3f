//! Samples of rewards.

use aggregates::{
    id::RedemptionId,
    money::Currency,
    reward::{
        Benefit, CustomerLimit, RewardDefinition, RewardEvent, RewardPutBack, RewardRetired, RewardTaken, RewardVersion,
    },
};

use crate::values::*;

pub fn samples() -> Vec<RewardEvent> {
    let currency = Currency::parse("EUR").expect("three letters");
    let definition = RewardDefinition {
        name: "5 off".to_owned(),
        cost_points: 500,
        benefit: Benefit::AmountOff { amount_minor: 500, currency, minimum_minor: 2_000 },
        stock: Some(100),
        per_customer: Some(CustomerLimit { uses: 2, days: Some(30) }),
        segments: vec!["champions".to_owned()],
        tiers: vec!["gold".to_owned()],
        from: Some(at(0)),
        until: Some(at(86_400)),
        code_days: Some(90),
    };
    let bare = |benefit| RewardDefinition {
        benefit,
        stock: None,
        per_customer: None,
        segments: Vec::new(),
        tiers: Vec::new(),
        from: None,
        until: None,
        code_days: None,
        ..definition.clone()
    };
    let defined = |version, definition| RewardEvent::Defined(RewardVersion { version, definition, at: at(1) });
    let redemption = RedemptionId(uuid(0x51));
    vec![
        defined(1, definition.clone()),
        defined(2, bare(Benefit::PercentOff { percent: 15 })),
        defined(3, bare(Benefit::FreeShipping)),
        defined(4, bare(Benefit::FreeProduct { product_id: "632910392".to_owned() })),
        defined(5, bare(Benefit::StoreCredit { amount_minor: 1_000, currency })),
        defined(6, bare(Benefit::GiftCard { amount_minor: 2_500, currency })),
        RewardEvent::Retired(RewardRetired { version: 6, at: at(2) }),
        RewardEvent::Taken(RewardTaken { redemption, version: 5, at: at(3) }),
        RewardEvent::PutBack(RewardPutBack { redemption, at: at(4) }),
    ]
}
