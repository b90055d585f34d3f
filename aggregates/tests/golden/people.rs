//! Samples of what happens to customers, merchants and privacy requests.

use aggregates::{
    badge::{AwardCause, BadgeAwarded, BadgeId, HeldBadge, Period},
    customer::{
        Absorbed, BirthdayTold, ChosenBy, CustomerEvent, DeletedInShop, Enrolled, Erased, Fenced, Imported,
        LeaderboardChosen, LimitLifted, Limited, MailChoice, MailChosen, MergedInto, ProfileUpdated, ReferralLink,
    },
    gdpr::{
        BucketKey, Evidence, ExecutionBegun, GdprEvent, Outcome, RequestCompleted, RequestExpedited, RequestHeld,
        RequestKind, RequestReceived, RequestRefused, RequestReleased, RequestSource, RequestVerified, Scope, StepDone,
    },
    id::{CustomerId, GdprRequestId, ImportId, ReferralLinkId},
    merchant::{
        ApiKey, ApiKeyId, ApiKeyRevoked, ClockAdvanced, KeysExported, MerchantCreated, MerchantErased, MerchantEvent,
        MerchantFenced, Scopes, ShopConnected, ShopDisconnected, ShopReconnectionNeeded, ShopTokenRenewed, TokenLife,
        Uninstalled, WebhookSecretsReplaced,
    },
    program::TierId,
    tier::{Gift, Giver, TierGiven, TierTakenBack},
    time::Timestamp,
};

use crate::values::*;

pub fn customers() -> Vec<CustomerEvent> {
    vec![
        CustomerEvent::Enrolled(Enrolled {
            profile: sealed("a profile"),
            profile_updated_at: Some(at(1)),
            fingerprint: fingerprint(0xfa),
            at: at(2),
        }),
        CustomerEvent::Enrolled(Enrolled {
            profile: sealed(""),
            profile_updated_at: None,
            fingerprint: fingerprint(0xfb),
            at: at(2),
        }),
        CustomerEvent::ProfileUpdated(ProfileUpdated {
            profile: sealed("a newer profile"),
            profile_updated_at: Some(at(3)),
            fingerprint: fingerprint(0xfc),
        }),
        CustomerEvent::DeletedInShop(DeletedInShop { at: at(4) }),
        CustomerEvent::MergedInto(MergedInto { winner: CustomerId(uuid(0xc1)) }),
        CustomerEvent::Absorbed(Absorbed { loser: CustomerId(uuid(0xc2)), badges: Vec::new(), gifts: Vec::new() }),
        CustomerEvent::Absorbed(Absorbed {
            loser: CustomerId(uuid(0xc2)),
            badges: vec![held(Period::Ever), held(Period::Year(2026))],
            gifts: vec![gift(Giver::Hand, Some(at(99)))],
        }),
        CustomerEvent::Fenced(Fenced { request: request(), at: at(5) }),
        CustomerEvent::Erased(Erased { request: request(), deletion: 12, at: at(6) }),
        CustomerEvent::BirthdayTold(BirthdayTold {
            birthday: Some(sealed("a day")),
            fingerprint: Some(fingerprint(0xfd)),
            at: at(6),
        }),
        CustomerEvent::BirthdayTold(BirthdayTold { birthday: None, fingerprint: None, at: at(6) }),
        CustomerEvent::Restricted(Limited { reason: Some(sealed("why")), at: at(7) }),
        CustomerEvent::Restricted(Limited { reason: None, at: at(7) }),
        CustomerEvent::RestrictionLifted(LimitLifted { at: at(8) }),
        CustomerEvent::Objected(Limited { reason: Some(sealed("why")), at: at(9) }),
        CustomerEvent::ObjectionWithdrawn(LimitLifted { at: at(10) }),
        CustomerEvent::ReferralLinkIssued(ReferralLink { link: link(1), at: at(11), expires_at: None }),
        CustomerEvent::ReferralLinkIssued(ReferralLink { link: link(2), at: at(11), expires_at: Some(at(99)) }),
        CustomerEvent::BadgeAwarded(BadgeAwarded {
            held: held(Period::Month("2026-11".parse().expect("a month"))),
            cause: AwardCause::Rule,
            points: 50,
            program_version: 2,
            reason: None,
            at: at(11),
        }),
        CustomerEvent::BadgeAwarded(BadgeAwarded {
            held: held(Period::Ever),
            cause: AwardCause::Hand,
            points: 0,
            program_version: 2,
            reason: Some(sealed("why")),
            at: at(11),
        }),
        mail_chosen(MailChoice::Unsubscribed, ChosenBy::Link),
        mail_chosen(MailChoice::Subscribed, ChosenBy::Merchant),
        mail_chosen(MailChoice::Unsaid, ChosenBy::Merge),
        CustomerEvent::LeaderboardChosen(LeaderboardChosen { opt_out: true, by: ChosenBy::Merchant, at: at(13) }),
        CustomerEvent::Imported(Imported {
            import: ImportId(uuid(0x1a)),
            tier: Some("Gold".to_owned()),
            referral: Some(sealed("a link")),
            fingerprint: fingerprint(0xfd),
            at: at(11),
        }),
        CustomerEvent::Imported(Imported {
            import: ImportId(uuid(0x1a)),
            tier: None,
            referral: None,
            fingerprint: fingerprint(0xfe),
            at: at(11),
        }),
        CustomerEvent::TierGiven(TierGiven { gift: gift(Giver::Hand, Some(at(99))), reason: Some(sealed("why")) }),
        CustomerEvent::TierGiven(TierGiven { gift: gift(Giver::Import, None), reason: None }),
        CustomerEvent::TierTakenBack(TierTakenBack { reason: Some(sealed("why")), at: at(12) }),
        CustomerEvent::TierTakenBack(TierTakenBack { reason: None, at: at(12) }),
    ]
}

