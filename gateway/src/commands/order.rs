//! An order fact: whose it is, and what the owner's account makes of it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use aggregates::{
    customer::Erasure,
    id::CustomerId,
    order::{OrderBody, Refund},
    points::{
        CodeUseOutcome, KeyedView, OrderFact, OrderRecord, OrderReference, PointsCommand, PointsEvent, PointsRefusal,
        RecordOrder,
    },
};
use journal::executor::Retry;
use vault::{LinkKey, OrderOwner, VaultError};

use super::{
    account::{OpenAccount, Reached},
    error::CommandError,
    request::{Done, Request},
    waiting::SetAside,
};
use crate::{gateway::Gateway, shopify::SeenCustomer};

pub const REFERENCE_TAG: &str = "points.order_reference";
pub const LINES_TAG: &str = "points.order_lines";

/// What tokens of the shop's things are derived under.
mod kind {
    pub const ORDER: &str = "order";
    pub const REFUND: &str = "refund";
    pub const LINE: &str = "line";
}

impl Gateway {
    /// A body of an order: creation, payment, update, cancellation.
    pub async fn record_order(
        &self,
        request: &Request,
        body: &OrderBody,
        customer: Option<&SeenCustomer>,
    ) -> Result<Done, CommandError> {
        let _under_way = self.journal.command_begins();
        let fact = OrderFact::Body { body: body.clone(), position: None };
        let Some(seen) = customer else {
            return self.record_for_owner(request, &body.order_id, fact).await;
        };
        let acted_at = body.processed_at;
        let Some(person) = self.person_acting(request.merchant, &seen.external_id, acted_at).await? else {
            return self.record_of_somebody_forgotten(request, &body.order_id, fact).await;
        };
        if let Erasure::Fenced { at, .. } | Erasure::Erased { at } = self.erasure_of(request, person).await? {
            return self.record_behind_fence(request, &body.order_id, fact, acted_at > at).await;
        }
        let claim = async {
            let claimer = self.survivor(request.merchant, person).await?;
            Ok::<_, CommandError>((claimer, self.vault.claim_order(request.merchant, &body.order_id, claimer).await?))
        };
        let (claimed, ()) = futures::join!(claim, self.warm(request.merchant, person));
        let (claimer, owner) = claimed?;
        let (owner, waited) = match owner {
            OrderOwner::Account { account, was_waiting } => (account, was_waiting),
            OrderOwner::Erased { .. } => return Ok(Done::Ignored),
            OrderOwner::Waiting => return Err(CommandError::Internal("a claimed order still waits".to_owned())),
        };
        let enrolled = self.enrol(request, claimer, seen).await?;
        let waiting = if waited { self.waiting_facts(request.merchant, &body.order_id).await? } else { Vec::new() };
        let done = match self.record_on(request, owner, &body.order_id, fact, &waiting).await {
            // The fence came while this was under way.
            Err(CommandError::CustomerErased) => return Ok(Done::Ignored),
            done => done?,
        };
        if waited {
            self.drop_waiting(request.merchant, &body.order_id, &waiting).await?;
        }
        // The order's own position is the answer's; enrolment alone does not make a repeated order new.
        Ok(if matches!(done, Done::Accepted(_)) { done.and(enrolled) } else { done })
    }

    /// A refund: it names no customer, so it goes to whoever has the order, or waits for somebody to have it.
    pub async fn record_refund(
        &self,
        request: &Request,
        order_id: &str,
        refund: &Refund,
    ) -> Result<Done, CommandError> {
        let _under_way = self.journal.command_begins();
        let fact = OrderFact::Refund { refund: refund.clone(), position: None };
        self.record_for_owner(request, order_id, fact).await
    }

