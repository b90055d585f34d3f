//! The bytes of every event version ever written stay readable for ever, and mean what they meant.
//!
//! `<name>.v<version>.hex` beside this file holds one line of hexadecimal per sample; the samples in the modules say
//! what they decode to. After a deliberate change of what is written, and never to make a test pass:
//!
//! ```sh
//! LOYALNEST_WRITE_GOLDEN=1 cargo test -p aggregates --test golden
//! ```
//!
//! and once more without the variable, to see all files held against each other.

mod account;
mod aside;
mod books;
mod campaigns;
mod mail;
mod people;
mod program;
mod referrals;
mod rewards;
mod sealed;
mod segments;
mod tasks;
mod tiers;
mod values;

use std::{collections::BTreeSet, fs, path::PathBuf};

use aggregates::{
    books::BooksEvent,
    campaign::CampaignEvent,
    customer::CustomerEvent,
    event::{Event, Undecodable},
    gdpr::GdprEvent,
    installation::InstallationEvent,
    mail::MailEvent,
    merchant::MerchantEvent,
    parked::ParkedEvent,
    points::PointsEvent,
    product::ProductEvent,
    program::ProgramEvent,
    referral::ReferralEvent,
    reward::RewardEvent,
    rfm::RfmEvent,
    task::TaskEvent,
    tier::TierEvent,
    waiting::WaitingEvent,
};

/// Set to write the files of the newest versions from the samples.
const WRITE: &str = "LOYALNEST_WRITE_GOLDEN";

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The lines of one file; written first from `now`, where that was asked for.
fn lines_of(file: &str, now: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let path = directory().join(file);
    if std::env::var_os(WRITE).is_some() && !now.is_empty() {
        let text: String = now.iter().map(|bytes| hex::encode(bytes) + "\n").collect();
        fs::write(&path, text).expect("the fixture can be written");
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("no golden bytes in {file}: {error}"));
    text.lines().map(|line| hex::decode(line).expect("hexadecimal")).collect()
}

fn file_of(name: &str, version: u8) -> String {
    format!("{name}.v{version}.hex")
}

/// Holds every version in `stored` against its file. `samples` are what the newest version's lines decode to, and
/// `older` what those of versions no longer written do.
fn hold<E: Event>(stored: &[(&'static str, u8)], samples: &[E], older: &[(u8, E)]) {
    for &(name, version) in stored {
        let newest: Vec<&E> =
            samples.iter().filter(|event| (event.name(), event.version()) == (name, version)).collect();
        let expected: Vec<&E> = match newest.is_empty() {
            false => newest.clone(),
            true => older.iter().filter(|(of, event)| *of == version && event.name() == name).map(|(_, e)| e).collect(),
        };
        assert!(!expected.is_empty(), "{name} version {version} has no sample");
        let now: Vec<Vec<u8>> = newest.iter().map(|event| event.encode()).collect();
        let lines = lines_of(&file_of(name, version), &now);
        assert_eq!(lines.len(), expected.len(), "{name} version {version}: one line per sample");
        for (bytes, event) in lines.iter().zip(expected) {
            assert_eq!(
                E::decode(name, version, bytes).as_ref(),
                Ok(event),
                "{name} version {version} means what it meant"
            );
        }
        if !newest.is_empty() {
            assert_eq!(lines, now, "{name} version {version} is written as it was");
        }
    }
}

#[test]
fn points() {
    hold(PointsEvent::STORED, &account::samples(), &[]);
}

#[test]
fn programs() {
    hold(ProgramEvent::STORED, &program::samples(), &[]);
}

#[test]
fn customers() {
    hold(CustomerEvent::STORED, &people::customers(), &[]);
}

#[test]
fn merchants() {
    hold(MerchantEvent::STORED, &people::merchants(), &[]);
}

#[test]
fn privacy_requests() {
    hold(GdprEvent::STORED, &people::privacy_requests(), &[]);
}

#[test]
fn products() {
    hold(ProductEvent::STORED, &aside::products(), &[]);
}

#[test]
fn parked_webhooks() {
    hold(ParkedEvent::STORED, &aside::parked(), &[]);
}

#[test]
fn waiting_facts() {
    hold(WaitingEvent::STORED, &aside::waiting(), &[]);
}

#[test]
fn segments_of_buyers() {
    hold(RfmEvent::STORED, &segments::samples(), &[]);
}

#[test]
fn tiers_of_customers() {
    hold(TierEvent::STORED, &tiers::samples(), &[]);
}

#[test]
fn what_campaigns_do() {
    hold(CampaignEvent::STORED, &campaigns::samples(), &[]);
}

#[test]
fn referred_friends() {
    hold(ReferralEvent::STORED, &referrals::samples(), &[]);
}

#[test]
fn rewards_of_the_catalogue() {
    hold(RewardEvent::STORED, &rewards::samples(), &[]);
}

#[test]
fn the_task_queue() {
    hold(TaskEvent::STORED, &tasks::samples(), &[]);
}

#[test]
fn the_installation() {
    hold(InstallationEvent::STORED, &aside::installation(), &[]);
}

#[test]
fn mails_and_templates() {
    hold(MailEvent::STORED, &mail::samples(), &[]);
}

#[test]
fn the_books() {
    hold(BooksEvent::STORED, &books::samples(), &[]);
}

#[test]
fn no_file_is_about_an_event_that_cannot_be_read_any_more() {
    let stored = [
        PointsEvent::STORED,
        ProgramEvent::STORED,
        CustomerEvent::STORED,
        MerchantEvent::STORED,
        GdprEvent::STORED,
        ProductEvent::STORED,
        ParkedEvent::STORED,
        WaitingEvent::STORED,
        InstallationEvent::STORED,
        MailEvent::STORED,
        BooksEvent::STORED,
        RfmEvent::STORED,
        TierEvent::STORED,
        CampaignEvent::STORED,
        ReferralEvent::STORED,
        TaskEvent::STORED,
        RewardEvent::STORED,
    ];
    let mut expected: BTreeSet<String> =
        stored.concat().into_iter().map(|(name, version)| file_of(name, version)).collect();
    assert_eq!(expected.len(), stored.concat().len(), "no two events share a name and version");
    expected.extend(sealed::FILES.iter().map(|file| (*file).to_owned()));
    let files = fs::read_dir(directory()).expect("the directory of fixtures").map(|entry| entry.expect("an entry"));
    let present: BTreeSet<String> = files
        .map(|entry| entry.file_name().into_string().expect("a plain name"))
        .filter(|name| name.ends_with(".hex"))
        .collect();
    assert_eq!(present, expected);
}

#[test]
fn bytes_under_another_name_or_version_or_cut_short_are_not_decoded() {
    let event = &account::samples()[0];
    let bytes = event.encode();
    let (name, version) = (event.name(), event.version());
    let unknown = |name: &str, version| Err(Undecodable::Unknown { name: name.to_owned(), version });
    assert_eq!(PointsEvent::decode("points.no_such", version, &bytes), unknown("points.no_such", version));
    assert_eq!(PointsEvent::decode(name, version + 1, &bytes), unknown(name, version + 1));
    for end in 0..bytes.len() {
        let cut = PointsEvent::decode(name, version, &bytes[..end]);
        assert_eq!(cut, Err(Undecodable::Malformed { name: name.to_owned(), version }), "first {end} bytes");
    }
    let trailing = [bytes, vec![0]].concat();
    let longer = PointsEvent::decode(name, version, &trailing);
    assert_eq!(longer, Err(Undecodable::Malformed { name: name.to_owned(), version }), "bytes that belong to nothing");
}
