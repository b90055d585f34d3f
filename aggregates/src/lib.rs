//! What may happen, and what then follows. Pure: decisions are functions of a state and a command;
//! time, randomness and identities come in as values. Nothing here can reach a network, a disk or a clock.

pub mod badge;
pub mod books;
pub mod campaign;
pub mod catalogue;
pub mod customer;
pub mod event;
pub mod gdpr;
pub mod id;
pub mod installation;
pub mod mail;
pub mod merchant;
pub mod money;
pub mod order;
pub mod parked;
pub mod points;
pub mod product;
pub mod program;
pub mod referral;
pub mod reward;
pub mod rfm;
pub mod sealed;
pub mod task;
mod text;
pub mod tier;
pub mod time;
pub mod waiting;
pub mod whatif;

use event::{Event, Recorded};

/// The rooms of the journal. A context is the fourth word of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    Merchant,
    Program,
    Customer,
    Points,
    /// Order facts whose owner is not known yet; sharded.
    Waiting,
    /// Webhook bodies that could not be understood; sharded.
    Parked,
    Gdpr,
    /// Product facts; sharded.
    Product,
    /// What concerns every merchant at once.
    Installation,
    /// Periods of the merchant's books.
    Books,
    /// Segments of a shop's buyers; one subject per merchant.
    Rfm,
    /// VIP tiers of a shop's customers; one subject per merchant.
    Tier,
    /// Definitions on one subject per merchant; what customers did for them, sharded.
    Campaign,
    /// One subject for each friend who was brought; clicks are counted on sharded ones.
    Referral,
    /// The task queue; sharded.
    Task,
    /// Rewards of the catalogue; one subject each, of which a merchant has a few hundred at most.
    Reward,
    /// Templates of a merchant, and what became of mails; the latter sharded.
    Mail,
}

impl Context {
    pub const ALL: [Context; 17] = [
        Context::Merchant,
        Context::Program,
        Context::Customer,
        Context::Points,
        Context::Waiting,
        Context::Parked,
        Context::Gdpr,
        Context::Product,
        Context::Installation,
        Context::Books,
        Context::Rfm,
        Context::Tier,
        Context::Campaign,
        Context::Referral,
        Context::Task,
        Context::Reward,
        Context::Mail,
    ];

    /// The word used in subjects, metrics and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Context::Merchant => "merchant",
            Context::Program => "program",
            Context::Customer => "customer",
            Context::Points => "points",
            Context::Waiting => "waiting",
            Context::Parked => "parked",
            Context::Gdpr => "gdpr",
            Context::Product => "product",
            Context::Installation => "installation",
            Context::Books => "books",
            Context::Rfm => "rfm",
            Context::Tier => "tier",
            Context::Campaign => "campaign",
            Context::Referral => "referral",
            Context::Task => "task",
            Context::Reward => "reward",
            Context::Mail => "mail",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.as_str() == word)
    }
}

/// A consistency boundary: its events have one order, and a command sees all of them.
pub trait Aggregate: Default + Clone + Send + Sync + 'static {
    const CONTEXT: Context;
    type Event: Event;
    type Command: Send + Sync;
    /// Why a command was not done. Each variant is something its caller can act on.
    type Refusal: std::error::Error + Clone + Send + Sync + 'static;

    /// What follows from `command` in this state. `Ok(vec![])` says: already so, nothing to write.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes in one event. Never fails: whatever was recorded has happened.
    fn apply(&mut self, event: &Self::Event, at: &Recorded);
}
