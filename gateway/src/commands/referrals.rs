//! Referrals: links, friends who come through them, and what the merchant decides. Paying is a policy's.
//!
//! | file | its idea |
//! |---|---|
//! | [`link`] | a link for a customer, and whose link a code is |
//! | [`friend`] | somebody has come |
//! | [`stranger`] | a friend is named by an address that is nobody's yet |
//! | [`order`] | an order carries a code, or is of somebody who takes part |
//! | [`evidence`] | comparing traces of two people, and sealing what met |
//! | [`decision`] | the merchant approves or rejects |
//! | [`invitation`] | an advocate invites somebody by mail |
//! | [`old_links`] | links of other programmes lead to ours |
//! | [`clicks`] | how often links were followed |

pub mod clicks;
pub mod decision;
pub mod evidence;
pub mod friend;
pub mod invitation;
pub mod link;
mod old_links;
mod order;
pub mod stranger;

use aggregates::referral::ReferralRefusal;
use policies::ReferralError;

use super::error::CommandError;

/// Why something about a referral was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferralProblem {
    #[error(transparent)]
    Refused(#[from] ReferralRefusal),
    #[error("the merchant has no referral programme")]
    Off,
    #[error("no such link")]
    UnknownLink,
    #[error("the link brings nobody any more")]
    LinkEnded,
    #[error("that is no e-mail address")]
    NotAnAddress,
    #[error("the link waits for as many addresses as it may")]
    TooManyNamed,
    #[error("the moment lies in the future")]
    InTheFuture,
    /// The merchant does not send this kind of mail, or the installation sends none.
    #[error("invitations are not sent")]
    InvitationsOff,
    #[error("the advocate has invited as many friends as a day allows")]
    TooManyInvitations,
}

impl From<ReferralProblem> for CommandError {
    fn from(problem: ReferralProblem) -> Self {
        CommandError::Referral(problem)
    }
}

impl From<ReferralRefusal> for CommandError {
    fn from(refusal: ReferralRefusal) -> Self {
        CommandError::Referral(refusal.into())
    }
}

impl From<ReferralError> for CommandError {
    fn from(error: ReferralError) -> Self {
        match error {
            ReferralError::Refused(refusal) => refusal.into(),
            ReferralError::Contended => CommandError::Contended,
            ReferralError::Load(error) => error.into(),
            ReferralError::Together(error) => error.into(),
            ReferralError::Account(refusal) => refusal.into(),
            ReferralError::Database(_) | ReferralError::LogUnavailable | ReferralError::ReadModelBehind => {
                CommandError::Unavailable(error.to_string())
            }
            ReferralError::NoProgram => CommandError::Internal(error.to_string()),
        }
    }
}
