//! One gRPC method as the REST call that answers it.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, Method, Request, header, response::Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor, ReflectMessage, SerializeOptions, Value,
    prost::Message,
};
use serde_json::{Map, Value as Json};
use tonic::{Status, metadata::MetadataMap};

use crate::{
    problem::Code,
    router::{AS_OF, PERSONAL_DATA},
};

/// Largest answer that is carried over; what most gRPC clients take.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Fields of requests that are headers in REST.
const HEADER_FIELDS: [(&str, HeaderName); 3] = [
    ("idempotency_key", HeaderName::from_static("idempotency-key")),
    ("if_match", header::IF_MATCH),
    ("if_none_match", header::IF_NONE_MATCH),
];

/// What of a call's metadata its REST call is shown.
const FORWARDED: [HeaderName; 3] =
    [header::AUTHORIZATION, HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];

/// What of the answer's headers a caller is told as metadata.
const TOLD: [HeaderName; 5] =
    [header::ETAG, HeaderName::from_static("request-id"), header::RETRY_AFTER, PERSONAL_DATA, AS_OF];

/// The metadata in which a refusal carries its stable word.
const CODE_METADATA: &str = "code";

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Why a method cannot be answered. Tests find it; nobody is ever told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    #[error("{0} has no `loyalnest.route`")]
    Missing(String),
    #[error("{method} names {field}, which its request does not have")]
    NoSuchField { method: String, field: String },
}

/// A method, its route and its messages.
#[derive(Debug, Clone)]
pub struct Call {
    pub verb: Method,
    /// As the proto has it: `/v1/customers/{customer_id}/balance`.
    pub path: String,
    /// The field that is the whole body.
    pub body: Option<String>,
    pub input: MessageDescriptor,
    pub output: MessageDescriptor,
}

