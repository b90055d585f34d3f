//! Gift cards. Their codes are ours, and a code exists once: who makes a card a second time is told that it is there.

use aggregates::money::Currency;
use serde_json::json;

use super::{AdminError, Shop, answer::done};

const CREATE: &str = "mutation($input: GiftCardCreateInput!) {
    created: giftCardCreate(input: $input) { giftCard { id } userErrors { field code message } } }";

/// What a card is called that is known to be there, but not by its id.
const THERE_ALREADY: &str = "there already";

impl Shop<'_> {
    /// Makes it, or finds it made; gives the shop's id of it. `code` is the redemption's, of which letters and digits count.
    pub async fn ensure_gift_card(
        &self,
        code: &str,
        value_minor: i64,
        currency: Currency,
        note: &str,
    ) -> Result<String, AdminError> {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let amount = currency.whole_units(value_minor).to_string();
        let input = json!({ "code": code, "initialValue": amount, "note": note });
        let data = self.mutate(CREATE, json!({ "input": input })).await?;
        let created = &data["created"];
        match done(created) {
            Ok(()) => created["giftCard"]["id"]
                .as_str()
                .map(str::to_owned)
                .ok_or(AdminError::NoAnswer("the answer does not name what was made")),
            Err(taken) if taken.is_taken() => Ok(THERE_ALREADY.to_owned()),
            Err(refused) => Err(refused),
        }
    }
}
