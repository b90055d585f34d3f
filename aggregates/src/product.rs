//! Products as the shop states them. Recorded from the first day on, so that rules by product can look back later.

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    time::Timestamp,
};

/// Product facts are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;

events! {
    /// What happened to products.
    ProductEvent {
        Stated(ProductStated) = "product.stated" v 1;
        Deleted(ProductDeleted) = "product.deleted" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductStated {
    pub product_id: String,
    pub title: String,
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tags: Vec<String>,
    pub status: Option<String>,
    pub updated_at: Option<Timestamp>,
    pub variants: Vec<ProductVariant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductVariant {
    pub variant_id: String,
    pub sku: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDeleted {
    pub product_id: String,
}

#[derive(Debug, Clone)]
pub enum ProductCommand {
    State(ProductStated),
    Delete(ProductDeleted),
}

/// A shard remembers the newest fact of each product, so that repetition is recognised.
#[derive(Debug, Clone, Default)]
pub struct ProductShard {
    newest: std::collections::HashMap<String, (ProductCommandKind, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProductCommandKind {
    Stated(Option<Timestamp>),
    Deleted,
}

impl ProductCommand {
    fn kind(&self) -> (&str, ProductCommandKind) {
        match self {
            ProductCommand::State(stated) => (&stated.product_id, ProductCommandKind::Stated(stated.updated_at)),
            ProductCommand::Delete(deleted) => (&deleted.product_id, ProductCommandKind::Deleted),
        }
    }
}

impl ProductShard {
    /// Where the same statement about the product was recorded.
    pub fn position_of(&self, command: &ProductCommand) -> Option<u64> {
        let (product, kind) = command.kind();
        self.newest.get(product).filter(|(known, _)| *known == kind).map(|(_, position)| *position)
    }
}

impl Aggregate for ProductShard {
    const CONTEXT: Context = Context::Product;
    type Event = ProductEvent;
    type Command = ProductCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &ProductCommand) -> Result<Vec<ProductEvent>, std::convert::Infallible> {
        let dated = !matches!(command.kind().1, ProductCommandKind::Stated(None));
        Ok(match command {
            command if dated && self.position_of(command).is_some() => Vec::new(),
            ProductCommand::State(stated) => vec![ProductEvent::Stated(stated.clone())],
            ProductCommand::Delete(deleted) => vec![ProductEvent::Deleted(deleted.clone())],
        })
    }

    fn apply(&mut self, event: &ProductEvent, recorded: &Recorded) {
        let (product, kind) = match event {
            ProductEvent::Stated(event) => (&event.product_id, ProductCommandKind::Stated(event.updated_at)),
            ProductEvent::Deleted(event) => (&event.product_id, ProductCommandKind::Deleted),
        };
        self.newest.insert(product.clone(), (kind, recorded.position));
    }
}
