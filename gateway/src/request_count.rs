//! How many requests each door has answered, and how.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use axum::http::{Method, StatusCode};
use metrics::Counter;

/// The counters by route, method and status. Kept, because to find one by its labels costs more than a small answer.
#[derive(Default)]
pub struct RequestCount {
    routes: RwLock<HashMap<Box<str>, HashMap<Answer, Counter>>>,
}

type Answer = (&'static str, StatusCode);

impl RequestCount {
    /// `route` is the pattern, never the path: there are as many as there are doors.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode) {
        let answer = (word(method), status);
        if !self.count_known(route, answer) {
            let counter = counter(route, answer);
            counter.increment(1);
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            routes.entry(route.into()).or_default().insert(answer, counter);
        }
    }

    fn count_known(&self, route: &str, answer: Answer) -> bool {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let counter = routes.get(route).and_then(|answers| answers.get(&answer));
        counter.inspect(|counter| counter.increment(1)).is_some()
    }
}

fn counter(route: &str, (method, status): Answer) -> Counter {
    let (route, status) = (route.to_owned(), status.as_str().to_owned());
    metrics::counter!("loyalty_http_requests_total", "method" => method, "route" => route, "status" => status)
}

/// A caller may make up methods; labels it may not.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn every_answer_is_counted_under_its_route_method_and_status() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let count = RequestCount::default();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..3 {
                count.answered(&Method::GET, "/v1/customers/{id}", StatusCode::OK);
            }
            count.answered(&Method::GET, "/v1/customers/{id}", StatusCode::NOT_FOUND);
            count.answered(&Method::PUT, "/v1/program_settings", StatusCode::OK);
            count.answered(&Method::from_bytes(b"BREW").expect("a token"), "/v1/customers", StatusCode::OK);
        });

        let mut lines: Vec<String> = recorder.handle().render().lines().map(str::to_owned).collect();
        lines.retain(|line| line.starts_with("loyalty_http_requests_total"));
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                r#"loyalty_http_requests_total{method="GET",route="/v1/customers/{id}",status="200"} 3"#,
                r#"loyalty_http_requests_total{method="GET",route="/v1/customers/{id}",status="404"} 1"#,
                r#"loyalty_http_requests_total{method="PUT",route="/v1/program_settings",status="200"} 1"#,
                r#"loyalty_http_requests_total{method="other",route="/v1/customers",status="200"} 1"#,
            ]
        );
    }
}
