//! The three topics every app has to take in: somebody wants their data, somebody wants to be forgotten, a shop wants
//! to be forgotten.

use aggregates::gdpr::{RequestKind, StatedRequest};
use serde::Deserialize;

use super::{
    fact::Fact,
    list::List,
    scalar::Scalar,
    topic::Topic,
    unfit::{Problem, Required, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PrivacyShape<'a> {
    #[serde(borrow)]
    shop_id: Scalar<'a>,
    customer: Option<PersonShape<'a>>,
    orders_requested: List<Scalar<'a>>,
    orders_to_redact: List<Scalar<'a>>,
    data_request: Option<DataRequestShape<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PersonShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    email: Scalar<'a>,
    phone: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DataRequestShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
}

pub(super) fn read_data_request(shape: &PrivacyShape<'_>) -> Result<Fact, UnfitField> {
    let stated = shape.stated("orders_requested", &shape.orders_requested)?;
    let number = shape.data_request.as_ref().map_or(Ok(None), |request| request.id.id().at("data_request.id"))?;
    let business_key = match number {
        Some(number) => format!("{} {number}", Topic::CustomerDataRequest.as_str()),
        None => key_of(Topic::CustomerDataRequest, &stated),
    };
    Ok(Fact::Privacy { kind: RequestKind::DataRequest, stated, business_key })
}

pub(super) fn read_customer_redact(shape: &PrivacyShape<'_>) -> Result<Fact, UnfitField> {
    let stated = shape.stated("orders_to_redact", &shape.orders_to_redact)?;
    let business_key = key_of(Topic::CustomerRedact, &stated);
    Ok(Fact::Privacy { kind: RequestKind::CustomerRedact, stated, business_key })
}

pub(super) fn read_shop_redact(shape: &PrivacyShape<'_>) -> Result<Fact, UnfitField> {
    let shop = shape.shop_id.id().required().at("shop_id")?;
    let stated = StatedRequest { external_customer_id: None, email: None, phone: None, orders: Vec::new() };
    let business_key = format!("{} {shop}", Topic::ShopRedact.as_str());
    Ok(Fact::Privacy { kind: RequestKind::ShopRedact, stated, business_key })
}

impl PrivacyShape<'_> {
    /// Who it is about. The body may name a person by e-mail or phone alone, but it has to name one.
    fn stated(&self, name: &str, orders: &List<Scalar<'_>>) -> Result<StatedRequest, UnfitField> {
        let person = self.customer.as_ref().ok_or(Problem::Missing).at("customer")?;
        let stated = StatedRequest {
            external_customer_id: person.id.id().at("customer.id")?,
            email: person.email.text().at("customer.email")?.map(|email| email.to_lowercase()),
            phone: person.phone.owned_text().at("customer.phone")?,
            orders: orders_named(name, orders)?,
        };
        let is_somebody = stated.external_customer_id.is_some() || stated.email.is_some() || stated.phone.is_some();
        if is_somebody { Ok(stated) } else { Err(Problem::Missing).at("customer") }
    }
}

fn orders_named(name: &str, orders: &List<Scalar<'_>>) -> Result<Vec<String>, UnfitField> {
    orders.at_most(super::list::ELEMENTS_MAX).at(name)?;
    orders.iter().enumerate().map(|(index, id)| id.id().required().at_element(name, index)).collect()
}

/// The same for every delivery of one request, in whatever order it lists the orders. Words are set apart by their
/// lengths, so that no two requests share a key.
fn key_of(topic: Topic, stated: &StatedRequest) -> String {
    let mut orders: Vec<&str> = stated.orders.iter().map(String::as_str).collect();
    orders.sort_unstable();
    orders.dedup();
    let person = stated.external_customer_id.as_deref().or(stated.email.as_deref()).or(stated.phone.as_deref());
    let words = person.into_iter().chain(orders);
    words.fold(topic.as_str().to_owned(), |key, word| format!("{key} {}:{word}", word.len()))
}
