//! Discount codes. A code exists once in a shop, so that making it is safe to repeat: it is looked up first, and one that was
//! made meanwhile is found because the second cannot be made.

use aggregates::{money::Currency, time::Timestamp};
use serde_json::{Value, json};

use super::{AdminError, Shop, answer::done, gid};

const FIND: &str = "query($code: String!) { codeDiscountNodeByCode(code: $code) { id } }";
const CREATE_BASIC: &str = "mutation($input: DiscountCodeBasicInput!) {
    created: discountCodeBasicCreate(basicCodeDiscount: $input) {
        codeDiscountNode { id } userErrors { field code message } } }";
const CREATE_FREE_SHIPPING: &str = "mutation($input: DiscountCodeFreeShippingInput!) {
    created: discountCodeFreeShippingCreate(freeShippingCodeDiscount: $input) {
        codeDiscountNode { id } userErrors { field code message } } }";
/// Of its dearest variant, in the shop's currency.
const PRICE: &str = "query($id: ID!) { product(id: $id) { priceRangeV2 { maxVariantPrice { amount } } } }";
const DEACTIVATE: &str = "mutation($id: ID!) {
    deactivated: discountCodeDeactivate(id: $id) { codeDiscountNode { id } userErrors { field code message } } }";

/// A code for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount<'a> {
    /// What the merchant reads in their list.
    pub title: &'a str,
    pub code: &'a str,
    pub off: Off<'a>,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off<'a> {
    Amount {
        minor: i64,
        currency: Currency,
        minimum_minor: i64,
    },
    Percent(u8),
    Shipping,
    /// One piece of this product: its price, as the shop writes it, off pieces of it. The API's own discount on a quantity is
    /// only for codes that name what else must be bought, and hundredths off a product would be off every piece in the cart.
    Product {
        id: &'a str,
        price: &'a str,
    },
}

impl Shop<'_> {
    /// The shop's id of the discount with this code.
    pub async fn discount_with_code(&self, code: &str) -> Result<Option<String>, AdminError> {
        let data = self.query(FIND, json!({ "code": code })).await?;
        Ok(data["codeDiscountNodeByCode"]["id"].as_str().map(str::to_owned))
    }

    /// What one piece of a product costs at most, as the shop writes it.
    ///
    /// # Errors
    /// [`AdminError::Refused`] if the shop has no such product, or gives it away.
    pub async fn price_of(&self, product: &str) -> Result<String, AdminError> {
        let data = self.query(PRICE, json!({ "id": gid("Product", product) })).await?;
        let price = data["product"]["priceRangeV2"]["maxVariantPrice"]["amount"].as_str();
        let costs = price.filter(|price| price.bytes().any(|digit| (b'1'..=b'9').contains(&digit)));
        costs.map(str::to_owned).ok_or_else(|| AdminError::Refused(vec!["PRODUCT_WITHOUT_PRICE".to_owned()]))
    }

    /// Makes it, or finds it made; gives the shop's id of it.
    pub async fn ensure_discount(&self, discount: &Discount<'_>) -> Result<String, AdminError> {
        if let Some(found) = self.discount_with_code(discount.code).await? {
            return Ok(found);
        }
        let (document, input) = discount.input();
        let data = self.mutate(document, json!({ "input": input })).await?;
        let created = &data["created"];
        match done(created) {
            Ok(()) => created["codeDiscountNode"]["id"]
                .as_str()
                .map(str::to_owned)
                .ok_or(AdminError::NoAnswer("the answer does not name what was made")),
            Err(taken) if taken.is_taken() => self.discount_with_code(discount.code).await?.ok_or(taken),
            Err(refused) => Err(refused),
        }
    }

    /// Nobody can use the code any more. Doing it again changes nothing.
    pub async fn deactivate_discount(&self, id: &str) -> Result<(), AdminError> {
        let data = self.mutate(DEACTIVATE, json!({ "id": id })).await?;
        done(&data["deactivated"])
    }
}

