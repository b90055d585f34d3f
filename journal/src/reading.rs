//! Reading the log: one aggregate, one position, the end.
//!
//! There are two ways to ask. The leader is asked for what must be the newest: it sees every acknowledged write.
//! Everything else is a direct read, answered by any replica, fast and perhaps a moment behind.

mod direct;
mod trail;

use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Info, RawMessageError, RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode};

use crate::connection::{Journal, JournalError, STREAM};
use crate::positioned::{Positioned, Stored};
use crate::subject::Subject;

pub(crate) use direct::{DirectRead, Linked, NewestOfEach};
pub(crate) use trail::Known;

/// The reading side of the stream. The committer has one of its own, to look up what became of a write.
#[derive(Clone)]
pub(crate) struct Log {
    jetstream: jetstream::Context,
    stream: Stream<()>,
    direct: DirectRead,
}

impl Log {
    pub async fn new(jetstream: &jetstream::Context, timeout: Duration) -> Result<Self, JournalError> {
        let stream = jetstream.get_stream_no_info(STREAM).await;
        let stream = stream.map_err(|error| JournalError::Unexpected(error.to_string()))?;
        Ok(Log { jetstream: jetstream.clone(), stream, direct: DirectRead::new(jetstream.client(), timeout) })
    }

    pub fn direct(&self) -> &DirectRead {
        &self.direct
    }

    /// What the leader says about the stream. Never asks for its subjects: there may be a million.
    pub async fn info(&self) -> Result<Info, JournalError> {
        match self.jetstream.get_stream(STREAM).await {
            Ok(stream) => Ok(stream.cached_info().clone()),
            Err(error) => Err(match error.kind() {
                GetStreamErrorKind::JetStream(error) => answer_of(&error),
                _ => JournalError::Unavailable(error.to_string()),
            }),
        }
    }

    /// The newest message on a subject (wildcards allowed), as the leader has it.
    pub async fn last(&self, subject: &str) -> Result<Option<Stored>, JournalError> {
        found(self.stream.raw_message_builder().last_by_subject(subject).send().await)
    }

    /// The first message on a subject at or after a position, as the leader has it.
    pub async fn first_from(&self, subject: &str, position: u64) -> Result<Option<Stored>, JournalError> {
        found(self.stream.raw_message_builder().next_by_subject(subject).sequence(position).send().await)
    }

    /// The message at a position, as the leader has it; none also where it does not fit its checksum.
    pub async fn at(&self, position: u64) -> Result<Option<Stored>, JournalError> {
        found(self.stream.raw_message_builder().sequence(position).send().await)
    }

    /// The newest message of each subject that has one, none newer of which the leader had when the call was made. `None` where
    /// the replica that answered was behind the leader, or does not say that it was not.
    pub async fn newest_of_each(&self, subjects: &[Subject]) -> Result<Option<NewestOfEach>, JournalError> {
        let end = self.info().await?.state.last_sequence;
        let newest = self.direct.newest_of_each(subjects).await?;
        Ok((newest.up_to >= end).then_some(newest))
    }

    /// Every commit of a subject after a position, up to the newest that the leader has.
    pub async fn read_confirmed(&self, subject: &Subject, after: u64) -> Result<Newest, JournalError> {
        let address = subject.to_string();
        let position = self.last(&address).await?.map_or(0, |newest| newest.position);
        if position <= after {
            return Ok(Newest { position, commits: Vec::new() });
        }
        let mut commits = self.direct.read(&address, after).await?;
        // A replica may be a moment behind; what it did not have yet, the leader gives one by one.
        loop {
            let reached = commits.last().map_or(after, |commit| commit.position);
            if reached >= position {
                return Ok(Newest { position: reached, commits });
            }
            match self.first_from(&address, reached + 1).await? {
                Some(stored) => commits.push(stored.read()?),
                None => return Err(JournalError::Gap { after: reached, found: position }),
            }
        }
    }
}

/// What follows a position on one subject, and where it ends.
pub(crate) struct Newest {
    /// The subject's newest position; 0 if it has none. May be smaller than the position asked for.
    pub position: u64,
    pub commits: Vec<Positioned>,
}

fn found(answer: Result<jetstream::message::StreamMessage, RawMessageError>) -> Result<Option<Stored>, JournalError> {
    match answer {
        Ok(message) => Ok(Some(message.into())),
        Err(error) => match error.kind() {
            RawMessageErrorKind::NoMessageFound => Ok(None),
            RawMessageErrorKind::JetStream(error) => Err(answer_of(&error)),
            _ => Err(JournalError::Unavailable(error.to_string())),
        },
    }
}

fn answer_of(error: &jetstream::Error) -> JournalError {
    match error.error_code() {
        ErrorCode::STREAM_NOT_FOUND => JournalError::NoStream,
        _ => JournalError::Unavailable(error.to_string()),
    }
}

impl Journal {
    /// The newest commit of a subject, confirmed by the leader.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`], [`JournalError::Poison`].
    pub async fn last(&self, subject: &Subject) -> Result<Option<Positioned>, JournalError> {
        self.shared.log.last(&subject.to_string()).await?.map(Stored::read).transpose()
    }

    /// Whether the subject's newest commit is at this position (0: it has none), confirmed by the leader.
    /// What a decision that writes nothing must ask before it is given away.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn is_last(&self, subject: &Subject, position: u64) -> Result<bool, JournalError> {
        let last = self.shared.log.last(&subject.to_string()).await?;
        Ok(last.map_or(0, |stored| stored.position) == position)
    }

    /// Every commit of a subject after a position, oldest first. Any replica may answer, so the newest may be
    /// missing for a moment; a guarded append or [`Journal::is_last`] finds out.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`], [`JournalError::Poison`].
    pub async fn read(&self, subject: &Subject, after: u64) -> Result<Vec<Positioned>, JournalError> {
        self.shared.log.direct().read(&subject.to_string(), after).await
    }

    /// The same, confirmed by the leader to be complete when the call was made.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub async fn read_confirmed(&self, subject: &Subject, after: u64) -> Result<Vec<Positioned>, JournalError> {
        Ok(self.shared.log.read_confirmed(subject, after).await?.commits)
    }

    /// The commit at a position, as the leader has it.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`], [`JournalError::Poison`].
    pub async fn at(&self, position: u64) -> Result<Option<Positioned>, JournalError> {
        match position {
            0 => Ok(None),
            _ => self.shared.log.at(position).await?.map(Stored::read).transpose(),
        }
    }

    /// The newest position of the log; 0 if it is empty.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn last_position(&self) -> Result<u64, JournalError> {
        Ok(self.shared.log.info().await?.state.last_sequence)
    }

    /// Whether the stream answers.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn ping(&self) -> Result<(), JournalError> {
        self.shared.log.info().await.map(drop)
    }
}
