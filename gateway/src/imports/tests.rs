use aggregates::{
    import::{Column, Rejection, RejectionReason, Source},
    points::LotExpiry,
    time::Timestamp,
};
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

fn records_of(source: Source, encoding: TextEncoding, pieces: &[&[u8]]) -> Result<Vec<Record>, FileError> {
    let mut reader = FileReader::new(source, encoding);
    let mut records = Vec::new();
    for piece in pieces {
        records.extend(reader.push(piece)?);
    }
    records.extend(reader.finish()?);
    Ok(records)
}

fn read(source: Source, text: &str) -> Vec<Result<Row, Rejection>> {
    let records = records_of(source, TextEncoding::Utf8, &[text.as_bytes()]).expect("a file with a header");
    records.into_iter().map(|record| Row::read(record, DateOrder::Unknown, NOW)).collect()
}

fn row(text: &str) -> Row {
    read(Source::Own, text).remove(0).expect("a row that fits")
}

fn turned_away(text: &str) -> (u64, Column, RejectionReason) {
    let rejection = read(Source::Own, text).remove(0).expect_err("a row that does not fit");
    (rejection.line, rejection.column, rejection.reason)
}

#[test]
fn a_row_says_who_and_what() {
    let row = row(
        "external_id,email,first_name,lot,points,earned_at,available_at,expires_at,last_activity_at,tier,referral_code\n\
                   shopify:207,Ada@Example.com,Ada,summer,1250,2026-01-01,2026-01-15T00:00:00Z,2027-01-01,2026-03-01,Gold,ADA10\n",
    );
    assert_eq!(row.who, Who::Id("207".to_owned()));
    assert_eq!(row.profile.email.as_deref(), Some("ada@example.com"));
    assert_eq!(row.tier.as_deref(), Some("Gold"));
    assert_eq!(row.old_link.as_ref().map(|link| (link.text.as_str(), link.code.as_str())), Some(("ADA10", "ADA10")));
    let lot = row.lot.expect("a lot");
    assert_eq!((lot.name.as_str(), lot.points), ("summer", 1_250));
    let end = Timestamp::parse("2027-01-01T00:00:00Z").expect("a time");
    assert_eq!(lot.expiry, Some(LotExpiry::At(end)));
}

#[test]
fn exports_of_others_are_read_by_their_own_names() {
    let smile = "First Name,Last Name,Email,Points Balance,VIP Tier,Referral URL\nAda,L,ada@example.com,\"1,250\",Gold,https://i.refs.example/Ab12\n";
    let lion = "Merchant ID,Email,Points Approved,Points Pending,Loyalty Tier,Referral URL\n207,ada@example.com,1250,30,Gold,https://x.example/?ref=Ab12\n";
    let yotpo = "Email;First Name;Points Balance;VIP Tier;Points Expire At\nada@example.com;Ada;1250;Gold;12/31/2027\n";
    for (source, text) in [(Source::Smile, smile), (Source::Loyaltylion, lion), (Source::Yotpo, yotpo)] {
        let row = read(source, text).remove(0).unwrap_or_else(|rejection| panic!("{source:?}: {rejection:?}"));
        assert_eq!(row.profile.email.as_deref(), Some("ada@example.com"), "{source:?}");
        assert_eq!(row.lot.as_ref().map(|lot| (lot.points, lot.name.as_str())), Some((1_250, "balance")), "{source:?}");
        assert_eq!(row.tier.as_deref(), Some("Gold"), "{source:?}");
    }
}

