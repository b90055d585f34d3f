//! Privacy requests: somebody wants their data, wants to be forgotten, or a shop wants to be forgotten.
//!
//! ```text
//! received → verified → (held) → executing → completed
//!     └──────────┴─────────┴──→ refused
//! ```
//!
//! A request says what is asked, by when it is due and from when on it may be executed. Executing is a list of steps
//! ([`Scope::steps`]), each recorded with its [`Evidence`] before the next begins: whoever finds a request half executed
//! goes on where the record ends, and the certificate is nothing but this record.

mod command;
mod event;
mod execution;
#[cfg(test)]
mod tests;

pub use command::{Finding, GdprCommand, GdprRefusal};
pub use event::{
    ExecutionBegun, GdprEvent, RequestCompleted, RequestExpedited, RequestHeld, RequestKind, RequestReceived,
    RequestRefused, RequestReleased, RequestSource, RequestVerified, StatedRequest, StepDone,
};
pub use execution::{BucketKey, Evidence, Outcome, Scope, Step};

use crate::{Aggregate, Context, event::Recorded, id::CustomerId, time::Timestamp};

/// Days the law and the shop platform give for a request.
pub const DUE_DAYS: u32 = 30;
/// Days before that in which an open request is called due soon.
pub const DUE_SOON_DAYS: u32 = 7;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Unknown,
    /// On record; whom it is about is not certain.
    Received,
    /// It is certain whom it is about. Executed once its rest is over.
    Verified,
    /// Under a legal hold.
    Held,
    Executing,
    Completed(Outcome),
    Refused,
}

impl Stage {
    /// The word of API and read model.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Unknown => "unknown",
            Stage::Received => "received",
            Stage::Verified => "verified",
            Stage::Held => "held",
            Stage::Executing => "executing",
            Stage::Completed(_) => "completed",
            Stage::Refused => "refused",
        }
    }

    pub const fn is_open(self) -> bool {
        matches!(self, Stage::Received | Stage::Verified | Stage::Held | Stage::Executing)
    }
}

/// How near an open request is to the day it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    InTime,
    DueSoon,
    Overdue,
}

impl Urgency {
    pub fn of(due_at: Timestamp, now: Timestamp) -> Self {
        match () {
            () if now >= due_at => Urgency::Overdue,
            () if now.plus_days(DUE_SOON_DAYS) >= due_at => Urgency::DueSoon,
            () => Urgency::InTime,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Urgency::InTime => "in_time",
            Urgency::DueSoon => "due_soon",
            Urgency::Overdue => "overdue",
        }
    }
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    pub evidence: Evidence,
    pub at: Timestamp,
    /// Of the commit that recorded it.
    pub position: u64,
}

#[derive(Debug, Clone, Default)]
pub struct GdprRequest {
    pub stage: Stage,
    /// What was asked, and where that is on record.
    pub received: Option<(RequestReceived, u64)>,
    /// It is certain whom it is about.
    verified: bool,
    /// Not executed before.
    pub rests_until: Timestamp,
    pub execution: Option<ExecutionBegun>,
    pub steps: Vec<StepRecord>,
    pub closed_at: Option<Timestamp>,
}

impl GdprRequest {
    /// Where the request was put on record.
    pub fn position(&self) -> Option<u64> {
        self.received.as_ref().map(|(_, position)| *position)
    }

    /// Whether it is certain whom it is about.
    pub const fn is_verified(&self) -> bool {
        self.verified
    }

    pub fn kind(&self) -> Option<RequestKind> {
        self.received.as_ref().map(|(received, _)| received.kind)
    }

    pub fn customer(&self) -> Option<CustomerId> {
        self.received.as_ref().and_then(|(received, _)| received.customer)
    }

    /// What has to be done next; none before execution begins and after it has ended.
    pub fn next_step(&self) -> Option<Step> {
        let execution = self.execution.as_ref().filter(|_| self.stage == Stage::Executing)?;
        execution.scope.steps().get(self.steps.len()).copied()
    }

