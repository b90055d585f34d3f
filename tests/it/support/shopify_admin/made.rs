//! What a shop has made: codes that exist once, cards, and what moved on accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::accounts::Accounts;

/// What every product costs.
pub const PRICE: &str = "19.9";

#[derive(Debug, Default)]
pub struct Made {
    /// By code.
    pub discounts: BTreeMap<String, Value>,
    pub gift_cards: BTreeMap<String, Value>,
    pub credits: Vec<Value>,
    pub accounts: Accounts,
}

impl Made {
    pub fn found(&self, document: &str, variables: &Value) -> Value {
        let text = |name: &str| text(&variables[name]);
        if document.contains("codeDiscountNodeByCode") {
            let discount = self.discounts.get(&text("code"));
            return json!({ "codeDiscountNodeByCode": discount.map(|discount| json!({ "id": discount["id"] })) });
        }
        if document.contains("giftCards") {
            let found = self.gift_cards.get(&text("code"));
            let nodes = found.map(|card| json!({ "id": card["id"], "note": card["note"] }));
            return json!({ "giftCards": { "nodes": nodes.into_iter().collect::<Vec<_>>() } });
        }
        if document.contains("product(") {
            return json!({ "product": { "priceRangeV2": { "maxVariantPrice": { "amount": PRICE } } } });
        }
        json!({ "customer": self.accounts.customer(variables) })
    }

    pub fn change(&mut self, document: &str, variables: &Value) -> Value {
        let input = &variables["input"];
        if document.contains("discountCodeDeactivate") {
            end(&mut self.discounts, &variables["id"], "EXPIRED");
            return json!({ "deactivated": { "codeDiscountNode": { "id": variables["id"] }, "userErrors": [] } });
        }
        if document.contains("giftCardDeactivate") {
            end(&mut self.gift_cards, &variables["id"], "DISABLED");
            return json!({ "deactivated": { "giftCard": { "id": variables["id"] }, "userErrors": [] } });
        }
        if document.contains("storeCreditAccountCredit") {
            self.credits.push(json!({ "customer": variables["id"], "credit": variables["credit"] }));
            return self.accounts.credit(variables);
        }
        if document.contains("storeCreditAccountDebit") {
            return self.accounts.debit(variables);
        }
        if document.contains("metafieldsSet") {
            return self.accounts.set_metafields(&variables["marks"]);
        }
        let is_card = document.contains("giftCardCreate");
        let (made, kind) = match is_card {
            true => (&mut self.gift_cards, "GiftCard"),
            false => (&mut self.discounts, "DiscountCodeNode"),
        };
        let code = text(&input["code"]);
        if made.contains_key(&code) {
            let taken = json!([{ "field": ["code"], "code": "TAKEN", "message": "Code must be unique" }]);
            return json!({ "created": { "userErrors": taken } });
        }
        let id = format!("gid://shopify/{kind}/{}", made.len() + 1);
        let mut thing = input.clone();
        (thing["id"], thing["status"]) = (json!(id), json!("ACTIVE"));
        made.insert(code, thing);
        let node = if is_card { "giftCard" } else { "codeDiscountNode" };
        json!({ "created": { node: { "id": id }, "userErrors": [] } })
    }
}

fn end(made: &mut BTreeMap<String, Value>, id: &Value, status: &str) {
    made.values_mut().filter(|thing| thing["id"] == *id).for_each(|thing| thing["status"] = json!(status));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
