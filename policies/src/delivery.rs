//! Whenever points are reserved for something that the shop has to make, then it is made; and if it cannot be, the points
//! come back, and the piece goes back to the stock.
//!
//! | file | its idea |
//! |---|---|
//! | [`make`] | the task that makes it |
//! | [`disable`] | the task that ends a code nobody may use any more |
//! | [`give_back`] | points, stock and code of a redemption that is undone, in one commit |
//! | [`store_credit`] | credit that is taken back before its points are |
//!
//! The task is created in the commit that reserves the points (`gateway/src/commands/redeem.rs`): there is no moment at which
//! points are gone and nobody knows why. What the shop is asked for has a code derived from the redemption, so that asking
//! again makes nothing twice.

mod disable;
mod give_back;
mod make;
mod store_credit;

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId},
    points::{Account, PointsRefusal},
    program::Program,
    reward::{Benefit, Reward},
    task::{Priority, TaskKind},
    time::Timestamp,
};
use journal::{
    Actor, Aggregates, CommandContext, ExecuteError, Journal, Subject,
    executor::{LoadError, TogetherError},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;
use vault::{SealError, Vault, VaultError};

use crate::{
    admin_tokens::{Access, AccessError, AdminTokens},
    shopify_admin::{AdminError, ShopifyAdmin},
    tasks::{NewPayload, NewTask, Outcome, Task, TaskError, TaskQueue},
};

pub use disable::DisableCode;
pub use make::MakeReward;
pub use store_credit::TakeBackCredit;

/// Makes what points were reserved for.
pub const MAKE: TaskKind = TaskKind::named("reward.make");
/// Ends a code.
pub const DISABLE: TaskKind = TaskKind::named("reward.disable");
/// Brings store credit and points together again, where one of them came back.
pub const TAKE_BACK: TaskKind = TaskKind::named("reward.take_back");

/// What a merchant's shop is sealed as.
pub const SHOP_TAG: &str = "merchant.shop";
/// What the token of a shop's Admin API is sealed as.
pub const ADMIN_TOKEN_TAG: &str = "merchant.admin_token";
/// The status of a call whose token is not one, or not any more.
const NO_TOKEN: u16 = 401;
/// Until a task that has another token by now is tried again.
const AT_ONCE: Duration = Duration::from_millis(100);
/// How often merges are followed to the account that has a redemption now.
const MERGES_MAX: usize = 8;

/// What the task [`MAKE`] is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub redemption: RedemptionId,
    /// Whose account it was taken from; a merge may have moved it since.
    pub customer: CustomerId,
    /// What the merchant calls it.
    pub name: String,
    pub benefit: Benefit,
    pub starts_at: Timestamp,
    /// When its code ends.
    pub ends_at: Option<Timestamp>,
}

impl Wanted {
    /// From what its task was told; none if that is something else.
    pub fn from_bytes(payload: &[u8]) -> Option<Self> {
        postcard::from_bytes(payload).ok()
    }

    /// Whether the shopper has something to enter at the checkout: store credit is on their account there.
    pub const fn has_code(&self) -> bool {
        !matches!(self.benefit, Benefit::StoreCredit { .. })
    }

    /// The task that makes it: one for each redemption, for ever.
    pub fn task(&self) -> NewTask {
        NewTask {
            kind: MAKE,
            key: self.redemption.to_string(),
            // Not the customer's: points must come back to the books also of somebody who is being forgotten.
            customer: None,
            payload: NewPayload::Ids(postcard::to_stdvec(self).expect("plain values: encoding cannot fail")),
            priority: Priority::High,
            not_before: None,
        }
    }
}

/// Everything that deliveries work on.
pub struct Parts {
    pub accounts: Aggregates<Account>,
    pub rewards: Aggregates<Reward>,
    pub programs: Aggregates<Program>,
    pub journal: Journal,
    pub vault: Vault,
    pub db: PgPool,
    pub tasks: TaskQueue,
    pub admin: ShopifyAdmin,
    pub tokens: AdminTokens,
    pub new_id: fn() -> Uuid,
}

/// Delivers, and takes back. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries(Arc<Parts>);

