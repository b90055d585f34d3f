//! Points for a discount code, and back.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, RedemptionId},
    points::{PointsCommand, Purchase, Redeem, Redemption},
};
use vault::DirectoryKind;

use super::{account::Reached, adjust::Idempotency, code_use::code_of, error::CommandError, request::Request};
use crate::gateway::Gateway;

/// A redemption that is on record, now or since an earlier request under the same key.
pub struct RedemptionDone {
    pub id: RedemptionId,
    pub code: String,
    pub redemption: Redemption,
    pub reached: Reached,
    pub repeated: bool,
}

impl Gateway {
    pub async fn redeem_points(
        &self,
        request: &Request,
        customer: CustomerId,
        idempotency: &Idempotency,
        points: i64,
    ) -> Result<RedemptionDone, CommandError> {
        self.key_is_not_anothers(request.merchant, customer, idempotency).await?;
        let keys = self.vault.person(request.merchant, customer).await?;
        let (command, fingerprint) = idempotency.under(&keys);
        // Derived from the request's own key: a repetition registers the same code, not another one.
        let redemption = RedemptionId(command.0);
        let code = code_of(self.vault.merchant(request.merchant).await?.as_ref(), redemption);
        self.vault.register(request.merchant, DirectoryKind::RedemptionCode, &code, customer.0).await?;
        let context = request.context_of(command, Some(fingerprint));
        let reached = self
            .on_account(request.merchant, customer, &context, |_, program| {
                Ok(PointsCommand::Redeem(Redeem {
                    command,
                    request: fingerprint,
                    redemption,
                    points,
                    purchase: Purchase::AtRate { in_shop: false },
                    program: Arc::clone(program),
                    now: request.now,
                }))
            })
            .await?;
        self.redemption_done(reached, redemption, code)
    }

    /// Undoes a redemption whose code no order has used. Doing it again changes nothing.
    pub async fn cancel_redemption(
        &self,
        request: &Request,
        customer: CustomerId,
        redemption: RedemptionId,
    ) -> Result<RedemptionDone, CommandError> {
        let code = code_of(self.vault.merchant(request.merchant).await?.as_ref(), redemption);
        let reached = self
            .on_account(request.merchant, customer, &request.context(), |_, program| {
                Ok(PointsCommand::CancelRedemption { redemption, program: Arc::clone(program), now: request.now })
            })
            .await?;
        self.redemption_done(reached, redemption, code)
    }

    fn redemption_done(
        &self,
        reached: Reached,
        id: RedemptionId,
        code: String,
    ) -> Result<RedemptionDone, CommandError> {
        let redemption = reached.executed.state.state.redemptions.get(&id).cloned();
        let redemption = redemption.ok_or_else(|| CommandError::Internal("a redemption left no trace".to_owned()))?;
        let repeated = reached.executed.position.is_none();
        Ok(RedemptionDone { id, code, redemption, reached, repeated })
    }
}
