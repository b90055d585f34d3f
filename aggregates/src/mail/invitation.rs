//! A friend is invited by somebody who has a referral link. The friend is nobody here: their address is sealed under a key of
//! its own that ends by itself, and they never agreed to be mailed, so one mail is all they ever get from one advocate.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::language::Language;
use crate::{id::ReferralLinkId, sealed::Sealed, time::Timestamp};

/// Friends whom one advocate can invite within a day: enough for people, too few for a list.
pub const INVITATIONS_PER_DAY: u32 = 20;
/// Characters of an advocate's name that a friend is shown.
const NAME_SHOWN_MAX: usize = 40;

/// What the task says that sends an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub link: ReferralLinkId,
    /// When the link brings nobody any more.
    pub link_ends_at: Option<Timestamp>,
    /// Whose key the address is sealed under: an item of the vault.
    pub item: Uuid,
    pub friend: Sealed<InvitedFriend>,
    /// As the advocate says; the shop's where they do not.
    pub language: Option<Language>,
}

/// Whom it goes to. Exists in memory only; anything stored is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedFriend {
    pub email: String,
}

/// What a sealed friend is bound to.
pub const INVITED_FRIEND_TAG: &str = "mail.invited_friend";

/// An advocate's name as a stranger may see it; none for a name that would make the shop's mail carry somebody's advertising:
/// people's names hold no addresses.
pub fn shown_name(first_name: &str) -> Option<&str> {
    let name = first_name.trim();
    let leads_somewhere = name.contains(|letter: char| "@/:.\\<>".contains(letter) || letter.is_control());
    let fits = !name.is_empty() && name.chars().count() <= NAME_SHOWN_MAX;
    (fits && !leads_somewhere).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_and_an_advertisement_is_not() {
        assert_eq!(shown_name(" Ada "), Some("Ada"));
        assert_eq!(shown_name("Anne-Marie O’Neill"), Some("Anne-Marie O’Neill"));
        let long = "x".repeat(NAME_SHOWN_MAX + 1);
        for advertising in ["", "win.example", "https://win", "mail me@win", long.as_str()] {
            assert_eq!(shown_name(advertising), None, "{advertising}");
        }
    }
}
