use uuid::Uuid;

use super::*;
use crate::{Aggregate, event::Recorded, id::ImportId, time::Timestamp};

fn opened(number: u128, pieces: u32) -> ImportOpened {
    ImportOpened {
        import: ImportId(Uuid::from_u128(number)),
        upload: Uuid::from_u128(7),
        source: Source::Own,
        dry_run: false,
        existing: Existing::Update,
        date_order: DateOrder::Unknown,
        content: number.to_be_bytes(),
        rows: 10,
        pieces,
        at: Timestamp(1),
    }
}

fn taken(number: u128, piece: u32) -> PieceTaken {
    PieceTaken {
        import: ImportId(Uuid::from_u128(number)),
        piece,
        counts: Counts { created: 5, lots: 5, points: 500, ..Counts::default() },
        rejections: Vec::new(),
        at: Timestamp(2),
    }
}

/// What follows from the command, taken in.
fn carry_out(shard: &mut ImportShard, command: ImportCommand) -> Result<usize, ImportRefusal> {
    let events = shard.decide(&command)?;
    for event in &events {
        shard.apply(event, &Recorded { position: 1, at: Timestamp(0) });
    }
    Ok(events.len())
}

#[test]
fn pieces_are_taken_in_their_order_and_each_once() {
    let mut shard = ImportShard::default();
    assert_eq!(carry_out(&mut shard, ImportCommand::Open(opened(1, 2))), Ok(1));
    let not_its_turn = |next| Err(ImportRefusal::NotItsTurn { next });
    assert_eq!(carry_out(&mut shard, ImportCommand::TakePiece(taken(1, 1))), not_its_turn(0));
    assert_eq!(carry_out(&mut shard, ImportCommand::TakePiece(taken(1, 0))), Ok(1));
    assert_eq!(carry_out(&mut shard, ImportCommand::TakePiece(taken(1, 0))), not_its_turn(1));
    assert_eq!(carry_out(&mut shard, ImportCommand::TakePiece(taken(1, 1))), Ok(2), "the last piece finishes it");
    assert_eq!(carry_out(&mut shard, ImportCommand::TakePiece(taken(1, 2))), Err(ImportRefusal::NotOpen));
    let import = shard.import(ImportId(Uuid::from_u128(1))).expect("it is remembered");
    assert_eq!((import.counts.rows(), import.counts.points, import.finished), (10, 1_000, true));
}

#[test]
fn the_same_file_is_the_same_import() {
    let mut shard = ImportShard::default();
    assert_eq!(carry_out(&mut shard, ImportCommand::Open(opened(1, 2))), Ok(1));
    let again = ImportOpened { import: ImportId(Uuid::from_u128(2)), ..opened(1, 2) };
    assert_eq!(carry_out(&mut shard, ImportCommand::Open(again.clone())), Ok(0));
    let dry = ImportOpened { dry_run: true, ..again };
    assert_eq!(carry_out(&mut shard, ImportCommand::Open(dry)), Ok(1), "trying it is something else");
}

#[test]
fn a_file_without_rows_is_finished_at_once() {
    let mut shard = ImportShard::default();
    assert_eq!(carry_out(&mut shard, ImportCommand::Open(opened(1, 0))), Ok(2));
    assert!(shard.same_as(opened(1, 0).content, false).is_some_and(|import| import.finished));
}

#[test]
fn a_shard_stays_small_however_many_imports_there_were() {
    let mut shard = ImportShard::default();
    for number in 1..500 {
        assert_eq!(carry_out(&mut shard, ImportCommand::Open(opened(number, 0))), Ok(2));
    }
    assert!(shard.imports.len() <= 65, "{} imports", shard.imports.len());
}
