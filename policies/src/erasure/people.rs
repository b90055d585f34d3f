//! What is written on people's own subjects: fences at the beginning, the end at the end.

use aggregates::{
    customer::{CustomerCommand, Erased, Fenced},
    gdpr::{Evidence, GdprRequest, Scope, Step},
    id::{CustomerId, GdprRequestId, MerchantId},
    points::{AccountFenced, Forfeit, PointsCommand},
};
use journal::{CommandContext, Subject};
use vault::HandedOver;

use super::{Eraser, ErasureError, steps::evidence};

impl Eraser {
    /// Commands that are under way anywhere fail at the fence, because their subject has moved; later ones are refused.
    pub(super) async fn fence_people(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        people: &[CustomerId],
        context: &CommandContext,
    ) -> Result<Evidence, ErasureError> {
        let at = context.recorded_at;
        let mut position = 0;
        for person in people {
            let fence = CustomerCommand::Fence(Fenced { request, at });
            let customer = self.parts.customers.execute(Subject::customer(merchant, *person), context, &fence).await?;
            let fence = PointsCommand::Fence(AccountFenced { request, at });
            let account = self.parts.accounts.execute(Subject::points(merchant, *person), context, &fence).await?;
            position = position.max(customer.state.position).max(account.state.position);
        }
        Ok(Evidence::Fenced { position })
    }

    pub(super) async fn forfeit(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        people: &[CustomerId],
        context: &CommandContext,
    ) -> Result<Evidence, ErasureError> {
        let (mut points, mut codes) = (0, 0);
        for person in people {
            let subject = Subject::points(merchant, *person);
            let command = PointsCommand::Forfeit(Forfeit { request, now: context.recorded_at });
            let account = self.parts.accounts.execute(subject, context, &command).await?;
            // What the account says, and not this command: one that was cut short before it was recorded counts too.
            let disabled = account.state.state.disabled_in_shop();
            self.parts.deliveries.disable_codes(context, merchant, &disabled).await?;
            points += account.state.state.purse.lifetime_forfeited;
            codes += account.state.state.disabled_codes();
        }
        Ok(Evidence::Forfeited { points, codes: u32::try_from(codes).unwrap_or(u32::MAX) })
    }

    /// What leads to a profile that lost a merge leads to its survivor from now on.
    pub(super) async fn hand_over(
        &self,
        merchant: MerchantId,
        scope: Scope,
        people: &[CustomerId],
    ) -> Result<Evidence, ErasureError> {
        let Scope::MergedProfile { survivor } = scope else { return Err(ErasureError::NoEvidence("begin")) };
        let mut sum = HandedOver::default();
        for person in people {
            let handed = self.parts.vault.hand_over(merchant, *person, survivor).await?;
            sum.orders += handed.orders;
            sum.codes += handed.codes;
        }
        Ok(Evidence::HandedOver { orders: sum.orders, codes: sum.codes })
    }

    pub(super) async fn erase_people(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        state: &GdprRequest,
        people: &[CustomerId],
        context: &CommandContext,
    ) -> Result<Evidence, ErasureError> {
        let deletion = deletion(state)?;
        let mut position = 0;
        for person in people {
            let erase = CustomerCommand::Erase(Erased { request, deletion, at: context.recorded_at });
            let subject = Subject::customer(merchant, *person);
            let erased = self.parts.customers.execute(subject, context, &erase).await?;
            position = position.max(erased.state.position);
        }
        Ok(Evidence::Erased { position })
    }
}

/// The entry of the deletion journal by which the keys went.
pub(super) fn deletion(state: &GdprRequest) -> Result<u64, ErasureError> {
    match evidence(state, Step::Journal) {
        Some(Evidence::Journaled { sequence }) => Ok(*sequence),
        _ => Err(ErasureError::NoEvidence(Step::Journal.as_str())),
    }
}
