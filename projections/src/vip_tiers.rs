//! `vip_tiers`: which tiers there are, who is in which, and who was. Everything is in the events: this only writes it down
//! where questions look for it.

mod store;

use std::sync::Arc;

use aggregates::{Context, program::ProgramEvent, tier::TierEvent};
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

pub struct VipTiers;

impl VipTiers {
    pub const NAME: &'static str = "vip_tiers";
}

const TABLES: [&str; 4] = ["read.vip_tiers", "read.tier_state", "read.tier_members", "read.tier_history"];

impl Projection for VipTiers {
    const NAME: &'static str = VipTiers::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Tier, Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            match commit.subject.context {
                Context::Program => {
                    for event in events_of::<ProgramEvent>(commit)? {
                        let ProgramEvent::SettingsPublished(version) = event;
                        store::define(transaction, commit, &version).await?;
                    }
                }
                Context::Tier => {
                    for event in events_of::<TierEvent>(commit)? {
                        match event {
                            TierEvent::Assigned(assigned) => {
                                store::stand(transaction, commit, &assigned).await?;
                                store::remember(transaction, commit, &assigned).await?;
                                store::reached(transaction, commit, assigned.facts_through, None).await?;
                            }
                            TierEvent::DefinitionApplied(applied) => {
                                let version = Some(applied.definition_version);
                                store::reached(transaction, commit, applied.facts_through, version).await?;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}
