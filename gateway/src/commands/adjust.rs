//! Points by hand, under the client's own key against repetition.

use std::sync::Arc;

use aggregates::{
    id::{CommandId, CustomerId, Fingerprint, LotId, MerchantId},
    points::{Adjust, PointsCommand, PointsRefusal, StaffNote},
};
use journal::Subject;
use uuid::Uuid;
use vault::{DirectoryKind, PersonKeys, VaultError};

use super::{account::Reached, error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

pub const REASON_TAG: &str = "points.reason";

/// A client's idempotency key, with the route it was used on and the content it was used for.
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub route: &'static str,
    pub key: String,
    /// Canonical bytes of the request: equal for equal requests.
    pub content: Vec<u8>,
}

impl Idempotency {
    /// Under the link key of the customer the request addresses: the key may say anything, also a person's name.
    pub(super) fn under(&self, keys: &PersonKeys) -> (CommandId, Fingerprint) {
        let command = CommandId(Uuid::from_bytes(keys.token("idempotency", &self.scope()).0));
        (command, keys.fingerprint(&self.content))
    }

    fn scope(&self) -> String {
        format!("{}\n{}", self.route, self.key)
    }
}

impl Gateway {
    /// A key belongs to the whole merchant: used for one customer, it is another request for any other. A request that
    /// was refused leaves its key free.
    pub(super) async fn key_is_not_anothers(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        idempotency: &Idempotency,
    ) -> Result<(), CommandError> {
        let kind = DirectoryKind::IdempotencyKey;
        let user = match self.vault.register(merchant, kind, &idempotency.scope(), customer.0).await {
            Err(VaultError::Destroyed { .. }) => return Ok(()),
            user => CustomerId(user?),
        };
        if user == customer {
            return Ok(());
        }
        let (command, _) = match self.vault.person(merchant, user).await {
            Err(VaultError::Destroyed { .. }) => return Ok(()),
            keys => idempotency.under(keys?.as_ref()),
        };
        let survivor = self.survivor(merchant, user).await?;
        let account = self.accounts.load_confirmed(Subject::points(merchant, survivor)).await?;
        match account.state.commands.contains_key(&command) {
            true => Err(PointsRefusal::KeyReused.into()),
            false => Ok(()),
        }
    }

    pub async fn adjust_points(
        &self,
        request: &Request,
        customer: CustomerId,
        idempotency: &Idempotency,
        points: i64,
        reason: &str,
    ) -> Result<AdjustmentDone, CommandError> {
        self.key_is_not_anothers(request.merchant, customer, idempotency).await?;
        let keys = self.vault.person(request.merchant, customer).await?;
        let (command, fingerprint) = idempotency.under(&keys);
        let fresh_lot = LotId(new_id());
        let context = request.context_of(command, Some(fingerprint));
        let reached = self
            .on_account(request.merchant, customer, &context, |account, program| {
                Ok(PointsCommand::Adjust(Adjust {
                    command,
                    request: fingerprint,
                    points,
                    reason: account.keys.seal(REASON_TAG, &StaffNote { reason: reason.to_owned() }),
                    fresh_lot,
                    program: Arc::clone(program),
                    now: request.now,
                }))
            })
            .await?;
        AdjustmentDone::of(reached, command)
    }
}

/// An adjustment that is on record, now or since an earlier request under the same key.
pub struct AdjustmentDone {
    pub reached: Reached,
    pub position: u64,
    pub repeated: bool,
}

impl AdjustmentDone {
    fn of(reached: Reached, command: CommandId) -> Result<Self, CommandError> {
        let repeated = reached.executed.position.is_none();
        let record = reached.executed.state.state.commands.get(&command);
        let position = record.map(|record| record.position);
        let position = position.ok_or_else(|| CommandError::Internal("a command left no trace".to_owned()))?;
        Ok(AdjustmentDone { reached, position, repeated })
    }
}
