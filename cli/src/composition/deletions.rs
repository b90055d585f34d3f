//! The deletion journal at the start: what it says is done before anybody is served, and what others know of it must be in it.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

use aggregates::time::Timestamp;
use anyhow::{Context, ensure};
use vault::{DeletionJournal, Vault};

use super::Config;

/// Opens the deletion journal. Makes the folders of its places, private to this account, if they are not there.
///
/// # Errors
/// Names the place, and the entry, that cannot be trusted.
pub fn open(config: &Config, vault: &Vault) -> anyhow::Result<DeletionJournal> {
    for place in &config.deletion_journal {
        let folder = place.parent().context("a place of the deletion journal is a file in a folder")?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let opened = DeletionJournal::open(&config.deletion_journal, &vault.installation()?);
    opened.context("the deletion journal does not open")
}

/// Carries out again what this database or the root key store does not know to have happened, because they were restored from
/// before, or because an erasure was cut short; then sees to it that the two are of the same time.
///
/// # Errors
/// Says which of the parts is older than another.
pub async fn are_carried_out(vault: &Vault, journal: &DeletionJournal, now: Timestamp) -> anyhow::Result<()> {
    let again = vault.carry_out(journal, now).await;
    let again = again.context("what the deletion journal says could not be carried out")?;
    vault.check_keys().await.context("the vault's two halves are not of the same time")?;
    if again.people + again.merchants > 0 {
        tracing::warn!(
            people = again.people,
            merchants = again.merchants,
            "erased again what an older copy had brought back"
        );
    }
    if again.rotated > 0 {
        tracing::info!(buckets = again.rotated, "rotations that were cut short are finished");
    }
    Ok(())
}

/// Whether the journal has every deletion that the log names.
///
/// # Errors
/// Names the first entry that is missing.
pub async fn are_all_there(journal: &DeletionJournal, named_by_the_log: u64) -> anyhow::Result<()> {
    let head = journal.head().await.context("the deletion journal does not open")?.sequence;
    let [first, second] = journal.places();
    ensure!(
        head >= named_by_the_log,
        "the deletion journal is shorter than the log says: entry {} of {named_by_the_log} is missing in {} and {}; \
         restore its newest copy",
        head + 1,
        first.display(),
        second.display(),
    );
    Ok(())
}
