//! An advocate invites somebody by mail. Who that is nobody knows here: the address is sealed under a key of its own, which ends
//! when the mail is sent, and after a month at the latest. What stays is a keyed hash that can be erased: no advocate invites
//! the same address twice.

use aggregates::{
    customer::ReferralLink,
    id::{CustomerId, ReferralLinkId, TaskId},
    mail::{EmailAddress, INVITATIONS_PER_DAY, INVITED_FRIEND_TAG, Invitation, InvitedFriend, Language, MailKind},
    referral::ReferralCode,
};
use journal::{
    Subject,
    executor::{RandomIds, Retry},
};
use policies::mail::{MAIL_TASK, MailFacts, MailOrder, Wish};
use uuid::Uuid;
use vault::{Invited, ItemPurpose};

use super::{ReferralProblem, link::no_program};
use crate::{
    clock::new_id,
    commands::{CommandError, Request},
    gateway::Gateway,
};

/// An invitation that is on the queue, now or since an earlier request.
#[derive(Debug, Clone, Copy)]
pub struct InvitationDone {
    pub advocate: CustomerId,
    pub link: ReferralLinkId,
    /// By which it is sent. What came of it is among the merchant's mails; whoever asks here does not learn whether the address
    /// is a customer's.
    pub mail: TaskId,
    /// Of the commit that created it; none if it was there already.
    pub position: Option<u64>,
}

impl Gateway {
    /// The owner of this link invites whoever has this address: once, whatever is asked for how often.
    pub async fn invite_friend(
        &self,
        request: &Request,
        code: ReferralCode,
        friend: &EmailAddress,
        language: Option<Language>,
    ) -> Result<InvitationDone, CommandError> {
        let (merchant, now) = (request.merchant, request.now);
        let (advocate, link) = self.link_with_code(merchant, code).await?.ok_or(ReferralProblem::UnknownLink)?;
        if !link.is_live(now) {
            return Err(ReferralProblem::LinkEnded.into());
        }
        let lease = self.merchant(merchant).await?;
        let settings = &lease.program.in_effect_at(now).ok_or_else(no_program)?.settings;
        if !settings.referrals.enabled {
            return Err(ReferralProblem::Off.into());
        }
        let is_sent = settings.mail.kinds.contains(&MailKind::ReferralInvitation);
        let postmaster = self.postmaster().filter(|_| is_sent).ok_or(ReferralProblem::InvitationsOff)?;
        let invitation = self.note_invitation(request, advocate, friend).await?;
        let key = format!("referral_invitation:{}", invitation.simple());
        let mail = self.tasks.id_of(merchant, &MAIL_TASK, &key).await?;
        let done = |position| InvitationDone { advocate, link: link.link, mail, position };
        if self.has_task(merchant, mail).await? {
            return Ok(done(None));
        }
        let invitation = self.sealed_invitation(request, link, friend, language).await?;
        let facts = MailFacts { invitation: Some(invitation), ..MailFacts::default() };
        let order = MailOrder::of(MailKind::ReferralInvitation, facts);
        let wish = Wish { customer: advocate, key: &key, order: &order, not_before: now };
        let ordered = postmaster.order_as(&request.context(), merchant, &lease.program, &wish).await?;
        Ok(done(ordered.ok_or(CommandError::CustomerErased)?.position))
    }

    /// Notes in the vault that the advocate invites this address; gives the invitation's name, which may be of an earlier request.
    async fn note_invitation(
        &self,
        request: &Request,
        advocate: CustomerId,
        friend: &EmailAddress,
    ) -> Result<Uuid, CommandError> {
        let merchant = request.merchant;
        let address = self.vault.merchant(merchant).await?.address_hash(friend.as_str());
        let profiles = self.customers.load(Subject::customer(merchant, advocate)).await?;
        let advocates = (advocate, profiles.state.absorbed.as_slice());
        let limit = (request.now, INVITATIONS_PER_DAY);
        let mut retry = Retry::new(&RandomIds);
        loop {
            match self.vault.invite(merchant, advocates, address, new_id(), limit).await? {
                Invited::As(invitation) => return Ok(invitation),
                Invited::TooMany => return Err(ReferralProblem::TooManyInvitations.into()),
                Invited::Busy if retry.pause().await => {}
                Invited::Busy => return Err(CommandError::Contended),
            }
        }
    }

    /// What the task is told. The address's key ends by our clock, whatever a shop's test clock says.
    async fn sealed_invitation(
        &self,
        request: &Request,
        link: ReferralLink,
        friend: &EmailAddress,
        language: Option<Language>,
    ) -> Result<Invitation, CommandError> {
        let expires_at = ItemPurpose::Invitation.expires_at(self.clock.now());
        let item = self.vault.new_item(request.merchant, ItemPurpose::Invitation, expires_at).await?;
        Ok(Invitation {
            link: link.link,
            link_ends_at: link.expires_at,
            item: item.id().0,
            friend: item.seal(INVITED_FRIEND_TAG, &InvitedFriend { email: friend.as_str().to_owned() }),
            language,
        })
    }
}
