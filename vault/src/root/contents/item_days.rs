//! Keys of days: all items that expire on one day share one, so that forgetting the day forgets them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BucketGeneration, Contents, PLATFORM, unwrap, wrap};
use crate::{RootKeyError, secret::Secret};

/// The key of one day of expiry. Generations as with buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ItemDay {
    /// Days since 1970-01-01, UTC.
    pub day: i32,
    pub generation: i32,
}

impl std::fmt::Display for ItemDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "items of day {} generation {}", self.day, self.generation)
    }
}

impl Contents {
    /// The generation under which new items of this day are wrapped; `None` if the day has no key yet.
    pub(crate) fn newest_item_day(&self, day: i32) -> Option<ItemDay> {
        let generations = ItemDay { day, generation: i32::MIN }..=ItemDay { day, generation: i32::MAX };
        self.wrapped.item_days.range(generations).next_back().map(|(id, _)| *id)
    }

    pub(crate) fn ensure_item_day(&mut self, day: i32) -> ItemDay {
        if let Some(id) = self.newest_item_day(day) {
            return id;
        }
        let id = ItemDay { day, generation: BucketGeneration::FIRST };
        let key = wrap(&self.root, PLATFORM, Uuid::nil(), &id.to_string(), &Secret::random());
        self.wrapped.item_days.insert(id, key);
        id
    }

    pub(crate) fn item_day(&self, id: ItemDay) -> Result<Secret, RootKeyError> {
        let key = self.wrapped.item_days.get(&id).ok_or_else(|| RootKeyError::NoSuchKey { key: id.to_string() })?;
        unwrap(&self.root, PLATFORM, Uuid::nil(), &id.to_string(), key)
    }

    pub(crate) fn item_days(&self) -> usize {
        self.wrapped.item_days.len()
    }

    pub(crate) fn has_item_days_before(&self, day: i32) -> bool {
        self.wrapped.item_days.keys().next().is_some_and(|oldest| oldest.day < day)
    }

    /// From here on, items that expired before `day` open nowhere, whatever copy of the database they are read from.
    pub(crate) fn forget_item_days_before(&mut self, day: i32) {
        self.wrapped.item_days.retain(|id, _| id.day >= day);
    }
}
