//! Daily windows: which are due, and holding one.

use std::time::Duration;

use aggregates::{
    id::MerchantId,
    program::Program,
    rfm::{Calendar, Day, Definition, Reference, RfmEvent, Window, hold_window, run::DefinitionError},
    time::{Clock, Timestamp},
};
use journal::Subject;
use projections::rfm::{
    Sheet,
    sheet::Buyers,
    shops::{self, Shop},
};
use tokio::time::Instant;

use super::{ATTEMPTS_MAX, Analyst, RfmError};
use crate::on_top::Written;

/// Time between two looks at which windows are due.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A window that is due, and the definition it is held by: the one in effect when it fell due.
struct Due {
    day: Day,
    definition: Definition,
}

impl Due {
    /// The newest day's window, if it is due, and not held. A shop's first window is the first that falls due after its
    /// first order was recorded.
    fn of(shop: &Shop, program: &Program, now: Timestamp) -> Result<Option<Due>, RfmError> {
        let present = program.in_effect_at(now).ok_or(RfmError::NoProgram)?;
        let calendar = Calendar::of(&present.settings.rfm.time_zone).map_err(DefinitionError::from)?;
        let day = calendar.newest_due(now);
        let fell_due_at = calendar.window_at(day);
        if shop.newest_window >= Some(day) || fell_due_at <= shop.first_order_at {
            return Ok(None);
        }
        let version = program.in_effect_at(fell_due_at).ok_or(RfmError::NoProgram)?;
        Ok(Some(Due { day, definition: Definition::of(version.version, &version.settings.rfm)? }))
    }
}

impl Analyst {
    /// Looks now and then, for ever.
    pub(super) async fn hold_windows(&self, clock: &dyn Clock) {
        loop {
            match shops::all(&self.db).await {
                Ok(shops) => {
                    for shop in shops {
                        if let Err(error) = self.look_at(&shop, clock).await {
                            tracing::warn!(merchant = %shop.merchant, %error, "a window of segments was not held");
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "nobody knows which windows are due"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks the log only if what is in memory says that a window is due: settings in memory may be old, and what they say
    /// wrongly is put right by the next day.
    async fn look_at(&self, shop: &Shop, clock: &dyn Clock) -> Result<(), RfmError> {
        let merchant = self.merchants.load(Subject::merchant(shop.merchant)).await;
        let now = merchant.map_err(|_| RfmError::LogUnavailable)?.state.now(clock.now());
        let program = self.programs.load(Subject::program(shop.merchant)).await;
        let program = program.map_err(|_| RfmError::LogUnavailable)?;
        if Due::of(shop, &program.state, now)?.is_some() {
            let now = self.now_of(shop.merchant, clock).await?;
            self.hold_if_due(shop.merchant, now).await?;
        }
        Ok(())
    }

    /// Gives the position of the commit that closed the window, once it is visible.
    pub(super) async fn hold_if_due(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, RfmError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(shop) = shops::find(&self.db, merchant).await? else { return Ok(None) };
            let program = self.program(merchant).await?;
            let Some(due) = Due::of(&shop, &program.state, now)? else { return Ok(None) };
            if let Written::At(position) = self.hold(merchant, due, now).await? {
                return Ok(position);
            }
        }
        Err(RfmError::Contended)
    }

    async fn hold(&self, merchant: MerchantId, due: Due, now: Timestamp) -> Result<Written, RfmError> {
        let began = Instant::now();
        let sheet = Sheet::open(&self.db, merchant).await?;
        // What was due a moment ago may be held by now. The sheet knows all that its position stands for: nobody can hold the
        // window between this look and a write on top of that position.
        if sheet.newest.as_ref().is_some_and(|newest| newest.closed.day >= due.day) {
            return Ok(Written::Overtaken);
        }
        let (known, orders_through, at) = (sheet.position, sheet.orders_through, now.max(sheet.recorded_at));
        let Buyers { currency, buyers, names } = sheet.everybody(&due.definition.calendar).await?;
        let reference = Reference { day: due.day, orders_through, at };
        let deciding = move || hold_window(&due.definition, reference, currency, &buyers, names);
        let window = tokio::task::spawn_blocking(deciding).await?;
        tracing::info!(
            merchant = %merchant, day = %due.day, buyers = window.closed.buyers, updates = window.updates.len(),
            "a window of segments is held"
        );
        let written = self.writer(merchant).write(known, at, events(window)).await?;
        metrics::histogram!("loyalty_rfm_window_seconds").record(began.elapsed());
        Ok(written)
    }
}

/// Who has moved comes first: a window that is closed is complete. Its end travels with the last of them.
fn events(window: Window) -> Vec<Vec<RfmEvent>> {
    let mut commits: Vec<Vec<RfmEvent>> =
        window.updates.into_iter().map(|update| vec![RfmEvent::Updated(update)]).collect();
    let closed = RfmEvent::WindowClosed(window.closed);
    match commits.last_mut() {
        Some(last) => last.push(closed),
        None => commits.push(vec![closed]),
    }
    commits
}
