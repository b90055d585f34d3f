//! The merchant's own clock, for trying holds and expiry. It keeps running; it can only be set forward.

use std::time::Duration;

use aggregates::{id::MerchantId, merchant::MerchantCommand, time::Timestamp};
use journal::{Follow, Subject};
use policies::deadlines;
use projections::{gdpr_requests, queue_tasks::QueueTasks};

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

/// How long the clock waits for a read model that says which privacy requests are due, and by which clock.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(10);

/// Where the clock is to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTarget {
    At(Timestamp),
    /// Seconds from wherever it is by then: two such wishes at once add up.
    Further(i64),
}

impl Gateway {
    /// Sets the merchant's clock and answers when everything that is due by then is durable and visible. Gives its time
    /// and the position of the last commit this led to.
    pub async fn advance_clock(
        &self,
        request: &Request,
        target: ClockTarget,
    ) -> Result<(Timestamp, u64), CommandError> {
        let real = self.clock.now();
        let subject = Subject::merchant(request.merchant);
        let command = match target {
            ClockTarget::At(now) => MerchantCommand::SetClock { ahead_micros: now.0.saturating_sub(real.0) },
            ClockTarget::Further(seconds) => {
                MerchantCommand::AdvanceClock { by_micros: seconds.saturating_mul(Timestamp::MICROS_PER_SECOND) }
            }
        };
        let moved = self.merchants.execute(subject, &request.context(), &command).await?;
        self.renew_merchant(request.merchant).await?;
        let now = moved.state.state.now(real);
        let swept = self
            .sweeper()
            .sweep(request.merchant, now, new_id)
            .await
            .map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let clicked = self.write_clicks(Some(request.merchant)).await?;
        let settled = self.referrer().catch_up(request.merchant, now).await?;
        Box::pin(self.carry_out_all_imports_of(request.merchant)).await?;
        self.park_overdue(Some(request.merchant), now).await?;
        let executed = self.execute_due_requests(request.merchant).await?;
        self.show_deadlines(executed).await?;
        // Boxed: a whole shop may be scored, and no other request needs the room for it.
        let scored = Box::pin(self.analyst().catch_up(request.merchant, now)).await?;
        let rewarded = Box::pin(self.rewarder().catch_up(request.merchant, now)).await?;
        let tiered = Box::pin(self.tier_keeper().catch_up(request.merchant, now)).await?;
        let awarded = Box::pin(self.awarder().catch_up(request.merchant, now)).await?;
        if let Some(postmaster) = self.postmaster() {
            Box::pin(postmaster.catch_up(request.merchant, now)).await?;
        }
        // Last, because all of the above may have put something on the queue.
        let mut done = Box::pin(self.task_worker().run_due(request.merchant)).await?;
        if let Some(postmaster) = self.postmaster() {
            // And what was done of it leads to mails: a reward is there.
            let before = self.journal.last_position_of(Follow::Merchant(request.merchant)).await?;
            Box::pin(postmaster.catch_up(request.merchant, now)).await?;
            if self.journal.last_position_of(Follow::Merchant(request.merchant)).await? > before {
                done = done.max(Box::pin(self.task_worker().run_due(request.merchant)).await?);
            }
        }
        let written = [swept.position, clicked, settled, scored, rewarded, tiered, awarded].into_iter().flatten().max();
        Ok((now, written.unwrap_or(0).max(moved.state.position).max(executed).max(done)))
    }

    /// Privacy requests whose rest is over by now, as far as each can go without waiting. Gives the merchant's last position.
    async fn execute_due_requests(&self, merchant: MerchantId) -> Result<u64, CommandError> {
        let written = self.journal.last_position_of(Follow::Merchant(merchant)).await?;
        // The read model says which requests are due.
        self.progress.reached(gdpr_requests::GdprRequests::NAME, written, READ_MODEL_PATIENCE).await;
        self.eraser.execute_due(merchant).await.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        Ok(self.journal.last_position_of(Follow::Merchant(merchant)).await?)
    }

    /// Due dates that are near by the new time, in the metrics; of what is on record up to a position.
    async fn show_deadlines(&self, position: u64) -> Result<(), CommandError> {
        for read_model in [gdpr_requests::GdprRequests::NAME, QueueTasks::NAME] {
            self.progress.reached(read_model, position, READ_MODEL_PATIENCE).await;
        }
        deadlines::look(&self.db, self.clock.now()).await?;
        Ok(())
    }
}
