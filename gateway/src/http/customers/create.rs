//! `POST /v1/customers`: a customer whom the merchant states before the shop does.

use aggregates::{
    customer::Birthday,
    mail::{EmailAddress, Language},
};
use axum::{Json, extract::State, http::StatusCode};
use projections::customers::{self, Customers};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CustomerDocument, SHOPIFY, open};
use crate::{
    auth::Caller,
    commands::new_customer::StatedCustomer,
    gateway::Gateway,
    http::{body::JsonBody, campaigns::birthday::BirthdayInput},
    problem::{Code, Problem},
};

/// Characters of a name or a number.
const TEXT_CHARACTERS_MAX: usize = 255;
/// Digits of the shop's id.
const ID_DIGITS_MAX: usize = 20;

/// A customer as they are stated. One of `external_id` and `email` is needed: by these they are known again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// The shop's id of the customer, such as `shopify:207119551`.
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    /// Such as `de` or `pt-BR`.
    #[serde(default)]
    pub locale: Option<String>,
    #[serde(default)]
    pub birthday: Option<BirthdayInput>,
}

impl NewCustomer {
    fn read(self) -> Result<StatedCustomer, Problem> {
        let external_id = self.external_id.as_deref().map(external_id).transpose()?;
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|error| Problem::at("/email", error.to_string()))?;
        if external_id.is_none() && email.is_none() {
            return Err(Problem::at("", "give `external_id` or `email`"));
        }
        let locale = text("/locale", self.locale)?;
        if locale.as_deref().is_some_and(|locale| Language::of_locale(locale).is_none()) {
            return Err(Problem::at("/locale", "does not begin with a language"));
        }
        let birthday = self.birthday.map(|told| Birthday::of(told.month, told.day)).transpose();
        Ok(StatedCustomer {
            external_id,
            email,
            phone: text("/phone", self.phone)?,
            first_name: text("/first_name", self.first_name)?,
            last_name: text("/last_name", self.last_name)?,
            locale,
            birthday: birthday.map_err(|error| Problem::at("/birthday/day", error.to_string()))?,
        })
    }
}

fn external_id(stated: &str) -> Result<String, Problem> {
    let id = stated.strip_prefix(SHOPIFY).unwrap_or(stated).trim();
    let is_one = (1..=ID_DIGITS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| id.to_owned()).ok_or_else(|| Problem::at("/external_id", "is not an id of the shop"))
}

/// On one line; what is empty was not said.
fn text(pointer: &str, stated: Option<String>) -> Result<Option<String>, Problem> {
    let stated = stated.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let is_too_much = |text: &String| text.chars().count() > TEXT_CHARACTERS_MAX || text.contains(char::is_control);
    match stated {
        Some(text) if is_too_much(&text) => Err(Problem::at(pointer, "must have at most 255 characters, on one line")),
        stated => Ok(stated),
    }
}

/// Makes somebody a customer. The same identities always name the same one: 200 with who is there already, as they are; 409 where
/// the two identities belong to different customers. Whatever the shop says of them later is said of this customer.
#[utoipa::path(
    post, path = "/v1/customers", tag = "customers", operation_id = "create_customer", security(("api_key" = [])),
    request_body = NewCustomer,
    responses((status = 200, body = CustomerDocument, description = "There already"),
              (status = 201, body = CustomerDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: new, .. }: JsonBody<NewCustomer>,
) -> Result<(StatusCode, Json<CustomerDocument>), Problem> {
    let stated = new.read()?;
    let done = Box::pin(gateway.create_customer(&caller.request, &stated)).await?;
    gateway.caught_up(Customers::NAME, Some(done.position)).await?;
    let row = customers::find(&gateway.db, caller.merchant(), done.customer).await?;
    let row = row.ok_or_else(|| Problem::of(Code::ReadModelBehind))?;
    let status = if done.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(open(&gateway, &caller, row).await?)))
}
