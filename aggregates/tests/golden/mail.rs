//! Samples of what happens to templates and mails.

use aggregates::{
    id::{CustomerId, TaskId},
    mail::{
        EmailEventCreated, Language, MailEvent, MailKind, MailStage, SkipReason, Template, TemplateDeleted,
        TemplateSaved,
    },
};

use crate::values::{at, uuid};

pub fn samples() -> Vec<MailEvent> {
    let skipped = [
        SkipReason::SwitchedOff,
        SkipReason::Unsubscribed,
        SkipReason::NoConsent,
        SkipReason::Restricted,
        SkipReason::NoAddress,
        SkipReason::Merged,
        SkipReason::Forgotten,
        SkipReason::Over,
        SkipReason::AlreadyCustomer,
    ]
    .map(|reason| step(MailStage::Skipped(reason), None));
    let tried = [
        step(MailStage::HandingOver, Some((german(), Some(3)))),
        step(MailStage::Sent, Some((Language::english(), None))),
        step(MailStage::Deferred, None),
        step(MailStage::Refused, None),
        step(MailStage::Unknown, None),
    ];
    let saved = MailKind::ALL.map(|kind| {
        let template = Template { subject: "Hello".to_owned(), text: "Text".to_owned(), html: "<p>".to_owned() };
        MailEvent::TemplateSaved(TemplateSaved { kind, language: german(), version: 3, template, at: at(1) })
    });
    let deleted = TemplateDeleted { kind: MailKind::Welcome, language: german(), at: at(2) };
    saved.into_iter().chain([MailEvent::TemplateDeleted(deleted)]).chain(skipped).chain(tried).collect()
}

fn german() -> Language {
    Language::parse("de").expect("a language")
}

fn step(stage: MailStage, words: Option<(Language, Option<u32>)>) -> MailEvent {
    MailEvent::Created(EmailEventCreated {
        mail: TaskId(uuid(0xe1)),
        customer: CustomerId(uuid(0xc1)),
        kind: MailKind::PointsEarned,
        stage,
        attempt: 2,
        words,
        at: at(3),
    })
}
