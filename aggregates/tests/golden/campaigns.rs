//! Samples of what is recorded of campaigns; every variant of everything in them occurs.

use aggregates::{
    campaign::{
        Action, ActionTaken, Audience, Campaign, CampaignDefined, CampaignEvent, CampaignWithdrawn, Effect, Limit, Per,
        Reward,
    },
    id::{CampaignId, CustomerId},
    program::TierId,
    rfm::SegmentName,
};
use rust_decimal::Decimal;

use crate::values::{at, token, uuid};

pub fn samples() -> Vec<CampaignEvent> {
    let multiplies = Effect::Multiply { factor: Decimal::new(2_50, 2), priority: -3, stacks: true };
    let periods = [Per::Day, Per::Month, Per::Year, Per::Lifetime].map(|per| Limit { times: 3, per });
    let limits = periods.into_iter().map(Some).chain([None]);
    let rewards = actions().into_iter().zip(limits).map(|(action, limit)| Effect::Reward { action, points: 50, limit });
    let mut samples: Vec<CampaignEvent> =
        [multiplies].into_iter().chain(rewards).map(|effect| CampaignEvent::Defined(defined(effect))).collect();
    samples.push(CampaignEvent::Withdrawn(CampaignWithdrawn { id: CampaignId(uuid(0x77)), at: at(9) }));
    samples.extend(actions().into_iter().map(|action| CampaignEvent::ActionTaken(taken(action))));
    samples
}

fn actions() -> Vec<Action> {
    ["sign_up", "birthday", "review", "social", "wrote_a_poem"].map(|name| Action::parse(name).expect("a name")).into()
}

fn defined(effect: Effect) -> CampaignDefined {
    let audience = Audience {
        tiers: vec![TierId::parse("gold").expect("an id")],
        segments: vec![SegmentName::parse("loyal").expect("a name")],
    };
    let campaign = Campaign { name: "Spring".to_owned(), from: at(0), until: Some(at(90)), audience, effect };
    CampaignDefined { id: CampaignId(uuid(0x77)), version: 2, campaign, at: at(1) }
}

fn taken(action: Action) -> ActionTaken {
    ActionTaken {
        customer: CustomerId(uuid(0xc1)),
        action,
        token: token(0x0a),
        at: at(7),
        rewards: vec![Reward { campaign: CampaignId(uuid(0x77)), version: 2, points: 50 }],
    }
}
