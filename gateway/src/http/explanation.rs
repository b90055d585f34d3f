//! `GET /v1/customers/{id}/balance/explanation`: why the balance is what it is. Every lot with the order and the rule
//! that brought it, and everything that was ever done to it, read from the log itself.

use std::collections::HashMap;

use aggregates::{
    id::{CustomerId, ImportId, LotId, Token},
    points::{
        Account, BonusRecord, BonusSource, Lot, LotSource, Movement, MovementKind, OrderRecord, OrderReference,
        PointsEvent,
    },
    program::{Boost, BoostSource, Program},
    sealed::Sealed,
    time::Timestamp,
};
use axum::{Json, extract::State};
use journal::{Positioned, Subject};
use projections::replay::{Horizon, Moment, Past};
use serde::Serialize;
use utoipa::ToSchema;
use vault::PersonKeys;

use super::{
    balance::{BalanceDocument, BalanceParams},
    body::{Params, Path},
    customer_id, history,
};
use crate::{
    auth::Caller,
    commands::{CommandError, order::REFERENCE_TAG},
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Accounts whose histories are read for one explanation: the customer's own and those merged into it.
pub(super) const HISTORIES_MAX: usize = 64;

#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    pub customer_id: String,
    pub balance: BalanceDocument,
    /// Points owed to the shop: reversed awards that had been spent.
    pub debt: i64,
    pub lots: Vec<LotDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lot)]
pub struct LotDocument {
    pub id: String,
    pub source: SourceDocument,
    /// What each rule paid, with its inputs.
    pub awards: Vec<AwardDocument>,
    /// `pending`, `available`, `expired` or `spent` (nothing left).
    pub status: &'static str,
    pub granted: i64,
    pub remaining: i64,
    pub reversed: i64,
    pub redeemed: i64,
    pub deducted: i64,
    pub expired: i64,
    /// Went into what another source owed.
    pub covered: i64,
    /// Gone because the owner was forgotten.
    pub forfeited: i64,
    pub earned_at: String,
    pub available_at: String,
    pub expires_at: Option<String>,
    /// Everything that moved points in this lot, oldest first.
    pub movements: Vec<MovementDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceDocument {
    /// `order`, `points_adjustment`, or what a bonus is for: `referral`, `campaign`, `badge`, `vip_tier`.
    pub kind: &'static str,
    /// The shop's id of the order; ours of what a bonus is for.
    pub id: Option<String>,
    pub name: Option<String>,
    /// Points by the rules, before anything went back.
    pub awarded: Option<i64>,
    /// Of these, how many went back with refunds and cancellation.
    pub reversed: Option<i64>,
    pub program_version: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AwardDocument {
    pub rule_id: String,
    pub rule_version: u32,
    /// What counted of the order, minor units.
    pub base_minor: i64,
    pub points_per_unit: Option<String>,
    /// What multiplied it besides the rule itself.
    pub boosts: Vec<BoostDocument>,
    pub points: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Boost)]
pub struct BoostDocument {
    /// `vip_tier`, the one that the buyer was in just before the order; or `campaign`.
    pub kind: &'static str,
    pub id: String,
    /// Exact decimal text.
    pub factor: String,
}

impl From<&Boost> for BoostDocument {
    fn from(boost: &Boost) -> Self {
        let (kind, id) = match &boost.source {
            BoostSource::Tier(tier) => ("vip_tier", tier.to_string()),
            BoostSource::Campaign(campaign) => ("campaign", campaign.to_string()),
        };
        BoostDocument { kind, id, factor: boost.factor.to_string() }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MovementDocument {
    /// `granted`, `withdrawn`, `reversed`, `reversed_expired`, `restored`, `redeemed`, `returned`, `deducted`,
    /// `expired`, `covered`, `uncovered` or `forfeited`.
    pub kind: &'static str,
    pub points: i64,
    /// The redemption it belongs to.
    pub redemption_id: Option<String>,
    pub recorded_at: String,
    pub position: u64,
}

/// Why the balance is what it is, or was.
#[utoipa::path(
    get, path = "/v1/customers/{id}/balance/explanation", tag = "points", security(("api_key" = [])),
    params(("id" = String, Path), BalanceParams),
    responses((status = 200, body = Explanation), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<BalanceParams>,
) -> Result<Json<Explanation>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    // The log itself is read: it is as new as it can be, but not newer.
    let head = gateway.journal.last_position().await.map_err(CommandError::from)?;
    if params.min_position.is_some_and(|wanted| wanted > head) {
        return Err(Problem::of(Code::ReadModelBehind));
    }
    let moment = history::moment(params.as_of.as_deref())?.unwrap_or(Moment::Position(u64::MAX));
    Ok(Json(explain(&gateway, &caller, customer, moment).await?))
}

/// The explanation as of a moment; the end of all positions is now.
pub(super) async fn explain(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    moment: Moment,
) -> Result<Explanation, Problem> {
    let instant = history::instant(gateway, caller, moment).await?;
    let mut told = Told::default();
    let account = told.read(gateway, caller, customer, moment).await?;
    let lease = gateway.merchant(caller.merchant()).await?;
    let moment = if moment == Moment::Position(u64::MAX) { Moment::Time(instant) } else { moment };
    let as_of = history::said_of(moment, account.position, instant);
    let account = account.state;
    let lots = account.purse.lots.iter().map(|lot| told.lot(lot, &account, &lease.program, instant)).collect();
    Ok(Explanation {
        customer_id: customer.to_string(),
        balance: BalanceDocument::new(customer, account.balance_at(instant), as_of),
        debt: account.purse.debt,
        lots,
    })
}

/// What the log tells besides the state itself.
#[derive(Default)]
struct Told {
    movements: HashMap<LotId, Vec<MovementDocument>>,
    orders: HashMap<Token, OrderReference>,
}

impl Told {
    /// Folds the customer's account, and takes note of what had happened to every lot, also in accounts merged into it.
    async fn read(
        &mut self,
        gateway: &Gateway,
        caller: &Caller,
        customer: CustomerId,
        moment: Moment,
    ) -> Result<Past<Account>, Problem> {
        let mut account = Past::default();
        let mut horizon = Horizon::of(moment);
        let mut histories = vec![customer];
        let mut next = 0;
        while let Some(&of) = histories.get(next).filter(|_| next < HISTORIES_MAX) {
            next += 1;
            let keys = gateway.keys_for(caller, of).await?;
            let mut folded = Past::<Account>::default();
            let commits = gateway.journal.read(&Subject::points(caller.merchant(), of), 0).await;
            for commit in commits.map_err(CommandError::from)?.iter().take_while(|commit| horizon.sees(commit)) {
                for event in folded.take_in(commit)? {
                    if let PointsEvent::AccountAbsorbed(event) = &event {
                        histories.push(event.from);
                    }
                    self.note(commit, &event, keys.as_deref());
                }
            }
            if of == customer {
                account = folded;
            }
        }
        for movements in self.movements.values_mut() {
            movements.sort_by_key(|movement| movement.position);
        }
        Ok(account)
    }

