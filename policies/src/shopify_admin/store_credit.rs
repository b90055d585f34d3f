//! Store credit, given once and taken back once. It has no code, the API knows no idempotency key for it, and what moved on an
//! account does not say what for. So customers carry metafields of ours, and no account is touched before they say so:
//!
//! | metafield | says |
//! |---|---|
//! | `store_credit` ([`slot`]) | which movement is begun, and how the account stood before it |
//! | one for each redemption ([`slot::Mark`]) | what has become of its credit |
//!
//! A movement is begun by compare-and-set, so that there is one at a time for a customer, whoever works on it. Whoever finds one
//! begun and not ended waits until the call that was to do it is over, and then looks at the account itself ([`history`]): a
//! transaction of that amount that was not there before is that movement; without one it was not done. Either is written
//! down together with the movement's end, in one atomic call, and only then is anything else begun.

mod history;
mod slot;

use std::time::Duration;

use aggregates::{money::Currency, time::Timestamp};
use serde_json::{Value, json};

use self::{
    history::{ACCOUNTS_MAX, History, TRANSACTIONS_MAX},
    slot::{Begun, Mark, Movement, OVER_AFTER, Slot},
};
use super::{AdminError, MUTATION_COST, Shop, answer::done, gid};

/// Of our metafields.
const NAMESPACE: &str = "loyalnest";
/// Its key: the metafield that says what is begun.
const SLOT: &str = "store_credit";
/// After somebody else was faster.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// What a look is estimated to cost, in the API's points: each account and each transaction with its amount.
const LOOK_COST: i64 = 120;

const LOOK: &str = "
query($id: ID!, $namespace: String!, $mark: String!, $slot: String!, $accounts: Int!, $newest: Int!) {
    customer(id: $id) {
        mark: metafield(namespace: $namespace, key: $mark) { value }
        slot: metafield(namespace: $namespace, key: $slot) { value compareDigest }
        storeCreditAccounts(first: $accounts) {
            pageInfo { hasNextPage }
            nodes {
                balance { currencyCode }
                transactions(first: $newest, sortKey: CREATED_AT, reverse: true) {
                    nodes {
                        __typename createdAt amount { amount }
                        ... on StoreCreditAccountCreditTransaction { id }
                        ... on StoreCreditAccountDebitTransaction { id } } } } } } }";
/// All of them or none.
const WRITE: &str = "mutation($marks: [MetafieldsSetInput!]!) {
    marked: metafieldsSet(metafields: $marks) { metafields { compareDigest } userErrors { field code message } } }";
const CREDIT: &str = "mutation($id: ID!, $credit: StoreCreditAccountCreditInput!) {
    moved: storeCreditAccountCredit(id: $id, creditInput: $credit) {
        storeCreditAccountTransaction { id } userErrors { field code message } } }";
const DEBIT: &str = "mutation($id: ID!, $debit: StoreCreditAccountDebitInput!) {
    moved: storeCreditAccountDebit(id: $id, debitInput: $debit) {
        storeCreditAccountTransaction { id } userErrors { field code message } } }";

/// The credit of one redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreCredit<'a> {
    /// The shop's id of the customer.
    pub customer: &'a str,
    pub minor: i64,
    pub currency: Currency,
    /// The redemption's own: letters, digits and dashes.
    pub mark: &'a str,
}

/// What has become of a credit that was to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Now or before; the shop's id of the transaction.
    Credited(String),
    /// It is not to be given any more.
    TakenBack,
}

/// How a customer stands.
struct Seen {
    mark: Option<Mark>,
    slot: Option<Slot>,
    /// Of the slot; none as long as there is no such metafield.
    digest: Option<String>,
    history: History,
}

