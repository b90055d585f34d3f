//! A gateway in this process, with its own port, in front of servers that may be shared.

use std::{net::Ipv4Addr, sync::LazyLock};

use gateway::{Gateway, Options, clock::new_id};
use loyalnest::{
    composition::{self, Config},
    serve,
    servers::NatsNode,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vault::RootKeyStore;

use super::{runtime, servers::Servers};

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

/// Metrics are counted once per process, so all installations of this one show the same.
static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

/// What runs in one process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Gateway, test clock, projections and sweeps, as under `loyalnest dev --test-clock`.
    Everything,
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

    async fn start(config: Config, role: Role, own_log: Option<NatsNode>) -> Installation {
        let stop = CancellationToken::new();
        let options = Options { test_clock: role == Role::Everything, ..Options::default() };
        let gateway = composition::assemble(&config, options).await.unwrap();
        if role == Role::Everything {
            composition::start_work(&gateway, &config, &stop).unwrap().detach_all();
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
    let root_keys = servers.root_keys(&name);
    RootKeyStore::open_or_create(&root_keys).unwrap();
    let checkpoint_file = Some(servers.checkpoint_file(&name));
    Config { nats_url, database_url: servers.another_database(&name).await, root_keys, checkpoint_file }
}
