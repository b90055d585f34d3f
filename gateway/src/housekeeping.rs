//! What has to be done once in a while: facts whose order never came are parked, keys and tombstones whose time is over end,
//! rotations that were cut short are finished.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{commands::CommandError, gateway::Gateway};

/// Both concern days; an hour's delay is nothing.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Runs until `stop`. What fails is tried again at the next hour.
pub async fn run(gateway: Gateway, stop: CancellationToken) {
    loop {
        if let Err(error) = once(&gateway).await {
            tracing::warn!(%error, "housekeeping was cut short");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// One round. Parks before it purges: what is overdue is opened once more.
pub async fn once(gateway: &Gateway) -> Result<(), CommandError> {
    gateway.park_overdue(None, gateway.clock.now()).await?;
    let purged = gateway.vault.purge_items(gateway.clock.now()).await?;
    if purged > 0 {
        tracing::info!(purged, "keys of items whose time was over are deleted");
    }
    gateway.vault.purge_named_friends(gateway.clock.now()).await?;
    let rotated = gateway.vault.finish_rotations(gateway.clock.now()).await?;
    if rotated > 0 {
        tracing::info!(rotated, "rotations that were cut short are finished");
    }
    gateway.forget_keys_of_closed_requests(gateway.clock.now()).await?;
    let ended = gateway.vault.purge_tombstones(gateway.clock.now()).await?;
    if ended > 0 {
        tracing::info!(ended, "tombstones whose time was over have ended");
    }
    Ok(())
}
