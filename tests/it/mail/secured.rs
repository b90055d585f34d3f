//! Encrypted connections, and who is let in.

use aggregates::{id::TaskId, time::Timestamp};
use gateway::clock::new_id;
use policies::mail::{
    MailServer,
    message::{Letter, Outgoing},
    render::Rendered,
    smtp::Verdict,
};

use super::kit::{header, mails, post_office};
use crate::support::on_shared_runtime;

const FROM: &str = "Rewards <rewards@loyalty.example>";

fn reader() -> String {
    format!("ada-{}@example.com", new_id().simple())
}

fn letter(to: &str) -> Outgoing {
    let words =
        Rendered { subject: "Grüße".to_owned(), text: "Grüße".to_owned(), html: "<p>Grüße</p>".to_owned() };
    let letter = Letter {
        mail: TaskId(new_id()),
        from: &FROM.parse().unwrap(),
        shop_name: "Café Büro",
        to: to.parse().unwrap(),
        words: &words,
        unsubscribe_url: "https://loyalty.example/unsubscribe/x",
        sent_at: Timestamp(1_795_363_200_000_000),
    };
    letter.outgoing().unwrap()
}

/// By STARTTLS, and by TLS from the first byte.
fn servers(login: &str) -> [MailServer; 2] {
    let mail_box = &post_office().mail_box;
    let places = [("smtp+starttls", mail_box.starttls_port), ("smtps", mail_box.tls_port)];
    places.map(|(scheme, port)| MailServer::parse(&format!("{scheme}://{login}localhost:{port}"), FROM).unwrap())
}

fn vouched_for(server: MailServer) -> MailServer {
    server.vouched_for_by(post_office().mail_box.pem.as_bytes()).unwrap()
}

async fn hands_over(server: MailServer, letter: Outgoing) -> Verdict {
    on_shared_runtime(async move { server.hand_over(&letter).await }).await
}

#[tokio::test]
async fn a_server_that_is_vouched_for_gets_the_password_and_the_mail() {
    for server in servers("rewards%40shop:p%3Ass%20w%C3%B6rd@").map(vouched_for) {
        let (reader, shown) = (reader(), format!("{server:?}"));
        assert_eq!(hands_over(server, letter(&reader)).await, Verdict::Taken, "{shown}");
        let mail = &mails(&reader, 1).await[0];
        assert_eq!(header(mail, "Date"), "Sun, 22 Nov 2026 16:00:00 +0000");
        assert!(header(mail, "From").contains("<rewards@loyalty.example>"), "{}", mail.data);
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing() {
    for server in servers("rewards%40shop:p%3Ass%20w%C3%B6rd@") {
        let reader = reader();
        let verdict = hands_over(server, letter(&reader)).await;
        assert!(matches!(verdict, Verdict::Deferred(_)), "{verdict:?}");
        assert_eq!(post_office().mail_box.count(&reader), 0);
    }
}

#[tokio::test]
async fn a_wrong_password_and_none_are_refused() {
    for login in ["rewards%40shop:guess@", ""] {
        for server in servers(login).map(vouched_for) {
            let reader = reader();
            let verdict = hands_over(server, letter(&reader)).await;
            assert!(matches!(&verdict, Verdict::Refused(reason) if reason.contains("53")), "{login} {verdict:?}");
            assert_eq!(post_office().mail_box.count(&reader), 0);
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_encrypt_is_told_nothing_that_should_be() {
    let port = post_office().mail_box.open_port;
    let server = MailServer::parse(&format!("smtp+starttls://ada:secret@localhost:{port}"), FROM).unwrap();
    let reader = reader();
    let verdict = hands_over(vouched_for(server), letter(&reader)).await;
    assert!(matches!(verdict, Verdict::Deferred(_)), "{verdict:?}");
    assert_eq!(post_office().mail_box.count(&reader), 0);
}
