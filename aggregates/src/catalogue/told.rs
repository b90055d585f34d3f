//! What a person is told of all this when they ask what is held on them: the sections of their report where it stands, or why it
//! stands in none. A test fails on whatever is in the catalogue and not here, and on a section that no report has.

/// Where a person finds what is held on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// In these sections of their report.
    In(&'static [&'static str]),
    /// In none, and why.
    Not(&'static str),
}

use Told::{In, Not};

const A_KEY: &str = "it is key material: it says nothing of anybody";
const OF_THE_SHOP: &str = "it is about the shop, and those who work there";
const NOBODYS_YET: &str = "nobody knows yet whose it is; it expires, or is found where it belongs by then";

/// By content of what is sealed.
pub const SEALED_TOLD: &[(&str, Told)] = &[
    ("Profile", In(&["customer", "profile_history"])),
    ("ReferralCode", In(&["brought_along"])),
    ("Birthday", In(&["profile_history"])),
    ("OrderReference", In(&["orders", "points_transactions"])),
    ("OrderLine", In(&["orders"])),
    ("StaffNote", In(&["points_transactions", "audit_log"])),
    ("LinkSecret", Not(A_KEY)),
    ("SignalHashes", Not("hashes, of two people, that nobody can turn back; in what the two met is in `referrals`")),
    ("StatedRequest", In(&["gdpr_requests"])),
    ("WaitingFact", Not(NOBODYS_YET)),
    ("InvitedFriend", Not("it is the friend's, and ends with the mail; that there is one is in `email_events`")),
    ("TaskContent", Not("copies of what is in `customer`, until it is done; what there is to do is in `tasks`")),
    ("ShopDomain", Not(OF_THE_SHOP)),
    ("WebhookSecret", Not(OF_THE_SHOP)),
    ("AdminToken", Not(OF_THE_SHOP)),
    ("KeyName", Not(OF_THE_SHOP)),
    ("AdoptionNote", Not(OF_THE_SHOP)),
];

/// By table.
pub const TABLES_TOLD: &[(&str, Told)] = &[
    ("vault.person_keys", Not(A_KEY)),
    (
        "vault.directory",
        In(&["customer", "profile_history", "loyalty_cards", "reward_redemptions", "referral_links", "brought_along"]),
    ),
    ("vault.order_owner", In(&["orders"])),
    ("vault.item_keys", Not(A_KEY)),
    ("vault.waiting_items", Not(NOBODYS_YET)),
    ("vault.blind_index", In(&["customer", "profile_history"])),
    ("vault.named_friends", Not(NOBODYS_YET)),
    ("vault.invitations", In(&["email_events"])),
    ("vault.unwanted_mail", In(&["choices"])),
    ("vault.deletions", Not("ids and times of people whose keys are gone")),
    ("read.checkpoint", Not("a hash of ciphertext, of whoever's commit was the last")),
    ("read.parked_aggregates", Not("what cannot be read is missing for a while; whoever asks is told `stale`")),
    ("read.customers", In(&["customer", "brought_along"])),
    ("read.balances", In(&["balance", "lots"])),
    ("read.points_transactions", In(&["points_transactions"])),
    ("read.reward_redemptions", In(&["reward_redemptions"])),
    ("read.rfm_orders", In(&["orders"])),
    ("read.rfm_closed_accounts", In(&["customer"])),
    ("read.customer_segments", In(&["rfm_segments"])),
    ("read.rfm_score_history", In(&["rfm_segments"])),
    ("read.tier_bonuses", In(&["points_transactions"])),
    ("read.tier_gifts", In(&["vip_tier_gifts"])),
    ("read.tier_members", In(&["vip_tier_history"])),
    ("read.tier_history", In(&["vip_tier_history"])),
    ("read.campaign_actions", In(&["campaign_actions"])),
    ("read.referrals", In(&["referrals"])),
    ("read.referral_links", In(&["referral_links"])),
    ("read.badges", In(&["badges"])),
    ("read.leaderboard_scores", In(&["leaderboard_scores"])),
    ("read.leaderboard_apart", In(&["choices", "customer"])),
    ("read.queue_tasks", In(&["tasks"])),
    ("read.email_events", In(&["email_events"])),
    ("read.gdpr_requests", In(&["gdpr_requests"])),
    ("read.audit_logs", In(&["audit_log"])),
];

/// What is told of the content of a seal, or of a table.
pub fn told(held: &str) -> Option<Told> {
    SEALED_TOLD.iter().chain(TABLES_TOLD).find(|(name, _)| *name == held).map(|(_, told)| *told)
}
