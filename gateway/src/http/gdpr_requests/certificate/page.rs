//! The certificate as a page that can be read, printed and filed: no script, nothing from anywhere else. All that is put in
//! are our own words, ids and numbers, so there is nothing to escape.

use serde_json::Value;

use super::{Certificate, CertifiedStep};

/// What a step means, for somebody who has never met us.
fn meaning(step: &str) -> &'static str {
    match step {
        "fence" => "Every record of the person was closed: nothing was accepted about them from here on.",
        "forfeit" => "Unspent points were forfeited, and discount codes that nobody had used were disabled.",
        "hand_over" => "Orders and codes of this profile, which had been merged into another, went to that one.",
        "deletion_journal" => "The deletion was written down where no restore of a database reaches it.",
        "destroy_keys" => "The keys that opened the data were destroyed, with everything that led to them.",
        "rotate_bucket" => "The key above them was replaced and destroyed: old copies of the database open nothing.",
        "scrub_read_models" => "What was sealed was deleted from every table that is made from the log.",
        "drop_caches" => "No running program held a key any more; stored snapshots were deleted.",
        "erase" => "The log itself says that the data is gone.",
        "verify" => "Every known place was searched, and opening was tried: nothing was found, nothing opened.",
        _ => "",
    }
}

pub(super) fn of(certificate: &Certificate) -> String {
    let steps: String = certificate.steps.iter().map(row).collect();
    let fact = |name: &str, value: &str| format!("<tr><th>{name}<td>{value}");
    let facts = [
        fact("Request", &certificate.request_id),
        fact("Kind", &certificate.kind),
        fact("Asked by", &certificate.source),
        fact("Merchant", &certificate.merchant_id),
        fact("Received", &certificate.received_at),
        fact("Completed", &certificate.completed_at),
        fact("Outcome", &certificate.outcome),
        fact("Whose data", &certificate.customer_ids.join("<br>")),
        fact("Keys destroyed", &certificate.key_ids.join("<br>")),
        fact("Keys above them destroyed", &certificate.bucket_keys.join("<br>")),
        fact("Copies of these keys are gone by", certificate.old_key_copies_gone_by.as_deref().unwrap_or("-")),
    ]
    .concat();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Certificate of erasure</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;\
         border-bottom:1px solid #ccc;padding:.4rem .8rem .4rem 0}}td{{overflow-wrap:anywhere}}</style>\
         <h1>Certificate of erasure</h1><table>{facts}</table>\
         <h2>What was done</h2><table><tr><th>Step<th>When<th>Position in the log<th>Evidence{steps}</table>\
         <h2>What stays</h2><p>{kept}</p></html>",
        kept = certificate.kept,
    )
}

fn row(step: &CertifiedStep) -> String {
    format!("<tr><td>{}<td>{}<td>{}<td>{}", meaning(step.step), step.at, step.position, plain(&step.evidence))
}

/// `name: value` for each, without the punctuation of JSON.
fn plain(evidence: &Value) -> String {
    let words = |name: &str| name.replace('_', " ");
    match evidence {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{}: {}", words(name), plain(value)))
            .collect::<Vec<_>>()
            .join("<br>"),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
