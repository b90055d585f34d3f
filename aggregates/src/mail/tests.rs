use super::*;
use crate::{
    Aggregate,
    event::Recorded,
    id::{CustomerId, TaskId},
    rfm::{Calendar, TimeZoneName},
    time::Timestamp,
};

const RECORDED: Recorded = Recorded { position: 1, at: Timestamp(0) };

fn step(mail: u128, stage: MailStage, attempt: u16) -> EmailEventCreated {
    EmailEventCreated {
        mail: TaskId(uuid::Uuid::from_u128(mail)),
        customer: CustomerId(uuid::Uuid::from_u128(1)),
        kind: MailKind::Welcome,
        stage,
        attempt,
        words: None,
        at: Timestamp(1),
    }
}

fn told<A: Aggregate>(aggregate: &mut A, command: A::Command) -> Result<usize, A::Refusal> {
    let events = aggregate.decide(&command)?;
    events.iter().for_each(|event| aggregate.apply(event, &RECORDED));
    Ok(events.len())
}

fn hands_over(outbox: &mut Outbox, mail: u128, attempt: u16) -> Result<usize, OutboxRefusal> {
    told(outbox, OutboxCommand::HandOver(step(mail, MailStage::HandingOver, attempt)))
}

fn notes(outbox: &mut Outbox, mail: u128, stage: MailStage, attempt: u16) -> Result<usize, OutboxRefusal> {
    told(outbox, OutboxCommand::Note(step(mail, stage, attempt)))
}

#[test]
fn a_mail_that_was_sent_is_not_handed_over_again() {
    let mut outbox = Outbox::default();
    assert_eq!(hands_over(&mut outbox, 1, 1), Ok(1));
    assert_eq!(notes(&mut outbox, 1, MailStage::Sent, 1), Ok(1));
    assert_eq!(notes(&mut outbox, 1, MailStage::Sent, 1), Ok(0));
    for attempt in [1, 2] {
        assert_eq!(hands_over(&mut outbox, 1, attempt), Err(OutboxRefusal::Ended(MailStage::Sent)));
    }
}

#[test]
fn a_mail_that_the_server_did_not_take_is_tried_again() {
    let mut outbox = Outbox::default();
    assert_eq!(hands_over(&mut outbox, 1, 1), Ok(1));
    assert_eq!(notes(&mut outbox, 1, MailStage::Deferred, 1), Ok(1));
    assert_eq!(hands_over(&mut outbox, 1, 2), Ok(1));
    assert_eq!(notes(&mut outbox, 1, MailStage::Refused, 2), Ok(1));
    assert_eq!(hands_over(&mut outbox, 1, 1), Ok(1), "a person has asked for it");
}

#[test]
fn who_died_while_handing_over_leaves_a_mail_that_is_never_sent_again() {
    let mut outbox = Outbox::default();
    assert_eq!(hands_over(&mut outbox, 1, 1), Ok(1));
    assert_eq!(hands_over(&mut outbox, 1, 1), Err(OutboxRefusal::CutShort));
    assert_eq!(hands_over(&mut outbox, 1, 2), Err(OutboxRefusal::CutShort), "the attempt took too long");
    assert_eq!(notes(&mut outbox, 1, MailStage::Unknown, 2), Ok(1));
    assert_eq!(hands_over(&mut outbox, 1, 3), Err(OutboxRefusal::Ended(MailStage::Unknown)));
}

#[test]
fn what_a_shard_remembers_is_bounded() {
    let mut outbox = Outbox::default();
    assert_eq!(hands_over(&mut outbox, 0, 1), Ok(1));
    for mail in 1..=outbox::REMEMBERED as u128 + 10 {
        hands_over(&mut outbox, mail, 1).unwrap();
        notes(&mut outbox, mail, MailStage::Sent, 1).unwrap();
    }
    assert_eq!(outbox.stage_of(TaskId(uuid::Uuid::from_u128(1))), None);
    assert_eq!(outbox.stage_of(TaskId(uuid::Uuid::from_u128(0))), Some(MailStage::HandingOver), "still under way");
    assert_eq!(outbox.stage_of(TaskId(uuid::Uuid::from_u128(500))), Some(MailStage::Sent));
}

fn words(subject: &str) -> Template {
    Template { subject: subject.to_owned(), text: "Hello".to_owned(), html: "<p>Hello</p>".to_owned() }
}

