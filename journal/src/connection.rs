//! One connection to the server, shared by everything that reads or writes the journal.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, jetstream};
use tokio::sync::watch;

use crate::committer::Committer;
use crate::positioned::PoisonCommit;
use crate::reading::Log;

/// The stream that is the truth.
pub const STREAM: &str = "JOURNAL";
/// How long a publish or a question may stay unanswered before its outcome counts as unknown.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach the journal. The default suits a gateway.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Shown in the server's list of connections.
    pub client_name: String,
    /// How long a publish or a question may stay unanswered before its outcome counts as unknown.
    pub answer_timeout: Duration,
}

impl Default for JournalOptions {
    fn default() -> Self {
        JournalOptions { client_name: "loyalnest".to_owned(), answer_timeout: ANSWER_TIMEOUT }
    }
}

/// Why the journal could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// Nobody answered, or not in time. Trying again later may help.
    #[error("the log does not answer: {0}")]
    Unavailable(String),
    /// The server is there and the stream is not: `streams apply` has not run.
    #[error("the stream {STREAM} does not exist on this server; `loyalnest streams apply` creates it")]
    NoStream,
    /// A message that is not a commit. The reader has passed it and may go on.
    #[error(transparent)]
    Poison(Box<PoisonCommit>),
    /// The connection was lost while following. What is on the other side now may be another log: check its
    /// identity, then follow again from the last position seen.
    #[error("the connection to the log was lost")]
    Interrupted,
    /// A position is missing from a log in which nothing is ever deleted.
    #[error("the log has a gap: position {found} follows {after}")]
    Gap { after: u64, found: u64 },
    /// The server answered something that this version does not understand.
    #[error("unexpected answer of the log: {0}")]
    Unexpected(String),
}

/// What the connection has been through. A change of `losses` means: answers on their way are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub connected: bool,
    pub losses: u64,
}

/// The log. Cheap to clone; all clones share one connection and one committer.
#[derive(Clone)]
pub struct Journal {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    url: String,
    options: JournalOptions,
    pub client: Client,
    pub jetstream: jetstream::Context,
    pub log: Log,
    pub committer: Committer,
    pub pulse: watch::Receiver<Pulse>,
}

impl Journal {
    /// Connects to the server (or the cluster: several addresses, separated by commas) and starts the committer,
    /// which lives until the last clone is dropped and everything handed to it is settled.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`] if no server takes the connection. The stream need not exist yet.
    pub async fn connect(url: &str, options: JournalOptions) -> Result<Journal, JournalError> {
        let (beat, pulse) = watch::channel(Pulse { connected: true, losses: 0 });
        let (addresses, connect) = addressed(url)?;
        let client = connect
            .name(&options.client_name)
            .request_timeout(Some(options.answer_timeout))
            .event_callback(move |event| {
                feel(&beat, &event);
                std::future::ready(())
            })
            .connect(addresses)
            .await
            .map_err(|error| JournalError::Unavailable(error.to_string()))?;
        let jetstream = jetstream::new(client.clone());
        let log = Log::new(&jetstream, options.answer_timeout).await?;
        let committer = Committer::start(&client, log.clone(), pulse.clone(), options.answer_timeout).await?;
        let url = url.to_owned();
        Ok(Journal { shared: Arc::new(Shared { url, options, client, jetstream, log, committer, pulse }) })
    }

    /// The same log on a connection of its own, for whoever reads so much of it that others would wait.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`] if no server takes the connection.
    pub async fn beside(&self) -> Result<Journal, JournalError> {
        Journal::connect(&self.shared.url, self.shared.options.clone()).await
    }

    /// How often the connection has been lost. What was asked before and after a loss may be about two logs.
    pub fn losses(&self) -> u64 {
        self.shared.pulse.borrow().losses
    }

    /// The connection itself, for what is not the journal.
    pub fn client(&self) -> &Client {
        &self.shared.client
    }
}

/// Connects without a journal, for what looks after the server itself.
///
/// # Errors
/// [`JournalError::Unavailable`] if no server takes the connection.
pub async fn connect_client(url: &str) -> Result<Client, JournalError> {
    let (addresses, connect) = addressed(url)?;
    connect.connect(addresses).await.map_err(|error| JournalError::Unavailable(error.to_string()))
}

/// The addresses in a list of URLs, and how to connect to them: the library leaves user and password in a URL unused.
fn addressed(url: &str) -> Result<(Vec<ServerAddr>, ConnectOptions), JournalError> {
    let addresses = url.split(',').map(|address| address.trim().parse()).collect::<Result<Vec<ServerAddr>, _>>();
    let addresses = addresses.map_err(|_| JournalError::Unavailable("the address of the log is no URL".to_owned()))?;
    let first = addresses.iter().find_map(|address| Some((address.username()?, address.password()?)));
    let connect = match first {
        Some((user, password)) => ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned()),
        None => ConnectOptions::new(),
    };
    Ok((addresses, connect))
}

fn feel(beat: &watch::Sender<Pulse>, event: &Event) {
    match event {
        Event::Connected => beat.send_modify(|pulse| pulse.connected = true),
        Event::Disconnected | Event::Closed => beat.send_modify(|pulse| {
            pulse.connected = false;
            pulse.losses += 1;
        }),
        _ => {}
    }
}
