//! The API's own description, made from the code that serves it.

mod whole;

use axum::{Extension, Json, response::Html};
use std::sync::Arc;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

pub use whole::complete;
pub(crate) use whole::{operations, refuse};

use crate::scopes::SCHEME;

#[derive(OpenApi)]
#[openapi(
    info(title = "LoyalNest", description = "Loyalty for online shops: points, redemptions, settings. Every answer says as of when it speaks."),
    modifiers(&ApiKey)
)]
pub struct Api;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme(SCHEME, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// `GET /openapi.json`.
pub async fn document(Extension(document): Extension<Arc<Document>>) -> Json<Document> {
    Json(document.as_ref().clone())
}

/// `GET /docs`: the operations, readable without a script from anywhere else.
pub async fn docs(Extension(document): Extension<Arc<Document>>) -> Html<String> {
    let mut rows = String::new();
    for (path, item) in &document.paths.paths {
        let operations = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let summary = operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or_default();
                rows.push_str(&format!("<tr><td>{method}</td><td><code>{path}</code></td><td>{summary}</td></tr>\n"));
            }
        }
    }
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>LoyalNest API</title>\
         <h1>LoyalNest API</h1><p>The full description is at <a href=/openapi.json>/openapi.json</a>.</p>\
         <table>{rows}</table></html>"
    ))
}
