//! The books: what they say of a time, and closing a period. A line is drawn in the journal first; once the read model
//! has seen it, nothing can be added to the period any more, and its figures are signed and put on record. What a crash
//! interrupted, closing the same period again completes.

use aggregates::{
    books::{Books, BooksCommand, Flow, Line, PeriodClosed, Rate, Signature, Statement},
    event::Recorded,
    id::MerchantId,
    program::Program,
    time::Timestamp,
};
use journal::{Subject, Versioned};
use projections::books::{self, BooksOfMerchants, Day};

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What the installation's signatures under closed periods are for.
const SIGNED_AS: &str = "books";

/// What came and went between two days, the second excluded, and what points were worth then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    pub opening: i64,
    pub flow: Flow,
    pub rate: Rate,
}

impl Between {
    pub const fn closing(&self) -> i64 {
        self.opening + self.flow.net()
    }
}

impl Gateway {
    /// The books from one day to another; `None` as the first day is the beginning of the books.
    pub async fn books_between(
        &self,
        merchant: MerchantId,
        from: Option<Day>,
        to: Day,
    ) -> Result<Between, CommandError> {
        let before = match from {
            Some(from) => books::until(&self.db, merchant, from).await?,
            None => Flow::default(),
        };
        let entries = match from {
            Some(from) => books::days(&self.db, merchant, from, to).await?.iter().map(|entry| entry.flow).sum(),
            None => books::until(&self.db, merchant, to).await?,
        };
        let lease = self.renew_merchant(merchant).await?;
        let rate = self.rate_before(merchant, &lease.program, to.start()).await?;
        Ok(Between { opening: before.net(), flow: entries, rate })
    }

    /// What points were worth right before an instant.
    async fn rate_before(
        &self,
        merchant: MerchantId,
        program: &Program,
        instant: Timestamp,
    ) -> Result<Rate, CommandError> {
        let standing = books::standing(&self.db, merchant).await?;
        let version = program.in_effect_at(Timestamp(instant.0.saturating_sub(1)));
        let version = version.ok_or_else(|| CommandError::Internal("a merchant without a programme".to_owned()))?;
        Ok(Rate::of(version, standing.and_then(|standing| standing.currency)))
    }

    /// Closed periods as the log tells.
    pub async fn books_on_record(&self, merchant: MerchantId) -> Result<Versioned<Books>, CommandError> {
        Ok((*self.books.load_confirmed(Subject::books(merchant)).await?).clone())
    }

    /// Closes the period that ends at `until`, a midnight in UTC that has passed. Doing it again gives what is on record.
    pub async fn close_books(
        &self,
        request: &Request,
        until: Timestamp,
    ) -> Result<(Recorded, PeriodClosed), CommandError> {
        let subject = Subject::books(request.merchant);
        let draw = BooksCommand::DrawLine { until, now: request.now };
        let drawn = self.books.execute(subject, &request.context(), &draw).await?;
        let books = &drawn.state.state;
        if let Some(closed) = books.ending_at(until) {
            return Ok(closed.clone());
        }
        let line = books.line.ok_or_else(|| CommandError::Internal("a line that was drawn is gone".to_owned()))?;
        let statement = self.statement(request.merchant, books, line).await?;
        let signer = self.vault.installation()?.signer(SIGNED_AS);
        let signature = Signature(signer.sign(statement.text(request.merchant).as_bytes()));
        let close = BooksCommand::Close(Box::new(PeriodClosed { statement, signature }));
        let closed = self.books.execute(subject, &request.context(), &close).await?;
        let closed = closed.state.state.ending_at(until).cloned();
        closed.ok_or_else(|| CommandError::Internal("a closed period left no trace".to_owned()))
    }

    /// The figures of the period that this line ends: complete, because whatever comes later belongs to a later day.
    async fn statement(&self, merchant: MerchantId, books: &Books, line: Line) -> Result<Statement, CommandError> {
        if !self.progress.reached(BooksOfMerchants::NAME, line.position, self.options.read_patience).await {
            return Err(CommandError::Unavailable("the read model of the books is behind".to_owned()));
        }
        let from = books.last().map(|last| last.until);
        let between = self.books_between(merchant, from.map(Day::of), Day::of(line.until)).await?;
        Ok(Statement {
            period: books.last().map_or(1, |last| last.period + 1),
            from,
            until: line.until,
            opening: between.opening,
            flow: between.flow,
            closing: between.closing(),
            line: line.position,
            rate: between.rate,
        })
    }

    /// What signatures under closed periods are checked with.
    pub fn books_key(&self) -> Result<[u8; 32], CommandError> {
        Ok(self.vault.installation()?.signer(SIGNED_AS).public())
    }
}
