//! Signing what has not been signed yet, at once, instead of when it is time.

use anyhow::{Context, bail};
use gateway::Gateway;
use projections::transparency::{Names, TreeId, adoptions, latest};

use crate::composition::{self, Config};

/// Signs every tree as it is now, and gives the newest checkpoint of the top log; none of an empty log.
///
/// # Errors
/// If a tree does not continue what was signed for it, or a server does not answer.
pub async fn seal(gateway: &Gateway, config: &Config) -> anyhow::Result<Option<String>> {
    let signer = composition::checkpoint_signer(gateway, config)?;
    let round = signer.round(gateway.clock.now()).await.context("no checkpoint was signed")?;
    if let Some(refused) = round.refused.first() {
        bail!("{refused} does not continue its last signed checkpoint; `loyalnest log verify` names the place");
    }
    let names = Names::new(signer.key.public(), adoptions(&gateway.db).await?);
    let newest = latest(&gateway.db, TreeId::TOP, &names.origin(TreeId::TOP)).await?;
    Ok(newest.map(|newest| newest.note))
}
