//! What can be asked of a points account, and why it may say no.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    event::{AccountContents, AccountFenced, BonusSource, CodeUse, LinkSecret, OrderReference, StaffNote},
    lot::LotExpiry,
    order_record::OrderRecord,
};
use crate::{
    id::{BonusId, CommandId, CustomerId, Fingerprint, GdprRequestId, ImportId, LotId, RedemptionId, RewardId, Token},
    order::{OrderBody, OrderLine, Refund},
    product::OrderedProducts,
    program::{Boost, Program, ProgramSettings, RuleId, exclusion_of, merchandise_base, refunded_share},
    reward::CustomerLimit,
    sealed::Sealed,
    time::Timestamp,
};

#[derive(Debug, Clone)]
pub enum PointsCommand {
    RecordOrder(Box<RecordOrder>),
    RecordCodeUse(RecordCodeUse),
    Adjust(Adjust),
    Grant(Grant),
    Revoke(Revoke),
    Redeem(Redeem),
    CancelRedemption {
        redemption: RedemptionId,
        program: Arc<Program>,
        now: Timestamp,
    },
    /// The shop has made what the points were reserved for.
    Deliver {
        redemption: RedemptionId,
        now: Timestamp,
    },
    /// Puts on record what time has done.
    Settle {
        now: Timestamp,
    },
    /// The losing side of a merge.
    Close {
        into: CustomerId,
        now: Timestamp,
    },
    /// The winning side of a merge.
    Absorb(Box<Absorb>),
    /// Ends everything but forfeiting.
    Fence(AccountFenced),
    Forfeit(Forfeit),
    /// Lots from another programme.
    ImportLots(ImportLots),
}

/// Facts about one order that belongs to this account: the one that has just arrived, and any that waited for it.
#[derive(Debug, Clone)]
pub struct RecordOrder {
    /// The same identities under each link key the account has: its own first, then those of accounts merged into it.
    pub views: Vec<KeyedView>,
    pub facts: Arc<[OrderFact]>,
    pub program: Arc<Program>,
    /// How the ordered products were when the order was made; `None` if nobody has looked.
    pub products: Option<Arc<OrderedProducts>>,
    /// Redemptions whose codes any of the bodies among the facts carries.
    pub redeems: Vec<CodeUse>,
    pub reference: Option<Sealed<OrderReference>>,
    pub lines: Option<Sealed<Vec<OrderLine>>>,
    /// What multiplies its points, if this is how the account first hears of the order.
    pub boosts: Arc<[Boost]>,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct KeyedView {
    pub order: Token,
    /// One for each fact, in their order.
    pub fingerprints: Vec<Fingerprint>,
    /// One list for each fact: tokens of the refunds it carries, in their order.
    pub refunds: Vec<Vec<Token>>,
    /// Every line id that the facts name, with its token.
    pub lines: HashMap<String, Token>,
}

#[derive(Debug, Clone)]
pub enum OrderFact {
    Body { body: OrderBody, position: Option<u64> },
    Refund { refund: Refund, position: Option<u64> },
}

impl OrderFact {
    pub fn refunds(&self) -> &[Refund] {
        match self {
            OrderFact::Body { body, .. } => &body.refunds,
            OrderFact::Refund { refund, .. } => std::slice::from_ref(refund),
        }
    }

    /// Where the fact was first recorded, when that was before this account took it in.
    pub fn position(&self) -> Option<u64> {
        match self {
            OrderFact::Body { position, .. } | OrderFact::Refund { position, .. } => *position,
        }
    }
}

#[derive(Debug, Clone)]
pub struct RecordCodeUse {
    pub redemption: RedemptionId,
    /// The order's token under each link key of this account, its own first.
    pub orders: Vec<Token>,
    pub outcome: CodeUseOutcome,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

/// How much of the order that used a code has gone back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeUseOutcome {
    WhollyBack,
    /// Minor units of merchandise; pieces, where the order cost nothing because points had paid for all of it.
    Partly {
        base_minor: i64,
        refunded_minor: i64,
    },
}

impl CodeUseOutcome {
    /// How an order stands with its owner.
    pub fn of(order: &OrderRecord) -> Self {
        if order.is_wholly_back() {
            CodeUseOutcome::WhollyBack
        } else {
            let money = (order.base_minor, order.refunded_minor());
            Self::partly(money, (order.quantity.into(), order.returned_pieces().into()))
        }
    }

