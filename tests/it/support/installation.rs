//! A gateway in this process, with its own port, in front of servers that may be shared.

use std::{net::Ipv4Addr, sync::LazyLock, time::Duration};

use gateway::{Gateway, Options, clock::new_id};
use loyalnest::{
    composition::{self, Config},
    serve,
    servers::NatsNode,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use projections::transparency::SIGN_EVERY;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vault::RootKeyStore;

use super::{runtime, servers::Servers, shopify_admin::StandIn};

static SHARED: LazyLock<Installation> = LazyLock::new(|| {
    let servers = Servers::shared();
    runtime::shared_blocking(async {
        let config = new_config(servers, "shared", servers.nats_url()).await;
        Installation::start(config, Role::Everything, None).await
    })
});

/// Another gateway on the servers of [`SHARED`].
static SECOND: LazyLock<Installation> = LazyLock::new(|| {
    let config = Installation::shared().config.clone();
    runtime::shared_blocking(Installation::start(config, Role::GatewayOnly, None))
});

/// As in production, only shorter: forgetting somebody waits for it.
const KEY_LEASE: Duration = Duration::from_millis(300);

/// Metrics are counted once per process, so all installations of this one show the same.
static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

/// What runs in one process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Gateway, test clock, projections and sweeps, as under `loyalnest dev --test-clock`.
    Everything,
    /// Gateway and projections: nothing happens of its own accord.
    WithoutPolicies,
    /// As under `loyalnest serve`. A second set of projections would fence out the first.
    GatewayOnly,
}

pub struct Installation {
    pub url: String,
    pub gateway: Gateway,
    pub config: Config,
    stop: CancellationToken,
    _own_log: Option<NatsNode>,
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Installation {
    /// The one that most tests share.
    pub fn shared() -> &'static Installation {
        &SHARED
    }

    /// A second gateway in front of the shared log and database, as in production behind a load balancer.
    pub fn second_gateway() -> &'static Installation {
        &SECOND
    }

    /// One that this test has for itself, with its own log and database.
    pub async fn own() -> Installation {
        let servers = Servers::shared();
        runtime::shared(async {
            let nats = servers.another_nats().await;
            let config = new_config(servers, "own", nats.url()).await;
            Installation::start(config, Role::Everything, Some(nats)).await
        })
        .await
    }

    /// The same, configured otherwise; for what several tests share.
    pub fn own_with(change: impl FnOnce(Config) -> Config + Send + 'static) -> Installation {
        let servers = Servers::shared();
        runtime::shared_blocking(async move {
            let nats = servers.another_nats().await;
            let config = change(new_config(servers, "own", nats.url()).await);
            Installation::start(config, Role::Everything, Some(nats)).await
        })
    }

    /// The same, where nothing happens of its own accord.
    pub async fn own_without_policies() -> Installation {
        let servers = Servers::shared();
        runtime::shared(async {
            let nats = servers.another_nats().await;
            let config = new_config(servers, "quiet", nats.url()).await;
            Installation::start(config, Role::WithoutPolicies, Some(nats)).await
        })
        .await
    }

    /// What a process has in its hands that has just started on this installation.
    pub async fn another_process(&self) -> Gateway {
        let config = self.config.clone();
        runtime::shared(async move { composition::assemble(&config, Options::default()).await.unwrap() }).await
    }

    /// The same, or why it does not start.
    pub async fn try_another_process(&self) -> Result<Gateway, String> {
        let config = self.config.clone();
        let started = async move { composition::assemble(&config, Options::default()).await };
        runtime::shared(started).await.map_err(|error| format!("{error:#}"))
    }

    async fn start(config: Config, role: Role, own_log: Option<NatsNode>) -> Installation {
        let stop = CancellationToken::new();
        let options = Options { test_clock: role == Role::Everything, ..Options::default() };
        let gateway = composition::assemble(&config, options).await.unwrap();
        match role {
            Role::Everything => composition::start_work(&gateway, &config, &stop).unwrap().detach_all(),
            Role::WithoutPolicies => composition::start_read_models(&gateway.journal, &gateway.db, &stop).detach_all(),
            Role::GatewayOnly => {}
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve::answer(gateway.clone(), listener, METRICS.clone(), stop.clone()));
        Installation { url, gateway, config, stop, _own_log: own_log }
    }
}

/// An installation's own database and keys, beside the log it is told.
async fn new_config(servers: &Servers, name: &str, nats_url: String) -> Config {
    let name = format!("{name}_{}", new_id().simple());
    let below = Config::below(&servers.keys(&name), nats_url, servers.another_database(&name).await);
    let config = Config {
        checkpoint_file: Some(servers.checkpoint_file(&name)),
        key_lease: KEY_LEASE,
        checkpoint_every: SIGN_EVERY,
        shopify_admin: StandIn::shared().await.address(),
        ..below
    };
    RootKeyStore::open_or_create(&config.root_keys).unwrap();
    config
}
