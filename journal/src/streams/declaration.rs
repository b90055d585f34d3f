//! One stream, as `streams.toml` declares it.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, Source, StorageType};
use serde::Deserialize;

const SECONDS_PER_DAY: u64 = 86_400;
/// How the server writes "no limit".
const UNLIMITED: i64 = -1;
/// Replicas on a cluster: one node may fail and writing goes on.
const ON_A_CLUSTER: u8 = 3;

/// What a stream is to be. Storage is always on disk, retention always by limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    pub description: String,
    /// Whether this installation has it.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// What is published into it.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// What it copies instead.
    pub source: Option<SourceDeclaration>,
    pub replicas: Replicas,
    /// What happens at a limit.
    pub discard: Discard,
    pub max_age_days: Option<u32>,
    pub max_messages_per_subject: Option<u32>,
    #[serde(default)]
    pub deny_delete: bool,
    #[serde(default)]
    pub deny_purge: bool,
    #[serde(default)]
    pub allow_atomic_publish: bool,
    #[serde(default)]
    pub allow_direct: bool,
    /// How long message ids are remembered.
    pub duplicate_window_seconds: u32,
}

fn enabled() -> bool {
    true
}

/// A part of another stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDeclaration {
    pub stream: String,
    pub filter: String,
}

/// How many servers hold a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Replicas {
    Fixed(u8),
    Rule(ReplicaRule),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaRule {
    /// Three on a cluster, one on a single server.
    ByCluster,
}

impl Replicas {
    pub fn on(self, clustered: bool) -> u8 {
        match self {
            Replicas::Fixed(count) => count,
            Replicas::Rule(ReplicaRule::ByCluster) if clustered => ON_A_CLUSTER,
            Replicas::Rule(ReplicaRule::ByCluster) => 1,
        }
    }
}

/// What happens at a limit: the new message is refused, or the old one goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discard {
    New,
    Old,
}

impl Declaration {
    /// The server's configuration that this declaration means. Whatever is not declared stays as `actual` has it.
    pub(super) fn config(&self, name: &str, replicas: usize, actual: Option<&Config>) -> Config {
        let sources = self.source.as_ref().map(|source| {
            vec![Source {
                name: source.stream.clone(),
                filter_subject: Some(source.filter.clone()),
                ..Source::default()
            }]
        });
        Config {
            name: name.to_owned(),
            description: Some(self.description.clone()),
            subjects: self.subjects.clone(),
            sources,
            num_replicas: replicas,
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: match self.discard {
                Discard::New => DiscardPolicy::New,
                Discard::Old => DiscardPolicy::Old,
            },
            max_age: Duration::from_secs(self.max_age_days.map_or(0, u64::from) * SECONDS_PER_DAY),
            max_messages_per_subject: self.max_messages_per_subject.map_or(UNLIMITED, i64::from),
            deny_delete: self.deny_delete,
            deny_purge: self.deny_purge,
            allow_atomic_publish: self.allow_atomic_publish,
            allow_direct: self.allow_direct,
            duplicate_window: Duration::from_secs(self.duplicate_window_seconds.into()),
            ..actual.cloned().unwrap_or_default()
        }
    }
}
