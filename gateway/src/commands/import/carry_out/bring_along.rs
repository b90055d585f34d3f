//! What people bring along besides points. A tier that the programme has by the same name is theirs until its date, or for as
//! long as one that they had bought now; the word of their referral link leads to a link of theirs here.

use aggregates::{
    customer::{Customer, CustomerCommand, CustomerRefusal, Imported, NoteImport, ReferralCode, ReferralLink},
    id::CustomerId,
    program::Program,
    tier::{Gift, Giver},
};
use journal::{ExecuteError, Subject};
use vault::PersonKeys;

use super::{Work, prepare::old_link_of};
use crate::{
    commands::{CommandError, tiers::tier_called},
    imports::Row,
};

/// What the referral link of another programme is bound to.
pub const REFERRAL_TAG: &str = "customer.imported_referral";

impl Work<'_> {
    /// Whether the word of their old link is theirs, and the link that it is to lead to if they have none.
    pub(super) async fn claim_old_link(
        &self,
        person: CustomerId,
        rows: &[Row],
    ) -> Result<(bool, Option<ReferralLink>), CommandError> {
        let Some(old) = old_link_of(rows) else { return Ok((true, None)) };
        let (gateway, merchant, now) = (self.gateway, self.request.merchant, self.request.now);
        let claimed = gateway.claim_old_links(merchant, &[(&old.code, person)]).await?;
        if claimed != [true] {
            return Ok((false, None));
        }
        let customer = gateway.customers.load(Subject::customer(merchant, person)).await?;
        let link = match customer.state.live_link(now) {
            Some(_) => None,
            None => gateway.new_links(merchant, &[person], now).await?.pop(),
        };
        Ok((true, link))
    }

    /// Whether this was put on record for the present piece.
    pub(super) fn is_noted(&self, customer: &Customer, note: &NoteImport) -> bool {
        customer.was_noted_behind(self.import.position, &note.imported)
    }

    /// Puts on record what they bring along. Gives whether there is now more than before this piece.
    pub(super) async fn note(
        &self,
        person: CustomerId,
        rows: &[Row],
        link: Option<ReferralLink>,
    ) -> Result<bool, CommandError> {
        let merchant = self.request.merchant;
        let keys = self.gateway.vault.person(merchant, person).await?;
        let program = &self.gateway.merchant(merchant).await?.program;
        let Some(note) = self.note_of(&keys, rows, program, link)? else { return Ok(false) };
        let command = CustomerCommand::NoteImport(note.clone());
        let subject = Subject::customer(merchant, person);
        match self.gateway.customers.execute(subject, &self.request.context(), &command).await {
            Ok(done) => Ok(self.is_noted(&done.state.state, &note)),
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// None where they bring nothing.
    pub(super) fn note_of(
        &self,
        keys: &PersonKeys,
        rows: &[Row],
        program: &Program,
        link: Option<ReferralLink>,
    ) -> Result<Option<NoteImport>, CommandError> {
        let with_tier = rows.iter().find(|row| row.tier.is_some());
        let tier = with_tier.and_then(|row| row.tier.clone());
        let code = old_link_of(rows).map(|link| link.text.clone());
        if tier.is_none() && code.is_none() {
            return Ok(None);
        }
        let now = self.request.now;
        let until = with_tier.and_then(|row| row.tier_until);
        let ours = tier.as_deref().and_then(|name| tier_called(program, now, name));
        // What had ended when it was brought is over.
        let gift = ours.filter(|_| until.is_none_or(|until| now < until)).map(|tier| Gift {
            tier: tier.id.clone(),
            giver: Giver::Import,
            at: now,
            until,
        });
        let content = (&tier, &code, gift.as_ref().map(|gift| (&gift.tier, gift.until)));
        let content = postcard::to_stdvec(&content).map_err(|error| CommandError::Internal(error.to_string()))?;
        let imported = Imported {
            import: self.import.opened.import,
            tier,
            referral: code.map(|code| keys.seal(REFERRAL_TAG, &ReferralCode { code })),
            fingerprint: keys.fingerprint(&content),
            at: now,
        };
        Ok(Some(NoteImport { imported, gift, link }))
    }
}
