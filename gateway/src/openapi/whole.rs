//! What the description says of every door alike, so that no door has to: how refusals look, which of them any call may meet,
//! and documents that consist of others, in a form which can be met.

use axum::http::Method;
use utoipa::openapi::{
    Components, Content, OpenApi, Ref, RefOr, ResponseBuilder, Schema,
    path::{Operation, PathItem},
    schema::{AllOf, Object},
};

use crate::problem::Code;

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const PROBLEM: &str = "Problem";

/// Completes a description that was put together from the doors.
pub fn complete(description: &mut OpenApi) {
    for item in description.paths.paths.values_mut() {
        operations(item).for_each(|(_, operation)| refusals(operation));
    }
    if let Some(components) = &mut description.components {
        merge_parts(components);
    }
}

/// The operations of a path, each with its method.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let each = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
    ];
    each.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn refusals(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.content.get(JSON).is_some_and(is_a_problem)
            && let Some(content) = response.content.shift_remove(JSON)
        {
            response.content.insert(PROBLEM_JSON.to_owned(), content);
        }
    }
    let mut may_meet = vec![Code::MalformedRequest, Code::Unavailable];
    if operation.security.as_ref().is_some_and(|security| !security.is_empty()) {
        may_meet.push(Code::Unauthorized);
    }
    if operation.request_body.is_some() {
        may_meet.push(Code::PayloadTooLarge);
    }
    for code in may_meet {
        if !operation.responses.responses.contains_key(code.status().as_str()) {
            refuse(operation, code, code.title());
        }
    }
}

/// The operation may be refused so.
pub(crate) fn refuse(operation: &mut Operation, code: Code, description: impl Into<String>) {
    let content = Content::new(Some(Ref::from_schema_name(PROBLEM)));
    let refusal = ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build();
    operation.responses.responses.insert(code.status().as_str().to_owned(), RefOr::T(refusal));
}

fn is_a_problem(content: &RefOr<Content>) -> bool {
    let RefOr::T(content) = content else { return false };
    matches!(&content.schema, Some(RefOr::Ref(to)) if name_of(to) == Some(PROBLEM))
}

fn name_of(to: &Ref) -> Option<&str> {
    to.ref_location.strip_prefix("#/components/schemas/")
}

/// A document that has all names of another one, which by itself allows no other names: together nothing would fit them. So the
/// names stand in one document.
fn merge_parts(components: &mut Components) {
    let known = components.schemas.clone();
    let object = |part: &RefOr<Schema>| match part {
        RefOr::Ref(to) => match known.get(name_of(to)?)? {
            RefOr::T(Schema::Object(object)) => Some(object.clone()),
            _ => None,
        },
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(_) => None,
    };
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = schema
            && let Some(objects) = parts.items.iter().map(object).collect::<Option<Vec<Object>>>()
        {
            *schema = RefOr::T(Schema::Object(merged(parts, objects)));
        }
    }
}

fn merged(whole: &AllOf, parts: Vec<Object>) -> Object {
    let mut merged = Object::new();
    merged.description.clone_from(&whole.description);
    for part in parts {
        merged.properties.extend(part.properties);
        merged.required.extend(part.required);
    }
    merged
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn no_document_is_made_of_parts_that_exclude_each_other_and_every_refusal_is_a_problem() {
        let description = serde_json::to_value(crate::router::description()).unwrap();
        let schemas = &description["components"]["schemas"];
        for (name, schema) in schemas.as_object().unwrap() {
            for part in schema["allOf"].as_array().into_iter().flatten() {
                assert_ne!(part["additionalProperties"], false, "{name}");
                let named = part["$ref"].as_str().and_then(|to| to.rsplit('/').next());
                let other = named.map_or(&Value::Null, |named| &schemas[named]);
                assert_ne!(other["additionalProperties"], false, "{name}");
            }
        }
        let paths = description["paths"].as_object().unwrap();
        for (path, operation) in
            paths.iter().flat_map(|(path, item)| item.as_object().unwrap().values().map(move |it| (path, it)))
        {
            let Some(responses) = operation["responses"].as_object() else { continue };
            assert!(responses.contains_key("503"), "{path}");
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let content = response["content"].as_object().unwrap();
                assert!(content.contains_key("application/problem+json"), "{path} {status}: {content:?}");
            }
        }
    }
}