impl Deliveries {
    pub fn new(parts: Parts) -> Self {
        Deliveries(Arc::new(parts))
    }

    /// Whose account has it now, by the merges since.
    async fn owner_of(&self, merchant: MerchantId, customer: CustomerId) -> Result<CustomerId, DeliveryError> {
        let mut owner = customer;
        for _ in 0..MERGES_MAX {
            let account = self.0.accounts.load_confirmed(Subject::points(merchant, owner)).await?;
            match account.state.merged_into {
                Some(into) => owner = into,
                None => return Ok(owner),
            }
        }
        Err(DeliveryError::Contended)
    }

    async fn code_of(&self, merchant: MerchantId, redemption: RedemptionId) -> Result<String, DeliveryError> {
        Ok(self.0.vault.merchant(merchant).await?.derive_code(redemption.0))
    }

    /// What is done about a call that failed. A token that the shop does not take before its time is renewed, and the task
    /// comes again at once.
    async fn after(&self, task: &Task, access: &Access, error: DeliveryError) -> Outcome {
        let refused = matches!(error, DeliveryError::Shop(AdminError::Unauthorized(NO_TOKEN)));
        if !refused {
            return error.into();
        }
        match self.0.tokens.not_taken(&self.context(task), task.merchant, access).await {
            Ok(true) => Outcome::Wait(AT_ONCE),
            Ok(false) => error.into(),
            Err(trouble) => trouble.into(),
        }
    }

    fn context(&self, task: &Task) -> CommandContext {
        let actor = Actor::Policy("delivery".to_owned());
        CommandContext { correlation: task.request, ..CommandContext::of(actor, (self.0.new_id)(), task.now) }
    }
}

/// Why a delivery, or its undoing, did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("others were always faster")]
    Contended,
    #[error(transparent)]
    Points(PointsRefusal),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The read model has not seen the customer yet, or not any more.
    #[error("the customer has no profile")]
    NoProfile,
    #[error("a secret does not open: {0}")]
    Sealed(#[from] SealError),
    /// The shop cannot be called.
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Shop(#[from] AdminError),
    #[error("the shop is not connected")]
    NotConnected,
    /// The customer has spent store credit that was to be taken back, or part of it.
    #[error("the store credit was spent")]
    CreditSpent,
    /// Somebody is undoing a redemption whose credit is still to be given.
    #[error("the redemption is being undone")]
    BeingUndone,
    /// Something that should be impossible.
    #[error("the log refused a commit: {0}")]
    Refused(String),
}

impl From<LoadError> for DeliveryError {
    fn from(_: LoadError) -> Self {
        DeliveryError::LogUnavailable
    }
}

impl From<TogetherError> for DeliveryError {
    fn from(error: TogetherError) -> Self {
        match error {
            TogetherError::Conflict => DeliveryError::Contended,
            TogetherError::Load(_) => DeliveryError::LogUnavailable,
            TogetherError::Append(error) => DeliveryError::Refused(error.to_string()),
        }
    }
}

impl From<ExecuteError<PointsRefusal>> for DeliveryError {
    fn from(error: ExecuteError<PointsRefusal>) -> Self {
        match error {
            ExecuteError::Refused(refusal) => DeliveryError::Points(refusal),
            ExecuteError::Contended => DeliveryError::Contended,
            ExecuteError::Unavailable | ExecuteError::Unknown => DeliveryError::LogUnavailable,
            other => DeliveryError::Refused(other.to_string()),
        }
    }
}

impl From<DeliveryError> for Outcome {
    /// What the queue does about it.
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::Shop(AdminError::Throttled { wait }) => Outcome::Wait(wait),
            DeliveryError::Shop(AdminError::Unsettled { wait }) => {
                Outcome::Retry { reason: AdminError::Unsettled { wait }.to_string(), after: Some(wait) }
            }
            DeliveryError::Shop(AdminError::Refused(codes)) => {
                Outcome::dead(format!("the shop refused: {}", codes.join(", ")))
            }
            DeliveryError::Access(error) => error.into(),
            error => Outcome::retry(error.to_string()),
        }
    }
}