    /// How an order stands that nobody owns yet, by all that is known of it. `None` without a body.
    pub fn of_facts(facts: &[OrderFact]) -> Option<Self> {
        let bodies = || {
            facts.iter().filter_map(|fact| match fact {
                OrderFact::Body { body, .. } => Some(body),
                OrderFact::Refund { .. } => None,
            })
        };
        let newest = bodies().max_by_key(|body| (body.updated_at, body.voided))?;
        let settings = ProgramSettings::default_of_a_new_merchant();
        let remembered = |line_id: &str| {
            let line = newest.lines.iter().find(|line| line.line_id == line_id)?;
            exclusion_of(&settings, &line.item)
        };
        // As with an owner, the largest telling of each part of a refund counts.
        let mut told: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for refund in facts.iter().flat_map(OrderFact::refunds) {
            let share = refund.in_currency(newest.currency);
            let (minor, _) = refunded_share(&settings, newest.taxes_included, &share, &remembered);
            let (most_minor, most_pieces) = told.entry(refund.refund_id.as_str()).or_default();
            *most_minor = minor.max(*most_minor);
            *most_pieces = refund.lines.iter().map(|line| i64::from(line.quantity)).sum::<i64>().max(*most_pieces);
        }
        let base_minor = merchandise_base(newest);
        let refunded_minor = told.values().map(|(minor, _)| minor).sum::<i64>().clamp(0, base_minor);
        let ordered = newest.lines.iter().map(|line| i64::from(line.quantity)).sum();
        let returned = told.values().map(|(_, pieces)| pieces).sum();
        let wholly_back = newest.voided
            || bodies().any(|body| body.cancelled_at.is_some())
            || (base_minor > 0 && refunded_minor >= base_minor)
            || (ordered > 0 && returned >= ordered);
        Some(match wholly_back {
            true => CodeUseOutcome::WhollyBack,
            false => Self::partly((base_minor, refunded_minor), (ordered, returned)),
        })
    }

    /// By money (base and refunded, minor units); by pieces (ordered and returned) where there was none to pay.
    fn partly(money: (i64, i64), pieces: (i64, i64)) -> Self {
        let (base_minor, refunded_minor) = if money.0 > 0 { money } else { pieces };
        CodeUseOutcome::Partly { base_minor, refunded_minor }
    }

