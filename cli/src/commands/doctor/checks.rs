//! Questions that are answered at once. One that cannot be asked is an answer too.

use aggregates::time::Clock;
use anyhow::Context;
use gateway::clock::SystemClock;
use journal::Journal;
use projections::{
    gdpr_requests,
    lag::{self, Behind},
    parked_webhooks,
    parking::store,
    queue_tasks,
};
use sqlx::PgPool;
use vault::Vault;

use super::{Finding, State};
use crate::composition::{self, Config};

/// Events that a read model may be behind before it counts as behind.
const LAG_EVENTS: u64 = 10_000;
/// The same, in seconds that the first of them has waited: a read model that stands still is behind by few events at first.
const LAG_SECONDS: u64 = 60;
/// A task that has been due for longer says that nobody works.
const TASKS_LATE_SECONDS: i64 = 900;
/// Parked webhooks that are counted.
const PARKED_COUNTED: i64 = 1_000;

pub(super) async fn all(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let journal = config.journal().await;
    findings.push(told("log", journal.as_ref().map(|_| "answers".to_owned()), "start NATS, or set LOYALNEST_NATS_URL"));
    let db = config.database().await;
    findings.push(told(
        "database",
        db.as_ref().map(|_| "answers".to_owned()),
        "start it, or set LOYALNEST_DATABASE_URL",
    ));
    if let Ok(journal) = &journal {
        findings.push(streams(config, journal).await);
        findings.push(replicas(config, journal).await);
    }
    let Ok(db) = &db else { return findings };
    findings.push(schema(db).await);
    let vault = composition::open_vault(config, db).await;
    findings.push(told(
        "root key store",
        vault.as_ref().map(|_| "opens".to_owned()),
        "restore its newest copy; without it nothing can be read",
    ));
    if let Ok(vault) = &vault {
        findings.push(deletions(config, vault).await);
        findings.push(rotations(vault).await);
    }
    if let Ok(journal) = &journal {
        findings.extend(read_models(journal, db).await);
    }
    findings.push(parked_aggregates(db).await);
    findings.push(parked(db).await);
    findings.push(privacy(db).await);
    findings.push(tasks(db).await);
    findings
}

/// An answer, or why there is none.
fn told(name: &'static str, answer: Result<String, &anyhow::Error>, advice: &'static str) -> Finding {
    match answer {
        Ok(found) => Finding::new(name, State::Ok, found, advice),
        Err(error) => Finding::new(name, State::Error, format!("{error:#}"), advice),
    }
}

async fn streams(config: &Config, journal: &Journal) -> Finding {
    const ADVICE: &str = "look at `loyalnest streams plan`, then `loyalnest streams apply`";
    let declared = match config.streams() {
        Ok(declared) => declared,
        Err(error) => return Finding::new("streams", State::Error, format!("{error:#}"), ADVICE),
    };
    match declared.plan(journal.client(), None).await {
        Ok(plan) if plan.changes().is_empty() => Finding::new("streams", State::Ok, "as declared", ADVICE),
        Ok(plan) => Finding::new("streams", State::Error, format!("{} differ", plan.changes().len()), ADVICE),
        Err(error) => Finding::new("streams", State::Error, error.to_string(), ADVICE),
    }
}

/// Whether every member that holds a copy of a stream has all of it.
async fn replicas(config: &Config, journal: &Journal) -> Finding {
    const NAME: &str = "replicas of streams";
    const ADVICE: &str = "start the members that are named; one that was away catches up by itself";
    let Ok(declared) = config.streams() else {
        return Finding::new(NAME, State::Error, "it is not known which streams there are", ADVICE);
    };
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let mut behind = Vec::new();
    let mut fewest = usize::MAX;
    for name in declared.0.iter().filter(|(_, stream)| stream.enabled).map(|(name, _)| name) {
        let stream = match jetstream.get_stream(name).await {
            Ok(stream) => stream,
            Err(error) => return Finding::new(NAME, State::Error, format!("{name}: {error}"), ADVICE),
        };
        let info = stream.cached_info();
        fewest = fewest.min(info.config.num_replicas);
        let others = info.cluster.iter().flat_map(|cluster| &cluster.replicas);
        behind
            .extend(others.filter(|member| !member.current || member.offline).map(|m| format!("{name} on {}", m.name)));
    }
    if behind.is_empty() {
        return Finding::new(NAME, State::Ok, format!("{fewest} of each, all current"), ADVICE);
    }
    Finding::new(NAME, State::Warning, format!("not current: {}", behind.join(", ")), ADVICE)
}

async fn schema(db: &PgPool) -> Finding {
    const ADVICE: &str = "run `loyalnest migrate`, with the newest release that has used this database";
    let applied = composition::schema_versions(db).await;
    match applied {
        Ok((applied, known)) if applied == known => {
            Finding::new("schema", State::Ok, format!("version {known}"), ADVICE)
        }
        Ok((applied, known)) => {
            Finding::new("schema", State::Error, format!("version {applied}, this release has {known}"), ADVICE)
        }
        Err(error) => Finding::new("schema", State::Error, format!("{error:#}"), ADVICE),
    }
}

