//! Which aggregates are set aside as snapshots, and the shape of their state.

use aggregates::points::Account;
use aggregates::task::TaskShard;

use super::snapshot::Snapshot;

impl Snapshot for Account {
    /// Raise it whenever a stored field of [`Account`] or of anything inside it changes: older snapshots are then
    /// ignored and the state is read from the log.
    const SHAPE: u64 = 5;
}

impl Snapshot for TaskShard {
    /// As above, of [`TaskShard`].
    const SHAPE: u64 = 1;
}
