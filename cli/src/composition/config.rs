//! Where the servers are, and where the keys: the same variables from the environment and from an `env` file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use journal::streams::Streams;
use policies::shopify_admin::AdminAddress;
use policies::{Mailing, mail::MailServer};
use projections::{retention::Retention, transparency::SIGN_EVERY};
use vault::{KEY_COPY_DAYS, KEY_LEASE, KeyService};

const NATS_URL: &str = "LOYALNEST_NATS_URL";
const DATABASE_URL: &str = "LOYALNEST_DATABASE_URL";
const ROOT_KEYS: &str = "LOYALNEST_ROOT_KEYS";
const DELETION_JOURNAL: &str = "LOYALNEST_DELETION_JOURNAL";
const KEY_COPIES: &str = "LOYALNEST_KEY_COPY_DAYS";
const CHECKPOINT_FILE: &str = "LOYALNEST_CHECKPOINT_FILE";
const CHECKPOINT_SECONDS: &str = "LOYALNEST_CHECKPOINT_SECONDS";
const KEY_LEASE_SECONDS: &str = "LOYALNEST_KEY_LEASE_SECONDS";
const SHOPIFY_ADMIN_URL: &str = "LOYALNEST_SHOPIFY_ADMIN_URL";
const RETENTION: &str = "LOYALNEST_RETENTION";
const STREAMS: &str = "LOYALNEST_STREAMS";
const SMTP_URL: &str = "LOYALNEST_SMTP_URL";
const MAIL_FROM: &str = "LOYALNEST_MAIL_FROM";
const SMTP_CA_FILE: &str = "LOYALNEST_SMTP_CA_FILE";
const PUBLIC_URL: &str = "LOYALNEST_PUBLIC_URL";
const KMS_URL: &str = "LOYALNEST_KMS_URL";
const KMS_TOKEN_FILE: &str = "LOYALNEST_KMS_TOKEN_FILE";
const KMS_KEY: &str = "LOYALNEST_KMS_KEY";
/// The key service's key, unless it is named.
const KMS_KEY_NAME: &str = "loyalnest";

const MIN_KEY_LEASE: Duration = Duration::from_secs(1);
/// Of a development machine: one process, so that keys are asked for again often, and forgetting somebody takes seconds.
const DEV_KEY_LEASE: Duration = Duration::from_secs(5);

/// Of a development machine: whoever tries it wants to see a proof, not to wait for one.
const DEV_CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// Between the two places of the deletion journal.
const BETWEEN_PLACES: char = ':';

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Config {
    pub nats_url: String,
    pub database_url: String,
    /// The root key store: outside every backup of database and log.
    pub root_keys: PathBuf,
    /// The two places of the deletion journal: files whose folders no backup of database or log covers, and no one fault takes.
    pub deletion_journal: [PathBuf; 2],
    /// Days for which the operator keeps copies of the root key store.
    pub key_copy_days: u32,
    /// Where the newest signed checkpoint of the log is written, besides the database.
    pub checkpoint_file: Option<PathBuf>,
    /// A commit is under a signature after so long at the latest.
    pub checkpoint_every: Duration,
    /// For how long a process uses a key without asking whether it still exists. The same for every process of an
    /// installation: forgetting somebody waits for it.
    pub key_lease: Duration,
    /// How mails leave; without it none do.
    pub mailing: Option<Mailing>,
    /// Whose certificate vouches for the mail server beside those that the machine trusts.
    pub mail_authority: Option<PathBuf>,
    /// Closes the root key store; without it, the file lies open to whoever may read it.
    pub key_service: Option<KeyService>,
    /// For how long tables keep rows that the log has anyway; all of them, unless said.
    pub retention: Retention,
    /// Streams that this installation declares besides, or instead of, those that come with this version.
    pub streams_file: Option<PathBuf>,
    /// Where the Admin API of a shop is; `{shop}` in it stands for the shop's domain.
    pub shopify_admin: AdminAddress,
}

