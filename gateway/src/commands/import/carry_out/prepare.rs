//! A piece is prepared: its rows are judged, its people looked up all at once, and whoever is new is made, with keys, in one
//! transaction of the vault. Nothing of it is in the log yet; whoever dies here leaves people with keys and nothing else, whom
//! the next attempt finds and goes on with.

use std::sync::Arc;

use aggregates::{
    customer::ReferralLink,
    id::{CustomerId, MerchantId},
    import::{Column, Counts, ImportOpened, ImportProgress, Rejection, RejectionReason},
};
use vault::{Entrant, INTAKE_MAX, PersonKeys};

use super::{
    Outcome,
    judge::{Group, Judge, Judged},
    known::{Known, Word},
    rows::{all_rejected, as_new, rejected_at},
};
use crate::{
    clock::new_id,
    commands::{
        CommandError,
        customer::findable_by,
        import::{
            importee::{Importee, identity},
            pieces::PieceReader,
        },
    },
    gateway::Gateway,
    imports::{OldLink, Row},
};

/// Somebody who was made a moment ago, and what the file says of them.
pub(super) struct Fresh {
    pub rows: Group,
    pub keys: Arc<PersonKeys>,
    /// For their old link to lead to.
    pub link: Option<ReferralLink>,
}

/// A piece whose people are known.
pub(super) struct Prepared {
    pub number: u32,
    pub fresh: Vec<Fresh>,
    /// Whoever was there before, or is being made by somebody else.
    pub known: Vec<Known>,
    /// What is certain already.
    pub judged: Outcome,
}

/// Prepares the pieces of an import, one after the other.
pub(super) struct Preparation<'a> {
    people: People<'a>,
    pieces: PieceReader,
    judge: Judge,
    next: u32,
    /// Those before were taken already, and are only looked at.
    from: u32,
}

impl<'a> Preparation<'a> {
    pub fn new(gateway: &'a Gateway, merchant: MerchantId, import: &ImportProgress, pieces: PieceReader) -> Self {
        let people = People { gateway, merchant, opened: import.opened.clone() };
        Preparation { people, pieces, judge: Judge::default(), next: 0, from: import.next_piece }
    }

    /// The next piece that was not taken yet; none behind the last.
    pub async fn next(&mut self) -> Result<Option<Prepared>, CommandError> {
        while self.next < self.people.opened.pieces {
            let judged = self.judge.look_at(self.pieces.next().await?, &self.people.opened);
            let number = self.next;
            self.next += 1;
            if number >= self.from {
                return self.people.prepare(number, judged).await.map(Some);
            }
        }
        Ok(None)
    }
}

/// Looks the people of an import up, and makes them.
struct People<'a> {
    gateway: &'a Gateway,
    merchant: MerchantId,
    opened: ImportOpened,
}

