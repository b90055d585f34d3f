//! Samples of what is recorded of a shop's tiers.

use aggregates::{
    id::CustomerId,
    program::TierId,
    tier::{Cause, DefinitionApplied, TierChange, TierEvent, TiersAssigned},
};

use crate::values::{at, uuid};

pub fn samples() -> Vec<TierEvent> {
    let causes = [Cause::Facts, Cause::Time, Cause::Definition, Cause::ByHand, Cause::Import];
    let assigned = causes.map(assigned).map(TierEvent::Assigned);
    let applied = DefinitionApplied { definition_version: 4, facts_through: 900, moved: 2, at: at(6) };
    assigned.into_iter().chain([TierEvent::DefinitionApplied(applied)]).collect()
}

fn assigned(cause: Cause) -> TiersAssigned {
    let change = |customer, from, to, look_again_at| TierChange {
        customer: CustomerId(uuid(customer)),
        cause,
        from,
        to,
        since: at(3),
        measured: 123_456,
        look_again_at,
    };
    TiersAssigned {
        definition_version: 4,
        facts_through: 900,
        at: at(5),
        tiers: ["silver", "gold"].map(|id| TierId::parse(id).expect("an id")).into(),
        changes: vec![change(0xc1, None, Some(1), Some(at(7))), change(0xc2, Some(1), None, None)],
    }
}
