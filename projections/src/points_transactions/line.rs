//! From events to ledger lines: what a person would call the reason of a change, with its sum.

use aggregates::{
    id::{GdprRequestId, RedemptionId},
    points::{
        BonusRevoked, BonusSource, Movement, MovementKind, OrderAssessed, OrderReference, PointsEvent, StaffNote,
    },
    sealed::Sealed,
    time::Timestamp,
};
use uuid::Uuid;

/// The word that API and books use for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Earn,
    Redeem,
    /// A redemption was undone.
    Refund,
    /// Points of an order went back with it.
    Reversal,
    Adjustment,
    Expire,
    /// The owner was forgotten.
    Forfeit,
    TransferIn,
    TransferOut,
}

impl LineKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            LineKind::Earn => "earn",
            LineKind::Redeem => "redeem",
            LineKind::Refund => "refund",
            LineKind::Reversal => "reversal",
            LineKind::Adjustment => "adjustment",
            LineKind::Expire => "expire",
            LineKind::Forfeit => "forfeit",
            LineKind::TransferIn => "transfer_in",
            LineKind::TransferOut => "transfer_out",
        }
    }
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Order(Option<Sealed<OrderReference>>),
    Redemption(RedemptionId),
    Adjustment,
    Lot,
    Customer(Uuid),
    PrivacyRequest(GdprRequestId),
    /// What a bonus is for: a referral, a campaign and so on.
    Bonus(BonusSource),
}

