//! Orders that carry the code of a redemption. The code is the redeemer's, whoever types it in: what of the order goes
//! back, goes back to the redeemer's lots in the same share.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId},
    points::{Account, CodeUse, CodeUseOutcome, OrderFact, PointsCommand, PointsRefusal, RecordCodeUse},
};
use journal::Subject;
use vault::{DirectoryKind, MerchantKeys, VaultError};

use super::{
    error::CommandError,
    order::{codes, order_token},
    request::Request,
};
use crate::gateway::Gateway;

/// How our codes begin; others are the shop's own and are not looked up.
const CODE_PREFIX: &str = "LN-";

/// The code of a redemption: derived, so that it is the same whenever it is asked for, and stored nowhere.
pub(super) fn code_of(keys: &MerchantKeys, redemption: RedemptionId) -> String {
    keys.derive_code(redemption.0)
}

impl Gateway {
    /// Redemptions whose codes any body among `facts` carries.
    pub(super) async fn redemptions_in(
        &self,
        merchant: MerchantId,
        facts: &[OrderFact],
    ) -> Result<Vec<CodeUse>, CommandError> {
        let mut uses = Vec::new();
        for code in codes(facts).into_iter().filter(|code| code.starts_with(CODE_PREFIX)) {
            let account = match self.vault.find(merchant, DirectoryKind::RedemptionCode, code).await {
                Ok(Some(account)) => CustomerId(account),
                Ok(None) | Err(VaultError::Destroyed { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            match self.redemption_with_code(merchant, account, code).await {
                Ok(Some(redemption)) => uses.push(CodeUse { redemption, account }),
                // Whoever bought the code has been forgotten a moment ago: it is a word like any other.
                Ok(None) | Err(CommandError::CustomerErased) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(uses)
    }

    async fn redemption_with_code(
        &self,
        merchant: MerchantId,
        account: CustomerId,
        code: &str,
    ) -> Result<Option<RedemptionId>, CommandError> {
        let keys = self.vault.merchant(merchant).await?;
        let with_code = |account: &Account| {
            account.redemptions.keys().find(|redemption| code_of(&keys, **redemption) == code).copied()
        };
        let (opened, state) = self.open_account(merchant, account).await?;
        if let Some(redemption) = with_code(&state.state) {
            return Ok(Some(redemption));
        }
        // The code exists, so its redemption may have been made elsewhere since this process looked; and the account may
        // have been merged away.
        self.customers.load_confirmed(Subject::customer(merchant, opened.id)).await?;
        let survivor = self.survivor(merchant, opened.id).await?;
        let newest = self.accounts.load_confirmed(Subject::points(merchant, survivor)).await?;
        Ok(with_code(&newest.state))
    }

    /// The highest commit that the fact recorded at `position` led to: what it was answered. What was written for
    /// redemptions came after the order's own commit, for the same request.
    pub(super) async fn last_of_fact(
        &self,
        merchant: MerchantId,
        position: u64,
        redeems: &[CodeUse],
    ) -> Result<u64, CommandError> {
        let mut last = position;
        if redeems.is_empty() {
            return Ok(last);
        }
        let Some(original) = self.journal.at(position).await? else { return Ok(last) };
        for code_use in redeems {
            let told = self.survivor(merchant, code_use.account).await?;
            for commit in self.journal.read(&Subject::points(merchant, told), position).await? {
                if commit.commit.correlation == original.commit.correlation {
                    last = last.max(commit.position);
                }
            }
        }
        Ok(last)
    }

    /// Tells a redemption how the order that used it stands. Gives the position if that changed anything.
    pub(super) async fn tell_redemption(
        &self,
        request: &Request,
        order_id: &str,
        code_use: CodeUse,
        outcome: CodeUseOutcome,
    ) -> Result<Option<u64>, CommandError> {
        let told = self
            .on_account(request.merchant, code_use.account, &request.context(), |account, program| {
                Ok(PointsCommand::RecordCodeUse(RecordCodeUse {
                    redemption: code_use.redemption,
                    orders: account.links.iter().map(|link| order_token(link, order_id)).collect(),
                    outcome,
                    program: Arc::clone(program),
                    now: request.now,
                }))
            })
            .await;
        match told {
            Ok(reached) => Ok(reached.executed.position),
            // The redeemer was erased, or the redemption with its account: nobody is left to give anything back to.
            Err(CommandError::CustomerErased | CommandError::Points(PointsRefusal::UnknownRedemption)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
