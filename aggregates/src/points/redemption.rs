//! Spending points, and giving them back: to the lots they came from, with the expiry these had.

use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    command::{PointsRefusal, Purchase, RecordCodeUse, Redeem},
    draft::Draft,
    event::{
        DeliveryDue, Movement, MovementKind, PointsEvent, RedemptionDelivered, RedemptionReturned, RedemptionUsed,
        RewardRedeemed,
    },
    lot::LotSource,
};
use crate::{
    id::{LotId, RedemptionId, RewardId, Token},
    program::{NegativeBalance, Program},
    time::Timestamp,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    pub points: i64,
    pub value_minor: i64,
    pub at: Timestamp,
    pub position: u64,
    /// What has not come back, in the order it was taken.
    pub outstanding: Vec<(LotId, i64)>,
    pub used_by: Option<Token>,
    pub cancelled: bool,
    /// The reward it was given for; `None` at the programme's rate.
    pub reward: Option<RewardId>,
    pub delivery: Delivery,
}

/// Whether the shop has made what the points were given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Our own code is all there is to it.
    NotNeeded,
    /// The points are reserved.
    Underway,
    Done,
}

impl Redemption {
    pub fn returned(&self) -> i64 {
        self.points - self.outstanding.iter().map(|(_, points)| points).sum::<i64>()
    }

    /// Points set aside until the shop has made what they are for.
    pub fn reserved(&self) -> i64 {
        let is_reserved = self.delivery == Delivery::Underway && !self.cancelled;
        if is_reserved { self.points - self.returned() } else { 0 }
    }

    pub(super) fn apply_return(&mut self, event: &RedemptionReturned) {
        for movement in event.movements.iter().filter(|movement| movement.kind == MovementKind::Returned) {
            if let Some((_, left)) = self.outstanding.iter_mut().find(|(lot, left)| *lot == movement.lot && *left > 0) {
                *left -= movement.points;
            }
        }
        self.outstanding.retain(|(_, left)| *left > 0);
        self.cancelled |= event.cancelled;
    }

    /// Undoes the latest-taken first: the points that would have lived longest come back first.
    fn take_back(&self, points: i64) -> Vec<Movement> {
        let mut wanted = points;
        let mut movements = Vec::new();
        for (lot, left) in self.outstanding.iter().rev() {
            let back = wanted.min(*left);
            if back > 0 {
                movements.push(Movement { lot: *lot, kind: MovementKind::Returned, points: back });
                wanted -= back;
            }
        }
        movements
    }
}

pub(super) fn redeem(account: &Account, command: &Redeem) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if account.already_done(command.command, command.request)? {
        return Ok(Vec::new());
    }
    let version = command.program.in_effect_at(command.now).ok_or(PointsRefusal::NoProgram)?;
    let mut draft = Draft::at(account, command.now);
    if let Purchase::Reward(bought) = &command.purchase
        && let Some(limit) = bought.limit
        && uses_since(account, bought.reward, limit.since(command.now)) >= limit.uses as usize
    {
        return Err(PointsRefusal::RewardLimitReached);
    }
    let available = draft.purse.available(command.now);
    if command.points <= 0 || available < command.points {
        return Err(PointsRefusal::InsufficientPoints { available });
    }
    let movements = draft.purse.allocate(command.points, command.now, MovementKind::Redeemed);
    debug_assert_eq!(movements.iter().map(|movement| movement.points).sum::<i64>(), command.points);
    let (value_minor, delivery) = match &command.purchase {
        Purchase::AtRate { in_shop } => {
            let value = version.settings.redemption.value_minor(command.points);
            let value = value.ok_or(PointsRefusal::AwardTooLarge)?;
            // A merchant whose points buy nothing by themselves gives out codes for something else.
            if value == 0 && version.settings.redemption.amount_minor > 0 {
                return Err(PointsRefusal::WorthNothing);
            }
            (value, in_shop.then_some(DeliveryDue { reward: None }))
        }
        Purchase::Reward(bought) => {
            (bought.value_minor, Some(DeliveryDue { reward: Some((bought.reward, bought.version)) }))
        }
    };
    draft.record(PointsEvent::RewardRedeemed(RewardRedeemed {
        command: command.command,
        request: command.request,
        redemption: command.redemption,
        points: command.points,
        value_minor,
        program_version: version.version,
        movements,
        at: command.now,
        delivery,
    }));
    Ok(draft.events)
}

/// What was given back does not count.
fn uses_since(account: &Account, reward: RewardId, since: Timestamp) -> usize {
    let counts =
        |redemption: &&Redemption| redemption.reward == Some(reward) && !redemption.cancelled && redemption.at > since;
    account.redemptions.values().filter(counts).count()
}

