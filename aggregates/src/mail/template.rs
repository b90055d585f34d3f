//! The words of a mail, before anything is filled in.

use serde::{Deserialize, Serialize};

/// Bytes of each part.
pub const SUBJECT_BYTES_MAX: usize = 200;
pub const TEXT_BYTES_MAX: usize = 32 * 1024;
pub const HTML_BYTES_MAX: usize = 64 * 1024;

/// In the template language that `docs/email.md` describes. The text part is for readers that show no HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why words cannot be saved, for the person who wrote them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {problem}")]
pub struct TemplateFault {
    /// `subject`, `text` or `html`.
    pub part: &'static str,
    pub problem: String,
}

impl Template {
    /// Each part with its name and how large it may be.
    pub fn parts(&self) -> [(&'static str, &str, usize); 3] {
        [
            ("subject", &self.subject, SUBJECT_BYTES_MAX),
            ("text", &self.text, TEXT_BYTES_MAX),
            ("html", &self.html, HTML_BYTES_MAX),
        ]
    }

    /// What can be said without reading the template language.
    ///
    /// # Errors
    /// [`TemplateFault`]
    pub fn validate(&self) -> Result<(), TemplateFault> {
        for (part, words, bytes_max) in self.parts() {
            if words.trim().is_empty() {
                return Err(TemplateFault { part, problem: "must not be empty".to_owned() });
            }
            if words.len() > bytes_max {
                return Err(TemplateFault { part, problem: format!("has more than {bytes_max} bytes") });
            }
        }
        if self.subject.chars().any(char::is_control) {
            return Err(TemplateFault { part: "subject", problem: "must be one line".to_owned() });
        }
        Ok(())
    }
}
