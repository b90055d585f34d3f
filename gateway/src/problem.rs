//! How every refusal looks from outside: RFC 9457 problem documents with a stable `code`. This is the one registry; HTTP
//! statuses and `docs/errors.md` follow it.

pub mod page;

use aggregates::{
    gdpr::GdprRefusal, merchant::Scope, points::PointsRefusal, referral::ReferralRefusal, reward::RewardRefusal,
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::{CommandError, referrals::ReferralProblem};

/// Seconds after which a caller that was turned away for lack of a server may try again.
const RETRY_AFTER_SECONDS: u32 = 2;

macro_rules! codes {
    ($($name:ident = $word:literal, $status:ident, $title:literal;)*) => {
        /// What can be wrong, each a thing a caller can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($name,)* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status,)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

impl Code {
    /// Of its stable word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// What gRPC calls it: by its status, where gRPC does not know better words.
    pub fn grpc(self) -> tonic::Code {
        match (self, self.status()) {
            (Code::InsufficientPoints, _) => tonic::Code::FailedPrecondition,
            (Code::IdempotencyKeyReused, _) => tonic::Code::AlreadyExists,
            (_, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => tonic::Code::InvalidArgument,
            (_, StatusCode::UNAUTHORIZED) => tonic::Code::Unauthenticated,
            (_, StatusCode::FORBIDDEN) => tonic::Code::PermissionDenied,
            (_, StatusCode::NOT_FOUND | StatusCode::GONE) => tonic::Code::NotFound,
            (_, StatusCode::METHOD_NOT_ALLOWED) => tonic::Code::Unimplemented,
            (_, StatusCode::CONFLICT | StatusCode::PRECONDITION_REQUIRED) => tonic::Code::FailedPrecondition,
            // Read it again, and try again with what it is by now.
            (_, StatusCode::PRECONDITION_FAILED) => tonic::Code::Aborted,
            (_, StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE) => tonic::Code::ResourceExhausted,
            (_, StatusCode::SERVICE_UNAVAILABLE) => tonic::Code::Unavailable,
            _ => tonic::Code::Internal,
        }
    }
}

codes! {
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request cannot be read";
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    MissingIdempotencyKey = "missing_idempotency_key", BAD_REQUEST, "The header Idempotency-Key is required";
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "The cursor was not given out for this list";
    Unauthorized = "unauthorized", UNAUTHORIZED, "The key is missing or not valid";
    InvalidSignature = "invalid_signature", UNAUTHORIZED, "The signature does not fit";
    InsufficientScope = "insufficient_scope", FORBIDDEN, "The key may not be used for this";
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not one of this path";
    NotKept = "not_kept", GONE, "It is so long ago that it is not kept any more";
    CustomerErased = "customer_erased", CONFLICT, "The customer was erased";
    CustomerMerged = "customer_merged", CONFLICT, "The customer was merged into another";
    RequestNotOpen = "request_not_open", CONFLICT, "The privacy request is not where it would have to be for this";
    RequestHeld = "request_held", CONFLICT, "A legal hold stands against the privacy request";
    RedemptionUsed = "redemption_used", CONFLICT, "An order has used the code";
    TaskEnded = "task_ended", CONFLICT, "The task was completed or discarded";
    ShopNotConnected = "shop_not_connected", CONFLICT, "The shop's own API is not connected";
    RewardUnavailable = "reward_unavailable", CONFLICT, "The reward cannot be had now";
    RewardNotEligible = "reward_not_eligible", CONFLICT, "The reward is for other customers";
    RewardOutOfStock = "reward_out_of_stock", CONFLICT, "None of the reward is left";
    RewardLimitReached = "reward_limit_reached", CONFLICT, "The customer has had the reward often enough";
    PeriodNotOver = "period_not_over", CONFLICT, "The period is not over";
    PeriodClosed = "period_closed", CONFLICT, "The books are closed beyond that day";
    PeriodClosing = "period_closing", CONFLICT, "Another period is being closed";
    ReferralNotOpen = "referral_not_open", CONFLICT, "The referral is not open to this decision";
    ReferredByAnother = "referred_by_another", CONFLICT, "Somebody else has referred the customer";
    ReferralsOff = "referrals_off", CONFLICT, "The merchant has no referral programme";
    ReferralLinkEnded = "referral_link_ended", CONFLICT, "The link brings nobody any more";
    InvitationsOff = "invitations_off", CONFLICT, "Invitations are not sent by mail";
    IdentitiesConflict = "identities_conflict", CONFLICT, "The identities belong to different customers";
    NoDataRequest = "no_data_request", CONFLICT, "No request for the customer's data is open";
    StaleSettings = "stale_settings", PRECONDITION_FAILED, "The settings have changed since they were read";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "A value is not allowed";
    InsufficientPoints = "insufficient_points", UNPROCESSABLE_ENTITY, "There are not enough points";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The idempotency key was used with another request";
    SelfReferral = "self_referral", UNPROCESSABLE_ENTITY, "Nobody refers themselves";
    RewardNotFound = "reward_not_found", UNPROCESSABLE_ENTITY, "There is no such reward";
    ClockBackward = "clock_backward", UNPROCESSABLE_ENTITY, "A test clock only moves forward";
    TooManyInvitations = "too_many_invitations", TOO_MANY_REQUESTS, "The advocate has invited as many friends as a day allows";
    MissingIfMatch = "missing_if_match", PRECONDITION_REQUIRED, "The header If-Match is required";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something is wrong on our side";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer right now";
    ReadModelBehind = "read_model_behind", SERVICE_UNAVAILABLE, "The read model has not come that far yet";
    VaultOlderThanLog = "vault_older_than_log", SERVICE_UNAVAILABLE, "The vault is older than the log";
}

/// A refusal on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    pub detail: Option<String>,
    /// JSON pointer to the value that is wrong.
    pub pointer: Option<String>,
    /// What the caller's key would have to be for.
    scope: Option<Scope>,
}

/// The document. `detail` never repeats a submitted value and holds nothing personal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Where the code is explained.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The same request may succeed later.
    retryable: bool,
}

impl Problem {
    pub fn of(code: Code) -> Self {
        Problem { code, detail: None, pointer: None, scope: None }
    }

    pub fn saying(code: Code, detail: impl Into<String>) -> Self {
        Problem { detail: Some(detail.into()), ..Problem::of(code) }
    }

    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem { pointer: Some(pointer.into()), ..Problem::saying(Code::Invalid, detail) }
    }

    /// The key is good, and not for this.
    pub fn lacking(scope: Scope) -> Self {
        let detail = format!("the key needs the scope `{scope}`");
        Problem { scope: Some(scope), ..Problem::saying(Code::InsufficientScope, detail) }
    }

    /// The same about a document that is part of another.
    pub fn below(mut self, pointer: &str) -> Self {
        self.pointer = self.pointer.map(|inner| format!("{pointer}{inner}"));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let retryable = status == StatusCode::SERVICE_UNAVAILABLE;
        let document = ProblemDocument {
            kind: format!("/docs/errors#{}", self.code.as_str()),
            title: self.code.title(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: self.detail,
            pointer: self.pointer,
            retryable,
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if retryable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let challenge = self.scope.map(|scope| format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""));
        if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Unavailable(what) => {
                tracing::warn!(what, "a command found a server that does not answer");
                Problem::of(Code::Unavailable)
            }
            CommandError::Contended => Problem::of(Code::Unavailable),
            CommandError::Points(refusal) => refusal.into(),
            CommandError::CustomerErased => Problem::of(Code::CustomerErased),
            CommandError::UnknownCustomer
            | CommandError::UnknownMerchant
            | CommandError::MerchantErased
            | CommandError::UnknownCampaign
            | CommandError::UnknownTask
            | CommandError::UnknownRequest => Problem::of(Code::NotFound),
            CommandError::TooManyCampaigns => Problem::saying(Code::Invalid, "there are 500 campaigns; end one first"),
            CommandError::Reward(refusal) => refusal.into(),
            CommandError::ShopNotConnected => Problem::of(Code::ShopNotConnected),
            CommandError::CreditSpent => {
                Problem::saying(Code::RedemptionUsed, "the store credit, or part of it, is spent")
            }
            CommandError::CatalogueFull => Problem::saying(Code::Invalid, "the catalogue has 500 rewards already"),
            CommandError::UnknownTaskKind => Problem::at("/kind", "nobody does tasks of this kind"),
            CommandError::TaskNotByHand => {
                Problem::at("/kind", "tasks of this kind are created when their reason comes up; ask for `mail.send`")
            }
            CommandError::MailNotByHand(problem) => Problem::at("/mail", problem),
            CommandError::IdentitiesConflict => Problem::of(Code::IdentitiesConflict),
            CommandError::TaskEnded => Problem::of(Code::TaskEnded),
            CommandError::Held | CommandError::Privacy(GdprRefusal::Held) => Problem::of(Code::RequestHeld),
            CommandError::Privacy(refusal) => Problem::saying(Code::RequestNotOpen, refusal.to_string()),
            CommandError::StaleSettings { current } => {
                Problem::saying(Code::StaleSettings, format!("the current version is {current}"))
            }
            CommandError::Referral(problem) => problem.into(),
            CommandError::StaleTemplate { current: 0 } => {
                Problem::saying(Code::StaleSettings, "there is no such template by now")
            }
            CommandError::StaleTemplate { current } => {
                Problem::saying(Code::StaleSettings, format!("the template is at version {current} by now"))
            }
            CommandError::TooManyTemplates => Problem::saying(Code::Invalid, "there are 120 templates already"),
            CommandError::Template(fault) => Problem::at(format!("/{}", fault.part), fault.problem),
            CommandError::UnknownTier => Problem::at("/tier", "the programme has no such tier"),
            CommandError::UnknownBadge => Problem::at("/badge_id", "the programme has no such badge"),
            CommandError::TooManyApiKeys => Problem::saying(Code::Invalid, "there are 100 keys; revoke one first"),
            CommandError::UnknownApiKey => Problem::of(Code::NotFound),
            CommandError::ClockBackward => Problem::of(Code::ClockBackward),
            CommandError::Books(refusal) => refusal.into(),
            CommandError::MerchantExists => Problem::saying(Code::Invalid, "the shop is a merchant already"),
            CommandError::VaultOlderThanLog => {
                tracing::error!(
                    "the log names a key that the vault has never heard of: the vault is older than the log"
                );
                Problem::of(Code::VaultOlderThanLog)
            }
            CommandError::TooLarge => Problem::of(Code::PayloadTooLarge),
            CommandError::Internal(what) => {
                tracing::error!(what, "a command failed where it should not");
                Problem::of(Code::Internal)
            }
        }
    }
}

impl From<ReferralProblem> for Problem {
    fn from(problem: ReferralProblem) -> Self {
        match problem {
            ReferralProblem::UnknownLink | ReferralProblem::Refused(ReferralRefusal::Unknown) => {
                Problem::of(Code::NotFound)
            }
            ReferralProblem::Refused(ReferralRefusal::ReferredByAnother) => Problem::of(Code::ReferredByAnother),
            ReferralProblem::Refused(ReferralRefusal::SamePerson) => Problem::of(Code::SelfReferral),
            ReferralProblem::Refused(ReferralRefusal::NotOpen) => Problem::of(Code::ReferralNotOpen),
            ReferralProblem::Off => Problem::of(Code::ReferralsOff),
            ReferralProblem::LinkEnded => Problem::of(Code::ReferralLinkEnded),
            ReferralProblem::NotAnAddress => Problem::at("/email", "is not an e-mail address"),
            ReferralProblem::TooManyNamed => {
                Problem::at("/email", "the link waits for as many addresses as it may: 1000 within 30 days")
            }
            ReferralProblem::InTheFuture => Problem::at("/referred_at", "lies in the future"),
            ReferralProblem::InvitationsOff => Problem::of(Code::InvitationsOff),
            ReferralProblem::TooManyInvitations => Problem::of(Code::TooManyInvitations),
        }
    }
}
impl From<RewardRefusal> for Problem {
    fn from(refusal: RewardRefusal) -> Self {
        match refusal {
            RewardRefusal::Unknown => Problem::of(Code::NotFound),
            RewardRefusal::Stale { current } => {
                Problem::saying(Code::StaleSettings, format!("the current version is {current}"))
            }
            RewardRefusal::Faulty { pointer, problem } => Problem::at(pointer, problem),
            RewardRefusal::NotNow => Problem::of(Code::RewardUnavailable),
            RewardRefusal::NotEligible => Problem::of(Code::RewardNotEligible),
            RewardRefusal::OutOfStock => Problem::of(Code::RewardOutOfStock),
        }
    }
}

impl From<PointsRefusal> for Problem {
    fn from(refusal: PointsRefusal) -> Self {
        match refusal {
            PointsRefusal::Merged { into } => Problem::saying(Code::CustomerMerged, format!("it lives on as {into}")),
            PointsRefusal::InsufficientPoints { available } => {
                Problem::saying(Code::InsufficientPoints, format!("{available} points are available"))
            }
            PointsRefusal::BadAdjustment => Problem::at("/points", "must not be zero, and at most 1000000000000"),
            PointsRefusal::BadBonus => Problem::at("/points", "must be from 1 to 1000000000000"),
            PointsRefusal::Erased => Problem::of(Code::CustomerErased),
            PointsRefusal::KeyReused => Problem::of(Code::IdempotencyKeyReused),
            PointsRefusal::UnknownRedemption | PointsRefusal::UnknownBonus => Problem::of(Code::NotFound),
            PointsRefusal::RedemptionUsed => Problem::of(Code::RedemptionUsed),
            PointsRefusal::RewardLimitReached => Problem::of(Code::RewardLimitReached),
            PointsRefusal::RedemptionCancelled => Problem::of(Code::NotFound),
            PointsRefusal::AwardTooLarge => Problem::at("/points", "too large"),
            PointsRefusal::WorthNothing => Problem::at("/points", "so few are worth nothing at the programme's rate"),
            PointsRefusal::LinksChanged
            | PointsRefusal::OrderUnknown
            | PointsRefusal::NoProgram
            | PointsRefusal::NotFenced => Problem::of(Code::Unavailable),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::warn!(%error, "the database did not answer");
        Problem::of(Code::Unavailable)
    }
}

impl From<projections::balances::ReadError> for Problem {
    fn from(error: projections::balances::ReadError) -> Self {
        match error {
            projections::balances::ReadError::Unavailable => Problem::of(Code::Unavailable),
            projections::balances::ReadError::BadRow => Problem::of(Code::Internal),
        }
    }
}

impl From<projections::ProjectionError> for Problem {
    fn from(error: projections::ProjectionError) -> Self {
        match error {
            projections::ProjectionError::Database(error) => error.into(),
            other => {
                tracing::error!(error = %other, "a read model cannot be read");
                Problem::of(Code::Internal)
            }
        }
    }
}
