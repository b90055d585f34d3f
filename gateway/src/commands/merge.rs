//! Two profiles of the shop become one. Both people and both accounts change in one atomic commit: no reader ever sees
//! points on both sides, or on none. However large they are: what does not fit into one commit is several in the same
//! batch.

use aggregates::{
    Aggregate,
    customer::{CustomerCommand, Profile, Standing},
    id::{CustomerId, MerchantId},
    points::{Absorb, Account, LinkSecret, PointsCommand},
    sealed::Sealed,
};
use journal::{
    Subject, Together,
    executor::{Held, RandomIds, Retry},
};

use super::{
    account::{LINK_TAG, open_links},
    error::CommandError,
    request::{Done, Request},
};
use crate::{gateway::Gateway, shopify::SeenCustomer};

/// How much of an account goes into one event; several of these fit into a commit.
const PART_BYTES: usize = 128 * 1024;

impl Gateway {
    /// The shop kept one profile and deleted the other.
    pub async fn merge_customers(&self, request: &Request, kept: &str, deleted: &str) -> Result<Done, CommandError> {
        let merchant = request.merchant;
        let Some(kept_person) = self.person_of(merchant, kept).await? else { return Ok(Done::Ignored) };
        let winner = self.survivor(merchant, kept_person).await?;
        let seen = SeenCustomer {
            external_id: kept.to_owned(),
            profile: Profile { external_id: kept.to_owned(), ..Profile::default() },
            updated_at: None,
        };
        let enrolled = self.enrol(request, winner, &seen).await?;
        // Also somebody never seen: whatever still arrives under the deleted id is then known to be about the loser.
        let Some(deleted_person) = self.person_of(merchant, deleted).await? else { return Ok(Done::Ignored) };
        let loser = self.survivor(merchant, deleted_person).await?;
        if loser == winner {
            let merged_at = self.customers.load(Subject::customer(merchant, deleted_person)).await?.position;
            return Ok(Done::of(enrolled, Some(self.end_of_group(merged_at).await?)));
        }
        let seen = SeenCustomer {
            external_id: deleted.to_owned(),
            profile: Profile { external_id: deleted.to_owned(), ..Profile::default() },
            updated_at: None,
        };
        self.enrol(request, loser, &seen).await?;
        match self.merge(request, winner, loser).await {
            // One of the two is being forgotten, and whatever the other has stays where it is.
            Err(CommandError::CustomerErased) => Ok(Done::Ignored),
            done => done,
        }
    }

    /// Tries until nobody else has merged either of them meanwhile; who survives is asked anew each time.
    async fn merge(&self, request: &Request, winner: CustomerId, loser: CustomerId) -> Result<Done, CommandError> {
        let mut retry = Retry::new(&RandomIds);
        let (mut winner, mut loser) = (winner, loser);
        loop {
            match self.try_merge(request, winner, loser).await {
                Err(CommandError::Contended) if retry.pause().await => {}
                outcome => return outcome,
            }
            let merged_at = self.customers.load_confirmed(Subject::customer(request.merchant, loser)).await?.position;
            self.customers.load_confirmed(Subject::customer(request.merchant, winner)).await?;
            winner = self.survivor(request.merchant, winner).await?;
            loser = self.survivor(request.merchant, loser).await?;
            if winner == loser {
                return Ok(Done::Duplicate(Some(self.end_of_group(merged_at).await?)));
            }
        }
    }

    async fn try_merge(&self, request: &Request, winner: CustomerId, loser: CustomerId) -> Result<Done, CommandError> {
        let merchant = request.merchant;
        let context = request.context();
        let mut together = Together::new(&self.journal, &context);
        let (person, lost_person) = together
            .lock_both(
                (&self.customers, Subject::customer(merchant, winner)),
                (&self.customers, Subject::customer(merchant, loser)),
            )
            .await?;
        if matches!(person.state().standing, Standing::MergedInto(_)) {
            return Err(CommandError::Contended);
        }
        if let Standing::MergedInto(into) = lost_person.state().standing {
            // Merged elsewhere meanwhile: the same way is a repetition, another way is decided again from the start.
            if into != winner {
                return Err(CommandError::Contended);
            }
            return Ok(Done::Duplicate(Some(self.end_of_group(lost_person.versioned().position).await?)));
        }
        let (account, lost_account) = together
            .lock_both(
                (&self.accounts, Subject::points(merchant, winner)),
                (&self.accounts, Subject::points(merchant, loser)),
            )
            .await?;

        let links = self.resealed_links(merchant, winner, loser, lost_account.state()).await?;
        let absorb = PointsCommand::Absorb(Box::new(Absorb {
            from: loser,
            contents: lost_account.state().contents(),
            part_bytes: PART_BYTES,
            links,
            now: request.now,
        }));
        let close = PointsCommand::Close { into: winner, now: request.now };
        let lost = lost_person.state();
        let absorb_person = CustomerCommand::Absorb {
            loser,
            limits: lost.limits,
            choices: lost.choices,
            badges: lost.badges.clone(),
            gifts: lost.gifts().to_vec(),
            now: request.now,
        };
        stage(&mut together, lost_person, &CustomerCommand::MergeInto { winner })?;
        stage(&mut together, person, &absorb_person)?;
        stage(&mut together, lost_account, &close)?;
        stage(&mut together, account, &absorb)?;
        let positions = together.commit().await?;
        Ok(Done::Accepted(positions.into_iter().max()))
    }

    /// The highest position of what was written together with the commit at `position`: what the merge itself answered.
    async fn end_of_group(&self, position: u64) -> Result<u64, CommandError> {
        let commit = self.journal.at(position).await?;
        Ok(commit.map_or(position, |commit| commit.end_of_group()))
    }

    /// The loser's link keys under the winner's data key: the winner can still reverse the loser's orders after the
    /// loser's profile is gone, and erasing the winner ends both.
    async fn resealed_links(
        &self,
        merchant: MerchantId,
        winner: CustomerId,
        loser: CustomerId,
        account: &Account,
    ) -> Result<Vec<Sealed<LinkSecret>>, CommandError> {
        let losers = self.vault.person(merchant, loser).await?;
        let winners = self.vault.person(merchant, winner).await?;
        let links = open_links(&losers, &account.links)?;
        Ok(links.iter().map(|link| Sealed::from_ciphertext(winners.seal(LINK_TAG, link).ciphertext())).collect())
    }
}

fn stage<A>(together: &mut Together<'_>, held: Held<A>, command: &A::Command) -> Result<(), CommandError>
where
    A: Aggregate,
    A::Refusal: Into<CommandError>,
{
    let events = held.state().decide(command).map_err(Into::into)?;
    together.stage(held, events);
    Ok(())
}
