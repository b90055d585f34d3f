//! Where a commit lives: `ln.<partition>.<merchant>.<context>.<id>`.
//!
//! This is the only place that knows the shape of a subject. One subject is one aggregate: the guard of every write
//! is the last sequence of exactly this subject, so two things that must not be decided at the same time share one.
//!
//! The partition is a hash of the merchant. It is part of every stored subject and therefore fixed for ever.

use std::fmt;
use std::str::FromStr;

use aggregates::Context;
use aggregates::id::{CustomerId, GdprRequestId, MerchantId, ParkedId, ReferralId, RewardId};
use uuid::Uuid;

/// Everything in the journal is below this word.
const JOURNAL_ROOT: &str = "ln";
/// Snapshots mirror the journal's subjects below this word.
const SNAPSHOT_ROOT: &str = "lnsnap";
/// Sealed bodies of webhooks that were parked, below this word.
const PARKED_ROOT: &str = "lnparked";
/// Partitions of the subject space, `00` to `3f`. Never changes: stored subjects contain the result.
const PARTITIONS: u8 = 64;

/// Stands where a merchant does, for what belongs to none.
const NO_MERCHANT: MerchantId = MerchantId(Uuid::nil());

/// The last word of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectId {
    /// One thing of its kind: a customer, a request. Prints as 32 hex digits.
    Uuid(Uuid),
    /// One of a fixed number of shards, for kinds of which there are too many. Prints as `s` and two hex digits.
    Shard(u8),
    /// The only one of its kind in a merchant. Prints as `main`.
    Main,
}

/// The address of one aggregate in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub merchant: MerchantId,
    pub context: Context,
    pub id: SubjectId,
}

impl Subject {
    pub const fn customer(merchant: MerchantId, customer: CustomerId) -> Self {
        Subject { merchant, context: Context::Customer, id: SubjectId::Uuid(customer.0) }
    }

    /// The points account of a customer. It has the customer's UUID.
    pub const fn points(merchant: MerchantId, customer: CustomerId) -> Self {
        Subject { merchant, context: Context::Points, id: SubjectId::Uuid(customer.0) }
    }

