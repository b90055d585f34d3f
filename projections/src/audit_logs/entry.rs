//! From events to audit entries: what was done, to what, with which outcome. Pure, and without personal data in clear.

use aggregates::{
    Context,
    books::BooksEvent,
    campaign::CampaignEvent,
    customer::CustomerEvent,
    event::Event,
    gdpr::GdprEvent,
    id::{CustomerId, GdprRequestId, ReferralId, RewardId},
    import::ImportEvent,
    installation::InstallationEvent,
    mail::{Language, MailEvent, MailKind},
    merchant::MerchantEvent,
    parked::ParkedEvent,
    points::{Outcome, PointsEvent},
    pos::PosEvent,
    product::ProductEvent,
    program::ProgramEvent,
    referral::{Cause, ReferralEvent},
    reward::RewardEvent,
    rfm::RfmEvent,
    task::TaskEvent,
    tier::TierEvent,
    waiting::WaitingEvent,
};
use journal::{Positioned, SubjectId};

use crate::projection::{ProjectionError, events_of};

/// What something was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    Merchant,
    ProgramSettings,
    Customer,
    PointsAccount,
    WaitingFact,
    ParkedWebhook,
    GdprRequest,
    Product,
    Installation,
    Books,
    Segments,
    VipTiers,
    Campaign,
    Referral,
    Task,
    Reward,
    Mail,
    Import,
    Terminal,
}

impl TargetKind {
    pub const ALL: [TargetKind; 19] = [
        TargetKind::Merchant,
        TargetKind::ProgramSettings,
        TargetKind::Customer,
        TargetKind::PointsAccount,
        TargetKind::WaitingFact,
        TargetKind::ParkedWebhook,
        TargetKind::GdprRequest,
        TargetKind::Product,
        TargetKind::Installation,
        TargetKind::Books,
        TargetKind::Segments,
        TargetKind::VipTiers,
        TargetKind::Campaign,
        TargetKind::Referral,
        TargetKind::Task,
        TargetKind::Reward,
        TargetKind::Mail,
        TargetKind::Import,
        TargetKind::Terminal,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            TargetKind::Merchant => "merchant",
            TargetKind::ProgramSettings => "program_settings",
            TargetKind::Customer => "customer",
            TargetKind::PointsAccount => "points_account",
            TargetKind::WaitingFact => "waiting_fact",
            TargetKind::ParkedWebhook => "parked_webhook",
            TargetKind::GdprRequest => "gdpr_request",
            TargetKind::Product => "product",
            TargetKind::Installation => "installation",
            TargetKind::Books => "books",
            TargetKind::Segments => "segments",
            TargetKind::VipTiers => "vip_tiers",
            TargetKind::Campaign => "campaign",
            TargetKind::Referral => "referral",
            TargetKind::Task => "task",
            TargetKind::Reward => "reward",
            TargetKind::Mail => "mail",
            TargetKind::Import => "import",
            TargetKind::Terminal => "terminal",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    const fn of(context: Context) -> Self {
        match context {
            Context::Merchant => TargetKind::Merchant,
            Context::Program => TargetKind::ProgramSettings,
            Context::Customer => TargetKind::Customer,
            Context::Points => TargetKind::PointsAccount,
            Context::Waiting => TargetKind::WaitingFact,
            Context::Parked => TargetKind::ParkedWebhook,
            Context::Gdpr => TargetKind::GdprRequest,
            Context::Product => TargetKind::Product,
            Context::Installation => TargetKind::Installation,
            Context::Books => TargetKind::Books,
            Context::Rfm => TargetKind::Segments,
            Context::Tier => TargetKind::VipTiers,
            Context::Campaign => TargetKind::Campaign,
            Context::Referral => TargetKind::Referral,
            Context::Task => TargetKind::Task,
            Context::Reward => TargetKind::Reward,
            Context::Mail => TargetKind::Mail,
            Context::Import => TargetKind::Import,
            Context::Pos => TargetKind::Terminal,
        }
    }
}

/// One event as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's stored name: it never changes its meaning.
    pub action: &'static str,
    pub target_kind: TargetKind,
    pub target_id: Option<String>,
    /// The person it is about.
    pub customer: Option<CustomerId>,
    /// `done`, or how it was judged.
    pub outcome: &'static str,
    /// Ciphertext of what somebody gave as the reason.
    pub reason: Option<Vec<u8>>,
}

const DONE: &str = "done";