impl People<'_> {
    async fn prepare(&self, number: u32, judged: Judged) -> Result<Prepared, CommandError> {
        let Judged { groups, rejections } = judged;
        let counts = Counts { rejected: rejections.len() as u64, ..Counts::default() };
        let mut prepared = Prepared { number, fresh: Vec::new(), known: Vec::new(), judged: (counts, rejections) };
        let people: Vec<_> = groups.iter().map(|rows| (&rows[0].who, email_of(rows))).collect();
        let importees = self.gateway.importees(self.merchant, &people).await?;
        let taken = self.words_taken(&groups, &importees).await?;
        let mut new = Vec::new();
        for ((rows, importee), taken) in groups.into_iter().zip(importees).zip(taken) {
            match importee {
                _ if taken => prepared.settle(rejected_at(&rows, Column::ReferralCode, RejectionReason::Taken)),
                Importee::TurnedAway(reason) => prepared.settle(all_rejected(&rows, reason)),
                Importee::New if self.opened.dry_run => prepared.settle(as_new(&rows)),
                Importee::New => new.push(rows),
                Importee::Known(_) | Importee::Begun(_) => {
                    prepared.known.push(Known { rows, importee, word: Word::Unclaimed });
                }
            }
        }
        while !new.is_empty() {
            let rest = new.split_off(new.len().min(INTAKE_MAX));
            self.make(std::mem::replace(&mut new, rest), &mut prepared).await?;
        }
        Ok(prepared)
    }

    /// For each group, whether somebody else has the word of its old link.
    async fn words_taken(&self, groups: &[Group], importees: &[Importee]) -> Result<Vec<bool>, CommandError> {
        let mut taken = vec![false; groups.len()];
        let with_words = groups.iter().zip(importees).enumerate();
        let (places, wanted): (Vec<usize>, Vec<_>) = with_words
            .filter_map(|(place, (rows, importee))| Some((place, (&old_link_of(rows)?.code, importee.person()))))
            .unzip();
        for (place, is_taken) in places.into_iter().zip(self.gateway.old_links_taken(self.merchant, &wanted).await?) {
            taken[place] = is_taken;
        }
        Ok(taken)
    }

    /// Makes these people. Whom somebody else has made meanwhile is looked for again.
    async fn make(&self, groups: Vec<Group>, prepared: &mut Prepared) -> Result<(), CommandError> {
        let entrants: Vec<Entrant<'_>> = groups.iter().map(|rows| entrant(&rows[0])).collect();
        let mut keys = self.gateway.vault.take_in(self.merchant, &entrants).await?;
        let people: Vec<CustomerId> = entrants.iter().map(|entrant| entrant.person).collect();
        let mut fresh = Vec::with_capacity(groups.len());
        for (rows, person) in groups.into_iter().zip(people) {
            match keys.remove(&person) {
                Some(keys) => fresh.push(Fresh { rows, keys, link: None }),
                None => prepared.known.push(Known { rows, importee: Importee::New, word: Word::Unclaimed }),
            }
        }
        self.claim_old_links(fresh, prepared).await
    }

    /// Whoever brings an old link has one here for it to lead to. Of two who bring the same word at the same moment one is
    /// turned away.
    async fn claim_old_links(&self, fresh: Vec<Fresh>, prepared: &mut Prepared) -> Result<(), CommandError> {
        let (mut with_links, without): (Vec<Fresh>, Vec<Fresh>) =
            fresh.into_iter().partition(|fresh| old_link_of(&fresh.rows).is_some());
        prepared.fresh.extend(without);
        if with_links.is_empty() {
            return Ok(());
        }
        let claims: Vec<_> =
            with_links.iter().filter_map(|fresh| Some((&old_link_of(&fresh.rows)?.code, fresh.keys.id()))).collect();
        let claimed = self.gateway.claim_old_links(self.merchant, &claims).await?;
        let people: Vec<CustomerId> = with_links.iter().map(|fresh| fresh.keys.id()).collect();
        let now = self.gateway.now_of(self.merchant).await?;
        let links = self.gateway.new_links(self.merchant, &people, now).await?;
        for ((mut fresh, is_theirs), link) in with_links.drain(..).zip(claimed).zip(links) {
            if is_theirs {
                fresh.link = Some(link);
                prepared.fresh.push(fresh);
            } else {
                prepared.settle(rejected_at(&fresh.rows, Column::ReferralCode, RejectionReason::Taken));
            }
        }
        Ok(())
    }
}

impl Prepared {
    fn settle(&mut self, (counts, rejections): Outcome) {
        let judged: &mut (Counts, Vec<Rejection>) = &mut self.judged;
        judged.0 += counts;
        judged.1.extend(rejections);
    }
}

fn entrant(row: &Row) -> Entrant<'_> {
    let (kind, external_id) = identity(&row.who);
    Entrant { person: CustomerId(new_id()), kind, external_id, findable_by: findable_by(&row.profile) }
}

fn email_of(rows: &[Row]) -> Option<&str> {
    rows.iter().find_map(|row| row.profile.email.as_deref())
}

pub(super) fn old_link_of(rows: &[Row]) -> Option<&OldLink> {
    rows.iter().find_map(|row| row.old_link.as_ref())
}
