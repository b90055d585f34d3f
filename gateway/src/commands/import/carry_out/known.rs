//! What the rows about people who were there before do, a piece at a time. Where everybody stands is one question to the log, also
//! for whoever has nothing to do but to hear that all of it is here already: the leader has confirmed it for all of them. Whoever
//! is brought something shares a batch of the log with the others.

use std::{collections::HashMap, sync::Arc};

use aggregates::{
    Aggregate,
    customer::{Customer, CustomerCommand, ReferralLink, Standing},
    id::CustomerId,
    import::{Column, Existing, RejectionReason},
    points::{Account, PointsCommand},
    program::Program,
};
use futures::{StreamExt, TryStreamExt, stream};
use journal::{Subject, Versioned};
use vault::VaultError;

use super::{
    Outcome, Work,
    judge::Group,
    prepare::old_link_of,
    rows::{all_rejected, as_they_are, count, rejected_at},
};
use crate::commands::{CommandError, account::open_links, import::importee::Importee};

/// Of a piece, those who are worked on at the same time. What they need of the log is in memory by then; a shop's own commands
/// wait no longer for a batch with theirs in it than for any other.
const CUSTOMERS_AT_ONCE: usize = 256;

/// Somebody who was there before, or is being made by somebody else, and what the file says of them.
pub(super) struct Known {
    pub rows: Group,
    pub importee: Importee,
    pub word: Word,
}

/// How it is with the word of somebody's old link.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    /// There is none, or nobody has claimed it for them yet.
    Unclaimed,
    /// It is theirs; the link for it to lead to, if they have none.
    Theirs(Option<ReferralLink>),
}

/// Somebody as the log has them, confirmed by its leader.
struct Standings {
    customer: Arc<Versioned<Customer>>,
    account: Arc<Versioned<Account>>,
}

