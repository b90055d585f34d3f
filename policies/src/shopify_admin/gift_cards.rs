//! Gift cards. Their codes are ours, and a code exists once: a card is looked up before it is made, and who makes one a second
//! time is told that it is there.

use aggregates::money::Currency;
use serde_json::json;

use super::{AdminError, Shop, answer::done};

/// By its code. The search looks at other words of a card, too: the note says which is meant.
const FIND: &str = "query($code: String!) { giftCards(first: 5, query: $code) { nodes { id note } } }";
const CREATE: &str = "mutation($input: GiftCardCreateInput!) {
    created: giftCardCreate(input: $input) { giftCard { id } userErrors { field code message } } }";
const DEACTIVATE: &str = "mutation($id: ID!) {
    deactivated: giftCardDeactivate(id: $id) { giftCard { id } userErrors { field code message } } }";

/// What a card is called that is known to be there, but not by its id: the shop's search is a moment behind.
const THERE_ALREADY: &str = "there already";

impl Shop<'_> {
    /// Makes it, or finds it made; gives the shop's id of it. `code` is the redemption's, of which letters and digits count;
    /// the merchant reads the `note`.
    pub async fn ensure_gift_card(
        &self,
        code: &str,
        value_minor: i64,
        currency: Currency,
        note: &str,
    ) -> Result<String, AdminError> {
        if let Some(found) = self.gift_card_with_code(code, note).await? {
            return Ok(found);
        }
        let amount = currency.whole_units(value_minor).to_string();
        let input = json!({ "code": plain(code), "initialValue": amount, "note": note });
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

    /// The shop's id of the card with this code and note.
    pub async fn gift_card_with_code(&self, code: &str, note: &str) -> Result<Option<String>, AdminError> {
        let data = self.query(FIND, json!({ "code": plain(code) })).await?;
        let cards = data["giftCards"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ours = cards.iter().find(|card| card["note"] == note);
        Ok(ours.and_then(|card| card["id"].as_str()).map(str::to_owned))
    }

    /// Nobody can pay with it any more. Doing it again changes nothing.
    pub async fn deactivate_gift_card(&self, id: &str) -> Result<(), AdminError> {
        let data = self.mutate(DEACTIVATE, json!({ "id": id })).await?;
        done(&data["deactivated"])
    }
}

/// As the shop writes codes: from 8 to 20 letters and digits.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