fn gift(giver: Giver, until: Option<Timestamp>) -> Gift {
    Gift { tier: TierId::parse("gold").expect("an id"), giver, at: at(11), until }
}

fn link(n: u8) -> ReferralLinkId {
    ReferralLinkId(uuid(n))
}

fn held(period: Period) -> HeldBadge {
    HeldBadge { badge: BadgeId::parse("ten_orders").expect("an id"), period }
}

fn mail_chosen(choice: MailChoice, by: ChosenBy) -> CustomerEvent {
    CustomerEvent::MailChosen(MailChosen { choice, by, at: at(12) })
}

pub fn merchants() -> Vec<MerchantEvent> {
    let life = TokenLife { expires_at: at(10), renewable_until: Some(at(11)) };
    vec![
        MerchantEvent::Created(MerchantCreated {
            shop: sealed("a domain"),
            webhook_secrets: vec![sealed("a secret"), sealed("the one before")],
        }),
        MerchantEvent::ApiKeyIssued(ApiKey { hash: [0x9a; 32], at: at(1), name: None, scopes: Scopes::everything() }),
        MerchantEvent::ApiKeyIssued(ApiKey {
            hash: [0x9b; 32],
            at: at(1),
            name: Some(sealed("a name")),
            scopes: Scopes::only(aggregates::merchant::Scope::ALL).expect("not none"),
        }),
        MerchantEvent::Uninstalled(Uninstalled { at: at(2) }),
        MerchantEvent::ClockAdvanced(ClockAdvanced { ahead_micros: 86_400_000_000 }),
        MerchantEvent::Fenced(MerchantFenced { request: request(), at: at(3) }),
        MerchantEvent::Erased(MerchantErased { request: request(), deletion: 13, at: at(4) }),
        MerchantEvent::ShopConnected(ShopConnected { token: sealed("a token"), life: None, at: at(5) }),
        MerchantEvent::ShopDisconnected(ShopDisconnected { at: at(6) }),
        MerchantEvent::ShopConnected(ShopConnected { token: sealed("a token"), life: Some(life), at: at(7) }),
        MerchantEvent::ShopTokenRenewed(ShopTokenRenewed { token: sealed("another"), life, at: at(8) }),
        MerchantEvent::ShopReconnectionNeeded(ShopReconnectionNeeded { at: at(9) }),
        MerchantEvent::ApiKeyRevoked(ApiKeyRevoked { key: ApiKeyId::of(&[0x9b; 32]), at: at(7) }),
        MerchantEvent::KeysExported(KeysExported { recipient: "1a2b3c".to_owned(), at: at(8) }),
        MerchantEvent::WebhookSecretsReplaced(WebhookSecretsReplaced {
            webhook_secrets: vec![sealed("the next one"), sealed("a secret")],
            at: at(9),
        }),
    ]
}

