//! The language of words and of readers: two or three letters, without a region.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Such as `en`, `de`, `fil`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// Text that is not a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a language such as `en` or `de`")]
pub struct NotALanguage;

impl Language {
    pub fn english() -> Self {
        Language("en".to_owned())
    }

    pub fn parse(text: &str) -> Result<Self, NotALanguage> {
        let is_one = matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_lowercase());
        is_one.then(|| Language(text.to_owned())).ok_or(NotALanguage)
    }

    /// Of a locale such as `de-AT` or `pt_BR`; none if it says no language.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let language = locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Language::parse(&language).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Language {
    type Error = NotALanguage;

    fn try_from(text: String) -> Result<Self, NotALanguage> {
        Language::parse(&text)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
