//! Why a command was not done, as far as a door has to tell it apart.

use aggregates::{
    campaign::CampaignRefusal, customer::CustomerRefusal, gdpr::GdprRefusal, merchant::MerchantRefusal,
    points::PointsRefusal, program::ProgramRefusal, reward::RewardRefusal,
};
use journal::{
    ExecuteError, JournalError,
    executor::{LoadError, TogetherError},
};
use policies::{AccessError, BadgeError, CampaignError, DeliveryError, RfmError, TierError};
use vault::VaultError;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Log or database did not answer. Nothing half done that a repetition does not complete.
    #[error("not available: {0}")]
    Unavailable(String),
    /// Others write the same thing all the time; try again.
    #[error("too much contention")]
    Contended,
    #[error(transparent)]
    Points(PointsRefusal),
    #[error("the customer was erased")]
    CustomerErased,
    #[error("no such customer")]
    UnknownCustomer,
    #[error("no such merchant")]
    UnknownMerchant,
    #[error("the merchant was erased")]
    MerchantErased,
    #[error("no such privacy request")]
    UnknownRequest,
    #[error(transparent)]
    Privacy(GdprRefusal),
    /// Somebody's keys may not be destroyed until a hold is lifted.
    #[error("a legal hold stands against it")]
    Held,
    #[error("no such campaign")]
    UnknownCampaign,
    #[error("there are as many campaigns as there may be")]
    TooManyCampaigns,
    #[error(transparent)]
    Reward(RewardRefusal),
    /// Rewards need a shop that lets us make them.
    #[error("the shop's own API is not connected")]
    ShopNotConnected,
    /// Store credit that was to be taken back is not on the customer's account any more.
    #[error("the store credit was spent")]
    CreditSpent,
    #[error("the catalogue is full")]
    CatalogueFull,
    #[error("no such task")]
    UnknownTask,
    #[error("nobody does tasks of this kind")]
    UnknownTaskKind,
    /// Such tasks belong to something else that is done in the same commit.
    #[error("tasks of this kind are not created by hand")]
    TaskNotByHand,
    /// Why this mail cannot be sent to this customer by hand.
    #[error("the mail cannot be sent by hand: {0}")]
    MailNotByHand(&'static str),
    /// Two outside identities that were stated together lead to two people.
    #[error("the identities belong to different customers")]
    IdentitiesConflict,
    /// It was completed or discarded.
    #[error("the task has ended")]
    TaskEnded,
    #[error("settings are at version {current}")]
    StaleSettings { current: u32 },
    #[error("the template is at version {current}")]
    StaleTemplate { current: u32 },
    #[error("there are too many templates")]
    TooManyTemplates,
    #[error(transparent)]
    Template(aggregates::mail::TemplateFault),
    #[error("the programme has no such badge")]
    UnknownBadge,
    #[error("the programme has no such tier")]
    UnknownTier,
    #[error("there are as many API keys as there may be")]
    TooManyApiKeys,
    #[error("no such API key")]
    UnknownApiKey,
    #[error("a test clock only moves forward")]
    ClockBackward,
    #[error("the shop is a merchant already")]
    MerchantExists,
    #[error(transparent)]
    Books(#[from] aggregates::books::BooksRefusal),
    #[error(transparent)]
    Referral(super::referrals::ReferralProblem),
    /// The log names a key that the vault has never heard of: it was restored from before.
    #[error("the vault is older than the log")]
    VaultOlderThanLog,
    /// The fact is larger than a commit may be.
    #[error("too large to record")]
    TooLarge,
    /// Something that should be impossible, for the log to tell and an operator to look at.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable(_) => CommandError::Unavailable("the vault's database".to_owned()),
            VaultError::Destroyed { .. } => CommandError::CustomerErased,
            VaultError::NeverMade => CommandError::VaultOlderThanLog,
            VaultError::UnknownMerchant(_) => CommandError::UnknownMerchant,
            VaultError::Held { .. } => CommandError::Held,
            other => CommandError::Internal(other.to_string()),
        }
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) => CommandError::Unavailable("the log".to_owned()),
            LoadError::Unreadable { .. } => CommandError::Internal(error.to_string()),
        }
    }
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        LoadError::from(error).into()
    }
}

