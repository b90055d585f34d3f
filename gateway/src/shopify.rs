//! Shopify's words in, the domain's facts out. A webhook is headers, a signature and a body; this module proves where it
//! comes from and says what it states. It decides nothing: what follows from a fact is the aggregates' business.
//!
//! Reading has two steps. First the body is taken apart by its shape, borrowing from the bytes and skipping the many
//! fields nobody here asks for. Then each value is turned into a domain type, with the path of the field at hand, so
//! that a body which does not fit is described without repeating anything it says: bodies are personal data.

mod customer;
mod fact;
pub mod headers;
mod list;
mod locate;
mod money;
mod order;
mod privacy;
mod product;
mod refund;
pub mod sample;
mod scalar;
mod shop;
pub mod signature;
#[cfg(test)]
mod tests;
mod topic;
mod unfit;

use aggregates::time::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::error::Category;

pub use fact::{Fact, ReferralClues, SeenCustomer};
pub use order::CODE_PARAMETER;
pub use shop::normalise_shop;
pub use topic::{ProductChange, Topic};
pub use unfit::{Problem, UnfitField, Unreadable};

/// What the body of a webhook states. The signature is checked before this, by [`signature::verify`].
///
/// A topic that states nothing of use gives [`Fact::Nothing`]; its body still has to be JSON. `received_at` dates what
/// an order or a refund does not date itself.
pub fn read(topic: Topic, body: &[u8], received_at: Timestamp) -> Result<Fact, Unreadable> {
    let body = &*crate::nul::replaced_in_json(body);
    let fact = match topic {
        Topic::OrderCreated
        | Topic::OrderPaid
        | Topic::OrderUpdated
        | Topic::OrderCancelled
        | Topic::OrderFulfilled => order::read(&parse(body)?, received_at)?,
        Topic::RefundCreated => refund::read(&parse(body)?, received_at)?,
        Topic::CustomerCreated | Topic::CustomerUpdated => customer::read(&parse(body)?)?,
        Topic::CustomerDeleted => customer::read_deleted(&parse(body)?)?,
        Topic::CustomersMerged => customer::read_merged(&parse(body)?)?,
        Topic::Product(_) => product::read(&parse(body)?)?,
        Topic::ProductDeleted => product::read_deleted(&parse(body)?)?,
        Topic::CustomerDataRequest => privacy::read_data_request(&parse(body)?)?,
        Topic::CustomerRedact => privacy::read_customer_redact(&parse(body)?)?,
        Topic::ShopRedact => privacy::read_shop_redact(&parse(body)?)?,
        Topic::AppUninstalled => parse::<IgnoredAny>(body).map(|_| Fact::AppUninstalled)?,
        Topic::OrderEdited => skim(text_of(body)?).map(|()| Fact::Nothing("an edit alone carries no prices"))?,
        Topic::Unknown => skim(text_of(body)?).map(|()| Fact::Nothing("no rule for this topic"))?,
    };
    Ok(fact)
}

/// Takes a body apart by its shape. Broken JSON is told from sound JSON of another shape, because the sender of the one
/// gets an error and the other is kept.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    let text = text_of(body)?;
    // A list would be taken field by field, in the order in which a shape happens to declare them.
    if !text.trim_ascii_start().starts_with('{') {
        return skim(text).and_then(|()| Err(Problem::NotAnObject.at(locate::WHOLE).into()));
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data if skim(text).is_ok() => {
            Problem::Shape.at(&locate::path_at(text, error.line(), error.column())).into()
        }
        _ => Unreadable::NotJson,
    })
}

fn text_of(body: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)
}

/// Sound JSON of any shape.
fn skim(text: &str) -> Result<(), Unreadable> {
    serde_json::from_str(text).map(|IgnoredAny| ()).map_err(|_| Unreadable::NotJson)
}
