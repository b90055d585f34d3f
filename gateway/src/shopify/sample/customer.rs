//! Samples of people: `customers/create`, `customers/update`, and the customer inside an order; `customers/merge`.

use std::sync::LazyLock;

use aggregates::time::Timestamp;
use serde_json::{Value, json};

static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../fixtures/customers_update.json")).expect("the committed body is JSON")
});

#[derive(Debug, Clone)]
pub struct CustomerSample {
    pub customer_id: u64,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub updated_at: Timestamp,
}

impl CustomerSample {
    /// Somebody whose e-mail tells them from every other sample.
    pub fn new(customer_id: u64) -> Self {
        CustomerSample {
            customer_id,
            email: Some(format!("shopper-{customer_id}@example.com")),
            phone: None,
            first_name: "Ida".to_owned(),
            last_name: "Probst".to_owned(),
            updated_at: super::order::EXAMPLE_TIME,
        }
    }

    pub fn body(&self) -> String {
        let mut body = self.value();
        body["addresses"] = json!([body["default_address"]]);
        body.to_string()
    }

    /// As an order carries it: without the list of addresses.
    pub(super) fn value(&self) -> Value {
        let mut body = TEMPLATE.clone();
        body["id"] = self.customer_id.into();
        body["admin_graphql_api_id"] = global_id(self.customer_id).into();
        body["email"] = self.email.clone().into();
        body["phone"] = self.phone.clone().into();
        body["first_name"] = self.first_name.clone().into();
        body["last_name"] = self.last_name.clone().into();
        body["updated_at"] = self.updated_at.to_rfc3339().into();
        body["default_address"]["customer_id"] = self.customer_id.into();
        super::order::readdress(&mut body["default_address"], &self.first_name, &self.last_name, &self.phone);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("addresses");
        }
        body
    }
}

/// A merge of two profiles into the one called `kept`.
#[derive(Debug, Clone)]
pub struct MergeSample {
    pub kept: u64,
    pub deleted: u64,
    /// `requested`, `in_progress`, `completed` or `failed`.
    pub status: String,
}

impl MergeSample {
    pub fn completed(kept: u64, deleted: u64) -> Self {
        MergeSample { kept, deleted, status: "completed".to_owned() }
    }

    pub fn body(&self) -> String {
        json!({
            "admin_graphql_api_customer_kept_id": global_id(self.kept),
            "admin_graphql_api_customer_deleted_id": global_id(self.deleted),
            "admin_graphql_api_job_id": null,
            "status": self.status,
            "errors": [],
        })
        .to_string()
    }
}

fn global_id(customer_id: u64) -> String {
    format!("gid://shopify/Customer/{customer_id}")
}