    async fn record_for_owner(&self, request: &Request, order_id: &str, fact: OrderFact) -> Result<Done, CommandError> {
        let owner = match self.vault.await_order(request.merchant, order_id).await {
            Err(VaultError::Destroyed { .. }) => return Ok(Done::Ignored),
            owner => owner?,
        };
        let owner = match owner {
            OrderOwner::Account { account, .. } => account,
            OrderOwner::Erased { .. } => return Ok(Done::Ignored),
            OrderOwner::Waiting => match self.set_aside(request, order_id, &fact).await? {
                SetAside::Waits(done) => return self.tell_redemptions_of_waiting(request, order_id, done).await,
                // Claimed while the fact was on its way: it goes to the owner now, as the claimer may not have seen it.
                SetAside::Claimed(id) => id,
                SetAside::Erased => return Ok(Done::Ignored),
            },
        };
        match self.record_known(request, owner, order_id, fact).await {
            Err(CommandError::CustomerErased) => Ok(Done::Ignored),
            done => done,
        }
    }

    /// A guest's order can carry somebody's code: the redeemer is told how it stands while nobody owns the order.
    async fn tell_redemptions_of_waiting(
        &self,
        request: &Request,
        order_id: &str,
        done: Done,
    ) -> Result<Done, CommandError> {
        let waiting = self.waiting_facts(request.merchant, order_id).await?;
        let facts: Vec<OrderFact> = waiting.into_iter().map(|waiting| waiting.fact).collect();
        let mut done = done;
        if let Some(outcome) = CodeUseOutcome::of_facts(&facts) {
            for code_use in self.redemptions_in(request.merchant, &facts).await? {
                done = done.and(self.tell_redemption(request, order_id, code_use, outcome).await?);
            }
        }
        Ok(done)
    }

    /// For an order that has an owner. Between an order's claim and its commit there is a moment when the owner does
    /// not know it yet; a refund that falls into it waits that moment out. If the owner does not learn of the order in
    /// that time, the refund is set aside for the order's next body.
    pub(super) async fn record_known(
        &self,
        request: &Request,
        owner: CustomerId,
        order_id: &str,
        fact: OrderFact,
    ) -> Result<Done, CommandError> {
        let mut retry = Retry::new(&journal::executor::RandomIds);
        let mut set_aside = None;
        loop {
            let waiting = self.waiting_facts(request.merchant, order_id).await?;
            match self.record_on(request, owner, order_id, fact.clone(), &waiting).await {
                Err(CommandError::Points(PointsRefusal::OrderUnknown)) if retry.pause().await => {}
                Err(CommandError::Points(PointsRefusal::OrderUnknown)) => match set_aside {
                    Some(done) => return Ok(done),
                    // Tried once more afterwards: the order may have come between the last look and this.
                    None => set_aside = Some(self.set_aside_for_owner(request, order_id, &fact).await?),
                },
                done => {
                    if done.is_ok() && !waiting.is_empty() {
                        self.drop_waiting(request.merchant, order_id, &waiting).await?;
                    }
                    return done;
                }
            }
        }
    }

    /// Takes the fact, and what waited for it, into the owner's account; then tells redemptions the order used.
    async fn record_on(
        &self,
        request: &Request,
        owner: CustomerId,
        order_id: &str,
        fact: OrderFact,
        waiting: &[super::waiting::Waiting],
    ) -> Result<Done, CommandError> {
        let waited = waiting.iter().map(|waiting| waiting.fact.clone());
        let facts: Arc<[OrderFact]> = std::iter::once(fact).chain(waited).collect();
        let redeems = self.redemptions_in(request.merchant, &facts).await?;
        let boosts = self.boosts(request.merchant, owner, &facts).await?;
        let context = request.context();
        let reached = self
            .on_account(request.merchant, owner, &context, |account, program| {
                Ok(PointsCommand::RecordOrder(Box::new(RecordOrder {
                    views: account.links.iter().map(|link| view(link, order_id, &facts)).collect::<Result<_, _>>()?,
                    facts: Arc::clone(&facts),
                    program: Arc::clone(program),
                    redeems: redeems.clone(),
                    reference: Some(account.keys.seal(REFERENCE_TAG, &reference(order_id, &facts))),
                    lines: newest_lines(&facts).map(|lines| account.keys.seal(LINES_TAG, lines)),
                    boosts: Arc::clone(&boosts),
                    now: request.now,
                })))
            })
            .await?;
        let record = recorded(&reached, order_id)
            .ok_or_else(|| CommandError::Internal("an order was recorded and is not there".to_owned()))?;
        let mut done = match reached.executed.position {
            Some(position) => Done::Accepted(Some(position)),
            None => Done::Duplicate(known_since(&reached.account, order_id, &facts, record)?),
        };
        for code_use in record.redeems.clone() {
            done = done.and(self.tell_redemption(request, order_id, code_use, CodeUseOutcome::of(record)).await?);
        }
        if let Done::Duplicate(Some(position)) = done {
            let last = self.last_of_fact(request.merchant, position, &record.redeems).await?;
            done = Done::Duplicate(Some(last));
        }
        Ok(done)
    }
}