    fn note(&mut self, commit: &Positioned, event: &PointsEvent, keys: Option<&PersonKeys>) {
        if let PointsEvent::OrderAssessed(event) = event
            && let Some(reference) = event.reference.as_ref().and_then(|sealed| opened(keys, sealed))
            && (!reference.name.is_empty() || !self.orders.contains_key(&event.order))
        {
            self.orders.insert(event.order, reference);
        }
        let (movements, redemption) = moved_by(event);
        for movement in movements {
            self.movements.entry(movement.lot).or_default().push(MovementDocument {
                kind: word(movement.kind),
                points: movement.points,
                redemption_id: redemption.clone(),
                recorded_at: commit.commit.recorded_at.to_rfc3339(),
                position: commit.position,
            });
        }
    }

    fn lot(&self, lot: &Lot, account: &Account, program: &Program, now: Timestamp) -> LotDocument {
        let order = match lot.source {
            LotSource::Order(token) => Some((token, account.orders.get(&token))),
            LotSource::Adjustment | LotSource::Bonus(_) | LotSource::Import(_) => None,
        };
        let record = order.and_then(|(_, record)| record);
        let expires_at = lot.expires_at(account.purse.last_activity);
        // Of what is left by the log, time may have taken the rest without that being on record yet.
        let gone = expires_at.is_some_and(|at| at <= now);
        let (remaining, expired) = if gone { (0, lot.expired + lot.remaining) } else { (lot.remaining, lot.expired) };
        LotDocument {
            id: lot.id.to_string(),
            source: match lot.source {
                LotSource::Bonus(source) => of_bonus(source),
                LotSource::Import(import) => of_import(import),
                LotSource::Order(_) | LotSource::Adjustment => self.source(order.map(|(token, _)| token), record),
            },
            awards: match record {
                Some(record) => awards(record, program),
                None => account.bonuses.values().filter(|bonus| bonus.lot == lot.id).map(award_of_bonus).collect(),
            },
            status: match () {
                () if gone => "expired",
                () if remaining == 0 => "spent",
                () if lot.is_pending_at(now) => "pending",
                () => "available",
            },
            granted: lot.granted,
            remaining,
            reversed: lot.reversed,
            redeemed: lot.redeemed,
            deducted: lot.deducted,
            expired,
            covered: lot.covered,
            forfeited: lot.forfeited,
            earned_at: lot.earned_at.to_rfc3339(),
            available_at: lot.available_at.to_rfc3339(),
            expires_at: expires_at.map(Timestamp::to_rfc3339),
            movements: self.movements.get(&lot.id).cloned().unwrap_or_default(),
        }
    }

