//! kill -9 of the gateway, of the log and of the database, at random moments, under traffic: nothing that was
//! acknowledged is lost, nothing is applied twice. `loyalnest bench kills` does the same a thousand times.

use loyalnest::drill::{self, Drill, installation::Setting, shop::Shop};

use super::program::start;

/// Repeats a run that failed, as far as chance allows.
const SEED_VARIABLE: &str = "LOYALNEST_DRILL_SEED";

fn seed() -> u64 {
    let given = std::env::var(SEED_VARIABLE).ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| gateway::clock::new_id().as_u64_pair().0)
}

#[tokio::test]
async fn twenty_kills_lose_nothing_and_repeat_nothing() {
    let seed = seed();
    println!("{SEED_VARIABLE}={seed}");
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "kills.myshopify.com", "kills-secret").await.expect("a merchant is made");
    let report = drill::kills(&mut installation, shop, &Drill { kills: 20, seed, senders: 4 }).await;
    let report = report.unwrap_or_else(|error| panic!("{SEED_VARIABLE}={seed}: {error:?}"));
    println!("{report:?}");
    assert_eq!(report.gateway_kills + report.log_kills + report.database_kills, 20);
    assert!(report.repeated > 0, "the kills were not felt");
    assert!(report.accounts > 0 && report.answered > 100, "there was hardly any traffic: {report:?}");
}
