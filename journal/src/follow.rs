//! Following the log: every commit in order, from a position on, as fast as it is taken.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aggregates::Context as Room;
use aggregates::id::MerchantId;
use async_nats::jetstream::consumer::push::{Ordered, OrderedConfig};
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::watch;

use crate::connection::{Journal, JournalError, Pulse, STREAM};
use crate::positioned::{Positioned, Stored, micros, traceparent};
use crate::subject::{self, Subject};

/// What to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    Everything,
    Merchant(MerchantId),
    /// One room, of every merchant.
    Room(Room),
}

impl Follow {
    fn subjects(self) -> String {
        match self {
            Follow::Everything => subject::everything(),
            Follow::Merchant(merchant) => subject::everything_of(merchant),
            Follow::Room(room) => subject::everything_in(room),
        }
    }

    fn lets_through(self, address: &str) -> bool {
        let subject = address.parse::<Subject>();
        match self {
            Follow::Everything => true,
            Follow::Merchant(merchant) => subject.is_ok_and(|subject| subject.merchant == merchant),
            Follow::Room(room) => subject.is_ok_and(|subject| subject.context == room),
        }
    }
}

impl Journal {
    /// Every commit after a position, in order, for ever: at the end of the log it waits for the next.
    ///
    /// To know when a reader has caught up: ask for [`Journal::last_position_of`] the same filter first; it has caught
    /// up once it has seen (or started from) that position.
    ///
    /// A message that is no commit is an `Err(`[`JournalError::Poison`]`)` in its place; the stream goes on after it.
    /// After any other error the stream ends: make sure that it is still the same log ([`Journal::identity`]), then
    /// follow again from the last position seen.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn follow(&self, after: u64, filter: Follow) -> Result<Following, JournalError> {
        let mut pulse = self.shared.pulse.clone();
        pulse.mark_unchanged();
        let losses = pulse.borrow().losses;
        let config = OrderedConfig {
            deliver_subject: self.shared.client.new_inbox(),
            description: Some("reads the journal in order".to_owned()),
            filter_subject: filter.subjects(),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            replay_policy: ReplayPolicy::Instant,
            ..OrderedConfig::default()
        };
        let unavailable = |error: &dyn std::fmt::Display| JournalError::Unavailable(error.to_string());
        self.ping().await?;
        let consumer = self.shared.jetstream.create_consumer_on_stream(config, STREAM).await;
        let consumer = consumer.map_err(|error| unavailable(&error))?;
        let messages = consumer.messages().await.map_err(|error| unavailable(&error))?;
        let lost = Box::pin(lost(pulse.clone(), losses));
        Ok(Following { messages, pulse, losses, lost, filter, reached: after, ended: false })
    }

    /// Position of the newest commit that a filter lets through; 0 if there is none. Confirmed by the leader.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn last_position_of(&self, filter: Follow) -> Result<u64, JournalError> {
        match filter {
            Follow::Everything => self.last_position().await,
            Follow::Merchant(_) | Follow::Room(_) => {
                let last = self.shared.log.last(&filter.subjects()).await?;
                Ok(last.map_or(0, |stored| stored.position))
            }
        }
    }

    /// Position of the newest message that a filter lets through and that can be read, whether or not it is a commit; 0 if
    /// there is none. In a sound log it is [`Journal::last_position_of`]; smaller where the end was taken out of the stream, or
    /// changed on the server's disk: what is broken there is asked for one by one.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn newest_position(&self, filter: Follow) -> Result<u64, JournalError> {
        let log = &self.shared.log;
        if let Some(newest) = log.last(&filter.subjects()).await? {
            return Ok(newest.position);
        }
        // The server names no newest message where that one does not fit its checksum. Others may be there.
        let state = log.info().await?.state;
        for position in (state.first_sequence.max(1)..=state.last_sequence).rev() {
            if log.at(position).await?.is_some_and(|stored| filter.lets_through(&stored.subject)) {
                return Ok(position);
            }
        }
        Ok(0)
    }
}

/// Ends when the connection is lost for the first time.
async fn lost(mut pulse: watch::Receiver<Pulse>, losses: u64) {
    // An error means that the connection itself is gone: also a loss.
    let _ = pulse.wait_for(|pulse| pulse.losses != losses).await;
}

/// Commits in order. See [`Journal::follow`].
pub struct Following {
    messages: Ordered,
    pulse: watch::Receiver<Pulse>,
    /// Of the connection, when it was begun.
    losses: u64,
    /// Wakes whoever waits for a message when the connection is lost.
    lost: Pin<Box<dyn Future<Output = ()> + Send>>,
    filter: Follow,
    reached: u64,
    ended: bool,
}

impl Following {
    /// The last position given out, or the one it started after.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Cheap: asked for every message.
    fn is_interrupted(&mut self) -> bool {
        self.pulse.has_changed().unwrap_or(true) && self.pulse.borrow_and_update().losses != self.losses
    }

    fn end(&mut self, error: JournalError) -> Poll<Option<Result<Positioned, JournalError>>> {
        self.ended = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for Following {
    type Item = Result<Positioned, JournalError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            // The library would silently attach itself again, perhaps to another log.
            if self.is_interrupted() {
                return self.end(JournalError::Interrupted);
            }
            let message = match self.messages.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(_)) | None) => return self.end(JournalError::Interrupted),
                Poll::Pending => {
                    ready!(self.lost.poll_unpin(context));
                    return self.end(JournalError::Interrupted);
                }
            };
            let Some(stored) = stored(message) else {
                return self.end(JournalError::Unexpected("a delivery without its position".to_owned()));
            };
            let after = self.reached;
            // When the library starts its consumer anew it may begin too early.
            if stored.position <= after {
                continue;
            }
            if self.filter == Follow::Everything && stored.position != after + 1 {
                return self.end(JournalError::Gap { after, found: stored.position });
            }
            self.reached = stored.position;
            return Poll::Ready(Some(stored.read()));
        }
    }
}

fn stored(message: async_nats::jetstream::Message) -> Option<Stored> {
    let info = message.info().ok()?;
    let (position, stored_at) = (info.stream_sequence, micros(info.published.unix_timestamp_nanos()));
    let (message, _) = message.split();
    Some(Stored {
        position,
        subject: message.subject.into_string(),
        traceparent: traceparent(message.headers.as_ref()),
        stored_at,
        payload: message.payload,
    })
}
