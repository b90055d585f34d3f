//! Traces of those who take part in referrals, and of nobody else. They are kept as keyed hashes in the vault, where
//! forgetting somebody wipes them; events hold them sealed under the key of whose they are.

use std::net::IpAddr;

use aggregates::{
    id::{CustomerId, MerchantId},
    referral::{EvidenceFile, Signal, SignalHashes, address_line, email_root, ip_range},
    sealed::Sealed,
};
use journal::Subject;
use vault::{IndexKind, MerchantKeys, PersonKeys};

use crate::{commands::CommandError, gateway::Gateway, shopify::ReferralClues};

/// What the sealed hashes are bound to.
pub const EVIDENCE_TAG: &str = "referral.evidence";
/// Characters of a device's or a means of payment's mark that count.
const MARK_CHARACTERS_MAX: usize = 256;

/// What is known of somebody at one moment, as it is compared. In memory only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces(Vec<(Signal, String)>);

/// Traces as a caller states them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedTraces<'a> {
    pub email: Option<&'a str>,
    pub ip: Option<IpAddr>,
    pub device: Option<&'a str>,
    pub payment: Option<&'a str>,
    /// Street, postal code, country.
    pub address: Option<(&'a str, &'a str, &'a str)>,
}

impl Traces {
    pub fn stated(stated: &StatedTraces<'_>) -> Self {
        let mark = |mark: &str| mark.trim().chars().take(MARK_CHARACTERS_MAX).collect::<String>();
        let marked = |text: Option<&str>| text.map(mark).filter(|mark| !mark.is_empty());
        let mut traces = Traces::default();
        traces.add(Signal::EmailRoot, stated.email.and_then(email_root));
        let address = stated.address.and_then(|(street, code, country)| address_line(street, code, country));
        traces.add(Signal::Address, address);
        traces.add(Signal::Device, marked(stated.device));
        traces.add(Signal::Payment, marked(stated.payment));
        traces.add(Signal::IpRange, stated.ip.and_then(|ip| ip_range(&ip.to_string())));
        traces
    }

    pub fn of_order(clues: &ReferralClues, email: Option<&str>) -> Self {
        let mut traces = Traces::default();
        traces.add(Signal::EmailRoot, email.and_then(email_root));
        traces.add(Signal::Address, clues.address.clone());
        traces.add(Signal::IpRange, clues.ip_range.clone());
        traces
    }

    fn add(&mut self, signal: Signal, value: Option<String>) {
        self.0.extend(value.map(|value| (signal, value)));
    }

    fn hashes(&self, keys: &MerchantKeys, only: impl Fn(Signal) -> bool) -> SignalHashes {
        let hash = |(signal, value): &(Signal, String)| (*signal, keys.lookup_hash(hash_kind(*signal), value));
        SignalHashes { hashes: self.0.iter().filter(|(signal, _)| only(*signal)).map(hash).collect() }
    }
}

/// Keeps equal values of different signals apart.
const fn hash_kind(signal: Signal) -> &'static str {
    match signal {
        Signal::EmailRoot => "referral/email_root",
        Signal::Address => "referral/address",
        Signal::Device => "referral/device",
        Signal::Payment => "referral/payment",
        Signal::IpRange => "referral/ip_range",
        Signal::Velocity => "referral/velocity",
    }
}

/// Where people are found by this trace; none for what is compared otherwise. A mailbox is read off the advocate's profile,
/// which is always the newest.
const fn index_of(signal: Signal) -> Option<IndexKind> {
    match signal {
        Signal::Address => Some(IndexKind::Address),
        Signal::Device => Some(IndexKind::Device),
        Signal::Payment => Some(IndexKind::Payment),
        Signal::IpRange => Some(IndexKind::IpRange),
        Signal::EmailRoot | Signal::Velocity => None,
    }
}

impl Gateway {
    /// Makes somebody who takes part in referrals comparable by these traces.
    pub(super) async fn remember_traces(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        traces: &Traces,
    ) -> Result<(), CommandError> {
        for (signal, value) in &traces.0 {
            if let Some(kind) = index_of(*signal) {
                self.vault.index(merchant, customer, kind, value).await?;
            }
        }
        Ok(())
    }

    /// Compares a friend's traces with what is known of the advocate. Each side's half is sealed under that side's key.
    pub(super) async fn compare(
        &self,
        merchant: MerchantId,
        advocate: CustomerId,
        friend: CustomerId,
        traces: &Traces,
    ) -> Result<EvidenceFile, CommandError> {
        let keys = self.vault.merchant(merchant).await?;
        let friend_keys = self.vault.person(merchant, friend).await?;
        let advocate_keys = self.vault.person(merchant, advocate).await?;
        let mailbox = self.mailbox_of(merchant, &advocate_keys).await?;
        let mut matched = Vec::new();
        for (signal, value) in &traces.0 {
            let meets = match index_of(*signal) {
                None => mailbox.as_ref() == Some(value),
                Some(kind) => self.is_traced(merchant, advocate, kind, value).await?,
            };
            if meets {
                matched.push(*signal);
            }
        }
        let seal =
            |keys: &PersonKeys, hashes: &SignalHashes| -> Sealed<SignalHashes> { keys.seal(EVIDENCE_TAG, hashes) };
        // What met is the same value on both sides.
        let met = traces.hashes(&keys, |signal| matched.contains(&signal));
        let advocate = (!matched.is_empty()).then(|| seal(&advocate_keys, &met));
        Ok(EvidenceFile { friend: seal(&friend_keys, &traces.hashes(&keys, |_| true)), advocate, matched })
    }

    /// The mailbox of somebody's newest profile.
    pub(super) async fn mailbox_of(
        &self,
        merchant: MerchantId,
        keys: &PersonKeys,
    ) -> Result<Option<String>, CommandError> {
        let profile = self.newest_profile(Subject::customer(merchant, keys.id()), keys).await?;
        Ok(profile.and_then(|(profile, _)| email_root(profile.email.as_deref()?)))
    }

    /// Whether this trace was ever seen of somebody, or of a profile that was merged into theirs.
    async fn is_traced(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        kind: IndexKind,
        value: &str,
    ) -> Result<bool, CommandError> {
        for found in self.vault.search(merchant, kind, value).await? {
            if found == customer || self.survivor(merchant, found).await? == customer {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
