//! Sales made at tills, told later: a till that was offline sends what it has, in any order and as often as it likes. A sale
//! becomes an order like any other, under a name that only tills use; a return becomes that order's refund.

mod batch;
mod card;

use aggregates::{
    customer::Profile,
    id::{CustomerId, MerchantId},
    money::Currency,
    order::{Item, OrderBody, OrderLine, Refund, RefundLine},
    points::OrderFact,
    time::Timestamp,
};
use vault::{DirectoryKind, IndexKind, OrderOwner, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{gateway::Gateway, shopify::SeenCustomer};

pub use batch::PosLine;
pub use card::CardRefused;

/// Which sale of which till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleId {
    pub terminal: String,
    pub sale: String,
}

/// How a till names a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PosCustomer {
    /// The shop's id.
    ExternalId(String),
    Email(String),
    Phone(String),
    Card(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosItem {
    pub item: Item,
    /// Place of the line within the sale that it belongs to.
    pub line: u32,
    pub quantity: u32,
    /// After discounts; minor units.
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// What a till did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosSale {
    pub id: SaleId,
    pub at: Timestamp,
    pub currency: Currency,
    pub taxes_included: bool,
    pub items: Vec<PosItem>,
    pub kind: PosKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PosKind {
    Sale { customer: Option<PosCustomer>, discount_codes: Vec<String> },
    Return { of: SaleId },
}

/// What became of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosOutcome {
    Done(Done),
    Rejected(PosRejection),
}

/// Why a sale was not taken. It is not tried again by itself: somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosRejection {
    /// A value is not allowed.
    Invalid,
    /// Another sale has this id.
    SaleDiffers,
    /// Several customers have this address or number.
    AmbiguousCustomer,
    UnknownCard,
    /// Larger than any rule may pay for.
    TooLarge,
}

impl PosRejection {
    pub const fn as_str(self) -> &'static str {
        match self {
            PosRejection::Invalid => "invalid",
            PosRejection::SaleDiffers => "sale_differs",
            PosRejection::AmbiguousCustomer => "ambiguous_customer",
            PosRejection::UnknownCard => "unknown_card",
            PosRejection::TooLarge => "too_large",
        }
    }
}

/// Whom a till means.
enum Buyer {
    Seen(Box<SeenCustomer>),
    Known(CustomerId),
    /// Nobody, or somebody who is not a customer yet: the sale waits for one.
    Guest,
    Rejected(PosRejection),
}

impl SaleId {
    /// The name of the order. No shop's order id has a colon in it.
    fn order_id(&self) -> String {
        format!("pos:{}:{}", self.terminal, self.sale)
    }
}

impl Gateway {
    /// Takes one sale or return in, exactly once. Repeating it is always safe.
    pub async fn record_pos_sale(&self, request: &Request, sale: &PosSale) -> Result<PosOutcome, CommandError> {
        let done = match &sale.kind {
            PosKind::Return { of } => self.record_refund(request, &of.order_id(), &sale.refund(of)).await,
            PosKind::Sale { customer, discount_codes } => {
                let body = sale.body(discount_codes);
                if self.is_another_sale(request.merchant, &body).await? {
                    return Ok(PosOutcome::Rejected(PosRejection::SaleDiffers));
                }
                match self.pos_buyer(request.merchant, customer.as_ref()).await? {
                    Buyer::Rejected(rejection) => return Ok(PosOutcome::Rejected(rejection)),
                    Buyer::Guest => self.record_order(request, &body, None).await,
                    Buyer::Seen(seen) => self.record_order(request, &body, Some(&seen)).await,
                    Buyer::Known(person) => self.record_order_of(request, &body, person).await,
                }
            }
        };
        match done {
            Err(CommandError::Points(aggregates::points::PointsRefusal::AwardTooLarge) | CommandError::TooLarge) => {
                Ok(PosOutcome::Rejected(PosRejection::TooLarge))
            }
            done => Ok(PosOutcome::Done(done?)),
        }
    }

