//! The merchant's own templates. Each has its versions; whoever writes one names the version they have seen.

use std::collections::BTreeMap;

use super::{
    event::{MailEvent, TemplateDeleted, TemplateSaved},
    kind::MailKind,
    language::Language,
    template::Template,
};
use crate::{Aggregate, Context, event::Recorded, time::Timestamp};

/// Templates of one merchant: every kind in some twenty languages.
pub const TEMPLATES_MAX: usize = 120;

/// What a template is for.
pub type TemplateKey = (MailKind, Language);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedTemplate {
    pub version: u32,
    /// None once it was deleted.
    pub template: Option<Template>,
    pub saved_at: Timestamp,
    /// Of the commit that said so.
    pub position: u64,
}

#[derive(Debug, Clone)]
pub enum TemplateCommand {
    /// `expected` is the version its author has seen; 0 for a new one.
    Save {
        key: TemplateKey,
        expected: u32,
        template: Template,
        now: Timestamp,
    },
    Delete {
        key: TemplateKey,
        expected: u32,
        now: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateRefusal {
    /// 0 says that there is none.
    #[error("the template is at version {current} by now")]
    Stale { current: u32 },
    #[error("there are too many templates")]
    TooMany,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailTemplates {
    templates: BTreeMap<TemplateKey, VersionedTemplate>,
}

impl MailTemplates {
    pub fn find(&self, key: &TemplateKey) -> Option<&VersionedTemplate> {
        self.templates.get(key).filter(|known| known.template.is_some())
    }

    /// By kind and language.
    pub fn all(&self) -> impl Iterator<Item = (&TemplateKey, &VersionedTemplate)> {
        self.templates.iter().filter(|(_, known)| known.template.is_some())
    }

    fn current(&self, key: &TemplateKey) -> u32 {
        self.find(key).map_or(0, |known| known.version)
    }
}

impl Aggregate for MailTemplates {
    const CONTEXT: Context = Context::Mail;
    type Event = MailEvent;
    type Command = TemplateCommand;
    type Refusal = TemplateRefusal;

    fn decide(&self, command: &TemplateCommand) -> Result<Vec<MailEvent>, TemplateRefusal> {
        let (TemplateCommand::Save { key, expected, .. } | TemplateCommand::Delete { key, expected, .. }) = command;
        let current = self.current(key);
        if *expected != current {
            return Err(TemplateRefusal::Stale { current });
        }
        let (kind, language) = key.clone();
        Ok(match command {
            TemplateCommand::Save { .. } if current == 0 && self.all().count() >= TEMPLATES_MAX => {
                return Err(TemplateRefusal::TooMany);
            }
            TemplateCommand::Save { template, now, .. } => {
                let version = self.templates.get(key).map_or(0, |known| known.version) + 1;
                let template = template.clone();
                vec![MailEvent::TemplateSaved(TemplateSaved { kind, language, version, template, at: *now })]
            }
            TemplateCommand::Delete { .. } if current == 0 => Vec::new(),
            TemplateCommand::Delete { now, .. } => {
                vec![MailEvent::TemplateDeleted(TemplateDeleted { kind, language, at: *now })]
            }
        })
    }

    fn apply(&mut self, event: &MailEvent, recorded: &Recorded) {
        match event {
            MailEvent::TemplateSaved(saved) => {
                let known = VersionedTemplate {
                    version: saved.version,
                    template: Some(saved.template.clone()),
                    saved_at: saved.at,
                    position: recorded.position,
                };
                self.templates.insert((saved.kind, saved.language.clone()), known);
            }
            MailEvent::TemplateDeleted(deleted) => {
                if let Some(known) = self.templates.get_mut(&(deleted.kind, deleted.language.clone())) {
                    known.template = None;
                }
            }
            // Mails are on other subjects.
            MailEvent::Created(_) => {}
        }
    }
}
