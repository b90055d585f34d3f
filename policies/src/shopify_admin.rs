//! A shop's own API: Shopify's Admin GraphQL, as far as rewards need it.
//!
//! | file | its idea |
//! |---|---|
//! | [`http`] | one call, with TLS |
//! | [`answer`] | what an HTTP answer means: data, or why not and what to do about it |
//! | [`budget`] | how much may be asked of a shop at this moment |
//! | [`token`] | another token in the place of one that ends |
//! | [`discounts`], [`gift_cards`], [`store_credit`] | what is made there, and how it is found again |
//!
//! Whatever changes something in the shop may have been done although nobody answered. So each of these has a way to find
//! out: a code that is looked up, a code that cannot exist twice, a mark that is there before anything is begun.

mod answer;
mod budget;
mod discounts;
mod gift_cards;
mod http;
mod store_credit;
mod token;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use self::{answer::Answer, budget::Budgets, http::Http};

pub use answer::AdminError;
pub use discounts::{Discount, Off};
pub use store_credit::{Given, StoreCredit};
pub use token::{RenewalError, TokenPair};

/// What a query that finds one thing is estimated to cost, in the API's points.
const QUERY_COST: i64 = 5;
/// What a mutation costs.
const MUTATION_COST: i64 = 10;
/// How the shop's domain is said in an address.
const SHOP: &str = "{shop}";
/// Where all addresses of a shop's back office part.
const ADMIN: &str = "/admin/";
/// Where tokens are given out.
const TOKENS: &str = "oauth/access_token";

/// Where the Admin API of a shop is, as a template in which `{shop}` stands for its domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminAddress(String);

impl Default for AdminAddress {
    fn default() -> Self {
        AdminAddress(format!("https://{SHOP}/admin/api/2026-07/graphql.json"))
    }
}

impl AdminAddress {
    /// `None` without a place for the shop: every shop's token would go to the same place. Its path has `/admin/` in it, as the
    /// platform's has: tokens are renewed beside it.
    pub fn parse(template: &str) -> Option<Self> {
        let is_one = template.contains(SHOP)
            && template.contains(ADMIN)
            && (template.starts_with("https://") || template.starts_with("http://"));
        is_one.then(|| AdminAddress(template.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(&self, shop: &str) -> String {
        self.0.replace(SHOP, shop)
    }

    fn tokens_of(&self, shop: &str) -> String {
        let (office, _) = self.0.split_once(ADMIN).expect("parsed with it");
        format!("{office}{ADMIN}{TOKENS}").replace(SHOP, shop)
    }
}

/// The client, for all shops. Cheap to clone.
#[derive(Clone)]
pub struct ShopifyAdmin {
    http: Arc<Http>,
    address: AdminAddress,
    budgets: Arc<Budgets>,
}

/// One shop, and what opens it.
pub struct Shop<'a> {
    admin: &'a ShopifyAdmin,
    domain: &'a str,
    token: &'a str,
}

impl ShopifyAdmin {
    pub fn new(address: AdminAddress) -> Self {
        ShopifyAdmin { http: Arc::default(), address, budgets: Arc::default() }
    }

    pub fn shop<'a>(&'a self, domain: &'a str, token: &'a str) -> Shop<'a> {
        Shop { admin: self, domain, token }
    }
}

impl Shop<'_> {
    async fn query(&self, document: &str, variables: Value) -> Result<Value, AdminError> {
        self.ask(document, variables, QUERY_COST).await
    }

    async fn mutate(&self, document: &str, variables: Value) -> Result<Value, AdminError> {
        self.ask(document, variables, MUTATION_COST).await
    }

    /// The `data` of the answer.
    async fn ask(&self, document: &str, variables: Value, cost: i64) -> Result<Value, AdminError> {
        self.answer_to(document, variables, cost).await?.outcome
    }

    /// The answer whole; an error where there is none.
    async fn answer_to(&self, document: &str, variables: Value, cost: i64) -> Result<Answer, AdminError> {
        let budgets = &self.admin.budgets;
        if let Some(wait) = budgets.wait_for(self.domain, cost, Instant::now()) {
            return Err(AdminError::Throttled { wait });
        }
        let (address, asked) =
            (self.admin.address.of(self.domain), json!({ "query": document, "variables": variables }));
        let reply = self.admin.http.post(&address, Some(self.token), asked.to_string().into_bytes()).await?;
        let answer = answer::read(reply.status, reply.retry_after_seconds, &reply.body);
        if let Some(cost) = answer.cost {
            budgets.note(self.domain, cost, Instant::now());
        }
        Ok(answer)
    }
}

/// `gid://shopify/Customer/207119551`
fn gid(kind: &str, id: &str) -> String {
    format!("gid://shopify/{kind}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_beside_the_api() {
        let address = AdminAddress::default();
        let shop = "demo.myshopify.com";
        assert_eq!(address.of(shop), "https://demo.myshopify.com/admin/api/2026-07/graphql.json");
        assert_eq!(address.tokens_of(shop), "https://demo.myshopify.com/admin/oauth/access_token");
        assert_eq!(AdminAddress::parse("https://demo.myshopify.com/admin/api/2026-07/graphql.json"), None);
        assert_eq!(AdminAddress::parse("https://{shop}/graphql.json"), None);
    }
}
