//! What an order says about referrals. It may carry a code, ours or of another programme whose links are honoured here, and it may be that of somebody who takes part: then its traces
//! are compared. Nothing here keeps an order from being taken in.

use std::time::Duration;

use aggregates::{
    customer::Customer,
    id::{CustomerId, MerchantId},
    order::OrderBody,
    referral::{AliasCode, ReferralCode, ReferralCommand, Source},
};
use journal::Subject;
use tokio::time::Instant;
use vault::{DirectoryKind, VaultError};

use super::{
    evidence::Traces,
    friend::{Arrival, FriendDone},
};
use crate::{
    commands::{CommandError, Done, Request},
    gateway::Gateway,
    shopify::{ReferralClues, SeenCustomer},
};

/// How long a shop that has handed out no link is taken for one: its orders are then not looked at.
const WITHOUT_LINKS: Duration = Duration::from_secs(2);

impl Gateway {
    /// An order of a named customer was taken in as `done`. Gives the position of what was written for a referral.
    pub(crate) async fn note_referral(
        &self,
        request: &Request,
        body: &OrderBody,
        customer: &SeenCustomer,
        clues: &ReferralClues,
        done: Done,
    ) -> Result<Option<u64>, CommandError> {
        if body.test || done == Done::Ignored {
            return Ok(None);
        }
        let ours = ReferralCode::shop_of(request.merchant);
        let codes: Vec<ReferralCode> = clues.codes.iter().copied().filter(|code| code.shop() == ours).collect();
        // A code may be of a link that another gateway has made a moment ago.
        if codes.is_empty() && !self.hands_out_links(request.merchant).await? {
            return Ok(None);
        }
        let Some(person) = self.customer_with(request.merchant, &customer.external_id).await? else { return Ok(None) };
        let person = self.survivor(request.merchant, person).await?;
        let traces = Traces::of_order(clues, customer.profile.email.as_deref());
        let email = customer.profile.email.as_deref();
        if let Some(done) = self.honour_naming(request, person, email, &traces).await.or_else(unless_forgotten)? {
            return Ok(done.written);
        }
        let arrival = |code| Arrival { code, source: Source::Order, at: body.processed_at, traces: &traces };
        for code in codes {
            if let Some(done) = self.arrive(request, person, &arrival(code)).await? {
                return Ok(done.written);
            }
        }
        for word in clues.old_words.iter().filter(|word| !is_code_of(word, &ours)) {
            let Some(code) = self.code_behind(Some(request.merchant), word).await? else { continue };
            if let Some(done) = self.arrive(request, person, &arrival(code)).await? {
                return Ok(done.written);
            }
        }
        match self.note_traces(request, person, &traces).await {
            // Forgotten a moment ago: nothing of them is to be compared.
            Err(CommandError::CustomerErased) => Ok(None),
            noted => noted,
        }
    }

    /// An order is taken in whatever its codes are worth: none where this one brings nobody.
    async fn arrive(
        &self,
        request: &Request,
        person: CustomerId,
        arrival: &Arrival<'_>,
    ) -> Result<Option<FriendDone>, CommandError> {
        match self.identify_friend(request, person, arrival).await {
            Ok(done) => Ok(Some(done)),
            Err(CommandError::Referral(_) | CommandError::CustomerErased) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Advocates are remembered by their traces; a friend whose referral is open is compared with their advocate.
    async fn note_traces(
        &self,
        request: &Request,
        person: CustomerId,
        traces: &Traces,
    ) -> Result<Option<u64>, CommandError> {
        let merchant = request.merchant;
        let has_link = |customer: &Customer| (!customer.referral_links.is_empty()).then_some(());
        if self.among_profiles(merchant, person, false, has_link).await?.is_some() {
            self.remember_traces(merchant, person, traces).await?;
        }
        let Some(referral) = self.referral_of(merchant, person).await? else { return Ok(None) };
        let subject = Subject::referral(merchant, referral);
        let state = self.referrals.load(subject).await?;
        let Some(origin) = state.state.origin.filter(|_| state.state.is_open()) else { return Ok(None) };
        self.remember_traces(merchant, person, traces).await?;
        let advocate = self.survivor(merchant, origin.advocate).await?;
        let evidence = self.compare(merchant, advocate, person, traces).await?;
        let command = ReferralCommand::AddEvidence { evidence, at: request.now };
        Ok(self.referrals.execute(subject, &request.context(), &command).await?.position)
    }

    /// Whether anybody of this shop ever had a link: most orders are of shops where nobody has.
    async fn hands_out_links(&self, merchant: MerchantId) -> Result<bool, CommandError> {
        match self.link_shops.get(&merchant) {
            Some((_, true)) => return Ok(true),
            Some((asked, false)) if asked.elapsed() < WITHOUT_LINKS => return Ok(false),
            _ => {}
        }
        let asked = Instant::now();
        let hands_out = self.shop_of_code(ReferralCode::new(merchant, &[0; 32])).await? == Some(merchant);
        self.link_shops.insert(merchant, (asked, hands_out));
        Ok(hands_out)
    }

    async fn customer_with(&self, merchant: MerchantId, external_id: &str) -> Result<Option<CustomerId>, CommandError> {
        match self.vault.find(merchant, DirectoryKind::ShopifyCustomer, external_id).await {
            Ok(person) => Ok(person.map(CustomerId)),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a word is a code of the shop whose codes begin so: it has been looked at as that.
fn is_code_of(word: &AliasCode, shop: &str) -> bool {
    ReferralCode::parse(word.as_str()).is_some_and(|code| code.shop() == shop)
}

/// An order is taken in, also where whom it names was forgotten a moment ago.
fn unless_forgotten<T>(error: CommandError) -> Result<Option<T>, CommandError> {
    match error {
        CommandError::CustomerErased => Ok(None),
        error => Err(error),
    }
}
