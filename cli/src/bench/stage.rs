//! The servers of a measurement: the bench's own, in a directory that vanishes with them.

use anyhow::Context;
use gateway::{Gateway, Options};
use tempfile::TempDir;
use vault::RootKeyStore;

use super::cpu::Parties;
use crate::{
    commands::streams,
    composition::{self, Config},
    servers::{Abandoned, Binaries, Named, Supervisor, SupervisorOptions},
};

pub struct Stage {
    pub config: Config,
    pub binaries: Binaries,
    servers: Supervisor,
    directory: TempDir,
}

impl Stage {
    /// Starts both servers, empty but for schema and streams.
    pub async fn build() -> anyhow::Result<Stage> {
        let directory = tempfile::tempdir().context("no directory for the servers")?;
        let binaries = Binaries::find(&Named::default()).await?;
        let options = SupervisorOptions {
            abandoned: Abandoned::IsKilled,
            ..SupervisorOptions::in_directory(directory.path().join("servers"))
        };
        let servers = Supervisor::start(&binaries, options).await?;
        let below = Config::below(directory.path(), servers.nats().url(), servers.postgres().url());
        // As in production: a development machine asks for keys again much sooner.
        let config = Config { key_lease: vault::KEY_LEASE, ..below };
        RootKeyStore::open_or_create(&config.root_keys).context("the root key store does not open")?;
        composition::migrate(&config.database().await?).await?;
        streams::apply_declared(&config.nats_url).await?;
        Ok(Stage { config, binaries, servers, directory })
    }

    /// A gateway in this process, without projections.
    pub async fn gateway(&self) -> anyhow::Result<Gateway> {
        composition::assemble(&self.config, Options::default()).await
    }

    /// Whose processor time is counted; `gateway` where it is a process of its own.
    pub fn parties(&self, gateway: Option<u32>) -> anyhow::Result<Parties> {
        Ok(Parties {
            gateway,
            nats: self.servers.nats().pid().context("the log's server has ended")?,
            postgres: self.servers.postgres().pid().context("the database's server has ended")?,
        })
    }

    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// To be called when everything that uses the servers is gone.
    pub async fn dismantle(self) {
        self.servers.stop().await;
    }
}
