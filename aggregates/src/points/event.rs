//! What can have happened to a points account. Every change of a balance is spelled out as movements between the parts
//! of named lots, so that reading the log needs no rule and no arithmetic but sums.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::CommandRecord,
    bonus::BonusRecord,
    lot::{Lot, LotExpiry, LotSource},
    order_record::OrderRecord,
    redemption::Redemption,
    shortfall::Shortfall,
};
use crate::{
    event::events,
    id::{BonusId, CommandId, CustomerId, Fingerprint, GdprRequestId, LotId, RedemptionId, RewardId, Token},
    money::Currency,
    order::OrderLine,
    program::{Boost, LineExclusion, RuleAward, RuleId},
    sealed::Sealed,
    time::Timestamp,
};

events! {
    /// What happened to a points account.
    PointsEvent {
        /// Facts about an order were taken in, and the account follows them.
        OrderAssessed(OrderAssessed) = "points.order_assessed" v 1;
        /// The hold of these lots is over.
        PointsActivated(PointsActivated) = "points.activated" v 1;
        PointsExpired(PointsExpired) = "points.expired" v 1;
        /// Available points went into what the account owed.
        DebtCovered(DebtCovered) = "points.debt_covered" v 1;
        PointsAdjusted(PointsAdjusted) = "points.adjusted" v 1;
        RewardRedeemed(RewardRedeemed) = "points.redeemed" v 1;
        /// An order carried the code of this redemption.
        RedemptionUsed(RedemptionUsed) = "points.redemption_used" v 1;
        /// Points of a redemption came back to the lots they came from.
        RedemptionReturned(RedemptionReturned) = "points.redemption_returned" v 1;
        /// Everything here now belongs to another account.
        AccountClosed(AccountClosed) = "points.account_closed" v 1;
        /// Everything of another account now belongs here.
        AccountAbsorbed(AccountAbsorbed) = "points.account_absorbed" v 1;
        /// Some of what another account had, ahead of the [`AccountAbsorbed`] that ends the same decision.
        ContentsAbsorbed(ContentsAbsorbed) = "points.contents_absorbed" v 1;
        /// Its owner is about to be forgotten: nothing but forfeiting happens here any more.
        AccountFenced(AccountFenced) = "points.fenced" v 1;
        /// Its owner is being forgotten: what was not spent is gone.
        PointsForfeited(PointsForfeited) = "points.forfeited" v 1;
        /// Points for something that is not an order.
        BonusGranted(BonusGranted) = "points.bonus_granted" v 1;
        BonusRevoked(BonusRevoked) = "points.bonus_revoked" v 1;
        /// The shop has made what the points were reserved for: they are spent.
        RedemptionDelivered(RedemptionDelivered) = "points.redemption_delivered" v 1;
    }
}

/// `points` (always positive) move inside the lot as the kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    pub lot: LotId,
    pub kind: MovementKind,
    pub points: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MovementKind {
    /// New points.
    Granted,
    /// The award was corrected downwards before anything was spent.
    Withdrawn,
    /// Back to the shop: refund or cancellation.
    Reversed,
    /// Expired points whose order went back: they count as reversed, not expired.
    ReversedExpired,
    /// A reversal that turned out too large.
    Restored,
    Redeemed,
    /// A redemption was undone.
    Returned,
    /// A negative adjustment.
    Deducted,
    Expired,
    /// Paid what another source owed: a reversal that its own lot could not bear, or debt.
    Covered,
    /// Less of that reversal was due than had been covered: back to the lot that stepped in.
    Uncovered,
    /// The owner was forgotten.
    Forfeited,
}

/// A delivery that this account has taken in; `position` where it was first recorded, if that was elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRef {
    pub fingerprint: Fingerprint,
    pub position: Option<u64>,
}

/// For people with the right to see it: which order this was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReference {
    pub order_id: String,
    pub name: String,
}

/// Free text by staff is personal data too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffNote {
    pub reason: String,
}

