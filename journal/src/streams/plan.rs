//! The difference between what is declared and what is there, and how it is removed.

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use serde::Serialize;

use super::{Declaration, StreamsError};

/// What has to change on the server, in the order it is done.
pub struct Plan {
    jetstream: Context,
    changes: Vec<Change>,
}

/// One stream's part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The stream's name.
    pub name: String,
    pub action: Action,
    /// Whether data could be lost, or be held less safely.
    pub destructive: bool,
    /// Empty unless an existing stream is changed.
    pub fields: Vec<FieldChange>,
    #[serde(skip)]
    config: Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    /// It is declared, and switched off.
    Delete,
}

/// One setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: &'static str,
    pub from: String,
    pub to: String,
    pub destructive: bool,
}

impl Plan {
    pub(super) fn new(jetstream: Context) -> Self {
        Plan { jetstream, changes: Vec::new() }
    }

    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn compare(&mut self, name: &str, declared: &Declaration, replicas: usize, actual: Option<Config>) {
        let config = declared.config(name, replicas, actual.as_ref());
        let (action, fields) = match actual {
            None if !declared.enabled => return,
            None => (Action::Create, Vec::new()),
            Some(_) if !declared.enabled => (Action::Delete, Vec::new()),
            Some(actual) => (Action::Update, differences(&actual, &config)),
        };
        if action == Action::Update && fields.is_empty() {
            return;
        }
        let destructive = action == Action::Delete || fields.iter().any(|field| field.destructive);
        self.changes.push(Change { name: name.to_owned(), action, destructive, fields, config });
    }

    /// Carries the plan out.
    ///
    /// # Errors
    /// [`StreamsError::Destructive`] before anything is changed, if something could lose data and that is not
    /// allowed; [`StreamsError::Refused`] if the server does not do it.
    pub async fn apply(self, allow_destructive: bool) -> Result<Vec<Change>, StreamsError> {
        let destructive: Vec<String> = self.changes.iter().filter(|change| change.destructive).map(describe).collect();
        if !destructive.is_empty() && !allow_destructive {
            return Err(StreamsError::Destructive(destructive));
        }
        for change in &self.changes {
            self.carry_out(change)
                .await
                .map_err(|reason| StreamsError::Refused { stream: change.name.clone(), reason })?;
        }
        Ok(self.changes)
    }

    async fn carry_out(&self, change: &Change) -> Result<(), String> {
        match change.action {
            Action::Create => self.jetstream.create_stream(&change.config).await.map(drop).map_err(|e| e.to_string()),
            Action::Update => self.jetstream.update_stream(&change.config).await.map(drop).map_err(|e| e.to_string()),
            Action::Delete => self.jetstream.delete_stream(&change.name).await.map(drop).map_err(|e| e.to_string()),
        }
    }
}

fn describe(change: &Change) -> String {
    let fields: Vec<&str> = change.fields.iter().filter(|field| field.destructive).map(|field| field.field).collect();
    match change.action {
        Action::Delete => format!("{} would be deleted", change.name),
        _ => format!("{}: {}", change.name, fields.join(" and ")),
    }
}

/// Every declared setting that differs. Destructive is what could drop messages that are there, let them be dropped
/// later, or hold them less safely.
fn differences(actual: &Config, wanted: &Config) -> Vec<FieldChange> {
    let mut found = Differences(Vec::new());
    let is_kept = |subject: &String| wanted.subjects.contains(subject);
    found.note("description", &actual.description, &wanted.description, false);
    found.note("subjects", &actual.subjects, &wanted.subjects, !actual.subjects.iter().all(is_kept));
    let (sources, wanted_sources) = (sources(actual), sources(wanted));
    found.note("source", &sources, &wanted_sources, !sources.is_empty());
    found.note("replicas", &actual.num_replicas, &wanted.num_replicas, wanted.num_replicas < actual.num_replicas);
    found.note("storage", &actual.storage, &wanted.storage, true);
    found.note("retention", &actual.retention, &wanted.retention, true);
    found.note("discard", &actual.discard, &wanted.discard, wanted.discard == DiscardPolicy::Old);
    let shorter = tightens(actual.max_age.as_nanos(), wanted.max_age.as_nanos());
    found.note("max_age", &actual.max_age, &wanted.max_age, shorter);
    let (per_subject, wanted_per_subject) = (limit(actual), limit(wanted));
    let fewer = tightens(per_subject, wanted_per_subject);
    found.note("max_messages_per_subject", &per_subject, &wanted_per_subject, fewer);
    found.note("deny_delete", &actual.deny_delete, &wanted.deny_delete, !wanted.deny_delete);
    found.note("deny_purge", &actual.deny_purge, &wanted.deny_purge, !wanted.deny_purge);
    found.note("allow_atomic_publish", &actual.allow_atomic_publish, &wanted.allow_atomic_publish, false);
    found.note("allow_direct", &actual.allow_direct, &wanted.allow_direct, false);
    found.note("duplicate_window", &actual.duplicate_window, &wanted.duplicate_window, false);
    found.0
}

struct Differences(Vec<FieldChange>);

impl Differences {
    fn note<T: PartialEq + std::fmt::Debug>(&mut self, field: &'static str, from: &T, to: &T, destructive: bool) {
        if from != to {
            self.0.push(FieldChange { field, from: format!("{from:?}"), to: format!("{to:?}"), destructive });
        }
    }
}

/// What is copied from where; the rest of a source's configuration is the server's.
fn sources(config: &Config) -> Vec<(String, Option<String>)> {
    let sources = config.sources.as_deref().unwrap_or_default();
    sources.iter().map(|source| (source.name.clone(), source.filter_subject.clone())).collect()
}

/// 0 for no limit, which the server also writes as -1.
fn limit(config: &Config) -> u128 {
    u128::try_from(config.max_messages_per_subject).unwrap_or(0)
}

/// Whether a limit, 0 for none, now allows less.
fn tightens(from: u128, to: u128) -> bool {
    to != 0 && (from == 0 || to < from)
}
