//! The merchant's own clock, for trying holds and expiry. It keeps running; it can only be set forward.

use aggregates::{merchant::MerchantCommand, time::Timestamp};
use journal::Subject;

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

impl Gateway {
    /// Sets the merchant's clock to `now` and answers when everything that is due by then is durable and visible.
    /// Gives the time and the position of the last commit this led to.
    pub async fn advance_clock(&self, request: &Request, now: Timestamp) -> Result<(Timestamp, u64), CommandError> {
        let ahead_micros = now.0.saturating_sub(self.clock.now().0);
        let subject = Subject::merchant(request.merchant);
        let context = Request { now, ..request.clone() }.context();
        let command = MerchantCommand::AdvanceClock { ahead_micros };
        let moved = self.merchants.execute(subject, &context, &command).await?;
        self.renew_merchant(request.merchant).await?;
        let swept = self
            .sweeper()
            .sweep(request.merchant, now, new_id)
            .await
            .map_err(|error| CommandError::Unavailable(error.to_string()))?;
        Ok((now, swept.position.unwrap_or(0).max(moved.state.position)))
    }
}
