//! Campaigns come, change and go.

use rust_decimal::Decimal;

use super::{day, multiplies};
use crate::{
    Aggregate,
    campaign::{
        Action, CAMPAIGNS_MAX, Campaign, CampaignBoard, CampaignCommand, CampaignRefusal, CampaignVersion, Effect,
    },
    event::Recorded,
    id::CampaignId,
};

fn define(version: &CampaignVersion, expected: u32) -> CampaignCommand {
    let campaign = Box::new(version.campaign.clone());
    CampaignCommand::Define { id: version.id, expected, campaign, now: day(0) }
}

fn done(board: &mut CampaignBoard, command: &CampaignCommand) -> Result<(), CampaignRefusal> {
    for event in board.decide(command)? {
        board.apply(&event, &Recorded { position: 1, at: day(0) });
    }
    Ok(())
}

#[test]
fn a_campaign_is_changed_by_whoever_has_seen_its_version() {
    let (mut board, campaign) = (CampaignBoard::default(), multiplies(1, 2, 0, false));
    assert_eq!(done(&mut board, &define(&campaign, 0)), Ok(()));
    assert_eq!(done(&mut board, &define(&campaign, 0)), Err(CampaignRefusal::Stale { current: 1 }));
    assert_eq!(done(&mut board, &define(&campaign, 1)), Ok(()));
    assert_eq!(board.find(campaign.id).map(|version| version.version), Some(2));
}

#[test]
fn one_that_is_withdrawn_is_gone_and_one_that_never_was_is_unknown() {
    let (mut board, campaign) = (CampaignBoard::default(), multiplies(1, 2, 0, false));
    let withdraw = CampaignCommand::Withdraw { id: campaign.id, now: day(1) };
    assert_eq!(done(&mut board, &withdraw), Err(CampaignRefusal::Unknown));
    assert_eq!(done(&mut board, &define(&campaign, 3)), Err(CampaignRefusal::Unknown));
    assert_eq!(done(&mut board, &define(&campaign, 0)), Ok(()));
    assert_eq!(done(&mut board, &withdraw), Ok(()));
    assert_eq!((board.all().count(), board.find(campaign.id)), (0, None));
}

#[test]
fn there_are_only_so_many() {
    let mut board = CampaignBoard::default();
    for number in 0..CAMPAIGNS_MAX {
        let campaign = multiplies(number as u128, 2, 0, false);
        assert_eq!(done(&mut board, &define(&campaign, 0)), Ok(()));
    }
    let one_more = multiplies(CAMPAIGNS_MAX as u128, 2, 0, false);
    assert_eq!(done(&mut board, &define(&one_more, 0)), Err(CampaignRefusal::TooMany));
    assert_eq!(
        done(&mut board, &define(&CampaignVersion { id: CampaignId(uuid::Uuid::nil()), ..one_more }, 1)),
        Ok(())
    );
}

#[test]
fn what_cannot_stand_is_told_with_its_place() {
    let good = multiplies(1, 2, 0, false).campaign;
    assert_eq!(good.validate(), Ok(()));
    let multiply = |factor| Effect::Multiply { factor, priority: 0, stacks: false };
    let reward = |points| Effect::Reward { action: Action::Review, points, limit: None };
    for (campaign, field) in [
        (Campaign { name: String::new(), ..good.clone() }, "name"),
        (Campaign { until: Some(good.from), ..good.clone() }, "until"),
        (Campaign { effect: multiply(Decimal::from(-1)), ..good.clone() }, "multiply/factor"),
        (Campaign { effect: multiply(Decimal::from(1_001)), ..good.clone() }, "multiply/factor"),
        (Campaign { effect: reward(0), ..good.clone() }, "reward/points"),
    ] {
        assert_eq!(campaign.validate().map_err(|(field, _)| field), Err(field));
    }
}

#[test]
fn actions_of_ours_keep_their_names() {
    for name in ["sign_up", "birthday", "review", "social"] {
        assert!(!matches!(Action::parse(name), Ok(Action::Custom(_)) | Err(_)), "{name}");
    }
    for name in ["", "Review", "a-b", "ä", &"x".repeat(41)] {
        assert!(Action::parse(name).is_err(), "{name}");
    }
}
