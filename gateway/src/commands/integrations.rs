//! The shop's own API: what opens it, sealed under the merchant's key.

use aggregates::merchant::{AdminToken, MerchantCommand, ShopConnected, TokenLife};
use journal::Subject;
use policies::delivery::ADMIN_TOKEN_TAG;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

impl Gateway {
    /// Uses the shop's Admin API with this token from now on. `life` is that of a token that expires. Gives the position.
    pub async fn connect_shop(
        &self,
        request: &Request,
        token: &AdminToken,
        life: Option<TokenLife>,
    ) -> Result<u64, CommandError> {
        let keys = self.vault.merchant(request.merchant).await?;
        let connected = ShopConnected { token: keys.seal(ADMIN_TOKEN_TAG, token), life, at: request.now };
        let position = self.tell_merchant(request, MerchantCommand::ConnectShop(connected)).await?;
        if life.is_some() {
            self.admin_tokens.keep(&request.context(), request.merchant).await?;
        }
        Ok(position)
    }

    /// Uses it no more. What is still to be made there waits, and is given back in the end.
    pub async fn disconnect_shop(&self, request: &Request) -> Result<u64, CommandError> {
        self.tell_merchant(request, MerchantCommand::DisconnectShop { at: request.now }).await
    }

    /// Gives the position of the merchant's newest commit.
    pub(super) async fn tell_merchant(&self, request: &Request, command: MerchantCommand) -> Result<u64, CommandError> {
        let subject = Subject::merchant(request.merchant);
        let told = self.merchants.execute(subject, &request.context(), &command).await?;
        self.renew_merchant(request.merchant).await?;
        Ok(told.state.position)
    }
}
