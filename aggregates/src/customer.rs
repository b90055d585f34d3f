//! A person of one merchant: profile under the person's own key, and what became of it.

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    id::{CustomerId, Fingerprint},
    sealed::Sealed,
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
    }
}

/// What is known of a person. Exists in memory only; anything stored is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The shop's id of the customer, such as `207119551`.
    pub external_id: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
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
}

#[derive(Debug, Clone)]
pub enum CustomerCommand {
    /// First sight, by whatever door. Does nothing for somebody known.
    Enrol {
        seen: SeenProfile,
        now: Timestamp,
    },
    /// The shop states the profile.
    StateProfile {
        seen: SeenProfile,
        now: Timestamp,
    },
    DeleteInShop {
        now: Timestamp,
    },
    MergeInto {
        winner: CustomerId,
    },
    Absorb {
        loser: CustomerId,
    },
}

#[derive(Debug, Clone)]
pub struct SeenProfile {
    pub profile: Sealed<Profile>,
    pub updated_at: Option<Timestamp>,
    /// Keyed hash of the plain profile: equal profiles are recognised without opening them.
    pub fingerprint: Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    #[error("the customer was merged into another")]
    Merged { into: CustomerId },
    #[error("no such customer")]
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Standing {
    #[default]
    Unknown,
    Member,
    MergedInto(CustomerId),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Customer {
    pub standing: Standing,
    pub profile_updated_at: Option<Timestamp>,
    /// Profiles taken in, newest last, with where; bounded, because only repetition nearby matters.
    profiles: Vec<(Fingerprint, u64)>,
    pub deleted_in_shop: bool,
    pub last_position: u64,
}

/// Profiles remembered per customer, for answering repeated deliveries.
const PROFILES_REMEMBERED_MAX: usize = 8;

impl Customer {
    pub fn position_of(&self, fingerprint: Fingerprint) -> Option<u64> {
        self.profiles.iter().find(|(known, _)| *known == fingerprint).map(|(_, position)| *position)
    }

    fn remember(&mut self, fingerprint: Fingerprint, position: u64) {
        if self.profiles.len() == PROFILES_REMEMBERED_MAX {
            self.profiles.remove(0);
        }
        self.profiles.push((fingerprint, position));
    }
}

impl Aggregate for Customer {
    const CONTEXT: Context = Context::Customer;
    type Event = CustomerEvent;
    type Command = CustomerCommand;
    type Refusal = CustomerRefusal;

    fn decide(&self, command: &CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        match (command, self.standing) {
            (CustomerCommand::MergeInto { winner }, Standing::MergedInto(into)) if *winner == into => Ok(Vec::new()),
            (_, Standing::MergedInto(into)) => Err(CustomerRefusal::Merged { into }),
            (CustomerCommand::Enrol { seen, now } | CustomerCommand::StateProfile { seen, now }, Standing::Unknown) => {
                Ok(vec![CustomerEvent::Enrolled(Enrolled {
                    profile: seen.profile.clone(),
                    profile_updated_at: seen.updated_at,
                    fingerprint: seen.fingerprint,
                    at: *now,
                })])
            }
            (_, Standing::Unknown) => Err(CustomerRefusal::Unknown),
            (CustomerCommand::Enrol { .. }, Standing::Member) => Ok(Vec::new()),
            (CustomerCommand::StateProfile { seen, .. }, Standing::Member) => Ok(self.state_profile(seen)),
            (CustomerCommand::DeleteInShop { .. }, Standing::Member) if self.deleted_in_shop => Ok(Vec::new()),
            (CustomerCommand::DeleteInShop { now }, Standing::Member) => {
                Ok(vec![CustomerEvent::DeletedInShop(DeletedInShop { at: *now })])
            }
            (CustomerCommand::MergeInto { winner }, Standing::Member) => {
                Ok(vec![CustomerEvent::MergedInto(MergedInto { winner: *winner })])
            }
            (CustomerCommand::Absorb { loser }, Standing::Member) => {
                Ok(vec![CustomerEvent::Absorbed(Absorbed { loser: *loser })])
            }
        }
    }

    fn apply(&mut self, event: &CustomerEvent, recorded: &Recorded) {
        self.last_position = recorded.position;
        match event {
            CustomerEvent::Enrolled(event) => {
                self.standing = Standing::Member;
                self.profile_updated_at = event.profile_updated_at;
                self.remember(event.fingerprint, recorded.position);
            }
            CustomerEvent::ProfileUpdated(event) => {
                self.profile_updated_at = event.profile_updated_at;
                self.deleted_in_shop = false;
                self.remember(event.fingerprint, recorded.position);
            }
            CustomerEvent::DeletedInShop(_) => self.deleted_in_shop = true,
            CustomerEvent::MergedInto(event) => self.standing = Standing::MergedInto(event.winner),
            CustomerEvent::Absorbed(_) => {}
        }
    }
}

impl Customer {
    /// The profile that the shop updated last stands; a repetition and a latecomer change nothing.
    fn state_profile(&self, seen: &SeenProfile) -> Vec<CustomerEvent> {
        let repeated = self.position_of(seen.fingerprint).is_some();
        let stale = seen.updated_at.is_some() && seen.updated_at < self.profile_updated_at;
        if repeated || stale {
            return Vec::new();
        }
        vec![CustomerEvent::ProfileUpdated(ProfileUpdated {
            profile: seen.profile.clone(),
            profile_updated_at: seen.updated_at.or(self.profile_updated_at),
            fingerprint: seen.fingerprint,
        })]
    }
}