impl Config {
    /// An installation whose keys and deletion journal are below one folder, as on a development machine.
    pub fn below(keys: &Path, nats_url: String, database_url: String) -> Self {
        Config {
            nats_url,
            database_url,
            root_keys: keys.join("root"),
            deletion_journal: ["deletions-1", "deletions-2"].map(|place| keys.join(place).join("journal")),
            key_copy_days: KEY_COPY_DAYS,
            checkpoint_file: None,
            checkpoint_every: DEV_CHECKPOINT_EVERY,
            key_lease: DEV_KEY_LEASE,
            mailing: None,
            mail_authority: None,
            key_service: None,
            retention: Retention::default(),
            streams_file: None,
            shopify_admin: AdminAddress::default(),
        }
    }

    /// The same, with what lies outside of this machine as the environment names it: the key service, and where shops are
    /// called; and with what it says about old rows and further streams.
    pub fn with_outside_from_env(self) -> anyhow::Result<Self> {
        let read = |name: &str| std::env::var(name).ok();
        Ok(Config {
            key_service: key_service(read)?,
            shopify_admin: shopify_admin(read)?,
            retention: retention(read)?,
            streams_file: read(STREAMS).map(Into::into),
            ..self
        })
    }

    /// The same, with the mail server that the environment names, if it names one.
    pub fn with_mailing_from_env(self) -> anyhow::Result<Self> {
        let read = |name: &str| std::env::var(name).ok();
        Ok(Config { mailing: mailing(read)?, mail_authority: read(SMTP_CA_FILE).map(Into::into), ..self })
    }