/// The entries of a commit, one for each of its events.
///
/// # Errors
/// [`ProjectionError::BadCommit`]
pub fn entries_of(commit: &Positioned) -> Result<Vec<Entry>, ProjectionError> {
    match commit.subject.context {
        Context::Merchant => each(commit, |_: &MerchantEvent, _| {}),
        Context::Program => each(commit, |event, entry| {
            let ProgramEvent::SettingsPublished(version) = event;
            entry.target_id = Some(version.version.to_string());
        }),
        Context::Customer => each(commit, customer),
        Context::Points => each(commit, points),
        Context::Waiting => each(commit, |event, entry| {
            let WaitingEvent::FactSetAside(aside) = event;
            entry.target_id = Some(aside.item.to_string());
        }),
        Context::Parked => each(commit, parked),
        Context::Gdpr => each(commit, privacy),
        Context::Product => each(commit, |event, entry| {
            entry.target_id = Some(match event {
                ProductEvent::Stated(stated) => stated.product_id.clone(),
                ProductEvent::Deleted(deleted) => deleted.product_id.clone(),
                ProductEvent::CollectionsStated(stated) => stated.product_id.clone(),
            });
        }),
        Context::Installation => each(commit, |event, entry| {
            let (about, note) = match event {
                InstallationEvent::HistoryImportBegun(begun) => {
                    return entry.target_id = Some(begun.merchant.to_string());
                }
                InstallationEvent::HistoryImportFinished(finished) => {
                    return entry.target_id = Some(finished.merchant.to_string());
                }
                InstallationEvent::LogAdopted(adopted) => (None, Some(&adopted.note)),
                InstallationEvent::AggregateParked(parked) => (Some((&parked.read_model, parked.position)), None),
                InstallationEvent::ParkingRetried(retried) => (Some((&retried.read_model, retried.position)), None),
                InstallationEvent::CommitDiscarded(discarded) => {
                    (Some((&discarded.read_model, discarded.position)), Some(&discarded.note))
                }
            };
            entry.target_id = about.map(|(read_model, position)| format!("{read_model}/{position}"));
            entry.reason = note.map(|note| note.ciphertext().to_vec());
        }),
        Context::Books => each(commit, |event, entry| {
            if let BooksEvent::PeriodClosed(closed) = event {
                entry.target_id = Some(closed.statement.period.to_string());
            }
        }),
        Context::Rfm => each(commit, |event, entry| {
            entry.target_id = Some(match event {
                RfmEvent::Updated(updated) => updated.day.to_string(),
                RfmEvent::WindowClosed(closed) => closed.day.to_string(),
            });
        }),
        Context::Tier => each(commit, |event, entry| {
            let version = match event {
                TierEvent::Assigned(assigned) => assigned.definition_version,
                TierEvent::DefinitionApplied(applied) => applied.definition_version,
            };
            entry.target_id = Some(version.to_string());
        }),
        Context::Campaign => each(commit, campaign),
        Context::Referral => each(commit, referral),
        Context::Task => each(commit, task),
        Context::Reward => each(commit, |_: &RewardEvent, _| {}),
        Context::Mail => each(commit, mail),
        Context::Import => each(commit, |event, entry| {
            let import = match event {
                ImportEvent::Opened(opened) => opened.import,
                ImportEvent::PieceTaken(taken) => taken.import,
                ImportEvent::Finished(ended) | ImportEvent::Abandoned(ended) => ended.import,
            };
            entry.target_id = Some(import.to_string());
        }),
        Context::Pos => each(commit, |event, entry| {
            let PosEvent::BatchTaken(taken) = event;
            entry.target_id = Some(taken.terminal.clone());
        }),
    }
}

/// An entry for each event, with what its kind has to say besides its subject.
fn each<E: Event>(commit: &Positioned, tell: impl Fn(&E, &mut Entry)) -> Result<Vec<Entry>, ProjectionError> {
    let events = events_of::<E>(commit)?;
    let entry = |event: &E| {
        let mut entry = of_subject(commit, event.name());
        tell(event, &mut entry);
        entry
    };
    Ok(events.iter().map(entry).collect())
}

/// What the subject alone tells.
fn of_subject(commit: &Positioned, action: &'static str) -> Entry {
    let (context, id) = (commit.subject.context, commit.subject.id);
    let customer = match (context, id) {
        (Context::Customer | Context::Points, SubjectId::Uuid(id)) => Some(CustomerId(id)),
        _ => None,
    };
    let target_id = match (context, id) {
        (Context::Gdpr, SubjectId::Uuid(id)) => Some(GdprRequestId(id).to_string()),
        (Context::Referral, SubjectId::Uuid(id)) => Some(ReferralId(id).to_string()),
        (Context::Reward, SubjectId::Uuid(id)) => Some(RewardId(id).to_string()),
        (Context::Merchant, _) => Some(commit.subject.merchant.to_string()),
        _ => customer.map(|customer| customer.to_string()),
    };
    Entry { action, target_kind: TargetKind::of(context), target_id, customer, outcome: DONE, reason: None }
}

fn customer(event: &CustomerEvent, entry: &mut Entry) {
    if let CustomerEvent::Restricted(limit) | CustomerEvent::Objected(limit) = event {
        entry.reason = limit.reason.as_ref().map(|reason| reason.ciphertext().to_vec());
    }
    if let CustomerEvent::BadgeAwarded(award) = event {
        entry.outcome = award.cause.as_str();
        entry.reason = award.reason.as_ref().map(|reason| reason.ciphertext().to_vec());
    }
    if let CustomerEvent::TierGiven(given) = event {
        entry.outcome = given.gift.giver.as_str();
        entry.reason = given.reason.as_ref().map(|reason| reason.ciphertext().to_vec());
    }
    if let CustomerEvent::TierTakenBack(taken_back) = event {
        entry.reason = taken_back.reason.as_ref().map(|reason| reason.ciphertext().to_vec());
    }
}

