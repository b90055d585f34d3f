//! The standard health service: says of the whole server, which is what balancers ask, what `/readyz` says. It looks when it is asked;
//! nothing runs for nobody.

use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
};

use super::descriptors;
use crate::{gateway::Gateway, health};

/// How often it is looked again for somebody who watches.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Serving(pub Gateway);

#[tonic::async_trait]
impl Health for Serving {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, asked: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        is_known(&asked.into_inner().service)?;
        Ok(Response::new(answer(status(&self.0).await)))
    }

    /// The status, and then each change of it.
    async fn watch(&self, asked: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        is_known(&asked.into_inner().service)?;
        let looks = stream::unfold((self.0.clone(), None), |(gateway, told)| async move {
            let mut now = status(&gateway).await;
            while told == Some(now) {
                tokio::time::sleep(WATCH_INTERVAL).await;
                now = status(&gateway).await;
            }
            Some((Ok(answer(now)), (gateway, Some(now))))
        });
        Ok(Response::new(looks.boxed()))
    }
}

/// All services are one server; no name is the server itself.
fn is_known(service: &str) -> Result<(), Status> {
    let known = service.is_empty() || descriptors().get_service_by_name(service).is_some();
    known.then_some(()).ok_or_else(|| Status::not_found("there is no such service"))
}

async fn status(gateway: &Gateway) -> ServingStatus {
    match health::is_ready(gateway).await {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
