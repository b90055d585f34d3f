//! The reason that somebody gave, opened at the last moment.

use aggregates::{points::StaffNote, sealed::Sealed};
use projections::audit_logs::AuditRow;
use serde::Serialize;
use utoipa::ToSchema;
use vault::VaultError;

use crate::{
    auth::Caller,
    commands::{CommandError, adjust, badges, limits, park, privacy::follow_up, referrals::decision, tasks},
    gateway::Gateway,
    problem::Problem,
};

/// Why, in somebody's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// `open`; `erased` once the person it speaks of was; `withheld` from a key without the scope `personal_data`; `sealed`
    /// where this version has no right to open it.
    pub state: &'static str,
    pub text: Option<String>,
}

const ERASED: Reason = Reason { state: "erased", text: None };
const WITHHELD: Reason = Reason { state: "withheld", text: None };
const SEALED: Reason = Reason { state: "sealed", text: None };

/// Opens the reason of a row under the key of whom it is about.
pub(super) async fn of(gateway: &Gateway, caller: &Caller, row: &AuditRow) -> Result<Option<Reason>, Problem> {
    let merchant = caller.merchant();
    let Some(ciphertext) = &row.reason else { return Ok(row.has_reason.then_some(ERASED)) };
    if !caller.reads_personal_data() {
        return Ok(Some(WITHHELD));
    }
    let sealed = Sealed::<StaffNote>::from_ciphertext(ciphertext.as_slice());
    let opened = match (tag_of(&row.action), row.customer) {
        (Some(tag), Some(person)) => gateway.vault.person(merchant, person).await.map(|keys| keys.open(tag, &sealed)),
        (Some(tag), None) => gateway.vault.merchant(merchant).await.map(|keys| keys.open(tag, &sealed)),
        (None, _) => return Ok(Some(SEALED)),
    };
    Ok(Some(match opened {
        Ok(Ok(note)) => Reason { state: "open", text: Some(note.reason) },
        Ok(Err(_)) => SEALED,
        Err(VaultError::Destroyed { .. }) => ERASED,
        Err(error) => return Err(CommandError::from(error).into()),
    }))
}

/// What reasons of this action are bound to, besides their key.
fn tag_of(action: &str) -> Option<&'static str> {
    Some(match action {
        "points.adjusted" => adjust::REASON_TAG,
        "badge.awarded" => badges::REASON_TAG,
        "vip_tier.given" | "vip_tier.taken_back" => aggregates::tier::given::REASON_TAG,
        "customer.restricted" | "customer.profiling_objected" => limits::REASON_TAG,
        "gdpr.request_held" | "gdpr.request_expedited" | "gdpr.request_refused" => follow_up::NOTE_TAG,
        "referral.approved" | "referral.rejected" | "referral.clawed_back" => decision::REASON_TAG,
        "parked.discarded" => park::NOTE_TAG,
        "task.discarded" => tasks::NOTE_TAG,
        _ => return None,
    })
}
