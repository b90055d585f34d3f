//! The merchant's own words.

use serde_json::{Value, json};

use super::kit::{enrolled, header, mails, open};
use crate::support::Shop;

const PATH: &str = "/v1/email_templates/welcome/de";

fn words(subject: &str) -> Value {
    json!({
        "subject": subject,
        "text": "Hallo {{ first_name }}! Abmelden: {{ unsubscribe_url }}",
        "html": "<p>Hallo {{ first_name }}!</p><a href=\"{{ unsubscribe_url }}\">Abmelden</a>",
    })
}

#[tokio::test]
async fn own_words_are_sent_in_their_language_and_ours_in_others() {
    let shop = open(&["welcome"]).await;
    let saved = shop.api.put(PATH, &words("Servus {{ first_name }}")).header("If-None-Match", "*").send().await;
    assert_eq!((saved.status.as_u16(), saved.header("etag")), (200, "\"1\""), "{}", saved.body);
    let (_, german) = enrolled(&shop, "ada", "de").await;
    let (_, french) = enrolled(&shop, "eve", "fr").await;
    shop.settle().await;
    assert_eq!(header(&mails(&german, 1).await[0], "Subject"), "Servus Ada <b>");
    assert_eq!(header(&mails(&french, 1).await[0], "Subject"), "Welcome to the rewards of The Shop");
    shop.publish(json!({ "mail": { "language": "de" } })).await;
    let (_, french) = enrolled(&shop, "eva", "fr").await;
    shop.settle().await;
    assert_eq!(header(&mails(&french, 1).await[0], "Subject"), "Servus Ada <b>", "the merchant's language");
}

#[tokio::test]
async fn templates_are_written_only_on_what_was_read() {
    let shop = Shop::open().await;
    assert_eq!(shop.api.put(PATH, &words("Hallo")).send().await.status, 428);
    assert_eq!(shop.api.put(PATH, &words("Hallo")).header("If-Match", "\"1\"").send().await.status, 412);
    shop.api.put(PATH, &words("Hallo")).header("If-None-Match", "*").document().await;
    assert_eq!(shop.api.put(PATH, &words("Hallo")).header("If-None-Match", "*").send().await.status, 412);
    let newer = shop.api.put(PATH, &words("Servus")).header("If-Match", "\"1\"").send().await;
    assert_eq!(newer.header("etag"), "\"2\"");
    let read = shop.api.get(PATH).send().await;
    assert_eq!((read.header("etag"), &read.body["subject"]), ("\"2\"", &"Servus".into()));

    let all = shop.api.get("/v1/email_templates").document().await;
    let all = all["data"].as_array().unwrap();
    assert_eq!(all.len(), 12, "six kinds in two languages");
    assert_eq!(all.iter().filter(|template| template["built_in"] == false).count(), 1);

    let delete = |tag: &str| shop.api.call(reqwest::Method::DELETE, PATH).header("If-Match", tag);
    assert_eq!(delete("\"1\"").send().await.status, 412);
    assert_eq!(delete("\"2\"").send().await.status, 204);
    assert_eq!(delete("\"2\"").send().await.status, 404);
    assert_eq!(shop.api.get(PATH).document().await["built_in"], true);
    for path in
        ["/v1/email_templates/farewell/de", "/v1/email_templates/welcome/german", "/v1/email_templates/welcome/fr"]
    {
        assert_eq!(shop.api.get(path).send().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn words_that_cannot_be_sent_are_refused_when_they_are_saved() {
    let shop = Shop::open().await;
    let with = |part: &str, text: &str| {
        let mut words = words("Hallo");
        words[part] = text.into();
        words
    };
    let wrong = [
        (with("subject", "{{ password }}"), "/subject"),
        (with("subject", "Hallo\r\nBcc: everybody@example.com"), "/subject"),
        (with("text", "No way out"), "/text"),
        (with("html", "<p>{{ unsubscribe_url"), "/html"),
        (with("html", &"x".repeat(70_000)), "/html"),
    ];
    for (words, pointer) in wrong {
        let saved = shop.api.put(PATH, &words).header("If-None-Match", "*").send().await;
        assert_eq!((saved.status.as_u16(), saved.body["pointer"].as_str()), (422, Some(pointer)), "{}", saved.body);
        let tried = shop.api.post(&format!("{PATH}/preview"), &json!({ "words": words })).send().await;
        assert_eq!(tried.body["pointer"].as_str(), Some(pointer));
    }
}

#[tokio::test]
async fn a_preview_shows_words_with_sample_values() {
    let shop = Shop::open().await;
    let preview = format!("{PATH}/preview");
    let ours = shop.api.post(&preview, &json!({})).document().await;
    assert_eq!(ours["subject"], "Willkommen beim Bonusprogramm von The Shop");
    let own = shop.api.post(&preview, &json!({ "words": words("Servus {{ first_name }}") })).document().await;
    assert_eq!(own["subject"], "Servus Ada");
    assert!(own["html"].as_str().unwrap().contains("<p>Hallo Ada!</p>"), "{own}");
}
