//! A whole shop is forgotten: one key goes, and with it everything that hung from it.

use aggregates::{
    gdpr::{Evidence, GdprRequest},
    id::{GdprRequestId, MerchantId},
    merchant::{MerchantCommand, MerchantErased, MerchantFenced},
    time::Timestamp,
};
use journal::{CommandContext, Subject};

use super::{Eraser, ErasureError, people::deletion, steps::bucket_key};

impl Eraser {
    /// From here on no key and no signature of the shop is accepted.
    pub(super) async fn fence_shop(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        context: &CommandContext,
    ) -> Result<Evidence, ErasureError> {
        let fence = MerchantCommand::Fence(MerchantFenced { request, at: context.recorded_at });
        let fenced = self.parts.merchants.execute(Subject::merchant(merchant), context, &fence).await?;
        Ok(Evidence::Fenced { position: fenced.state.position })
    }

    pub(super) async fn destroy_shop(&self, merchant: MerchantId, now: Timestamp) -> Result<Evidence, ErasureError> {
        let destroyed = self.parts.vault.destroy_merchant(merchant, now).await?;
        Ok(Evidence::KeysDestroyed {
            keys: vec![merchant.0],
            buckets: destroyed.buckets.into_iter().map(bucket_key).collect(),
            old_copies_gone_by: Some(destroyed.old_copies_gone_by),
        })
    }

    pub(super) async fn erase_shop(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        state: &GdprRequest,
        context: &CommandContext,
    ) -> Result<Evidence, ErasureError> {
        let erase =
            MerchantCommand::Erase(MerchantErased { request, deletion: deletion(state)?, at: context.recorded_at });
        let erased = self.parts.merchants.execute(Subject::merchant(merchant), context, &erase).await?;
        Ok(Evidence::Erased { position: erased.state.position })
    }
}
