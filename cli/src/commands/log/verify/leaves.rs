//! The stored leaves, in the order of the journal, page by page.

use std::collections::VecDeque;

use projections::{
    ProjectionError,
    transparency::{StoredLeaf, TreeId, leaves_after},
};
use sqlx::PgConnection;

/// Leaves read at once.
const PAGE: i64 = 10_000;

pub struct Leaves {
    only: Option<TreeId>,
    page: VecDeque<StoredLeaf>,
    reached: u64,
    ended: bool,
}

impl Leaves {
    pub fn of(only: Option<TreeId>) -> Self {
        Leaves { only, page: VecDeque::new(), reached: 0, ended: false }
    }

    /// The next one, left where it is.
    pub async fn peek(&mut self, db: &mut PgConnection) -> Result<Option<StoredLeaf>, ProjectionError> {
        if self.page.is_empty() && !self.ended {
            let page = leaves_after(db, self.reached, self.only, PAGE).await?;
            self.ended = page.is_empty();
            self.reached = page.last().map_or(self.reached, |leaf| leaf.position);
            self.page = page.into();
        }
        Ok(self.page.front().copied())
    }

    /// The next one, if it stands at or before a position.
    pub async fn take_up_to(
        &mut self,
        position: u64,
        db: &mut PgConnection,
    ) -> Result<Option<StoredLeaf>, ProjectionError> {
        let next = self.peek(db).await?.filter(|leaf| leaf.position <= position);
        Ok(next.and_then(|_| self.page.pop_front()))
    }
}
