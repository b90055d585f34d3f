//! Somebody with the run of the log's disk, while its server is stopped: one bit of one message in the server's own files.

use std::{fs, path::PathBuf};

use gateway::shopify::sample::OrderSample;
use journal::{Journal, JournalOptions, Positioned};
use loyalnest::{
    drill::{
        installation::{Installation, Setting},
        shop::Shop,
    },
    servers::{Abandoned, Binaries, Named, Supervisor, SupervisorOptions},
};
use serde_json::Value;

use crate::installation::program::{start, variable};

const SHOP: &str = "blocks.myshopify.com";
const SECRET: &str = "blocks-secret";
const ADA: u64 = 7_300_000_000_001;

async fn journal(installation: &Installation) -> Journal {
    let url = variable(installation, "LOYALNEST_NATS_URL");
    Journal::connect(&url, JournalOptions::default()).await.unwrap()
}

/// An installation with a history that was signed.
async fn sealed() -> Installation {
    let installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    for id in 1..8 {
        let order = OrderSample { customer_id: Some(ADA), ..OrderSample::new(id) };
        assert_eq!(shop.deliver("orders/create", &order.body()).await.unwrap().outcome, "accepted");
    }
    let sealed = installation.command(&["log", "checkpoint"]).await.unwrap();
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    installation
}

/// Every block of the journal.
fn blocks(installation: &Installation) -> Vec<PathBuf> {
    let mut folders = vec![installation.data().join("nats/jetstream")];
    let mut blocks = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "blk") && is_of_the_journal(&path) {
                blocks.push(path);
            }
        }
    }
    blocks
}

fn is_of_the_journal(path: &std::path::Path) -> bool {
    path.components().any(|part| part.as_os_str() == journal::STREAM)
}

/// Changes one bit in the middle of a message's bytes, wherever the server keeps them.
fn flip(installation: &Installation, message: &[u8]) {
    let mut found = 0;
    for block in blocks(installation) {
        let mut bytes = fs::read(&block).unwrap();
        let places: Vec<usize> = bytes
            .windows(message.len())
            .enumerate()
            .filter(|(_, window)| *window == message)
            .map(|(at, _)| at)
            .collect();
        for place in &places {
            bytes[place + message.len() / 2] ^= 1;
        }
        found += places.len();
        fs::write(&block, bytes).unwrap();
    }
    assert_eq!(found, 1, "the message is in one place of one block");
}

async fn message(installation: &Installation, back: u64) -> Positioned {
    let journal = journal(installation).await;
    let last = journal.last_position().await.unwrap();
    journal.at(last - back).await.unwrap().expect("there is a commit")
}

/// The servers of an installation that does not run, as an operator starts them.
async fn servers_of(installation: &Installation) -> Supervisor {
    let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
    let below = SupervisorOptions::in_directory(installation.data());
    Supervisor::start(&binaries, SupervisorOptions { abandoned: Abandoned::IsKilled, ..below }).await.unwrap()
}

/// What a verification says about the log itself, by positions: exit code 6, and each place with its fault.
async fn faults_of_the_log(installation: &Installation, arguments: &[&str]) -> Vec<(String, u64)> {
    let said = installation.command(&[&["-o", "json", "log", "verify"], arguments].concat()).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert_eq!(said.status.code(), Some(6), "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let of_the_log = |finding: &&Value| finding["fault"] != "read_model";
    let place = |finding: &Value| {
        let position = finding["position"].as_u64().unwrap_or_else(|| panic!("nowhere: {finding}"));
        (finding["fault"].as_str().unwrap().to_owned(), position)
    };
    report["findings"].as_array().unwrap().iter().filter(of_the_log).map(place).collect()
}

/// What an auditor is told: exit code 6, and the position.
async fn is_found_at(installation: &Installation, position: u64) {
    let said = installation.command(&["-o", "json", "log", "verify"]).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert_eq!(said.status.code(), Some(6), "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["position"] == position), "{findings:?}");
}

#[tokio::test]
async fn one_bit_changed_in_the_middle_of_the_files_of_the_log_is_a_refusal_to_start_that_names_the_place() {
    let mut installation = sealed().await;
    let victim = message(&installation, 4).await;
    installation.stop().await.unwrap();
    flip(&installation, &victim.payload);
    let refused = installation.start_again().await.expect_err("it must not serve").to_string();
    let place = format!("position {} follows {}", victim.position + 1, victim.position - 1);
    assert!(refused.contains("the log has a gap") && refused.contains(&place), "{refused}");
}

#[tokio::test]
async fn one_bit_changed_in_the_very_last_message_is_a_refusal_to_start_or_is_found() {
    let mut installation = sealed().await;
    let victim = message(&installation, 0).await;
    installation.stop().await.unwrap();
    flip(&installation, &victim.payload);
    // The log's server may take it for a message that was cut short, and the log for one that ends before it.
    match installation.start_again().await {
        Ok(()) => is_found_at(&installation, victim.position).await,
        Err(refused) => {
            let refused = refused.to_string();
            let place = format!("from {} on", victim.position);
            assert!(refused.contains("the log ends at position") && refused.contains(&place), "{refused}");
        }
    }
}

#[tokio::test]
async fn beside_a_log_whose_end_is_broken_a_verification_names_each_place_and_no_other() {
    for broken in [1, 2] {
        let mut installation = sealed().await;
        let mut victims = Vec::new();
        for back in (0..broken).rev() {
            victims.push(message(&installation, back).await);
        }
        installation.stop().await.unwrap();
        victims.iter().for_each(|victim| flip(&installation, &victim.payload));
        let servers = servers_of(&installation).await;
        let expected: Vec<_> = victims.iter().map(|victim| ("removed".to_owned(), victim.position)).collect();
        assert_eq!(faults_of_the_log(&installation, &[]).await, expected);
        let merchant = victims[0].subject.merchant;
        let of_one = expected.iter().zip(&victims).filter(|(_, victim)| victim.subject.merchant == merchant);
        let of_one: Vec<_> = of_one.map(|(expected, _)| expected.clone()).collect();
        assert_eq!(faults_of_the_log(&installation, &["--merchant", &merchant.to_string()]).await, of_one);
        let before = installation.command(&["-o", "json", "log", "tail", "-n", "1"]).await.unwrap();
        let before: Value = serde_json::from_slice(&before.stdout).unwrap();
        assert_eq!(before[0]["position"], victims[0].position - 1, "nobody waits for what is not there");
        servers.stop().await;
    }
}