#[test]
fn what_is_wrong_is_said_by_line_column_and_word() {
    use {Column as C, RejectionReason as R};
    let cases = [
        ("email,points\nada,5\n", (2, C::Email, R::NotAnEmail)),
        ("email,points\n,5\n", (2, C::Row, R::NoIdentity)),
        ("external_id,points\nada,5\n", (2, C::ExternalId, R::NotAnId)),
        ("email,points\na@b.co,1.5\n", (2, C::Points, R::NotAWholeNumber)),
        ("email,points\na@b.co,\"1,25\"\n", (2, C::Points, R::NotAWholeNumber)),
        ("email,points\na@b.co,9999999999999\n", (2, C::Points, R::TooLarge)),
        ("email,points,earned_at\na@b.co,5,yesterday\n", (2, C::EarnedAt, R::NotADate)),
        ("email,points,earned_at\na@b.co,5,03/04/2026\n", (2, C::EarnedAt, R::AmbiguousDate)),
        ("email,points,expires_at\na@b.co,5,2020-01-01\n", (2, C::ExpiresAt, R::ExpiredAlready)),
        ("email,points,earned_at,expires_at\na@b.co,5,2029-01-01,2028-01-01\n", (2, C::ExpiresAt, R::OutOfOrder)),
        ("email,points\n\n\na@b.co,5,6\n", (4, C::Row, R::WrongNumberOfFields)),
        ("email,points\r\n\r\na@b.co,x\r\n", (3, C::Points, R::NotAWholeNumber)),
    ];
    for (text, expected) in cases {
        assert_eq!(turned_away(text), expected, "{text:?}");
    }
    let long = format!("email,tier\na@b.co,{}\n", "x".repeat(321));
    assert_eq!(turned_away(&long), (2, C::Tier, R::TooLong));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them_also_inside_quotes() {
    let rows = read(Source::Own, "email,tier,points\na@b.co,\"Gold\nand more\",x\r\nb@b.co,,y\n");
    let lines: Vec<u64> = rows.into_iter().map(|row| row.expect_err("no number").line).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn text_is_read_however_it_was_written() {
    let text = "email,first_name\nzoe@example.com,Zoë\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let windows = text.replace('ë', "\u{1}").bytes().map(|byte| if byte == 1 { 0xeb } else { byte }).collect();
    let files: [(TextEncoding, Vec<u8>); 4] = [
        (TextEncoding::Utf8, text.into()),
        (TextEncoding::Utf8, with_mark),
        (TextEncoding::Utf8, utf16),
        (TextEncoding::Windows1252, windows),
    ];
    for (encoding, bytes) in files {
        let record = records_of(Source::Own, encoding, &[&bytes]).expect("a file").remove(0);
        let row = Row::read(record, DateOrder::Unknown, NOW).expect("a row");
        assert_eq!(row.profile.first_name.as_deref(), Some("Zoë"), "{encoding:?}");
    }
    let broken = records_of(Source::Own, TextEncoding::Utf8, &[b"email,first_name\nz@b.co,Zo\xeb\n"]).expect("a file");
    assert_eq!(broken[0].fields, Err(RejectionReason::NotText));
}

#[test]
fn a_file_that_is_none_is_refused_as_a_whole() {
    let refused = |text: &str| records_of(Source::Own, TextEncoding::Utf8, &[text.as_bytes()]).expect_err("no file");
    assert_eq!(refused(""), FileError::Empty);
    assert_eq!(refused("name,points\nAda,5\n"), FileError::Header(HeaderError::NobodyNamed));
    assert_eq!(refused("email,Email\na,b\n"), FileError::Header(HeaderError::Twice(Column::Email)));
    let unclosed = format!("email,tier\na@b.co,\"{}\n", "x\n".repeat(40_000));
    assert_eq!(refused(&unclosed), FileError::RecordTooLarge { line: 2 });
}

#[test]
fn dates_are_read_in_the_order_that_was_said() {
    let at = |text, order| time::time(text, order).map(Timestamp::to_rfc3339);
    let fourth_of_march = Ok("2026-03-04T00:00:00Z".to_owned());
    assert_eq!(at("03/04/2026", DateOrder::MonthFirst), fourth_of_march);
    assert_eq!(at("04/03/2026", DateOrder::DayFirst), fourth_of_march);
    assert_eq!(at("04.03.2026", DateOrder::MonthFirst), fourth_of_march);
    assert_eq!(at("2026-03-04", DateOrder::Unknown), fourth_of_march);
    assert_eq!(at("2026-03-04 00:00:00 UTC", DateOrder::Unknown), fourth_of_march);
    assert_eq!(at("Mar 04, 2026", DateOrder::Unknown), fourth_of_march);
    assert_eq!(at("31/12/2026 18:30", DateOrder::Unknown), Ok("2026-12-31T18:30:00Z".to_owned()));
    assert_eq!(at("2026-02-30", DateOrder::Unknown), Err(RejectionReason::NotADate));
}

proptest! {
    /// However the network cuts a file, its records are the same.
    #[test]
    fn cuts_do_not_matter(cuts in proptest::collection::vec(0_usize..200, 0..12)) {
        let text = "email;tier;points\r\na@b.co;\"Gold;\r\n\"\"best\"\"\";5\r\n\r\nzoë@b.co;Silber;7\nc@b.co;;x";
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.sort_unstable();
        let begins = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([text.len()]);
        let pieces: Vec<&[u8]> = begins.zip(ends).map(|(begin, end)| &text.as_bytes()[begin..end]).collect();
        let whole = records_of(Source::Own, TextEncoding::Utf8, &[text.as_bytes()]);
        prop_assert_eq!(records_of(Source::Own, TextEncoding::Utf8, &pieces), whole);
    }
}
