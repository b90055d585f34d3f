//! Read models derived once more from the log, in memory, and compared with the rows that are there: for whoever wants to
//! know whether a table was changed behind the projections.
//!
//! Nothing here shares the statements by which projections write; it shares what events mean. Rows are read as they were at one
//! [`Moment`], and each model is followed up to where its checkpoint stood at that moment. Sealed fields that erasure empties are not compared; the log itself is what vouches for those. Rows of a
//! shop that is forgotten may be gone, and ledger lines that are older than the installation keeps.
//!
//! Balances and customers are held in memory while the log is read, about half a kilobyte for each account; of the ledger a
//! sum over each account's lines, and only where that differs are the lines themselves read again. The ledger, by far the largest
//! table, is read while the log is; the other two beside each other when the log is at its end.

mod balances;
mod customers;
mod held;
mod ledger;
mod moment;

use std::collections::HashSet;

use aggregates::{Context, id::MerchantId, merchant::MerchantEvent, points::PointsEvent, time::Timestamp};
use journal::{Journal, JournalError, Positioned, SubjectId};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

pub use moment::Moment;

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
    /// The ledger's rows, which are being read.
    lines_there: AbortOnDropHandle<Result<ledger::Sums, ProjectionError>>,
    moment: Moment,
    /// Shops that are being forgotten, or were: their rows go.
    forgotten: HashSet<MerchantId>,
}

impl Rederivation {
    /// The models that are derived.
    pub const NAMES: [&str; 3] = [
        crate::balances::Balances::NAME,
        crate::customers::Customers::NAME,
        crate::points_transactions::PointsTransactions::NAME,
    ];

    /// Up to where the read models stood at a moment. Begins to read what is there.
    ///
    /// # Errors
    /// [`ProjectionError::Database`]
    pub async fn begin(moment: Moment) -> Result<Self, ProjectionError> {
        let mut db = moment.open().await?;
        let checkpoints = checkpoint::list(&mut *db).await?;
        let reached = |name: &str| {
            checkpoints.iter().find(|checkpoint| checkpoint.projection == name).map_or(0, |found| found.position)
        };
        let kept_from = retention::kept_from(&mut *db, "points_transactions").await?.unwrap_or(Timestamp(i64::MIN));
        let ledger = ledger::Ledger::up_to(reached(crate::points_transactions::PointsTransactions::NAME), kept_from);
        let lines_there = AbortOnDropHandle::new(tokio::spawn(ledger.lines_there(moment.clone(), db)));
        Ok(Rederivation {
            balances: balances::Balances::up_to(reached(crate::balances::Balances::NAME)),
            customers: customers::Customers::up_to(reached(crate::customers::Customers::NAME)),
            ledger,
            lines_there,
            moment,
            forgotten: HashSet::new(),
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

    /// Every row that is not what the log says, in the order of the models.
    ///
    /// # Errors
    /// [`RederiveError`]
    ///
    /// # Panics
    /// If the comparison of a model does.
    pub async fn finish(self, journal: &Journal) -> Result<Vec<Deviation>, RederiveError> {
        let Rederivation { balances, customers, ledger, lines_there, moment, forgotten } = self;
        let balances = AbortOnDropHandle::new(tokio::spawn(balances.compare(moment.clone())));
        let customers = AbortOnDropHandle::new(tokio::spawn(customers.compare(moment.clone())));
        let lines_there = lines_there.await.expect("reading the ledger does not panic")?;
        let mut deviations = ledger.compare(lines_there, journal, &moment, &forgotten).await?;
        deviations.extend(balances.await.expect("comparing balances does not panic")?);
        deviations.extend(customers.await.expect("comparing customers does not panic")?);
        let goes = |deviation: &Deviation| {
            deviation.difference == Difference::Missing && forgotten.contains(&deviation.merchant)
        };
        deviations.retain(|deviation| !goes(deviation));
        Ok(deviations)
    }
}
