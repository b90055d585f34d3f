//! The same calls over gRPC, on the same port.

use gateway::grpc::descriptors;
use prost_reflect::{DynamicMessage, MethodDescriptor, prost::Message};
use serde_json::{Value, json};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

use crate::support::{Installation, Shop};

/// A client that knows the calls from the same descriptors that reflection hands out.
struct Client {
    channel: Channel,
    key: String,
}

impl Client {
    async fn of(shop: &Shop) -> Client {
        let url = Installation::shared().url.clone();
        let channel = Channel::from_shared(url).expect("an address").connect().await.expect("the port answers");
        Client { channel, key: shop.api.key().to_owned() }
    }

    async fn call(&self, name: &str, message: Value) -> Result<Answer, Status> {
        let (service, method) = name.rsplit_once('/').expect("service/Method");
        let service = descriptors().get_service_by_name(service).expect("the service is described");
        let method = service.methods().find(|known| known.name() == method).expect("the method is described");
        let message = DynamicMessage::deserialize(method.input(), message).expect("the message fits");
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.key).parse().expect("a key is text");
        request.metadata_mut().insert("authorization", bearer);
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.expect("the port answers");
        let path = format!("/{name}").parse().expect("a path");
        let response = grpc.unary(request, path, ByDescriptor(method)).await?;
        let etag = response.metadata().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let personal_data =
            response.metadata().get("personal-data").and_then(|said| said.to_str().ok()).map(str::to_owned);
        let options =
            prost_reflect::SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        let body = response.into_inner().serialize_with_options(serde_json::value::Serializer, &options);
        Ok(Answer { body: body.expect("a message is JSON"), etag, personal_data })
    }
}

#[derive(Debug)]
struct Answer {
    body: Value,
    etag: Option<String>,
    personal_data: Option<String>,
}

#[derive(Clone)]
struct ByDescriptor(MethodDescriptor);

impl Codec for ByDescriptor {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = ByDescriptor;
    type Decoder = ByDescriptor;

    fn encoder(&mut self) -> ByDescriptor {
        self.clone()
    }

    fn decoder(&mut self) -> ByDescriptor {
        self.clone()
    }
}

impl Encoder for ByDescriptor {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, wire: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(wire).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for ByDescriptor {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, wire: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.output(), wire);
        message.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

#[tokio::test]
async fn a_balance_is_the_same_as_by_rest() {
    let shop = Shop::open().await;
    let shopper = shop.shopper();
    shopper.order(50_00).deliver().await;
    let id = shopper.id().await;
    let by_rest = shopper.balance().await;
    let grpc = Client::of(&shop).await;
    let answer = grpc.call("points.v1.PointsService/GetPointsBalance", json!({ "customer_id": id })).await.unwrap();
    assert_eq!(answer.body["available"], json!(50));
    assert_eq!(answer.body["available"], by_rest["available"]);
    assert_eq!(answer.body["customer_id"], json!(id));
    // Others write meanwhile.
    assert!(answer.body["as_of"]["position"].as_u64() >= by_rest["as_of"]["position"].as_u64());
}

#[tokio::test]
async fn points_are_adjusted_once_per_idempotency_key() {
    let shop = Shop::open().await;
    let shopper = shop.shopper();
    shopper.order(50_00).deliver().await;
    let id = shopper.id().await;
    let grpc = Client::of(&shop).await;
    let request = json!({ "customer_id": id, "points": 7, "reason": "a cold parcel", "idempotency_key": "k-1" });
    let first = grpc.call("points.v1.PointsService/AdjustPoints", request.clone()).await.unwrap();
    let again = grpc.call("points.v1.PointsService/AdjustPoints", request).await.unwrap();
    assert_eq!(first.body["position"], again.body["position"]);
    assert_eq!(shopper.balance().await["available"], json!(57));
    let without = json!({ "customer_id": id, "points": 7, "reason": "a cold parcel" });
    let refused = grpc.call("points.v1.PointsService/AdjustPoints", without).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.metadata().get("code").unwrap(), "missing_idempotency_key");
}