    pub fn evidence(&self, step: Step) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.evidence.step() == step)
    }

    /// Something is to be done about it by `now`, and nobody has to be asked first.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let executed_by_us = self.kind().is_some_and(|kind| kind != RequestKind::DataRequest);
        match self.stage {
            Stage::Executing => true,
            Stage::Verified => executed_by_us && self.rests_until <= now,
            _ => false,
        }
    }

    fn receive(&self, received: &RequestReceived, finding: &Finding) -> Vec<GdprEvent> {
        if self.received.is_some() {
            return Vec::new();
        }
        let at = received.received_at;
        let completed = |outcome| Some(GdprEvent::Completed(RequestCompleted { outcome, at }));
        let next = match *finding {
            Finding::Known { rests_until } => {
                // Whatever a merchant sets, the rest ends before the law's month does.
                let rests_until = rests_until.min(received.due_at);
                Some(GdprEvent::Verified(RequestVerified { rests_until, at }))
            }
            Finding::Ambiguous => None,
            Finding::Stranger => completed(Outcome::Stranger),
            Finding::Stale => completed(Outcome::Stale),
            Finding::AlreadyErased => completed(Outcome::AlreadyErased),
        };
        std::iter::once(GdprEvent::Received(received.clone())).chain(next).collect()
    }

    fn begin(&self, begun: &ExecutionBegun) -> Result<Vec<GdprEvent>, GdprRefusal> {
        match self.stage {
            Stage::Executing => Ok(Vec::new()),
            Stage::Verified if self.is_due(begun.at) => Ok(vec![GdprEvent::ExecutionBegun(begun.clone())]),
            Stage::Verified => Err(GdprRefusal::Resting { until: self.rests_until }),
            _ => Err(self.not_now()),
        }
    }

    fn finish_step(&self, done: &StepDone) -> Result<Vec<GdprEvent>, GdprRefusal> {
        let step = done.evidence.step();
        if self.evidence(step).is_some() {
            return Ok(Vec::new());
        }
        if self.next_step() != Some(step) {
            return Err(GdprRefusal::OutOfOrder);
        }
        let mut events = vec![GdprEvent::StepDone(done.clone())];
        if step == Step::Verify {
            events.push(GdprEvent::Completed(RequestCompleted { outcome: Outcome::Erased, at: done.at }));
        }
        Ok(events)
    }

    fn complete(&self, completed: &RequestCompleted) -> Result<Vec<GdprEvent>, GdprRefusal> {
        let answered = completed.outcome == Outcome::Answered;
        match self.stage {
            Stage::Completed(_) => Ok(Vec::new()),
            _ if answered && self.kind() != Some(RequestKind::DataRequest) => Err(GdprRefusal::NotADataRequest),
            Stage::Received | Stage::Verified => Ok(vec![GdprEvent::Completed(completed.clone())]),
            _ => Err(self.not_now()),
        }
    }

    fn not_now(&self) -> GdprRefusal {
        match self.stage {
            Stage::Unknown => GdprRefusal::Unknown,
            Stage::Received => GdprRefusal::NotVerified,
            Stage::Verified | Stage::Executing => GdprRefusal::Executing,
            Stage::Held => GdprRefusal::Held,
            Stage::Completed(_) | Stage::Refused => GdprRefusal::Closed,
        }
    }
}

impl Aggregate for GdprRequest {
    const CONTEXT: Context = Context::Gdpr;
    type Event = GdprEvent;
    type Command = GdprCommand;
    type Refusal = GdprRefusal;

    fn decide(&self, command: &GdprCommand) -> Result<Vec<GdprEvent>, GdprRefusal> {
        match (command, self.stage) {
            (GdprCommand::Receive { received, finding }, _) => Ok(self.receive(received, finding)),
            (GdprCommand::Hold(_), Stage::Held) => Ok(Vec::new()),
            (GdprCommand::Hold(held), Stage::Received | Stage::Verified) => Ok(vec![GdprEvent::Held(held.clone())]),
            (GdprCommand::Release(released), Stage::Held) => Ok(vec![GdprEvent::Released(released.clone())]),
            (GdprCommand::Release(_), Stage::Received | Stage::Verified) => Ok(Vec::new()),
            (GdprCommand::Expedite(_), Stage::Executing | Stage::Completed(_)) => Ok(Vec::new()),
            (GdprCommand::Expedite(expedited), Stage::Verified) if self.rests_until <= expedited.at => Ok(Vec::new()),
            (GdprCommand::Expedite(expedited), Stage::Verified) => Ok(vec![GdprEvent::Expedited(expedited.clone())]),
            (GdprCommand::Begin(begun), _) => self.begin(begun),
            (GdprCommand::FinishStep(done), _) => self.finish_step(done),
            (GdprCommand::Complete(completed), _) => self.complete(completed),
            (GdprCommand::Refuse(_), Stage::Refused) => Ok(Vec::new()),
            (GdprCommand::Refuse(refused), Stage::Received | Stage::Verified | Stage::Held) => {
                Ok(vec![GdprEvent::Refused(refused.clone())])
            }
            _ => Err(self.not_now()),
        }
    }

    fn apply(&mut self, event: &GdprEvent, recorded: &Recorded) {
        match event {
            GdprEvent::Received(received) => {
                self.stage = Stage::Received;
                self.rests_until = received.received_at;
                self.received = Some((received.clone(), recorded.position));
            }
            GdprEvent::Verified(event) => {
                self.stage = Stage::Verified;
                self.verified = true;
                self.rests_until = event.rests_until;
            }
            GdprEvent::Held(_) => self.stage = Stage::Held,
            GdprEvent::Released(_) => {
                self.stage = if self.verified { Stage::Verified } else { Stage::Received };
            }
            GdprEvent::Expedited(event) => self.rests_until = self.rests_until.min(event.at),
            GdprEvent::ExecutionBegun(event) => {
                self.stage = Stage::Executing;
                self.execution = Some(event.clone());
            }
            GdprEvent::StepDone(event) => self.steps.push(StepRecord {
                evidence: event.evidence.clone(),
                at: event.at,
                position: recorded.position,
            }),
            GdprEvent::Completed(event) => {
                self.stage = Stage::Completed(event.outcome);
                self.closed_at = Some(event.at);
            }
            GdprEvent::Refused(event) => {
                self.stage = Stage::Refused;
                self.closed_at = Some(event.at);
            }
        }
    }
}
