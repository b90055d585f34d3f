//! What the programme has given somebody, and what it has written to them.

use projections::{badges, email_events};

use super::{
    sections::{ROWS_AT_ONCE, Report, Stopped, gone},
    writer::Writer,
};
use crate::http::{badges::CustomerBadge, mail::events::EmailEvent};

impl Report {
    pub(super) async fn badges(&self, writer: &mut Writer) -> Result<(), Stopped> {
        writer.section("badges", "Badges you have").await.map_err(gone)?;
        let settings = self.caller.lease.program.in_effect_at(self.caller.request.now);
        let settings = settings.map(|version| &version.settings.badges);
        for row in badges::of_customer(&self.gateway.db, self.caller.merchant(), self.customer).await? {
            writer.row(&CustomerBadge::of(row, settings)).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn mails(&self, writer: &mut Writer) -> Result<(), Stopped> {
        writer
            .section("email_events", "Mails to you and to friends whom you have invited, and what became of them")
            .await
            .map_err(gone)?;
        let mut before = None;
        loop {
            let (db, merchant) = (&self.gateway.db, self.caller.merchant());
            let rows = email_events::list(db, merchant, Some(self.customer), before, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { return writer.end_section().await.map_err(gone) };
            before = Some(last.position);
            for row in rows {
                writer.row(&EmailEvent::from(row)).await.map_err(gone)?;
            }
        }
    }
}
