//! What the server says, and what it means.

use super::*;

fn ack(json: &str) -> Ack {
    serde_json::from_str::<Answer<'_>>(json).expect("the server writes JSON").into()
}

#[test]
fn both_codes_of_a_lost_race_are_a_conflict() {
    let one_node =
        r#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"JOURNAL","seq":0}"#;
    let cluster =
        r#"{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"JOURNAL","seq":0}"#;
    assert_eq!([ack(one_node), ack(cluster)], [Ack::Conflict, Ack::Conflict]);
}

#[test]
fn an_acknowledgement_says_how_many_and_where_the_last_one_is() {
    assert_eq!(ack(r#"{"stream":"JOURNAL","seq":41}"#), Ack::Stored { last: 41, count: 1 });
    let batch = r#"{"stream":"JOURNAL","seq":41,"batch":"b","count":3}"#;
    assert_eq!(ack(batch), Ack::Stored { last: 41, count: 3 });
}

#[test]
fn what_may_pass_is_told_from_what_will_not() {
    let code =
        |code: u64| ack(&format!(r#"{{"error":{{"code":503,"err_code":{code},"description":"a \"reason\""}}}}"#));
    assert_eq!(code(10_008), Ack::NotNow);
    assert_eq!(code(10_176), Ack::NotNow);
    assert_eq!(code(10_077), Ack::Rejected { code: 10_077, description: "a \"reason\"".to_owned() });
}
