//! `customers/create`, `update`, `delete` and `merge`, and the customer inside an order.

use aggregates::customer::Profile;
use serde::Deserialize;

use super::{
    fact::{Fact, SeenCustomer},
    list::List,
    scalar::Scalar,
    unfit::{Problem, Required, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CustomerShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    email: Scalar<'a>,
    phone: Scalar<'a>,
    first_name: Scalar<'a>,
    last_name: Scalar<'a>,
    locale: Scalar<'a>,
    updated_at: Scalar<'a>,
}

pub(super) fn read(shape: &CustomerShape<'_>) -> Result<Fact, UnfitField> {
    let customer = shape.seen()?.ok_or(Problem::Missing).at("id")?;
    Ok(Fact::Customer { customer })
}

pub(super) fn read_deleted(shape: &CustomerShape<'_>) -> Result<Fact, UnfitField> {
    Ok(Fact::CustomerDeleted { external_id: shape.id.id().required().at("id")? })
}

impl CustomerShape<'_> {
    /// The person shown; `None` without an id, which is how a guest looks.
    pub fn seen(&self) -> Result<Option<SeenCustomer>, UnfitField> {
        let Some(external_id) = self.id.id().at("id")? else { return Ok(None) };
        let profile = Profile {
            external_id: external_id.clone(),
            email: self.email.text().at("email")?.map(|email| email.to_lowercase()),
            phone: self.phone.owned_text().at("phone")?,
            first_name: self.first_name.owned_text().at("first_name")?,
            last_name: self.last_name.owned_text().at("last_name")?,
            locale: self.locale.owned_text().at("locale")?,
        };
        Ok(Some(SeenCustomer { external_id, profile, updated_at: self.updated_at.time().at("updated_at")? }))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct MergeShape<'a> {
    #[serde(borrow)]
    admin_graphql_api_customer_kept_id: Scalar<'a>,
    admin_graphql_api_customer_deleted_id: Scalar<'a>,
    status: Scalar<'a>,
    errors: List<Scalar<'a>>,
}

/// A merge is announced in each of its states. The words for one that has not happened are few; any other word, and
/// none, stands for success, because a merge that is missed leaves a person's points with a profile that is gone.
pub(super) fn read_merged(shape: &MergeShape<'_>) -> Result<Fact, UnfitField> {
    let status = shape.status.text().at("status")?.map(|status| status.to_ascii_lowercase());
    match status.as_deref() {
        Some("failed" | "failure" | "error" | "errored" | "cancelled" | "canceled") => {
            return Ok(Fact::Nothing("the merge failed"));
        }
        Some("requested" | "pending" | "queued" | "in_progress") => {
            return Ok(Fact::Nothing("the merge is not finished"));
        }
        _ if !shape.errors.is_empty() => return Ok(Fact::Nothing("the merge failed")),
        _ => {}
    }
    let kept = customer_id(shape.admin_graphql_api_customer_kept_id).at("admin_graphql_api_customer_kept_id")?;
    let deleted =
        customer_id(shape.admin_graphql_api_customer_deleted_id).at("admin_graphql_api_customer_deleted_id")?;
    if kept == deleted {
        return Ok(Fact::Nothing("a merge of a customer into itself"));
    }
    Ok(Fact::CustomersMerged { kept, deleted })
}

/// `gid://shopify/Customer/207119551` as `207119551`, the id by which every other webhook names the customer.
fn customer_id(stated: Scalar<'_>) -> Result<String, Problem> {
    let id = stated.id().required()?;
    let number = id.strip_prefix("gid://shopify/Customer/").unwrap_or(&id);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(number.to_owned()) } else { Err(Problem::NotAnId) }
}
