//! Three NATS servers on loopback as one JetStream cluster: for tests of what a cluster does differently.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use tokio::time;

use super::{Abandoned, Binaries, ClusterSeat, NatsNode, NatsOptions, Secret, ServerError, port};

const MEMBERS: usize = 3;
/// Election of a leader and the members' first reports take a second or two on a quiet machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(100);
/// New sets of ports tried when others take one first.
const PORT_ATTEMPTS: usize = 5;
/// Exists only while the cluster is asked whether it can place three replicas.
const PROBE: &str = "CLUSTER-PROBE";

/// Dropping it kills all members.
pub struct NatsCluster {
    nodes: Vec<NatsNode>,
}

impl NatsCluster {
    /// Starts three servers below `directory`. Returns when a stream with three replicas can be made.
    pub async fn start(
        binaries: &Binaries,
        directory: &Path,
        abandoned: Abandoned,
    ) -> Result<NatsCluster, ServerError> {
        let secret = Secret::random();
        for _ in 1..PORT_ATTEMPTS {
            match Self::start_on_new_ports(binaries, directory, &secret, abandoned).await {
                Err(ServerError::PortTaken { .. }) => continue,
                outcome => return outcome,
            }
        }
        Self::start_on_new_ports(binaries, directory, &secret, abandoned).await
    }

    async fn start_on_new_ports(
        binaries: &Binaries,
        directory: &Path,
        secret: &Secret,
        abandoned: Abandoned,
    ) -> Result<NatsCluster, ServerError> {
        let routes = (0..MEMBERS).map(|_| port::free()).collect::<Result<Vec<u16>, ServerError>>()?;
        let mut nodes = Vec::with_capacity(MEMBERS);
        for (member, route_port) in routes.iter().enumerate() {
            let options = NatsOptions {
                directory: directory.join(format!("nats-{}", member + 1)),
                port: Some(port::free()?),
                cluster: Some(ClusterSeat {
                    cluster: "loyalnest".to_owned(),
                    route_port: *route_port,
                    members: routes.clone(),
                }),
                secret: Some(secret.clone()),
                abandoned,
            };
            nodes.push(NatsNode::start(binaries, options).await?);
        }
        let cluster = NatsCluster { nodes };
        cluster.wait_until_it_can_replicate().await?;
        Ok(cluster)
    }

    /// All members, separated by commas, as clients take them.
    pub fn url(&self) -> String {
        self.urls().join(",")
    }

    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(NatsNode::url).collect()
    }

    /// One member, 0 to 2.
    pub fn node(&self, member: usize) -> &NatsNode {
        &self.nodes[member]
    }

    /// For killing and restarting one member, 0 to 2.
    pub fn node_mut(&mut self, member: usize) -> &mut NatsNode {
        &mut self.nodes[member]
    }

    pub async fn stop(self) {
        futures::future::join_all(self.nodes.into_iter().map(NatsNode::stop)).await;
    }

    /// No status tells that replicas can be placed, so the question is asked by doing it.
    async fn wait_until_it_can_replicate(&self) -> Result<(), ServerError> {
        let mut ask = time::interval(ASK_EVERY);
        let mut last_answer = String::from("no answer");
        let able = async {
            loop {
                ask.tick().await;
                match self.probe().await {
                    Ok(()) => return,
                    Err(answer) => last_answer = answer,
                }
            }
        };
        time::timeout(READY_WITHIN, able).await.map_err(|_| ServerError::NotReady {
            server: "the NATS cluster",
            within: READY_WITHIN,
            last_answer,
            log: self.nodes[0].log(),
        })
    }

    async fn probe(&self) -> Result<(), String> {
        let client = self.nodes[0].connect().await.map_err(|error| error.to_string())?;
        let jetstream = async_nats::jetstream::new(client);
        let probe = Config {
            name: PROBE.to_owned(),
            subjects: vec![format!("{PROBE}.>")],
            num_replicas: MEMBERS,
            storage: StorageType::Memory,
            ..Config::default()
        };
        jetstream.create_stream(probe).await.map_err(|error| error.to_string())?;
        jetstream.delete_stream(PROBE).await.map_err(|error| error.to_string())?;
        Ok(())
    }
}
