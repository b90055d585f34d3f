use super::*;
use crate::id::MerchantId;
use crate::money::Currency;

const DAY: i64 = Timestamp::MICROS_PER_DAY;

fn day(number: i64) -> Timestamp {
    Timestamp(number * DAY)
}

fn statement(books: &Books, flow: Flow) -> PeriodClosed {
    let line = books.line.expect("a line was drawn");
    let (period, from, opening) =
        books.last().map_or((1, None, 0), |last| (last.period + 1, Some(last.until), last.closing));
    let rate = Rate { program_version: 1, points: 100, amount_minor: 250, currency: Currency::parse("EUR").ok() };
    let closing = opening + flow.net();
    let statement = Statement { period, from, until: line.until, opening, flow, closing, line: line.position, rate };
    PeriodClosed { statement, signature: Signature([7; 64]) }
}

fn carry_out(books: &mut Books, position: u64, command: &BooksCommand) -> Result<usize, BooksRefusal> {
    let events = books.decide(command)?;
    for event in &events {
        books.apply(event, &Recorded { position, at: day(40) });
    }
    Ok(events.len())
}

fn draw(until: Timestamp) -> BooksCommand {
    BooksCommand::DrawLine { until, now: day(40) }
}

fn closed_until_31() -> Books {
    let mut books = Books::default();
    carry_out(&mut books, 10, &draw(day(31))).unwrap();
    let period = statement(&books, Flow { issued: 100, redeemed: 30, ..Flow::default() });
    carry_out(&mut books, 11, &BooksCommand::Close(Box::new(period))).unwrap();
    books
}

#[test]
fn each_period_begins_where_the_last_one_ended() {
    let mut books = closed_until_31();
    carry_out(&mut books, 20, &draw(day(40))).unwrap();
    let next = statement(&books, Flow { issued: 5, reversed: 100, restored: 2, ..Flow::default() });
    assert_eq!((next.statement.period, next.statement.opening, next.statement.closing), (2, 70, -23));
    assert_eq!(carry_out(&mut books, 21, &BooksCommand::Close(Box::new(next))), Ok(1));
}

#[test]
fn closing_the_same_period_again_changes_nothing() {
    let mut books = closed_until_31();
    assert_eq!(carry_out(&mut books, 12, &draw(day(31))), Ok(0));
    let (_, closed) = books.closed[0].clone();
    assert_eq!(carry_out(&mut books, 13, &BooksCommand::Close(Box::new(closed))), Ok(0));
}

#[test]
fn a_period_that_was_closed_is_not_cut_shorter_later_and_one_that_is_not_over_is_not_closed() {
    let mut books = closed_until_31();
    assert_eq!(carry_out(&mut books, 12, &draw(day(30))), Err(BooksRefusal::ClosedLater { until: day(31) }));
    assert_eq!(carry_out(&mut books, 12, &draw(day(41))), Err(BooksRefusal::NotOver));
    assert_eq!(carry_out(&mut books, 12, &draw(Timestamp(DAY * 35 + 1))), Err(BooksRefusal::NotAMidnight));
    assert_eq!(carry_out(&mut books, 12, &draw(day(32))), Ok(1));
    assert_eq!(carry_out(&mut books, 13, &draw(day(33))), Err(BooksRefusal::AnotherLine { until: day(32) }));
}

#[test]
fn figures_that_do_not_fit_are_not_put_on_record() {
    let mut books = closed_until_31();
    carry_out(&mut books, 20, &draw(day(40))).unwrap();
    let fits = statement(&books, Flow { issued: 5, ..Flow::default() });
    let wrong = |change: fn(&mut Statement)| {
        let mut period = fits.clone();
        change(&mut period.statement);
        BooksCommand::Close(Box::new(period))
    };
    for wrong in [
        wrong(|statement| statement.closing += 1),
        wrong(|statement| statement.opening -= 1),
        wrong(|statement| statement.period = 1),
        wrong(|statement| statement.from = None),
        wrong(|statement| statement.line += 1),
        wrong(|statement| statement.until = day(39)),
    ] {
        assert!(matches!(books.decide(&wrong), Err(BooksRefusal::DoesNotFit(_))), "{wrong:?}");
    }
}

#[test]
fn what_is_signed_says_everything_in_plain_text() {
    let books = closed_until_31();
    let text = books.closed[0].1.statement.text(MerchantId(uuid::Uuid::nil()));
    insta::assert_snapshot!(text);
}
