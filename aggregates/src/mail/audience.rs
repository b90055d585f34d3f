//! Who may get a mail, by what is on record of them.

use super::{
    event::SkipReason,
    kind::{MailClass, MailKind},
};
use crate::customer::{Customer, Erasure, MailChoice, Standing};

/// Whether a mail of this kind may be sent because of somebody, by what is on record of them: to them; or, where they invite a
/// friend, in their name.
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
        // What they want themselves is about their own mail.
        (_, MailClass::Invitation) => Ok(()),
        (MailChoice::Unsubscribed, _) => Err(SkipReason::Unsubscribed),
        (_, MailClass::Marketing) if !consents => Err(SkipReason::NoConsent),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        customer::{Choices, Limits},
        id::CustomerId,
        time::Timestamp,
    };

    fn member(mail: MailChoice, limits: Limits) -> Customer {
        let mut member = Customer::default();
        let choices = Choices { mail, off_leaderboards: false };
        (member.standing, member.choices, member.limits) = (Standing::Member, choices, limits);
        member
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
    fn whoever_wants_no_mail_can_still_invite_and_whoever_is_restricted_cannot() {
        let invitation = MailKind::ReferralInvitation;
        assert_eq!(may_get(invitation, &member(MailChoice::Unsubscribed, Limits::default())), Ok(()));
        let limits = Limits { restricted: true, ..Limits::default() };
        assert_eq!(may_get(invitation, &member(MailChoice::Subscribed, limits)), Err(SkipReason::Restricted));
    }

    #[test]
    fn nobody_who_is_gone_gets_anything() {
        let merged = Standing::MergedInto(CustomerId(uuid::Uuid::nil()));
        let mut customer = member(MailChoice::Subscribed, Limits::default());
        customer.standing = merged;
        assert_eq!(may_get(MailKind::Welcome, &customer), Err(SkipReason::Merged));
        customer.erasure = Erasure::Erased { at: Timestamp(1) };
        assert_eq!(may_get(MailKind::Welcome, &customer), Err(SkipReason::Forgotten));
    }
}
