use super::*;

fn scalar(json: &str) -> Scalar<'_> {
    serde_json::from_str(json).expect("the value is JSON")
}

#[test]
fn ids_keep_every_digit() {
    for json in
        ["0", "7207119551301", "9007199254740993", "18446744073709551615", "340282366920938463463374607431768211456"]
    {
        assert_eq!(scalar(json).id(), Ok(Some(json.to_owned())));
        assert_eq!(scalar(&format!("\"{json}\"")).id(), Ok(Some(json.to_owned())));
    }
    assert_eq!(scalar("\"gid:\\/\\/shopify\\/Order\\/1\"").id(), Ok(Some("gid://shopify/Order/1".to_owned())));
    for nothing in ["null", "\"\"", "\" \""] {
        assert_eq!(scalar(nothing).id(), Ok(None), "{nothing}");
    }
}

#[test]
fn what_merely_looks_like_an_id_is_refused() {
    let too_long = format!("\"{}\"", "1".repeat(ID_BYTES_MAX + 1));
    for json in ["1.0", "1e3", "-7", "\" 7\"", "true", "[7]", "{}", &too_long] {
        assert_eq!(scalar(json).id(), Err(Problem::NotAnId), "{json}");
    }
}

#[test]
fn amounts_are_taken_as_they_are_written() {
    let amount = |json: &'static str| scalar(json).amount().map(|text| text.map(Cow::into_owned));
    assert_eq!(amount("\"398.00\""), Ok(Some("398.00".to_owned())));
    assert_eq!(amount("398.10"), Ok(Some("398.10".to_owned())));
    assert_eq!(amount("0.30000000000000004"), Ok(Some("0.30000000000000004".to_owned())));
    assert_eq!(amount("-5"), Ok(Some("-5".to_owned())));
    assert_eq!(amount("1.25e2"), Ok(Some("125".to_owned())));
    assert_eq!(amount("null"), Ok(None));
    assert_eq!(amount("false"), Err(Problem::NotAnAmount));
    assert_eq!(amount("{}"), Err(Problem::NotAnAmount));
    assert_eq!(amount("1e99"), Err(Problem::NotAnAmount));
}

#[test]
fn text_is_trimmed_and_unescaped_and_empty_text_says_nothing() {
    let text = |json: &'static str| scalar(json).text().map(|text| text.map(Cow::into_owned));
    assert_eq!(text("\" Ida \""), Ok(Some("Ida".to_owned())));
    assert_eq!(text("\"\\tM\\u00fcller \\u0026 S\\u00f6hne\\n\""), Ok(Some("Müller & Söhne".to_owned())));
    assert_eq!(text("\"  \""), Ok(None));
    assert_eq!(text("1071"), Ok(Some("1071".to_owned())));
    assert_eq!(text("\"half a pair: \\ud83d\""), Err(Problem::NotText));
    assert_eq!(text("[]"), Err(Problem::NotText));
}

#[test]
fn times_carry_their_offset_into_utc() {
    let noon = Timestamp::parse("2026-11-22T12:00:00Z").ok();
    assert_eq!(scalar("\"2026-11-22T12:00:00Z\"").time(), Ok(noon));
    assert_eq!(scalar("\"2026-11-22T07:00:00-05:00\"").time(), Ok(noon));
    assert_eq!(scalar("\"\"").time(), Ok(None));
    assert_eq!(scalar("\"2026-11-22T12:00:00\"").time(), Ok(noon));
    assert_eq!(scalar("\"2026-11-22 12:00:00.000\"").time(), Ok(noon));
    assert_eq!(scalar("\"2026-11-22\"").time(), Err(Problem::NotATime));
    assert_eq!(scalar("1795348800").time(), Err(Problem::NotATime));
}

#[test]
fn counts_are_whole_and_not_negative() {
    assert_eq!(scalar("3").count(), Ok(Some(3)));
    assert_eq!(scalar("4294967295").count(), Ok(Some(u32::MAX)));
    assert_eq!(scalar("4294967296").count(), Err(Problem::TooLarge));
    assert_eq!(scalar("\"3\"").count(), Ok(Some(3)));
    assert_eq!(scalar("\"\"").count(), Ok(None));
    assert_eq!(scalar("-1").count(), Err(Problem::Negative));
    assert_eq!(scalar("\"-1\"").count(), Err(Problem::Negative));
    for json in ["1.5", "1e2", "\"three\"", "\"1.5\"", "true", "[1]"] {
        assert_eq!(scalar(json).count(), Err(Problem::NotACount), "{json}");
    }
}

#[test]
fn only_true_is_true() {
    assert_eq!(scalar("true").flag(), Ok(true));
    assert_eq!(scalar("false").flag(), Ok(false));
    assert_eq!(scalar("null").flag(), Ok(false));
    assert_eq!(scalar("\"true\"").flag(), Ok(true));
    assert_eq!(scalar("\"True\"").flag(), Ok(true));
    assert_eq!(scalar("\"false\"").flag(), Ok(false));
    assert_eq!(scalar("\"\"").flag(), Ok(false));
    for json in ["1", "\"yes\"", "[]"] {
        assert_eq!(scalar(json).flag(), Err(Problem::NotAFlag), "{json}");
    }
}
