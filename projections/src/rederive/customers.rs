//! `customers` once more. The profile is not compared: it is sealed, and erasure empties it.

use std::collections::HashMap;

use aggregates::{customer::CustomerEvent, id::CustomerId, time::Timestamp};
use journal::Positioned;
use uuid::Uuid;

use super::{
    Deviation, Moment,
    held::{FIRST_COLUMN, Held, Key, Rows},
};
use crate::{
    copied::Fields,
    customers,
    projection::{ProjectionError, events_of},
};

const ROWS: Rows = Rows {
    read_model: customers::Customers::NAME,
    table: "read.customers",
    columns: &[
        "state",
        "merged_into",
        "deleted_in_shop",
        "enrolled_at",
        "erased_at",
        "restricted",
        "objects_to_profiling",
    ],
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

    pub async fn compare(self, moment: Moment) -> Result<Vec<Deviation>, ProjectionError> {
        ROWS.compare(self.people, &moment).await
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
            CustomerEvent::Enrolled(_)
            | CustomerEvent::Absorbed(_)
            | CustomerEvent::ReferralLinkIssued(_)
            | CustomerEvent::Imported(_)
            | CustomerEvent::BadgeAwarded(_)
            | CustomerEvent::MailChosen(_)
            | CustomerEvent::LeaderboardChosen(_)
            | CustomerEvent::TierGiven(_)
            | CustomerEvent::TierTakenBack(_)
            | CustomerEvent::BirthdayTold(_) => {}
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

    fn difference(&self, position: u64, row: &Fields<'_>) -> Result<Option<&'static str>, ProjectionError> {
        let at = |column: usize| FIRST_COLUMN + column;
        let is_so = [
            row.text(at(0))? == self.state,
            row.unless_null(at(1), Fields::uuid)?.map(CustomerId) == self.merged_into,
            row.boolean(at(2))? == self.deleted_in_shop,
            row.timestamp(at(3))? == self.enrolled_at,
            row.unless_null(at(4), Fields::timestamp)? == self.erased_at,
            row.boolean(at(5))? == self.restricted,
            row.boolean(at(6))? == self.objects_to_profiling,
        ];
        let other = is_so.iter().zip(ROWS.columns).find(|(is_so, _)| !**is_so).map(|(_, column)| *column);
        Ok(other.or((position != self.position).then_some("position")))
    }
}