impl From<sqlx::Error> for CommandError {
    fn from(_: sqlx::Error) -> Self {
        CommandError::Unavailable("the database".to_owned())
    }
}

impl From<TogetherError> for CommandError {
    fn from(error: TogetherError) -> Self {
        match error {
            TogetherError::Conflict => CommandError::Contended,
            TogetherError::Load(error) => error.into(),
            TogetherError::Append(error) => ExecuteError::<Never>::from(error).into(),
        }
    }
}

/// A refusal that cannot occur.
pub type Never = std::convert::Infallible;

impl From<Never> for CommandError {
    fn from(never: Never) -> Self {
        match never {}
    }
}

impl From<CustomerRefusal> for CommandError {
    fn from(refusal: CustomerRefusal) -> Self {
        match refusal {
            CustomerRefusal::Unknown => CommandError::UnknownCustomer,
            CustomerRefusal::Erased => CommandError::CustomerErased,
            CustomerRefusal::NotFenced => CommandError::Internal(refusal.to_string()),
            CustomerRefusal::Merged { into } => CommandError::Points(PointsRefusal::Merged { into }),
        }
    }
}

impl From<MerchantRefusal> for CommandError {
    fn from(refusal: MerchantRefusal) -> Self {
        match refusal {
            MerchantRefusal::Exists => CommandError::MerchantExists,
            MerchantRefusal::Unknown => CommandError::UnknownMerchant,
            MerchantRefusal::ClockBackward => CommandError::ClockBackward,
            MerchantRefusal::Erased => CommandError::MerchantErased,
            MerchantRefusal::TooManyApiKeys => CommandError::TooManyApiKeys,
            MerchantRefusal::UnknownApiKey => CommandError::UnknownApiKey,
            MerchantRefusal::NotFenced | MerchantRefusal::NumberOfSecrets => {
                CommandError::Internal(refusal.to_string())
            }
        }
    }
}

impl From<GdprRefusal> for CommandError {
    fn from(refusal: GdprRefusal) -> Self {
        match refusal {
            GdprRefusal::Unknown => CommandError::UnknownRequest,
            GdprRefusal::OutOfOrder => CommandError::Contended,
            refusal => CommandError::Privacy(refusal),
        }
    }
}

impl From<PointsRefusal> for CommandError {
    fn from(refusal: PointsRefusal) -> Self {
        match refusal {
            PointsRefusal::Erased => CommandError::CustomerErased,
            refusal => CommandError::Points(refusal),
        }
    }
}

impl From<ProgramRefusal> for CommandError {
    fn from(refusal: ProgramRefusal) -> Self {
        let ProgramRefusal::Stale { current } = refusal;
        CommandError::StaleSettings { current }
    }
}

impl<R> From<ExecuteError<R>> for CommandError
where
    R: std::error::Error + Into<CommandError> + 'static,
{
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::Contended => CommandError::Contended,
            ExecuteError::Unavailable | ExecuteError::Unknown => CommandError::Unavailable("the log".to_owned()),
            ExecuteError::TooLarge { .. } => CommandError::TooLarge,
            error @ (ExecuteError::Rejected { .. } | ExecuteError::Unreadable { .. }) => {
                CommandError::Internal(error.to_string())
            }
        }
    }
}

impl From<RfmError> for CommandError {
    fn from(error: RfmError) -> Self {
        match error {
            RfmError::Contended => CommandError::Contended,
            RfmError::Database(_) | RfmError::LogUnavailable | RfmError::ReadModelBehind => {
                CommandError::Unavailable(error.to_string())
            }
            RfmError::CutShort
            | RfmError::Refused(_)
            | RfmError::Unreadable(_)
            | RfmError::Definition(_)
            | RfmError::NoProgram => CommandError::Internal(error.to_string()),
        }
    }
}

