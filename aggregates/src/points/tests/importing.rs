//! Lots that come along from elsewhere.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    Aggregate,
    event::Recorded,
    id::{ImportId, LotId},
    points::{Account, ImportLots, ImportedLot, LotExpiry, LotSource, PointsCommand, PointsRefusal},
    program::{Expiry, Program, ProgramCommand, ProgramSettings},
    time::Timestamp,
};

const NOW: Timestamp = Timestamp(1_795_363_200_000_000);

fn program(expiry: Expiry) -> Arc<Program> {
    let mut program = Program::default();
    let settings = ProgramSettings { expiry, ..ProgramSettings::default_of_a_new_merchant() };
    let publish = ProgramCommand::Publish { expected: 0, effective_from: NOW, settings };
    for event in program.decide(&publish).expect("a first version") {
        program.apply(&event, &Recorded { position: 1, at: NOW });
    }
    Arc::new(program)
}

fn lot(name: u128, points: i64) -> ImportedLot {
    ImportedLot {
        names: vec![LotId(Uuid::from_u128(name))],
        points,
        earned_at: NOW.plus_days(0),
        available_at: NOW,
        expiry: Some(LotExpiry::Never),
    }
}

fn command(import: u128, lots: Vec<ImportedLot>) -> PointsCommand {
    PointsCommand::ImportLots(ImportLots {
        import: ImportId(Uuid::from_u128(import)),
        lots,
        last_activity: NOW,
        program: program(Expiry::AfterEarning { days: 10 }),
        now: NOW,
    })
}

fn carry_out(account: &mut Account, command: &PointsCommand) -> Result<usize, PointsRefusal> {
    let events = account.decide(command)?;
    for event in &events {
        account.apply(event, &Recorded { position: 1, at: NOW });
    }
    Ok(events.len())
}

#[test]
fn lots_keep_their_dates_and_name_their_import() {
    let mut account = Account::default();
    let summer = ImportedLot {
        earned_at: Timestamp(NOW.0 - Timestamp::MICROS_PER_DAY),
        available_at: NOW.plus_days(5),
        expiry: Some(LotExpiry::At(NOW.plus_days(40))),
        ..lot(1, 100)
    };
    let unsaid = ImportedLot { expiry: None, ..lot(2, 30) };
    assert_eq!(carry_out(&mut account, &command(7, vec![summer.clone(), unsaid])), Ok(1));
    let balance = account.balance_at(NOW);
    assert_eq!((balance.available, balance.pending, balance.lifetime_earned), (30, 100, 130));
    let brought = account.purse.lot(summer.names[0]).expect("it is here");
    assert_eq!(brought.source, LotSource::Import(ImportId(Uuid::from_u128(7))));
    assert_eq!((brought.earned_at, brought.expiry), (summer.earned_at, LotExpiry::At(NOW.plus_days(40))));
    let unsaid = account.purse.lot(LotId(Uuid::from_u128(2))).expect("it is here");
    assert_eq!(unsaid.expiry, LotExpiry::At(NOW.plus_days(10)), "as this programme says of points earned then");
}

#[test]
fn a_lot_that_is_here_stays_as_it_is() {
    let mut account = Account::default();
    assert_eq!(carry_out(&mut account, &command(7, vec![lot(1, 100)])), Ok(1));
    assert_eq!(carry_out(&mut account, &command(8, vec![lot(1, 500)])), Ok(0));
    assert_eq!(carry_out(&mut account, &command(8, vec![lot(1, 500), lot(2, 5), lot(2, 5)])), Ok(1));
    assert_eq!(account.balance_at(NOW).available, 105);
}

#[test]
fn what_was_owed_over_there_is_owed_here_once() {
    let mut account = Account::default();
    for _ in 0..2 {
        assert!(carry_out(&mut account, &command(7, vec![lot(1, -40)])).is_ok());
        assert_eq!(account.balance_at(NOW).available, -40);
    }
    assert!(account.purse.is_sound());
    assert!(carry_out(&mut account, &command(8, vec![lot(2, 100)])).is_ok());
    assert_eq!((account.balance_at(NOW).available, account.purse.debt), (60, 0), "new points pay for it");
}

#[test]
fn whoever_has_not_seen_a_merge_looks_again() {
    let account = Account::default();
    let stale = ImportedLot { names: vec![LotId(Uuid::from_u128(1)), LotId(Uuid::from_u128(2))], ..lot(1, 5) };
    assert_eq!(account.decide(&command(7, vec![stale])), Err(PointsRefusal::LinksChanged));
}

proptest! {
    /// However a file is cut, shuffled and repeated, the account is the same.
    #[test]
    fn the_set_of_lots_is_all_that_counts(deliveries in proptest::collection::vec((0_u128..8, 0_u128..3), 1..40)) {
        let mut account = Account::default();
        for (name, import) in &deliveries {
            prop_assert!(carry_out(&mut account, &command(*import, vec![lot(*name, 10 + *name as i64)])).is_ok());
            prop_assert!(account.purse.is_sound());
        }
        let mut names: Vec<u128> = deliveries.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let expected: i64 = names.iter().map(|name| 10 + *name as i64).sum();
        prop_assert_eq!(account.balance_at(NOW).available, expected);
    }
}
