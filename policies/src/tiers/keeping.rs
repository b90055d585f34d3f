//! The three reasons to look at a customer, and what is done for each: other settings, other facts, time.

use aggregates::{
    id::{CustomerId, MerchantId},
    program::{Program, ProgramVersion},
    tier::{CHANGES_MAX, Cause, DefinitionApplied, Keeper, Reference, TierEvent, TiersAssigned},
    time::{Clock, Timestamp},
};
use journal::Subject;
use projections::{
    Changed,
    tiers::{Sheet, due},
    vip_tiers::VipTiers,
};

use super::{TierError, TierKeeper, ladder_of};
use crate::on_top::{Writer, Written};

/// How often a decision is made again because somebody else was faster.
const ATTEMPTS_MAX: usize = 20;
/// Customers of one pass.
const PASS_MAX: i64 = CHANGES_MAX as i64;

impl TierKeeper {
    /// Everybody stands by the tiers in effect at `now`: if they stand by others, or by none, all are looked at. Gives the
    /// position of the last commit, once it is visible.
    pub(super) async fn apply_definition(
        &self,
        merchant: MerchantId,
        now: Timestamp,
    ) -> Result<Option<u64>, TierError> {
        for _ in 0..ATTEMPTS_MAX {
            let program = self.program(merchant).await?;
            let sheet = Sheet::open(&self.db, merchant).await?;
            let at = now.max(sheet.recorded_at);
            let wanted = program.state.in_effect_at(at).ok_or(TierError::NoProgram)?;
            if stands_by(&program.state, sheet.definition_version, wanted) {
                return Ok(None);
            }
            let (known, facts_through) = (sheet.position, sheet.facts_through);
            let reference =
                Reference { cause: Cause::Definition, definition_version: wanted.version, facts_through, at };
            let ladder = ladder_of(wanted)?;
            let mut keeper = Keeper::new(&ladder, reference);
            sheet.everybody(|assessed| keeper.look_at(&assessed)).await?;
            let applied =
                DefinitionApplied { definition_version: wanted.version, facts_through, moved: keeper.moved(), at };
            let mut commits = commits_of(keeper.events());
            commits.push(vec![TierEvent::DefinitionApplied(applied)]);
            if let Written::At(position) = self.writer(merchant).write(known, at, commits).await? {
                tracing::info!(merchant = %merchant, moved = applied.moved, "everybody stands by other tiers");
                return Ok(position);
            }
        }
        Err(TierError::Contended)
    }

    /// Everybody in one shop for whom something has changed.
    pub(super) async fn look_at_changed(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, TierError> {
        let (mut after, mut last) = (0, None);
        loop {
            let changed = due::changed_after(&self.db, Some(merchant), after, PASS_MAX).await?;
            let Some(newest) = changed.last() else { return Ok(last) };
            let through = through(&changed, newest.position);
            let customers: Vec<CustomerId> = changed.iter().map(|changed| changed.customer).collect();
            last = last.max(self.look_at(merchant, &customers, Cause::Facts, through, now).await?);
            if changed.len() < CHANGES_MAX {
                return Ok(last);
            }
            after = through;
        }
    }

    /// Everybody in one shop for whom time has come.
    pub(super) async fn look_at_overdue(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, TierError> {
        let mut last = None;
        loop {
            let customers = due::overdue(&self.db, merchant, now, PASS_MAX).await?;
            let written = self.look_at(merchant, &customers, Cause::Time, 0, now).await?;
            if written.is_none() {
                return Ok(last);
            }
            last = last.max(written);
        }
    }

    /// One pass over all shops; gives how far it got. `known` is how far what counts was known before it.
    pub(super) async fn pass(&self, after: u64, known: u64, clock: &dyn Clock) -> Result<u64, TierError> {
        let changed = due::changed_after(&self.db, None, after, PASS_MAX).await?;
        let through = through(&changed, known);
        for (merchant, customers) in Changed::by_shop(&changed) {
            let now = self.now_of(merchant, clock).await?;
            match self.look_at(merchant, &customers, Cause::Facts, through, now).await {
                // It must not keep the others waiting.
                Err(error) if error.is_lasting() => {
                    tracing::error!(merchant = %merchant, %error, "tiers of this shop cannot be worked out");
                }
                outcome => drop(outcome?),
            }
        }
        Ok(through)
    }

    /// Looks at these customers by the tiers that everybody stands by. Gives the position of what was written, once it is
    /// visible; none if nothing differs.
    async fn look_at(
        &self,
        merchant: MerchantId,
        customers: &[CustomerId],
        cause: Cause,
        facts_through: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, TierError> {
        if customers.is_empty() {
            return Ok(None);
        }
        for _ in 0..ATTEMPTS_MAX {
            let sheet = Sheet::open(&self.db, merchant).await?;
            let program = self.program(merchant).await?;
            let Some(version) = program.state.version(sheet.definition_version) else { return Ok(None) };
            let (known, at) = (sheet.position, now.max(sheet.recorded_at));
            let reference = Reference { cause, definition_version: version.version, facts_through, at };
            let ladder = ladder_of(version)?;
            let mut keeper = Keeper::new(&ladder, reference);
            for assessed in sheet.some(customers).await? {
                keeper.look_at(&assessed);
            }
            let commits = commits_of(keeper.events());
            if let Written::At(position) = self.writer(merchant).write(known, at, commits).await? {
                return Ok(position);
            }
        }
        Err(TierError::Contended)
    }

    fn writer(&self, merchant: MerchantId) -> Writer<'_> {
        Writer {
            journal: &self.journal,
            progress: &self.progress,
            new_id: self.new_id,
            policy: "tiers",
            read_model: VipTiers::NAME,
            subject: Subject::tier(merchant),
        }
    }
}

/// Whether the tiers by which everybody stands are those that are wanted. Versions that differ in something else are the
/// same; and where there never were any, none are needed.
fn stands_by(program: &Program, stood_by: u32, wanted: &ProgramVersion) -> bool {
    match program.version(stood_by) {
        None => wanted.settings.tiers.tiers.is_empty(),
        Some(stood_by) => {
            stood_by.settings.tiers == wanted.settings.tiers
                && stood_by.settings.rfm.time_zone == wanted.settings.rfm.time_zone
        }
    }
}

fn commits_of(assigned: Vec<TiersAssigned>) -> Vec<Vec<TierEvent>> {
    assigned.into_iter().map(|assigned| vec![TierEvent::Assigned(assigned)]).collect()
}

/// How far a pass gets. A merge changes two customers at one position: a full pass may have cut them apart, so it gets only
/// before its last.
fn through(changed: &[Changed], known: u64) -> u64 {
    match changed.last() {
        Some(last) if changed.len() >= CHANGES_MAX => last.position.saturating_sub(1),
        _ => known,
    }
}
