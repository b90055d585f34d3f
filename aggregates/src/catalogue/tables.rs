//! Columns that hold sealed bytes or lead to a person. Everything else in these tables is numbers, times and words of our
//! own.

use super::{
    Column,
    Erasure::{Expires, Removed, Stays, Tombstone},
    Protection::{Clear, KeyedHash, PersonKey, RandomId, WrappedKey},
    Purpose::{Audit, Intake, Keys, Ledger, Membership, Operation, Privacy},
};

macro_rules! columns {
    ($($table:literal { $($column:literal: $protection:ident, $erasure:ident, $purpose:ident, $what:literal;)* })*) => {
        /// By table.
        pub const COLUMNS: &[Column] = &[$($(Column {
            table: $table, column: $column, what: $what, protection: $protection, erasure: $erasure, purpose: $purpose,
        },)*)*];
    };
}

columns! {
    "vault.person_keys" {
        "person": RandomId, Stays, Keys, "Whose keys these are; the row stays without key";
        "wrapped": WrappedKey, Removed, Keys, "Data key and link key of the person";
    }
    "vault.directory" {
        "lookup": KeyedHash, Tombstone, Membership, "Outside identity: the shop's customer id, an imported address, a card, a code, a referral code, a request, an idempotency key";
        "subject": RandomId, Removed, Membership, "Whom or what the identity leads to";
    }
    "vault.order_owner" {
        "lookup": KeyedHash, Tombstone, Ledger, "The shop's id of an order";
        "account": RandomId, Removed, Ledger, "Whose order it is";
    }
    "vault.item_keys" {
        "wrapped": WrappedKey, Expires, Intake, "Key of a parked body, a waiting fact, an uploaded file or an invited friend's address";
    }
    "vault.waiting_items" {
        "lookup": KeyedHash, Expires, Intake, "The order that a fact waits for";
    }
    "vault.blind_index" {
        "lookup": KeyedHash, Removed, Membership, "E-mail address, phone number or birthday, to be searched by; of those who take part in referrals, mailbox, address, device, means of payment and network";
        "subject": RandomId, Removed, Membership, "Whose it is";
    }
    "vault.named_friends" {
        "lookup": KeyedHash, Expires, Membership, "E-mail address of a friend who was named and is nobody's yet; gone once its owner orders or is forgotten";
    }
    "vault.invitations" {
        "advocate": RandomId, Removed, Membership, "Who has invited a friend";
        "lookup": KeyedHash, Removed, Membership, "E-mail address of a friend whom somebody has invited; removed with either of them";
    }
    "vault.unwanted_mail" {
        "lookup": KeyedHash, Stays, Membership, "E-mail address of somebody who wants no invitations: kept so that their wish is";
    }
    "vault.deletions" {
        "hash": Clear, Stays, Audit, "Of an entry of the deletion journal: of ids and times";
    }
    "read.checkpoint" {
        "commit_hash": Clear, Stays, Audit, "Hash of the commit a read model stands at: of ciphertext";
    }
    "read.parked_aggregates" {
        "subject": RandomId, Stays, Audit, "What a read model goes on without: the journal's name of a customer or an account";
    }
    "read.customers" {
        "customer": RandomId, Stays, Membership, "Which customer";
        "merged_into": RandomId, Stays, Membership, "Into whom this profile was merged";
        "profile": PersonKey, Removed, Membership, "The profile";
        "imported_referral": PersonKey, Removed, Membership, "Referral link of another programme, brought along by an import";
    }
    "read.balances" {
        "customer": RandomId, Stays, Ledger, "Whose account";
        "purse": Clear, Stays, Ledger, "Lots: numbers, times, and tokens of orders under the person's link key";
    }
    "read.points_transactions" {
        "customer": RandomId, Stays, Ledger, "Whose ledger";
        "reference": PersonKey, Removed, Ledger, "The order a line is about";
        "reason": PersonKey, Removed, Audit, "Why points were adjusted";
    }
    "read.reward_redemptions" {
        "customer": RandomId, Stays, Ledger, "Who redeemed points";
    }
    "read.rfm_orders" {
        "customer": RandomId, Stays, Membership, "Whose order";
        "order_token": Clear, Stays, Membership, "Which order: a token under the person's link key";
        "refunds": Clear, Stays, Membership, "Refunds of the order: tokens, and what each gave back";
    }
    "read.rfm_closed_accounts" {
        "customer": RandomId, Stays, Membership, "Who was merged into another";
    }
    "read.customer_segments" {
        "customer": RandomId, Stays, Membership, "Whose segment and scores";
    }
    "read.rfm_score_history" {
        "customer": RandomId, Stays, Membership, "Whose earlier segments and scores";
    }
    "read.tier_bonuses" {
        "customer": RandomId, Stays, Membership, "Whose points count towards a tier";
    }
    "read.tier_gifts" {
        "customer": RandomId, Stays, Membership, "Who was given a tier";
    }
    "read.tier_members" {
        "customer": RandomId, Stays, Membership, "Whose tier";
    }
    "read.tier_history" {
        "customer": RandomId, Stays, Membership, "Whose earlier tiers";
    }
    "read.campaign_actions" {
        "customer": RandomId, Stays, Membership, "Who did something that a campaign rewards";
        "token": Clear, Stays, Membership, "Which action: a token under the person's link key";
    }
    "read.referrals" {
        "customer": RandomId, Stays, Membership, "Who was brought by somebody";
        "advocate": RandomId, Stays, Membership, "Who brought them";
        "order_token": Clear, Stays, Membership, "Which order qualifies: a token under the friend's link key";
    }
    "read.referral_links" {
        "customer": RandomId, Stays, Membership, "Whose link";
    }

    "read.badges" {
        "customer": RandomId, Stays, Membership, "Whose badge";
        "reason": PersonKey, Removed, Audit, "Why a member of staff awarded it";
    }
    "read.leaderboard_scores" {
        "customer": RandomId, Stays, Membership, "Whose score";
    }
    "read.leaderboard_apart" {
        "customer": RandomId, Stays, Membership, "Who is not shown in leaderboards";
    }
    "read.queue_tasks" {
        "customer": RandomId, Stays, Operation, "Whom a task is about";
        "payload": Clear, Stays, Operation, "What a task is to do: ids and numbers; an invited friend's address, sealed under a key of its own";
        "sealed_payload": PersonKey, Removed, Operation, "What a task is to do for a person: to whom a message goes, and its words";
    }
    "read.email_events" {
        "customer": RandomId, Stays, Membership, "Who was mailed, or has invited a friend by mail";
    }
    "read.gdpr_requests" {
        "customer": RandomId, Stays, Privacy, "Whom a request is about";
    }
    "read.audit_logs" {
        "customer": RandomId, Stays, Audit, "Whom an entry is about";
        "reason": PersonKey, Removed, Audit, "Why, where somebody said so; under the merchant's key where it is about nobody";
    }
}
