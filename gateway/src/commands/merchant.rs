//! Merchants: made by an operator, recognised by their shop and their keys.

use aggregates::{
    Aggregate,
    id::MerchantId,
    merchant::{ApiKey, MerchantCommand, MerchantCreated, Scopes, ShopDomain, WebhookSecret, WebhookSecretsReplaced},
    program::{ProgramCommand, ProgramSettings},
};
use journal::{Subject, Together};
use uuid::Uuid;
use vault::DirectoryKind;

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{
    auth::{IssuedKey, issue_key},
    clock::new_id,
    gateway::Gateway,
};

pub use policies::delivery::SHOP_TAG;
pub const SECRET_TAG: &str = "merchant.webhook_secret";

/// Shops are looked up before any merchant is known.
pub const PLATFORM: MerchantId = MerchantId(Uuid::nil());

impl Gateway {
    /// Makes a merchant with default settings. What a crash interrupted, the next attempt for the same shop completes.
    pub async fn create_merchant(
        &self,
        shop: &str,
        webhook_secrets: &[WebhookSecret],
        actor: journal::Actor,
    ) -> Result<(MerchantId, IssuedKey), CommandError> {
        let fresh = MerchantId(new_id());
        self.vault.create_merchant(fresh).await?;
        let id = MerchantId(self.vault.register(PLATFORM, DirectoryKind::Shop, shop, fresh.0).await?);
        let keys = self.vault.merchant(id).await?;
        let issued = issue_key(id).map_err(|_| CommandError::Internal("no randomness".to_owned()))?;
        let request = Request { merchant: id, now: self.clock.now(), actor, correlation: new_id(), traceparent: None };
        let create = MerchantCommand::Create {
            created: MerchantCreated {
                shop: keys.seal(SHOP_TAG, &ShopDomain { domain: shop.to_owned() }),
                webhook_secrets: webhook_secrets.iter().map(|secret| keys.seal(SECRET_TAG, secret)).collect(),
            },
            api_key: ApiKey { hash: issued.hash, at: request.now, name: None, scopes: Scopes::everything() },
        };
        let publish = ProgramCommand::Publish {
            expected: 0,
            effective_from: request.now,
            settings: ProgramSettings::default_of_a_new_merchant(),
        };
        let context = request.context();
        let mut together = Together::new(&self.journal, &context);
        let merchant = together.lock(&self.merchants, Subject::merchant(id)).await?;
        let program = together.lock(&self.programs, Subject::program(id)).await?;
        let created = merchant.state().decide(&create)?;
        let published = program.state().decide(&publish)?;
        together.stage(merchant, created);
        together.stage(program, published);
        together.commit().await?;
        Ok((id, issued))
    }

    /// What the shop signs its webhooks with from now on, in the place of what it signed with before; two while it changes them.
    /// Another gateway hears of it within a merchant's lease. Gives the position.
    ///
    /// # Errors
    /// That there are none, or too many; that a server does not answer.
    pub async fn replace_webhook_secrets(
        &self,
        request: &Request,
        secrets: &[WebhookSecret],
    ) -> Result<u64, CommandError> {
        let keys = self.vault.merchant(request.merchant).await?;
        let webhook_secrets = secrets.iter().map(|secret| keys.seal(SECRET_TAG, secret)).collect();
        let replaced = WebhookSecretsReplaced { webhook_secrets, at: request.now };
        self.tell_merchant(request, MerchantCommand::ReplaceWebhookSecrets(replaced)).await
    }

    /// The shop removed the app.
    pub async fn uninstall(&self, request: &Request) -> Result<Done, CommandError> {
        let subject = Subject::merchant(request.merchant);
        let command = MerchantCommand::Uninstall { at: request.now };
        let done = self.merchants.execute(subject, &request.context(), &command).await?;
        Ok(Done::of(done.position, Some(done.state.position)))
    }
}
