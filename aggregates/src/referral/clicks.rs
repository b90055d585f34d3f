//! How often links were followed. Clicks are numbers for people to look at, never money: a gateway gathers them and writes
//! them a few at a time, on a fixed number of subjects, so that nobody can fill the log by clicking.

use super::event::{ClicksCounted, ReferralEvent};
use crate::{Aggregate, Context, event::Recorded, id::ReferralLinkId};

/// Subjects per merchant, for ever.
pub const CLICK_SHARDS: u8 = 4;
/// Links that one commit counts.
pub const LINKS_PER_COMMIT_MAX: usize = 1_000;

#[derive(Debug, Clone)]
pub struct CountClicks {
    pub clicks: Vec<(ReferralLinkId, u32)>,
}

/// Remembers nothing: the sums are a read model's.
#[derive(Debug, Clone, Default)]
pub struct ClickShard;

impl Aggregate for ClickShard {
    const CONTEXT: Context = Context::Referral;
    type Event = ReferralEvent;
    type Command = CountClicks;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &CountClicks) -> Result<Vec<ReferralEvent>, std::convert::Infallible> {
        Ok(match command.clicks.is_empty() {
            true => Vec::new(),
            false => vec![ReferralEvent::ClicksCounted(ClicksCounted { clicks: command.clicks.clone() })],
        })
    }

    fn apply(&mut self, _: &ReferralEvent, _: &Recorded) {}
}