impl Call {
    /// # Errors
    /// [`NoRoute`]
    pub fn of(method: &MethodDescriptor) -> Result<Self, NoRoute> {
        let missing = || NoRoute::Missing(method.full_name().to_owned());
        let extension = method.parent_pool().get_extension_by_name("loyalnest.route").ok_or_else(missing)?;
        let options = method.options();
        let route = options.get_extension(&extension);
        let route = route.as_message().filter(|_| options.has_extension(&extension)).ok_or_else(missing)?;
        let text = |field: &str| {
            let value = route.get_field_by_name(field)?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let verbs = [("get", Method::GET), ("post", Method::POST), ("put", Method::PUT), ("delete", Method::DELETE)];
        let found = verbs.into_iter().find_map(|(field, verb)| Some((verb, text(field)?)));
        let (verb, path) = found.ok_or_else(missing)?;
        let call = Call { verb, path, body: text("body"), input: method.input(), output: method.output() };
        let named = call.path_fields().map(str::to_owned).chain(call.body.clone());
        for field in named.collect::<Vec<_>>() {
            if call.input.get_field_by_name(&field).is_none() {
                return Err(NoRoute::NoSuchField { method: method.full_name().to_owned(), field });
            }
        }
        Ok(call)
    }

    /// The fields that fill the path.
    pub fn path_fields(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Whether what is neither path nor header is in the query.
    pub fn asks_in_query(&self) -> bool {
        matches!(self.verb, Method::GET | Method::DELETE)
    }

    /// The fields that are headers in REST.
    pub fn is_header(field: &str) -> bool {
        HEADER_FIELDS.iter().any(|(name, _)| *name == field)
    }

    /// # Errors
    /// The message does not fit its descriptor.
    pub(super) fn request(&self, message: Bytes, metadata: &HeaderMap) -> Result<Request<Body>, Status> {
        let message = DynamicMessage::decode(self.input.clone(), message)
            .map_err(|_| Status::invalid_argument("the message cannot be read"))?;
        let mut fields = as_json(&message)?;
        let mut target = String::new();
        for part in self.path.split('/').skip(1) {
            let field = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            target.push('/');
            match field {
                None => target.push_str(part),
                Some(field) => target.extend(utf8_percent_encode(&plain(fields.remove(field)), UNRESERVED)),
            }
        }
        let mut request = Request::builder().method(self.verb.clone());
        for name in FORWARDED {
            for value in metadata.get_all(&name) {
                request = request.header(&name, value);
            }
        }
        for (field, name) in HEADER_FIELDS {
            let value = plain(fields.remove(field));
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let body = if self.asks_in_query() {
            append_query(&mut target, fields);
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            let mut document = match &self.body {
                Some(field) => fields.remove(field).unwrap_or(Json::Null),
                None => Json::Object(fields),
            };
            without_empty_lists(&mut document);
            Body::from(document.to_string())
        };
        request.uri(target).body(body).map_err(|_| Status::invalid_argument("a value cannot be sent"))
    }

    /// # Errors
    /// The refusal, in gRPC's words.
    pub(super) async fn answer(&self, answer: Response<Body>) -> Result<tonic::Response<Bytes>, Status> {
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await;
        let bytes = bytes.map_err(|_| Status::resource_exhausted("the answer is too large for gRPC; ask REST"))?;
        if !head.status.is_success() {
            return Err(refusal(&bytes, &head.headers));
        }
        let message = self.message(&bytes, &head.headers).map_err(|error| {
            tracing::error!(path = self.path, %error, "an answer does not fit its gRPC message");
            Status::internal("something is wrong on our side")
        })?;
        let mut response = tonic::Response::new(message.encode_to_vec().into());
        *response.metadata_mut() = told(&head.headers);
        Ok(response)
    }

    fn message(&self, bytes: &[u8], headers: &HeaderMap) -> Result<DynamicMessage, serde_json::Error> {
        let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().ends_with(b"json"));
        if !is_json {
            // A text, such as a signed note, is the message's one field.
            let mut message = DynamicMessage::new(self.output.clone());
            if let Some(field) = self.output.get_field_by_name("text") {
                message.set_field(&field, Value::String(String::from_utf8_lossy(bytes).into_owned()));
            }
            return Ok(message);
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let options = DeserializeOptions::new().deny_unknown_fields(false);
        DynamicMessage::deserialize_with_options(self.output.clone(), &mut json, &options)
    }
}

/// What a message says, with the names of the proto. Fields that can be absent and are, are; others are there, also with their default:
/// a zero that was meant cannot be told from one that was not.
fn as_json(message: &DynamicMessage) -> Result<Map<String, Json>, Status> {
    let options =
        SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false).skip_default_fields(false);
    let json = message.serialize_with_options(serde_json::value::Serializer, &options);
    match json {
        Ok(Json::Object(fields)) => Ok(fields),
        _ => Err(Status::invalid_argument(format!("{} cannot be read", message.descriptor().name()))),
    }
}

/// In gRPC an empty list and none are the same. In REST a part that is left out stays as it was, which is the safer meaning.
fn without_empty_lists(document: &mut Json) {
    if let Json::Object(fields) = document {
        fields.retain(|_, value| value.as_array().is_none_or(|values| !values.is_empty()));
        fields.values_mut().for_each(without_empty_lists);
    }
}

/// A scalar as text; nothing for what is absent.
fn plain(value: Option<Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

fn append_query(target: &mut String, fields: Map<String, Json>) {
    let mut separator = '?';
    for (name, value) in fields {
        let value = match value {
            Json::Array(values) if values.is_empty() => continue,
            value => plain(Some(value)),
        };
        if value.is_empty() {
            continue;
        }
        target.push(separator);
        target.push_str(&name);
        target.push('=');
        target.extend(utf8_percent_encode(&value, UNRESERVED));
        separator = '&';
    }
}

fn refusal(problem: &[u8], headers: &HeaderMap) -> Status {
    let problem: Json = serde_json::from_slice(problem).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Json::as_str);
    let code = text("code").and_then(Code::parse).unwrap_or(Code::Internal);
    let mut metadata = told(headers);
    if let Ok(word) = code.as_str().parse() {
        metadata.insert(CODE_METADATA, word);
    }
    let said = [text("title").or(Some(code.title())), text("pointer"), text("detail")];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(": ");
    Status::with_metadata(code.grpc(), said, metadata)
}

fn told(headers: &HeaderMap) -> MetadataMap {
    let mut told = HeaderMap::new();
    for name in TOLD {
        if let Some(value) = headers.get(&name) {
            told.insert(name, value.clone());
        }
    }
    MetadataMap::from_headers(told)
}
