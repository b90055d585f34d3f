//! Whom a mail is for. Opened when it is sent, and let go of right afterwards.

use std::time::Duration;

use aggregates::{
    customer::{Customer, Erasure, MailChoice, Standing},
    id::{CustomerId, MerchantId},
    mail::{Language, MailClass, MailKind, SkipReason},
};
use journal::Subject;
use lettre::Address;
use projections::customers::{self, Customers};
use vault::VaultError;

use super::{MailError, PROFILE_TAG, handler::MailHandler};

/// How long the read model may take to know the newest profile.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(3);

/// Where a mail goes, and what it can say of its reader.
pub struct Reader {
    pub address: Address,
    pub first_name: String,
    /// None where the shop does not say.
    pub language: Option<Language>,
}

/// Whether somebody may get a mail of this kind, by what is on record of them.
pub fn may_get(kind: MailKind, customer: &Customer) -> Result<(), SkipReason> {
    if customer.erasure != Erasure::None {
        return Err(SkipReason::Forgotten);
    }
    if customer.standing != Standing::Member {
        return Err(SkipReason::Merged);
    }
    if customer.limits.restricted {
        return Err(SkipReason::Restricted);
    }
    let consents = customer.choices.mail == MailChoice::Subscribed && !customer.limits.objects_to_profiling;
    match (customer.choices.mail, kind.class()) {
        (MailChoice::Unsubscribed, _) => Err(SkipReason::Unsubscribed),
        (_, MailClass::Marketing) if !consents => Err(SkipReason::NoConsent),
        _ => Ok(()),
    }
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
        if !self.progress.reached(Customers::NAME, known.position, READ_MODEL_PATIENCE).await {
            return Err(MailError::ReadModelBehind);
        }
        let row = customers::find(&self.db, merchant, customer).await?;
        let Some(sealed) = row.and_then(|row| row.profile) else { return Ok(Err(SkipReason::Forgotten)) };
        let keys = match self.vault.person(merchant, customer).await {
            Err(VaultError::Destroyed { .. }) => return Ok(Err(SkipReason::Forgotten)),
            keys => keys?,
        };
        let Ok(profile) = keys.open(PROFILE_TAG, &sealed) else { return Ok(Err(SkipReason::Forgotten)) };
        let Some(address) = profile.email.and_then(|address| address.parse().ok()) else {
            return Ok(Err(SkipReason::NoAddress));
        };
        let language = profile.locale.as_deref().and_then(Language::of_locale);
        Ok(Ok(Reader { address, first_name: profile.first_name.unwrap_or_default(), language }))
    }
}

#[cfg(test)]
mod tests {
    use aggregates::customer::{Choices, Limits};

    use super::*;

    fn member(mail: MailChoice, limits: Limits) -> Customer {
        let choices = Choices { mail, off_leaderboards: false };
        Customer { standing: Standing::Member, choices, limits, ..Customer::default() }
    }

    #[test]
    fn members_are_told_what_they_need_and_only_who_consents_gets_marketing() {
        let (service, marketing) = (MailKind::Welcome, MailKind::PointsExpiring);
        let limits = Limits::default();
        assert_eq!(may_get(service, &member(MailChoice::Unsaid, limits)), Ok(()));
        assert_eq!(may_get(marketing, &member(MailChoice::Unsaid, limits)), Err(SkipReason::NoConsent));
        assert_eq!(may_get(marketing, &member(MailChoice::Subscribed, limits)), Ok(()));
        for kind in [service, marketing] {
            assert_eq!(may_get(kind, &member(MailChoice::Unsubscribed, limits)), Err(SkipReason::Unsubscribed));
            let restricted = Limits { restricted: true, ..limits };
            assert_eq!(may_get(kind, &member(MailChoice::Subscribed, restricted)), Err(SkipReason::Restricted));
        }
        let objecting = member(MailChoice::Subscribed, Limits { objects_to_profiling: true, ..limits });
        assert_eq!(may_get(marketing, &objecting), Err(SkipReason::NoConsent));
        assert_eq!(may_get(service, &objecting), Ok(()));
    }

    #[test]
    fn nobody_who_is_gone_gets_anything() {
        let merged = Standing::MergedInto(CustomerId(uuid::Uuid::nil()));
        let merged = Customer { standing: merged, ..member(MailChoice::Subscribed, Limits::default()) };
        assert_eq!(may_get(MailKind::Welcome, &merged), Err(SkipReason::Merged));
        let erased = Erasure::Erased { at: aggregates::time::Timestamp(1) };
        let erased = Customer { erasure: erased, ..member(MailChoice::Subscribed, Limits::default()) };
        assert_eq!(may_get(MailKind::Welcome, &erased), Err(SkipReason::Forgotten));
    }
}
