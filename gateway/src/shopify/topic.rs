//! What a webhook is about.

/// The topics that mean something here. Everything else is [`Topic::Unknown`]: accepted and ignored, because shops
/// subscribe apps to more than they need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    OrderCreated,
    OrderPaid,
    OrderUpdated,
    OrderCancelled,
    OrderFulfilled,
    OrderEdited,
    RefundCreated,
    CustomerCreated,
    CustomerUpdated,
    CustomerDeleted,
    CustomersMerged,
    Product(ProductChange),
    ProductDeleted,
    CustomerDataRequest,
    CustomerRedact,
    ShopRedact,
    AppUninstalled,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductChange {
    Created,
    Updated,
}

impl Topic {
    /// Every topic that has a name of its own.
    pub const NAMED: [Topic; 18] = [
        Topic::OrderCreated,
        Topic::OrderPaid,
        Topic::OrderUpdated,
        Topic::OrderCancelled,
        Topic::OrderFulfilled,
        Topic::OrderEdited,
        Topic::RefundCreated,
        Topic::CustomerCreated,
        Topic::CustomerUpdated,
        Topic::CustomerDeleted,
        Topic::CustomersMerged,
        Topic::Product(ProductChange::Created),
        Topic::Product(ProductChange::Updated),
        Topic::ProductDeleted,
        Topic::CustomerDataRequest,
        Topic::CustomerRedact,
        Topic::ShopRedact,
        Topic::AppUninstalled,
    ];

    /// Reads `orders/create`, and `ORDERS_CREATE` as the GraphQL API writes it.
    pub fn parse(name: &str) -> Self {
        let name = name.trim();
        Self::NAMED.into_iter().find(|topic| is_same_name(topic.as_str(), name)).unwrap_or(Topic::Unknown)
    }

    /// The name in headers and paths; `unknown` for one that is not known.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::OrderCreated => "orders/create",
            Topic::OrderPaid => "orders/paid",
            Topic::OrderUpdated => "orders/updated",
            Topic::OrderCancelled => "orders/cancelled",
            Topic::OrderFulfilled => "orders/fulfilled",
            Topic::OrderEdited => "orders/edited",
            Topic::RefundCreated => "refunds/create",
            Topic::CustomerCreated => "customers/create",
            Topic::CustomerUpdated => "customers/update",
            Topic::CustomerDeleted => "customers/delete",
            Topic::CustomersMerged => "customers/merge",
            Topic::Product(ProductChange::Created) => "products/create",
            Topic::Product(ProductChange::Updated) => "products/update",
            Topic::ProductDeleted => "products/delete",
            Topic::CustomerDataRequest => "customers/data_request",
            Topic::CustomerRedact => "customers/redact",
            Topic::ShopRedact => "shop/redact",
            Topic::AppUninstalled => "app/uninstalled",
            Topic::Unknown => "unknown",
        }
    }
}

/// Both spellings differ in case and in what stands between the words.
fn is_same_name(known: &str, name: &str) -> bool {
    let plain = |byte: u8| if byte == b'/' { b'_' } else { byte.to_ascii_lowercase() };
    known.bytes().map(plain).eq(name.bytes().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_known_by_both_of_their_spellings() {
        for topic in Topic::NAMED {
            assert_eq!(Topic::parse(topic.as_str()), topic);
            assert_eq!(Topic::parse(&topic.as_str().to_uppercase().replace('/', "_")), topic);
        }
        assert_eq!(Topic::parse(" Orders/Create "), Topic::OrderCreated);
        for other in ["", "orders", "orders/create/", "carts/update", "unknown"] {
            assert_eq!(Topic::parse(other), Topic::Unknown);
        }
    }
}
