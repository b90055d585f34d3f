//! Requests about a customer whom somebody names by our id: the merchant through the API, an operator, a policy. Who asks
//! this way knows whom they mean, so there is nothing to wait for.

use std::collections::BTreeMap;

use aggregates::{
    customer::{Erasure, Standing},
    gdpr::{DUE_DAYS, Finding, RequestKind, RequestReceived, RequestSource},
    id::{CustomerId, GdprRequestId, MerchantId},
    points::PointsRefusal,
    time::Timestamp,
};
use journal::Subject;
use projections::gdpr_requests;
use uuid::Uuid;
use vault::DirectoryKind;

use super::super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway};

/// A request that is on record, now or since an earlier one under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub id: GdprRequestId,
    pub position: u64,
    pub repeated: bool,
}

/// Days for which a request that was carried out still answers under the asker's own key.
const KEY_DAYS: i64 = 1;
/// Days after that in which a key that should have ended is looked for.
const KEY_SEARCH_DAYS: i64 = 30;

impl Gateway {
    /// The askers' own keys of requests that were carried out a while ago lead to them no more: a key may say anything, also
    /// whom it was about.
    pub async fn forget_keys_of_closed_requests(&self, now: Timestamp) -> Result<(), CommandError> {
        let days_ago = |days: i64| Timestamp(now.0.saturating_sub(days * Timestamp::MICROS_PER_DAY));
        let (from, until) = (days_ago(KEY_DAYS + KEY_SEARCH_DAYS), days_ago(KEY_DAYS));
        let mut closed = BTreeMap::<MerchantId, Vec<Uuid>>::new();
        for (merchant, request) in gdpr_requests::closed_between(&self.db, from, until).await? {
            closed.entry(merchant).or_default().push(request.0);
        }
        for (merchant, requests) in closed {
            self.vault.forget_subjects(merchant, DirectoryKind::GdprRequest, &requests, now).await?;
        }
        Ok(())
    }

    /// Asks about a customer; `key` makes a repetition recognisable.
    ///
    /// # Errors
    /// [`CommandError::UnknownCustomer`], [`CommandError::CustomerErased`]; [`PointsRefusal::KeyReused`] if the same key asked
    /// for something else.
    pub async fn ask_for_privacy(
        &self,
        request: &Request,
        kind: RequestKind,
        source: RequestSource,
        customer: CustomerId,
        key: &str,
    ) -> Result<Asked, CommandError> {
        let merchant = request.merchant;
        let registered = format!("{}\n{key}", source.as_str());
        let id = self.vault.register(merchant, DirectoryKind::GdprRequest, &registered, new_id()).await;
        let id = GdprRequestId(id?);
        let known = self.requests.load_confirmed(Subject::gdpr(merchant, id)).await?;
        if let Some(position) = known.state.position() {
            return match (known.state.kind(), known.state.customer()) == (Some(kind), Some(customer)) {
                true => Ok(Asked { id, position, repeated: true }),
                false => Err(PointsRefusal::KeyReused.into()),
            };
        }
        let person = self.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
        match (person.state.standing, person.state.erasure) {
            (_, Erasure::Fenced { .. } | Erasure::Erased { .. }) => return Err(CommandError::CustomerErased),
            (Standing::Unknown, _) => return Err(CommandError::UnknownCustomer),
            (Standing::Member | Standing::MergedInto(_), Erasure::None) => {}
        }
        let received = RequestReceived {
            kind,
            source,
            customer: Some(customer),
            stated: None,
            received_at: request.now,
            due_at: request.now.plus_days(DUE_DAYS),
        };
        let finding = Finding::Known { rests_until: request.now };
        let (written, state) = self.put_on_record(request, id, received, finding).await?;
        let position =
            state.state.position().ok_or_else(|| CommandError::Internal("a request left no trace".into()))?;
        Ok(Asked { id, position, repeated: written.is_none() })
    }
}