impl Work<'_> {
    /// All of them.
    pub(super) async fn take_known(&self, known: Vec<Known>) -> Result<Vec<Outcome>, CommandError> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let standings = self.standings_of(&known).await?;
        let program = &self.gateway.merchant(self.request.merchant).await?.program;
        let looked_at: Vec<(Known, Option<Outcome>)> = stream::iter(known)
            .map(|known| self.look_at(known, &standings, program))
            .buffer_unordered(CUSTOMERS_AT_ONCE)
            .try_collect()
            .await?;
        let (mut outcomes, mut rest) = (Vec::with_capacity(looked_at.len()), Vec::new());
        for (known, settled) in looked_at {
            match settled {
                Some(outcome) => outcomes.push(outcome),
                None => rest.push(known),
            }
        }
        let rest = self.claim_words_of(rest, &standings, &mut outcomes).await?;
        outcomes.extend(self.take_all(rest).await?);
        Ok(outcomes)
    }

    async fn take_all(&self, known: Vec<Known>) -> Result<Vec<Outcome>, CommandError> {
        stream::iter(known).map(|known| self.take_one(known)).buffer_unordered(CUSTOMERS_AT_ONCE).try_collect().await
    }

    async fn take_one(&self, known: Known) -> Result<Outcome, CommandError> {
        let _under_way = self.gateway.journal.command_begins();
        self.take_group(known).await
    }

    async fn look_at(
        &self,
        known: Known,
        standings: &HashMap<CustomerId, Standings>,
        program: &Arc<Program>,
    ) -> Result<(Known, Option<Outcome>), CommandError> {
        let person = known.importee.person();
        let Some((person, standings)) = person.and_then(|person| Some((person, standings.get(&person)?))) else {
            return Ok((known, None));
        };
        let settled = self.as_it_is(person, standings, &known.rows, program).await?;
        Ok((known, settled))
    }

    async fn standings_of(&self, known: &[Known]) -> Result<HashMap<CustomerId, Standings>, CommandError> {
        let merchant = self.request.merchant;
        let people: Vec<CustomerId> = known.iter().filter_map(|known| known.importee.person()).collect();
        let subjects = |of: fn(_, _) -> Subject| people.iter().map(|person| of(merchant, *person)).collect::<Vec<_>>();
        let customers = self.gateway.customers.load_each_confirmed(&subjects(Subject::customer)).await?;
        let accounts = self.gateway.accounts.load_each_confirmed(&subjects(Subject::points)).await?;
        let standings = customers.into_iter().zip(accounts);
        let standings = standings.map(|(customer, account)| Standings { customer, account });
        Ok(people.into_iter().zip(standings).collect())
    }

    /// What becomes of rows by which nothing is written. None where something is, and where it takes more than a look: after a
    /// merge, say, or where an earlier attempt at this very piece may have been at work.
    async fn as_it_is(
        &self,
        person: CustomerId,
        standings: &Standings,
        rows: &Group,
        program: &Arc<Program>,
    ) -> Result<Option<Outcome>, CommandError> {
        let Standings { customer, account } = standings;
        let is_member = customer.state.standing == Standing::Member && !customer.state.is_forgotten();
        if !is_member || customer.position > self.import.position {
            return Ok(None);
        }
        match rows.iter().find_map(|row| row.customer) {
            Some(exported) if exported == person => return Ok(Some(as_they_are(rows))),
            Some(_) => return Ok(None),
            None => {}
        }
        if self.import.opened.existing == Existing::Reject {
            let is_older = customer.position < self.import.opened_at;
            return Ok(is_older.then(|| all_rejected(rows, RejectionReason::CustomerExists)));
        }
        let keys = match self.gateway.vault.person(self.request.merchant, person).await {
            Err(VaultError::Destroyed { .. }) => return Ok(None),
            keys => keys?,
        };
        let links = open_links(&keys, &account.state.links)?;
        if self.import.opened.dry_run {
            return Ok(Some(self.would_be(rows, &account.state, &links)));
        }
        let lots = PointsCommand::ImportLots(self.lots_of(rows, &links, program));
        if rows.iter().any(|row| row.lot.is_some())
            && !account.state.decide(&lots).is_ok_and(|events| events.is_empty())
        {
            return Ok(None);
        }
        let note = self.note_of(&keys, rows, program, None)?;
        let noted = note.as_ref().is_some_and(|note| self.is_noted(&customer.state, note));
        if let Some(note) = note
            && !customer.state.decide(&CustomerCommand::NoteImport(note)).is_ok_and(|events| events.is_empty())
        {
            return Ok(None);
        }
        Ok(Some((count(rows, &self.are_ours(rows, &account.state, &links), noted, false), Vec::new())))
    }

    /// The words of their old links become theirs, all at once, with links for whoever has none; whoever brings somebody else's is
    /// turned away. Those who are not known well enough claim theirs later.
    async fn claim_words_of(
        &self,
        known: Vec<Known>,
        standings: &HashMap<CustomerId, Standings>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<Vec<Known>, CommandError> {
        if self.import.opened.dry_run || self.import.opened.existing == Existing::Reject {
            return Ok(known);
        }
        let (gateway, merchant) = (self.gateway, self.request.merchant);
        let may_claim = |known: &Known| {
            let person = known.importee.person().filter(|_| old_link_of(&known.rows).is_some())?;
            standings.get(&person).filter(|of| of.customer.state.standing == Standing::Member)?;
            Some(person)
        };
        let (with_words, mut rest): (Vec<Known>, Vec<Known>) =
            known.into_iter().partition(|known| may_claim(known).is_some());
        let claims: Vec<_> =
            with_words.iter().filter_map(|known| Some((&old_link_of(&known.rows)?.code, may_claim(known)?))).collect();
        if claims.is_empty() {
            return Ok(rest);
        }
        let claimed = gateway.claim_old_links(merchant, &claims).await?;
        let now = self.request.now;
        let without = claims.iter().zip(&claimed).filter(|((_, person), is_theirs)| {
            **is_theirs && standings[person].customer.state.live_link(now).is_none()
        });
        let without: Vec<CustomerId> = without.map(|((_, person), _)| *person).collect();
        let mut links: HashMap<CustomerId, ReferralLink> = match without.is_empty() {
            true => HashMap::new(),
            false => without.iter().copied().zip(gateway.new_links(merchant, &without, now).await?).collect(),
        };
        for (known, is_theirs) in with_words.into_iter().zip(claimed) {
            match is_theirs {
                true => {
                    let link = known.importee.person().and_then(|person| links.remove(&person));
                    rest.push(Known { word: Word::Theirs(link), ..known });
                }
                false => outcomes.push(rejected_at(&known.rows, Column::ReferralCode, RejectionReason::Taken)),
            }
        }
        Ok(rest)
    }
}
