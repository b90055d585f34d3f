//! Every gRPC call is a REST call: its messages are held against the API's description, field by field.

use std::collections::BTreeSet;

use super::read;
use gateway::grpc::{Call, descriptors};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value};

/// Fields deep enough for every document there is.
const DEPTH_MAX: usize = 12;

fn description() -> Value {
    serde_json::to_value(gateway::router::description()).expect("a description is JSON")
}

fn methods() -> Vec<MethodDescriptor> {
    descriptors().services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// What a schema comes to, once references and alternatives with `null` are followed.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a reference has a last part");
        return resolved(description, &description["components"]["schemas"][name]);
    }
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let mut alternatives = alternatives.filter(|one| one["type"] != "null");
    match (alternatives.next(), alternatives.next()) {
        (Some(only), None) => resolved(description, only),
        _ => schema,
    }
}

fn type_of(schema: &Value) -> Option<&str> {
    schema["type"]
        .as_str()
        .or_else(|| schema["type"].as_array()?.iter().filter_map(Value::as_str).find(|t| *t != "null"))
}

/// Properties of an object, or of all that it can be: a message has room for each.
fn properties_of(description: &Value, schema: &Value) -> Map<String, Value> {
    let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
    for one in schema["oneOf"].as_array().into_iter().flatten().filter(|one| one["type"] != "null") {
        properties.extend(properties_of(description, resolved(description, one)));
    }
    properties
}

/// One description against one message.
struct Comparison<'a> {
    description: &'a Value,
    faults: Vec<String>,
}

impl Comparison<'_> {
    fn message(&mut self, at: &str, message: &MessageDescriptor, schema: &Value, depth: usize) {
        if depth == DEPTH_MAX {
            return;
        }
        let schema = resolved(self.description, schema).clone();
        let properties = properties_of(self.description, &schema);
        if properties.is_empty() {
            return;
        }
        let told: BTreeSet<String> = properties.keys().cloned().collect();
        let has: BTreeSet<String> = message.fields().map(|field| field.name().to_owned()).collect();
        for missing in told.difference(&has) {
            self.faults.push(format!("{at}: {} has no {missing}", message.full_name()));
        }
        for invented in has.difference(&told) {
            self.faults.push(format!("{at}: {} has {invented}, which REST does not tell", message.full_name()));
        }
        for field in message.fields() {
            if let Some(schema) = properties.get(field.name()) {
                self.field(&format!("{at}.{}", field.name()), &field, schema, depth);
            }
        }
    }

    fn field(&mut self, at: &str, field: &FieldDescriptor, schema: &Value, depth: usize) {
        let schema = resolved(self.description, schema).clone();
        let kind = field.kind();
        let fits = match type_of(&schema) {
            Some("string") => kind == Kind::String,
            Some("boolean") => kind == Kind::Bool,
            Some("integer") => matches!(kind, Kind::Int64 | Kind::Uint64 | Kind::Int32 | Kind::Uint32),
            Some("array") => {
                if let (true, Kind::Message(message)) = (field.is_list(), &kind) {
                    self.message(at, message, &schema["items"], depth + 1);
                }
                field.is_list()
            }
            Some("object") => {
                if let (false, Kind::Message(message)) = (field.is_map(), &kind) {
                    self.message(at, message, &schema, depth + 1);
                }
                matches!(kind, Kind::Message(_))
            }
            _ => true,
        };
        if !fits {
            self.faults.push(format!("{at} is {kind:?} in {}, and in REST {schema}", field.full_name()));
        }
    }
}

/// The path as REST has it, where the names of parameters differ.
fn is_path(template: &str, path: &str) -> bool {
    let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (a.starts_with('{') && b.starts_with('{')) => {}
            _ => return false,
        }
    }
}

fn operation<'a>(description: &'a Value, call: &Call) -> Option<&'a Value> {
    let paths = description["paths"].as_object()?;
    let (_, item) = paths.iter().find(|(path, _)| is_path(&call.path, path))?;
    item.get(call.verb.as_str().to_lowercase())
}

#[test]
fn every_method_names_a_call_that_rest_has_and_says_the_same() {
    let description = description();
    let mut comparison = Comparison { description: &description, faults: Vec::new() };
    for method in methods() {
        let name = method.full_name().to_owned();
        let call = Call::of(&method).unwrap_or_else(|fault| panic!("{fault}"));
        let Some(operation) = operation(&description, &call) else {
            comparison.faults.push(format!("{name}: REST has no {} {}", call.verb, call.path));
            continue;
        };
        asks_what_rest_asks(&mut comparison, &name, &call, operation);
        let answers = operation["responses"].as_object().expect("an operation has answers");
        let (_, success) = answers.iter().find(|(status, _)| status.starts_with('2')).expect("it can succeed");
        let schema = &success["content"]["application/json"]["schema"];
        comparison.message(&format!("{name} answers"), &call.output, schema, 0);
    }
    assert!(comparison.faults.is_empty(), "{:#?}", comparison.faults);
}

fn asks_what_rest_asks(comparison: &mut Comparison<'_>, name: &str, call: &Call, operation: &Value) {
    let in_path: BTreeSet<&str> = call.path_fields().collect();
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    let mut told: BTreeSet<String> =
        query.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect();
    let body = resolved(comparison.description, &operation["requestBody"]["content"]["application/json"]["schema"]);
    match &call.body {
        Some(field) => {
            told.insert(field.clone());
        }
        None => told.extend(body["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone())),
    }
    for field in call.input.fields() {
        let field = field.name();
        if !in_path.contains(field) && !Call::is_header(field) && !told.remove(field) {
            comparison.faults.push(format!("{name} asks for {field}, which REST does not"));
        }
    }
    // What is asked for in a query beside a body has no place in a message.
    let lost = told.into_iter().filter(|field| call.asks_in_query() || field != "min_position");
    comparison.faults.extend(lost.map(|field| format!("{name} does not ask for {field}")));
}

#[test]
fn the_calls_of_the_contract_are_there() {
    let there: BTreeSet<String> = methods().iter().map(|method| method.full_name().to_owned()).collect();
    for call in [
        "points.v1.PointsService.GetPointsBalance",
        "core.v1.CoreService.GetCustomerRFM",
        "rfm.v1.RFMService.GetSegmentCounts",
        "admin_core.v1.AdminCoreService.GetAuditLogs",
        "referrals.v1.ReferralsService.GetReferralStatus",
    ] {
        assert!(there.contains(call), "{call}");
    }
}

/// The page names them as "`points.v1` GetPointsBalance, ListPointsTransactions · and so on".
#[test]
fn every_call_that_the_page_of_services_names_is_there() {
    let there: BTreeSet<String> = methods()
        .iter()
        .map(|method| format!("{}/{}", method.parent_service().package_name(), method.name()))
        .collect();
    let page = read("docs/services.md");
    let mut named = 0;
    for cell in page.lines().filter_map(|line| line.split('|').nth(2)) {
        let Some((package, calls)) = cell.trim().strip_prefix('`').and_then(|rest| rest.split_once("` ")) else {
            continue;
        };
        if !package.ends_with(".v1") {
            continue;
        }
        let calls = calls.split('·').next().unwrap_or_default().replace(" and others", "");
        for call in calls.split(',').map(str::trim) {
            named += 1;
            assert!(there.contains(&format!("{package}/{call}")), "{package} has no {call}");
        }
    }
    assert!(named >= 40, "the page of services names {named} calls");
}
