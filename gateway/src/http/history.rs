//! An account as it was: its commits up to a moment, folded by the code that decides.

use aggregates::{
    Aggregate,
    id::CustomerId,
    points::{Account, Balance, PointsEvent},
    time::Timestamp,
};
use journal::{Positioned, Subject, SubjectId};
use projections::projection::events_of;

use super::{
    AsOf,
    balance::{BalanceDocument, Moment},
};
use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// The balance at a moment, computed from the log.
pub async fn balance_as_of(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    moment: Moment,
) -> Result<(Balance, AsOf), Problem> {
    let commits = commits_of(gateway, caller, customer).await?;
    let instant = match moment {
        Moment::Time(time) => time,
        Moment::Position(position) => time_of(gateway, caller, position).await?,
    };
    let account = folded(commits_until(&commits, moment))?;
    let position = match moment {
        Moment::Time(_) => commits_until(&commits, moment).last().map_or(0, |commit| commit.position),
        Moment::Position(position) => position,
    };
    Ok((account.balance_at(instant), AsOf { position, time: instant.to_rfc3339() }))
}

/// The balance that the command committed at `position` left behind, as it was answered then: for answers that are given
/// again. The account is the one that took the commit, though it may have been merged since.
pub async fn balance_right_after(
    gateway: &Gateway,
    caller: &Caller,
    position: u64,
) -> Result<BalanceDocument, Problem> {
    let commit = gateway.journal.at(position).await.map_err(CommandError::from)?;
    let commit = commit.filter(|commit| commit.subject.merchant == caller.merchant());
    let (account, recorded_at) = match commit.map(|commit| (commit.subject.id, commit.commit.recorded_at)) {
        Some((SubjectId::Uuid(account), recorded_at)) => (CustomerId(account), recorded_at),
        _ => return Err(CommandError::Internal("a command's commit is not in the log".to_owned()).into()),
    };
    let commits = commits_of(gateway, caller, account).await?;
    let state = folded(commits.iter().take_while(|commit| commit.position <= position))?;
    let as_of = AsOf { position, time: recorded_at.to_rfc3339() };
    Ok(BalanceDocument::new(account, state.balance_at(recorded_at), as_of))
}

/// An account after these commits.
fn folded<'a>(commits: impl Iterator<Item = &'a Positioned>) -> Result<Account, Problem> {
    let mut account = Account::default();
    for commit in commits {
        for event in points_events(commit)? {
            account.apply(&event, &commit.recorded());
        }
    }
    Ok(account)
}

/// All commits of a customer's account.
pub async fn commits_of(gateway: &Gateway, caller: &Caller, customer: CustomerId) -> Result<Vec<Positioned>, Problem> {
    let subject = Subject::points(caller.merchant(), customer);
    Ok(gateway.journal.read(&subject, 0).await.map_err(CommandError::from)?)
}

pub fn points_events(commit: &Positioned) -> Result<Vec<PointsEvent>, Problem> {
    Ok(events_of(commit)?)
}

/// Recorded time is made monotone by its running maximum; a position inside a group of commits that were written
/// together rounds down to the group's start.
fn commits_until(commits: &[Positioned], moment: Moment) -> impl Iterator<Item = &Positioned> {
    let mut latest = Timestamp(i64::MIN);
    commits.iter().take_while(move |commit| {
        latest = latest.max(commit.commit.recorded_at);
        match moment {
            Moment::Time(time) => latest <= time,
            Moment::Position(position) => commit.end_of_group() <= position,
        }
    })
}

/// The time of a position, which need not be one of this merchant: positions are shared, contents are not.
async fn time_of(gateway: &Gateway, caller: &Caller, position: u64) -> Result<Timestamp, Problem> {
    let head = gateway.journal.last_position().await.map_err(CommandError::from)?;
    if position >= head {
        return Ok(caller.request.now);
    }
    if position == 0 {
        return Ok(Timestamp(0));
    }
    let commit = gateway.journal.at(position).await.map_err(CommandError::from)?;
    match commit {
        Some(commit) if commit.subject.merchant == caller.merchant() => Ok(commit.commit.recorded_at),
        Some(commit) => Ok(commit.stored_at),
        None => Err(Problem::of(Code::NotFound)),
    }
}
