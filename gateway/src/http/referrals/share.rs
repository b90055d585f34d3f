//! Texts that hand a link on, in every language that mails have words in. They name nobody.

use std::collections::BTreeMap;

use policies::mail::words::LANGUAGES;
use serde::Serialize;
use utoipa::ToSchema;

/// Texts that hand the link on. They name nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReferralShare)]
pub struct ShareDocument {
    pub link: String,
    pub sms: String,
    pub email_subject: String,
    pub email_body: String,
}

impl ShareDocument {
    /// In English where there are no words in that language.
    pub fn of(url: &str, language: &str) -> Self {
        let (sms, email_subject, email_body) = match language {
            "de" => (
                format!("Diesen Shop mag ich. Bestell über meinen Link, dann bekommen wir beide Punkte: {url}"),
                "Etwas für dich aus einem Shop, den ich mag",
                format!("Diesen Shop mag ich. Bestell über meinen Link, dann bekommen wir beide Punkte:\n\n{url}\n"),
            ),
            _ => (
                format!("I like this shop. With my link your first order earns us both points: {url}"),
                "Something for you from a shop I like",
                format!("I like this shop. Order through my link and we both get points:\n\n{url}\n"),
            ),
        };
        ShareDocument { link: url.to_owned(), sms, email_subject: email_subject.to_owned(), email_body }
    }

    /// By language.
    pub fn all(url: &str) -> BTreeMap<&'static str, ShareDocument> {
        LANGUAGES.into_iter().map(|language| (language, ShareDocument::of(url, language))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_mails_has_texts_of_its_own_with_the_link_in_them() {
        let url = "https://shop.example/r/ABCD";
        let all = ShareDocument::all(url);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), ["de", "en"]);
        for (language, share) in &all {
            assert!(share.sms.contains(url) && share.email_body.contains(url), "{language}");
            assert!(all.iter().all(|(other, text)| other == language || text != share), "{language} is its own");
        }
        assert_eq!(ShareDocument::of(url, "fr"), all["en"]);
    }
}
