//! Buyers whose orders have changed since their shop was counted: scored again, with the cut points of the newest window.

use std::time::Duration;

use aggregates::{
    id::{CustomerId, MerchantId},
    rfm::{CHANGES_MAX, Definition, Reference, RfmEvent, rescore},
    time::{Clock, Timestamp},
};
use projections::{
    Changed,
    rfm::{Sheet, sheet::Buyers, shops},
    rfm_orders::RfmOrders,
};

use super::{ATTEMPTS_MAX, Analyst, RETRY_PAUSE, RfmError};
use crate::{on_top::Written, pass::Pass};

/// After an order, others are waited for so long: they share a commit. Part of the second or two within which an order
/// shows in its buyer's segment.
const GATHER: Duration = Duration::from_millis(500);
/// How long a quiet log is waited for before a look.
const QUIET_LOOK: Duration = Duration::from_secs(30);
/// Buyers of one pass.
const PASS_MAX: i64 = CHANGES_MAX as i64;

impl Analyst {
    /// Follows orders for ever. Where it stands is not remembered: it begins with what each shop's last RFM commit had not
    /// counted, which is less than a day's orders.
    pub(super) async fn follow_orders(&self, clock: &dyn Clock) {
        let (mut done, mut known) = (0, 0);
        loop {
            let before = known;
            known = self.progress.of(RfmOrders::NAME).position;
            if known < before {
                // The log was adopted: positions begin again.
                done = 0;
            }
            match self.pass(done, known, clock).await {
                Ok(Pass { through, is_full: true }) => done = through,
                Ok(Pass { through, .. }) => {
                    done = through;
                    self.progress.reached(RfmOrders::NAME, known + 1, QUIET_LOOK).await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "buyers are not scored");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// `known` is how far orders were known before this.
    async fn pass(&self, after: u64, known: u64, clock: &dyn Clock) -> Result<Pass, RfmError> {
        let changed = shops::changed_after(&self.db, None, after, PASS_MAX).await?;
        let pass = Pass::of(&changed, CHANGES_MAX, known);
        for (merchant, customers) in Changed::by_shop(&changed) {
            let now = self.now_of(merchant, clock).await?;
            match self.rescore(merchant, &customers, pass.through, now).await {
                // It must not keep the others waiting. The next window counts everybody.
                Err(error) if error.is_lasting() => {
                    tracing::error!(merchant = %merchant, %error, "buyers of this shop cannot be scored");
                }
                outcome => outcome.map(drop)?,
            }
        }
        Ok(pass)
    }

    /// All that has changed in one shop.
    pub(super) async fn rescore_shop(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, RfmError> {
        let (mut after, mut last) = (0, None);
        loop {
            let changed = shops::changed_after(&self.db, Some(merchant), after, PASS_MAX).await?;
            let pass = Pass::of(&changed, CHANGES_MAX, after);
            for customers in Changed::by_shop(&changed).into_values() {
                last = last.max(self.rescore(merchant, &customers, pass.through, now).await?);
            }
            if !pass.is_full {
                return Ok(last);
            }
            after = pass.through;
        }
    }

    /// `customers` are all whose orders have changed since the shop was counted and up to `orders_through`. Gives the
    /// position of what was written, once it is visible; none if nothing differs, or without a window.
    async fn rescore(
        &self,
        merchant: MerchantId,
        customers: &[CustomerId],
        orders_through: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, RfmError> {
        for _ in 0..ATTEMPTS_MAX {
            let sheet = Sheet::open(&self.db, merchant).await?;
            let Some(newest) = sheet.newest.clone().map(|window| window.closed) else { return Ok(None) };
            let program = self.program(merchant).await?;
            let version = program.state.version(newest.definition_version).ok_or(RfmError::NoProgram)?;
            let definition = Definition::of(version.version, &version.settings.rfm)?;
            let (known, at) = (sheet.position, now.max(sheet.recorded_at));
            let asked = sheet.some(customers, newest.currency, &definition.calendar);
            let Buyers { buyers, names, .. } = asked.await?;
            let reference = Reference { day: definition.calendar.day_of(at).max(newest.day), orders_through, at };
            let updates = rescore(&definition, &newest, reference, &buyers, names);
            let commits = updates.into_iter().map(|update| vec![RfmEvent::Updated(update)]).collect();
            if let Written::At(position) = self.writer(merchant).write(known, at, commits).await? {
                return Ok(position);
            }
        }
        Err(RfmError::Contended)
    }
}
