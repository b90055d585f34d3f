//! Templates of mails, and readers who want no more of them.

use aggregates::{
    customer::{ChosenBy, MailChoice},
    mail::{MailTemplates, Template, TemplateCommand, TemplateKey, TemplateRefusal},
};
use journal::{Actor, Subject, Versioned};
use policies::{
    MailError,
    mail::{
        render,
        unsubscribe::{ReaderId, Token},
    },
};
use std::sync::Arc;
use vault::VaultError;

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

impl Gateway {
    /// The merchant's templates, as the log has them now.
    pub async fn mail_templates(&self, request: &Request) -> Result<Arc<Versioned<MailTemplates>>, CommandError> {
        Ok(self.templates.load_confirmed(Subject::mail_templates(request.merchant)).await?)
    }

    /// Saves a template, after making sure that it can be sent. `expected` is the version its author has seen; 0 for a new one.
    pub async fn save_template(
        &self,
        request: &Request,
        key: TemplateKey,
        expected: u32,
        template: Template,
    ) -> Result<Arc<Versioned<MailTemplates>>, CommandError> {
        render::validate(key.0, &template).map_err(CommandError::Template)?;
        self.tell_templates(request, &TemplateCommand::Save { key, expected, template, now: request.now }).await
    }

    /// What is sent then are our own words, or those in another language.
    pub async fn delete_template(
        &self,
        request: &Request,
        key: TemplateKey,
        expected: u32,
    ) -> Result<Arc<Versioned<MailTemplates>>, CommandError> {
        self.tell_templates(request, &TemplateCommand::Delete { key, expected, now: request.now }).await
    }

    async fn tell_templates(
        &self,
        request: &Request,
        command: &TemplateCommand,
    ) -> Result<Arc<Versioned<MailTemplates>>, CommandError> {
        let subject = Subject::mail_templates(request.merchant);
        Ok(self.templates.execute(subject, &request.context(), command).await?.state)
    }

    /// A reader follows the link in a mail. Nothing is told about whether there is such a reader: a link that is not genuine, and
    /// one of somebody who is forgotten, do nothing.
    pub async fn unsubscribe(&self, token: &Token) -> Result<(), CommandError> {
        let keys = match self.vault.merchant(token.merchant).await {
            Err(VaultError::UnknownMerchant(_) | VaultError::Destroyed { .. } | VaultError::NeverMade) => return Ok(()),
            keys => keys?,
        };
        if !token.is_genuine(&keys) {
            return Ok(());
        }
        let request = Request {
            merchant: token.merchant,
            now: self.now_of(token.merchant).await?,
            actor: Actor::Policy("unsubscribe".to_owned()),
            correlation: new_id(),
            traceparent: None,
        };
        let customer = match token.reader {
            ReaderId::Customer(customer) => customer,
            ReaderId::Address(address) => {
                return Ok(self.vault.refuse_mail(token.merchant, address, request.now).await?);
            }
        };
        match self.choose_mail(&request, customer, MailChoice::Unsubscribed, ChosenBy::Link).await {
            Ok(_) | Err(CommandError::CustomerErased | CommandError::UnknownCustomer) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl From<TemplateRefusal> for CommandError {
    fn from(refusal: TemplateRefusal) -> Self {
        match refusal {
            TemplateRefusal::Stale { current } => CommandError::StaleTemplate { current },
            TemplateRefusal::TooMany => CommandError::TooManyTemplates,
        }
    }
}

impl From<MailError> for CommandError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Database(_) | MailError::LogUnavailable | MailError::ReadModelBehind => {
                CommandError::Unavailable(error.to_string())
            }
            MailError::Vault(error) => error.into(),
            MailError::Queue(error) => error.into(),
            MailError::Unreadable(_) | MailError::UnreadableHistory(_) | MailError::Outbox(_) => {
                CommandError::Internal(error.to_string())
            }
        }
    }
}
