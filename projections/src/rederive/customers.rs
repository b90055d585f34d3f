//! `customers` once more. The profile is not compared: it is sealed, and erasure empties it.

use std::collections::HashMap;

use aggregates::{
    customer::CustomerEvent,
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    Deviation,
    held::{Held, Key, Rows},
};
use crate::{
    customers,
    projection::{ProjectionError, events_of},
    sql::{position, timestamp},
};

const ROWS: Rows = Rows {
    read_model: customers::Customers::NAME,
    table: "read.customers",
    columns: "state, merged_into, deleted_in_shop, enrolled_at, erased_at, restricted, objects_to_profiling",
};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    state: &'static str,
    merged_into: Option<CustomerId>,
    deleted_in_shop: bool,
    enrolled_at: Timestamp,
    erased_at: Option<Timestamp>,
    restricted: bool,
    objects_to_profiling: bool,
    position: u64,
}

pub(super) struct Customers {
    up_to: u64,
    people: HashMap<Key, Standing>,
}

impl Customers {
    pub fn up_to(up_to: u64) -> Self {
        Customers { up_to, people: HashMap::new() }
    }

    pub fn take_in(&mut self, commit: &Positioned, customer: Uuid) -> Result<(), ProjectionError> {
        if commit.position > self.up_to {
            return Ok(());
        }
        let key = (commit.subject.merchant.0, customer);
        for event in events_of::<CustomerEvent>(commit)? {
            if let CustomerEvent::Enrolled(enrolled) = &event {
                self.people.insert(key, Standing::of_a_new_member(enrolled.at));
            }
            if let Some(standing) = self.people.get_mut(&key) {
                standing.apply(&event);
                standing.position = commit.position;
            }
        }
        Ok(())
    }

    pub async fn compare(
        self,
        db: &mut PgConnection,
        only: Option<MerchantId>,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), ProjectionError> {
        ROWS.compare(self.people, db, only, deviations).await
    }
}

impl Standing {
    fn of_a_new_member(enrolled_at: Timestamp) -> Self {
        Standing {
            state: "member",
            merged_into: None,
            deleted_in_shop: false,
            enrolled_at,
            erased_at: None,
            restricted: false,
            objects_to_profiling: false,
            position: 0,
        }
    }

    fn apply(&mut self, event: &CustomerEvent) {
        match event {
            CustomerEvent::Enrolled(_) | CustomerEvent::Absorbed(_) | CustomerEvent::Imported(_) => {}
            CustomerEvent::Fenced(_) => self.state = "erasing",
            CustomerEvent::Erased(erased) => {
                self.state = "erased";
                self.erased_at = Some(erased.at);
            }
            CustomerEvent::Restricted(_) => self.restricted = true,
            CustomerEvent::RestrictionLifted(_) => self.restricted = false,
            CustomerEvent::Objected(_) => self.objects_to_profiling = true,
            CustomerEvent::ObjectionWithdrawn(_) => self.objects_to_profiling = false,
            CustomerEvent::ProfileUpdated(_) => self.deleted_in_shop = false,
            CustomerEvent::DeletedInShop(_) => self.deleted_in_shop = true,
            CustomerEvent::MergedInto(merged) => {
                self.state = "merged";
                self.merged_into = Some(merged.winner);
            }
        }
    }
}

impl Held for Standing {
    fn position(&self) -> u64 {
        self.position
    }

    fn difference(&self, row: &PgRow) -> Result<Option<&'static str>, sqlx::Error> {
        let merged_into = row.try_get::<Option<Uuid>, _>("merged_into")?.map(CustomerId);
        Ok(if row.try_get::<&str, _>("state")? != self.state {
            Some("state")
        } else if merged_into != self.merged_into {
            Some("merged_into")
        } else if row.try_get::<bool, _>("deleted_in_shop")? != self.deleted_in_shop {
            Some("deleted_in_shop")
        } else if timestamp(row.try_get("enrolled_at")?) != self.enrolled_at {
            Some("enrolled_at")
        } else if row.try_get::<Option<DateTime<Utc>>, _>("erased_at")?.map(timestamp) != self.erased_at {
            Some("erased_at")
        } else if row.try_get::<bool, _>("restricted")? != self.restricted {
            Some("restricted")
        } else if row.try_get::<bool, _>("objects_to_profiling")? != self.objects_to_profiling {
            Some("objects_to_profiling")
        } else {
            (position(row.try_get("position")?) != self.position).then_some("position")
        })
    }
}
