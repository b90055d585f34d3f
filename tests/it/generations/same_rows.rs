//! What is made anew says what the live one says, whoever writes it, and in pieces of whatever size.

use super::kit::{all_caught_up, everything_happens, rebuild, remade, verify};
use crate::support::Installation;

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
