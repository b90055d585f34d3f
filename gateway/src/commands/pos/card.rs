//! Cards that customers show at a till: one that this installation makes up, or whatever number is printed on theirs.

use aggregates::id::CustomerId;
use vault::DirectoryKind;

use crate::{
    commands::{CommandError, Request},
    gateway::Gateway,
};

/// The number is on somebody else's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the card is somebody else's")]
pub struct CardRefused;

impl Gateway {
    /// Makes a customer known by a card; by one of our own if no number is given, always the same. Doing it again changes
    /// nothing.
    pub async fn issue_card(
        &self,
        request: &Request,
        customer: CustomerId,
        number: Option<&str>,
    ) -> Result<Result<String, CardRefused>, CommandError> {
        let survivor = self.survivor(request.merchant, customer).await?;
        // Whoever is forgotten has no keys, and gets no card.
        self.vault.person(request.merchant, survivor).await?;
        let number = match number {
            Some(number) => plain(number),
            None => self.vault.merchant(request.merchant).await?.derive_code(survivor.0),
        };
        let holder = self.vault.register(request.merchant, DirectoryKind::LoyaltyCard, &number, survivor.0).await?;
        let holder = self.survivor(request.merchant, CustomerId(holder)).await?;
        Ok(if holder == survivor { Ok(number) } else { Err(CardRefused) })
    }
}

/// As scanners and people give it: blanks and case do not matter.
pub(super) fn plain(number: &str) -> String {
    number.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_uppercase).collect()
}
