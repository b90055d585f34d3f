//! An account as it was, for the doors: what the log makes of a moment, in the words of the API.

use aggregates::{
    customer::{Customer, Standing},
    id::CustomerId,
    points::{Account, Balance},
    time::Timestamp,
};
use journal::{Subject, SubjectId};
use projections::replay::{self, Moment, Past, ReplayError};

use super::{AsOf, balance::BalanceDocument};
use crate::{
    auth::Caller,
    commands::{CommandError, customer::MERGES_FOLLOWED_MAX},
    gateway::Gateway,
    problem::{Code, Problem},
};

/// The moment that a query asks about.
pub fn moment(text: Option<&str>) -> Result<Option<Moment>, Problem> {
    text.map(str::parse)
        .transpose()
        .map_err(|_| Problem::saying(Code::MalformedRequest, "as_of is neither a position nor an RFC 3339 time"))
}

/// Who a customer is, or was at a moment: whoever had been merged away by then is who they were merged into.
pub async fn whose(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    moment: Option<Moment>,
) -> Result<CustomerId, Problem> {
    let Some(moment) = moment else { return Ok(gateway.survivor(caller.merchant(), customer).await?) };
    let mut customer = customer;
    for _ in 0..MERGES_FOLLOWED_MAX {
        let subject = Subject::customer(caller.merchant(), customer);
        match replay::as_of::<Customer>(&gateway.journal, subject, moment).await?.state.standing {
            Standing::MergedInto(into) => customer = into,
            Standing::Member | Standing::Unknown => return Ok(customer),
        }
    }
    Err(CommandError::Internal("a chain of merges does not end".to_owned()).into())
}

/// The account at a moment, from the log, and of when that speaks.
pub async fn account_as_of(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    moment: Moment,
) -> Result<(Past<Account>, Timestamp), Problem> {
    let instant = instant(gateway, caller, moment).await?;
    let subject = Subject::points(caller.merchant(), customer);
    Ok((replay::as_of(&gateway.journal, subject, moment).await?, instant))
}

/// The balance at a moment, computed from the log.
pub async fn balance_as_of(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    moment: Moment,
) -> Result<(Balance, AsOf), Problem> {
    let (account, instant) = account_as_of(gateway, caller, customer, moment).await?;
    Ok((account.state.balance_at(instant), said_of(moment, account.position, instant)))
}

/// The place and time of which an answer about a moment speaks; `position` is that of the last commit it has seen.
pub fn said_of(moment: Moment, position: u64, instant: Timestamp) -> AsOf {
    let position = match moment {
        Moment::Time(_) => position,
        Moment::Position(position) => position,
    };
    AsOf { position, time: instant.to_rfc3339() }
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
    let (subject, account, recorded_at) = match commit.map(|commit| (commit.subject, commit.commit.recorded_at)) {
        Some((subject, recorded_at)) => match subject.id {
            SubjectId::Uuid(account) => (subject, CustomerId(account), recorded_at),
            _ => return Err(not_an_account()),
        },
        None => return Err(not_an_account()),
    };
    let mut state = Past::<Account>::default();
    for commit in gateway.journal.read(&subject, 0).await.map_err(CommandError::from)? {
        if commit.position <= position {
            state.take_in(&commit)?;
        }
    }
    let as_of = AsOf { position, time: recorded_at.to_rfc3339() };
    Ok(BalanceDocument::new(account, state.state.balance_at(recorded_at), as_of))
}

fn not_an_account() -> Problem {
    CommandError::Internal("a command's commit is not in the log".to_owned()).into()
}

/// The instant of a moment; by the caller's own clock where the log has not come that far.
pub async fn instant(gateway: &Gateway, caller: &Caller, moment: Moment) -> Result<Timestamp, Problem> {
    let instant = moment.instant(&gateway.journal, caller.merchant(), caller.request.now).await;
    instant.map_err(CommandError::from)?.ok_or_else(|| Problem::of(Code::NotFound))
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Journal(error) => CommandError::from(error).into(),
            ReplayError::Unreadable(error) => error.into(),
            ReplayError::Cut => Problem::of(Code::Unavailable),
        }
    }
}
