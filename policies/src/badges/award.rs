//! One badge for one customer. The badge is written on the customer, its points on the account, both or neither.

use std::sync::Arc;

use aggregates::{
    Aggregate,
    badge::{AwardCause, BadgeAwarded, BadgeDefinition, HeldBadge},
    customer::{CustomerCommand, CustomerRefusal},
    id::{CustomerId, LotId, MerchantId},
    points::{BonusKind, BonusSource, Grant, PointsCommand, StaffNote},
    program::{Program, RuleId},
    sealed::Sealed,
    time::Timestamp,
};
use journal::{
    CommandContext, Subject, Together,
    executor::{RandomIds, Retry},
};

use super::{Awarder, BadgeError};

/// What is to be awarded, and by which settings.
#[derive(Debug, Clone)]
pub struct Award<'a> {
    pub definition: &'a BadgeDefinition,
    pub held: HeldBadge,
    pub cause: AwardCause,
    pub reason: Option<Sealed<StaffNote>>,
    pub program: Arc<Program>,
    pub program_version: u32,
    pub now: Timestamp,
}

/// A badge that is on record, now or since before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awarded {
    /// Of the last commit of the award; of somebody who had it already, of their last commit.
    pub position: u64,
    pub repeated: bool,
}

impl Award<'_> {
    fn event(&self) -> BadgeAwarded {
        BadgeAwarded {
            held: self.held.clone(),
            cause: self.cause,
            points: self.definition.points,
            program_version: self.program_version,
            reason: self.reason.clone(),
            at: self.now,
        }
    }

    /// Held back as long as the points of an order are.
    fn grant(&self, customer: CustomerId, fresh_lot: LotId) -> Option<Grant> {
        let settings = &self.program.in_effect_at(self.now)?.settings;
        Some(Grant {
            bonus: self.held.bonus_of(customer),
            source: BonusSource { kind: BonusKind::Badge, id: self.held.source() },
            points: self.definition.points,
            rule: RuleId(self.definition.id.to_string()),
            rule_version: self.program_version,
            earned_at: self.now,
            available_at: self.now.plus_days(settings.hold_days),
            fresh_lot,
            program: Arc::clone(&self.program),
            now: self.now,
        })
    }
}

impl Awarder {
    /// Awards it, if the customer does not have it.
    ///
    /// # Errors
    /// [`BadgeError`]; [`CustomerRefusal::Merged`] says where the customer lives on.
    pub async fn award(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        award: &Award<'_>,
        context: &CommandContext,
    ) -> Result<Awarded, BadgeError> {
        let mut retry = Retry::new(&RandomIds);
        loop {
            match self.try_award(merchant, customer, award, context).await {
                Err(BadgeError::Contended) if retry.pause().await => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_award(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        award: &Award<'_>,
        context: &CommandContext,
    ) -> Result<Awarded, BadgeError> {
        let mut together = Together::new(&self.journal, context);
        let (person, account) = together
            .lock_both(
                (&self.customers, Subject::customer(merchant, customer)),
                (&self.accounts, Subject::points(merchant, customer)),
            )
            .await?;
        let decided = person.state().decide(&CustomerCommand::AwardBadge(award.event()));
        if !matches!(&decided, Ok(events) if !events.is_empty()) && !person.is_newest().await? {
            return Err(BadgeError::Contended);
        }
        let events = decided.map_err(BadgeError::Customer)?;
        if events.is_empty() {
            return Ok(Awarded { position: person.versioned().position, repeated: true });
        }
        let points = match award.definition.points {
            0 => Vec::new(),
            _ => {
                let grant = award.grant(customer, LotId((self.new_id)())).ok_or(BadgeError::NoProgram)?;
                account.state().decide(&PointsCommand::Grant(grant)).map_err(BadgeError::Points)?
            }
        };
        together.stage(person, events);
        together.stage(account, points);
        let positions = together.commit().await?;
        Ok(Awarded { position: positions.into_iter().max().unwrap_or(0), repeated: false })
    }
}

impl BadgeError {
    /// The customer is not there to have it: merged, erased, or never was.
    pub(super) const fn is_about_nobody(&self) -> bool {
        use aggregates::points::PointsRefusal;
        matches!(
            self,
            BadgeError::Customer(CustomerRefusal::Merged { .. } | CustomerRefusal::Erased | CustomerRefusal::Unknown)
                | BadgeError::Points(PointsRefusal::Merged { .. } | PointsRefusal::Erased)
        )
    }
}
