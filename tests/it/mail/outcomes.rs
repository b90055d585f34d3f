//! What becomes of a mail, by what the mail server does.

use std::time::Duration;

use aggregates::{
    id::{CommandId, CustomerId},
    mail::{EmailEventCreated, MailKind, MailStage, Outbox, OutboxCommand, shard_of},
    time::Timestamp,
};
use gateway::clock::new_id;
use journal::{Actor, Aggregates, CommandContext, Subject, executor::Capacity};
use policies::mail::MAIL_TASK;
use serde_json::{Value, json};

use super::kit::{enrolled, header, mails, open, outcome, outcomes, post_office};
use crate::{
    generations::kit::verify,
    support::{Shop, on_shared_runtime},
};

/// Longer than any pause between two attempts.
const LONG: Duration = Duration::from_secs(4 * 3_600);

/// The tasks of a shop as `(state, note or reason)`.
async fn tasks(shop: &Shop) -> Vec<Value> {
    shop.has_seen_everything_of(&post_office().installation).await;
    let page = shop.api.get("/v1/tasks").query("min_position", shop.seen()).document().await;
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_known_of_mails_can_be_made_anew() {
    let shop = open(&["welcome"]).await;
    let (_, address) = enrolled(&shop, "ida", "en").await;
    shop.settle().await;
    mails(&address, 1).await;
    let report = verify(&post_office().installation, "email_events").await;
    assert!(report.is_clean() && report.tables.iter().all(|table| table.rows > 0), "{report:#?}");
}

#[tokio::test]
async fn a_new_member_is_welcomed_once_in_their_language() {
    let shop = open(&["welcome"]).await;
    let (ida, address) = enrolled(&shop, "ida", "de-AT").await;
    for _ in 0..3 {
        shop.settle().await;
    }
    let received = mails(&address, 1).await;
    assert_eq!(received.len(), 1);
    let mail = &received[0];
    assert_eq!(mail.from, "rewards@loyalty.example");
    assert_eq!(header(mail, "Subject"), "Willkommen beim Bonusprogramm von The Shop");
    assert_eq!(header(mail, "From"), "\"The Shop\" <rewards@loyalty.example>");
    assert_eq!(header(mail, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let tasks = tasks(&shop).await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let id: uuid::Uuid = tasks[0]["id"].as_str().unwrap().rsplit('_').next().unwrap().parse().unwrap();
    assert_eq!(header(mail, "Message-ID"), format!("<{}@loyalty.example>", id.simple()));
    assert!(mail.data.contains("Ada &lt;b&gt;") && mail.data.contains("Ada <b>"), "{}", mail.data);
    assert_eq!(outcomes(ida).await, [outcome("welcome", "sent", "")]);
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_and_the_message_is_the_same() {
    let shop = open(&["welcome"]).await;
    for mood in ["busy", "away"] {
        let (reader, address) = enrolled(&shop, mood, "en").await;
        shop.settle().await;
        assert_eq!(outcomes(reader).await, [outcome("welcome", "deferred", "")], "{mood}");
        shop.advance(LONG).await;
        assert_eq!(mails(&address, 1).await.len(), 1, "{mood}");
        assert_eq!(outcomes(reader).await, [outcome("welcome", "sent", "")], "{mood}");
    }
}

#[tokio::test]
async fn what_the_server_will_never_take_is_given_up_at_once() {
    let shop = open(&["welcome"]).await;
    let (gone, _) = enrolled(&shop, "gone", "en").await;
    let (never, address) = enrolled(&shop, "never", "en").await;
    shop.settle().await;
    shop.advance(LONG).await;
    assert_eq!(outcomes(gone).await, [outcome("welcome", "refused", "")]);
    assert_eq!(outcomes(never).await, [outcome("welcome", "refused", "")]);
    assert_eq!(post_office().mail_box.count(&address), 0);
    let tasks = tasks(&shop).await;
    assert!(tasks.iter().all(|task| task["state"] == "dead"), "{tasks:?}");
    let told = Value::from(tasks).to_string();
    assert!(told.contains("550") && told.contains("554") && !told.contains("example.com"), "{told}");
}

#[tokio::test]
async fn a_full_box_is_tried_for_a_while() {
    let shop = open(&["welcome"]).await;
    let (full, _) = enrolled(&shop, "full", "en").await;
    shop.settle().await;
    assert_eq!(outcomes(full).await, [outcome("welcome", "deferred", "")]);
    for _ in 0..15 {
        shop.advance(LONG).await;
    }
    assert_eq!(tasks(&shop).await[0]["state"], "dead");
}

#[tokio::test]
async fn a_server_that_is_cut_off_with_the_message_may_have_it_and_is_not_given_it_again() {
    let shop = open(&["welcome"]).await;
    let (reader, address) = enrolled(&shop, "cut", "en").await;
    shop.settle().await;
    assert_eq!(outcomes(reader).await, [outcome("welcome", "unknown", "")]);
    shop.advance(LONG).await;
    assert_eq!(mails(&address, 1).await.len(), 1);
    assert_eq!(tasks(&shop).await[0]["state"], "completed", "there is nothing more to do about it");
}

#[tokio::test]
async fn nothing_personal_is_in_tasks_events_or_tables() {
    let shop = open(&["welcome", "points_earned"]).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    mails(&address, 2).await;
    let events = shop.api.get("/v1/email_events").document().await.to_string();
    let tasks = Value::from(tasks(&shop).await).to_string();
    for told in [events, tasks] {
        assert!(!told.contains(&address) && !told.contains("Ada"), "{told}");
    }
}

/// What a worker leaves that dies with the mail server on the line.
async fn begins_to_hand_over(shop: &Shop, customer: CustomerId) {
    let (gateway, merchant, now) = (post_office().installation.gateway.clone(), shop.merchant, shop.now());
    on_shared_runtime(async move {
        let mail = gateway.tasks.id_of(merchant, &MAIL_TASK, &format!("welcome:{customer}")).await.unwrap();
        let outboxes = Aggregates::<Outbox>::new(gateway.journal.clone(), Capacity(1));
        let (kind, stage) = (MailKind::Welcome, MailStage::HandingOver);
        let step = EmailEventCreated { mail, customer, kind, stage, attempt: 1, words: None, at: now };
        let context = CommandContext {
            command_id: CommandId(new_id()),
            request: None,
            actor: Actor::Policy("mail".to_owned()),
            correlation: new_id(),
            causation: None,
            recorded_at: now,
            occurred_at: None,
            traceparent: None,
        };
        let subject = Subject::outbox(merchant, shard_of(mail));
        outboxes.execute(subject, &context, &OutboxCommand::HandOver(step)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_mail_whose_worker_died_at_the_server_is_not_sent_by_the_next_one() {
    let shop = open(&["welcome"]).await;
    // Held back for long enough to die in between.
    shop.publish(json!({ "mail": { "quiet": { "from_hour": 0, "until_hour": 23 } } })).await;
    let tomorrow = Timestamp::parse(&format!("{}T01:00:00Z", &shop.now().plus_days(1).to_rfc3339()[..10])).unwrap();
    shop.advance_to(&tomorrow.to_rfc3339()).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    shop.settle().await;
    begins_to_hand_over(&shop, ada.id().await.parse().unwrap()).await;
    shop.advance_to(&tomorrow.plus_seconds(22 * 3_600 + 1).to_rfc3339()).await;
    assert_eq!(outcomes(ada).await, [outcome("welcome", "unknown", "")]);
    assert_eq!(post_office().mail_box.count(&address), 0);
}
