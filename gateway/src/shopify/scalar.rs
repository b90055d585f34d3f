//! One value of a body before anybody has asked what it is. It keeps the JSON text, because a detour over machine
//! numbers would lose digits: ids exceed 2⁵³ and amounts come as `199.99` without quotes.

use std::borrow::Cow;

use aggregates::time::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::unfit::Problem;

/// Bytes of an identity. Shopify's are decimal numbers of at most 20 digits.
const ID_BYTES_MAX: usize = 64;

/// The JSON text of a value; empty when it is absent or `null`.
#[derive(Clone, Copy, Default)]
pub(super) struct Scalar<'a>(Option<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Scalar(Some(json).filter(|json| *json != "null")))
    }
}

impl<'a> Scalar<'a> {
    /// The JSON text itself.
    pub fn json(self) -> Option<&'a str> {
        self.0
    }

    pub fn is_stated(self) -> bool {
        self.0.is_some()
    }

    /// What it says, in quotes or without them, trimmed; `""` says nothing.
    fn said(self) -> Result<Option<Cow<'a, str>>, Problem> {
        let Some(json) = self.0 else { return Ok(None) };
        let said = if json.starts_with('"') { trimmed(unquoted(json)?) } else { Cow::Borrowed(json) };
        Ok(Some(said).filter(|said| !said.is_empty()))
    }

    /// Text, trimmed; `""` says nothing. Numbers are taken as they are written.
    pub fn text(self) -> Result<Option<Cow<'a, str>>, Problem> {
        match self.0 {
            Some(json) if !json.starts_with('"') && !is_number(json) => Err(Problem::NotText),
            _ => self.said(),
        }
    }

    pub fn owned_text(self) -> Result<Option<String>, Problem> {
        Ok(self.text()?.map(Cow::into_owned))
    }

    /// An identity, exactly as written, whether as a number or as text; `""` names nothing.
    pub fn id(self) -> Result<Option<String>, Problem> {
        let Some(json) = self.0 else { return Ok(None) };
        let id = if json.starts_with('"') { unquoted(json)? } else { Cow::Borrowed(json) };
        if id.trim().is_empty() {
            return Ok(None);
        }
        let is_whole_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let is_text = json.starts_with('"') && id.trim() == id;
        let fits = id.len() <= ID_BYTES_MAX && (is_whole_number || is_text);
        if fits { Ok(Some(id.into_owned())) } else { Err(Problem::NotAnId) }
    }

    /// The decimal text of an amount, whether written as text or as a number.
    pub fn amount(self) -> Result<Option<Cow<'a, str>>, Problem> {
        match self.0 {
            None => Ok(None),
            Some(json) if json.starts_with('"') => unquoted(json).map(Some),
            Some(json) if is_number(json) && json.contains(['e', 'E']) => {
                let exact = Decimal::from_scientific(json).map_err(|_| Problem::NotAnAmount)?;
                Ok(Some(Cow::Owned(exact.to_string())))
            }
            Some(json) if is_number(json) => Ok(Some(Cow::Borrowed(json))),
            Some(_) => Err(Problem::NotAnAmount),
        }
    }

    /// An instant; without an offset it is one of UTC.
    pub fn time(self) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text()? else { return Ok(None) };
        let time = Timestamp::parse(&text).or_else(|_| Timestamp::parse(&format!("{text}Z")));
        time.map(Some).map_err(|_| Problem::NotATime)
    }

    /// `true` only when it says so, as a word of JSON or as text.
    pub fn flag(self) -> Result<bool, Problem> {
        match self.said()?.as_deref() {
            None => Ok(false),
            Some(said) if said.eq_ignore_ascii_case("true") => Ok(true),
            Some(said) if said.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(Problem::NotAFlag),
        }
    }

    /// How many pieces, as a number or as text.
    pub fn count(self) -> Result<Option<u32>, Problem> {
        let Some(said) = self.said()? else { return Ok(None) };
        if !said.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(if said.starts_with('-') { Problem::Negative } else { Problem::NotACount });
        }
        said.parse().map(Some).map_err(|_| Problem::TooLarge)
    }
}

fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// What a JSON string says.
fn unquoted(json: &str) -> Result<Cow<'_, str>, Problem> {
    if json.contains('\\') {
        return serde_json::from_str(json).map(Cow::Owned).map_err(|_| Problem::NotText);
    }
    Ok(Cow::Borrowed(&json[1..json.len() - 1]))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests;