/// The shop has made it. Doing it again changes nothing.
pub(super) fn deliver(
    account: &Account,
    redemption: RedemptionId,
    now: Timestamp,
) -> Result<Vec<PointsEvent>, PointsRefusal> {
    let known = account.redemptions.get(&redemption).ok_or(PointsRefusal::UnknownRedemption)?;
    if known.cancelled {
        return Err(PointsRefusal::RedemptionCancelled);
    }
    Ok(delivered(redemption, known, now).into_iter().collect())
}

fn delivered(redemption: RedemptionId, known: &Redemption, now: Timestamp) -> Option<PointsEvent> {
    let points = known.reserved();
    (known.delivery == Delivery::Underway).then_some(PointsEvent::RedemptionDelivered(RedemptionDelivered {
        redemption,
        points,
        at: now,
    }))
}

pub(super) fn cancel(
    account: &Account,
    redemption: RedemptionId,
    program: &Program,
    now: Timestamp,
) -> Result<Vec<PointsEvent>, PointsRefusal> {
    let known = account.redemptions.get(&redemption).ok_or(PointsRefusal::UnknownRedemption)?;
    if known.cancelled {
        return Ok(Vec::new());
    }
    if known.used_by.is_some() {
        return Err(PointsRefusal::RedemptionUsed);
    }
    let mut draft = Draft::at(account, now);
    let back = GivenBack { points: known.points, cancelled: true, released: known.reserved() };
    give_back(account, &mut draft, redemption, back, program)?;
    Ok(draft.events)
}

/// An order that carried the code says how it stands: the redemption follows it. The first order to carry a code is
/// the one that used it.
pub(super) fn record_code_use(account: &Account, command: &RecordCodeUse) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if command.orders.len() != account.links.len() + 1 {
        return Err(PointsRefusal::LinksChanged);
    }
    let known = account.redemptions.get(&command.redemption).ok_or(PointsRefusal::UnknownRedemption)?;
    let used_by = known.used_by;
    if used_by.is_some_and(|order| !command.orders.contains(&order)) || known.cancelled {
        return Ok(Vec::new());
    }
    let mut draft = Draft::at(account, command.now);
    // An order cannot carry a code that the shop has not made: only that it has is not on record yet.
    if let Some(delivered) = delivered(command.redemption, known, command.now) {
        draft.record(delivered);
    }
    if used_by.is_none() {
        let order = *command.orders.first().ok_or(PointsRefusal::LinksChanged)?;
        draft.record(PointsEvent::RedemptionUsed(RedemptionUsed { redemption: command.redemption, order }));
    }
    let owed_back = command.outcome.share_of(known.points);
    let missing = owed_back - known.returned();
    if missing > 0 {
        let back = GivenBack { points: missing, cancelled: false, released: 0 };
        give_back(account, &mut draft, command.redemption, back, &command.program)?;
    }
    let nothing_new = used_by.is_some() && missing <= 0;
    Ok(if nothing_new { Vec::new() } else { draft.events })
}

/// What comes back of a redemption.
struct GivenBack {
    points: i64,
    cancelled: bool,
    /// Of the points, those that were reserved.
    released: i64,
}

fn give_back(
    account: &Account,
    draft: &mut Draft,
    redemption: RedemptionId,
    back: GivenBack,
    program: &Program,
) -> Result<(), PointsRefusal> {
    let GivenBack { points, cancelled, released } = back;
    let known = account.redemptions.get(&redemption).ok_or(PointsRefusal::UnknownRedemption)?;
    let settings = &program.in_effect_at(draft.now).ok_or(PointsRefusal::NoProgram)?.settings;
    let mut movements = known.take_back(points);
    let points = movements.iter().map(|movement| movement.points).sum();
    let now = draft.now;
    let (mut graces, mut recollected) = (Vec::new(), Vec::new());
    for returned in movements.clone() {
        let Some(lot) = draft.purse.lot(returned.lot) else { continue };
        if lot.expires_at(draft.purse.last_activity).is_some_and(|at| at <= now) {
            graces.push((lot.id, now.plus_days(settings.return_grace_days)));
        }
        if let LotSource::Order(order) = lot.source
            && settings.negative_balance != NegativeBalance::PendingOnly
            && let Some(waived) = account.orders.get(&order).map(|record| draft.purse.waived(order, record))
            && waived > 0
        {
            let made_good = waived.min(returned.points);
            movements.push(Movement { lot: lot.id, kind: MovementKind::Reversed, points: made_good });
            recollected.push((order, made_good));
        }
    }
    draft.record(PointsEvent::RedemptionReturned(RedemptionReturned {
        redemption,
        points,
        cancelled,
        released,
        movements,
        graces,
        recollected,
    }));
    draft.settle();
    Ok(())
}
