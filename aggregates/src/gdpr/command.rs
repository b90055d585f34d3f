//! What can be asked of a privacy request, and why it may say no.

use super::event::{
    ExecutionBegun, RequestCompleted, RequestExpedited, RequestHeld, RequestReceived, RequestRefused, RequestReleased,
    StepDone,
};
use crate::time::Timestamp;

#[derive(Debug, Clone)]
pub enum GdprCommand {
    /// Puts it on record, with what was found out about whom it names. A repetition changes nothing.
    Receive {
        received: RequestReceived,
        finding: Finding,
    },
    Hold(RequestHeld),
    Release(RequestReleased),
    /// Ends its rest.
    Expedite(RequestExpedited),
    Begin(ExecutionBegun),
    FinishStep(StepDone),
    /// Without steps: a data request that was answered, or a request that turned out to ask for nothing.
    Complete(RequestCompleted),
    Refuse(RequestRefused),
}

/// Whom a request turned out to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Known {
        rests_until: Timestamp,
    },
    /// Several people have what it names.
    Ambiguous,
    /// Nobody here.
    Stranger,
    /// Somebody who came back after it was sent.
    Stale,
    /// Somebody who is forgotten already.
    AlreadyErased,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GdprRefusal {
    #[error("no such privacy request")]
    Unknown,
    #[error("it is not certain whom the request is about")]
    NotVerified,
    #[error("the request rests until {until}")]
    Resting { until: Timestamp },
    #[error("the request is held")]
    Held,
    #[error("the request is being executed")]
    Executing,
    #[error("the request is closed")]
    Closed,
    #[error("only a data request is answered")]
    NotADataRequest,
    /// Steps are recorded in their order, each once.
    #[error("another step is next")]
    OutOfOrder,
}
