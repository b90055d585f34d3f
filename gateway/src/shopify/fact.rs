//! What a webhook can state, ready for the domain.

use aggregates::{
    customer::Profile,
    gdpr::{RequestKind, StatedRequest},
    order::{OrderBody, Refund},
    product::{ProductDeleted, ProductStated},
    referral::{AliasCode, ReferralCode},
    time::Timestamp,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An order as it stands; without a customer for guests.
    Order {
        body: OrderBody,
        customer: Option<SeenCustomer>,
        clues: Box<ReferralClues>,
    },
    /// A refund of an order which the body names and does not describe.
    Refund {
        order_id: String,
        refund: Refund,
    },
    /// A profile as the shop has it now.
    Customer {
        customer: SeenCustomer,
    },
    /// The shop deleted a profile.
    CustomerDeleted {
        external_id: String,
    },
    /// Two profiles became one; which one survives is the shop's choice.
    CustomersMerged {
        kept: String,
        deleted: String,
    },
    Product(ProductStated),
    ProductDeleted(ProductDeleted),
    /// Somebody used a right of theirs. `business_key` is equal for repetitions of one request and names people: it is
    /// for hashing, not for storing.
    Privacy {
        kind: RequestKind,
        stated: StatedRequest,
        business_key: String,
    },
    /// The shop removed the app.
    AppUninstalled,
    /// Nothing follows from this body, and why.
    Nothing(&'static str),
}

/// What an order says about who brought its customer. In memory only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferralClues {
    /// Words of the right shape, wherever the body has them.
    pub codes: Vec<ReferralCode>,
    /// Words that may be of links of another programme, wherever those stand; codes of ours may be among them.
    pub old_words: Vec<AliasCode>,
    /// The network it was ordered from.
    pub ip_range: Option<String>,
    /// Where it goes to, or who pays for it.
    pub address: Option<String>,
}

/// A person as a body shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCustomer {
    pub external_id: String,
    pub profile: Profile,
    /// When the shop last changed this profile, where the body tells.
    pub updated_at: Option<Timestamp>,
}
