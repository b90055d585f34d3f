//! Privacy requests. What is asked is put on record at once, with the day by which it must be done.

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    id::CustomerId,
    sealed::Sealed,
    time::Timestamp,
};

/// Days the law and the shop platform give for a request.
pub const DUE_DAYS: u32 = 30;

events! {
    /// What happened to a privacy request.
    GdprEvent {
        Received(RequestReceived) = "gdpr.request_received" v 1;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Everything held on a person, to the merchant.
    DataRequest,
    /// Forget a person.
    CustomerRedact,
    /// Forget a whole shop.
    ShopRedact,
}

/// As the shop stated it; sealed, because it names people and their orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedRequest {
    pub external_customer_id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub orders: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestReceived {
    pub kind: RequestKind,
    /// The person it is about, where the system knows one.
    pub customer: Option<CustomerId>,
    pub stated: Sealed<StatedRequest>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
}

#[derive(Debug, Clone)]
pub enum GdprCommand {
    Receive(RequestReceived),
}

#[derive(Debug, Clone, Default)]
pub struct GdprRequest {
    pub received: Option<u64>,
}

impl Aggregate for GdprRequest {
    const CONTEXT: Context = Context::Gdpr;
    type Event = GdprEvent;
    type Command = GdprCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &GdprCommand) -> Result<Vec<GdprEvent>, std::convert::Infallible> {
        let GdprCommand::Receive(received) = command;
        Ok(match self.received {
            None => vec![GdprEvent::Received(received.clone())],
            Some(_) => Vec::new(),
        })
    }

    fn apply(&mut self, _: &GdprEvent, recorded: &Recorded) {
        self.received = Some(recorded.position);
    }
}