/// The order as it now stands. What was just written says under which token; otherwise every link key is tried.
fn recorded<'a>(reached: &'a Reached, order_id: &str) -> Option<&'a OrderRecord> {
    let account = &reached.executed.state.state;
    let written = reached.executed.events.iter().find_map(|event| match event {
        PointsEvent::OrderAssessed(event) => Some(&event.order),
        _ => None,
    });
    if written.is_some() {
        return account.order(written);
    }
    let tokens: Vec<_> = reached.account.links.iter().map(|link| order_token(link, order_id)).collect();
    account.order(&tokens)
}

/// Since when the delivered fact, the first of `facts`, is known.
fn known_since(
    account: &OpenAccount,
    order_id: &str,
    facts: &[OrderFact],
    record: &OrderRecord,
) -> Result<Option<u64>, CommandError> {
    for link in &account.links {
        let fingerprint = fingerprint(link, order_id, &facts[0])?;
        if let Some(position) = record.position_of(fingerprint) {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

fn view(link: &LinkKey, order_id: &str, facts: &[OrderFact]) -> Result<KeyedView, CommandError> {
    let refund_tokens = |fact: &OrderFact| -> Vec<_> {
        fact.refunds().iter().map(|refund| link.token(kind::REFUND, &refund.refund_id)).collect()
    };
    let mut lines = HashMap::new();
    for fact in facts {
        let of_body = match fact {
            OrderFact::Body { body, .. } => body.lines.as_slice(),
            OrderFact::Refund { .. } => &[],
        };
        let of_refunds = fact.refunds().iter().flat_map(|refund| &refund.lines);
        for line_id in of_body.iter().map(|line| &line.line_id).chain(of_refunds.map(|line| &line.line_id)) {
            lines.entry(line_id.clone()).or_insert_with(|| link.token(kind::LINE, line_id));
        }
    }
    Ok(KeyedView {
        order: order_token(link, order_id),
        fingerprints: facts.iter().map(|fact| fingerprint(link, order_id, fact)).collect::<Result<_, _>>()?,
        refunds: facts.iter().map(refund_tokens).collect(),
        lines,
    })
}

pub(super) fn order_token(link: &LinkKey, order_id: &str) -> aggregates::id::Token {
    link.token(kind::ORDER, order_id)
}

fn fingerprint(link: &LinkKey, order_id: &str, fact: &OrderFact) -> Result<aggregates::id::Fingerprint, CommandError> {
    let content = match fact {
        OrderFact::Body { body, .. } => postcard::to_stdvec(body),
        OrderFact::Refund { refund, .. } => postcard::to_stdvec(&(order_id, refund)),
    };
    Ok(link.fingerprint(&content.map_err(|error| CommandError::Internal(error.to_string()))?))
}

fn newest_body(facts: &[OrderFact]) -> Option<&OrderBody> {
    let bodies = facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    });
    bodies.max_by_key(|body| body.updated_at)
}

fn newest_lines(facts: &[OrderFact]) -> Option<&Vec<aggregates::order::OrderLine>> {
    newest_body(facts).map(|body| &body.lines)
}

fn reference(order_id: &str, facts: &[OrderFact]) -> OrderReference {
    let name = newest_body(facts).map(|body| body.name.clone()).unwrap_or_default();
    OrderReference { order_id: order_id.to_owned(), name }
}

/// Every code that any body among `facts` carries: a later body may no longer show one that was used.
pub(super) fn codes(facts: &[OrderFact]) -> BTreeSet<&str> {
    let bodies = facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    });
    bodies.flat_map(|body| &body.discount_codes).map(String::as_str).collect()
}
