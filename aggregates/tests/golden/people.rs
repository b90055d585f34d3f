//! Samples of what happens to customers, merchants and privacy requests.

use aggregates::{
    customer::{Absorbed, CustomerEvent, DeletedInShop, Enrolled, MergedInto, ProfileUpdated},
    gdpr::{GdprEvent, RequestKind, RequestReceived},
    id::CustomerId,
    merchant::{ApiKey, ClockAdvanced, MerchantCreated, MerchantEvent, Uninstalled},
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
        CustomerEvent::Absorbed(Absorbed { loser: CustomerId(uuid(0xc2)) }),
    ]
}

pub fn merchants() -> Vec<MerchantEvent> {
    vec![
        MerchantEvent::Created(MerchantCreated {
            shop: sealed("a domain"),
            webhook_secrets: vec![sealed("a secret"), sealed("the one before")],
        }),
        MerchantEvent::ApiKeyIssued(ApiKey { hash: [0x9a; 32], at: at(1) }),
        MerchantEvent::Uninstalled(Uninstalled { at: at(2) }),
        MerchantEvent::ClockAdvanced(ClockAdvanced { ahead_micros: 86_400_000_000 }),
    ]
}

pub fn privacy_requests() -> Vec<GdprEvent> {
    let received = |kind, customer| {
        GdprEvent::Received(RequestReceived {
            kind,
            customer,
            stated: sealed("as the shop stated it"),
            received_at: at(0),
            due_at: at(0).plus_days(30),
        })
    };
    vec![
        received(RequestKind::DataRequest, Some(CustomerId(uuid(0xc1)))),
        received(RequestKind::CustomerRedact, None),
        received(RequestKind::ShopRedact, None),
    ]
}
