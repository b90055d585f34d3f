//! Store credit. It has no code, and the API knows no idempotency key for it. So a mark is put beside it on the customer, in
//! the same call: whoever comes later finds the mark and credits nothing.

use aggregates::money::Currency;
use serde_json::{Value, json};

use super::{AdminError, MUTATION_COST, Shop, answer::done, gid};

/// Of the marks.
const NAMESPACE: &str = "loyalnest";

const FIND: &str = "query($id: ID!, $namespace: String!, $key: String!) {
    customer(id: $id) { metafield(namespace: $namespace, key: $key) { value } } }";
/// Fields of a mutation are done one after the other: the credit, then its mark.
const CREDIT: &str = "mutation($id: ID!, $credit: StoreCreditAccountCreditInput!, $marks: [MetafieldsSetInput!]!) {
    credited: storeCreditAccountCredit(id: $id, creditInput: $credit) {
        storeCreditAccountTransaction { id } userErrors { field code message } }
    marked: metafieldsSet(metafields: $marks) { metafields { id } userErrors { field code message } } }";

impl Shop<'_> {
    /// Credits the customer (the shop's id of them), unless the mark says that it was done. `mark` has letters, digits and
    /// dashes.
    pub async fn ensure_store_credit(
        &self,
        customer: &str,
        minor: i64,
        currency: Currency,
        mark: &str,
    ) -> Result<String, AdminError> {
        let id = gid("Customer", customer);
        let found = self.query(FIND, json!({ "id": id, "namespace": NAMESPACE, "key": mark })).await?;
        if let Some(value) = found["customer"]["metafield"]["value"].as_str() {
            return Ok(value.to_owned());
        }
        let amount = json!({ "amount": currency.whole_units(minor).to_string(), "currencyCode": currency.as_str() });
        let note = json!({ "ownerId": id, "namespace": NAMESPACE, "key": mark,
            "type": "single_line_text_field", "value": "credited" });
        let variables = json!({ "id": id, "credit": { "creditAmount": amount }, "marks": [note] });
        let answer = self.answer_to(CREDIT, variables, 2 * MUTATION_COST).await?;
        // Whatever became of the mark: where the credit is there, it is not asked for again.
        if let Some(transaction) = answer.done_before.as_ref().and_then(credited) {
            return Ok(transaction);
        }
        let data = answer.outcome?;
        done(&data["credited"])?;
        credited(&data).ok_or(AdminError::NoAnswer("the answer does not name what was made"))
    }
}

/// The shop's id of the transaction that credited it.
fn credited(data: &Value) -> Option<String> {
    data["credited"]["storeCreditAccountTransaction"]["id"].as_str().map(str::to_owned)
}
