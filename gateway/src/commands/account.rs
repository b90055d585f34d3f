//! Commands on a points account, wherever merges have moved it, under every link key it has.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId},
    points::{Account, LinkSecret, PointsCommand, PointsRefusal},
    program::Program,
    sealed::Sealed,
};
use journal::{CommandContext, ExecuteError, Executed, Subject, Versioned};
use vault::{LinkKey, PersonKeys};

use super::error::CommandError;
use crate::gateway::Gateway;

/// What sealed link keys inside an account are bound to.
pub const LINK_TAG: &str = "points.link";

/// How often a command follows merges that happen while it is being carried out.
const REDIRECTS_MAX: usize = 8;

/// What it takes to find the shop's things in an account. Not its state: whoever holds that while a command is carried
/// out makes the account copy it.
pub struct OpenAccount {
    pub id: CustomerId,
    pub keys: Arc<PersonKeys>,
    /// Its own link key first, then those of accounts merged into it, in the order the account has them.
    pub links: Vec<LinkKey>,
}

/// What became of a command: the account it reached, and its outcome.
pub struct Reached {
    pub account: OpenAccount,
    pub executed: Executed<Account>,
}

impl Gateway {
    /// The account into which this one's merges lead, and its state.
    pub(crate) async fn open_account(
        &self,
        merchant: MerchantId,
        account: CustomerId,
    ) -> Result<(OpenAccount, Arc<Versioned<Account>>), CommandError> {
        let id = self.survivor(merchant, account).await?;
        let keys = self.vault.person(merchant, id).await?;
        let state = self.accounts.load(Subject::points(merchant, id)).await?;
        let links = open_links(&keys, &state.state.links)?;
        Ok((OpenAccount { id, keys, links }, state))
    }

    /// Fetches what a command on this account will need, while something else is under way: its state, and with that its
    /// person's keys. What fails here is met again by the command itself.
    pub(crate) async fn warm(&self, merchant: MerchantId, account: CustomerId) {
        let subject = Subject::points(merchant, account);
        if !self.accounts.is_in_memory(subject) {
            let _ = self.accounts.load(subject).await;
        }
    }

    /// Carries out on the account what `command` makes of it, following merges.
    pub(crate) async fn on_account(
        &self,
        merchant: MerchantId,
        account: CustomerId,
        context: &CommandContext,
        command: impl Fn(&OpenAccount, &Arc<Program>) -> Result<PointsCommand, CommandError>,
    ) -> Result<Reached, CommandError> {
        let mut addressed = account;
        let mut program = self.merchant(merchant).await?.program.clone();
        let mut renewed = false;
        for _ in 0..REDIRECTS_MAX {
            let (account, _) = self.open_account(merchant, addressed).await?;
            let subject = Subject::points(merchant, account.id);
            match self.accounts.execute(subject, context, &command(&account, &program)?).await {
                Ok(executed) => return Ok(Reached { account, executed }),
                Err(ExecuteError::Refused(PointsRefusal::LinksChanged)) => {
                    self.accounts.load_confirmed(subject).await?;
                }
                Err(ExecuteError::Refused(PointsRefusal::NoProgram)) if !renewed => {
                    // The order was accepted under settings that another gateway has published a moment ago.
                    renewed = true;
                    program = self.renew_merchant(merchant).await?.program.clone();
                }
                Err(ExecuteError::Refused(PointsRefusal::Merged { into })) => {
                    self.customers.load_confirmed(Subject::customer(merchant, account.id)).await?;
                    addressed = into;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommandError::Contended)
    }
}

pub(super) fn open_links(keys: &PersonKeys, sealed: &[Sealed<LinkSecret>]) -> Result<Vec<LinkKey>, CommandError> {
    let mut links = vec![keys.link_key()];
    for link in sealed {
        let link = Sealed::<LinkKey>::from_ciphertext(link.ciphertext());
        links.push(keys.open(LINK_TAG, &link).map_err(|error| CommandError::Internal(error.to_string()))?);
    }
    Ok(links)
}
