//! What the rows about somebody known do: the customer is there, their lots are there, and what else they bring is noted.
//! Each step is durable before the next, and each finds itself done if it is repeated.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, LotId},
    import::{Column, Counts, Existing, Rejection, RejectionReason},
    points::{Account, ImportLots, ImportedLot, PointsCommand, PointsRefusal},
    program::Program,
    time::Timestamp,
};
use journal::Subject;
use vault::LinkKey;

use super::{
    Outcome, Work,
    known::{Known, Word},
};
use crate::{
    commands::{CommandError, import::importee::Importee},
    imports::{Row, RowLot},
    shopify::SeenCustomer,
};

/// What names of imported lots are derived under.
const LOT_KIND: &str = "imported_lot";

impl Work<'_> {
    pub(super) async fn take_group(&self, known: Known) -> Result<Outcome, CommandError> {
        let Known { rows, importee, word } = known;
        let merchant = self.request.merchant;
        let importee = match importee {
            Importee::New => {
                let person = self.gateway.new_importee(merchant, &rows[0].who).await?;
                self.gateway.importee_now(merchant, person).await?
            }
            Importee::Known(person) | Importee::Begun(person) => self.gateway.importee_now(merchant, person).await?,
            turned_away @ Importee::TurnedAway(_) => turned_away,
        };
        let (person, begun) = match importee {
            Importee::TurnedAway(reason) => return Ok(all_rejected(&rows, reason)),
            Importee::New => return Err(CommandError::Internal("somebody was made and is not there".to_owned())),
            Importee::Known(person) => (person, false),
            Importee::Begun(person) => (person, true),
        };
        if begun {
            return if self.import.opened.dry_run {
                Ok(as_new(&rows))
            } else {
                self.bring(person, &rows, true, word).await
            };
        }
        if self.are_of(person, &rows).await? {
            return Ok(as_they_are(&rows));
        }
        let made = self.made(person).await?;
        if self.import.opened.existing == Existing::Reject && made == Made::Before {
            return Ok(all_rejected(&rows, RejectionReason::CustomerExists));
        }
        match self.import.opened.dry_run {
            true => self.would_bring(person, &rows).await,
            false => self.bring(person, &rows, made == Made::ByThisPiece, word).await,
        }
    }

    /// Whether the rows were exported here, from this very customer: then they say what is here already, or what has been
    /// spent since.
    async fn are_of(&self, person: CustomerId, rows: &[Row]) -> Result<bool, CommandError> {
        let Some(exported) = rows.iter().find_map(|row| row.customer) else { return Ok(false) };
        Ok(self.gateway.survivor(self.request.merchant, exported).await? == person)
    }

    /// Whose doing it is that the customer is there. Their first commit says so; it is read only where it may be of this import.
    async fn made(&self, person: CustomerId) -> Result<Made, CommandError> {
        let subject = Subject::customer(self.request.merchant, person);
        let customer = self.gateway.customers.load(subject).await?;
        let may_be = match self.import.opened.existing {
            Existing::Update => customer.position > self.import.position,
            Existing::Reject => customer.position > self.import.opened_at,
        };
        if !may_be {
            return Ok(Made::Before);
        }
        let commits = self.gateway.journal.read_confirmed(&subject, 0).await?;
        Ok(match commits.first() {
            Some(first) if first.commit.correlation != self.request.correlation => Made::Before,
            Some(first) if first.position <= self.import.position => Made::ByThisImport,
            _ => Made::ByThisPiece,
        })
    }

    /// Does it. `is_new`: somebody who was made for these very rows.
    pub(super) async fn bring(
        &self,
        person: CustomerId,
        rows: &[Row],
        is_new: bool,
        word: Word,
    ) -> Result<Outcome, CommandError> {
        let link = match word {
            Word::Theirs(link) => link,
            Word::Unclaimed => match self.claim_old_link(person, rows).await? {
                (true, link) => link,
                (false, _) => return Ok(rejected_at(rows, Column::ReferralCode, RejectionReason::Taken)),
            },
        };
        let brought = async {
            if is_new {
                self.gateway.enrol(&self.request, person, &seen(rows)).await?;
            }
            let lots = self.bring_lots(person, rows).await?;
            Ok((lots, self.note(person, rows, link).await?))
        };
        let (lots, noted) = match brought.await {
            Err(CommandError::CustomerErased) => return Ok(all_rejected(rows, RejectionReason::CustomerErased)),
            brought => brought?,
        };
        Ok((count(rows, &lots, noted, is_new), Vec::new()))
    }

    /// For each row, whether its lot is there because of this import.
    async fn bring_lots(&self, person: CustomerId, rows: &[Row]) -> Result<Vec<bool>, CommandError> {
        if rows.iter().all(|row| row.lot.is_none()) {
            return Ok(vec![false; rows.len()]);
        }
        let (merchant, context) = (self.request.merchant, self.request.context());
        let reached = self
            .gateway
            .on_account(merchant, person, &context, |account, program| {
                Ok(PointsCommand::ImportLots(self.lots_of(rows, &account.links, program)))
            })
            .await;
        let reached = match reached {
            Err(CommandError::Points(PointsRefusal::Erased)) => return Err(CommandError::CustomerErased),
            reached => reached?,
        };
        Ok(self.are_ours(rows, &reached.executed.state.state, &reached.account.links))
    }

    /// For each row, whether the account has its lot from this import.
    pub(super) fn are_ours(&self, rows: &[Row], account: &Account, links: &[LinkKey]) -> Vec<bool> {
        let is_ours = |row: &Row| {
            let lot = self.lot(row, links);
            lot.is_some_and(|lot| account.import_of(&lot) == Some(self.import.opened.import))
        };
        rows.iter().map(is_ours).collect()
    }

    /// What the rows bring to an account with these link keys.
    pub(super) fn lots_of(&self, rows: &[Row], links: &[LinkKey], program: &Arc<Program>) -> ImportLots {
        ImportLots {
            import: self.import.opened.import,
            lots: rows.iter().filter_map(|row| self.lot(row, links)).collect(),
            last_activity: last_activity(rows, self.import.opened.at),
            program: Arc::clone(program),
            now: self.request.now,
        }
    }

    fn lot(&self, row: &Row, links: &[LinkKey]) -> Option<ImportedLot> {
        let RowLot { points, earned_at, available_at, expiry, .. } = row.lot.clone()?;
        let key = row.business_key(self.import.opened.source);
        let earned_at = earned_at.unwrap_or(self.import.opened.at);
        Some(ImportedLot {
            names: links.iter().map(|link| LotId::of_import(link.token(LOT_KIND, &key))).collect(),
            points,
            earned_at,
            available_at: available_at.unwrap_or(earned_at),
            expiry,
        })
    }

    /// What the rows would do to somebody known.
    async fn would_bring(&self, person: CustomerId, rows: &[Row]) -> Result<Outcome, CommandError> {
        let (open, state) = self.gateway.open_account(self.request.merchant, person).await?;
        Ok(self.would_be(rows, &state.state, &open.links))
    }

    /// The same, to an account with these link keys.
    pub(super) fn would_be(&self, rows: &[Row], account: &Account, links: &[LinkKey]) -> Outcome {
        let is_new = |row: &Row| self.lot(row, links).is_some_and(|lot| !account.has_imported(&lot));
        let lots: Vec<bool> = rows.iter().map(is_new).collect();
        (count(rows, &lots, false, false), Vec::new())
    }
}

