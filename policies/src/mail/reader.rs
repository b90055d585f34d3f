//! Whom a mail is for. Opened when it is sent, and let go of right afterwards.

use std::time::Duration;

use aggregates::{
    customer::{PROFILE_TAG, Profile},
    id::{CustomerId, MerchantId},
    mail::{Language, MailKind, SkipReason, may_get},
};
use journal::Subject;
use lettre::Address;
use projections::customers::{self, Customers};
use vault::VaultError;

use super::{MailError, handler::MailHandler, unsubscribe::ReaderId};

/// How long the read model may take to know the newest profile.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(3);

/// Where a mail goes, and what it can say.
pub struct Reader {
    pub address: Address,
    /// By whom its unsubscribe link is followed.
    pub id: ReaderId,
    /// The first name of the customer that it is about: the reader, or who invites them. Empty where nobody knows.
    pub first_name: String,
    /// None where the shop does not say.
    pub language: Option<Language>,
}

impl MailHandler {
    /// The reader, or why there is none.
    pub(super) async fn reader(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        kind: MailKind,
    ) -> Result<Result<Reader, SkipReason>, MailError> {
        let known = self.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
        if let Err(reason) = may_get(kind, &known.state) {
            return Ok(Err(reason));
        }
        let profile = self.profile(merchant, customer, known.position).await?;
        let Some(profile) = profile else { return Ok(Err(SkipReason::Forgotten)) };
        let Some(address) = profile.email.and_then(|address| address.parse().ok()) else {
            return Ok(Err(SkipReason::NoAddress));
        };
        let language = profile.locale.as_deref().and_then(Language::of_locale);
        let first_name = profile.first_name.unwrap_or_default();
        Ok(Ok(Reader { address, id: ReaderId::Customer(customer), first_name, language }))
    }

    /// What is known of a customer, as of their commit at `position`; none of somebody who is forgotten.
    pub(super) async fn profile(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        position: u64,
    ) -> Result<Option<Profile>, MailError> {
        if !self.progress.reached(Customers::NAME, position, READ_MODEL_PATIENCE).await {
            return Err(MailError::ReadModelBehind);
        }
        let row = customers::find(&self.db, merchant, customer).await?;
        let Some(sealed) = row.and_then(|row| row.profile) else { return Ok(None) };
        match self.vault.person(merchant, customer).await {
            Err(VaultError::Destroyed { .. }) => Ok(None),
            keys => Ok(keys?.open(PROFILE_TAG, &sealed).ok()),
        }
    }
}
