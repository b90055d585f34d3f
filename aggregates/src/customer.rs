//! A person of one merchant: profile under the person's own key, and what became of it.

mod birthday;
mod choices;
mod event;
mod gifts;
mod limits;
#[cfg(test)]
mod tests;

pub use choices::{Choices, ChosenBy, MailChoice};
pub use event::{
    Absorbed, BirthdayTold, CustomerEvent, DeletedInShop, Enrolled, Erased, Fenced, Imported, LeaderboardChosen,
    LimitLifted, Limited, MailChosen, MergedInto, ProfileUpdated, ReferralCode, ReferralLink,
};

pub use birthday::{Birthday, NotABirthday, celebrated_on};
pub use gifts::NoteImport;
pub use limits::{Limit, Limits};

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    badge::{BadgeAwarded, HeldBadge},
    event::Recorded,
    id::{CustomerId, Fingerprint, GdprRequestId},
    sealed::Sealed,
    tier::{Gift, TierGiven, TierTakenBack},
    time::Timestamp,
};

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

/// What a sealed profile is bound to.
pub const PROFILE_TAG: &str = "customer.profile";

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
    /// What they bring along from another programme, besides points.
    NoteImport(NoteImport),
    /// Staff gives a tier for a time.
    GiveTier(TierGiven),
    TakeTierBack(TierTakenBack),
    MergeInto {
        winner: CustomerId,
    },
    Absorb {
        loser: CustomerId,
        /// What the loser has ruled out goes for the survivor too: they are one person.
        limits: Limits,
        choices: Choices,
        /// What the loser has achieved.
        badges: Vec<HeldBadge>,
        /// What the loser was given.
        gifts: Vec<Gift>,
        now: Timestamp,
    },
    Impose {
        limit: Limit,
        limited: Limited,
    },
    Lift {
        limit: Limit,
        lifted: LimitLifted,
    },
    /// None: it is not known any more.
    TellBirthday {
        told: Option<ToldBirthday>,
        now: Timestamp,
    },
    /// A link to bring friends by; they keep the one they have while it lives.
    IssueReferralLink(ReferralLink),
    /// Does nothing where they have it already.
    AwardBadge(BadgeAwarded),
    ChooseMail(MailChosen),
    ChooseLeaderboard(LeaderboardChosen),
    Fence(Fenced),
    Erase(Erased),
}

#[derive(Debug, Clone)]
pub struct SeenProfile {
    pub profile: Sealed<Profile>,
    pub updated_at: Option<Timestamp>,
    /// Keyed hash of the plain profile: equal profiles are recognised without opening them.
    pub fingerprint: Fingerprint,
}

#[derive(Debug, Clone)]
pub struct ToldBirthday {
    pub birthday: Sealed<Birthday>,
    /// Keyed hash of the plain one: the same is recognised without opening it.
    pub fingerprint: Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    #[error("the customer was merged into another")]
    Merged { into: CustomerId },
    #[error("no such customer")]
    Unknown,
    #[error("the customer was erased")]
    Erased,
    /// Erasing begins with a fence.
    #[error("the customer is not fenced")]
    NotFenced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Standing {
    #[default]
    Unknown,
    Member,
    MergedInto(CustomerId),
}

/// Whether a person is being forgotten. Beside the standing: also somebody who was merged can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Erasure {
    #[default]
    None,
    Fenced {
        request: GdprRequestId,
        at: Timestamp,
    },
    Erased {
        at: Timestamp,
    },
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Customer {
    pub standing: Standing,
    pub erasure: Erasure,
    pub limits: Limits,
    pub choices: Choices,
    pub enrolled_at: Timestamp,
    /// Whose profiles were merged into this one, in the order of the merges.
    pub absorbed: Vec<CustomerId>,
    /// Also those of merged profiles.
    pub badges: Vec<HeldBadge>,
    pub profile_updated_at: Option<Timestamp>,
    /// Profiles taken in, newest last, with where; bounded, because only repetition nearby matters.
    profiles: Vec<(Fingerprint, u64)>,
    /// Of the birthday that is known.
    birthday: Option<Fingerprint>,
    pub deleted_in_shop: bool,
    /// Links to bring friends by, newest last.
    pub referral_links: Vec<ReferralLink>,
    /// What was noted last of what they brought along, with where.
    import_noted: Option<(Fingerprint, u64)>,
    /// Tiers that were given and that nobody has ended; more than one only after a merge.
    gifts: Vec<Gift>,
    pub last_position: u64,
}

/// Profiles remembered per customer, for answering repeated deliveries.
const PROFILES_REMEMBERED_MAX: usize = 8;

impl Customer {
    /// About to be erased, or erased: nothing is done for them any more.
    pub fn is_forgotten(&self) -> bool {
        self.erasure != Erasure::None
    }

