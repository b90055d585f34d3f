//! What the programme has given somebody, what it has written to them, and what it does for them.

use projections::{badges, email_events, queue_tasks};
use serde::Serialize;
use utoipa::ToSchema;
use vault::{DirectoryKind, VaultError};

use super::{
    sections::{Part, ROWS_AT_ONCE, Report, Stopped, gone},
    writer::Writer,
};
use crate::{
    commands::CommandError,
    http::{badges::CustomerBadge, mail::events::EmailEvent, tasks::TaskDocument},
};

/// A card that was made up for them. Of a number that was printed elsewhere, only a keyed hash is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonsCard {
    pub card_code: String,
}

impl Report {
    pub(super) async fn cards(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let (vault, merchant) = (&self.gateway.vault, self.caller.merchant());
        writer.section("loyalty_cards", "Cards by which tills know you").await.map_err(gone)?;
        let keys = vault.merchant(merchant).await.map_err(CommandError::from)?;
        for part in parts {
            let card_code = keys.derive_code(part.id.0);
            match vault.find(merchant, DirectoryKind::LoyaltyCard, &card_code).await {
                Ok(Some(_)) => writer.row(&PersonsCard { card_code }).await.map_err(gone)?,
                Ok(None) | Err(VaultError::Destroyed { .. }) => {}
                Err(error) => return Err(CommandError::from(error).into()),
            }
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn badges(&self, writer: &mut Writer) -> Result<(), Stopped> {
        writer.section("badges", "Badges you have").await.map_err(gone)?;
        let settings = self.caller.lease.program.in_effect_at(self.caller.request.now);
        let settings = settings.map(|version| &version.settings.badges);
        for row in badges::of_customer(&self.gateway.db, self.caller.merchant(), self.customer).await? {
            writer.row(&CustomerBadge::of(row, settings)).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn mails(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer
            .section("email_events", "Mails to you and to friends whom you have invited, and what became of them")
            .await
            .map_err(gone)?;
        for part in parts {
            let mut before = None;
            loop {
                let (db, merchant) = (&self.gateway.db, self.caller.merchant());
                let rows = email_events::list(db, merchant, Some(part.id), before, ROWS_AT_ONCE).await?;
                let Some(last) = rows.last() else { break };
                before = Some(last.position);
                for row in rows {
                    writer.row(&EmailEvent::from(row)).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    pub(super) async fn tasks(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer.section("tasks", "What was to be done for you outside, and how far it is").await.map_err(gone)?;
        for part in parts {
            let filter = queue_tasks::Filter { customer: Some(part.id), ..queue_tasks::Filter::default() };
            let mut before = None;
            loop {
                let (db, merchant) = (&self.gateway.db, self.caller.merchant());
                let rows = queue_tasks::list(db, merchant, &filter, before, ROWS_AT_ONCE).await?;
                let Some(last) = rows.last() else { break };
                before = Some(last.created_position);
                for row in rows {
                    writer.row(&TaskDocument::from(row)).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }
}
