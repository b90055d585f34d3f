//! The steps of a request, for a table's cell or a program.

use aggregates::gdpr::GdprRequest;
use serde_json::{Value, json};

pub(super) fn of(state: &GdprRequest) -> Value {
    let step = |record: &aggregates::gdpr::StepRecord| {
        json!({
            "step": record.evidence.step().as_str(),
            "at": record.at.to_rfc3339(),
            "position": record.position,
        })
    };
    state.steps.iter().map(step).collect()
}
