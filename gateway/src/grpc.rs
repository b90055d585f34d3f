//! gRPC on the same port as REST. A gRPC call *is* a REST call: its method says which (`loyalnest.route` in `proto/`), and it
//! goes through the same router. So keys, limits, idempotency, traces and refusals are the same by construction, and a new call is a few
//! lines of proto. A test holds every message against the OpenAPI description.
//!
//! | file | its idea |
//! |---|---|
//! | [`call`] | one method: from its message to a request, from the answer to a message |
//! | [`bytes_codec`] | messages as they lie on the wire |
//! | [`serving`] | the health service |

mod bytes_codec;
mod call;
mod serving;

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
    routing::post,
};
use futures::future::BoxFuture;
use prost_reflect::DescriptorPool;
use tonic::{
    Status,
    server::{Grpc, UnaryService},
};
use tonic_health::pb::health_server::HealthServer;
use tower::ServiceExt;

pub use self::call::{Call, NoRoute};
use self::{bytes_codec::BytesCodec, serving::Serving};
use crate::gateway::Gateway;

/// What `proto/` says, compiled with this binary.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("descriptors compiled with this binary can be read"));

/// Every service, message and route.
pub fn descriptors() -> &'static DescriptorPool {
    &POOL
}

/// The gRPC doors, in front of `rest`. Answers what neither has as each side expects it.
pub fn in_front_of(rest: Router, gateway: Gateway) -> Router {
    let mut router = rest.clone();
    let pool = descriptors();
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let call = Arc::new(Call::of(&method).expect("a test makes every call of the descriptors"));
        let rest = rest.clone();
        router = router.route(&path, post(move |request: Request| answer(Transcoded { call, rest }, request)));
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = reflection().build_v1().expect("descriptors compiled with this binary can be read");
    let v1alpha = reflection().build_v1alpha().expect("descriptors compiled with this binary can be read");
    router
        .route_service("/grpc.health.v1.Health/{method}", HealthServer::new(Serving(gateway)))
        .route_service("/grpc.reflection.v1.ServerReflection/{method}", v1)
        .route_service("/grpc.reflection.v1alpha.ServerReflection/{method}", v1alpha)
}

/// Whether the caller speaks gRPC, and expects to be refused in it.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The refusal of a call that there is not.
pub fn unknown() -> Response {
    Status::unimplemented("there is no such call").into_http()
}

async fn answer(transcoded: Transcoded, request: Request) -> Response {
    Grpc::new(BytesCodec).unary(transcoded, request).await.map(Body::new)
}

/// A call answered by the REST router.
struct Transcoded {
    call: Arc<Call>,
    rest: Router,
}

impl UnaryService<Bytes> for Transcoded {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (call, rest) = (Arc::clone(&self.call), self.rest.clone());
        Box::pin(async move {
            let (metadata, _, message) = request.into_parts();
            let request = call.request(message, &metadata.into_headers())?;
            let Ok(answer) = rest.oneshot(request).await;
            call.answer(answer).await
        })
    }
}
