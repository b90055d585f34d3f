//! What a person can have ruled out without being forgotten. Points go on as before; what looks at people does not.

use serde::{Deserialize, Serialize};

use super::event::{CustomerEvent, LimitLifted, Limited};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// Their data may be kept and not used: no segments, no mail.
    Restriction,
    /// They object to profiling: no segments.
    Objection,
}

impl Limit {
    pub(super) fn imposed(self, limited: Limited) -> CustomerEvent {
        match self {
            Limit::Restriction => CustomerEvent::Restricted(limited),
            Limit::Objection => CustomerEvent::Objected(limited),
        }
    }

    pub(super) fn lifted(self, lifted: LimitLifted) -> CustomerEvent {
        match self {
            Limit::Restriction => CustomerEvent::RestrictionLifted(lifted),
            Limit::Objection => CustomerEvent::ObjectionWithdrawn(lifted),
        }
    }
}

/// Which limits are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    pub restricted: bool,
    pub objects_to_profiling: bool,
}

impl Limits {
    pub const fn has(self, limit: Limit) -> bool {
        match limit {
            Limit::Restriction => self.restricted,
            Limit::Objection => self.objects_to_profiling,
        }
    }

    /// Of these, the ones that `others` lack.
    pub(super) fn missing_in(self, others: Limits) -> impl Iterator<Item = Limit> {
        let all = [Limit::Restriction, Limit::Objection];
        all.into_iter().filter(move |limit| self.has(*limit) && !others.has(*limit))
    }
}
