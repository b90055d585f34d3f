//! Whether a friend was brought before, under another profile: from the log itself. The read model may be a moment behind a
//! merge, and a moment is enough to pay two advocates for one person.

use aggregates::{
    id::{CustomerId, MerchantId, ReferralId},
    time::Timestamp,
};
use journal::Subject;

use super::{MERGES_FOLLOWED_MAX, ReferralError, Referrer};

/// Which of two referrals of one person came first.
pub(super) type Came = (Timestamp, ReferralId);

impl Referrer {
    /// Whether a profile that has become one with `friend` was brought before this referral `came`.
    ///
    /// To be asked with the friend's account in hand: a merge writes on it, so that what is paid on this answer is not
    /// written once it is outdated.
    pub(super) async fn brought_before(
        &self,
        merchant: MerchantId,
        friend: CustomerId,
        came: Came,
    ) -> Result<bool, ReferralError> {
        let (_, referral) = came;
        let mut profiles = vec![friend];
        let mut next = 0;
        while let Some(profile) = profiles.get(next).copied() {
            if profiles.len() > MERGES_FOLLOWED_MAX {
                return Err(ReferralError::Contended);
            }
            let other = ReferralId(profile.0);
            if other != referral && self.came(merchant, other).await?.is_some_and(|other| other < came) {
                return Ok(true);
            }
            let person = self.customers.load_confirmed(Subject::customer(merchant, profile)).await?;
            profiles.extend(&person.state.absorbed);
            next += 1;
        }
        Ok(false)
    }

    async fn came(&self, merchant: MerchantId, referral: ReferralId) -> Result<Option<Came>, ReferralError> {
        let known = self.referrals.load_confirmed(Subject::referral(merchant, referral)).await?;
        Ok(known.state.origin.map(|origin| (origin.at, referral)))
    }
}