    async fn pos_buyer(&self, merchant: MerchantId, customer: Option<&PosCustomer>) -> Result<Buyer, CommandError> {
        let (kind, value) = match customer {
            None => return Ok(Buyer::Guest),
            Some(PosCustomer::ExternalId(id)) => {
                let profile = Profile { external_id: id.clone(), ..Profile::default() };
                let seen = SeenCustomer { external_id: id.clone(), profile, updated_at: None };
                return Ok(Buyer::Seen(Box::new(seen)));
            }
            Some(PosCustomer::Card(code)) => {
                return match self.vault.find(merchant, DirectoryKind::LoyaltyCard, &card::plain(code)).await {
                    Ok(Some(person)) => Ok(Buyer::Known(CustomerId(person))),
                    Ok(None) | Err(VaultError::Destroyed { .. }) => Ok(Buyer::Rejected(PosRejection::UnknownCard)),
                    Err(error) => Err(error.into()),
                };
            }
            Some(PosCustomer::Email(email)) => (IndexKind::Email, email),
            Some(PosCustomer::Phone(phone)) => (IndexKind::Phone, phone),
        };
        let mut people = Vec::new();
        for person in self.vault.search(merchant, kind, value).await? {
            let survivor = self.survivor(merchant, person).await?;
            if !people.contains(&survivor) {
                people.push(survivor);
            }
        }
        Ok(match people[..] {
            [] => Buyer::Guest,
            [person] => Buyer::Known(person),
            _ => Buyer::Rejected(PosRejection::AmbiguousCustomer),
        })
    }

    /// Whether an order of this name is known that says something else. A till that gives two sales one id has lost count, and
    /// neither may take the other's place.
    async fn is_another_sale(&self, merchant: MerchantId, body: &OrderBody) -> Result<bool, CommandError> {
        let owner = match self.vault.order_owner(merchant, &body.order_id).await? {
            Some(OrderOwner::Account { account, .. }) => account,
            Some(OrderOwner::Waiting) => {
                let facts = self.waiting_facts(merchant, &body.order_id).await?;
                let differs = |fact: &OrderFact| matches!(fact, OrderFact::Body { body: known, .. } if known != body);
                return Ok(facts.iter().any(|waiting| differs(&waiting.fact)));
            }
            Some(OrderOwner::Erased { .. }) | None => return Ok(false),
        };
        match self.knows_order_otherwise(merchant, owner, body).await {
            Err(CommandError::CustomerErased) => Ok(false),
            known => known,
        }
    }
}

impl PosSale {
    fn body(&self, discount_codes: &[String]) -> OrderBody {
        OrderBody {
            order_id: self.id.order_id(),
            name: self.id.sale.clone(),
            currency: self.currency,
            processed_at: self.at,
            updated_at: self.at,
            cancelled_at: None,
            voided: false,
            test: false,
            taxes_included: self.taxes_included,
            subtotal_minor: self.items.iter().map(|item| item.net_minor).sum(),
            shipping_minor: 0,
            lines: self.items.iter().map(|item| item.ordered(&self.id)).collect(),
            discount_codes: discount_codes.iter().map(|code| code.to_uppercase()).collect(),
            refunds: Vec::new(),
        }
    }

    fn refund(&self, of: &SaleId) -> Refund {
        let lines: Vec<RefundLine> = self.items.iter().map(|item| item.returned(of)).collect();
        let tax = if self.taxes_included { 0 } else { self.items.iter().map(|item| item.tax_minor).sum() };
        let paid = self.items.iter().map(|item| item.net_minor).sum::<i64>() + tax;
        Refund {
            refund_id: self.id.order_id(),
            currency: Some(self.currency),
            at: self.at,
            lines,
            shipping_minor: 0,
            paid_minor: Some(paid),
        }
    }
}

impl PosItem {
    fn line_id(&self, sale: &SaleId) -> String {
        format!("{}:{}", sale.order_id(), self.line)
    }

    fn ordered(&self, sale: &SaleId) -> OrderLine {
        OrderLine {
            line_id: self.line_id(sale),
            item: self.item.clone(),
            quantity: self.quantity,
            net_minor: self.net_minor,
            tax_minor: self.tax_minor,
        }
    }

    fn returned(&self, sale: &SaleId) -> RefundLine {
        RefundLine {
            line_id: self.line_id(sale),
            item: Some(self.item.clone()),
            quantity: self.quantity,
            subtotal_minor: self.net_minor,
            tax_minor: self.tax_minor,
        }
    }
}
