//! Customers' store credit and the metafields on customers. Everything happens within one second of the shop's clock: nothing
//! can be told apart by when it was made.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use aggregates::money::Currency;
use serde_json::{Value, json};

const SECOND: &str = "2026-11-23T09:00:00Z";
const CREDIT: &str = "StoreCreditAccountCreditTransaction";
const DEBIT: &str = "StoreCreditAccountDebitTransaction";

#[derive(Debug)]
struct Transaction {
    kind: &'static str,
    id: String,
    minor: i64,
}

#[derive(Debug, Default)]
pub struct Accounts {
    /// By customer and currency; the oldest transaction first.
    transactions: BTreeMap<(String, String), Vec<Transaction>>,
    /// By owner and key.
    metafields: BTreeMap<(String, String), String>,
    made: usize,
}

impl Accounts {
    /// A customer with everything that can be asked of them.
    pub fn customer(&self, variables: &Value) -> Value {
        let text = |name: &str| variables[name].as_str().unwrap_or_default().to_owned();
        let metafield = |key: &str| {
            let value = self.metafields.get(&(text("id"), text(key)));
            value.map(|value| json!({ "value": value, "compareDigest": digest(value) }))
        };
        let of = self.transactions.iter().filter(|((owner, _), _)| *owner == text("id"));
        let nodes: Vec<Value> = of
            .map(|((_, currency), transactions)| {
                let most = variables["newest"].as_u64().unwrap() as usize;
                let newest = transactions.iter().rev().take(most).map(|it| it.shown(currency)).collect::<Vec<_>>();
                json!({ "balance": { "currencyCode": currency }, "transactions": { "nodes": newest } })
            })
            .collect();
        let accounts = json!({ "pageInfo": { "hasNextPage": false }, "nodes": nodes });
        json!({ "mark": metafield("mark"), "slot": metafield("slot"), "storeCreditAccounts": accounts })
    }

    /// All of them or none: each is compared first, where that is asked for.
    pub fn set_metafields(&mut self, marks: &Value) -> Value {
        let marks = marks.as_array().unwrap();
        let place = |mark: &Value| {
            let text = |name: &str| mark[name].as_str().unwrap_or_default().to_owned();
            (text("ownerId"), text("key"))
        };
        let is_stale = |mark: &&Value| {
            let found = self.metafields.get(&place(mark)).map(|value| digest(value));
            mark.get("compareDigest").is_some_and(|wanted| wanted.as_str() != found.as_deref())
        };
        if marks.iter().any(|mark| is_stale(&mark)) {
            let stale = json!([{ "field": ["metafields"], "code": "STALE_OBJECT", "message": "modified since" }]);
            return json!({ "marked": { "metafields": null, "userErrors": stale } });
        }
        let written = marks.iter().map(|mark| {
            let value = mark["value"].as_str().unwrap_or_default().to_owned();
            let written = json!({ "compareDigest": digest(&value) });
            self.metafields.insert(place(mark), value);
            written
        });
        let written: Vec<Value> = written.collect();
        json!({ "marked": { "metafields": written, "userErrors": [] } })
    }

    pub fn credit(&mut self, variables: &Value) -> Value {
        self.moved(CREDIT, &variables["id"], &variables["credit"]["creditAmount"])
    }

    pub fn debit(&mut self, variables: &Value) -> Value {
        let amount = &variables["debit"]["debitAmount"];
        let (customer, currency) = (variables["id"].as_str().unwrap(), amount["currencyCode"].as_str().unwrap());
        if self.balance(customer, currency) < minor_of(amount) {
            let spent = json!([{ "field": ["debitInput"], "code": "INSUFFICIENT_FUNDS", "message": "too little" }]);
            return json!({ "moved": { "storeCreditAccountTransaction": null, "userErrors": spent } });
        }
        self.moved(DEBIT, &variables["id"], amount)
    }

    /// In minor units.
    pub fn balance(&self, customer: &str, currency: &str) -> i64 {
        let transactions = self.transactions.get(&(customer.to_owned(), currency.to_owned()));
        transactions.into_iter().flatten().map(|transaction| transaction.minor).sum()
    }

    /// How often something was taken, of whomever.
    pub fn debits(&self) -> usize {
        self.transactions.values().flatten().filter(|transaction| transaction.kind == DEBIT).count()
    }

    fn moved(&mut self, kind: &'static str, customer: &Value, amount: &Value) -> Value {
        self.made += 1;
        let id = format!("gid://shopify/{kind}/{}", self.made);
        let sign = if kind == DEBIT { -1 } else { 1 };
        let account = (customer.as_str().unwrap().to_owned(), amount["currencyCode"].as_str().unwrap().to_owned());
        let transaction = Transaction { kind, id: id.clone(), minor: sign * minor_of(amount) };
        self.transactions.entry(account).or_default().push(transaction);
        json!({ "moved": { "storeCreditAccountTransaction": { "id": id }, "userErrors": [] } })
    }
}

impl Transaction {
    fn shown(&self, currency: &str) -> Value {
        let whole = Currency::parse(currency).unwrap().whole_units(self.minor).normalize().to_string();
        json!({ "__typename": self.kind, "id": self.id, "createdAt": SECOND, "amount": { "amount": whole } })
    }
}

fn minor_of(amount: &Value) -> i64 {
    let currency = Currency::parse(amount["currencyCode"].as_str().unwrap()).unwrap();
    currency.minor_units(amount["amount"].as_str().unwrap()).unwrap()
}

/// Of a metafield's value.
fn digest(value: &str) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
