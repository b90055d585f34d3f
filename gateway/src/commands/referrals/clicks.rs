//! Clicks. A click is answered from memory and counted there; once a second the counts go to the log, a few commits for a
//! whole shop however many clicked. What a gateway had not written when it was killed is lost: clicks are never money.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aggregates::{
    id::{MerchantId, ReferralLinkId},
    merchant::ShopDomain,
    referral::{AliasCode, CLICK_SHARDS, CountClicks, LINKS_PER_COMMIT_MAX, ReferralCode},
};
use journal::{Actor, Subject};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::new_id,
    commands::{CommandError, Request, merchant::SHOP_TAG},
    gateway::Gateway,
    shopify::CODE_PARAMETER,
};

/// Links that clicks are counted of between two writes; more of them are answered and not counted.
const LINKS_COUNTED_MAX: usize = 50_000;
/// Time between two writes.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// Clicks that are not in the log yet.
#[derive(Debug, Default)]
pub struct ClickCounter {
    counts: Mutex<HashMap<(MerchantId, ReferralLinkId), u32>>,
}

impl ClickCounter {
    fn count(&self, merchant: MerchantId, link: ReferralLinkId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() < LINKS_COUNTED_MAX || counts.contains_key(&(merchant, link)) {
            let clicks = counts.entry((merchant, link)).or_default();
            *clicks = clicks.saturating_add(1);
        } else {
            metrics::counter!("loyalty_referral_clicks_not_counted_total").increment(1);
        }
    }

    fn take(&self, only: Option<MerchantId>) -> BTreeMap<MerchantId, Vec<(ReferralLinkId, u32)>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = BTreeMap::<MerchantId, Vec<(ReferralLinkId, u32)>>::new();
        counts.retain(|(merchant, link), clicks| {
            let stays = only.is_some_and(|only| only != *merchant);
            if !stays {
                taken.entry(*merchant).or_default().push((*link, *clicks));
            }
            stays
        });
        taken
    }
}

/// Writes what was counted, until `stop`.
pub async fn run(gateway: Gateway, stop: CancellationToken) {
    loop {
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(WRITE_EVERY) => false,
        };
        if let Err(error) = gateway.write_clicks(None).await {
            metrics::counter!("loyalty_referral_clicks_not_counted_total").increment(1);
            tracing::warn!(%error, "clicks on referral links were not counted");
        }
        if stopped {
            return;
        }
    }
}

impl Gateway {
    /// Somebody follows a link, by its code or by the word of another programme that leads to it: where to send them, with the
    /// code. None for words that lead nowhere.
    pub async fn follow(&self, word: &str) -> Result<Option<String>, CommandError> {
        if let Some(code) = ReferralCode::parse(word)
            && let Some(target) = self.follow_link(code).await?
        {
            return Ok(Some(target));
        }
        let Some(alias) = AliasCode::parse(word) else { return Ok(None) };
        match self.code_behind(None, &alias).await? {
            Some(code) => self.follow_link(code).await,
            None => Ok(None),
        }
    }

    async fn follow_link(&self, code: ReferralCode) -> Result<Option<String>, CommandError> {
        let Some(merchant) = self.shop_of_code(code).await? else { return Ok(None) };
        let Some((_, link)) = self.link_with_code(merchant, code).await? else { return Ok(None) };
        let lease = self.merchant(merchant).await?;
        let Some(created) = lease.merchant.created.as_ref().filter(|_| lease.merchant.fenced_at.is_none()) else {
            return Ok(None);
        };
        let keys = self.vault.merchant(merchant).await?;
        let shop: ShopDomain =
            keys.open(SHOP_TAG, &created.shop).map_err(|error| CommandError::Internal(error.to_string()))?;
        self.clicks.count(merchant, link.link);
        Ok(Some(format!("https://{}/?{CODE_PARAMETER}={code}", shop.domain)))
    }

    /// Puts on record what was counted, of one shop or of all. Gives the position of the last commit.
    pub async fn write_clicks(&self, only: Option<MerchantId>) -> Result<Option<u64>, CommandError> {
        let mut last = None;
        for (merchant, clicks) in self.clicks.take(only) {
            let request = Request {
                merchant,
                now: self.now_of(merchant).await?,
                actor: Actor::System,
                correlation: new_id(),
                traceparent: None,
            };
            for some in clicks.chunks(LINKS_PER_COMMIT_MAX) {
                // Any shard will do: gateways that write at the same time had better not meet.
                let shard = new_id().as_bytes()[0] % CLICK_SHARDS;
                let command = CountClicks { clicks: some.to_vec() };
                let subject = Subject::referral_clicks(merchant, shard);
                let written = self.click_shards.execute(subject, &request.context(), &command).await?;
                last = last.max(written.position);
            }
        }
        Ok(last)
    }
}
