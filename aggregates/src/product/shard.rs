//! Some of a merchant's products: what was said of them, so that repetition is recognised and the past can be asked.

use std::{collections::HashMap, convert::Infallible};

use super::{CollectionsStated, ProductDeleted, ProductEvent, ProductFacts, ProductStated, facts::History};
use crate::{Aggregate, Context, event::Recorded, time::Timestamp};

#[derive(Debug, Clone)]
pub enum ProductCommand {
    State(ProductStated),
    Delete(ProductDeleted),
    StateCollections(CollectionsStated),
}

#[derive(Debug, Clone, Default)]
pub struct ProductShard {
    newest: HashMap<String, (ProductCommandKind, u64)>,
    histories: HashMap<String, History>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProductCommandKind {
    Stated(Option<Timestamp>),
    Deleted,
}

impl ProductShard {
    /// Where the same statement about the product was recorded.
    pub fn position_of(&self, command: &ProductCommand) -> Option<u64> {
        let (product, kind) = match command {
            ProductCommand::State(stated) => (&stated.product_id, ProductCommandKind::Stated(stated.updated_at)),
            ProductCommand::Delete(deleted) => (&deleted.product_id, ProductCommandKind::Deleted),
            ProductCommand::StateCollections(_) => return None,
        };
        self.newest.get(product).filter(|(known, _)| *known == kind).map(|(_, position)| *position)
    }

    /// How a product was at an instant, as far as it was ever stated; a deleted one as it was before.
    pub fn product_at(&self, product_id: &str, instant: Timestamp) -> Option<ProductFacts> {
        self.histories.get(product_id)?.at(instant)
    }
}

impl Aggregate for ProductShard {
    const CONTEXT: Context = Context::Product;
    type Event = ProductEvent;
    type Command = ProductCommand;
    type Refusal = Infallible;

    fn decide(&self, command: &ProductCommand) -> Result<Vec<ProductEvent>, Infallible> {
        Ok(match command {
            ProductCommand::State(stated) if stated.updated_at.is_some() && self.position_of(command).is_some() => {
                Vec::new()
            }
            ProductCommand::State(stated) => vec![ProductEvent::Stated(stated.clone())],
            ProductCommand::Delete(_) if self.position_of(command).is_some() => Vec::new(),
            ProductCommand::Delete(deleted) => vec![ProductEvent::Deleted(deleted.clone())],
            ProductCommand::StateCollections(stated) => {
                let history = self.histories.get(&stated.product_id);
                let known = history.and_then(|history| history.collections_from(stated.from));
                match known == Some(&stated.collections) {
                    true => Vec::new(),
                    false => vec![ProductEvent::CollectionsStated(stated.clone())],
                }
            }
        })
    }

    fn apply(&mut self, event: &ProductEvent, recorded: &Recorded) {
        match event {
            ProductEvent::Stated(event) => {
                let kind = ProductCommandKind::Stated(event.updated_at);
                self.newest.insert(event.product_id.clone(), (kind, recorded.position));
                self.histories.entry(event.product_id.clone()).or_default().state(event, recorded.at);
            }
            ProductEvent::Deleted(event) => {
                self.newest.insert(event.product_id.clone(), (ProductCommandKind::Deleted, recorded.position));
            }
            ProductEvent::CollectionsStated(event) => {
                self.histories.entry(event.product_id.clone()).or_default().put_into(event);
            }
        }
    }
}
