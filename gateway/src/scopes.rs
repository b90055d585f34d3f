//! What a key has to be for, route by route. This table is all there is to it: callers are turned away by it, the API's
//! description tells it, and a test finds a route that is not in it. gRPC calls are the same routes.
//!
//! Reading needs `read` where nothing sealed is the point of the answer; what such an answer holds of people is left out for
//! a key without `personal_data` ([`crate::auth::Caller::reads_personal_data`]).

use aggregates::merchant::Scope::{self, Audit, Keys, Operations, PersonalData, Privacy, Read, Settings, Write};
use axum::http::Method;
use utoipa::openapi::{OpenApi, security::SecurityRequirement};

use crate::{
    openapi::{operations, refuse},
    problem::Code,
};

/// The scheme's name in the API's description.
pub const SCHEME: &str = "api_key";

/// A path, what looking at it needs, and what changing anything there needs.
type Route = (&'static str, Option<Scope>, Option<Scope>);

const fn looks(path: &'static str, scope: Scope) -> Route {
    (path, Some(scope), None)
}

const fn changes(path: &'static str, scope: Scope) -> Route {
    (path, None, Some(scope))
}

const fn both(path: &'static str, looking: Scope, changing: Scope) -> Route {
    (path, Some(looking), Some(changing))
}

/// Previews are POSTs that change nothing.
const ROUTES: &[Route] = &[
    both("/v1/api_keys", Keys, Keys),
    changes("/v1/api_keys/{id}", Keys),
    looks("/v1/audit/checkpoint", Audit),
    looks("/v1/audit/proofs/anchor", Audit),
    looks("/v1/audit/proofs/consistency", Audit),
    looks("/v1/audit/proofs/inclusion", Audit),
    looks("/v1/audit/tile/{*path}", Audit),
    looks("/v1/audit_logs", Audit),
    both("/v1/badges", Read, Settings),
    looks("/v1/books", Read),
    both("/v1/books/periods", Read, Operations),
    both("/v1/campaigns", Read, Settings),
    both("/v1/campaigns/{id}", Read, Settings),
    changes("/v1/campaigns/{id}/restore", Settings),
    both("/v1/customers", Read, Write),
    changes("/v1/customers/search", PersonalData),
    looks("/v1/customers/{id}", Read),
    changes("/v1/customers/{id}/actions", Write),
    both("/v1/customers/{id}/badges", Read, Write),
    looks("/v1/customers/{id}/balance", Read),
    looks("/v1/customers/{id}/balance/explanation", Read),
    changes("/v1/customers/{id}/birthday", Write),
    looks("/v1/customers/{id}/data_report", PersonalData),
    changes("/v1/customers/{id}/leaderboard", Write),
    changes("/v1/customers/{id}/loyalty_cards", Write),
    changes("/v1/customers/{id}/mail", Write),
    changes("/v1/customers/{id}/objection", Privacy),
    changes("/v1/customers/{id}/points_adjustments", Write),
    looks("/v1/customers/{id}/points_transactions", Read),
    looks("/v1/customers/{id}/recommendations", Read),
    looks("/v1/customers/{id}/referrals", Read),
    changes("/v1/customers/{id}/restriction", Privacy),
    changes("/v1/customers/{id}/reward_redemptions", Write),
    looks("/v1/customers/{id}/reward_redemptions/{redemption_id}", Read),
    changes("/v1/customers/{id}/reward_redemptions/{redemption_id}/cancel", Write),
    looks("/v1/customers/{id}/rfm", Read),
    both("/v1/customers/{id}/vip_tier", Read, Write),
    looks("/v1/customers/{id}/vip_tier/history", Read),
    changes("/v1/customers/{id}/vip_tier/undo", Write),
    looks("/v1/daily_totals", Read),
    looks("/v1/email_events", Read),
    looks("/v1/email_templates", Read),
    both("/v1/email_templates/{kind}/{language}", Read, Settings),
    changes("/v1/email_templates/{kind}/{language}/preview", Read),
    looks("/v1/exports/{resource}", PersonalData),
    both("/v1/gdpr_requests", Privacy, Privacy),
    looks("/v1/gdpr_requests/{id}", Privacy),
    looks("/v1/gdpr_requests/{id}/certificate", Privacy),
    changes("/v1/gdpr_requests/{id}/complete", Privacy),
    changes("/v1/gdpr_requests/{id}/execute", Privacy),
    changes("/v1/gdpr_requests/{id}/hold", Privacy),
    changes("/v1/gdpr_requests/{id}/refuse", Privacy),
    changes("/v1/gdpr_requests/{id}/release", Privacy),
    both("/v1/imports", Operations, Operations),
    looks("/v1/imports/{id}", Operations),
    changes("/v1/imports/{id}/carry_out", Operations),
    looks("/v1/imports/{id}/rejections", Operations),
    both("/v1/integrations/shopify", Read, Settings),
    looks("/v1/leaderboards/{period}", Read),
    looks("/v1/monthly_totals", Read),
    changes("/v1/pos/sales", Write),
    looks("/v1/pos/terminals", Read),
    looks("/v1/products", Read),
    changes("/v1/products/{product_id}/collections", Settings),
    both("/v1/program_settings", Read, Settings),
    changes("/v1/program_settings/preview", Read),
    changes("/v1/program_settings/restore", Settings),
    looks("/v1/program_settings/versions", Read),
    looks("/v1/read_models", Operations),
    looks("/v1/redemptions", Read),
    both("/v1/referral_settings", Read, Settings),
    both("/v1/referrals", Read, Write),
    looks("/v1/referrals/{id}", Read),
    changes("/v1/referrals/{id}/approve", Write),
    changes("/v1/referrals/{id}/friends", Write),
    changes("/v1/referrals/{id}/invitations", Write),
    changes("/v1/referrals/{id}/reject", Write),
    both("/v1/rewards", Read, Settings),
    both("/v1/rewards/{id}", Read, Settings),
    changes("/v1/rewards/{id}/restore", Settings),
    changes("/v1/rfm/preview", Read),
    looks("/v1/rfm/segments", Read),
    looks("/v1/rfm/segments/movement", Read),
    looks("/v1/rfm/windows", Read),
    both("/v1/tasks", Operations, Operations),
    looks("/v1/tasks/{id}", Operations),
    changes("/v1/tasks/{id}/discard", Operations),
    changes("/v1/tasks/{id}/retry", Operations),
    changes("/v1/test_clock", Operations),
    both("/v1/vip_tiers", Read, Settings),
    changes("/v1/vip_tiers/preview", Read),
    changes("/v1/vip_tiers/undo", Settings),
];

/// What a key has to be for, to be let in here; `None` where nobody has said so.
pub fn needed(method: &Method, path: &str) -> Option<Scope> {
    let (_, looking, changing) = ROUTES.iter().find(|(route, ..)| *route == path)?;
    if matches!(*method, Method::GET | Method::HEAD) { *looking } else { *changing }
}

/// Writes into the API's description which scope each route needs, and how a key without it is refused.
pub fn describe(description: &mut OpenApi) {
    for (path, item) in &mut description.paths.paths {
        for (method, operation) in operations(item) {
            if operation.security.as_ref().is_none_or(Vec::is_empty) {
                continue;
            }
            let scope = needed(&method, path);
            let words = scope.iter().map(|scope| scope.as_str());
            operation.security = Some(vec![SecurityRequirement::new(SCHEME, words)]);
            let lacking = scope.map_or(String::new(), |scope| format!("The key lacks the scope `{scope}`"));
            refuse(operation, Code::InsufficientScope, lacking);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_that_asks_for_a_key_says_what_the_key_must_be_for_and_no_other_does() {
        let mut described = crate::router::description();
        let mut told = BTreeSet::new();
        for (path, item) in &mut described.paths.paths {
            for (method, operation) in operations(item) {
                let keyed = operation.security.as_ref().is_some_and(|security| !security.is_empty());
                assert_eq!(keyed, needed(&method, path).is_some(), "{method} {path}: see gateway/src/scopes.rs");
                if keyed {
                    told.insert((path.clone(), method == Method::GET));
                }
            }
        }
        // A tile's path is of no fixed length, which the description cannot say.
        told.insert(("/v1/audit/tile/{*path}".to_owned(), true));
        let listed = ROUTES.iter().flat_map(|(path, looking, changing)| {
            let looking = looking.map(|_| ((*path).to_owned(), true));
            looking.into_iter().chain(changing.map(|_| ((*path).to_owned(), false)))
        });
        assert_eq!(listed.collect::<BTreeSet<_>>(), told, "routes of the table, and those that there are");
    }
}
