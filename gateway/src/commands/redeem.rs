//! Points for a discount code, and back.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId, RewardId},
    points::{Delivery, PointsCommand, PointsRefusal, Purchase, Redeem, Redemption},
};
use journal::{Executed, Subject};
use vault::DirectoryKind;

use super::{
    account::Reached, adjust::Idempotency, code_use::code_of, error::CommandError, redeem_in_shop::Asked,
    request::Request,
};
use crate::gateway::Gateway;

/// A redemption that is on record, now or since an earlier request under the same key.
pub struct RedemptionDone {
    pub id: RedemptionId,
    pub code: String,
    pub redemption: Redemption,
    pub reached: Reached,
    pub repeated: bool,
}

/// What points are spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// A discount at the programme's rate.
    Points(i64),
    /// A reward of the catalogue.
    Reward(RewardId),
}

impl Gateway {
    pub async fn redeem_points(
        &self,
        request: &Request,
        customer: CustomerId,
        idempotency: &Idempotency,
        spending: Spending,
    ) -> Result<RedemptionDone, CommandError> {
        self.key_is_not_anothers(request.merchant, customer, idempotency).await?;
        let keys = self.vault.person(request.merchant, customer).await?;
        let (command, fingerprint) = idempotency.under(&keys);
        // Derived from the request's own key: a repetition registers the same code, not another one.
        let redemption = RedemptionId(command.0);
        let code = code_of(self.vault.merchant(request.merchant).await?.as_ref(), redemption);
        self.vault.register(request.merchant, DirectoryKind::RedemptionCode, &code, customer.0).await?;
        let asked = Asked { command, fingerprint, redemption };
        let reached = match spending {
            Spending::Reward(reward) => self.redeem_reward(request, customer, asked, reward).await?,
            Spending::Points(points) => match self.redeem_at_rate_in_shop(request, customer, asked, points).await? {
                Some(reached) => reached,
                None => self.redeem_at_rate(request, customer, asked, points).await?,
            },
        };
        self.redemption_done(reached, redemption, code)
    }

    /// A code of our own: the shop need not know it before an order carries it.
    async fn redeem_at_rate(
        &self,
        request: &Request,
        customer: CustomerId,
        asked: Asked,
        points: i64,
    ) -> Result<Reached, CommandError> {
        let context = request.context_of(asked.command, Some(asked.fingerprint));
        self.on_account(request.merchant, customer, &context, |_, program| {
            Ok(PointsCommand::Redeem(Redeem {
                command: asked.command,
                request: asked.fingerprint,
                redemption: asked.redemption,
                points,
                purchase: Purchase::AtRate { in_shop: false },
                program: Arc::clone(program),
                now: request.now,
            }))
        })
        .await
    }

    /// The codes of redemptions of a merchant, in their order: derived, so they need not be on record.
    pub(crate) async fn codes_of(
        &self,
        merchant: MerchantId,
        redemptions: impl Iterator<Item = RedemptionId>,
    ) -> Result<Vec<String>, CommandError> {
        let keys = self.vault.merchant(merchant).await?;
        Ok(redemptions.map(|redemption| code_of(&keys, redemption)).collect())
    }

    /// A redemption as the log has it.
    pub async fn redemption(
        &self,
        request: &Request,
        customer: CustomerId,
        redemption: RedemptionId,
    ) -> Result<RedemptionDone, CommandError> {
        let code = code_of(self.vault.merchant(request.merchant).await?.as_ref(), redemption);
        let reached = self.reach(request, customer).await?;
        if !reached.executed.state.state.redemptions.contains_key(&redemption) {
            return Err(PointsRefusal::UnknownRedemption.into());
        }
        self.redemption_done(reached, redemption, code)
    }

    /// The account at its newest state, without doing anything to it.
    async fn reach(&self, request: &Request, customer: CustomerId) -> Result<Reached, CommandError> {
        let (account, _) = self.open_account(request.merchant, customer).await?;
        let state = self.accounts.load_confirmed(Subject::points(request.merchant, account.id)).await?;
        Ok(Reached { account, executed: Executed { state, events: Vec::new(), position: None } })
    }

    /// Undoes a redemption whose code no order has used. Doing it again changes nothing.
    pub async fn cancel_redemption(
        &self,
        request: &Request,
        customer: CustomerId,
        redemption: RedemptionId,
    ) -> Result<RedemptionDone, CommandError> {
        let code = code_of(self.vault.merchant(request.merchant).await?.as_ref(), redemption);
        // Whether the shop had to make it stands in the account.
        let known = self.reach(request, customer).await?;
        let delivery = known.executed.state.state.redemptions.get(&redemption).map(|redemption| redemption.delivery);
        let reached = match delivery {
            None | Some(Delivery::NotNeeded) => {
                self.on_account(request.merchant, customer, &request.context(), |_, program| {
                    Ok(PointsCommand::CancelRedemption { redemption, program: Arc::clone(program), now: request.now })
                })
                .await?
            }
            Some(Delivery::Underway | Delivery::Done) => {
                let context = request.context();
                let position = self.deliveries.cancel(&context, request.merchant, known.account.id, redemption).await?;
                let reached = self.reach(request, customer).await?;
                Reached { executed: Executed { position, ..reached.executed }, ..reached }
            }
        };
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
