//! E-mail: which mails there are, in whose words, and what has become of each.
//!
//! | file | its idea |
//! |---|---|
//! | [`kind`] | what a mail is for, who may get it, and what its words can refer to |
//! | [`address`] | an e-mail address that somebody states |
//! | [`audience`] | who may get which |
//! | [`invitation`] | what is sent to a friend of somebody, who is nobody here |
//! | [`language`] | the language of a template and of a reader |
//! | [`settings`] | what a merchant can set: which kinds are on, how many in an hour, when none |
//! | [`template`] | words, and what they must not lack |
//! | [`event`] | what is recorded |
//! | [`templates`] | the merchant's own templates, with their versions |
//! | [`outbox`] | how far each mail has come: handed over once, or nobody knows |
//!
//! Nothing here is about a person but by random id: addresses and names are opened when a mail is sent, and nowhere kept.

pub mod address;
pub mod audience;
pub mod event;
pub mod invitation;
pub mod kind;
pub mod language;
pub mod outbox;
pub mod settings;
pub mod template;
pub mod templates;
#[cfg(test)]
mod tests;

pub use address::{EmailAddress, NotAnAddress};
pub use audience::may_get;
pub use event::{EmailEventCreated, MailEvent, MailStage, SkipReason, TemplateDeleted, TemplateSaved};
pub use invitation::{INVITATIONS_PER_DAY, INVITED_FRIEND_TAG, Invitation, InvitedFriend, shown_name};
pub use kind::{MailClass, MailKind, Variable};
pub use language::Language;
pub use outbox::{Outbox, OutboxCommand, OutboxRefusal, SHARDS, shard_of};
pub use settings::{MailSettings, QuietHours};
pub use template::{Template, TemplateFault};
pub use templates::{MailTemplates, TemplateCommand, TemplateKey, TemplateRefusal, VersionedTemplate};
