//! How values look where people read them. The log holds bytes; documents hold text: an instant is RFC 3339, an
//! identity has its prefix, a hash is hexadecimal.

use std::{borrow::Cow, fmt::Display};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Writes `text` into a document, and `stored` into the log.
pub(crate) fn write<S: Serializer>(
    serializer: S,
    text: impl Display,
    stored: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { serializer.collect_str(&text) } else { stored.serialize(serializer) }
}

/// Reads what [`write`] has written. `parse` gives `None` for text that means nothing.
pub(crate) fn read<'de, D: Deserializer<'de>, B: Deserialize<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Option<T>,
    stored: impl FnOnce(B) -> T,
) -> Result<T, D::Error> {
    if !deserializer.is_human_readable() {
        return B::deserialize(deserializer).map(stored);
    }
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("not the text of such a value"))
}
