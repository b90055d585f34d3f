//! What can have happened to a privacy request.

use serde::{Deserialize, Serialize};

use super::execution::{Evidence, Outcome, Scope};
use crate::{event::events, id::CustomerId, points::StaffNote, sealed::Sealed, time::Timestamp};

events! {
    /// What happened to a privacy request.
    GdprEvent {
        Received(RequestReceived) = "gdpr.request_received" v 1;
        /// It is certain whom it is about.
        Verified(RequestVerified) = "gdpr.request_verified" v 1;
        /// A legal duty to keep stands against it.
        Held(RequestHeld) = "gdpr.request_held" v 1;
        Released(RequestReleased) = "gdpr.request_released" v 1;
        /// Somebody ended its rest.
        Expedited(RequestExpedited) = "gdpr.request_expedited" v 1;
        ExecutionBegun(ExecutionBegun) = "gdpr.execution_begun" v 1;
        StepDone(StepDone) = "gdpr.step_done" v 1;
        Completed(RequestCompleted) = "gdpr.request_completed" v 1;
        Refused(RequestRefused) = "gdpr.request_refused" v 1;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Everything held on a person, to the merchant.
    DataRequest,
    /// Forget a person.
    CustomerRedact,
    /// Forget a whole shop.
    ShopRedact,
}

impl RequestKind {
    /// The word of API and read model; the shop's own.
    pub const fn as_str(self) -> &'static str {
        match self {
            RequestKind::DataRequest => "customers/data_request",
            RequestKind::CustomerRedact => "customers/redact",
            RequestKind::ShopRedact => "shop/redact",
        }
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestSource {
    /// The shop platform, by a compliance webhook.
    Shop,
    /// The merchant, through the API.
    Merchant,
    /// Somebody at the command line of the installation.
    Operator,
    /// A policy about people who have been inactive for long.
    Policy,
    /// The deletion journal: the log was restored from before this request was executed.
    DeletionJournal,
}

impl RequestSource {
    pub const fn as_str(self) -> &'static str {
        match self {
            RequestSource::Shop => "shop",
            RequestSource::Merchant => "merchant",
            RequestSource::Operator => "operator",
            RequestSource::Policy => "policy",
            RequestSource::DeletionJournal => "deletion_journal",
        }
    }
}

/// As the shop stated it; sealed, because it names people and their orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedRequest {
    pub external_customer_id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub orders: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestReceived {
    pub kind: RequestKind,
    pub source: RequestSource,
    /// The person it is about, where the system knows one.
    pub customer: Option<CustomerId>,
    /// Under that person's key, and gone with it. Of somebody nobody knows nothing is kept.
    pub stated: Option<Sealed<StatedRequest>>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestVerified {
    /// Until then it rests: what it followed from may arrive later.
    pub rests_until: Timestamp,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHeld {
    /// Under the person's key, where one is known.
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestReleased {
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestExpedited {
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

/// From here on there is a list of steps to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionBegun {
    pub scope: Scope,
    /// Everybody whose keys are to be destroyed: the person, and profiles that were merged into theirs. Empty for a
    /// whole shop.
    pub people: Vec<CustomerId>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    pub evidence: Evidence,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCompleted {
    pub outcome: Outcome,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRefused {
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}