async fn deletions(config: &Config, vault: &Vault) -> Finding {
    let head = async {
        vault.check_keys().await.context("the vault's two halves are not of the same time")?;
        let head = composition::deletions::open(config, vault)?.verify().await?;
        anyhow::Ok(format!("{} entries, genuine and the same in both places", head.sequence))
    };
    told("deletion journal", head.await.as_ref().cloned(), "restore the place that is named from the other one")
}

async fn rotations(vault: &Vault) -> Finding {
    const ADVICE: &str = "`loyalnest keys rotate` finishes them; the log says what kept the workers from it";
    match vault.pending_rotations().await {
        Ok(due) if due.is_empty() => Finding::new("rotations", State::Ok, "none due", ADVICE),
        Ok(due) => Finding::new("rotations", State::Warning, format!("{} due", due.len()), ADVICE),
        Err(error) => Finding::new("rotations", State::Error, error.to_string(), ADVICE),
    }
}

async fn read_models(journal: &Journal, db: &PgPool) -> Vec<Finding> {
    const ADVICE: &str = "is `loyalnest work` running? its log says why a read model stands still";
    let generations = match lag::of_all(journal, db, SystemClock.now()).await {
        Ok(generations) => generations,
        Err(error) => return vec![Finding::new("read models", State::Error, error.to_string(), ADVICE)],
    };
    let finding = |name: &&str| {
        let is_it = |behind: &&Behind| behind.checkpoint.projection == **name && behind.checkpoint.generation.live;
        let what = format!("read model {name}");
        let Some(Behind { checkpoint, events, seconds, .. }) = generations.iter().find(is_it) else {
            return Finding::new(what, State::Warning, "was never begun", ADVICE);
        };
        let late = checkpoint.paused || *events > LAG_EVENTS || *seconds > LAG_SECONDS;
        let state = if late { State::Warning } else { State::Ok };
        let paused = if checkpoint.paused { ", paused" } else { "" };
        Finding::new(what, state, format!("{events} events and {seconds} seconds behind{paused}"), ADVICE)
    };
    projections::NAMES.iter().map(finding).collect()
}

async fn parked_aggregates(db: &PgPool) -> Finding {
    const ADVICE: &str = "`loyalnest projections parked list`; upgrade, then `retry`, or `discard` the commit";
    const NAME: &str = "what read models go on without";
    match store::list(db, true).await {
        Ok(rows) => {
            let state = if rows.is_empty() { State::Ok } else { State::Warning };
            Finding::new(NAME, state, format!("{} accounts or customers", rows.len()), ADVICE)
        }
        Err(error) => Finding::new(NAME, State::Error, error.to_string(), ADVICE),
    }
}

async fn parked(db: &PgPool) -> Finding {
    const ADVICE: &str = "`loyalnest parked list`, then `retry` after an upgrade, or `discard`; bodies live 30 days";
    match parked_webhooks::list(db, PARKED_COUNTED).await {
        Ok(rows) => {
            let open = rows.iter().filter(|row| row.state == "open").count();
            let state = if open == 0 { State::Ok } else { State::Warning };
            Finding::new("parked webhooks", state, format!("{open} open"), ADVICE)
        }
        Err(error) => Finding::new("parked webhooks", State::Error, error.to_string(), ADVICE),
    }
}

async fn privacy(db: &PgPool) -> Finding {
    const ADVICE: &str = "`loyalnest gdpr list` shows the most urgent first";
    match gdpr_requests::counts(db, SystemClock.now()).await {
        Ok(counts) => {
            let state = match (counts.overdue, counts.due_soon) {
                (0, 0) => State::Ok,
                (0, _) => State::Warning,
                _ => State::Error,
            };
            let found = format!("{} overdue, {} due within a week", counts.overdue, counts.due_soon);
            Finding::new("privacy requests", state, found, ADVICE)
        }
        Err(error) => Finding::new("privacy requests", State::Error, error.to_string(), ADVICE),
    }
}

async fn tasks(db: &PgPool) -> Finding {
    const ADVICE: &str =
        "`loyalnest tasks list --state dead`, then `retry` or `discard`; if they only wait, start a worker";
    match queue_tasks::backlog(db, SystemClock.now()).await {
        Ok(backlog) => {
            let late = backlog.oldest_due_seconds > TASKS_LATE_SECONDS;
            let state = if late || backlog.dead > 0 { State::Warning } else { State::Ok };
            let found = format!("{} due, {} waiting, {} given up", backlog.due, backlog.waiting, backlog.dead);
            Finding::new("tasks", state, found, ADVICE)
        }
        Err(error) => Finding::new("tasks", State::Error, error.to_string(), ADVICE),
    }
}