    pub fn position_of(&self, fingerprint: Fingerprint) -> Option<u64> {
        self.profiles.iter().find(|(known, _)| *known == fingerprint).map(|(_, position)| *position)
    }

    /// What the newest profile was: [`SeenProfile::fingerprint`].
    pub fn newest_profile(&self) -> Option<Fingerprint> {
        self.profiles.last().map(|(fingerprint, _)| *fingerprint)
    }

    pub fn knows_birthday(&self) -> bool {
        self.birthday.is_some()
    }

    /// The link that brings friends at `now`.
    pub fn live_link(&self, now: Timestamp) -> Option<&ReferralLink> {
        self.referral_links.last().filter(|link| link.is_live(now))
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
        if let CustomerCommand::Fence(_) | CustomerCommand::Erase(_) = command {
            return self.forget(command);
        }
        if self.erasure != Erasure::None {
            return Err(CustomerRefusal::Erased);
        }
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
            (CustomerCommand::NoteImport(note), Standing::Member) => Ok(self.note_import(note)),
            (CustomerCommand::GiveTier(given), Standing::Member) => Ok(self.give_tier(given)),
            (CustomerCommand::TakeTierBack(taken_back), Standing::Member) => Ok(self.take_tier_back(taken_back)),
            (CustomerCommand::MergeInto { winner }, Standing::Member) => {
                Ok(vec![CustomerEvent::MergedInto(MergedInto { winner: *winner })])
            }
            (CustomerCommand::Absorb { loser, limits, choices, badges, gifts, now }, Standing::Member) => {
                let badges = badges.iter().filter(|badge| !self.badges.contains(badge)).cloned().collect();
                let gifts = Self::gifts_left(gifts, *now);
                let absorbed = CustomerEvent::Absorbed(Absorbed { loser: *loser, badges, gifts });
                let limited = |limit: Limit| limit.imposed(Limited { reason: None, at: *now });
                let limited = limits.missing_in(self.limits).map(limited);
                Ok(std::iter::once(absorbed).chain(limited).chain(choices.missing_in(self.choices, *now)).collect())
            }
            (CustomerCommand::Impose { limit, limited }, Standing::Member) => Ok(match self.limits.has(*limit) {
                true => Vec::new(),
                false => vec![limit.imposed(limited.clone())],
            }),
            (CustomerCommand::Lift { limit, lifted }, Standing::Member) => Ok(match self.limits.has(*limit) {
                true => vec![limit.lifted(lifted.clone())],
                false => Vec::new(),
            }),
            (CustomerCommand::TellBirthday { told, now }, Standing::Member) => {
                Ok(self.tell_birthday(told.as_ref(), *now))
            }
            (CustomerCommand::IssueReferralLink(link), Standing::Member) => Ok(match self.live_link(link.at) {
                Some(_) => Vec::new(),
                None => vec![CustomerEvent::ReferralLinkIssued(*link)],
            }),
            (CustomerCommand::AwardBadge(award), Standing::Member) => Ok(match self.badges.contains(&award.held) {
                true => Vec::new(),
                false => vec![CustomerEvent::BadgeAwarded(award.clone())],
            }),
            (CustomerCommand::ChooseMail(chosen), Standing::Member) => Ok(match self.choices.mail == chosen.choice {
                true => Vec::new(),
                false => vec![CustomerEvent::MailChosen(chosen.clone())],
            }),
            (CustomerCommand::ChooseLeaderboard(chosen), Standing::Member) => {
                Ok(match self.choices.off_leaderboards == chosen.opt_out {
                    true => Vec::new(),
                    false => vec![CustomerEvent::LeaderboardChosen(chosen.clone())],
                })
            }
            (CustomerCommand::Fence(_) | CustomerCommand::Erase(_), Standing::Member) => self.forget(command),
        }
    }