fn save(expected: u32) -> TemplateCommand {
    let key = (MailKind::Welcome, Language::english());
    TemplateCommand::Save { key, expected, template: words("Hello"), now: Timestamp(1) }
}

#[test]
fn a_template_is_written_on_the_version_that_was_seen() {
    let key = (MailKind::Welcome, Language::english());
    let mut templates = MailTemplates::default();
    assert_eq!(told(&mut templates, save(0)), Ok(1));
    assert_eq!(told(&mut templates, save(0)), Err(TemplateRefusal::Stale { current: 1 }));
    assert_eq!(told(&mut templates, save(1)), Ok(1));
    assert_eq!(templates.find(&key).map(|known| known.version), Some(2));
    let delete = |expected| TemplateCommand::Delete { key: key.clone(), expected, now: Timestamp(2) };
    assert_eq!(told(&mut templates, delete(1)), Err(TemplateRefusal::Stale { current: 2 }));
    assert_eq!(told(&mut templates, delete(2)), Ok(1));
    assert_eq!(templates.find(&key), None);
    // A version is never used again, so that a tag of the deleted one does not fit the new one.
    assert_eq!(told(&mut templates, save(0)), Ok(1));
    assert_eq!(templates.find(&key).map(|known| known.version), Some(3));
}

#[test]
fn words_that_say_nothing_or_too_much_are_refused() {
    assert_eq!(words("Hello").validate(), Ok(()));
    assert_eq!(words(" ").validate().map_err(|fault| fault.part), Err("subject"));
    assert_eq!(words("Hello\r\nBcc: everybody").validate().map_err(|fault| fault.part), Err("subject"));
    let long = Template { html: "x".repeat(template::HTML_BYTES_MAX + 1), ..words("Hello") };
    assert_eq!(long.validate().map_err(|fault| fault.part), Err("html"));
}

#[test]
fn a_language_is_read_off_a_locale() {
    for (locale, language) in [("de", "de"), ("de-AT", "de"), ("pt_BR", "pt"), ("EN-us", "en")] {
        assert_eq!(Language::of_locale(locale).map(|language| language.to_string()).as_deref(), Some(language));
    }
    for locale in ["", "-", "german", "d3"] {
        assert_eq!(Language::of_locale(locale), None, "{locale}");
    }
}

#[test]
fn nothing_is_sent_in_quiet_hours_by_the_shops_clock() {
    let berlin = Calendar::of(&TimeZoneName("Europe/Berlin".to_owned())).expect("a time zone");
    let at = |text: &str| Timestamp::parse(text).expect("a time");
    let quiet = |from_hour, until_hour| MailSettings {
        quiet: Some(QuietHours { from_hour, until_hour }),
        ..MailSettings::default_of_a_new_merchant()
    };
    let night = quiet(21, 8);
    let cases = [
        ("2026-11-22T19:59:59Z", "2026-11-22T19:59:59Z"),
        ("2026-11-22T20:00:00Z", "2026-11-23T07:00:00Z"),
        ("2026-11-22T23:30:00Z", "2026-11-23T07:00:00Z"),
        ("2026-11-23T06:59:59Z", "2026-11-23T07:00:00Z"),
        ("2026-11-23T07:00:00Z", "2026-11-23T07:00:00Z"),
    ];
    for (now, earliest) in cases {
        assert_eq!(night.earliest(at(now), &berlin), at(earliest), "{now}");
    }
    assert_eq!(quiet(12, 14).earliest(at("2026-11-22T11:30:00Z"), &berlin), at("2026-11-22T13:00:00Z"));
    assert_eq!(MailSettings::default_of_a_new_merchant().earliest(at(cases[1].0), &berlin), at(cases[1].0));
}

#[test]
fn a_shop_says_who_it_is_before_it_sends_anything() {
    let nothing = MailSettings::default_of_a_new_merchant();
    assert_eq!(nothing.validate(), Ok(()));
    let nameless = MailSettings { kinds: [MailKind::Welcome].into(), ..nothing.clone() };
    assert_eq!(nameless.validate().map_err(|(field, _)| field), Err("shop_name"));
    let named = MailSettings { shop_name: "The Shop".to_owned(), ..nameless };
    assert_eq!(named.validate(), Ok(()));
    let quiet = Some(QuietHours { from_hour: 8, until_hour: 8 });
    assert_eq!(MailSettings { quiet, ..named }.validate().map_err(|(field, _)| field), Err("quiet"));
}
