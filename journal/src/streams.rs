//! The declared streams, and how the server is brought in line with them.
//!
//! `streams.toml` is the only place that says which streams there are. [`Streams::plan`] compares it with the server;
//! [`Plan::apply`] carries the difference out, and refuses whatever could lose data unless told. [`copy`] takes a stream
//! out of a server as it lies there, and puts it into another.

pub mod copy;
mod declaration;
mod plan;

use std::collections::BTreeMap;

use async_nats::jetstream::{self, ErrorCode, context::GetStreamErrorKind};

pub use declaration::{Declaration, Discard, Replicas, SourceDeclaration};
pub use plan::{Action, Change, FieldChange, Plan};

/// The declarations that come with this version.
const DECLARED: &str = include_str!("../../streams.toml");

/// Why streams could not be compared or changed.
#[derive(Debug, thiserror::Error)]
pub enum StreamsError {
    #[error("the declaration of streams cannot be read: {0}")]
    Declaration(#[from] toml::de::Error),
    #[error("the server does not answer: {0}")]
    Unavailable(String),
    /// The server refused; the changes before this one are done.
    #[error("stream {stream}: {reason}")]
    Refused { stream: String, reason: String },
    /// Nothing was changed.
    #[error("these changes could lose data and were not asked for: {}", .0.join(", "))]
    Destructive(Vec<String>),
}

/// Every stream of an installation, by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Streams(pub BTreeMap<String, Declaration>);

impl Streams {
    /// What comes with this version.
    pub fn declared() -> Self {
        Self::parse(DECLARED).expect("a test reads the file that is compiled in")
    }

    /// Reads an installation's own declarations.
    ///
    /// # Errors
    /// [`StreamsError::Declaration`], also for a word it does not know.
    pub fn parse(text: &str) -> Result<Self, StreamsError> {
        Ok(toml::from_str(text)?)
    }

    /// The same with an installation's own: a stream of the same name takes the place of ours.
    #[must_use]
    pub fn with(mut self, own: Streams) -> Self {
        self.0.extend(own.0);
        self
    }

    /// What has to change on the server. `replicas` overrides what the file says, for every stream.
    ///
    /// # Errors
    /// [`StreamsError::Unavailable`]
    pub async fn plan(&self, client: &async_nats::Client, replicas: Option<u8>) -> Result<Plan, StreamsError> {
        let jetstream = jetstream::new(client.clone());
        let clustered = client.server_info().cluster.is_some();
        let mut plan = Plan::new(jetstream.clone());
        for (name, declaration) in &self.0 {
            let actual = match jetstream.get_stream(name).await {
                Ok(stream) => Some(stream.cached_info().config.clone()),
                Err(error) => match error.kind() {
                    GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => None,
                    _ => return Err(StreamsError::Unavailable(error.to_string())),
                },
            };
            let replicas = replicas.unwrap_or_else(|| declaration.replicas.on(clustered));
            plan.compare(name, declaration, usize::from(replicas), actual);
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests;
