//! What both sides are given, as commands on their accounts. A bonus is named by the order, the side and the round: whoever
//! repeats a payment names the same points; another order of the same friend, and a payment after the first was taken back, name others.

use std::sync::Arc;

use super::event::{Completed, Half};
use crate::{
    id::{BonusId, LotId, ReferralId, Token},
    points::{BonusKind, BonusSource, Grant, PointsCommand, Revoke},
    program::{Program, RuleId},
    time::Timestamp,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Advocate,
    Friend,
}

impl Side {
    /// Keeps the two apart where a merge brings both into one account, and from the lot of the order itself.
    const fn mask(self) -> u8 {
        match self {
            Side::Advocate => 0x0f,
            Side::Friend => 0xf0,
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Side::Advocate => "referral_advocate",
            Side::Friend => "referral_friend",
        }
    }

    /// The side whose points were given by this rule.
    pub fn of_rule(rule: &RuleId) -> Option<Self> {
        [Side::Advocate, Side::Friend].into_iter().find(|side| side.rule() == rule.0)
    }

    pub const fn half(self, completed: &Completed) -> Half {
        match self {
            Side::Advocate => completed.advocate,
            Side::Friend => completed.friend,
        }
    }
}

/// The token is a keyed hash of the friend's: as good as random, and the same for ever.
pub fn bonus_of(order: Token, side: Side, round: u16) -> BonusId {
    let mut bytes = order.0.map(|byte| byte ^ side.mask());
    bytes.iter_mut().zip(round.to_be_bytes()).for_each(|(byte, round)| *byte ^= round);
    BonusId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The points of one side; none where the merchant gives none. The return window is over: they can be spent at once.
pub fn grant(
    referral: ReferralId,
    completed: &Completed,
    side: Side,
    program: &Arc<Program>,
    now: Timestamp,
) -> Option<PointsCommand> {
    let points = side.half(completed).points;
    let bonus = bonus_of(completed.order, side, completed.round);
    (points > 0).then(|| {
        PointsCommand::Grant(Grant {
            bonus,
            source: BonusSource { kind: BonusKind::Referral, id: referral.0 },
            points,
            rule: RuleId(side.rule().to_owned()),
            rule_version: completed.program_version,
            earned_at: now,
            available_at: now,
            fresh_lot: LotId(bonus.0),
            program: Arc::clone(program),
            now,
        })
    })
}

/// Takes one side's points back, wherever they are by now.
pub fn revoke(paid: &Completed, side: Side, program: &Arc<Program>, now: Timestamp) -> Option<PointsCommand> {
    let bonus = bonus_of(paid.order, side, paid.round);
    (side.half(paid).points > 0).then(|| PointsCommand::Revoke(Revoke { bonus, program: Arc::clone(program), now }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_of_each_order_has_points_of_its_own() {
        let (one, other) = (Token([0x07; 16]), Token([0x5a; 16]));
        let all = [
            bonus_of(one, Side::Advocate, 0).0,
            bonus_of(one, Side::Friend, 0).0,
            bonus_of(one, Side::Advocate, 1).0,
            bonus_of(one, Side::Friend, 1).0,
            bonus_of(other, Side::Advocate, 0).0,
            bonus_of(other, Side::Friend, 0).0,
            LotId::of_order(one).0,
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(bonus_of(one, Side::Friend, 0), bonus_of(one, Side::Friend, 0));
    }
}
