//! Samples of what is kept beside the accounts: products, parked webhooks, facts that wait, the installation.

use aggregates::{
    id::MerchantId,
    id::ParkedId,
    installation::{
        AggregateParked, CommitDiscarded, HistoryImportBegun, HistoryImportFinished, InstallationEvent, LeftBehind,
        LogAdopted, LogPlace, ParkingRetried,
    },
    parked::{ParkedDiscarded, ParkedEvent, ParkedRetried, WebhookParked},
    pos::{PosBatchTaken, PosEvent},
    product::{CollectionsStated, ProductDeleted, ProductEvent, ProductStated, ProductVariant},
    waiting::{FactSetAside, WaitingEvent},
};

use crate::values::*;

pub fn products() -> Vec<ProductEvent> {
    let variant = |variant_id: &str, sku| ProductVariant { variant_id: variant_id.to_owned(), sku };
    let stated = ProductStated {
        product_id: "632910392".to_owned(),
        title: "Music player".to_owned(),
        vendor: Some("Other".to_owned()),
        product_type: Some("Electronics".to_owned()),
        tags: vec!["new".to_owned(), "sale".to_owned()],
        status: Some("active".to_owned()),
        updated_at: Some(at(1)),
        variants: vec![variant("808950810", Some("IPOD-342-N".to_owned())), variant("49148385", None)],
    };
    let bare = ProductStated {
        vendor: None,
        product_type: None,
        tags: Vec::new(),
        status: None,
        updated_at: None,
        variants: Vec::new(),
        ..stated.clone()
    };
    vec![
        ProductEvent::Stated(stated),
        ProductEvent::Stated(bare),
        ProductEvent::Deleted(ProductDeleted { product_id: "632910392".to_owned() }),
        ProductEvent::CollectionsStated(CollectionsStated {
            product_id: "632910392".to_owned(),
            collections: ["841564295".to_owned(), "395646240".to_owned()].into(),
            from: at(2),
        }),
    ]
}

pub fn parked() -> Vec<ParkedEvent> {
    let id = ParkedId(uuid(0x9b));
    vec![
        ParkedEvent::Parked(WebhookParked {
            id,
            topic: "orders/create".to_owned(),
            reason: "the currency is not three letters".to_owned(),
            at: at(1),
            fingerprint: [0xfa; 16],
            chunks: 3,
        }),
        ParkedEvent::Retried(ParkedRetried { id, position: Some(300) }),
        ParkedEvent::Retried(ParkedRetried { id, position: None }),
        ParkedEvent::Discarded(ParkedDiscarded { id, reason: sealed("a test shop") }),
    ]
}

pub fn waiting() -> Vec<WaitingEvent> {
    vec![WaitingEvent::FactSetAside(FactSetAside { item: uuid(0x1e), fact: sealed("a fact") })]
}

pub fn installation() -> Vec<InstallationEvent> {
    let place = |position, commit_hash| LogPlace {
        stream: "JOURNAL of 2026-11-22T16:00:00.123456Z".to_owned(),
        position,
        commit_hash,
    };
    let left = |read_model: &str, stood_at| LeftBehind { read_model: read_model.to_owned(), stood_at };
    let adopted = LogAdopted {
        left_behind: vec![
            left("balances", place(900, Some([0xba; 32]))),
            left("customers", place(899, Some([0xc0; 32]))),
        ],
        adopted: place(500, Some([0xad; 32])),
        forgotten_facts: 3,
        note: sealed("who and why"),
    };
    let of_an_empty_log = LogAdopted { left_behind: Vec::new(), adopted: place(0, None), ..adopted.clone() };
    let parked = AggregateParked {
        read_model: "balances".to_owned(),
        position: 900,
        merchant: MerchantId(uuid(0x3e)),
        aggregate: "ln.1c.0.points.1".to_owned(),
        event: "points.earned_twice".to_owned(),
        version: 2,
    };
    let read_model = || "balances".to_owned();
    vec![
        InstallationEvent::LogAdopted(adopted),
        InstallationEvent::LogAdopted(of_an_empty_log),
        InstallationEvent::AggregateParked(parked),
        InstallationEvent::ParkingRetried(ParkingRetried { read_model: read_model(), position: 900 }),
        InstallationEvent::CommitDiscarded(CommitDiscarded {
            read_model: read_model(),
            position: 900,
            note: sealed("who and why"),
        }),
        InstallationEvent::HistoryImportBegun(HistoryImportBegun {
            merchant: MerchantId(uuid(0x3e)),
            source: "loyalnest/1a2b3c4d".to_owned(),
            with_keys: true,
        }),
        InstallationEvent::HistoryImportFinished(HistoryImportFinished {
            merchant: MerchantId(uuid(0x3e)),
            until: 1_234,
        }),
    ]
}

pub fn tills() -> Vec<PosEvent> {
    let taken = PosBatchTaken {
        terminal: "berlin-1".to_owned(),
        accepted: 1,
        duplicate: 2,
        ignored: 3,
        rejected: 4,
        oldest_sold_at: Some(at(0)),
        newest_sold_at: Some(at(60)),
        at: at(120),
    };
    let unread = PosBatchTaken { oldest_sold_at: None, newest_sold_at: None, ..taken.clone() };
    vec![PosEvent::BatchTaken(taken), PosEvent::BatchTaken(unread)]
}