    fn apply(&mut self, event: &CustomerEvent, recorded: &Recorded) {
        self.last_position = recorded.position;
        match event {
            CustomerEvent::Enrolled(event) => {
                self.standing = Standing::Member;
                self.enrolled_at = event.at;
                self.profile_updated_at = event.profile_updated_at;
                self.remember(event.fingerprint, recorded.position);
            }
            CustomerEvent::ProfileUpdated(event) => {
                self.profile_updated_at = event.profile_updated_at;
                self.deleted_in_shop = false;
                self.remember(event.fingerprint, recorded.position);
            }
            CustomerEvent::DeletedInShop(_) => self.deleted_in_shop = true,
            CustomerEvent::Imported(event) => {
                self.import_noted = Some((event.fingerprint, recorded.position));
            }
            CustomerEvent::MergedInto(event) => self.standing = Standing::MergedInto(event.winner),
            CustomerEvent::Absorbed(event) => {
                self.absorbed.push(event.loser);
                self.badges.extend(event.badges.iter().cloned());
                self.gifts.extend(event.gifts.iter().cloned());
            }
            CustomerEvent::Fenced(event) => {
                self.erasure = Erasure::Fenced { request: event.request, at: event.at };
            }
            CustomerEvent::Erased(event) => {
                // Fingerprints are of the person's profiles: nothing remains to recognise them by.
                self.profiles.clear();
                self.import_noted = None;
                self.birthday = None;
                self.erasure = Erasure::Erased { at: event.at };
            }
            CustomerEvent::BirthdayTold(event) => self.birthday = event.fingerprint,
            CustomerEvent::Restricted(_) => self.limits.restricted = true,
            CustomerEvent::RestrictionLifted(_) => self.limits.restricted = false,
            CustomerEvent::Objected(_) => self.limits.objects_to_profiling = true,
            CustomerEvent::ObjectionWithdrawn(_) => self.limits.objects_to_profiling = false,
            CustomerEvent::ReferralLinkIssued(link) => self.referral_links.push(*link),
            CustomerEvent::BadgeAwarded(event) => self.badges.push(event.held.clone()),
            CustomerEvent::MailChosen(event) => self.choices.mail = event.choice,
            CustomerEvent::LeaderboardChosen(event) => self.choices.off_leaderboards = event.opt_out,
            CustomerEvent::TierGiven(event) => self.gifts = vec![event.gift.clone()],
            CustomerEvent::TierTakenBack(_) => self.gifts.clear(),
        }
    }
}

impl Customer {
    /// The fence comes first, whoever asks for it, also on a subject that has nothing yet: a first event under way fails
    /// at it as any other does.
    fn forget(&self, command: &CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        match (command, self.erasure) {
            (CustomerCommand::Fence(fenced), Erasure::None) => Ok(vec![CustomerEvent::Fenced(fenced.clone())]),
            (CustomerCommand::Erase(_), Erasure::None) => Err(CustomerRefusal::NotFenced),
            (CustomerCommand::Erase(erased), Erasure::Fenced { .. }) => Ok(vec![CustomerEvent::Erased(erased.clone())]),
            _ => Ok(Vec::new()),
        }
    }

    fn tell_birthday(&self, told: Option<&ToldBirthday>, now: Timestamp) -> Vec<CustomerEvent> {
        let fingerprint = told.map(|told| told.fingerprint);
        if fingerprint == self.birthday {
            return Vec::new();
        }
        let birthday = told.map(|told| told.birthday.clone());
        vec![CustomerEvent::BirthdayTold(BirthdayTold { birthday, fingerprint, at: now })]
    }

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