impl From<TierError> for CommandError {
    fn from(error: TierError) -> Self {
        match error {
            TierError::Contended => CommandError::Contended,
            TierError::Database(_) | TierError::LogUnavailable | TierError::ReadModelBehind(_) => {
                CommandError::Unavailable(error.to_string())
            }
            TierError::Refused(_) | TierError::Unreadable(_) | TierError::TimeZone(_) | TierError::NoProgram => {
                CommandError::Internal(error.to_string())
            }
        }
    }
}

impl From<CampaignRefusal> for CommandError {
    fn from(refusal: CampaignRefusal) -> Self {
        match refusal {
            CampaignRefusal::Unknown => CommandError::UnknownCampaign,
            CampaignRefusal::Stale { current } => CommandError::StaleSettings { current },
            CampaignRefusal::TooMany => CommandError::TooManyCampaigns,
        }
    }
}

impl From<CampaignError> for CommandError {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::Contended => CommandError::Contended,
            CampaignError::Database(_) | CampaignError::LogUnavailable | CampaignError::ReadModelBehind(_) => {
                CommandError::Unavailable(error.to_string())
            }
            CampaignError::Account(error) => error.into(),
            CampaignError::Vault(error) => error.into(),
            CampaignError::Refused(_)
            | CampaignError::Unreadable(_)
            | CampaignError::TimeZone(_)
            | CampaignError::NoProgram => CommandError::Internal(error.to_string()),
        }
    }
}

impl From<BadgeError> for CommandError {
    fn from(error: BadgeError) -> Self {
        match error {
            BadgeError::Contended => CommandError::Contended,
            BadgeError::Customer(refusal) => refusal.into(),
            BadgeError::Points(refusal) => refusal.into(),
            BadgeError::Vault(error) => error.into(),
            BadgeError::Database(_) | BadgeError::LogUnavailable | BadgeError::ReadModelBehind => {
                CommandError::Unavailable(error.to_string())
            }
            BadgeError::Refused(_)
            | BadgeError::Unreadable(_)
            | BadgeError::UnreadableHistory(_)
            | BadgeError::NoProgram => CommandError::Internal(error.to_string()),
        }
    }
}

impl From<aggregates::parked::ParkedRefusal> for CommandError {
    fn from(refusal: aggregates::parked::ParkedRefusal) -> Self {
        CommandError::Internal(refusal.to_string())
    }
}

impl From<RewardRefusal> for CommandError {
    fn from(refusal: RewardRefusal) -> Self {
        CommandError::Reward(refusal)
    }
}

impl From<DeliveryError> for CommandError {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::LogUnavailable => CommandError::Unavailable("the log".to_owned()),
            DeliveryError::Contended => CommandError::Contended,
            DeliveryError::Access(error) => error.into(),
            DeliveryError::NoProfile => CommandError::Unavailable(error.to_string()),
            DeliveryError::Points(refusal) => refusal.into(),
            DeliveryError::Database(error) => error.into(),
            DeliveryError::Vault(error) => error.into(),
            DeliveryError::Task(error) => error.into(),
            DeliveryError::NotConnected => CommandError::ShopNotConnected,
            DeliveryError::CreditSpent => CommandError::CreditSpent,
            DeliveryError::BeingUndone => CommandError::Unavailable(error.to_string()),
            // Whatever the shop has against it, the merchant's wish stands where it was, and may be repeated.
            DeliveryError::Shop(error) => CommandError::Unavailable(error.to_string()),
            error @ (DeliveryError::Sealed(_) | DeliveryError::Refused(_)) => CommandError::Internal(error.to_string()),
        }
    }
}

impl From<AccessError> for CommandError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Contended => CommandError::Contended,
            AccessError::Database(error) => error.into(),
            AccessError::Vault(error) => error.into(),
            AccessError::Task(error) => error.into(),
            error => CommandError::Unavailable(error.to_string()),
        }
    }
}
