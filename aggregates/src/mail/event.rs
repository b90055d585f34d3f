//! What is recorded of mail.

use serde::{Deserialize, Serialize};

use super::{kind::MailKind, language::Language, template::Template};
use crate::{
    event::events,
    id::{CustomerId, TaskId},
    time::Timestamp,
};

events! {
    /// What happened to a merchant's templates, and to mails.
    MailEvent {
        TemplateSaved(TemplateSaved) = "email_template.saved" v 1;
        TemplateDeleted(TemplateDeleted) = "email_template.deleted" v 1;
        /// A mail has come a step further.
        Created(EmailEventCreated) = "email_event.created" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSaved {
    pub kind: MailKind,
    pub language: Language,
    /// From 1; goes on where a deleted one ended.
    pub version: u32,
    pub template: Template,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateDeleted {
    pub kind: MailKind,
    pub language: Language,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailEventCreated {
    /// The task by which it is sent; its Message-ID is made from it.
    pub mail: TaskId,
    /// Who is mailed; of an invitation, who invites.
    pub customer: CustomerId,
    pub kind: MailKind,
    pub stage: MailStage,
    /// Which attempt of the task this is of.
    pub attempt: u16,
    /// In which words: none where it did not come to that. Without a version they are ours.
    pub words: Option<(Language, Option<u32>)>,
    pub at: Timestamp,
}

/// How far a mail has come. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailStage {
    /// Is being handed to the mail server. If nothing follows, nobody knows whether it was taken.
    HandingOver,
    /// The mail server has taken it.
    Sent,
    /// Not sent, on purpose.
    Skipped(SkipReason),
    /// The mail server did not take it, and may later.
    Deferred,
    /// The mail server will never take it.
    Refused,
    /// The mail server was cut off before it answered, or we were: it may have been sent, and is not sent again.
    Unknown,
}

/// New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipReason {
    /// The kind was switched off meanwhile.
    SwitchedOff,
    Unsubscribed,
    NoConsent,
    Restricted,
    NoAddress,
    /// Merged into another profile.
    Merged,
    /// Being forgotten, or was.
    Forgotten,
    /// What it was to tell is no longer so: the reward was given back or used, the link brings nobody any more.
    Over,
    /// The invited friend is a customer: they are told things as one, and only what customers agreed to.
    AlreadyCustomer,
}

impl MailStage {
    pub const fn as_str(self) -> &'static str {
        match self {
            MailStage::HandingOver => "handing_over",
            MailStage::Sent => "sent",
            MailStage::Skipped(_) => "skipped",
            MailStage::Deferred => "deferred",
            MailStage::Refused => "refused",
            MailStage::Unknown => "unknown",
        }
    }
}

impl SkipReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            SkipReason::SwitchedOff => "switched_off",
            SkipReason::Unsubscribed => "unsubscribed",
            SkipReason::NoConsent => "no_consent",
            SkipReason::Restricted => "restricted",
            SkipReason::NoAddress => "no_address",
            SkipReason::Merged => "merged",
            SkipReason::Forgotten => "forgotten",
            SkipReason::Over => "over",
            SkipReason::AlreadyCustomer => "already_customer",
        }
    }
}