/// A link key sealed under another person's key. The vault knows its inside.
#[derive(Debug, Clone, Copy)]
pub enum LinkSecret {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAssessed {
    pub order: Token,
    pub facts: Vec<FactRef>,
    /// Fixed when the order is first accepted.
    pub program_version: u32,
    /// Present when one of the facts is a body newer than what was believed before.
    pub body: Option<AssessedBody>,
    /// The earliest cancellation any body told of.
    pub cancelled_at: Option<Timestamp>,
    /// Refunds not known before, or now known to be larger: each replaces what was known under its token.
    pub refunds: Vec<RefundShare>,
    /// Redemptions whose codes a body of these facts carries, also one that is older than what is believed; the new ones.
    pub redeems: Vec<CodeUse>,
    /// Points for the order by its rules, before anything went back.
    pub awarded: i64,
    /// Of these, what its refunds and cancellation leave.
    pub kept: i64,
    pub lot: Option<NewLot>,
    pub movements: Vec<Movement>,
    /// Change of the account's debt.
    pub owed: i64,
    /// What has to go back of all that the lot was granted, as the policies went by which it was decided; whoever bears
    /// it.
    pub due: i64,
    pub reference: Option<Sealed<OrderReference>>,
    pub lines: Option<Sealed<Vec<OrderLine>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedBody {
    pub currency: Currency,
    pub processed_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided: bool,
    pub test: bool,
    pub taxes_included: bool,
    /// Merchandise without gift cards, as priced; minor units.
    pub base_minor: i64,
    pub quantity: u32,
    pub awards: Vec<RuleAward>,
    /// What multiplied them all: fixed when the order is first accepted.
    pub boosts: Vec<Boost>,
    /// Lines that some rule leaves out, for refunds that only name them.
    pub exclusions: Vec<(Token, LineExclusion)>,
    pub outcome: Outcome,
}

/// Why an order earned what it earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Awarded,
    TestOrder,
    Cancelled,
    Voided,
    NoRule,
    NothingToEarnOn,
    BelowMinimumOrRounding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeUse {
    pub redemption: RedemptionId,
    pub account: CustomerId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundShare {
    pub refund: Token,
    pub at: Timestamp,
    pub merchandise_minor: i64,
    /// In the order of the rules of the program version.
    pub by_rule_minor: Vec<i64>,
    pub quantity: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLot {
    pub lot: LotId,
    pub source: LotSource,
    pub earned_at: Timestamp,
    pub available_at: Timestamp,
    pub expiry: LotExpiry,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsActivated {
    pub lots: Vec<LotId>,
    /// When the hold ended; the record may be younger.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsExpired {
    pub movements: Vec<Movement>,
    /// When they expired; the record may be younger.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtCovered {
    pub movements: Vec<Movement>,
    pub owed: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsAdjusted {
    pub command: CommandId,
    pub request: Fingerprint,
    /// Signed, as asked for.
    pub points: i64,
    pub reason: Sealed<StaffNote>,
    pub lot: Option<NewLot>,
    pub movements: Vec<Movement>,
    pub owed: i64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardRedeemed {
    pub command: CommandId,
    pub request: Fingerprint,
    pub redemption: RedemptionId,
    pub points: i64,
    /// Discount bought, minor units of the shop's currency.
    pub value_minor: i64,
    pub program_version: u32,
    pub movements: Vec<Movement>,
    pub at: Timestamp,
    /// What the shop has to make before the points are spent; `None` where our own code is all there is to it.
    pub delivery: Option<DeliveryDue>,
}

/// Points are reserved until the shop has made what they were given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDue {
    /// The reward and its version; `None` for a discount at the programme's rate.
    pub reward: Option<(RewardId, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionDelivered {
    pub redemption: RedemptionId,
    /// That were reserved for it and are spent from now on.
    pub points: i64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionUsed {
    pub redemption: RedemptionId,
    pub order: Token,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionReturned {
    pub redemption: RedemptionId,
    pub points: i64,
    /// By staff or shopper, or because the shop could not make it; otherwise because its order went back.
    pub cancelled: bool,
    /// Of the points, those that were reserved.
    pub released: i64,
    pub movements: Vec<Movement>,
    /// Lots that had expired by then, and until when their points live now.
    pub graces: Vec<(LotId, Timestamp)>,
    /// Reversals that found their lot empty before and are made good from what came back.
    pub recollected: Vec<(Token, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClosed {
    pub into: CustomerId,
    /// Balance that moved on, for the ledger line.
    pub points: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountAbsorbed {
    pub from: CustomerId,
    /// Balance that came in, for the ledger line: with what came ahead.
    pub points: i64,
    /// All of it, or what did not come ahead.
    pub contents: AccountContents,
    /// The loser's link keys, its own first, sealed under the winner's key: they find the loser's orders.
    pub links: Vec<Sealed<LinkSecret>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentsAbsorbed {
    pub from: CustomerId,
    /// A part whose books balance by themselves.
    pub contents: AccountContents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFenced {
    pub request: GdprRequestId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsForfeited {
    pub request: GdprRequestId,
    pub movements: Vec<Movement>,
    /// Redemptions whose codes are disabled. Their points stay redeemed.
    pub codes: Vec<RedemptionId>,
    /// Change of the debt: what was owed is let go.
    pub owed: i64,
    pub at: Timestamp,
}

/// What a bonus is for. Only ever appended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BonusKind {
    Referral,
    Campaign,
    Badge,
    VipTier,
}

impl BonusKind {
    /// The word of references and sources.
    pub const fn as_str(self) -> &'static str {
        match self {
            BonusKind::Referral => "referral",
            BonusKind::Campaign => "campaign",
            BonusKind::Badge => "badge",
            BonusKind::VipTier => "vip_tier",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusSource {
    pub kind: BonusKind,
    /// Of the referral, campaign and so on. Never anything of a person.
    pub id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusGranted {
    pub bonus: BonusId,
    pub source: BonusSource,
    pub points: i64,
    pub rule: RuleId,
    pub rule_version: u32,
    pub lot: NewLot,
    pub movements: Vec<Movement>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusRevoked {
    pub bonus: BonusId,
    pub source: BonusSource,
    pub movements: Vec<Movement>,
    /// Change of the account's debt.
    pub owed: i64,
    pub at: Timestamp,
}

/// All that a merge moves; some of it where that is more than an event should hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountContents {
    pub lots: Vec<Lot>,
    pub debt: i64,
    pub last_activity: Timestamp,
    pub lifetime_earned: i64,
    pub lifetime_redeemed: i64,
    pub lifetime_expired: i64,
    pub orders: Vec<(Token, OrderRecord)>,
    pub redemptions: Vec<(RedemptionId, Redemption)>,
    pub commands: Vec<(CommandId, CommandRecord)>,
    pub shortfalls: Vec<(Token, Shortfall)>,
    pub bonuses: Vec<(BonusId, BonusRecord)>,
}
