//! The last commits before a switch: whoever filled the next generation brings it to where the live one is held still.

use futures::future::BoxFuture;

use super::{FillError, Filler};
use crate::generation::switch::{CatchUp, SwitchError};

/// Fills what the live generation has taken in since.
pub(super) struct LastCommits<'a, 'b> {
    pub filler: &'b mut Filler<'a>,
    pub failed: Option<FillError>,
}

impl CatchUp for LastCommits<'_, '_> {
    fn catch_up(&mut self, up_to: u64) -> BoxFuture<'_, Result<(), SwitchError>> {
        Box::pin(async move {
            let filled = self.filler.fill(up_to, &mut |_| {}).await;
            let number = self.filler.generation();
            let at = self.filler.position();
            filled.map_err(|error| {
                self.failed = Some(error);
                SwitchError::Behind { generation: number, at, live_at: up_to }
            })
        })
    }
}