impl Discount<'_> {
    /// The mutation that makes it, and what that is told.
    fn input(&self) -> (&'static str, Value) {
        let mut input = json!({
            "title": self.title,
            "code": self.code,
            "context": { "all": "ALL" },
            "startsAt": self.starts_at.to_rfc3339(),
            "endsAt": self.ends_at.map(Timestamp::to_rfc3339),
            "usageLimit": 1,
            "appliesOncePerCustomer": true,
        });
        match self.off {
            Off::Amount { minor, currency, minimum_minor } => {
                let amount = currency.whole_units(minor).to_string();
                let value = json!({ "discountAmount": { "amount": amount, "appliesOnEachItem": false } });
                input["customerGets"] = json!({ "items": { "all": true }, "value": value });
                if minimum_minor > 0 {
                    let least = currency.whole_units(minimum_minor).to_string();
                    input["minimumRequirement"] = json!({ "subtotal": { "greaterThanOrEqualToSubtotal": least } });
                }
                (CREATE_BASIC, input)
            }
            Off::Percent(percent) => {
                let value = json!({ "percentage": hundredths(percent) });
                input["customerGets"] = json!({ "items": { "all": true }, "value": value });
                (CREATE_BASIC, input)
            }
            Off::Shipping => {
                input["destination"] = json!({ "all": true });
                (CREATE_FREE_SHIPPING, input)
            }
            Off::Product { id, price } => {
                let products = json!({ "products": { "productsToAdd": [gid("Product", id)] } });
                let value = json!({ "discountAmount": { "amount": price, "appliesOnEachItem": false } });
                input["customerGets"] = json!({ "items": products, "value": value });
                (CREATE_BASIC, input)
            }
        }
    }
}

/// `15` as the number `0.15`, exactly.
fn hundredths(percent: u8) -> Value {
    let text = format!("{}.{:02}", percent / 100, percent % 100);
    serde_json::from_str(&text).expect("digits around a point are a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(off: Off<'_>) -> Value {
        let (title, code, starts_at) = ("LoyalNest", "LN-1", Timestamp(0));
        Discount { title, code, off, starts_at, ends_at: Some(Timestamp(86_400_000_000)) }.input().1
    }

    #[test]
    fn amounts_and_shares_are_written_as_the_shop_reads_them() {
        let yen = Currency::parse("JPY").unwrap();
        let euro = Currency::parse("EUR").unwrap();
        let amount = |minor, currency| {
            let input = input(Off::Amount { minor, currency, minimum_minor: 2_050 });
            let value = &input["customerGets"]["value"]["discountAmount"]["amount"];
            let least = &input["minimumRequirement"]["subtotal"]["greaterThanOrEqualToSubtotal"];
            [value, least].map(|text| text.as_str().unwrap().to_owned())
        };
        assert_eq!(amount(1_005, euro), ["10.05", "20.50"]);
        assert_eq!(amount(500, yen), ["500", "2050"]);
        let percentage = |percent| input(Off::Percent(percent))["customerGets"]["value"]["percentage"].to_string();
        assert_eq!([1, 15, 100].map(percentage), ["0.01", "0.15", "1.0"]);
    }

    #[test]
    fn a_code_is_for_one_order_and_ends_when_it_should() {
        let input = input(Off::Shipping);
        assert_eq!((&input["usageLimit"], &input["appliesOncePerCustomer"]), (&json!(1), &json!(true)));
        assert_eq!(input["endsAt"], "1970-01-02T00:00:00Z");
    }

    #[test]
    fn a_free_piece_is_its_price_off_and_no_more() {
        let gets = &input(Off::Product { id: "7", price: "19.90" })["customerGets"];
        assert_eq!(gets["items"]["products"]["productsToAdd"], json!(["gid://shopify/Product/7"]));
        assert_eq!(gets["value"]["discountAmount"], json!({ "amount": "19.90", "appliesOnEachItem": false }));
    }
}
