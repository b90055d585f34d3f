//! What can have happened to a customer.

use serde::{Deserialize, Serialize};

use super::{
    Birthday, Profile,
    choices::{ChosenBy, MailChoice},
};
use crate::{
    badge::{BadgeAwarded, HeldBadge},
    event::events,
    id::{CustomerId, Fingerprint, GdprRequestId, ImportId, ReferralLinkId},
    points::StaffNote,
    sealed::Sealed,
    tier::{Gift, TierGiven, TierTakenBack},
    time::Timestamp,
};

events! {
    /// What happened to a customer.
    CustomerEvent {
        /// Seen for the first time; a member from then on.
        Enrolled(Enrolled) = "customer.enrolled" v 1;
        ProfileUpdated(ProfileUpdated) = "customer.profile_updated" v 1;
        /// The shop deleted the profile. Points and history stay until somebody asks for erasure.
        DeletedInShop(DeletedInShop) = "customer.deleted_in_shop" v 1;
        MergedInto(MergedInto) = "customer.merged_into" v 1;
        Absorbed(Absorbed) = "customer.absorbed" v 1;
        /// About to be forgotten: nothing is written about them any more.
        Fenced(Fenced) = "customer.fenced" v 1;
        /// Forgotten: nothing that was sealed for them opens any more.
        Erased(Erased) = "customer.erased" v 1;
        /// On which day they were born, or that it is not known any more.
        BirthdayTold(BirthdayTold) = "customer.birthday_told" v 1;
        /// Their data may be kept and not used.
        Restricted(Limited) = "customer.restricted" v 1;
        RestrictionLifted(LimitLifted) = "customer.restriction_lifted" v 1;
        /// They object to being profiled.
        Objected(Limited) = "customer.profiling_objected" v 1;
        ObjectionWithdrawn(LimitLifted) = "customer.objection_withdrawn" v 1;
        /// They can bring friends by a link of their own.
        ReferralLinkIssued(ReferralLink) = "customer.referral_link_issued" v 1;
        /// They have achieved something, or a member of staff says so.
        BadgeAwarded(BadgeAwarded) = "badge.awarded" v 1;
        /// They want mail, or none.
        MailChosen(MailChosen) = "customer.mail_chosen" v 1;
        /// They want to be seen in leaderboards, or not.
        LeaderboardChosen(LeaderboardChosen) = "customer.leaderboard_chosen" v 1;
        /// They brought a tier or a referral link along from another programme.
        Imported(Imported) = "customer.imported" v 1;
        /// They have a tier for a time, whatever they have bought.
        TierGiven(TierGiven) = "vip_tier.given" v 1;
        TierTakenBack(TierTakenBack) = "vip_tier.taken_back" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    pub profile: Sealed<Profile>,
    /// The shop's own time of this profile, where it told one.
    pub profile_updated_at: Option<Timestamp>,
    pub fingerprint: Fingerprint,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileUpdated {
    pub profile: Sealed<Profile>,
    pub profile_updated_at: Option<Timestamp>,
    pub fingerprint: Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedInShop {
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    pub winner: CustomerId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    pub loser: CustomerId,
    /// Those of the loser that the survivor did not have.
    pub badges: Vec<HeldBadge>,
    /// Tiers that the loser was given and that nobody has ended: they are the survivor's too.
    pub gifts: Vec<Gift>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailChosen {
    pub choice: MailChoice,
    pub by: ChosenBy,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderboardChosen {
    pub opt_out: bool,
    pub by: ChosenBy,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fenced {
    pub request: GdprRequestId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    pub request: GdprRequestId,
    /// The entry of the deletion journal by which the keys were destroyed.
    pub deletion: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthdayTold {
    pub birthday: Option<Sealed<Birthday>>,
    pub fingerprint: Option<Fingerprint>,
    pub at: Timestamp,
}

/// A limit came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limited {
    /// Why; none where it came with a merged profile, which has its own.
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitLifted {
    pub at: Timestamp,
}

/// The code in the link is made from its id with the merchant's key, and stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralLink {
    pub link: ReferralLinkId,
    pub at: Timestamp,
    /// Brings nobody any more from then on.
    pub expires_at: Option<Timestamp>,
}

impl ReferralLink {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What a customer had in another programme, besides points. Whoever gives tiers and referral links here may honour it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub import: ImportId,
    /// The other programme's name of the tier.
    pub tier: Option<String>,
    pub referral: Option<Sealed<ReferralCode>>,
    /// Keyed hash of tier and code, so that a repetition is recognised.
    pub fingerprint: Fingerprint,
    pub at: Timestamp,
}

/// A referral link of another programme, or the code in it: whoever has it knows whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralCode {
    pub code: String,
}
