//! The task that makes in the shop what points were reserved for.

use aggregates::{
    customer::{PROFILE_TAG, Profile},
    id::{CustomerId, MerchantId},
    points::{PointsCommand, PointsRefusal, Redemption},
    reward::Benefit,
    task::{RetryPolicy, TaskKind},
};
use futures::future::BoxFuture;
use journal::Subject;
use projections::customers;

use super::{Deliveries, DeliveryError, MAKE, Wanted, give_back::Ending, store_credit::Credit};
use crate::{
    shopify_admin::{AdminError, Discount, Given, Off, Shop},
    tasks::{Handler, Outcome, Task},
};

/// Somebody is waiting for their points to be worth something: tried for about half an hour, then given back.
const PATIENCE: RetryPolicy = RetryPolicy { attempts_max: 10, first_pause_seconds: 2, longest_pause_seconds: 600 };

/// [`MAKE`]
pub struct MakeReward(pub Deliveries);

impl Handler for MakeReward {
    fn kind(&self) -> TaskKind {
        MAKE
    }

    fn retry_policy(&self) -> RetryPolicy {
        PATIENCE
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(wanted) = Wanted::from_bytes(&task.payload) else { return Outcome::dead("not a delivery") };
            self.0.make(task, &wanted).await.unwrap_or_else(Outcome::from)
        })
    }

    fn give_up<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let Some(wanted) = Wanted::from_bytes(&task.payload) else { return Ok(()) };
            match self.0.give_up(task, &wanted).await {
                // An order has it, or its owner is being forgotten: there is nothing to give back, and nobody to give it to.
                Ok(()) | Err(DeliveryError::Points(_)) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

impl Deliveries {
    async fn make(&self, task: &Task, wanted: &Wanted) -> Result<Outcome, DeliveryError> {
        let owner = self.owner_of(task.merchant, wanted.customer).await?;
        let account = self.0.accounts.load_confirmed(Subject::points(task.merchant, owner)).await?;
        let cancelled = |redemption: &&Redemption| !redemption.cancelled;
        if account.state.redemptions.get(&wanted.redemption).filter(cancelled).is_none() {
            return Ok(Outcome::done("not wanted any more"));
        }
        let Some(access) = self.0.tokens.access(&self.context(task), task.merchant).await? else {
            return Ok(Outcome::retry("the shop is not connected"));
        };
        let shop = self.0.admin.shop(&access.domain, &access.token);
        let made = match self.ensure(shop, task, owner, wanted).await {
            Ok(made) => made,
            Err(error) => return Ok(self.after(task, &access, error).await),
        };
        match self.delivered(task, owner, wanted).await {
            Ok(()) => Ok(Outcome::Done(Some(made))),
            // Undone while it was being made: whoever undid it sees to the code.
            Err(DeliveryError::Points(PointsRefusal::RedemptionCancelled | PointsRefusal::Erased)) => {
                Ok(Outcome::done("not wanted any more"))
            }
            Err(error) => Err(error),
        }
    }

    /// It is on record that the shop has made it.
    async fn delivered(&self, task: &Task, owner: CustomerId, wanted: &Wanted) -> Result<(), DeliveryError> {
        let delivered = PointsCommand::Deliver { redemption: wanted.redemption, now: task.now };
        let subject = Subject::points(task.merchant, owner);
        self.0.accounts.execute(subject, &self.context(task), &delivered).await?;
        Ok(())
    }

    /// It will not be made. Credit may be there all the same: it is taken back first, if the shop can be asked; and by a task
    /// of its own if not. What was spent of it was delivered.
    async fn give_up(&self, task: &Task, wanted: &Wanted) -> Result<(), DeliveryError> {
        let context = self.context(task);
        let ending = match Credit::of(wanted) {
            None => Ending::Code,
            Some(credit) => match self.take_back(&context, task.merchant, &credit).await {
                Ok(()) => Ending::Nothing,
                Err(DeliveryError::CreditSpent) => {
                    let owner = self.owner_of(task.merchant, wanted.customer).await?;
                    return self.delivered(task, owner, wanted).await;
                }
                Err(_) => Ending::Credit(credit),
            },
        };
        self.give_back(&context, task.merchant, wanted.customer, wanted.redemption, ending).await.map(drop)
    }

    /// Makes it, or finds it made; gives the shop's id of it.
    async fn ensure(
        &self,
        shop: Shop<'_>,
        task: &Task,
        owner: CustomerId,
        wanted: &Wanted,
    ) -> Result<String, DeliveryError> {
        let merchant = task.merchant;
        let code = self.code_of(merchant, wanted.redemption).await?;
        let price;
        let off = match &wanted.benefit {
            Benefit::AmountOff { amount_minor, currency, minimum_minor } => {
                Off::Amount { minor: *amount_minor, currency: *currency, minimum_minor: *minimum_minor }
            }
            Benefit::PercentOff { percent } => Off::Percent(*percent),
            Benefit::FreeShipping => Off::Shipping,
            Benefit::FreeProduct { product_id } => {
                // Where it is made already, what the product costs by now is not asked.
                if let Some(found) = shop.discount_with_code(&code).await? {
                    return Ok(found);
                }
                price = shop.price_of(product_id).await?;
                Off::Product { id: product_id, price: &price }
            }
            Benefit::GiftCard { amount_minor, currency } => {
                let note = wanted.redemption.to_string();
                return Ok(shop.ensure_gift_card(&code, *amount_minor, *currency, &note).await?);
            }
            Benefit::StoreCredit { amount_minor, currency } => {
                let (redemption, amount_minor, currency) = (wanted.redemption, *amount_minor, *currency);
                let credit = Credit { redemption, customer: owner, amount_minor, currency };
                return self.ensure_credit(shop, task, &credit).await;
            }
        };
        let title = format!("{} ({})", wanted.name, wanted.redemption);
        let (starts_at, ends_at) = (wanted.starts_at, wanted.ends_at);
        Ok(shop.ensure_discount(&Discount { title: &title, code: &code, off, starts_at, ends_at }).await?)
    }

    async fn ensure_credit(&self, shop: Shop<'_>, task: &Task, credit: &Credit) -> Result<String, DeliveryError> {
        let nobody = || AdminError::Refused(vec!["NO_CUSTOMER_IN_SHOP".to_owned()]);
        let customer = self.external_id(task.merchant, credit.customer).await?.ok_or_else(nobody)?;
        let mark = credit.mark();
        match shop.ensure_store_credit(&credit.in_shop(&customer, &mark), task.now).await? {
            Given::Credited(transaction) => Ok(transaction),
            Given::TakenBack => Err(DeliveryError::BeingUndone),
        }
    }

    /// The shop's own id of a customer; `None` of somebody whom the shop does not know.
    pub(super) async fn external_id(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
    ) -> Result<Option<String>, DeliveryError> {
        let row = customers::find(&self.0.db, merchant, customer).await?;
        let sealed = row.and_then(|row| row.profile).ok_or(DeliveryError::NoProfile)?;
        let profile: Profile = self.0.vault.person(merchant, customer).await?.open(PROFILE_TAG, &sealed)?;
        Ok((!profile.external_id.is_empty()).then_some(profile.external_id))
    }
}
