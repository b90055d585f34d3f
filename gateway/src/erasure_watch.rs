//! Every gateway hears of erasures that others carry out, and lets go at once of what it has in memory of those people. It
//! need not, for anybody to be safe: keys are leases, and whoever stands still cannot use one for longer than that. But a
//! running process should not wait for it.

use std::{convert::Infallible, time::Duration};

use aggregates::{
    Context,
    gdpr::{GdprEvent, Scope, Step},
    id::{GdprRequestId, MerchantId},
};
use futures::StreamExt;
use journal::{Follow, JournalError, Positioned, Subject, SubjectId};
use projections::projection::events_of;
use tokio_util::sync::CancellationToken;

use crate::{commands::CommandError, gateway::Gateway};

/// Pause before listening again after the log went away.
const RELISTEN_PAUSE: Duration = Duration::from_secs(1);

/// Listens until `stop`. What was missed while the log was away is caught by the end of leases.
pub async fn run(gateway: Gateway, stop: CancellationToken) {
    loop {
        let listening = async {
            let Err(error) = listen(&gateway).await;
            tracing::debug!(%error, "erasures are not heard of");
            tokio::time::sleep(RELISTEN_PAUSE).await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = listening => {}
        }
    }
}

async fn listen(gateway: &Gateway) -> Result<Infallible, CommandError> {
    let head = gateway.journal.last_position().await?;
    let mut commits = gateway.journal.follow(head, Follow::Room(Context::Gdpr)).await?;
    loop {
        match commits.next().await {
            Some(Ok(commit)) => heard(gateway, &commit).await?,
            // The read models say that it cannot be read.
            Some(Err(JournalError::Poison(_))) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(CommandError::Unavailable("the log".to_owned())),
        }
    }
}

async fn heard(gateway: &Gateway, commit: &Positioned) -> Result<(), CommandError> {
    let SubjectId::Uuid(request) = commit.subject.id else { return Ok(()) };
    let Ok(events) = events_of::<GdprEvent>(commit) else { return Ok(()) };
    let concerns_memory = |event: &GdprEvent| match event {
        GdprEvent::StepDone(done) => matches!(done.evidence.step(), Step::Fence | Step::DestroyKeys | Step::Erase),
        _ => false,
    };
    if events.iter().any(concerns_memory) {
        let_go(gateway, commit.subject.merchant, GdprRequestId(request)).await?;
    }
    Ok(())
}

async fn let_go(gateway: &Gateway, merchant: MerchantId, request: GdprRequestId) -> Result<(), CommandError> {
    let state = gateway.requests.load_confirmed(Subject::gdpr(merchant, request)).await?;
    let Some(begun) = &state.state.execution else { return Ok(()) };
    if begun.scope == Scope::Merchant {
        gateway.leases.remove(&merchant);
        gateway.merchants.evict(Subject::merchant(merchant));
    }
    for person in &begun.people {
        gateway.customers.evict(Subject::customer(merchant, *person));
        gateway.accounts.evict(Subject::points(merchant, *person));
    }
    gateway.vault.drop_leases(&begun.people);
    Ok(())
}