    pub(super) fn share_of(self, points: i64) -> i64 {
        match self {
            CodeUseOutcome::WhollyBack => points,
            CodeUseOutcome::Partly { base_minor, refunded_minor } if base_minor > 0 => {
                let share =
                    i128::from(points) * i128::from(refunded_minor.clamp(0, base_minor)) / i128::from(base_minor);
                i64::try_from(share).expect("at most `points`")
            }
            CodeUseOutcome::Partly { .. } => 0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Adjust {
    pub command: CommandId,
    pub request: Fingerprint,
    pub points: i64,
    pub reason: Sealed<StaffNote>,
    pub fresh_lot: LotId,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

/// Points for something that is not an order. Granted once per bonus, for ever: a second time there is nothing to do, also
/// when it was taken back in between.
#[derive(Debug, Clone)]
pub struct Grant {
    pub bonus: BonusId,
    pub source: BonusSource,
    /// From 1 on.
    pub points: i64,
    /// The rule that says so, in the version it was applied in.
    pub rule: RuleId,
    pub rule_version: u32,
    /// When what it is for happened: expiry counts from here, by the settings in effect then.
    pub earned_at: Timestamp,
    /// Until then the points are pending.
    pub available_at: Timestamp,
    pub fresh_lot: LotId,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

/// Takes a bonus back, all of it and once. What its own lot cannot bear is handled as the merchant's settings say for
/// negative balances, as with an order that goes back.
#[derive(Debug, Clone)]
pub struct Revoke {
    pub bonus: BonusId,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Redeem {
    pub command: CommandId,
    pub request: Fingerprint,
    pub redemption: RedemptionId,
    pub points: i64,
    pub purchase: Purchase,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

/// What points are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purchase {
    /// A discount at the programme's rate; `in_shop` if the shop has to be told of its code.
    AtRate {
        in_shop: bool,
    },
    Reward(BoughtReward),
}

/// A reward as it is defined when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoughtReward {
    pub reward: RewardId,
    pub version: u32,
    /// Minor units; 0 where it is worth no fixed sum.
    pub value_minor: i64,
    pub limit: Option<CustomerLimit>,
}

#[derive(Debug, Clone)]
pub struct Absorb {
    pub from: CustomerId,
    pub contents: AccountContents,
    /// More than this of the contents comes in several events; bytes.
    pub part_bytes: usize,
    pub links: Vec<Sealed<LinkSecret>>,
    pub now: Timestamp,
}

/// Behind the fence: whatever the owner has not spent.
#[derive(Debug, Clone, Copy)]
pub struct Forfeit {
    pub request: GdprRequestId,
    pub now: Timestamp,
}

/// Lots that one customer brings along. Their order says nothing, and those that are here already change nothing.
#[derive(Debug, Clone)]
pub struct ImportLots {
    pub import: ImportId,
    pub lots: Vec<ImportedLot>,
    /// When the customer was last active over there; for expiry by inactivity.
    pub last_activity: Timestamp,
    pub program: Arc<Program>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLot {
    /// Its name under each link key of the account, the account's own first: made from what the file calls it.
    pub names: Vec<LotId>,
    /// Negative where the customer owes.
    pub points: i64,
    pub earned_at: Timestamp,
    pub available_at: Timestamp,
    /// What this programme says of points earned then, if nothing was said.
    pub expiry: Option<LotExpiry>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointsRefusal {
    /// So few points buy nothing at the programme's rate.
    #[error("so few points are worth nothing")]
    WorthNothing,
    #[error("the owner of the account was erased")]
    Erased,
    /// Forfeiting begins with a fence.
    #[error("the account is not fenced")]
    NotFenced,
    #[error("the account was merged into another")]
    Merged { into: CustomerId },
    /// A merge brought link keys the caller had not seen: look again, with them.
    #[error("the account has taken over another one meanwhile")]
    LinksChanged,
    /// A refund whose order this account has not seen: it has to wait for it.
    #[error("the order is not known yet")]
    OrderUnknown,
    #[error("the order is larger than any rule may pay for")]
    AwardTooLarge,
    #[error("the merchant has no program settings")]
    NoProgram,
    #[error("{available} points are available")]
    InsufficientPoints { available: i64 },
    #[error("the adjustment must not be zero nor beyond what an account can hold")]
    BadAdjustment,
    #[error("a bonus is from 1 point to what an account can hold")]
    BadBonus,
    /// What was never granted cannot be taken back.
    #[error("no such bonus")]
    UnknownBonus,
    #[error("the idempotency key was used with another request")]
    KeyReused,
    #[error("no such redemption")]
    UnknownRedemption,
    #[error("the code was used by an order")]
    RedemptionUsed,
    /// It was given back before the shop had made it.
    #[error("the redemption was cancelled")]
    RedemptionCancelled,
    /// The customer has taken this reward as often as one may.
    #[error("the customer has had this reward often enough")]
    RewardLimitReached,
}
