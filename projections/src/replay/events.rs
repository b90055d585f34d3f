//! What a commit says, as documents for people. What is sealed stays sealed.

use aggregates::{
    Context, books::BooksEvent, campaign::CampaignEvent, customer::CustomerEvent, event::Event, gdpr::GdprEvent,
    installation::InstallationEvent, mail::MailEvent, merchant::MerchantEvent, parked::ParkedEvent,
    points::PointsEvent, product::ProductEvent, program::ProgramEvent, referral::ReferralEvent, reward::RewardEvent,
    rfm::RfmEvent, task::TaskEvent, tier::TierEvent, waiting::WaitingEvent,
};
use journal::Positioned;
use serde::Serialize;
use serde_json::Value;

use crate::projection::{ProjectionError, events_of};

/// An event under its stored name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    #[serde(rename = "type")]
    pub name: &'static str,
    pub version: u8,
    pub says: Value,
}

/// The events of a commit, in their order.
///
/// # Errors
/// [`ProjectionError::BadCommit`] for an event that a newer version wrote.
pub fn told_by(commit: &Positioned) -> Result<Vec<Told>, ProjectionError> {
    match commit.subject.context {
        Context::Merchant => of::<MerchantEvent>(commit),
        Context::Program => of::<ProgramEvent>(commit),
        Context::Customer => of::<CustomerEvent>(commit),
        Context::Points => of::<PointsEvent>(commit),
        Context::Waiting => of::<WaitingEvent>(commit),
        Context::Parked => of::<ParkedEvent>(commit),
        Context::Gdpr => of::<GdprEvent>(commit),
        Context::Product => of::<ProductEvent>(commit),
        Context::Installation => of::<InstallationEvent>(commit),
        Context::Books => of::<BooksEvent>(commit),
        Context::Rfm => of::<RfmEvent>(commit),
        Context::Tier => of::<TierEvent>(commit),
        Context::Campaign => of::<CampaignEvent>(commit),
        Context::Referral => of::<ReferralEvent>(commit),
        Context::Task => of::<TaskEvent>(commit),
        Context::Reward => of::<RewardEvent>(commit),
        Context::Mail => of::<MailEvent>(commit),
    }
}

fn of<E: Event + Serialize>(commit: &Positioned) -> Result<Vec<Told>, ProjectionError> {
    let told = |event: E| Told {
        name: event.name(),
        version: event.version(),
        says: serde_json::to_value(&event).expect("events are plain values: encoding cannot fail"),
    };
    Ok(events_of::<E>(commit)?.into_iter().map(told).collect())
}
