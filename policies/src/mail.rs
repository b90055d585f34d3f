//! E-mail: who is due which, and sending it, once as far as SMTP allows.
//!
//! | file | its idea |
//! |---|---|
//! | [`due`] | when it is looked what is due, and how it gets onto the task queue |
//! | [`reasons`] | what leads to a mail, and under which key |
//! | [`order`] | what a task of the queue says of a mail: ids and numbers |
//! | [`handler`] | one attempt at one mail: whether it may go, in whose words, what the server said |
//! | [`reader`] | whom a mail is for, opened at the last moment |
//! | [`invited`] | the same for a friend who is no customer |
//! | [`filling`] | in whose words, and with which values |
//! | [`record`] | what is recorded of it, step by step |
//! | [`words`] | our own templates |
//! | [`render`] | filling in words, and what is wrong with some |
//! | [`unsubscribe`] | links by which a reader ends it |
//! | [`message`] | the mail as it goes over the wire |
//! | [`smtp`] | talking to the mail server |

pub mod due;
mod filling;
mod handler;
mod invited;
pub mod message;
mod order;
mod reader;
mod reasons;
mod record;
pub mod render;
pub mod smtp;
pub mod unsubscribe;
pub mod words;

use aggregates::{mail::OutboxRefusal, task::TaskKind};
use journal::{ExecuteError, executor::LoadError};
use projections::ProjectionError;
use vault::VaultError;

pub use due::{Postmaster, Wish};
pub use handler::MailHandler;
pub use order::{MailFacts, MailOrder, RewardMade};
pub use smtp::{MailServer, MailServerError};

/// Tasks by which mails are sent.
pub const MAIL_TASK: TaskKind = TaskKind::named("mail.send");
/// How mails leave this installation.
#[derive(Debug, Clone)]
pub struct Mailing {
    pub server: MailServer,
    /// Where readers reach this installation's doors, such as `https://loyalty.example`; without a slash at its end.
    pub public_url: String,
}

/// Why something about mail could not be done now. Trying again is always safe.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read models do not keep up")]
    ReadModelBehind,
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Queue(#[from] crate::TaskError),
    #[error(transparent)]
    Unreadable(ProjectionError),
    #[error("a history cannot be read: {0}")]
    UnreadableHistory(LoadError),
    #[error(transparent)]
    Outbox(ExecuteError<OutboxRefusal>),
}

impl From<ProjectionError> for MailError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => MailError::Database(error),
            other => MailError::Unreadable(other),
        }
    }
}

impl From<LoadError> for MailError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) => MailError::LogUnavailable,
            unreadable => MailError::UnreadableHistory(unreadable),
        }
    }
}

impl From<ExecuteError<OutboxRefusal>> for MailError {
    fn from(error: ExecuteError<OutboxRefusal>) -> Self {
        match error {
            ExecuteError::Unavailable | ExecuteError::Unknown => MailError::LogUnavailable,
            other => MailError::Outbox(other),
        }
    }
}