fn privacy(event: &GdprEvent, entry: &mut Entry) {
    let reason = match event {
        GdprEvent::Held(held) => held.reason.as_ref(),
        GdprEvent::Expedited(expedited) => expedited.reason.as_ref(),
        GdprEvent::Refused(refused) => refused.reason.as_ref(),
        _ => None,
    };
    match event {
        GdprEvent::Received(received) => entry.customer = received.customer,
        GdprEvent::Completed(completed) => entry.outcome = completed.outcome.as_str(),
        _ => {}
    }
    if let Some(reason) = reason {
        entry.reason = Some(reason.ciphertext().to_vec());
        // Under the key of whom the request is about: the entry is found, opened and scrubbed as theirs.
        entry.customer = vault::key_of(reason).ok().map(CustomerId);
    }
}

fn points(event: &PointsEvent, entry: &mut Entry) {
    match event {
        PointsEvent::OrderAssessed(assessed) => {
            entry.outcome = assessed.body.as_ref().map_or(DONE, |body| outcome_word(body.outcome));
        }
        PointsEvent::PointsAdjusted(adjusted) => entry.reason = Some(adjusted.reason.ciphertext().to_vec()),
        _ => {}
    }
}

fn campaign(event: &CampaignEvent, entry: &mut Entry) {
    match event {
        CampaignEvent::Defined(defined) => entry.target_id = Some(defined.id.to_string()),
        CampaignEvent::Withdrawn(withdrawn) => entry.target_id = Some(withdrawn.id.to_string()),
        CampaignEvent::ActionTaken(taken) => {
            entry.target_id = taken.rewards.first().map(|reward| reward.campaign.to_string());
            entry.customer = Some(taken.customer);
        }
    }
}

/// About the friend, where it says why: the reason is under the friend's key.
fn referral(event: &ReferralEvent, entry: &mut Entry) {
    let (cause, reason) = match event {
        ReferralEvent::Approved(approved) => (None, Some(&approved.reason)),
        ReferralEvent::Rejected(rejected) => (Some(rejected.cause), rejected.reason.as_ref()),
        ReferralEvent::ClawedBack(back) => (Some(back.cause), back.reason.as_ref()),
        ReferralEvent::Cancelled(cancelled) => (Some(cancelled.cause), None),
        ReferralEvent::FriendIdentified(identified) => {
            entry.customer = Some(identified.friend);
            (None, None)
        }
        _ => (None, None),
    };
    entry.outcome = cause.map_or(DONE, Cause::as_str);
    if let Some(reason) = reason {
        entry.reason = Some(reason.ciphertext().to_vec());
        entry.customer = vault::key_of(reason).ok().map(CustomerId);
    }
}

fn parked(event: &ParkedEvent, entry: &mut Entry) {
    let id = match event {
        ParkedEvent::Parked(parked) => parked.id,
        ParkedEvent::Retried(retried) => retried.id,
        ParkedEvent::Discarded(discarded) => {
            entry.reason = Some(discarded.reason.ciphertext().to_vec());
            discarded.id
        }
    };
    entry.target_id = Some(id.to_string());
}

fn mail(event: &MailEvent, entry: &mut Entry) {
    let template = |kind: MailKind, language: &Language| Some(format!("{}/{language}", kind.as_str()));
    match event {
        MailEvent::TemplateSaved(saved) => entry.target_id = template(saved.kind, &saved.language),
        MailEvent::TemplateDeleted(deleted) => entry.target_id = template(deleted.kind, &deleted.language),
        MailEvent::Created(step) => {
            entry.target_id = Some(step.mail.to_string());
            entry.customer = Some(step.customer);
            entry.outcome = step.stage.as_str();
        }
    }
}

fn task(event: &TaskEvent, entry: &mut Entry) {
    let id = match event {
        TaskEvent::Created(created) => {
            entry.customer = created.customer;
            created.id
        }
        TaskEvent::Completed(completed) => completed.id,
        TaskEvent::Failed(failed) => {
            entry.outcome = "failed";
            failed.id
        }
        TaskEvent::Dead(dead) => {
            entry.outcome = "given_up";
            dead.id
        }
        TaskEvent::Retried(retried) => retried.id,
        TaskEvent::Discarded(discarded) => {
            entry.outcome = discarded.cause.as_str();
            entry.reason = discarded.reason.as_ref().map(|reason| reason.ciphertext().to_vec());
            discarded.id
        }
    };
    entry.target_id = Some(id.to_string());
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Awarded => "awarded",
        Outcome::TestOrder => "test_order",
        Outcome::Cancelled => "cancelled",
        Outcome::Voided => "voided",
        Outcome::NoRule => "no_rule",
        Outcome::NothingToEarnOn => "nothing_to_earn_on",
        Outcome::BelowMinimumOrRounding => "below_minimum_or_rounding",
    }
}
