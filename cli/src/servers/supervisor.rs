//! Keeps one NATS and one PostgreSQL running below a directory.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use super::{Abandoned, Binaries, Flavour, NatsNode, NatsOptions, PostgresOptions, PostgresServer, ServerError};

/// Before the first restart; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A server that has run this long is in order again: its earlier deaths no longer count.
const STEADY_AFTER: Duration = Duration::from_secs(60);
/// Deaths and failed starts in a row after which the cause is not chance, nor a repair under way: nine minutes of them.
const DEATHS: u32 = 60;

#[derive(Debug, Clone)]
pub struct SupervisorOptions {
    /// `nats` and `postgres` below it are the servers' own.
    pub directory: PathBuf,
    pub nats_port: Option<u16>,
    pub postgres_port: Option<u16>,
    pub flavour: Flavour,
    pub abandoned: Abandoned,
}

impl SupervisorOptions {
    pub fn in_directory(directory: impl Into<PathBuf>) -> SupervisorOptions {
        SupervisorOptions {
            directory: directory.into(),
            nats_port: None,
            postgres_port: None,
            flavour: Flavour::default(),
            abandoned: Abandoned::default(),
        }
    }
}

/// Both servers, running. Dropping it kills them; [`Supervisor::run_until`] and [`Supervisor::stop`] let them finish.
pub struct Supervisor {
    nats: NatsNode,
    postgres: PostgresServer,
}

impl Supervisor {
    /// Starts both at once, or takes over what an earlier run has left.
    pub async fn start(binaries: &Binaries, options: SupervisorOptions) -> Result<Supervisor, ServerError> {
        let nats = NatsOptions {
            port: options.nats_port,
            abandoned: options.abandoned,
            ..NatsOptions::in_directory(options.directory.join("nats"))
        };
        let postgres = PostgresOptions {
            directory: options.directory.join("postgres"),
            port: options.postgres_port,
            flavour: options.flavour,
            abandoned: options.abandoned,
        };
        let (nats, postgres) =
            tokio::try_join!(NatsNode::start(binaries, nats), PostgresServer::start(binaries, postgres))?;
        Ok(Supervisor { nats, postgres })
    }

    pub fn nats(&self) -> &NatsNode {
        &self.nats
    }

    pub fn postgres(&self) -> &PostgresServer {
        &self.postgres
    }

    /// Restarts whatever dies, on its own port and data, until `shutdown` is cancelled or a server will not stay up;
    /// then stops both. The clients should be gone before.
    pub async fn run_until(mut self, shutdown: CancellationToken) -> Result<(), ServerError> {
        let outcome =
            tokio::try_join!(keep_running(&mut self.nats, &shutdown), keep_running(&mut self.postgres, &shutdown),);
        self.stop().await;
        outcome.map(|_| ())
    }

    pub async fn stop(self) {
        tokio::join!(self.nats.stop(), self.postgres.stop());
    }
}

trait Server {
    const NAME: &'static str;
    async fn exited(&mut self);
    async fn restart(&mut self) -> Result<(), ServerError>;
}

impl Server for NatsNode {
    const NAME: &'static str = "NATS";

    async fn exited(&mut self) {
        NatsNode::exited(self).await;
    }

    async fn restart(&mut self) -> Result<(), ServerError> {
        NatsNode::restart(self).await
    }
}

impl Server for PostgresServer {
    const NAME: &'static str = "PostgreSQL";

    async fn exited(&mut self) {
        PostgresServer::exited(self).await;
    }

    async fn restart(&mut self) -> Result<(), ServerError> {
        PostgresServer::restart(self).await
    }
}

async fn keep_running<S: Server>(server: &mut S, shutdown: &CancellationToken) -> Result<(), ServerError> {
    let kept = shutdown.run_until_cancelled(restart_for_ever(server)).await;
    kept.unwrap_or(Ok(()))
}

/// Ends only when the server will not stay up. May be dropped at any point: a server half-way through its start is
/// then killed with it.
async fn restart_for_ever<S: Server>(server: &mut S) -> Result<(), ServerError> {
    let mut deaths = 0;
    let mut up_since = Instant::now();
    loop {
        server.exited().await;
        deaths = if up_since.elapsed() > STEADY_AFTER { 1 } else { deaths + 1 };
        tracing::warn!(server = S::NAME, deaths, "server ended, restarting it");
        time::sleep(pause(deaths)).await;
        let restarted = server.restart().await;
        up_since = Instant::now();
        match restarted {
            Ok(()) => tracing::info!(server = S::NAME, "server is up again"),
            Err(error) if deaths >= DEATHS => return Err(error),
            Err(error) => tracing::warn!(server = S::NAME, %error, "server did not start"),
        }
    }
}

fn pause(deaths: u32) -> Duration {
    let doublings = deaths.saturating_sub(1).min(u32::BITS - 1);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_bounded() {
        let pauses: Vec<u128> = [1, 2, 3, 7, 8, 9, u32::MAX].map(|deaths| pause(deaths).as_millis()).to_vec();
        assert_eq!(pauses, [100, 200, 400, 6400, 10_000, 10_000, 10_000]);
    }
}