/// Whose doing it is that somebody is a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Not this import's; or an earlier piece's, where that makes no difference.
    Before,
    /// Of an earlier piece: rows of one customer may be in several.
    ByThisImport,
    /// Of an earlier attempt at this one, which died before it was on record.
    ByThisPiece,
}

fn seen(rows: &[Row]) -> SeenCustomer {
    let profile = rows[0].profile.clone();
    SeenCustomer { external_id: profile.external_id.clone(), profile, updated_at: None }
}

/// Whoever was never seen to do anything was active when they last earned.
fn last_activity(rows: &[Row], handed_in_at: Timestamp) -> Timestamp {
    let stated = rows.iter().filter_map(|row| row.last_activity_at).max();
    let earned = rows.iter().filter_map(|row| row.lot.as_ref()).map(|lot| lot.earned_at.unwrap_or(handed_in_at)).max();
    stated.or(earned).unwrap_or_default()
}

pub(super) fn all_rejected(rows: &[Row], reason: RejectionReason) -> Outcome {
    rejected_at(rows, Column::Row, reason)
}

pub(super) fn rejected_at(rows: &[Row], column: Column, reason: RejectionReason) -> Outcome {
    let rejection = |row: &Row| Rejection { line: row.line, column, reason };
    let counts = Counts { rejected: rows.len() as u64, ..Counts::default() };
    (counts, rows.iter().map(rejection).collect())
}

pub(super) fn as_they_are(rows: &[Row]) -> Outcome {
    (Counts { unchanged: rows.len() as u64, ..Counts::default() }, Vec::new())
}

pub(super) fn as_new(rows: &[Row]) -> Outcome {
    let lots: Vec<bool> = rows.iter().map(|row| row.lot.is_some()).collect();
    (count(rows, &lots, false, true), Vec::new())
}

/// `lots` says for each row whether it brings a lot.
pub(super) fn count(rows: &[Row], lots: &[bool], noted: bool, is_new: bool) -> Counts {
    let mut counts = Counts::default();
    for (row, brings) in rows.iter().zip(lots) {
        match () {
            () if is_new => counts.created += 1,
            () if *brings || noted => counts.updated += 1,
            () => counts.unchanged += 1,
        }
        if let Some(lot) = row.lot.as_ref().filter(|_| *brings) {
            counts.lots += 1;
            counts.points = counts.points.saturating_add(lot.points);
        }
    }
    counts
}
