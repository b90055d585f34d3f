//! What each action is in plain words, for people who have never seen an event.

/// Stored names of events and what they say.
const WORDS: &[(&str, &str)] = &[
    ("merchant.created", "The shop became a merchant"),
    ("merchant.api_key_issued", "An API key was made"),
    ("merchant.uninstalled", "The shop removed the app"),
    ("merchant.fenced", "Forgetting the shop began: nothing is accepted for it any more"),
    ("merchant.erased", "The shop was forgotten"),
    ("merchant.shop_connected", "The shop's own API may be used, with a token that was given"),
    ("merchant.shop_disconnected", "The shop's own API may not be used any more"),
    ("merchant.clock_advanced", "The merchant's test clock was moved forward"),
    ("program.settings_published", "A new version of the programme's settings was published"),
    ("customer.enrolled", "A customer became a member"),
    ("customer.profile_updated", "A customer's profile was updated"),
    ("customer.deleted_in_shop", "The shop deleted the customer's profile"),
    ("customer.merged_into", "The customer was merged into another"),
    ("customer.fenced", "Forgetting the customer began: nothing is written about them any more"),
    ("customer.erased", "The customer was forgotten"),
    ("customer.restricted", "The customer's data may be kept and not used"),
    ("customer.restriction_lifted", "The customer's data may be used again"),
    ("customer.profiling_objected", "The customer objected to being profiled"),
    ("customer.objection_withdrawn", "The customer no longer objects to being profiled"),
    ("customer.absorbed", "Another customer was merged into this one"),
    ("customer.referral_link_issued", "A customer got a link to bring friends by"),
    ("referral.friend_identified", "Somebody came through a customer's link"),
    ("referral.evidence_added", "More was learned about whether two people are one"),
    ("referral.qualified", "A friend's order qualifies; its return window runs"),
    ("referral.held_for_review", "A referral waits for the merchant's decision"),
    ("referral.approved", "The merchant approved of a referral"),
    ("referral.completed", "A referral was completed and both friends were paid"),
    ("referral.clawed_back", "A referral's points went back on both sides"),
    ("referral.cancelled", "A friend's order went back before anybody was paid"),
    ("referral.rejected", "A referral was rejected"),
    ("referral.expired", "A friend did not order in time"),
    ("referral.considered", "A referral was looked at again, and nothing changed"),
    ("referral.clicks_counted", "Clicks on referral links were counted"),
    ("email_template.saved", "A template of a mail was saved"),
    ("email_template.deleted", "A template of a mail was deleted"),
    ("email_event.created", "A mail came a step further"),
    ("badge.awarded", "The customer was awarded a badge"),
    ("customer.mail_chosen", "The customer said whether they want mail"),
    ("customer.leaderboard_chosen", "The customer said whether they want to be in leaderboards"),
    ("rfm.updated", "Buyers' segments changed"),
    ("rfm.window_closed", "The day's segments of all buyers were worked out"),
    ("vip_tier.assigned", "Customers came into a tier, or left one"),
    ("vip_tier.definition_applied", "Everybody's tier is by other settings"),
    ("campaign.defined", "A campaign was made or changed"),
    ("campaign.withdrawn", "A campaign was ended"),
    ("campaign.action_taken", "A customer did something that earns points by a campaign"),
    ("points.order_assessed", "Facts about an order were taken in"),
    ("points.fenced", "The account was closed to everything, because its owner is being forgotten"),
    ("points.forfeited", "What was not spent was given up, because its owner is being forgotten"),
    ("points.activated", "The hold on points ended"),
    ("points.expired", "Points expired"),
    ("points.debt_covered", "Available points paid what was owed"),
    ("points.adjusted", "Points were adjusted by hand"),
    ("points.bonus_granted", "Points were granted for something that is not an order"),
    ("points.bonus_revoked", "Points were taken back that were not for an order"),
    ("points.redeemed", "Points were redeemed"),
    ("points.redemption_delivered", "The shop has made what points were redeemed for"),
    ("points.redemption_used", "An order used a redemption's code"),
    ("points.redemption_returned", "Points of a redemption came back"),
    ("points.account_closed", "The account moved to another customer"),
    ("points.account_absorbed", "Another customer's account moved here"),
    ("points.contents_absorbed", "A part of another customer's account moved here"),
    ("waiting.fact_set_aside", "A fact about an order without an owner was set aside"),
    ("parked.webhook_parked", "A webhook that was not understood was parked"),
    ("parked.retried", "A parked webhook was taken in by a later attempt"),
    ("parked.discarded", "A parked webhook was given up"),
    ("gdpr.request_received", "A privacy request was received"),
    ("gdpr.request_verified", "It became certain whom a privacy request is about"),
    ("gdpr.request_held", "A privacy request was put under a legal hold"),
    ("gdpr.request_released", "The legal hold on a privacy request was lifted"),
    ("gdpr.request_expedited", "The rest of a privacy request was ended"),
    ("gdpr.execution_begun", "Executing a privacy request began"),
    ("gdpr.step_done", "A step of a privacy request was done"),
    ("gdpr.request_completed", "A privacy request was completed"),
    ("gdpr.request_refused", "A privacy request was refused"),
    ("product.stated", "A product was stated"),
    ("product.deleted", "A product was deleted"),
    ("installation.log_adopted", "A restored log became the truth"),
    ("installation.aggregate_parked", "A read model went on without something that it cannot read"),
    ("installation.parking_retried", "What a read model could not read was tried again"),
    ("installation.commit_discarded", "A commit that a read model cannot read was given up"),
    ("task.created", "Something to be done outside was put on the task queue"),
    ("task.completed", "A task was done"),
    ("task.failed", "An attempt at a task failed; another follows"),
    ("task.dead", "A task was given up after its last attempt"),
    ("task.retried", "A task was asked to be tried again at once"),
    ("task.discarded", "A task was discarded: it will never be done"),
    ("reward.defined", "A reward was defined, or defined anew"),
    ("reward.retired", "A reward was taken out of the catalogue"),
    ("reward.taken", "A reward was taken by a customer"),
    ("reward.put_back", "A reward that was taken came back"),
    ("books.line_drawn", "A line was drawn under a period of the books"),
    ("books.period_closed", "A period of the books was closed"),
];

/// The action in plain words; its own name where nobody has found better ones.
pub fn in_words(action: &str) -> &str {
    WORDS.iter().find(|(name, _)| *name == action).map_or(action, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use aggregates::{
        books::BooksEvent, customer::CustomerEvent, gdpr::GdprEvent, installation::InstallationEvent, mail::MailEvent,
        merchant::MerchantEvent, parked::ParkedEvent, points::PointsEvent, product::ProductEvent,
        program::ProgramEvent, referral::ReferralEvent, reward::RewardEvent, task::TaskEvent, waiting::WaitingEvent,
    };

    use super::*;

    #[test]
    fn every_event_has_words() {
        let stored = [
            BooksEvent::STORED,
            CustomerEvent::STORED,
            GdprEvent::STORED,
            InstallationEvent::STORED,
            MailEvent::STORED,
            MerchantEvent::STORED,
            ParkedEvent::STORED,
            PointsEvent::STORED,
            ProductEvent::STORED,
            ProgramEvent::STORED,
            ReferralEvent::STORED,
            TaskEvent::STORED,
            RewardEvent::STORED,
            WaitingEvent::STORED,
        ];
        for (name, _) in stored.concat() {
            assert_ne!(in_words(name), name, "say what {name} is");
        }
    }
}