    pub const fn program(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Program, id: SubjectId::Main }
    }

    pub const fn merchant(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Merchant, id: SubjectId::Main }
    }

    /// Order facts without an owner.
    pub const fn waiting(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Waiting, id: SubjectId::Shard(shard) }
    }

    /// The record of parked webhooks; their bodies are at [`parked_body`].
    pub const fn parked(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Parked, id: SubjectId::Shard(shard) }
    }

    pub const fn gdpr(merchant: MerchantId, request: GdprRequestId) -> Self {
        Subject { merchant, context: Context::Gdpr, id: SubjectId::Uuid(request.0) }
    }

    pub const fn product(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Product, id: SubjectId::Shard(shard) }
    }

    /// Periods of the merchant's books.
    pub const fn books(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Books, id: SubjectId::Main }
    }

    /// Windows and segment changes of a merchant, all on one subject: who writes them has seen all that went before.
    pub const fn rfm(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Rfm, id: SubjectId::Main }
    }

    /// Who is in which tier of a merchant, all on one subject: who writes it has seen all that went before.
    pub const fn tier(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Tier, id: SubjectId::Main }
    }

    /// Campaigns of a merchant.
    pub const fn campaigns(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Campaign, id: SubjectId::Main }
    }

    /// What customers did for campaigns.
    pub const fn campaign_actions(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Campaign, id: SubjectId::Shard(shard) }
    }

    /// A friend who was brought.
    pub const fn referral(merchant: MerchantId, referral: ReferralId) -> Self {
        Subject { merchant, context: Context::Referral, id: SubjectId::Uuid(referral.0) }
    }

    /// Clicks on referral links.
    pub const fn referral_clicks(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Referral, id: SubjectId::Shard(shard) }
    }

    /// The merchant's own templates of mails.
    pub const fn mail_templates(merchant: MerchantId) -> Self {
        Subject { merchant, context: Context::Mail, id: SubjectId::Main }
    }

    /// A shard of the merchant's mails.
    pub const fn outbox(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Mail, id: SubjectId::Shard(shard) }
    }

    /// A shard of the merchant's task queue.
    pub const fn task(merchant: MerchantId, shard: u8) -> Self {
        Subject { merchant, context: Context::Task, id: SubjectId::Shard(shard) }
    }

    pub const fn reward(merchant: MerchantId, reward: RewardId) -> Self {
        Subject { merchant, context: Context::Reward, id: SubjectId::Uuid(reward.0) }
    }

    /// What concerns every merchant at once. The only subject that is no merchant's.
    pub const fn installation() -> Self {
        Subject { merchant: NO_MERCHANT, context: Context::Installation, id: SubjectId::Main }
    }

    /// The partition of a merchant, `0..64`.
    pub fn partition(merchant: MerchantId) -> u8 {
        // FNV-1a, folded. Its few lines are here because the result may never depend on somebody's next release.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in merchant.0.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let folded = (hash ^ (hash >> 32)).to_le_bytes()[0];
        folded % PARTITIONS
    }

    /// Where this aggregate's snapshot lies, in the stream `SNAPSHOTS`.
    pub(crate) fn snapshot(&self) -> String {
        self.below(SNAPSHOT_ROOT)
    }

    fn below(&self, root: &str) -> String {
        let mut text = String::with_capacity(root.len() + 80);
        self.write(root, &mut text).expect("writing to a String cannot fail");
        text
    }

    fn write(&self, root: &str, out: &mut impl fmt::Write) -> fmt::Result {
        let merchant = self.merchant;
        write!(out, "{root}.{:02x}.{}.{}.", Self::partition(merchant), merchant.0.simple(), self.context.as_str())?;
        match self.id {
            SubjectId::Uuid(id) => write!(out, "{}", id.simple()),
            SubjectId::Shard(shard) => write!(out, "s{shard:02x}"),
            SubjectId::Main => out.write_str("main"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(JOURNAL_ROOT, f)
    }
}

/// Text that is not the subject of a commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a subject of the journal: {0}")]
pub struct NotASubject(pub String);

impl FromStr for Subject {
    type Err = NotASubject;

    /// Accepts exactly what `Display` writes: one spelling per subject, or the guards would not meet.
    fn from_str(text: &str) -> Result<Self, NotASubject> {
        parse(text).filter(|subject| subject.to_string() == text).ok_or_else(|| NotASubject(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Subject> {
    let mut words = text.split('.');
    let (root, _partition) = (words.next()?, words.next()?);
    let merchant = MerchantId(Uuid::try_parse(words.next()?).ok()?);
    let context = Context::parse(words.next()?)?;
    let id = parse_id(words.next()?)?;
    (root == JOURNAL_ROOT && words.next().is_none()).then_some(Subject { merchant, context, id })
}

fn parse_id(word: &str) -> Option<SubjectId> {
    match word.strip_prefix('s') {
        Some(shard) => u8::from_str_radix(shard, 16).ok().map(SubjectId::Shard),
        None if word == "main" => Some(SubjectId::Main),
        None => Uuid::try_parse(word).ok().map(SubjectId::Uuid),
    }
}

/// Every subject of the journal.
pub(crate) fn everything() -> String {
    format!("{JOURNAL_ROOT}.>")
}

/// Every subject of one merchant.
pub(crate) fn everything_of(merchant: MerchantId) -> String {
    format!("{JOURNAL_ROOT}.{:02x}.{}.>", Subject::partition(merchant), merchant.0.simple())
}

/// Every subject of one room, whichever merchant's.
pub(crate) fn everything_in(room: Context) -> String {
    format!("{JOURNAL_ROOT}.*.*.{}.*", room.as_str())
}

/// Every snapshot of one merchant, in the stream `SNAPSHOTS`.
pub(crate) fn snapshots_of(merchant: MerchantId) -> String {
    format!("{SNAPSHOT_ROOT}.{:02x}.{}.>", Subject::partition(merchant), merchant.0.simple())
}

/// Every sealed body of a parked webhook of one merchant, in the stream `PARKED`.
pub(crate) fn parked_bodies_of(merchant: MerchantId) -> String {
    format!("{PARKED_ROOT}.{:02x}.{}.*", Subject::partition(merchant), merchant.0.simple())
}

/// Where the sealed body of a parked webhook lies, in the stream `PARKED`.
pub fn parked_body(merchant: MerchantId, parked: ParkedId) -> String {
    format!("{PARKED_ROOT}.{:02x}.{}.{}", Subject::partition(merchant), merchant.0.simple(), parked.0.simple())
}

#[cfg(test)]
mod tests;
