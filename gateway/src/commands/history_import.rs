//! Taking over a merchant's history from another installation: on record from before its first commit, so that nobody takes what
//! was done there for something that was done, and lost, here.

use aggregates::{
    id::MerchantId,
    installation::{HistoryImportBegun, HistoryImportFinished, InstallationCommand},
    merchant::ShopDomain,
};
use journal::{Actor, Subject};
use vault::{DirectoryKind, VaultError};

use super::{
    error::CommandError,
    merchant::{PLATFORM, SHOP_TAG},
};
use crate::gateway::Gateway;

impl Gateway {
    /// Puts on record that everything of this merchant that follows was made elsewhere. Doing it again changes nothing.
    ///
    /// # Errors
    /// That a server does not answer.
    pub async fn begin_history_import(&self, begun: HistoryImportBegun, actor: Actor) -> Result<(), CommandError> {
        self.decide(InstallationCommand::BeginImport(begun), actor).await
    }

    /// Puts on record that all of it is here, and that whatever follows is made here. Doing it again changes nothing.
    ///
    /// # Errors
    /// That a server does not answer.
    pub async fn finish_history_import(&self, merchant: MerchantId, actor: Actor) -> Result<(), CommandError> {
        let until = self.journal.last_position_of(journal::Follow::Merchant(merchant)).await?;
        let finished = HistoryImportFinished { merchant, until };
        self.decide(InstallationCommand::FinishImport(finished), actor).await
    }

    /// Has the shop's webhooks find the merchant, whose keys have come along. Gives who the shop is here: another merchant, if it
    /// became one here before.
    ///
    /// # Errors
    /// [`CommandError::UnknownMerchant`] if the merchant has no shop, or its keys are not here.
    pub async fn recognise_shop_of(&self, merchant: MerchantId) -> Result<MerchantId, CommandError> {
        let state = self.merchants.load_confirmed(Subject::merchant(merchant)).await?;
        let created = state.state.created.as_ref().ok_or(CommandError::UnknownMerchant)?;
        let keys = self.vault.merchant(merchant).await?;
        let shop: ShopDomain = keys.open(SHOP_TAG, &created.shop).map_err(|_| CommandError::UnknownMerchant)?;
        match self.vault.register(PLATFORM, DirectoryKind::Shop, &shop.domain, merchant.0).await {
            Ok(found) => Ok(MerchantId(found)),
            // Forgotten here, and not come back since.
            Err(VaultError::Destroyed { .. }) => Err(CommandError::MerchantErased),
            Err(error) => Err(error.into()),
        }
    }
}
