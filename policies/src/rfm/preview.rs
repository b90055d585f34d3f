//! What other settings would do: the next window, decided on and not written.

use std::collections::BTreeMap;

use aggregates::{
    id::{CustomerId, MerchantId},
    rfm::{
        Calendar, Definition, Reference, RfmSettings, RfmUpdated, Standing, WindowClosed, hold_window,
        run::DefinitionError,
    },
    time::Timestamp,
};
use projections::rfm::{Sheet, sheet::Buyers};

use super::{Analyst, RfmError};

/// Buyers that a preview names; the others are only counted.
const NAMED_MAX: usize = 100;

/// The next window as it would be, with the orders known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub closed: WindowClosed,
    /// How many would move, by segments.
    pub moves: BTreeMap<(String, String), u64>,
    /// The first of them, in the order of their ids.
    pub moved: Vec<Moved>,
    /// Of the last RFM commit that was known.
    pub position: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub customer: CustomerId,
    pub from: String,
    pub to: String,
    /// None for somebody who would be a prospect again.
    pub standing: Option<Standing>,
}

impl Analyst {
    /// Who would move at the next window if it were held by these settings.
    ///
    /// # Errors
    /// [`RfmError`]
    pub async fn preview(
        &self,
        merchant: MerchantId,
        settings: &RfmSettings,
        now: Timestamp,
    ) -> Result<Preview, RfmError> {
        let calendar = Calendar::of(&settings.time_zone).map_err(DefinitionError::from)?;
        let day = calendar.newest_due(now).next();
        let program = self.program(merchant).await?;
        let next_version = program.state.current().map_or(1, |version| version.version + 1);
        let definition = Definition::of(next_version, settings)?;
        let sheet = Sheet::open(&self.db, merchant).await?;
        let (position, orders_through) = (sheet.position, sheet.orders_through);
        let Buyers { currency, buyers, names } = sheet.everybody(&calendar).await?;
        let reference = Reference { day, orders_through, at: now };
        let deciding = move || hold_window(&definition, reference, currency, &buyers, names);
        let window = tokio::task::spawn_blocking(deciding).await?;
        let mut preview = Preview { closed: window.closed, moves: BTreeMap::new(), moved: Vec::new(), position };
        window.updates.iter().for_each(|update| preview.take_in(update));
        Ok(preview)
    }
}

impl Preview {
    fn take_in(&mut self, update: &RfmUpdated) {
        let name = |number: u16| update.segments[usize::from(number)].to_string();
        for change in update.changes.iter().filter(|change| change.from != change.to) {
            let (from, to) = (name(change.from), name(change.to));
            *self.moves.entry((from.clone(), to.clone())).or_default() += 1;
            if self.moved.len() < NAMED_MAX {
                self.moved.push(Moved { customer: change.customer, from, to, standing: change.standing });
            }
        }
    }
}
