//! A friend whom a customer invites: nobody knows them here, and they have agreed to nothing. So much is asked before they are
//! mailed, and their address is let go of afterwards.

use aggregates::{
    mail::{INVITED_FRIEND_TAG, Invitation, SkipReason, may_get, shown_name},
    referral::ReferralCode,
};
use journal::Subject;
use vault::{IndexKind, ItemId, MerchantKeys, VaultError};

use super::{
    MailError,
    handler::{Attempt, MailHandler},
    reader::Reader,
    unsubscribe::ReaderId,
};

impl MailHandler {
    /// The friend, or why they get nothing.
    pub(super) async fn invited(
        &self,
        at: &Attempt<'_>,
        invitation: &Invitation,
    ) -> Result<Result<Reader, SkipReason>, MailError> {
        let merchant = at.task.merchant;
        if !at.settings.referrals.enabled {
            return Ok(Err(SkipReason::SwitchedOff));
        }
        if invitation.link_ends_at.is_some_and(|end| end <= at.task.now) {
            return Ok(Err(SkipReason::Over));
        }
        let advocate = self.customers.load_confirmed(Subject::customer(merchant, at.customer)).await?;
        if let Err(reason) = may_get(at.order.kind, &advocate.state) {
            return Ok(Err(reason));
        }
        let friend = match self.vault.item(merchant, ItemId(invitation.item)).await {
            Err(VaultError::ItemGone) => return Ok(Err(SkipReason::NoAddress)),
            keys => keys?.open(INVITED_FRIEND_TAG, &invitation.friend),
        };
        let Some((friend, address)) = friend.ok().and_then(|friend| Some((friend.email.parse().ok()?, friend.email)))
        else {
            return Ok(Err(SkipReason::NoAddress));
        };
        let hash = self.vault.merchant(merchant).await?.address_hash(&address);
        if self.vault.refuses_mail(merchant, hash).await? {
            return Ok(Err(SkipReason::Unsubscribed));
        }
        if !self.vault.search(merchant, IndexKind::Email, &address).await?.is_empty() {
            return Ok(Err(SkipReason::AlreadyCustomer));
        }
        let profile = self.profile(merchant, at.customer, advocate.position).await?;
        let name = profile.and_then(|profile| profile.first_name);
        let first_name = name.as_deref().and_then(shown_name).unwrap_or_default().to_owned();
        let language = invitation.language.clone();
        Ok(Ok(Reader { address: friend, id: ReaderId::Address(hash), first_name, language }))
    }

    /// Nobody needs the address any more: its key goes, and with it the address in every copy of the log.
    pub(super) async fn let_go(&self, at: &Attempt<'_>) -> Result<(), MailError> {
        if let Some(invitation) = &at.order.facts.invitation {
            self.vault.drop_item(at.task.merchant, ItemId(invitation.item)).await?;
        }
        Ok(())
    }

    /// What the friend follows.
    pub(super) fn referral_url(&self, keys: &MerchantKeys, invitation: &Invitation) -> String {
        let code = ReferralCode::new(keys.id(), &keys.referral_hash(invitation.link.0));
        format!("{}/r/{}", self.mailing.public_url, code.as_str())
    }
}