impl Shop<'_> {
    /// Gives the credit, or finds it given. `now` is the merchant's.
    ///
    /// # Errors
    /// [`AdminError::Unsettled`] as long as nobody can know whether an earlier call has done it.
    pub async fn ensure_store_credit(&self, credit: &StoreCredit<'_>, now: Timestamp) -> Result<Given, AdminError> {
        let seen = self.settled(credit, now).await?;
        match seen.mark {
            Some(Mark::Credited(transaction)) => Ok(Given::Credited(transaction)),
            Some(Mark::TakenBack(_)) => Ok(Given::TakenBack),
            None => Ok(Given::Credited(self.carry_out(credit, Movement::Credit, &seen, now).await?)),
        }
    }

    /// Takes the credit back, or finds it taken back. One that was not given can not be given afterwards.
    ///
    /// # Errors
    /// [`AdminError::is_spent`] if the account does not hold it any more; [`AdminError::Unsettled`] as above.
    pub async fn take_back_store_credit(&self, credit: &StoreCredit<'_>, now: Timestamp) -> Result<(), AdminError> {
        let seen = self.settled(credit, now).await?;
        match seen.mark {
            Some(Mark::TakenBack(_)) => Ok(()),
            Some(Mark::Credited(_)) => self.carry_out(credit, Movement::Debit, &seen, now).await.map(drop),
            None => self.end(credit.customer, seen.digest.as_deref(), credit.mark, Some(Mark::TakenBack(None))).await,
        }
    }

    /// Whether the credit was taken back, or kept from being given.
    ///
    /// # Errors
    /// [`AdminError::Unsettled`] as above.
    pub async fn is_store_credit_taken_back(
        &self,
        credit: &StoreCredit<'_>,
        now: Timestamp,
    ) -> Result<bool, AdminError> {
        Ok(matches!(self.settled(credit, now).await?.mark, Some(Mark::TakenBack(_))))
    }

    /// How the customer stands when nothing is under way. What somebody has left begun, for whichever redemption, is brought to
    /// its end first.
    async fn settled(&self, credit: &StoreCredit<'_>, now: Timestamp) -> Result<Seen, AdminError> {
        let seen = self.look(credit).await?;
        let Some(Slot::Begun(begun)) = &seen.slot else { return Ok(seen) };
        let wait = begun.rest_at(now);
        if !wait.is_zero() {
            return Err(AdminError::Unsettled { wait });
        }
        let became = seen.history.done_since(begun)?.map(|transaction| begun.movement.became(transaction));
        self.end(credit.customer, seen.digest.as_deref(), &begun.mark, became).await?;
        let seen = self.look(credit).await?;
        match seen.slot {
            Some(Slot::Begun(_)) => Err(AdminError::Unsettled { wait: SHORT_WAIT }),
            _ => Ok(seen),
        }
    }

    async fn look(&self, credit: &StoreCredit<'_>) -> Result<Seen, AdminError> {
        let variables = json!({ "id": gid("Customer", credit.customer), "namespace": NAMESPACE, "mark": credit.mark,
            "slot": SLOT, "accounts": ACCOUNTS_MAX, "newest": TRANSACTIONS_MAX });
        let data = self.ask(LOOK, variables, LOOK_COST).await?;
        let customer = &data["customer"];
        if customer.is_null() {
            return Err(AdminError::Refused(vec!["CUSTOMER_NOT_FOUND".to_owned()]));
        }
        let unreadable = AdminError::Refused(vec!["UNREADABLE_MARK".to_owned()]);
        let mark = customer["mark"]["value"].as_str().map(|value| Mark::parse(value).ok_or(unreadable.clone()));
        let slot = customer["slot"]["value"].as_str().map(|value| Slot::parse(value).ok_or(unreadable));
        Ok(Seen {
            mark: mark.transpose()?,
            slot: slot.transpose()?,
            digest: customer["slot"]["compareDigest"].as_str().map(str::to_owned),
            history: History::read(&customer["storeCreditAccounts"])?,
        })
    }

    /// Begins a movement, has it done, ends it; gives the shop's id of the transaction.
    async fn carry_out(
        &self,
        credit: &StoreCredit<'_>,
        movement: Movement,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<String, AdminError> {
        let StoreCredit { customer, minor, currency, mark } = *credit;
        let before = seen.history.newest_of(currency)?;
        let begun = Slot::Begun(Begun { mark: mark.to_owned(), movement, minor, currency, before, begun_at: now });
        let digest = self.write(customer, seen.digest.as_deref(), &begun, None).await?;
        let moved = self.ask_to_move(credit, movement).await;
        if matches!(moved, Err(AdminError::NoAnswer(_))) {
            // It may have been done. Once it is over, the account says.
            return Err(AdminError::Unsettled { wait: OVER_AFTER });
        }
        let became = moved.as_ref().ok().map(|transaction| movement.became(transaction.clone()));
        // Where this fails, whoever comes next finds it begun, and on the account what came of it.
        if let Err(error) = self.end(customer, Some(&digest), mark, became).await {
            tracing::info!(%error, "the end of a movement of store credit was not written down");
        }
        moved
    }

    async fn ask_to_move(&self, credit: &StoreCredit<'_>, movement: Movement) -> Result<String, AdminError> {
        let whole = credit.currency.whole_units(credit.minor).to_string();
        let amount = json!({ "amount": whole, "currencyCode": credit.currency.as_str() });
        let id = gid("Customer", credit.customer);
        let (document, variables) = match movement {
            Movement::Credit => (CREDIT, json!({ "id": id, "credit": { "creditAmount": amount } })),
            Movement::Debit => (DEBIT, json!({ "id": id, "debit": { "debitAmount": amount } })),
        };
        let answer = self.answer_to(document, variables, MUTATION_COST).await?;
        // What was moved may be kept from whoever has the right to move it, and not the right to read of it.
        if answer.done_before.is_some_and(|data| !data["moved"].is_null()) {
            return Err(AdminError::NoAnswer("the answer does not say what was done"));
        }
        let data = answer.outcome?;
        done(&data["moved"])?;
        let transaction = data["moved"]["storeCreditAccountTransaction"]["id"].as_str();
        transaction.map(str::to_owned).ok_or(AdminError::NoAnswer("the answer does not name what was made"))
    }

    /// Nothing is under way any more; and this has become of a redemption's credit, unless it is what it was.
    async fn end(
        &self,
        customer: &str,
        digest: Option<&str>,
        mark: &str,
        became: Option<Mark>,
    ) -> Result<(), AdminError> {
        let ended = Slot::Ended { mark: mark.to_owned(), became: became.as_ref().map(ToString::to_string) };
        self.write(customer, digest, &ended, became.map(|became| (mark, became))).await.map(drop)
    }

    /// Writes the slot, if it still is what was seen, and a mark with it; gives the slot's digest.
    async fn write(
        &self,
        customer: &str,
        seen: Option<&str>,
        slot: &Slot,
        mark: Option<(&str, Mark)>,
    ) -> Result<String, AdminError> {
        let owner = gid("Customer", customer);
        let mut marks = vec![json!({ "ownerId": owner, "namespace": NAMESPACE, "key": SLOT, "type": "json",
            "value": slot.to_string(), "compareDigest": seen })];
        marks.extend(mark.map(|(key, mark)| {
            json!({ "ownerId": owner, "namespace": NAMESPACE, "key": key,
                "type": "single_line_text_field", "value": mark.to_string() })
        }));
        let data = self.mutate(WRITE, json!({ "marks": marks })).await?;
        match done(&data["marked"]) {
            Err(stale) if stale.is_stale() => Err(AdminError::Unsettled { wait: SHORT_WAIT }),
            Err(refused) => Err(refused),
            Ok(()) => {
                digest_of(&data["marked"]).ok_or(AdminError::NoAnswer("the answer does not name what was written"))
            }
        }
    }
}

/// Of the first metafield that was written.
fn digest_of(marked: &Value) -> Option<String> {
    marked["metafields"][0]["compareDigest"].as_str().map(str::to_owned)
}
