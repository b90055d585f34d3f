//! What is made anew says what the live one says, whoever writes it, and in pieces of whatever size.

use projections::generation::{
    Stage, compare,
    fill::{Filler, Share},
    switch,
};
use tokio_util::sync::CancellationToken;

use super::kit::{all_caught_up, everything_happens, model, rebuild, rebuild_a_piece, remade, verify};
use crate::support::{Installation, on_shared_runtime};

/// Mails need a mail server: theirs are made anew in `mail::outcomes`.
const EMPTY: [&str; 1] = ["read.email_events"];

#[tokio::test]
async fn every_read_model_that_is_made_anew_says_what_the_live_one_says() {
    let installation = Installation::own().await;
    let shop = everything_happens(&installation).await;
    assert!(remade().len() >= 9, "{:?}", remade());
    for name in remade() {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{name}: {report:#?}");
        for table in report.tables {
            assert!(table.rows > 0 || EMPTY.contains(&table.table.as_str()), "{} was not tried", table.table);
        }
    }
    in_lanes(&installation).await;
    // The live ones were not touched by any of that, and what takes their place is as good.
    for name in remade() {
        rebuild(&installation, name, true).await;
    }
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    assert_eq!(ada.ledger().await, [("earn".to_owned(), 50)]);
    all_caught_up(&installation).await;
    for name in remade() {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{name} after it was switched: {report:#?}");
    }
}

/// Whoever folds in memory does it in several lanes as well, also if others had begun it.
async fn in_lanes(installation: &Installation) {
    for name in ["balances", "points_transactions"] {
        assert!(rebuild_a_piece(installation, name).await.is_some());
        let gateway = installation.gateway.clone();
        let report = on_shared_runtime(async move {
            let (model, how) = (model(name), (Share::percent(300).unwrap(), CancellationToken::new()));
            let filling = Filler::begin(model.as_ref(), &gateway.journal, &gateway.db, Stage::Filling, how);
            let mut filler = filling.await.unwrap();
            let head = gateway.journal.last_position().await.unwrap();
            filler.fill(head, &mut |_| {}).await.unwrap();
            let report = compare::look_if_not_ahead(&mut filler, model.as_ref(), &gateway.db, &mut |_| {}).await;
            let number = filler.generation();
            drop(filler);
            switch::drop_generation(&gateway.db, name, number).await.unwrap();
            report.unwrap().expect("workers are not behind")
        });
        let report = report.await;
        assert!(report.is_clean() && report.tables[0].rows > 0, "{name}: {report:#?}");
    }
}