fn request() -> GdprRequestId {
    GdprRequestId(uuid(0x9d))
}

pub fn privacy_requests() -> Vec<GdprEvent> {
    let received = |kind, source, customer: Option<CustomerId>| {
        GdprEvent::Received(RequestReceived {
            kind,
            source,
            customer,
            stated: customer.map(|_| sealed("as the shop stated it")),
            received_at: at(0),
            due_at: at(0).plus_days(30),
        })
    };
    let ada = CustomerId(uuid(0xc1));
    let mut events = vec![
        received(RequestKind::DataRequest, RequestSource::Shop, Some(ada)),
        received(RequestKind::CustomerRedact, RequestSource::Merchant, Some(ada)),
        received(RequestKind::CustomerRedact, RequestSource::Operator, None),
        received(RequestKind::CustomerRedact, RequestSource::Policy, Some(ada)),
        received(RequestKind::ShopRedact, RequestSource::DeletionJournal, None),
        GdprEvent::Verified(RequestVerified { rests_until: at(72), at: at(0) }),
        GdprEvent::Held(RequestHeld { reason: Some(sealed("a lawsuit")), at: at(1) }),
        GdprEvent::Released(RequestReleased { at: at(2) }),
        GdprEvent::Expedited(RequestExpedited { reason: None, at: at(3) }),
        GdprEvent::Refused(RequestRefused { reason: Some(sealed("a duty to keep")), at: at(3) }),
    ];
    let scopes = [Scope::Person, Scope::MergedProfile { survivor: CustomerId(uuid(0xc2)) }, Scope::Merchant];
    events
        .extend(scopes.map(|scope| GdprEvent::ExecutionBegun(ExecutionBegun { scope, people: vec![ada], at: at(4) })));
    events.extend(evidence().map(|evidence| GdprEvent::StepDone(StepDone { evidence, at: at(5) })));
    let outcomes = [Outcome::Erased, Outcome::Answered, Outcome::Stranger, Outcome::Stale, Outcome::AlreadyErased];
    events.extend(outcomes.map(|outcome| GdprEvent::Completed(RequestCompleted { outcome, at: at(6) })));
    events
}

fn evidence() -> [Evidence; 11] {
    let keys = vec![uuid(0xc1), uuid(0xc2)];
    let buckets = vec![BucketKey { bucket: uuid(0xb1), generation: 3 }];
    [
        Evidence::Fenced { position: 100 },
        Evidence::Forfeited { points: 85, codes: 2 },
        Evidence::HandedOver { orders: 4, codes: 1 },
        Evidence::Journaled { sequence: 12 },
        Evidence::KeysDestroyed { keys, buckets, old_copies_gone_by: None },
        Evidence::KeysDestroyed { keys: vec![uuid(0xe1)], buckets: Vec::new(), old_copies_gone_by: Some(at(720)) },
        Evidence::Rotated { old_copies_gone_by: at(720) },
        Evidence::Scrubbed { rows: vec![("read.customers".to_owned(), 1)] },
        Evidence::CachesDropped { since: at(5) },
        Evidence::Erased { position: 101 },
        Evidence::Verified { places: 12 },
    ]
}