    /// From the environment, as production gives it.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::read(|name| std::env::var(name).ok()).context("`loyalnest dev` writes all of them to DIR/env")
    }

    /// From KEY=VALUE lines, as `--env-file` gives them, and from the environment what they leave open. What is not ours is passed
    /// over.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let found = lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned());
            found.or_else(|| std::env::var(name).ok())
        };
        Self::read(read).with_context(|| path.display().to_string())
    }

    fn read(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let needed = |name: &str| read(name).with_context(|| format!("{name} is not set"));
        let key_copy_days = match read(KEY_COPIES) {
            Some(days) => days.parse().with_context(|| format!("{KEY_COPIES} is not a number of days"))?,
            None => KEY_COPY_DAYS,
        };
        Ok(Config {
            nats_url: needed(NATS_URL)?,
            database_url: needed(DATABASE_URL)?,
            root_keys: needed(ROOT_KEYS)?.into(),
            deletion_journal: two_places(&needed(DELETION_JOURNAL)?)?,
            key_copy_days,
            checkpoint_file: read(CHECKPOINT_FILE).map(Into::into),
            checkpoint_every: checkpoint_every(&read)?,
            key_lease: key_lease(&read)?,
            mailing: mailing(&read)?,
            mail_authority: read(SMTP_CA_FILE).map(Into::into),
            key_service: key_service(&read)?,
            retention: retention(&read)?,
            streams_file: read(STREAMS).map(Into::into),
            shopify_admin: shopify_admin(&read)?,
        })
    }

    /// Every stream there should be.
    pub fn streams(&self) -> anyhow::Result<Streams> {
        let Some(file) = &self.streams_file else { return Ok(Streams::declared()) };
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{STREAMS}: cannot read {}", file.display()))?;
        let own = Streams::parse(&text).with_context(|| format!("{STREAMS}: {}", file.display()))?;
        Ok(Streams::declared().with(own))
    }

    /// What another process needs to find everything, by the names it is read by.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let [first, second] = &self.deletion_journal;
        let mut variables = vec![
            (NATS_URL, self.nats_url.clone()),
            (DATABASE_URL, self.database_url.clone()),
            (ROOT_KEYS, self.root_keys.display().to_string()),
            (DELETION_JOURNAL, format!("{}{BETWEEN_PLACES}{}", first.display(), second.display())),
            (KEY_COPIES, self.key_copy_days.to_string()),
            (CHECKPOINT_SECONDS, self.checkpoint_every.as_secs().max(1).to_string()),
            (SHOPIFY_ADMIN_URL, self.shopify_admin.as_str().to_owned()),
            (KEY_LEASE_SECONDS, self.key_lease.as_secs().max(1).to_string()),
        ];
        if let Some(file) = &self.checkpoint_file {
            variables.push((CHECKPOINT_FILE, file.display().to_string()));
        }
        if let Some(mailing) = &self.mailing {
            variables.push((SMTP_URL, mailing.server.to_url()));
            variables.push((MAIL_FROM, mailing.server.from.to_string()));
            variables.push((PUBLIC_URL, mailing.public_url.clone()));
        }
        if let Some(file) = &self.mail_authority {
            variables.push((SMTP_CA_FILE, file.display().to_string()));
        }
        if let Some(file) = &self.streams_file {
            variables.push((STREAMS, file.display().to_string()));
        }
        if !self.retention.keeps_everything() {
            variables.push((RETENTION, self.retention.to_string()));
        }
        if let Some(service) = &self.key_service {
            variables.push((KMS_URL, service.url.clone()));
            variables.push((KMS_TOKEN_FILE, service.token_file.display().to_string()));
            variables.push((KMS_KEY, service.key.clone()));
        }
        variables
    }

    /// The same as KEY=VALUE lines.
    pub fn as_env_file(&self) -> String {
        self.variables().iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// Whole seconds, as many as the vault allows unless less is said.
fn key_lease(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Duration> {
    let Some(seconds) = read(KEY_LEASE_SECONDS) else { return Ok(KEY_LEASE) };
    let lease =
        seconds.parse().ok().map(Duration::from_secs).filter(|lease| (MIN_KEY_LEASE..=KEY_LEASE).contains(lease));
    lease.with_context(|| format!("{KEY_LEASE_SECONDS} is a number from 1 to {}", KEY_LEASE.as_secs()))
}

fn checkpoint_every(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Duration> {
    let Some(seconds) = read(CHECKPOINT_SECONDS) else { return Ok(SIGN_EVERY) };
    let every = seconds.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    every.with_context(|| format!("{CHECKPOINT_SECONDS} is a number of seconds"))
}

fn shopify_admin(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<AdminAddress> {
    let Some(template) = read(SHOPIFY_ADMIN_URL) else { return Ok(AdminAddress::default()) };
    AdminAddress::parse(&template)
        .with_context(|| format!("{SHOPIFY_ADMIN_URL} is an address with `{{shop}}` in the place of the shop's domain"))
}

/// Tables keep all of their rows unless it is said for how long.
fn retention(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Retention> {
    read(RETENTION).unwrap_or_default().parse().with_context(|| format!("{RETENTION} is TABLE=DAYS,TABLE=DAYS"))
}

/// Mail is sent where there is a mail server.
fn mailing(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Mailing>> {
    let Some(url) = read(SMTP_URL) else { return Ok(None) };
    let needed = |name: &str| read(name).with_context(|| format!("{name} is not set, and {SMTP_URL} is"));
    let (from, public_url) = (needed(MAIL_FROM)?, needed(PUBLIC_URL)?);
    ensure!(public_url.starts_with("https://") || public_url.starts_with("http://"), "{PUBLIC_URL} is no web address");
    let mut server = MailServer::parse(&url, &from).with_context(|| format!("{SMTP_URL} or {MAIL_FROM}"))?;
    if let Some(file) = read(SMTP_CA_FILE) {
        let pem = std::fs::read(&file).with_context(|| format!("{SMTP_CA_FILE}: cannot read {file}"))?;
        server = server.vouched_for_by(&pem).with_context(|| format!("{SMTP_CA_FILE}: {file}"))?;
    }
    Ok(Some(Mailing { server, public_url: public_url.trim_end_matches('/').to_owned() }))
}

/// A key service is one that has an address.
fn key_service(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<KeyService>> {
    let Some(url) = read(KMS_URL) else { return Ok(None) };
    let token_file = read(KMS_TOKEN_FILE).with_context(|| format!("{KMS_TOKEN_FILE} is not set, and {KMS_URL} is"))?;
    let key = read(KMS_KEY).unwrap_or_else(|| KMS_KEY_NAME.to_owned());
    Ok(Some(KeyService { url, token_file: token_file.into(), key }))
}

fn two_places(text: &str) -> anyhow::Result<[PathBuf; 2]> {
    let (first, second) = text
        .split_once(BETWEEN_PLACES)
        .with_context(|| format!("{DELETION_JOURNAL} names two files, with `{BETWEEN_PLACES}` between them"))?;
    ensure!(!first.is_empty() && !second.is_empty(), "{DELETION_JOURNAL} names two files");
    Ok([first.into(), second.into()])
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(variables: &HashMap<String, String>) -> anyhow::Result<Config> {
        Config::read(|name| variables.get(name).cloned())
    }

    fn told(config: &Config) -> HashMap<String, String> {
        config.variables().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn config() -> Config {
        Config::below(Path::new("/keys"), "nats://log".to_owned(), "postgres://tables".to_owned())
    }

    #[test]
    fn what_one_process_tells_another_is_what_it_knows() {
        let service = KeyService {
            url: "http://127.0.0.1:8200".to_owned(),
            token_file: "/token".into(),
            key: "another".to_owned(),
        };
        let server = MailServer::parse("smtps://ada:p%40ss@mail.example:2465", "Rewards <rewards@shop.example>");
        let mailing = server.map(|server| Mailing { server, public_url: "https://loyalty.example".to_owned() }).ok();
        assert!(mailing.is_some());
        let all = Config {
            key_copy_days: 7,
            key_service: Some(service),
            mailing,
            retention: "audit_logs=730".parse().expect("a setting"),
            streams_file: Some("/etc/loyalnest/streams.toml".into()),
            ..config()
        };
        for config in [config(), all] {
            let again = read(&told(&config)).expect("everything is said");
            assert_eq!(told(&again), told(&config));
            assert_eq!((again.key_copy_days, &again.key_service), (config.key_copy_days, &config.key_service));
            assert_eq!(again.deletion_journal, config.deletion_journal);
        }
    }

    #[test]
    fn what_is_missing_or_cannot_be_right_is_named() {
        let wrong = [
            (DELETION_JOURNAL, None),
            (DELETION_JOURNAL, Some("/one/place")),
            (DELETION_JOURNAL, Some("/one/place:")),
            (ROOT_KEYS, None),
            (KEY_COPIES, Some("a month")),
            (RETENTION, Some("balances=400")),
            (SHOPIFY_ADMIN_URL, Some("https://one.myshopify.com/graphql")),
        ];
        for (name, value) in wrong {
            let mut variables = told(&config());
            match value {
                Some(value) => variables.insert(name.to_owned(), value.to_owned()),
                None => variables.remove(name),
            };
            let refused = read(&variables).expect_err(name).to_string();
            assert!(refused.contains(name), "{refused}");
        }
        let mut variables = told(&config());
        variables.insert(SMTP_URL.to_owned(), "smtp://127.0.0.1".to_owned());
        for (name, value) in [(MAIL_FROM, "rewards@shop.example"), (PUBLIC_URL, "https://loyalty.example/")] {
            let refused = read(&variables).expect_err("a mail server alone").to_string();
            assert!(refused.contains(name), "{refused}");
            variables.insert(name.to_owned(), value.to_owned());
        }
        assert_eq!(read(&variables).unwrap().mailing.unwrap().public_url, "https://loyalty.example");
        let mut variables = told(&config());
        variables.insert(KMS_URL.to_owned(), "http://127.0.0.1:8200".to_owned());
        let refused = read(&variables).expect_err("a service without a token").to_string();
        assert!(refused.contains(KMS_TOKEN_FILE), "{refused}");
        variables.insert(KMS_TOKEN_FILE.to_owned(), "/token".to_owned());
        assert_eq!(read(&variables).unwrap().key_service.unwrap().key, KMS_KEY_NAME);
    }
}
