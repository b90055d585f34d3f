//! Rewards: never more taken than there are, by nobody they are not for.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::money::Currency;

fn definition(stock: Option<u32>) -> RewardDefinition {
    RewardDefinition {
        name: "5 off".to_owned(),
        cost_points: 500,
        benefit: Benefit::AmountOff { amount_minor: 500, currency: Currency::parse("EUR").unwrap(), minimum_minor: 0 },
        stock,
        per_customer: None,
        segments: Vec::new(),
        tiers: Vec::new(),
        from: None,
        until: None,
        code_days: None,
    }
}

fn define(expected: u32, definition: RewardDefinition) -> RewardCommand {
    RewardCommand::Define { expected, definition, now: Timestamp(1) }
}

fn take(n: u128, now: Timestamp) -> RewardCommand {
    RewardCommand::Take { redemption: RedemptionId(Uuid::from_u128(n)), standing: Standing::default(), now }
}

fn told(reward: &mut Reward, command: &RewardCommand) -> Result<usize, RewardRefusal> {
    let events = reward.decide(command)?;
    events.iter().for_each(|event| reward.apply(event, &Recorded { position: 1, at: Timestamp(1) }));
    Ok(events.len())
}

fn offered(definition: RewardDefinition) -> Reward {
    let mut reward = Reward::default();
    assert_eq!(told(&mut reward, &define(0, definition)), Ok(1));
    reward
}

#[test]
fn a_stock_ends_and_what_comes_back_can_be_taken_again() {
    let mut reward = offered(definition(Some(2)));
    assert_eq!((told(&mut reward, &take(1, Timestamp(2))), reward.left()), (Ok(1), Some(1)));
    assert_eq!((told(&mut reward, &take(2, Timestamp(2))), reward.left()), (Ok(1), Some(0)));
    assert_eq!(told(&mut reward, &take(3, Timestamp(2))), Err(RewardRefusal::OutOfStock));
    let back = RewardCommand::PutBack { redemption: RedemptionId(Uuid::from_u128(1)), now: Timestamp(3) };
    assert_eq!((told(&mut reward, &back), told(&mut reward, &take(3, Timestamp(4)))), (Ok(1), Ok(1)));

    // A later version with a larger stock counts what earlier ones have given away.
    assert_eq!(told(&mut reward, &define(1, definition(Some(3)))), Ok(1));
    assert_eq!(reward.left(), Some(1));
}

#[test]
fn a_version_follows_the_one_its_author_has_seen_and_a_retired_reward_is_no_more() {
    let mut reward = offered(definition(None));
    assert_eq!(told(&mut reward, &define(0, definition(None))), Err(RewardRefusal::Stale { current: 1 }));
    assert_eq!(told(&mut reward, &define(1, definition(None))), Ok(1));
    let retire = |expected| RewardCommand::Retire { expected, now: Timestamp(2) };
    assert_eq!(told(&mut reward, &retire(1)), Err(RewardRefusal::Stale { current: 2 }));
    assert_eq!((told(&mut reward, &retire(2)), told(&mut reward, &retire(2))), (Ok(1), Ok(0)));
    assert_eq!(told(&mut reward, &take(1, Timestamp(2))), Err(RewardRefusal::Unknown));
    assert_eq!(told(&mut reward, &define(2, definition(None))), Err(RewardRefusal::Unknown));
}

#[test]
fn dates_segments_and_tiers_are_kept_to() {
    let limited = RewardDefinition {
        from: Some(Timestamp(10)),
        until: Some(Timestamp(20)),
        segments: vec!["champions".to_owned()],
        tiers: vec!["gold".to_owned()],
        ..definition(None)
    };
    let reward = offered(limited);
    let decided = |now, segment: Option<&str>, tier: Option<&str>| {
        let standing = Standing { segment: segment.map(str::to_owned), tier: tier.map(str::to_owned) };
        let redemption = RedemptionId(Uuid::from_u128(1));
        reward.decide(&RewardCommand::Take { redemption, standing, now: Timestamp(now) }).map(|events| events.len())
    };
    let (champion, gold) = (Some("champions"), Some("gold"));
    assert_eq!([9, 10, 19, 20].map(|now| decided(now, champion, gold).is_ok()), [false, true, true, false]);
    assert_eq!(decided(9, champion, gold), Err(RewardRefusal::NotNow));
    assert_eq!(decided(10, None, gold), Err(RewardRefusal::NotEligible));
    assert_eq!(decided(10, champion, Some("silver")), Err(RewardRefusal::NotEligible));
    assert_eq!(decided(10, champion, None), Err(RewardRefusal::NotEligible));
}

#[test]
fn what_cannot_stand_is_named() {
    let euro = Currency::parse("EUR").unwrap();
    let with = |benefit| RewardDefinition { benefit, ..definition(None) };
    let faulty = [
        (RewardDefinition { name: " ".to_owned(), ..definition(None) }, "/name"),
        (RewardDefinition { cost_points: 0, ..definition(None) }, "/cost_points"),
        (with(Benefit::AmountOff { amount_minor: 0, currency: euro, minimum_minor: 0 }), "/amount_minor"),
        (with(Benefit::AmountOff { amount_minor: 1, currency: euro, minimum_minor: -1 }), "/minimum_minor"),
        (with(Benefit::PercentOff { percent: 101 }), "/percent"),
        (with(Benefit::FreeProduct { product_id: "x".to_owned() }), "/product_id"),
        (with(Benefit::StoreCredit { amount_minor: -5, currency: euro }), "/amount_minor"),
        (
            RewardDefinition { per_customer: Some(CustomerLimit { uses: 0, days: None }), ..definition(None) },
            "/per_customer/uses",
        ),
        (RewardDefinition { from: Some(Timestamp(5)), until: Some(Timestamp(5)), ..definition(None) }, "/until"),
    ];
    for (definition, at) in faulty {
        assert_eq!(definition.validate().map_err(|fault| fault.pointer), Err(at));
    }
    assert_eq!(definition(Some(0)).validate(), Ok(()), "a reward may be sold out from the start");
}

proptest! {
    #[test]
    fn never_more_are_taken_than_there_are(stock in 0_u32..6, takes in proptest::collection::vec(any::<bool>(), 0..40)) {
        let mut reward = offered(definition(Some(stock)));
        let mut held = 0_u32;
        for (n, is_take) in takes.into_iter().enumerate() {
            let (n, now) = (n as u128, Timestamp(3));
            if is_take {
                held += u32::try_from(told(&mut reward, &take(n, now)).unwrap_or(0)).unwrap();
            } else if held > 0 {
                let back = RewardCommand::PutBack { redemption: RedemptionId(Uuid::from_u128(n)), now };
                prop_assert_eq!(told(&mut reward, &back), Ok(1));
                held -= 1;
            }
            prop_assert!(held <= stock);
            prop_assert_eq!(reward.left(), Some(stock - held));
        }
    }
}