impl Reference {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Reference::Order(_) => "order",
            Reference::Redemption(_) => "reward_redemption",
            Reference::Adjustment => "points_adjustment",
            Reference::Lot => "lot",
            Reference::Customer(_) => "customer",
            Reference::PrivacyRequest(_) => "gdpr_request",
            Reference::Bonus(source) => source.kind.as_str(),
        }
    }

    pub(crate) fn id(&self) -> Option<Uuid> {
        match self {
            Reference::Redemption(redemption) => Some(redemption.0),
            Reference::Customer(customer) => Some(*customer),
            Reference::PrivacyRequest(request) => Some(request.0),
            Reference::Bonus(source) => Some(source.id),
            Reference::Order(_) | Reference::Adjustment | Reference::Lot => None,
        }
    }

    pub(super) fn sealed(&self) -> Option<&[u8]> {
        match self {
            Reference::Order(reference) => reference.as_ref().map(Sealed::ciphertext),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// Signed change of the balance, pending points included.
    pub points: i64,
    pub occurred_at: Timestamp,
    /// Until then the points of an `earn` line are pending.
    pub available_at: Option<Timestamp>,
    pub reference: Reference,
    pub reason: Option<Sealed<StaffNote>>,
}

impl Line {
    fn new(kind: LineKind, points: i64, occurred_at: Timestamp, reference: Reference) -> Self {
        Line { kind, points, occurred_at, available_at: None, reference, reason: None }
    }
}

/// The ledger lines of one event. Their sum is what the event did to the balance; events that only say what time has
/// made spendable, or what is owed to whom inside the account, have none.
pub fn lines_of(event: &PointsEvent, recorded_at: Timestamp) -> Vec<Line> {
    let lines = match event {
        PointsEvent::OrderAssessed(event) => lines_of_order(event, recorded_at),
        PointsEvent::PointsAdjusted(event) => vec![Line {
            reason: Some(event.reason.clone()),
            ..Line::new(LineKind::Adjustment, event.points, event.at, Reference::Adjustment)
        }],
        PointsEvent::BonusGranted(event) => vec![Line {
            available_at: Some(event.lot.available_at),
            ..Line::new(LineKind::Earn, event.points, event.lot.earned_at, Reference::Bonus(event.source))
        }],
        PointsEvent::BonusRevoked(event) => lines_of_revoked(event),
        PointsEvent::RewardRedeemed(event) => {
            vec![Line::new(LineKind::Redeem, -event.points, event.at, Reference::Redemption(event.redemption))]
        }
        PointsEvent::RedemptionReturned(event) => {
            let made_good: i64 = event.recollected.iter().map(|(_, points)| points).sum();
            vec![
                Line::new(LineKind::Refund, event.points, recorded_at, Reference::Redemption(event.redemption)),
                Line::new(LineKind::Reversal, -made_good, recorded_at, Reference::Order(None)),
            ]
        }
        PointsEvent::PointsExpired(event) => {
            vec![Line::new(LineKind::Expire, -sum(&event.movements, MovementKind::Expired), event.at, Reference::Lot)]
        }
        PointsEvent::AccountClosed(event) => {
            vec![Line::new(LineKind::TransferOut, -event.points, recorded_at, Reference::Customer(event.into.0))]
        }
        PointsEvent::AccountAbsorbed(event) => {
            vec![Line::new(LineKind::TransferIn, event.points, recorded_at, Reference::Customer(event.from.0))]
        }
        PointsEvent::PointsForfeited(event) => {
            let lost = sum(&event.movements, MovementKind::Forfeited) + event.owed;
            vec![Line::new(LineKind::Forfeit, -lost, event.at, Reference::PrivacyRequest(event.request))]
        }
        // Of what came ahead the line of the absorption itself speaks.
        PointsEvent::ContentsAbsorbed(_)
        | PointsEvent::PointsActivated(_)
        | PointsEvent::DebtCovered(_)
        | PointsEvent::RedemptionUsed(_)
        | PointsEvent::RedemptionDelivered(_)
        | PointsEvent::AccountFenced(_) => Vec::new(),
    };
    lines.into_iter().filter(|line| line.points != 0).collect()
}

fn sum(movements: &[Movement], kind: MovementKind) -> i64 {
    movements.iter().filter(|movement| movement.kind == kind).map(|movement| movement.points).sum()
}

/// As with an order that goes back: what had expired counts as taken back and no longer as expired.
fn lines_of_revoked(event: &BonusRevoked) -> Vec<Line> {
    let total = |kind| sum(&event.movements, kind);
    let expired_back = total(MovementKind::ReversedExpired);
    let reversed = total(MovementKind::Reversed) + expired_back + total(MovementKind::Covered) + event.owed;
    vec![
        Line::new(LineKind::Reversal, -reversed, event.at, Reference::Bonus(event.source)),
        Line::new(LineKind::Expire, expired_back, event.at, Reference::Bonus(event.source)),
    ]
}

fn lines_of_order(event: &OrderAssessed, recorded_at: Timestamp) -> Vec<Line> {
    let total = |kind| sum(&event.movements, kind);
    let expired_back = total(MovementKind::ReversedExpired);
    let earned = total(MovementKind::Granted) - total(MovementKind::Withdrawn);
    let reversed = total(MovementKind::Reversed) + expired_back + total(MovementKind::Covered) + event.owed
        - total(MovementKind::Restored)
        - total(MovementKind::Uncovered);
    // An order that was off before it was first seen earns nothing: no line says it earned and lost.
    if event.lot.is_some() && event.kept == 0 && event.refunds.is_empty() && earned == reversed {
        return Vec::new();
    }
    let reference = || Reference::Order(event.reference.clone());
    let earned_at = event.body.as_ref().map_or(recorded_at, |body| body.processed_at);
    let went_back_at =
        event.refunds.iter().map(|refund| refund.at).chain(event.cancelled_at).max().unwrap_or(recorded_at);
    vec![
        Line {
            available_at: event.lot.as_ref().map(|lot| lot.available_at),
            ..Line::new(LineKind::Earn, earned, earned_at, reference())
        },
        Line::new(LineKind::Reversal, -reversed, went_back_at, reference()),
        Line::new(LineKind::Expire, expired_back, went_back_at, reference()),
    ]
}
