//! `/unsubscribe/{token}`: the link in every mail. Looking at it changes nothing, because programs follow links to look at
//! them; a person presses the button, and a mail program that offers its own sends the same request (RFC 8058).

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use policies::mail::unsubscribe::Token;

use crate::{gateway::Gateway, http::body::Path, problem::Problem};

/// What the pages say.
struct Words {
    language: &'static str,
    question: &'static str,
    button: &'static str,
    done: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    question: "Do you want no more of these mails?",
    button: "No more mails",
    done: "You will get no more of these mails.",
};
const GERMAN: Words = Words {
    language: "de",
    question: "Möchten Sie keine solchen E-Mails mehr?",
    button: "Keine E-Mails mehr",
    done: "Sie erhalten keine solchen E-Mails mehr.",
};

/// What the browser asks for first.
fn words(headers: &HeaderMap) -> &'static Words {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wanted.trim_start().to_ascii_lowercase().starts_with("de") { &GERMAN } else { &ENGLISH }
}

fn page(words: &Words, content: &str) -> Response {
    let language = words.language;
    let page = format!(
        "<!doctype html><html lang={language}><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=robots content=noindex><title>{}</title>{content}</html>",
        words.button
    );
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    // The address is the reader's own: it stays out of caches, and of what the browser tells other sites.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
    );
    response
}

/// Asks. The same for every token: nobody learns from it whether there is such a reader.
pub async fn ask(headers: HeaderMap) -> Response {
    let words = words(&headers);
    let (question, button) = (words.question, words.button);
    page(words, &format!("<p>{question}</p><form method=post><button>{button}</button></form>"))
}

/// Ends it. Doing it again changes nothing.
pub async fn end(
    State(gateway): State<Gateway>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Response), Problem> {
    if let Some(token) = Token::parse(&token) {
        gateway.unsubscribe(&token).await?;
    }
    let words = words(&headers);
    Ok((StatusCode::OK, page(words, &format!("<p>{}</p>", words.done))))
}
