//! What an API key may be used for. A key names what it needs and nothing else: the till that records sales cannot read
//! anybody's address, and the report that counts customers cannot spend their points.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One thing that a key may be used for. Written into events: variants are only ever appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Balances, ledgers, segments, tiers, rewards and settings: numbers and random ids.
    Read,
    /// What is sealed is opened: profiles, order numbers, reasons. Searching for people, reports on them, exports.
    PersonalData,
    /// What happens from day to day: points, redemptions, referrals, actions, badges, cards, sales at tills.
    Write,
    /// The programme: settings, tiers, rewards, campaigns, badges, words of mails, the shop's own API.
    Settings,
    /// Requests of people: to be forgotten, to have their data, to be left alone.
    Privacy,
    /// Who did what, and the proofs.
    Audit,
    /// Imports, tasks, read models, closing the books, the test clock.
    Operations,
    /// Other keys. Nobody gives what they do not have.
    Keys,
}

impl Scope {
    pub const ALL: [Scope; 8] = [
        Scope::Read,
        Scope::PersonalData,
        Scope::Write,
        Scope::Settings,
        Scope::Privacy,
        Scope::Audit,
        Scope::Operations,
        Scope::Keys,
    ];

    /// The stable word, in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::PersonalData => "personal_data",
            Scope::Write => "write",
            Scope::Settings => "settings",
            Scope::Privacy => "privacy",
            Scope::Audit => "audit",
            Scope::Operations => "operations",
            Scope::Keys => "keys",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that one key may be used for; never nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(Granted);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Granted {
    /// Also what later versions add.
    Everything,
    Only(BTreeSet<Scope>),
}

impl Scopes {
    /// The merchant's own first key: everything there is, and will be.
    pub const fn everything() -> Self {
        Scopes(Granted::Everything)
    }

    /// These alone; `None` for none at all, because such a key opens no door.
    pub fn only(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        (!scopes.is_empty()).then_some(Scopes(Granted::Only(scopes)))
    }

    pub fn contain(&self, scope: Scope) -> bool {
        match &self.0 {
            Granted::Everything => true,
            Granted::Only(scopes) => scopes.contains(&scope),
        }
    }

    pub fn are_everything(&self) -> bool {
        self.0 == Granted::Everything
    }

    /// Whether whoever has `giver` may give these away.
    pub fn are_within(&self, giver: &Scopes) -> bool {
        match (&self.0, &giver.0) {
            (_, Granted::Everything) => true,
            (Granted::Everything, Granted::Only(_)) => false,
            (Granted::Only(given), Granted::Only(had)) => given.is_subset(had),
        }
    }

    /// Each of them, in a fixed order.
    pub fn each(&self) -> impl Iterator<Item = Scope> + '_ {
        Scope::ALL.into_iter().filter(|scope| self.contain(*scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_their_scopes() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("everything"), None);
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let all = Scopes::everything();
        let some = Scopes::only([Scope::Read, Scope::Keys]).unwrap();
        let fewer = Scopes::only([Scope::Read]).unwrap();
        let other = Scopes::only([Scope::Read, Scope::Write]).unwrap();
        assert!(all.are_within(&all) && some.are_within(&all) && fewer.are_within(&some) && some.are_within(&some));
        assert!(!all.are_within(&some) && !other.are_within(&some) && !some.are_within(&fewer));
        // Every scope of today is less than everything: what a later version adds is not among them.
        let today = Scopes::only(Scope::ALL).unwrap();
        assert!(!all.are_within(&today) && today.are_within(&all));
    }

    #[test]
    fn a_key_that_opens_nothing_is_no_key() {
        assert_eq!(Scopes::only([]), None);
        assert_eq!(Scopes::everything().each().count(), Scope::ALL.len());
    }
}
