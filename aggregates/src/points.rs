//! The points account of one person: lots of points, the orders that brought them, the redemptions that used them.
//!
//! Invariants, after every event:
//! - a lot is never negative: `granted = remaining + reversed + redeemed + deducted + expired + covered + forfeited`;
//! - balance = Σ remaining − debt = lifetime earned − lifetime redeemed − lifetime expired − lifetime forfeited;
//! - what an order has taken back is computed from the set of its facts, never accumulated message by message;
//! - whatever of that the order's own lot cannot bear is borne by others, and given back to them when less is due;
//! - what time does to a lot is a function of the lot and the instant; sweeps only put it on record.

mod account;
mod adjust;
mod assess;
mod bonus;
mod command;
mod contents;
mod draft;
mod event;
mod forfeit;
mod lot;
mod merge;
mod order_record;
mod packed;
mod purse;
mod redemption;
mod reversal;
mod shortfall;
#[cfg(test)]
mod tests;

pub use account::{Account, CommandRecord};
pub use bonus::BonusRecord;
pub use command::{
    Absorb, Adjust, BoughtReward, CodeUseOutcome, Forfeit, Grant, KeyedView, OrderFact, PointsCommand, PointsRefusal,
    Purchase, RecordCodeUse, RecordOrder, Redeem, Revoke,
};
pub use event::{
    AccountAbsorbed, AccountClosed, AccountContents, AccountFenced, AssessedBody, BonusGranted, BonusKind,
    BonusRevoked, BonusSource, CodeUse, ContentsAbsorbed, DebtCovered, DeliveryDue, FactRef, LinkSecret, Movement,
    MovementKind, NewLot, OrderAssessed, OrderReference, Outcome, PointsActivated, PointsAdjusted, PointsEvent,
    PointsExpired, PointsForfeited, RedemptionDelivered, RedemptionReturned, RedemptionUsed, RefundShare,
    RewardRedeemed, StaffNote,
};
pub use lot::{Lot, LotExpiry, LotSource};
pub use order_record::OrderRecord;
pub use purse::{Balance, NextExpiry, Purse};
pub use redemption::{Delivery, Redemption};
pub use shortfall::Shortfall;
