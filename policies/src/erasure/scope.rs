//! How much is to go: decided once, and on record before anything is done, so that it does not depend on what is found later.

use aggregates::{
    customer::{Erasure, Standing},
    gdpr::{ExecutionBegun, GdprCommand, GdprRequest, Outcome, RequestCompleted, RequestKind, Scope},
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use journal::Subject;
use vault::KeyState;

use super::{Eraser, ErasureError};

/// Merges that one person can be behind; more than this is a fault, not a history.
const MERGES_MAX: usize = 4_096;

impl Eraser {
    /// Begins. False if there is nothing to execute, or a hold in the way.
    pub(super) async fn begin(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        state: &GdprRequest,
        now: Timestamp,
    ) -> Result<bool, ErasureError> {
        let (scope, people) = match (state.kind(), state.customer()) {
            (Some(RequestKind::ShopRedact), _) => (Scope::Merchant, Vec::new()),
            (Some(RequestKind::CustomerRedact), Some(customer)) => {
                let person = self.parts.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
                if matches!(person.state.erasure, Erasure::Erased { .. }) {
                    let completed = RequestCompleted { outcome: Outcome::AlreadyErased, at: now };
                    self.record(merchant, request, GdprCommand::Complete(completed), now).await?;
                    return Ok(false);
                }
                match person.state.standing {
                    Standing::MergedInto(into) => {
                        let survivor = self.survivor(merchant, into).await?;
                        (Scope::MergedProfile { survivor }, vec![customer])
                    }
                    Standing::Member | Standing::Unknown => {
                        (Scope::Person, self.whole_person(merchant, customer).await?)
                    }
                }
            }
            _ => return Ok(false),
        };
        if self.is_held(merchant, &people).await? {
            tracing::warn!(%merchant, %request, "a legal hold stands against a privacy request");
            return Ok(false);
        }
        self.record(merchant, request, GdprCommand::Begin(ExecutionBegun { scope, people, at: now }), now).await?;
        Ok(true)
    }

    /// Into whom merges have led.
    async fn survivor(&self, merchant: MerchantId, customer: CustomerId) -> Result<CustomerId, ErasureError> {
        let mut customer = customer;
        for _ in 0..MERGES_MAX {
            let person = self.parts.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
            match person.state.standing {
                Standing::MergedInto(into) => customer = into,
                Standing::Member | Standing::Unknown => return Ok(customer),
            }
        }
        Err(ErasureError::Endless)
    }

    /// A person and every profile that was merged into theirs: they are one human being.
    async fn whole_person(&self, merchant: MerchantId, customer: CustomerId) -> Result<Vec<CustomerId>, ErasureError> {
        let mut people = vec![customer];
        let mut next = 0;
        while let Some(&person) = people.get(next) {
            if people.len() > MERGES_MAX {
                return Err(ErasureError::Endless);
            }
            next += 1;
            let state = self.parts.customers.load_confirmed(Subject::customer(merchant, person)).await?;
            for absorbed in &state.state.absorbed {
                // Somebody erased on their own request before is gone already.
                let loser = self.parts.customers.load_confirmed(Subject::customer(merchant, *absorbed)).await?;
                let gone = matches!(loser.state.erasure, Erasure::Erased { .. });
                if !gone && !people.contains(absorbed) {
                    people.push(*absorbed);
                }
            }
        }
        Ok(people)
    }

    /// Whether a legal hold stands against it: on one of these people, or on anybody where a whole shop is to go.
    pub(super) async fn is_held(&self, merchant: MerchantId, people: &[CustomerId]) -> Result<bool, ErasureError> {
        if people.is_empty() {
            return Ok(self.parts.vault.anybody_is_held(merchant).await?);
        }
        for person in people {
            if self.parts.vault.key_state(merchant, *person).await? == KeyState::Held {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
