//! What can be asked of a referral, and why it may say no.

use super::{
    event::{Approved, FriendIdentified},
    standing::FriendOrder,
};
use crate::{id::CustomerId, points::StaffNote, program::ReferralSettings, sealed::Sealed, time::Timestamp};

#[derive(Debug, Clone)]
pub enum ReferralCommand {
    /// Somebody came through a link. Who names an advocate first is the one; a repetition may add evidence.
    Identify(Box<FriendIdentified>),
    /// Something about the friend has changed, or time has passed.
    Consider(Box<Consider>),
    Approve(Approved),
    Reject {
        reason: Sealed<StaffNote>,
        at: Timestamp,
        through: u64,
    },
}

/// Everything a decision depends on, as it is in the commit that guards it.
#[derive(Debug, Clone)]
pub struct Consider {
    /// Of the friend's account, oldest first.
    pub orders: Vec<FriendOrder>,
    pub parties: Parties,
    /// Of the version that the referral is judged by.
    pub rules: ReferralSettings,
    /// Other referrals of the advocate in the velocity limit's days before this one.
    pub recent: u32,
    /// The friend is one with somebody who was brought before this one.
    pub brought_before: bool,
    /// Up to where the log is looked at.
    pub through: u64,
    pub now: Timestamp,
}

/// Who the two are by now, after merges; none where they were forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties {
    pub advocate: Option<CustomerId>,
    pub friend: Option<CustomerId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferralRefusal {
    #[error("no such referral")]
    Unknown,
    #[error("somebody else has referred this customer")]
    ReferredByAnother,
    #[error("nobody refers themselves")]
    SamePerson,
    #[error("the referral is not open to this decision")]
    NotOpen,
}