#[tokio::test]
async fn a_customer_is_made_and_the_same_one_is_found() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let grpc = Client::of(&shop).await;
    let call = "core.v1.CoreService/CreateCustomer";
    let stated = json!({ "external_id": ada.external_id.to_string(), "first_name": "Ada", "birthday": { "month": 12, "day": 10 } });
    let made = grpc.call(call, stated.clone()).await.unwrap().body;
    assert_eq!((&made["first_name"], made["id"].as_str()), (&json!("Ada"), Some(&*ada.id().await)));
    assert_eq!(grpc.call(call, stated).await.unwrap().body["id"], made["id"]);
    let nobody = grpc.call(call, json!({ "first_name": "Ada" })).await.unwrap_err();
    assert_eq!(nobody.code(), Code::InvalidArgument);
    // There is no mail server here: the kind is refused, and nothing else.
    let task = json!({ "kind": "mail.send", "customer_id": made["id"], "mail": "welcome", "idempotency_key": "k" });
    let refused = grpc.call("event_tracking.v1.EventTrackingService/CreateTask", task).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
}

#[tokio::test]
async fn refusals_have_the_status_that_grpc_has_for_them() {
    let shop = Shop::open().await;
    let shopper = shop.shopper();
    shopper.order(50_00).deliver().await;
    let id = shopper.id().await;
    let grpc = Client::of(&shop).await;
    let balance_of = |id: &str| json!({ "customer_id": id });
    let call = "points.v1.PointsService/GetPointsBalance";
    let nobody = grpc.call(call, balance_of("cus_00000000-0000-0000-0000-000000000000")).await.unwrap_err();
    assert_eq!(nobody.code(), Code::NotFound);
    // What names nothing must not become another path.
    let odd = grpc.call(call, balance_of("../../v1/program_settings")).await.unwrap_err();
    assert_eq!(odd.code(), Code::NotFound);
    let too_much = json!({ "customer_id": id, "points": 51, "idempotency_key": "k" });
    let too_much = grpc.call("points.v1.PointsService/RedeemReward", too_much).await.unwrap_err();
    assert_eq!(too_much.code(), Code::FailedPrecondition);
    assert_eq!(too_much.metadata().get("code").unwrap(), "insufficient_points");
    let thief = Client { key: Shop::open().await.api.key().to_owned(), channel: grpc.channel.clone() };
    assert_eq!(thief.call(call, balance_of(&id)).await.unwrap_err().code(), Code::NotFound);
    let nobody = Client { key: "ln_nothing".to_owned(), channel: grpc.channel.clone() };
    assert_eq!(nobody.call(call, balance_of(&id)).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_key_without_the_scope_is_told_so_and_what_is_sealed_stays_closed() {
    let shop = Shop::open().await;
    let shopper = shop.shopper();
    shopper.order(50_00).deliver().await;
    let id = shopper.id().await;
    let grpc = Client::of(&shop).await;
    let made = json!({ "name": "figures", "scopes": ["read"] });
    let made = grpc.call("auth.v1.AuthService/CreateApiKey", made).await.unwrap().body;
    let reader = Client { key: made["key"].as_str().unwrap().to_owned(), channel: grpc.channel.clone() };
    let customer = reader.call("core.v1.CoreService/GetCustomer", json!({ "customer_id": id })).await.unwrap();
    assert_eq!((&customer.body["id"], customer.personal_data.as_deref()), (&json!(id), Some("withheld")));
    assert_eq!(customer.body["external_id"], Value::Null);
    let request = json!({ "customer_id": id, "points": 7, "reason": "none", "idempotency_key": "k-1" });
    let refused = reader.call("points.v1.PointsService/AdjustPoints", request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.metadata().get("code").unwrap(), "insufficient_scope");
    assert!(refused.message().contains("`write`"), "{}", refused.message());
}

#[tokio::test]
async fn settings_are_published_on_top_of_what_was_read() {
    let shop = Shop::open().await;
    let grpc = Client::of(&shop).await;
    let read = grpc.call("core.v1.CoreService/GetProgramSettings", json!({})).await.unwrap();
    let tag = read.etag.unwrap();
    let mut document = read.body;
    document["hold"]["days"] = json!(14);
    let update = |tag: &str| json!({ "if_match": tag, "document": document });
    let written = grpc.call("core.v1.CoreService/UpdateProgramSettings", update(&tag)).await.unwrap();
    assert_eq!((&written.body["hold"]["days"], &written.body["version"]), (&json!(14), &json!(2)));
    let stale = grpc.call("core.v1.CoreService/UpdateProgramSettings", update(&tag)).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let missing = grpc.call("core.v1.CoreService/UpdateProgramSettings", json!({ "document": {} })).await.unwrap_err();
    assert_eq!(missing.code(), Code::FailedPrecondition);
    // A part that is left out stays as it was; gRPC cannot tell an empty list from none.
    let hold_alone = json!({ "if_match": "\"2\"", "document": { "hold": { "days": 0 } } });
    let written = grpc.call("core.v1.CoreService/UpdateProgramSettings", hold_alone).await.unwrap();
    assert_eq!(written.body["earning_rules"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn lists_are_paged_and_filtered_as_by_rest() {
    let shop = Shop::open().await;
    let shopper = shop.shopper();
    shopper.order(50_00).deliver().await;
    shopper.order(10_00).deliver().await;
    let id = shopper.id().await;
    shopper.balance().await;
    let grpc = Client::of(&shop).await;
    let call = "points.v1.PointsService/ListPointsTransactions";
    let first = grpc.call(call, json!({ "customer_id": id, "limit": 1 })).await.unwrap().body;
    assert_eq!((first["data"].as_array().map(Vec::len), &first["has_more"]), (Some(1), &json!(true)));
    let next = json!({ "customer_id": id, "limit": 1, "cursor": first["next_cursor"] });
    let second = grpc.call(call, next).await.unwrap().body;
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
    let logs = json!({ "customer_id": id, "action": "points.order_assessed" });
    let logs = grpc.call("admin_core.v1.AdminCoreService/GetAuditLogs", logs).await.unwrap().body;
    assert_eq!(logs["data"].as_array().map(Vec::len), Some(2));
    let segments = grpc.call("rfm.v1.RFMService/GetSegmentCounts", json!({})).await.unwrap().body;
    assert!(segments["as_of"]["position"].as_u64().is_some());
    let rfm = grpc.call("core.v1.CoreService/GetCustomerRFM", json!({ "customer_id": id })).await.unwrap().body;
    assert_eq!(rfm["customer_id"], json!(id));
}

#[tokio::test]
async fn health_and_reflection_answer_as_every_tool_expects() {
    let shop = Shop::open().await;
    let channel = Client::of(&shop).await.channel;
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    let status = health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap().into_inner().status;
    assert_eq!(status, i32::from(tonic_health::pb::health_check_response::ServingStatus::Serving));
    let mut reflection = tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel);
    let asked = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let asked = futures::stream::iter([asked]);
    let told = reflection.server_reflection_info(asked).await.unwrap().into_inner().message().await.unwrap().unwrap();
    let Some(tonic_reflection::pb::v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
        told.message_response
    else {
        panic!("services are listed: {told:?}")
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for described in descriptors().services() {
        assert!(names.iter().any(|name| name == described.full_name()), "{}", described.full_name());
    }
}

#[tokio::test]
async fn a_call_that_there_is_not_is_unimplemented() {
    let shop = Shop::open().await;
    let channel = Client::of(&shop).await.channel;
    let balance = descriptors().get_service_by_name("points.v1.PointsService").unwrap().methods().next().unwrap();
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let message = Request::new(DynamicMessage::new(balance.input()));
    let path = "/points.v1.PointsService/NoSuchCall".parse().unwrap();
    let refused = grpc.unary(message, path, ByDescriptor(balance)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_link_and_a_referral_are_told_by_the_same_call() {
    let shop = Shop::open().await;
    let advocate = shop.shopper();
    assert!(advocate.order(10_00).deliver().await.is_accepted());
    let link = shop.api.post_once("/v1/referrals", &json!({ "customer_id": advocate.id().await })).document().await;
    let grpc = Client::of(&shop).await;
    let name = "referrals.v1.ReferralsService/NameFriend";
    let friend = json!({ "referral_id": link["code"], "external_id": "77", "idempotency_key": "one" });
    let referral = grpc.call(name, friend).await.unwrap().body;
    for (asked, object) in [(&link["id"], "referral_link"), (&referral["id"], "referral")] {
        let told = grpc.call("referrals.v1.ReferralsService/GetReferralStatus", json!({ "referral_id": asked })).await;
        let told = told.unwrap().body;
        assert_eq!((&told["id"], &told["object"]), (asked, &json!(object)), "{told}");
    }
    let stranger = json!({ "referral_id": link["code"], "email": "new@example.com", "idempotency_key": "two" });
    let named = grpc.call(name, stranger).await.unwrap().body;
    assert_eq!((&named["status"], &named["link_id"]), (&json!("named"), &link["id"]));
}
