//! How a reward is written and read.

use aggregates::{
    money::Currency,
    reward::{Benefit, CustomerLimit, RewardDefinition},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What a reward is, as written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReward)]
pub struct DefinitionDocument {
    /// What the shopper reads.
    pub name: String,
    pub cost_points: i64,
    pub kind: BenefitKind,
    /// Minor units; of `amount_off`, `store_credit` and `gift_card`.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// The shop's currency; of the same.
    #[serde(default)]
    pub currency: Option<String>,
    /// Of `amount_off`: smaller orders do not get it.
    #[serde(default)]
    pub minimum_minor: Option<i64>,
    /// Of `percent_off`: from 1 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Of `free_product`: the shop's id.
    #[serde(default)]
    pub product_id: Option<String>,
    /// How many there are; no end to them unless said.
    #[serde(default)]
    pub stock: Option<u32>,
    #[serde(default)]
    pub per_customer: Option<LimitDocument>,
    /// Only for customers in one of these segments.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Only for customers in one of these tiers.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// RFC 3339.
    #[serde(default)]
    pub from: Option<String>,
    /// RFC 3339; not offered from then on.
    #[serde(default)]
    pub until: Option<String>,
    /// Days that its code lives; for ever unless said.
    #[serde(default)]
    pub code_days: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    AmountOff,
    PercentOff,
    FreeShipping,
    FreeProduct,
    StoreCredit,
    GiftCard,
}

/// So often within so many days; ever, if no days are said.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RewardLimit)]
pub struct LimitDocument {
    pub uses: u32,
    #[serde(default)]
    pub days: Option<u32>,
}

/// A reward of the catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reward)]
pub struct RewardDocument {
    pub id: String,
    pub version: u32,
    #[serde(flatten)]
    pub definition: DefinitionDocument,
    /// How many are left; `null` where there is no end to them.
    pub left: Option<u32>,
    pub retired: bool,
}

impl DefinitionDocument {
    pub(super) fn of(definition: &RewardDefinition) -> Self {
        let benefit = &definition.benefit;
        let mut document = DefinitionDocument {
            name: definition.name.clone(),
            cost_points: definition.cost_points,
            kind: BenefitKind::FreeShipping,
            amount_minor: benefit.currency().map(|_| benefit.value_minor()),
            currency: benefit.currency().map(|currency| currency.as_str().to_owned()),
            minimum_minor: None,
            percent: None,
            product_id: None,
            stock: definition.stock,
            per_customer: definition.per_customer.map(|limit| LimitDocument { uses: limit.uses, days: limit.days }),
            segments: definition.segments.clone(),
            tiers: definition.tiers.clone(),
            from: definition.from.map(Timestamp::to_rfc3339),
            until: definition.until.map(Timestamp::to_rfc3339),
            code_days: definition.code_days,
        };
        document.kind = match benefit {
            Benefit::AmountOff { minimum_minor, .. } => {
                document.minimum_minor = Some(*minimum_minor);
                BenefitKind::AmountOff
            }
            Benefit::PercentOff { percent } => {
                document.percent = Some(*percent);
                BenefitKind::PercentOff
            }
            Benefit::FreeShipping => BenefitKind::FreeShipping,
            Benefit::FreeProduct { product_id } => {
                document.product_id = Some(product_id.clone());
                BenefitKind::FreeProduct
            }
            Benefit::StoreCredit { .. } => BenefitKind::StoreCredit,
            Benefit::GiftCard { .. } => BenefitKind::GiftCard,
        };
        document
    }

    pub(super) fn read(self) -> Result<RewardDefinition, Problem> {
        let time = |text: Option<&String>, pointer: &str| {
            let parsed = text.map(|text| Timestamp::parse(text)).transpose();
            parsed.map_err(|_| Problem::at(pointer, "is not an RFC 3339 time"))
        };
        let (from, until) = (time(self.from.as_ref(), "/from")?, time(self.until.as_ref(), "/until")?);
        Ok(RewardDefinition {
            benefit: self.benefit()?,
            name: self.name.trim().to_owned(),
            cost_points: self.cost_points,
            stock: self.stock,
            per_customer: self.per_customer.map(|limit| CustomerLimit { uses: limit.uses, days: limit.days }),
            segments: self.segments,
            tiers: self.tiers,
            from,
            until,
            code_days: self.code_days,
        })
    }

    fn benefit(&self) -> Result<Benefit, Problem> {
        let needed = |pointer: &str| Problem::at(pointer, "is required for this kind");
        let amount = || {
            let amount = self.amount_minor.ok_or_else(|| needed("/amount_minor"))?;
            let currency = self.currency.as_deref().ok_or_else(|| needed("/currency"))?;
            let currency = Currency::parse(currency).map_err(|error| Problem::at("/currency", error.to_string()))?;
            Ok::<_, Problem>((amount, currency))
        };
        Ok(match self.kind {
            BenefitKind::AmountOff => {
                let (amount_minor, currency) = amount()?;
                Benefit::AmountOff { amount_minor, currency, minimum_minor: self.minimum_minor.unwrap_or(0) }
            }
            BenefitKind::PercentOff => Benefit::PercentOff { percent: self.percent.ok_or_else(|| needed("/percent"))? },
            BenefitKind::FreeShipping => Benefit::FreeShipping,
            BenefitKind::FreeProduct => {
                Benefit::FreeProduct { product_id: self.product_id.clone().ok_or_else(|| needed("/product_id"))? }
            }
            BenefitKind::StoreCredit => {
                let (amount_minor, currency) = amount()?;
                Benefit::StoreCredit { amount_minor, currency }
            }
            BenefitKind::GiftCard => {
                let (amount_minor, currency) = amount()?;
                Benefit::GiftCard { amount_minor, currency }
            }
        })
    }
}
