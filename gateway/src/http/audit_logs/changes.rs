//! What a new version of the settings changed: both versions in full, and where they differ.

use std::collections::BTreeSet;

use aggregates::program::Program;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::program_settings::SettingsDocument;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Changes {
    /// The version before; `null` for the first.
    pub before: Option<SettingsDocument>,
    pub after: SettingsDocument,
    /// JSON pointers into the documents, without `version`, which always differs.
    pub differing: Vec<String>,
}

impl Changes {
    /// Of this version; `None` if the programme has no such version.
    pub(super) fn of(program: &Program, version: u32) -> Option<Changes> {
        let after = SettingsDocument::of(program.version(version)?);
        let before = version.checked_sub(1).and_then(|before| program.version(before)).map(SettingsDocument::of);
        let mut differing = Vec::new();
        compare(&document(before.as_ref()), &document(Some(&after)), "", &mut differing);
        differing.retain(|pointer| pointer != "/version");
        Some(Changes { before, after, differing })
    }
}

fn document(settings: Option<&SettingsDocument>) -> Value {
    serde_json::to_value(settings).expect("settings are plain values: encoding cannot fail")
}

/// Pointers to the smallest parts that differ; a list counts as one part where its length does.
fn compare(before: &Value, after: &Value, pointer: &str, differing: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                compare(&before[name], &after[name], &format!("{pointer}/{escaped}"), differing);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (before, after)) in one.iter().zip(other).enumerate() {
                compare(before, after, &format!("{pointer}/{index}"), differing);
            }
        }
        (before, after) if before == after => {}
        _ => differing.push(pointer.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_smallest_parts_that_differ_are_named() {
        let before = json!({ "hold": { "days": 0 }, "rules": [{ "id": "a", "rate": "1" }], "kept": [1, 2], "gone": 1 });
        let after = json!({ "hold": { "days": 7 }, "rules": [{ "id": "a", "rate": "2" }], "kept": [1, 2, 3] });
        let mut differing = Vec::new();
        compare(&before, &after, "", &mut differing);
        assert_eq!(differing, ["/gone", "/hold/days", "/kept", "/rules/0/rate"]);
    }
}