    fn source(&self, order: Option<Token>, record: Option<&OrderRecord>) -> SourceDocument {
        let reference = order.and_then(|token| self.orders.get(&token));
        SourceDocument {
            kind: if order.is_some() { "order" } else { "points_adjustment" },
            id: reference.map(|reference| reference.order_id.clone()),
            name: reference.map(|reference| reference.name.clone()).filter(|name| !name.is_empty()),
            awarded: record.map(|record| record.awarded),
            reversed: record.map(|record| record.awarded - record.kept),
            program_version: record.map(|record| record.program_version),
        }
    }
}

fn of_import(import: ImportId) -> SourceDocument {
    SourceDocument {
        kind: "import",
        id: Some(import.to_string()),
        name: None,
        awarded: None,
        reversed: None,
        program_version: None,
    }
}

fn of_bonus(source: BonusSource) -> SourceDocument {
    SourceDocument {
        kind: source.kind.as_str(),
        id: Some(source.id.to_string()),
        name: None,
        awarded: None,
        reversed: None,
        program_version: None,
    }
}

fn award_of_bonus(bonus: &BonusRecord) -> AwardDocument {
    AwardDocument {
        rule_id: bonus.rule.0.clone(),
        rule_version: bonus.rule_version,
        base_minor: 0,
        points_per_unit: None,
        boosts: Vec::new(),
        points: bonus.points,
    }
}

fn opened(keys: Option<&PersonKeys>, sealed: &Sealed<OrderReference>) -> Option<OrderReference> {
    keys?.open(REFERENCE_TAG, sealed).ok()
}

fn awards(record: &OrderRecord, program: &Program) -> Vec<AwardDocument> {
    let rules = program.version(record.program_version).map(|version| version.settings.earning_rules.as_slice());
    let rule = |index: usize| rules.and_then(|rules| rules.get(index));
    record
        .rules
        .iter()
        .enumerate()
        .map(|(index, (base_minor, points))| AwardDocument {
            rule_id: rule(index).map(|rule| rule.id.0.clone()).unwrap_or_default(),
            rule_version: record.program_version,
            base_minor: *base_minor,
            points_per_unit: rule(index).map(|rule| rule.points_per_unit.to_string()),
            boosts: record.boosts.iter().map(BoostDocument::from).collect(),
            points: *points,
        })
        .collect()
}

fn moved_by(event: &PointsEvent) -> (&[Movement], Option<String>) {
    match event {
        PointsEvent::OrderAssessed(event) => (&event.movements, None),
        PointsEvent::PointsExpired(event) => (&event.movements, None),
        PointsEvent::DebtCovered(event) => (&event.movements, None),
        PointsEvent::PointsAdjusted(event) => (&event.movements, None),
        PointsEvent::BonusGranted(event) => (&event.movements, None),
        PointsEvent::BonusRevoked(event) => (&event.movements, None),
        PointsEvent::RewardRedeemed(event) => (&event.movements, Some(event.redemption.to_string())),
        PointsEvent::RedemptionReturned(event) => (&event.movements, Some(event.redemption.to_string())),
        PointsEvent::PointsForfeited(event) => (&event.movements, None),
        PointsEvent::PointsImported(event) => (&event.movements, None),
        PointsEvent::PointsActivated(_)
        | PointsEvent::AccountFenced(_)
        | PointsEvent::RedemptionUsed(_)
        | PointsEvent::RedemptionDelivered(_)
        | PointsEvent::AccountClosed(_)
        | PointsEvent::AccountAbsorbed(_)
        | PointsEvent::ContentsAbsorbed(_) => (&[], None),
    }
}

const fn word(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Granted => "granted",
        MovementKind::Withdrawn => "withdrawn",
        MovementKind::Reversed => "reversed",
        MovementKind::ReversedExpired => "reversed_expired",
        MovementKind::Restored => "restored",
        MovementKind::Redeemed => "redeemed",
        MovementKind::Returned => "returned",
        MovementKind::Deducted => "deducted",
        MovementKind::Expired => "expired",
        MovementKind::Covered => "covered",
        MovementKind::Uncovered => "uncovered",
        MovementKind::Forfeited => "forfeited",
    }
}
