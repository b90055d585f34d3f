//! Read models derived once more from the log, in memory, and compared with the rows that are there: for whoever wants to
//! know whether a table was changed behind the projections.
//!
//! Nothing here shares the statements by which projections write; it shares what events mean. Rows are read in the
//! caller's transaction, which must see one moment throughout, and each model is followed up to where its checkpoint stood
//! at that moment. Sealed fields that erasure empties are not compared; the log itself is what vouches for those. Rows of a
//! shop that is forgotten may be gone, and ledger lines that are older than the installation keeps.
//!
//! Balances and customers are held in memory while the log is read, about half a kilobyte for each account; of the ledger a
//! sum over each account's lines, and only where that differs are the lines themselves read again.

mod balances;
mod customers;
mod held;
mod ledger;

use std::collections::HashSet;

use aggregates::{Context, id::MerchantId, merchant::MerchantEvent, points::PointsEvent, time::Timestamp};
use journal::{Journal, JournalError, Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    checkpoint,
    projection::{ProjectionError, events_of},
    retention,
};

/// How a row differs from what the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The log tells of it, and there is no row.
    Missing,
    /// The log does not tell of it.
    Invented,
    /// This column says something else.
    Differs(&'static str),
    /// The rows differ from what could be read of the log; the commit at this position cannot be.
    Unreadable,
}

/// Why rows could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum RederiveError {
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A row that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    pub read_model: &'static str,
    pub merchant: MerchantId,
    pub customer: Uuid,
    /// The commit that made the row what it should be; of an invented one, the commit that it names.
    pub position: u64,
    pub difference: Difference,
}

/// The models that are derived once more.
pub struct Rederivation {
    balances: balances::Balances,
    customers: customers::Customers,
    ledger: ledger::Ledger,
    /// Shops that are being forgotten, or were: their rows go.
    forgotten: HashSet<MerchantId>,
    deviations: Vec<Deviation>,
}

impl Rederivation {
    /// The models that are derived.
    pub const NAMES: [&str; 3] = [
        crate::balances::Balances::NAME,
        crate::customers::Customers::NAME,
        crate::points_transactions::PointsTransactions::NAME,
    ];

    /// Up to where the read models stand. `db` is a transaction that sees one moment.
    ///
    /// # Errors
    /// [`ProjectionError::Database`]
    pub async fn begin(db: &mut PgConnection) -> Result<Self, ProjectionError> {
        let checkpoints = checkpoint::list(&mut *db).await?;
        let reached = |name: &str| {
            checkpoints.iter().find(|checkpoint| checkpoint.projection == name).map_or(0, |found| found.position)
        };
        let kept_from = retention::kept_from(&mut *db, "points_transactions").await?.unwrap_or(Timestamp(i64::MIN));
        Ok(Rederivation {
            balances: balances::Balances::up_to(reached(crate::balances::Balances::NAME)),
            customers: customers::Customers::up_to(reached(crate::customers::Customers::NAME)),
            ledger: ledger::Ledger::up_to(reached(crate::points_transactions::PointsTransactions::NAME), kept_from),
            forgotten: HashSet::new(),
            deviations: Vec::new(),
        })
    }

    /// The next commit of the log.
    ///
    /// # Errors
    /// [`ProjectionError::BadCommit`] for one that cannot be read; the others can still be taken in.
    pub fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError> {
        if commit.subject.context == Context::Merchant {
            let goes = |event: &MerchantEvent| matches!(event, MerchantEvent::Fenced(_) | MerchantEvent::Erased(_));
            if events_of::<MerchantEvent>(commit)?.iter().any(goes) {
                self.forgotten.insert(commit.subject.merchant);
            }
        }
        let SubjectId::Uuid(customer) = commit.subject.id else { return Ok(()) };
        match commit.subject.context {
            Context::Points => {
                let events = events_of::<PointsEvent>(commit)?;
                self.balances.take_in(commit, customer, &events);
                self.ledger.take_in(commit, customer, &events);
            }
            Context::Customer => self.customers.take_in(commit, customer)?,
            _ => {}
        }
        Ok(())
    }

    /// Every row that is not what the log says, of all merchants or of one, in the order of the models.
    ///
    /// # Errors
    /// [`RederiveError`]
    pub async fn finish(
        mut self,
        journal: &Journal,
        db: &mut PgConnection,
        only: Option<MerchantId>,
    ) -> Result<Vec<Deviation>, RederiveError> {
        let forgotten = &self.forgotten;
        self.ledger.compare(journal, db, only, forgotten, &mut self.deviations).await?;
        self.balances.compare(db, only, &mut self.deviations).await?;
        self.customers.compare(db, only, &mut self.deviations).await?;
        let goes = |deviation: &Deviation| {
            deviation.difference == Difference::Missing && self.forgotten.contains(&deviation.merchant)
        };
        self.deviations.retain(|deviation| !goes(deviation));
        Ok(self.deviations)
    }
}

/// The condition on rows of one merchant, or none. An id's digits and dashes need no parameter.
fn of_merchant(only: Option<MerchantId>) -> String {
    only.map_or_else(String::new, |merchant| format!(" where merchant = '{}'", merchant.0.as_hyphenated()))
}
